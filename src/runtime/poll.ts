import type { Clock } from './clock.ts';

/** What one look came to: the end, or a pause before the next one; `late` is the end where there is no time for that. */
export type PollStep<T> = { readonly end: T } | { readonly pauseMs: number; readonly late: T };

/**
 * Looks at once, and again after each pause, until a look comes to an end. The pause before the deadline (a reading of
 * the clock) is cut short, so that the last look falls on it. A cancellation
 * rejects with the signal's reason.
 */
export async function poll<T>(
  { clock, signal }: { readonly clock: Clock; readonly signal: AbortSignal },
  deadline: number,
  look: () => Promise<PollStep<T>>,
): Promise<T> {
  for (;;) {
    const looked = await look();
    if ('end' in looked) return looked.end;
    const left = deadline - clock.now();
    if (left <= 0) return looked.late;
    await clock.sleep(Math.min(looked.pauseMs, left), signal);
  }
}
