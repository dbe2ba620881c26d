import type { Clock } from './clock.ts';

/**
 * Thrown where no answer came while there was time for it. The name is the one of Node's and the SDK's own time-outs:
 * whoever sorts errors takes it for a lost answer.
 */
export class TimedOut extends Error {
  constructor(ms: number) {
    super(`no answer within ${Math.round(ms / 100) / 10} s`);
    this.name = 'TimeoutError';
  }
}

/**
 * Settles as `work` does, or rejects with `TimedOut` after `ms` milliseconds: a call that hangs must not outlast
 * the time that the user gave. What was begun goes on unheard, so `work` must be a read.
 */
export async function withTimeout<T>(clock: Clock, ms: number, work: () => Promise<T>): Promise<T> {
  let silence: () => void = () => undefined;
  const timeUp = new Promise<never>((_, reject) => {
    silence = clock.alarm(ms, () => {
      reject(new TimedOut(ms));
    });
  });
  try {
    return await Promise.race([work(), timeUp]);
  } finally {
    silence();
  }
}

/**
 * Settles as `work` does, or, once the job is cancelled, rejects with what `unheard` makes of the reason after `ms`
 * more milliseconds: the runner kills a job that waits on.
 */
export async function withGracePeriod<T>(
  clock: Clock,
  signal: AbortSignal | undefined,
  ms: number,
  work: () => Promise<T>,
  unheard: (reason: unknown) => Error,
): Promise<T> {
  if (signal === undefined) return work();
  let silence: () => void = () => undefined;
  let begin: () => void = () => undefined;
  const givenUp = new Promise<never>((_, reject) => {
    begin = (): void => {
      silence = clock.alarm(ms, () => {
        reject(unheard(signal.reason));
      });
    };
    if (signal.aborted) begin();
    else signal.addEventListener('abort', begin, { once: true });
  });
  try {
    return await Promise.race([work(), givenUp]);
  } finally {
    silence();
    signal.removeEventListener('abort', begin);
  }
}
