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
 * What `work` comes to; its signal aborts after `ms` milliseconds, with the error of Node's own time-outs, so that what
 * was begun ends. Rejects as the work then does.
 */
export async function withSignal<T>(
  clock: Clock,
  ms: number,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const late = new AbortController();
  const silence = clock.alarm(ms, () => {
    late.abort(new DOMException('The operation was aborted due to timeout', 'TimeoutError'));
  });
  try {
    return await work(late.signal);
  } finally {
    silence();
  }
}

/** How long a call may take: as long as is left, within these, in milliseconds. */
export interface TimeLimits {
  /** However little is left, what is begun has as long. */
  readonly least: number;
  readonly longest?: number;
}

/** A moment by which something has to be over. */
export class Deadline {
  /** A reading of the clock. */
  readonly at: number;
  readonly #clock: Clock;

  private constructor(clock: Clock, at: number) {
    this.#clock = clock;
    this.at = at;
  }

  /** So many milliseconds from now. */
  static of(clock: Clock, ms: number): Deadline {
    return new Deadline(clock, clock.now() + ms);
  }

  /** At a reading of the clock. */
  static at(clock: Clock, reading: number): Deadline {
    return new Deadline(clock, reading);
  }

  /** Milliseconds until then; none once it is over. */
  left(): number {
    return Math.max(this.at - this.#clock.now(), 0);
  }

  isOver(): boolean {
    return this.left() === 0;
  }

  /** As `withTimeout`, for as long as is left. */
  within<T>({ least, longest = Number.POSITIVE_INFINITY }: TimeLimits, work: () => Promise<T>): Promise<T> {
    return withTimeout(this.#clock, Math.max(Math.min(this.left(), longest), least), work);
  }
}

/** What one look came to: the end, or a pause before the next one; `late` is the end where there is no time for that. */
export type PollStep<T> =
  | { readonly kind: 'end'; readonly value: T }
  | { readonly kind: 'pause'; readonly pauseMs: number; readonly late: T };

/**
 * Looks at once, and again after each pause, until a look comes to an end. The pause before the deadline is cut short, so
 * that the last look falls on it. A cancellation rejects with the signal's reason.
 */
export async function poll<T>(
  { clock, signal }: { readonly clock: Clock; readonly signal?: AbortSignal | undefined },
  deadline: Deadline,
  look: () => Promise<PollStep<T>>,
): Promise<T> {
  for (;;) {
    const looked = await look();
    if (looked.kind === 'end') return looked.value;
    if (deadline.isOver()) return looked.late;
    await clock.sleep(Math.min(looked.pauseMs, deadline.left()), signal);
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

/** Settles as the promise does, or rejects with the signal's reason as soon as that is aborted. */
export async function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted();
  const aborted = Promise.withResolvers<never>();
  const abort = (): void => {
    aborted.reject(signal.reason as Error);
  };
  signal.addEventListener('abort', abort, { once: true });
  try {
    return await Promise.race([promise, aborted.promise]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}

/** What one attempt came to. */
export type Attempt<T> =
  | { readonly kind: 'done'; readonly value: T }
  /** `afterSeconds`: what the other side wants the pause to be. */
  | {
      readonly kind: 'failed';
      readonly error: Error;
      readonly retryable: boolean;
      readonly afterSeconds?: number | undefined;
    }
  /** It may have taken effect: the next attempt finds out, at once where the job has ended meanwhile. */
  | { readonly kind: 'in-doubt'; readonly error: Error };

/** When something is tried again. */
export interface Retries {
  readonly clock: Clock;
  /** Ends a pause. */
  readonly signal?: AbortSignal | undefined;
  /** Before the second attempt, the third and so on, in seconds; there are no more attempts than that. */
  readonly pauses: readonly number[];
  /** Where it is given, the last of the pauses goes on until then, and none lasts beyond it. */
  readonly deadline?: Deadline;
  /** Hears of each pause, in seconds, before it. */
  readonly onRetry?: (error: Error, seconds: number) => void;
}

/** Tries again, after each of the pauses, as long as a failure may pass. Throws the last failure. */
export async function retry<T>(
  { clock, signal, pauses, deadline, onRetry }: Retries,
  attempt: () => Promise<Attempt<T>>,
): Promise<T> {
  for (let count = 0; ; count += 1) {
    const came = await attempt();
    if (came.kind === 'done') return came.value;
    const usual = pauseAfter(count, pauses, deadline);
    const isFinal = usual === undefined || (came.kind === 'failed' && !came.retryable);
    if (isFinal) throw came.error;
    const seconds = came.kind === 'failed' ? (came.afterSeconds ?? usual) : usual;
    onRetry?.(came.error, seconds);
    const ms = Math.min(seconds * 1000, deadline?.left() ?? Number.POSITIVE_INFINITY);
    const pause = clock.sleep(ms, signal);
    await (came.kind === 'failed' ? pause : pause.catch(() => undefined));
  }
}

/** Undefined where it is not tried again. */
function pauseAfter(
  count: number,
  pauses: readonly number[],
  deadline: Deadline | undefined,
): number | undefined {
  if (deadline === undefined) return pauses[count];
  return deadline.isOver() ? undefined : (pauses[count] ?? pauses.at(-1));
}

/** Seconds of silence after which a wait says that it still waits; each further time the pause is longer. */
const SIGNS_OF_LIFE = [30, 60, 120, 300];

/**
 * Says when a wait in which nothing changes should give a sign of life: after 30 seconds, a minute, two, and then
 * every five minutes, so that nobody thinks it hangs and the log stays short.
 */
export class Heartbeat {
  readonly #clock: Clock;
  #quietSince: number;
  #lastSign: number;
  #beats = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#quietSince = this.#lastSign = clock.now();
  }

  /** Something was said, so the silence begins again. */
  changed(): void {
    this.#quietSince = this.#lastSign = this.#clock.now();
    this.#beats = 0;
  }

  /** Seconds since anything changed, where it is time to say so; otherwise undefined. Counts as said. */
  due(): number | undefined {
    const now = this.#clock.now();
    const pause = SIGNS_OF_LIFE[Math.min(this.#beats, SIGNS_OF_LIFE.length - 1)] ?? 0;
    if (now - this.#lastSign < pause * 1000) return undefined;
    this.#lastSign = now;
    this.#beats += 1;
    return (now - this.#quietSince) / 1000;
  }
}

/** A promise that is awaited later, or never: until then its failure is nobody's. */
export function begun<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => undefined);
  return promise;
}
