import { StandardRetryStrategy } from '@smithy/core/retry';
import type { Clock } from '../runtime/clock.ts';

type Token = Awaited<ReturnType<StandardRetryStrategy['acquireInitialRetryToken']>>;
type ErrorInfo = Parameters<StandardRetryStrategy['refreshRetryTokenForRetry']>[1];

/** The longest that a pause before the first retry may be, by the kind of error, as the SDK has them. */
const BASE_MS = { THROTTLING: 1_000, other: 50 };
const LONGEST_MS = 20_000;

/**
 * The SDK's standard retries, but for their pauses: these end with the job. The SDK sleeps on, and keeps the process
 * from ending. The attempt that follows is cancelled then, and says so itself.
 */
export class CancellableRetries extends StandardRetryStrategy {
  readonly #signal: AbortSignal;
  readonly #clock: Pick<Clock, 'sleep'>;
  readonly #random: () => number;

  constructor(attempts: number, signal: AbortSignal, clock: Pick<Clock, 'sleep'>, random = Math.random) {
    super({
      maxAttempts: attempts,
      backoff: { computeNextBackoffDelay: () => 0, setDelayBase: () => undefined },
    });
    this.#signal = signal;
    this.#clock = clock;
    this.#random = random;
  }

  override async refreshRetryTokenForRetry(
    token: Token,
    info: ErrorInfo,
  ): ReturnType<StandardRetryStrategy['refreshRetryTokenForRetry']> {
    const next = await super.refreshRetryTokenForRetry(token, info);
    const base = info.errorType === 'THROTTLING' ? BASE_MS.THROTTLING : BASE_MS.other;
    const longest = Math.min(base * 2 ** token.getRetryCount(), LONGEST_MS);
    // What cuts the pause short ends the next attempt as well.
    await this.#clock.sleep(this.#random() * longest, this.#signal).catch(() => undefined);
    return next;
  }
}
