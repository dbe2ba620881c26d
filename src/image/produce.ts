import type { EcrReads, EcrWrites } from '../aws/clients.ts';
import type { BuildFacts, DeployedImage } from '../model/index.ts';
import type { OutputLog } from '../runtime/log.ts';
import { buildAndPush, type Build } from './build.ts';
import { buildxVersion } from './builder.ts';
import { cachesOf } from './buildx.ts';
import type { Circumstances } from './docker-errors.ts';
import type { BuildPlan } from './plan.ts';
import { hostsOf, openDocker, type SessionContext } from './session.ts';
import { hashSource, type SourceHash } from './source-hash.ts';
import { labelsOf } from './source.ts';
import {
  copyImage,
  desiredNames,
  existingTags,
  hashedName,
  planNames,
  sizeOf,
  tagImage,
  tagIsTaken,
  type ImageName,
  type NamePlan,
} from './tags.ts';

type Ecr = Pick<EcrReads, 'batchGetImage' | 'describeImages' | 'getAuthorizationToken'> & EcrWrites;

export interface ProduceContext extends SessionContext {
  readonly aws: { ecr(region: string): Ecr };
  readonly log: OutputLog;
}

/** An image that was built, by this run or an earlier one. */
export interface Product {
  readonly image: DeployedImage;
  readonly build: BuildFacts;
}

/**
 * The image that was ordered: the one that was built from this commit, these files and these inputs already, else a new
 * one, built and pushed. The log says in one line which it is, and why. `platforms`: what it is built for; none: whatever the builder is.
 */
export async function produceImage(
  ctx: ProduceContext,
  imagePlan: BuildPlan,
  platforms: readonly string[],
): Promise<Product> {
  const { source, repository, commit, options } = imagePlan;
  const ecr = ctx.aws.ecr(repository.region);
  const hash = await hashSource(ctx, source.context, options, platforms);
  const names = namesOf(imagePlan, hash);
  const tags = names.flatMap(({ tag }) => tag ?? []);
  const existing = await existingTags(ecr, repository, tags, ctx.log);
  const known = names.map(({ tag, finds }) => (finds ? existing.get(tag ?? '') : undefined)).find(Boolean);
  ctx.log.line(whyReused(hash, commit.sha, known));
  const plan = planNames(names, existing, repository, known);
  logKept(ctx.log, plan, commit.sha);
  const made =
    known === undefined
      ? await build(ctx, imagePlan, { platforms, plan })
      : await reuse(ctx, imagePlan, { digest: known, plan });
  const named = names.filter((name) => !plan.kept.includes(name));
  const reference = `${repository.uri}@${made.digest}`;
  const tag = named.flatMap((name) => name.tag ?? [])[0];
  ctx.log.line(`${tag ?? 'The image'} is ${reference}`);
  return {
    image: { reference, digest: made.digest, tag, registry: repository.host },
    build: {
      ...made,
      sizeBytes: await sizeOf(ecr, repository, made.digest, ctx.signal),
      tags: named.map((name) => name.reference),
      platforms,
    },
  };
}

/** All names of the image; where it can be used again, also the one by which a later run finds it. */
function namesOf({ options, repository, commit }: BuildPlan, hash: SourceHash): ImageName[] {
  const desired = desiredNames(options.tags, commit.sha, repository);
  if (hash.kind === 'unknown') return desired;
  return [...desired, hashedName(commit.sha, hash.hash, repository)];
}

/** Pure: one line that says whether an image is used again, and why. */
export function whyReused(hash: SourceHash, sha: string, digest: string | undefined): string {
  if (hash.kind === 'unknown') return `The image is built: ${hash.why}.`;
  const made = `commit ${sha.slice(0, 12)}, these ${hash.files} files (${megabytes(hash.bytes)}) and these inputs (hash ${hash.hash})`;
  return digest === undefined
    ? `The image is built: none is there of ${made}.`
    : `The image is used again, and nothing is built: it was built of ${made}.`;
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}

function logKept(log: OutputLog, { kept }: NamePlan, sha: string): void {
  for (const { tag = '' } of kept) {
    const from = tag === sha ? 'from this commit with other files or inputs' : 'otherwise';
    log.line(`Tag ${tag} exists already, built ${from}, and cannot be moved: it stays where it is.`);
  }
}

type Made = Pick<BuildFacts, 'reused' | 'seconds' | 'steps'> & { readonly digest: string };

async function reuse(
  ctx: ProduceContext,
  imagePlan: BuildPlan,
  { digest, plan }: { readonly digest: string; readonly plan: NamePlan },
): Promise<Made> {
  const { repository, options } = imagePlan;
  const own = plan.push.flatMap(({ tag }) => tag ?? []);
  await tagImage(ctx.aws.ecr(repository.region), repository, digest, own);
  const to = plan.push.flatMap(({ tag, reference }) => (tag === undefined ? [reference] : []));
  if (to.length > 0) {
    const circumstances = circumstancesOf(imagePlan, []);
    const docker = await openDocker(ctx, hostsOf(repository, [], options), circumstances);
    const buildx = await buildxVersion(docker, circumstances);
    await copyImage(ctx, docker, { from: `${repository.uri}@${digest}`, to, buildx }, circumstances);
  }
  for (const { reference } of plan.push) ctx.log.line(`Tagged ${reference}.`);
  return { digest, reused: true, seconds: 0, steps: undefined };
}

async function build(
  ctx: ProduceContext,
  imagePlan: BuildPlan,
  { platforms, plan }: { readonly platforms: readonly string[]; readonly plan: NamePlan },
): Promise<Made> {
  const { repository, registries, options } = imagePlan;
  if (plan.push.length === 0) throw tagIsTaken(plan.kept[0]?.tag ?? '', repository.name);
  const hosts = hostsOf(repository, registries, options);
  const docker = await openDocker(ctx, hosts, circumstancesOf(imagePlan, platforms));
  const keepBuilder = (builder: string): void => {
    ctx.saveLeftovers({ folder: docker.folder, builder });
  };
  const built = await buildAndPush({ ...ctx, keepBuilder }, docker, buildOf(ctx, imagePlan, platforms, plan));
  const { digest, seconds, steps } = built;
  ctx.log.line(
    `Built and pushed in ${seconds} s; ${steps.cached} of ${steps.total} steps came out of a cache.`,
  );
  return { digest, reused: false, seconds, steps };
}

/** Everything that buildx is told. */
function buildOf(
  { env }: ProduceContext,
  imagePlan: BuildPlan,
  platforms: readonly string[],
  { push }: NamePlan,
): Build {
  const { source, repository, options, commit, secrets } = imagePlan;
  const origin = { serverUrl: env['GITHUB_SERVER_URL'], repository: env['GITHUB_REPOSITORY'] };
  const version = push.flatMap(({ tag }) => tag ?? [])[0] ?? commit.sha;
  return {
    options,
    context: source.context,
    platforms,
    tags: push.map(({ reference }) => reference),
    labels: labelsOf(commit, origin, version, repository.name, options.labels),
    secrets,
    caches: cachesOf(options, {
      repositoryUri: repository.uri,
      repositoryName: repository.name,
      platforms,
      actionsCacheMode: env['ACTIONS_CACHE_MODE'],
    }),
    circumstances: circumstancesOf(imagePlan, platforms),
  };
}

function circumstancesOf({ repository }: BuildPlan, platforms: readonly string[]): Circumstances {
  return { repository, platforms };
}
