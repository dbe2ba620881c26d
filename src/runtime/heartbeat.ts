import type { Clock } from './clock.ts';

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

  /** Something was said, so the silence begins anew. */
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
