import { Failure } from '../runtime/failure.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Log } from '../runtime/log.ts';
import { retrying, type Attempt } from '../runtime/retry.ts';
import type { Docker } from './docker.ts';
import { explain, type Circumstances } from './explain.ts';

/**
 * Gives an image that is in a registry further names, in this registry or another, without building or pulling it:
 * manifest and digest stay the same. Throws `push-failed`.
 */
export async function copyImage(
  { clock, signal, log }: { readonly clock: Clock; readonly signal: AbortSignal; readonly log: Log },
  docker: Docker,
  from: string,
  to: readonly string[],
  circumstances: Circumstances,
): Promise<void> {
  const tags = to.flatMap((reference) => ['--tag', reference]);
  const args = ['buildx', 'imagetools', 'create', '--prefer-index=false', ...tags, from];
  const attempt = async (): Promise<Attempt<undefined>> => {
    const { exitCode, lastLines } = await docker.run(args);
    if (exitCode === 0) return { kind: 'done', value: undefined };
    const { error, hint, passing } = explain(
      lastLines,
      circumstances,
      `docker ended with exit code ${exitCode}`,
    );
    const failure = new Failure(
      'push-failed',
      `The image could not be tagged: ${error.replace(/\.$/, '')}.`,
      {
        ...(hint === undefined ? {} : { hint }),
        evidence: [{ kind: 'error', text: error }],
      },
    );
    return { kind: 'failed', error: failure, passing };
  };
  await retrying(clock, signal, attempt, (error, seconds) => {
    log.line(`${error.message} Trying again in ${seconds} s.`);
  });
  for (const reference of to) log.line(`Tagged ${reference}.`);
}
