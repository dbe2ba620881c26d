import type { Clock } from './clock.ts';

/** Pauses before the second, third and fourth attempt, in seconds. */
const RETRY_PAUSES = [2, 5, 12];

/** What one attempt came to. */
export type Attempt<T> =
  | { readonly kind: 'done'; readonly value: T }
  | { readonly kind: 'failed'; readonly error: Error; readonly retryable: boolean };

/**
 * Tries up to four times, with growing pauses, as long as a failure may pass. `onRetry` hears of each pause, in seconds,
 * before it. Throws the last failure; the end of the job ends a pause.
 */
export async function retrying<T>(
  clock: Clock,
  signal: AbortSignal,
  attempt: () => Promise<Attempt<T>>,
  onRetry: (error: Error, seconds: number) => void,
): Promise<T> {
  for (let count = 0; ; count += 1) {
    const came = await attempt();
    if (came.kind === 'done') return came.value;
    const pause = RETRY_PAUSES[count];
    if (!came.retryable || pause === undefined) throw came.error;
    onRetry(came.error, pause);
    await clock.sleep(pause * 1000, signal);
  }
}
