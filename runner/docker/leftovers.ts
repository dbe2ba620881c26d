/**
 * What the tests leave on an engine that is not theirs, and nothing else: images and containers are told apart by a label
 * or a name that only the tests give, the build cache by what was there before.
 */
import type { Docker } from './command.ts';
import { LABEL, PYTHON_BASE } from './python-base.ts';

/** The image of the demonstration, and where a test of it keeps a person's own meanwhile. */
export const DEMO = 'ecs-fargate-deploy-demo:latest';
export const KEPT_DEMO = 'ecs-fargate-deploy-demo:before-the-tests';

/** What was on the engine before the tests. */
export interface Before {
  readonly cache: readonly string[];
  readonly containers: readonly string[];
  readonly hadBase: boolean;
  readonly hadDemo: boolean;
}

export interface CacheRecord {
  readonly ID: string;
  readonly CacheType: string;
  readonly Description: string;
  /** Several are divided by commas. */
  readonly Parent?: string;
}

export async function readEngine(docker: Docker): Promise<Before> {
  const [cache, containers, base, demo] = await Promise.all([
    cacheOf(docker),
    lines(docker(['ps', '--all', '--quiet', '--no-trunc'])),
    lines(docker(['image', 'ls', '--quiet', PYTHON_BASE])),
    lines(docker(['image', 'ls', '--quiet', DEMO])),
  ]);
  return { cache: cache.map(({ ID }) => ID), containers, hadBase: base.length > 0, hadDemo: demo.length > 0 };
}

/** Containers first, then images, then the cache that they have held. */
export async function removeLeftovers(
  docker: Docker,
  before: Before,
  hosts: readonly string[],
): Promise<void> {
  const containers = [
    ...(await lines(docker(['ps', '--all', '--quiet', '--no-trunc', '--filter', `label=${LABEL}`]))),
    ...(await lines(docker(['ps', '--all', '--quiet', '--no-trunc', '--filter', `ancestor=${DEMO}`]))),
  ].filter((id) => !before.containers.includes(id));
  if (containers.length > 0) await docker(['rm', '--force', '--volumes', ...new Set(containers)]);
  await restoreDemo(docker, before.hadDemo);
  const filters = [`label=${LABEL}`, ...hosts.map((host) => `reference=${host}/team/test-*`)];
  const found = filters.map((filter) =>
    lines(docker(['image', 'ls', '--quiet', '--no-trunc', '--filter', filter])),
  );
  const images = new Set((await Promise.all(found)).flat());
  if (images.size > 0) await docker(['image', 'rm', '--force', ...images]);
  await removeCache(docker, cacheOfTests(await cacheOf(docker), before.cache));
}

/** After a test that was killed. */
async function restoreDemo(docker: Docker, had: boolean): Promise<void> {
  const has = async (name: string): Promise<boolean> =>
    (await lines(docker(['image', 'ls', '--quiet', name]))).length > 0;
  const isKept = await has(KEPT_DEMO);
  if ((isKept || !had) && (await has(DEMO))) await docker(['image', 'rm', '--force', DEMO]);
  if (!isKept) return;
  await docker(['tag', KEPT_DEMO, DEMO]);
  await docker(['image', 'rm', KEPT_DEMO]);
}

/** Takes steps out of the build cache, and nothing else. */
export async function removeCache(docker: Docker, ids: readonly string[]): Promise<void> {
  if (ids.length === 0) return;
  // Docker takes it for a regular expression.
  await docker(['builder', 'prune', '--all', '--force', '--filter', `id="^(${ids.join('|')})$"`]);
}

/**
 * Pure: the records that the builds of the tests have made: the steps of their Dockerfiles, what was built on these, and
 * what these were built on, as far as it was not there before.
 */
export function cacheOfTests(records: readonly CacheRecord[], before: readonly string[]): string[] {
  const steps = records.filter(({ Description }) => isStep(Description)).map(({ ID }) => ID);
  const children = closure(steps, (ids) =>
    records.filter((each) => hasParent(each, ids)).map(({ ID }) => ID),
  );
  const family = closure([...children], (ids) =>
    records.filter(({ ID }) => ids.has(ID)).flatMap((record) => parentsOf(record)),
  );
  return records
    .filter(({ ID }) => !before.includes(ID))
    .filter(({ ID, CacheType }) => CacheType === 'source.local' || family.has(ID))
    .map(({ ID }) => ID);
}

/** A step of the Dockerfiles of the tests, or of backend/. */
function isStep(description: string): boolean {
  return [
    /\/bin\/busybox/,
    /COPY requirements\.txt \/$/,
    /collect-ffmpeg\.sh/,
    /useradd --system --uid 10001/,
  ].some((step) => step.test(description));
}

/** The ids, and all that follow from them. */
function closure(
  ids: readonly string[],
  next: (ids: ReadonlySet<string>) => readonly string[],
): ReadonlySet<string> {
  let all: ReadonlySet<string> = new Set(ids);
  for (;;) {
    const more = all.union(new Set(next(all)));
    if (more.size === all.size) return all;
    all = more;
  }
}

function hasParent(record: CacheRecord, ids: ReadonlySet<string>): boolean {
  return parentsOf(record).some((id) => ids.has(id));
}

function parentsOf({ Parent = '' }: CacheRecord): string[] {
  return Parent.split(/,\s*/).filter((id) => id !== '');
}

/** All of the build cache. */
export async function cacheOf(docker: Docker): Promise<CacheRecord[]> {
  const shown = await docker(['system', 'df', '--verbose', '--format', '{{json .BuildCache}}']);
  return (JSON.parse(shown) as CacheRecord[] | null) ?? [];
}

async function lines(printed: Promise<string>): Promise<string[]> {
  return (await printed).split('\n').filter((line) => line !== '');
}
