import type { ManualClock } from '../simulator/clock.ts';
import type { Clock } from '../src/runtime/clock.ts';

/** Turns of the event loop without any work after which nothing but time can bring the step on. */
const QUIET_TURNS = 3;

/** Real milliseconds after which a step that time cannot bring on is given up. */
const PATIENCE_MS = 30_000;

/**
 * The clock of a step that runs in this process: the simulated world's own timeline. Time stands still while anything
 * works. Otherwise it jumps to what is due next, as long as somebody sleeps. A deadline alone is no reason to jump: it
 * is one only while a call hangs, and whoever makes the call says so.
 */
export class JumpClock implements Clock {
  readonly #world: ManualClock;
  readonly #speed: number;
  readonly #start: number;
  #isKilled = false;
  #working = 0;
  #sleeping = 0;
  #hanging = 0;
  #alarms = 0;
  /** Grows with everything that the step does with time. */
  #activity = 0;
  /** Wakes `run`, which rests while anything works: a busy loop would take the processor from what works. */
  #wake = (): void => undefined;

  /** `speed`: simulated milliseconds in one of this clock. */
  constructor(world: ManualClock, speed = 1) {
    this.#world = world;
    this.#speed = speed;
    this.#start = world.now();
  }

  now(): number {
    return (this.#world.now() - this.#start) / this.#speed;
  }

  /** The time of day in the world. */
  date(): Date {
    return new Date(this.#world.now());
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) {
        reject(signal.reason as Error);
        return;
      }
      this.#sleeping += 1;
      this.#activity += 1;
      const wake = (): void => {
        this.#sleeping -= 1;
        this.#activity += 1;
        signal?.removeEventListener('abort', cancel);
      };
      const forget = this.#plan(ms, () => {
        wake();
        resolve();
      });
      const cancel = (): void => {
        forget();
        wake();
        reject(signal?.reason as Error);
      };
      signal?.addEventListener('abort', cancel, { once: true });
    });
  }

  alarm(ms: number, ring: () => void): () => void {
    let isSet = true;
    this.#alarms += 1;
    const unset = (): void => {
      if (!isSet) return;
      isSet = false;
      this.#alarms -= 1;
    };
    const forget = this.#plan(ms, () => {
      unset();
      this.#activity += 1;
      ring();
    });
    return () => {
      forget();
      unset();
    };
  }

  /** The process dies: what it planned does not happen, nothing that it waits for comes, and `run` rejects. */
  kill(): void {
    this.#isKilled = true;
    this.#wake();
  }

  get isKilled(): boolean {
    return this.#isKilled;
  }

  /** Time stands still until this is done, but for what waits inside of it. */
  async working<T>(work: () => Promise<T>): Promise<T> {
    if (this.#isKilled) return never();
    this.#working += 1;
    this.#activity += 1;
    try {
      return await work();
    } finally {
      this.#activity += 1;
      this.#pause();
      // Whatever came of it, nobody hears of it any more.
      if (this.isKilled) await never();
    }
  }

  /** Inside of work: a pause, during which time passes. */
  async waiting<T>(wait: () => Promise<T>): Promise<T> {
    this.#pause();
    try {
      return await wait();
    } finally {
      this.#working += 1;
      this.#activity += 1;
    }
  }

  /** Inside of work: a wait for what may never come, during which time jumps to deadlines, too. */
  async hanging<T>(wait: () => Promise<T>): Promise<T> {
    this.#hanging += 1;
    try {
      return await this.waiting(wait);
    } finally {
      this.#hanging -= 1;
    }
  }

  /** Lets time pass until `step` settles, and settles as it does. */
  async run<T>(step: Promise<T>): Promise<T> {
    const state = { isOver: false };
    const end = step.finally(() => {
      state.isOver = true;
      this.#wake();
    });
    end.catch(() => undefined);
    let seen = this.#activity;
    let quiet = 0;
    let since = performance.now();
    for (;;) {
      await new Promise((resolve) => setImmediate(resolve));
      if (this.#isKilled) throw new Killed();
      if (state.isOver) return end;
      if (this.#working > 0) await this.#rest(since + PATIENCE_MS - performance.now());
      if (this.#working > 0 || this.#activity !== seen) {
        quiet = 0;
        if (this.#activity !== seen) since = performance.now();
        seen = this.#activity;
      } else {
        quiet += 1;
      }
      if (quiet >= QUIET_TURNS && this.#mayJump()) {
        this.#world.skipToNext();
        since = performance.now();
      }
      if (performance.now() - since > PATIENCE_MS) throw new Error(this.#stuck());
    }
  }

  /** One work less. */
  #pause(): void {
    this.#working -= 1;
    if (this.#working === 0) this.#wake();
  }

  /** Until nothing works any more, the step is over or killed, or so many milliseconds have passed. */
  #rest(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, Math.max(0, ms));
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  #mayJump(): boolean {
    return this.#sleeping > 0 || (this.#hanging > 0 && this.#alarms > 0);
  }

  #stuck(): string {
    return (
      `The step waits for something that time does not bring: ${this.#working} at work, ` +
      `${this.#sleeping} asleep, ${this.#hanging} calls that hang, ${this.#alarms} deadlines.`
    );
  }

  /** On whole milliseconds and at least one on, as timers are: a rest of a rounding would be slept through for ever. */
  #plan(ms: number, action: () => void): () => void {
    const now = this.#world.now();
    const due = Math.max(Math.ceil(now + ms * this.#speed), Math.floor(now) + 1);
    return this.#world.at(due, () => {
      if (!this.#isKilled) action();
    });
  }
}

/** The process was killed: it says nothing more. */
export class Killed extends Error {}

function never<T>(): Promise<T> {
  return new Promise(() => undefined);
}
