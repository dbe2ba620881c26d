import { tmpdir } from 'node:os';
import { ecrRepositoryOf, parseImageReference } from '../aws/image-reference.ts';
import { partitionOf } from '../aws/partition.ts';
import type { BuildOptions } from '../model.ts';
import type { Log } from '../runtime/log.ts';
import { makeDockerConfig } from './docker-config.ts';
import { dockerOf, type Docker, type DockerCliContext } from './docker.ts';
import type { Circumstances } from './explain.ts';
import { logIn, type EcrHost, type LoginContext } from './login.ts';
import type { FoundRepository } from './repository.ts';

/** What the post step removes. */
export interface DockerLeftovers {
  readonly folder: string;
  readonly builder: string | undefined;
}

export interface SessionContext extends DockerCliContext, LoginContext {
  readonly log: Log;
  /** Remembers for the post step what is to be removed. */
  readonly saveLeftovers: (leftovers: DockerLeftovers) => void;
}

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
