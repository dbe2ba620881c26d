import type { Clock } from './clock.ts';
import { unlessAborted } from './wait.ts';

/** Something that is done again and again. */
export interface Job {
  /** A reading of the clock; undefined while it is under way. */
  due: number | undefined;
  /** The pause before it, in milliseconds. */
  pauseMs: number;
  /**
   * It costs less together: one of these that is due takes the others along in the last quarter of their pauses. What is
   * left out keeps its pause.
   */
  isShared?: boolean;
  /** Begins it, and does not wait for its end; after that it is due again, and the loop is woken. */
  begin(): void;
  /** The loop is over, for this reason: the end of the job of the runner. */
  end(error: unknown): void;
}

/** A shared job that is due within this share of its pause is begun along with the others. */
const ALONG = 0.25;

/**
 * The one place where time passes for what a run follows: it begins each job when that is due, and awaits nothing but its
 * own sleep.
 */
export class Loop {
  readonly #clock: Clock;
  readonly #signal: AbortSignal;
  readonly #jobs = new Set<Job>();
  #wake: (() => void) | undefined;
  #isRunning = false;

  constructor({ clock, signal }: { readonly clock: Clock; readonly signal: AbortSignal }) {
    this.#clock = clock;
    this.#signal = signal;
  }

  add(job: Job): void {
    this.#jobs.add(job);
    this.wake();
    if (!this.#isRunning) void this.#run();
  }

  delete(job: Job): void {
    this.#jobs.delete(job);
    this.wake();
  }

  /** What is due has changed. */
  wake(): void {
    this.#wake?.();
  }

  async #run(): Promise<void> {
    this.#isRunning = true;
    // Jobs that are added in the same breath are begun together.
    await Promise.resolve();
    while (this.#jobs.size > 0) {
      const now = this.#clock.now();
      const next = Math.min(...[...this.#jobs].flatMap(({ due }) => due ?? []));
      if (next <= now) {
        for (const job of dueOf([...this.#jobs], now)) {
          job.due = undefined;
          job.begin();
        }
        continue;
      }
      try {
        await this.#rest(next - now);
      } catch (error) {
        for (const job of this.#jobs) job.end(error);
        this.#jobs.clear();
      }
    }
    this.#isRunning = false;
  }

  /** Until so much time has passed, or something is due otherwise. Rejects with the end of the runner's job. */
  async #rest(ms: number): Promise<void> {
    this.#signal.throwIfAborted();
    const woken = new AbortController();
    const bell = Promise.withResolvers<undefined>();
    this.#wake = (): void => {
      bell.resolve(undefined);
      woken.abort(new Woken());
    };
    try {
      if (ms === Number.POSITIVE_INFINITY) await unlessAborted(bell.promise, this.#signal);
      else await this.#clock.sleep(ms, AbortSignal.any([this.#signal, woken.signal]));
    } catch (error) {
      if (!(error instanceof Woken)) throw error;
    } finally {
      this.#wake = undefined;
    }
  }
}

/** The loop is to look again at what is due. */
class Woken extends Error {}

function dueOf(jobs: readonly Job[], now: number): readonly Job[] {
  const isDue = ({ due }: Job, withinMs: number): boolean => due !== undefined && due - now <= withinMs;
  const isAnyShared = jobs.some((job) => job.isShared === true && isDue(job, 0));
  return jobs.filter((job) => isDue(job, isAnyShared && job.isShared === true ? job.pauseMs * ALONG : 0));
}
