import { tmpdir } from 'node:os';
import { partitionOf } from '../aws/arn.ts';
import { ecrRepositoryOf, parseImageReference } from '../aws/image-reference.ts';
import type { ProcessContext, RunContext } from '../context.ts';
import type { BuildOptions, DockerLeftovers } from '../model/index.ts';
import type { Log } from '../runtime/log.ts';
import { makeDockerConfig, removeDockerConfig } from './docker-config.ts';
import type { Circumstances } from './docker-errors.ts';
import { dockerOf, type Docker } from './docker.ts';
import { logIn, type EcrHost, type LoginContext } from './login.ts';
import type { FoundRepository } from './repository.ts';

export type SessionContext = ProcessContext & LoginContext & Pick<RunContext, 'saveLeftovers'>;

/** Docker in a configuration of its own, logged in to every registry of `hosts`. */
export async function openDocker(
  ctx: SessionContext,
  hosts: readonly EcrHost[],
  circumstances: Circumstances,
): Promise<Docker> {
  const { env, log } = ctx;
  const temp = env['RUNNER_TEMP'];
  const config = await makeDockerConfig(
    env,
    temp === undefined || temp === '' ? tmpdir() : temp,
    hosts.map(({ host }) => host),
    (text) => {
      log.warn(text);
    },
  );
  ctx.saveLeftovers({ folder: config.folder, builder: undefined });
  const docker = dockerOf(ctx, config.folder, config.env);
  await logIn(ctx, docker, hosts, circumstances);
  return docker;
}

/**
 * Pure: the registries to log in to: that of the repository, those of `registries` in its region, and every other one
 * of ECR that a tag, a cache, a build context or the image of BuildKit names.
 */
export function hostsOf(
  repository: FoundRepository,
  registries: readonly string[],
  build: Pick<BuildOptions, 'tags' | 'cacheFrom' | 'cacheTo' | 'buildContexts' | 'buildkitImage'>,
): EcrHost[] {
  const { host, region } = repository;
  const further = registries.map((account) => ({
    host: `${account}.dkr.ecr.${region}.${partitionOf(region).dnsSuffix}`,
    region,
  }));
  const named = [
    ...build.tags,
    ...[...build.cacheFrom, ...build.cacheTo].flatMap((cache) => /(?:^|,)ref=([^,]+)/.exec(cache)?.[1] ?? []),
    ...build.buildContexts.flatMap((line) => /=docker-image:\/\/(.+)$/.exec(line)?.[1] ?? []),
    ...(build.buildkitImage === undefined ? [] : [build.buildkitImage]),
  ];
  const others = named.flatMap((reference) => {
    const found = ecrRepositoryOf(parseImageReference(reference).repository);
    return found === undefined ? [] : [{ host: found.host, region: found.region }];
  });
  const all = [{ host, region }, ...further, ...others];
  return all.filter((each, at) => all.findIndex((other) => other.host === each.host) === at);
}

/** Of stopping a builder and removing its volume. */
const REMOVAL_SECONDS = 120;

/** What the runner keeps between the steps. */
export function packLeftovers(leftovers: DockerLeftovers): string {
  return JSON.stringify(leftovers);
}

/** Undefined where the run used no Docker. */
export function unpackLeftovers(text: string): DockerLeftovers | undefined {
  return text === '' ? undefined : (JSON.parse(text) as DockerLeftovers);
}

/**
 * Removes the builder that a run made, and its configuration with the credentials in it. Never rejects: what cannot be
 * removed is a line in the log, and the credentials go in any case.
 */
export async function cleanUpDocker(
  ctx: ProcessContext,
  { folder, builder }: DockerLeftovers,
  log: Log,
): Promise<void> {
  try {
    if (builder !== undefined) await removeBuilder(ctx, { folder, builder }, log);
  } catch (error) {
    log.line(`Builder ${builder ?? ''} could not be removed (${String(error)}).`);
  }
  try {
    await removeDockerConfig(folder);
    log.line('Removed the credentials of the build.');
  } catch (error) {
    log.warn(`The credentials of the build could not be removed from ${folder} (${String(error)}).`);
  }
}

async function removeBuilder(
  ctx: ProcessContext,
  { folder, builder }: { readonly folder: string; readonly builder: string },
  log: Log,
): Promise<void> {
  const docker = dockerOf(ctx, folder, { DOCKER_CONFIG: folder, BUILDX_CONFIG: `${folder}/buildx` });
  const { exitCode, lastLines } = await docker.run(['buildx', 'rm', '--force', builder], {
    deadlineSeconds: REMOVAL_SECONDS,
  });
  if (exitCode === 0) log.line(`Removed builder ${builder}.`);
  else log.line(`Builder ${builder} could not be removed (${lastLines.at(-1) ?? `exit code ${exitCode}`}).`);
}
