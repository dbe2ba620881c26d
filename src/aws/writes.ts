import { randomUUID } from 'node:crypto';
import { Cancelled, CancelledUnanswered } from '../runtime/cancellation.ts';
import type { Clock } from '../runtime/clock.ts';
import { withGracePeriod } from '../runtime/wait.ts';
import { awsErrorKind } from './errors.ts';

/** Pauses after a refused or unanswered write, in seconds; together about a minute. */
const PAUSES = [1, 2, 4, 8, 8, 8, 8, 8, 8];

/** Before the last look for the effect of a write that was never answered, in seconds. */
const LAST_PAUSE = 2;

/** An unanswered write is sent again at most this often, and only after it was seen to have had no effect. */
const RESENDS = 2;

/** After a cancellation an answer that is on its way is waited for this long: the runner kills the job after ten seconds. */
const GRACE_MS = 3_000;

/**
 * Sends a write so that it takes effect at most once.
 *
 * A throttled write had no effect and is sent again. A write without an answer (time-out, reset, 5xx) may have
 * had one: `readBack` looks for it, and only when it finds nothing is the write sent again. Every other error
 * is the caller's. The SDK's own retries must be off for `send`. `signal` ends it where nothing is known to have
 * happened, never before the effect of an unanswered write was looked for; where neither answer nor effect shows
 * within three seconds of the signal, it rejects with `CancelledUnanswered`. After `until`, a reading of the clock,
 * nothing is sent again.
 */
export async function writeOnce<T>(
  clock: Clock,
  send: () => Promise<T>,
  readBack: () => Promise<T | undefined>,
  signal?: AbortSignal,
  until = Number.POSITIVE_INFINITY,
): Promise<T> {
  return withGracePeriod(
    clock,
    signal,
    GRACE_MS,
    () => attempts(clock, send, readBack, signal, until),
    unanswered,
  );
}

async function attempts<T>(
  clock: Clock,
  send: () => Promise<T>,
  readBack: () => Promise<T | undefined>,
  signal: AbortSignal | undefined,
  until: number,
): Promise<T> {
  let lost = 0;
  for (let attempt = 0; ; attempt += 1) {
    try {
      return await send();
    } catch (error) {
      const kind = awsErrorKind(error);
      if (kind !== 'throttled' && kind !== 'transient') throw error;
      const pause = PAUSES[attempt];
      if (kind === 'throttled' && pause === undefined) throw error;
      const rest = clock.sleep((pause ?? LAST_PAUSE) * 1000, signal);
      // A cancelled job looks for the effect at once.
      await (kind === 'throttled' ? rest : rest.catch(() => undefined));
      const effect = kind === 'transient' ? await readBack() : undefined;
      if (effect !== undefined) return effect;
      signal?.throwIfAborted();
      if (kind === 'transient') lost += 1;
      if (pause === undefined || lost > RESENDS || clock.now() >= until) throw error;
    }
  }
}

/** What a write amounts to that has no answer when the job is cancelled. */
export function unanswered(reason: unknown): Error {
  return reason instanceof Cancelled ? new CancelledUnanswered(reason.signalName) : (reason as Error);
}

/**
 * Sends a write that carries a client token, the same with each attempt: AWS itself lets it take effect at most once
 * (ECS Developer Guide, "Ensuring idempotency"), so that it is sent again after throttling and lost answers alike.
 * The job's end ends a pause, and three seconds later a call that has no answer. The SDK's own retries must be off for
 * `send`.
 */
export async function writeWithToken<T>(
  clock: Clock,
  send: (clientToken: string) => Promise<T>,
  signal: AbortSignal,
): Promise<T> {
  const token = randomUUID();
  const attempt = async (): Promise<T> => {
    signal.throwIfAborted();
    for (const pause of PAUSES) {
      try {
        return await send(token);
      } catch (error) {
        const kind = awsErrorKind(error);
        if (kind !== 'throttled' && kind !== 'transient') throw error;
        await clock.sleep(pause * 1000, signal);
      }
    }
    return send(token);
  };
  return withGracePeriod(clock, signal, GRACE_MS, attempt, unanswered);
}

/** Pauses between the attempts of a read that must be answered, in seconds; together half a minute. */
const READ_PAUSES = [1, 2, 4, 8, 8, 8];

/**
 * Reads until AWS answers: throttling and lost answers only slow it down. All other errors are the caller's, and so is
 * the last of these. Without a signal a cancelled job does not end it.
 */
export async function retryRead<T>(clock: Clock, read: () => Promise<T>, signal?: AbortSignal): Promise<T> {
  for (const pause of READ_PAUSES) {
    try {
      return await read();
    } catch (error) {
      const kind = awsErrorKind(error);
      if (kind !== 'throttled' && kind !== 'transient') throw error;
      await clock.sleep(pause * 1000, signal);
    }
  }
  return read();
}
