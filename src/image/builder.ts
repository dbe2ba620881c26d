import { randomUUID } from 'node:crypto';
import type { BuildOptions } from '../model/index.ts';
import type { StepContext } from '../context.ts';
import { DeployError } from '../runtime/error.ts';
import type { OutputLog } from '../runtime/log.ts';
import type { Attempt } from '../runtime/wait.ts';
import { cacheType, parseBuildxVersion, type BuildxVersion, type Caches } from './buildx.ts';
import { explain, sentence, type Circumstances } from './docker-errors.ts';
import { retryDocker, type Docker } from './docker.ts';

/** What is known of the builder that buildx uses if it is told nothing. */
export interface CurrentBuilder {
  readonly name: string | undefined;
  /** `docker`, `docker-container`, `remote`, …; `docker` where buildx does not say. */
  readonly driver: string;
  /** The engine keeps images in containerd: its docker driver can do nearly all that a container builder can. */
  readonly containerdStore: boolean;
}

export type BuilderChoice =
  | { readonly kind: 'given'; readonly name: string }
  /** The current one, by its name where it is known. */
  | { readonly kind: 'current'; readonly name: string | undefined; readonly driver: string }
  /** One of our own, in a container; `because` says what needs it. */
  | { readonly kind: 'create'; readonly because: readonly string[] };

/**
 * Pure: the builder that is given; else the current one, unless it is the plain docker driver and something is asked
 * for that it cannot do.
 */
export function chooseBuilder(
  given: string | undefined,
  current: CurrentBuilder,
  build: Pick<BuildOptions, 'provenance' | 'sbom'>,
  platforms: readonly string[],
  caches: Caches,
): BuilderChoice {
  if (given !== undefined) return { kind: 'given', name: given };
  const { name, driver } = current;
  const because = driver === 'docker' ? beyondDocker(current, build, platforms, caches) : [];
  return because.length === 0 ? { kind: 'current', name, driver } : { kind: 'create', because };
}

/**
 * What the docker driver cannot do (https://docs.docker.com/build/builders/drivers/docker/ and
 * https://docs.docker.com/build/cache/backends/): with images in containerd, only caches in object stores.
 */
function beyondDocker(
  { containerdStore }: CurrentBuilder,
  build: Pick<BuildOptions, 'provenance' | 'sbom'>,
  platforms: readonly string[],
  caches: Caches,
): string[] {
  const types = [...caches.from, ...caches.to].map(cacheType);
  const objectStores = types.filter((type) => type === 's3' || type === 'azblob');
  if (containerdStore) return unique(objectStores.map((type) => `a cache in ${type}`));
  const exported = caches.to.map(cacheType).filter((type) => type !== 'inline');
  const imported = types.filter((type) => type === 'gha' || type === 'local');
  return [
    ...(platforms.length > 1 ? ['several platforms'] : []),
    ...(exported.length > 0 ? ['writing a cache'] : []),
    ...(exported.length === 0 && imported.length + objectStores.length > 0 ? ['reading that cache'] : []),
    ...(build.provenance === 'false' ? [] : ['provenance']),
    ...(build.sbom === 'false' ? [] : ['an SBOM']),
  ];
}

function unique(texts: readonly string[]): string[] {
  return [...new Set(texts)];
}

/** Pure: what `docker buildx inspect` and `docker info --format '{{json .DriverStatus}}'` say. */
export function parseCurrentBuilder(inspected: string, driverStatus: string): CurrentBuilder {
  const head = inspected.split(/^Nodes:/m, 1)[0] ?? '';
  return {
    name: /^Name:\s*(\S+)/m.exec(head)?.[1],
    driver: /^Driver:\s*(\S+)/m.exec(head)?.[1] ?? 'docker',
    containerdStore: driverStatus.includes('io.containerd.snapshotter'),
  };
}

/** Undefined where buildx does not say. Throws `build-failed` where there is no buildx. */
export async function buildxVersion(
  docker: Docker,
  circumstances: Circumstances,
): Promise<BuildxVersion | undefined> {
  const { exitCode, stdout, lastLines } = await docker.run(['buildx', 'version']);
  const missing = lastLines.find((line) => /unknown command|not a docker command/.test(line));
  if (exitCode === 0 || missing === undefined) return parseBuildxVersion(stdout);
  const { error, hint } = explain([missing], circumstances, missing);
  throw new DeployError('build-failed', sentence('The docker command has no buildx', error), {
    ...(hint === undefined ? {} : { hint }),
  });
}

/** What is known of the builder; of one that is given by name, nothing has to be. */
export async function currentBuilder(docker: Docker, given: string | undefined): Promise<CurrentBuilder> {
  if (given !== undefined) return parseCurrentBuilder('', '');
  const inspected = await answerOf(docker, ['buildx', 'inspect']);
  const driverStatus = await answerOf(docker, ['info', '--format', '{{json .DriverStatus}}']);
  return parseCurrentBuilder(inspected, driverStatus);
}

/** What a question gets; nothing where docker has no answer. */
async function answerOf(docker: Docker, args: readonly string[]): Promise<string> {
  const { exitCode, stdout } = await docker.run(args);
  return exitCode === 0 ? stdout : '';
}

export interface BuilderContext extends StepContext {
  readonly log: OutputLog;
  /** Remembers a builder that is to be removed, before it is made. */
  readonly keepBuilder: (name: string) => void;
}

/** Of pulling BuildKit and starting it. */
const BOOT_SECONDS = 600;

/**
 * Makes a builder in a container and starts it; its name is remembered before it is made, so that it is removed
 * whatever becomes of this process. Throws `build-failed`.
 */
export async function createBuilder(
  ctx: BuilderContext,
  docker: Docker,
  image: string | undefined,
  circumstances: Circumstances,
): Promise<string> {
  const name = `ecs-fargate-deploy-${randomUUID().slice(0, 8)}`;
  ctx.keepBuilder(name);
  const option = image === undefined ? [] : ['--driver-opt', `image=${image}`];
  const run = async (args: readonly string[]): Promise<Attempt<undefined>> => {
    const { exitCode, lastLines } = await docker.run(['buildx', ...args], {
      deadlineSeconds: BOOT_SECONDS,
      onLine: (line) => {
        ctx.log.output(line);
      },
    });
    if (exitCode === 0) return { kind: 'done', value: undefined };
    const { error, hint, retryable } = explain(lastLines, circumstances, `exit code ${exitCode}`);
    const failure = new DeployError('build-failed', sentence('A builder could not be started', error), {
      hint:
        hint ??
        'BuildKit runs from an image of Docker Hub. Name a copy of it in buildkit-image, or make a builder with docker/setup-buildx-action before this step.',
    });
    return { kind: 'failed', error: failure, retryable };
  };
  const create = ['create', '--name', name, '--driver', 'docker-container', ...option];
  await retryDocker(ctx, () => run(create));
  await retryDocker(ctx, () => run(['inspect', '--bootstrap', name]));
  ctx.log.line(`Builder: ${name}, made for this run and removed afterwards.`);
  return name;
}
