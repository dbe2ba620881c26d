import type { Clock } from '../../src/runtime/clock.ts';

/** A clock whose time passes only when somebody sleeps. */
export interface FakeClock extends Clock {
  /** Every pause that was slept through, in milliseconds, in order. */
  readonly pauses: readonly number[];
  /** Lets time pass without a sleep, as a slow call would. */
  advance(ms: number): void;
}

/**
 * A sleep resolves at once and moves the time on by its length; it rejects with the signal's reason where the signal
 * is aborted before the pause or during it. `during` runs inside each pause, after the time moved on, with the count
 * of pauses so far: a place to abort the signal or change the world.
 */
export function fakeClock(options: { start?: number; during?: (pause: number) => void } = {}): FakeClock {
  let time = options.start ?? 0;
  const pauses: number[] = [];
  return {
    pauses,
    now: () => time,
    advance: (ms) => {
      time += ms;
    },
    sleep: async (ms, signal) => {
      if (signal?.aborted) throw signal.reason as Error;
      pauses.push(ms);
      time += ms;
      options.during?.(pauses.length);
      await Promise.resolve();
      if (signal?.aborted) throw signal.reason as Error;
    },
  };
}
