import type { Clock } from '../../src/runtime/clock.ts';

/** A clock whose time passes only when somebody sleeps. */
export interface FakeClock extends Clock {
  /** Every pause that was slept through, in milliseconds, in order. */
  readonly pauses: readonly number[];
  /** Lets time pass without a sleep, as a slow call would; alarms ring where they are due. */
  advance(ms: number): void;
  /** Moves the time on to the alarm that is due next; false where none is set. */
  ringNext(): boolean;
}

interface Alarm {
  readonly at: number;
  readonly ring: () => void;
}

/**
 * A sleep resolves at once and moves the time on by its length; it rejects with the signal's reason where the signal
 * is aborted before the pause or during it. `during` runs inside each pause, after the time moved on, with the count
 * of pauses so far: a place to abort the signal or change the world.
 */
export function fakeClock(
  options: {
    start?: number;
    during?: (pause: number) => void;
    /** Whatever goes on beside a sleep and waits for no time is done before time passes. */
    isPatient?: boolean;
  } = {},
): FakeClock {
  let time = options.start ?? 0;
  const pauses: number[] = [];
  const alarms = new Set<Alarm>();
  const moveOn = (ms: number): void => {
    time += ms;
    for (const alarm of alarms) {
      if (alarm.at > time) continue;
      alarms.delete(alarm);
      alarm.ring();
    }
  };
  return {
    pauses,
    now: () => time,
    advance: moveOn,
    sleep: async (ms, signal) => {
      if (options.isPatient === true) await new Promise((resolve) => setImmediate(resolve));
      if (signal?.aborted) throw signal.reason as Error;
      pauses.push(ms);
      moveOn(ms);
      options.during?.(pauses.length);
      await Promise.resolve();
      if (signal?.aborted) throw signal.reason as Error;
    },
    ringNext: () => {
      const next = Math.min(...[...alarms].map(({ at }) => at));
      if (!Number.isFinite(next)) return false;
      moveOn(Math.max(next - time, 0));
      return true;
    },
    alarm: (ms, ring) => {
      const alarm = { at: time + ms, ring };
      alarms.add(alarm);
      return () => {
        alarms.delete(alarm);
      };
    },
  };
}

/**
 * Runs `work` to its end. Where it waits for nothing but alarms (a call that hangs, and the limits around it), the time
 * moves on to the next of them.
 */
export async function untilDone<T>(clock: FakeClock, work: Promise<T>): Promise<T> {
  const state = { isDone: false };
  const end = work.finally(() => {
    state.isDone = true;
  });
  end.catch(() => undefined);
  for (;;) {
    await new Promise((resolve) => setImmediate(resolve));
    if (state.isDone) return end;
    if (!clock.ringNext()) throw new Error('It waits for something that never comes.');
  }
}
