import type { Log } from '../runtime/log.ts';
import { removeDockerConfig } from './docker-config.ts';
import { dockerOf, type DockerCliContext } from './docker.ts';
import type { DockerLeftovers } from './session.ts';

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
  ctx: DockerCliContext,
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
  ctx: DockerCliContext,
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
