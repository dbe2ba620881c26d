import { tmpdir } from 'node:os';
import { ecrRepositoryOf, parseImageReference } from '../aws/image-reference.ts';
import { partitionOf } from '../aws/partition.ts';
import type { BuildOptions } from '../model.ts';
import type { Log } from '../runtime/log.ts';
import { makeDockerHome } from './docker-config.ts';
import { dockerOf, type Docker, type DockerTools } from './docker.ts';
import type { Circumstances } from './explain.ts';
import { logIn, type EcrHost, type LoginTools } from './login.ts';
import type { FoundRepository } from './repository.ts';

/** What the post step removes. */
export interface DockerRemains {
  readonly folder: string;
  readonly builder: string | undefined;
}

export interface SessionTools extends DockerTools, LoginTools {
  readonly log: Log;
  /** Remembers for the post step what is to be removed. */
  readonly keepDocker: (remains: DockerRemains) => void;
}

/** Docker in a configuration of its own, logged in to every registry of `hosts`. */
export async function openDocker(
  tools: SessionTools,
  hosts: readonly EcrHost[],
  circumstances: Circumstances,
): Promise<Docker> {
  const { env, log } = tools;
  const temp = env['RUNNER_TEMP'];
  const home = await makeDockerHome(
    env,
    temp === undefined || temp === '' ? tmpdir() : temp,
    hosts.map(({ host }) => host),
    (text) => {
      log.warn(text);
    },
  );
  tools.keepDocker({ folder: home.folder, builder: undefined });
  const docker = dockerOf(tools, home.folder, home.env);
  await logIn(tools, docker, hosts, circumstances);
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
