import { randomUUID } from 'node:crypto';
import type { Clock } from '../runtime/clock.ts';
import { DeployError } from '../runtime/failure.ts';
import type { OutputLog } from '../runtime/log.ts';
import { retrying, type Attempt } from '../runtime/retry.ts';
import type { Docker } from './docker.ts';
import { explain, sentence, type Circumstances } from './explain.ts';

export interface BuilderContext {
  readonly clock: Clock;
  readonly signal: AbortSignal;
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
  { clock, signal, log, keepBuilder }: BuilderContext,
  docker: Docker,
  image: string | undefined,
  circumstances: Circumstances,
): Promise<string> {
  const name = `ecs-fargate-deploy-${randomUUID().slice(0, 8)}`;
  keepBuilder(name);
  const option = image === undefined ? [] : ['--driver-opt', `image=${image}`];
  const run = async (args: readonly string[]): Promise<Attempt<undefined>> => {
    const { exitCode, lastLines } = await docker.run(['buildx', ...args], {
      deadlineSeconds: BOOT_SECONDS,
      onLine: (line) => {
        log.output(line);
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
  const again = (error: Error, seconds: number): void => {
    log.line(`${error.message} Trying again in ${seconds} s.`);
  };
  const create = ['create', '--name', name, '--driver', 'docker-container', ...option];
  await retrying(clock, signal, () => run(create), again);
  await retrying(clock, signal, () => run(['inspect', '--bootstrap', name]), again);
  log.line(`Builder: ${name}, made for this run and removed afterwards.`);
  return name;
}
