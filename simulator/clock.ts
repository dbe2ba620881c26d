/** Simulated time: what AWS would have done by now is decided here and nowhere else. */

interface Timer {
  readonly at: number;
  readonly action: () => void;
}

/** What the world needs from time. Instants are milliseconds since the epoch, durations are seconds. */
export interface SimulatorClock {
  /** The simulated instant. While a due action runs it is the instant at which that action was due. */
  now(): number;
  /** Runs `action` once, `seconds` of simulated time from now. The answer cancels it. */
  after(seconds: number, action: () => void): () => void;
  /** Runs everything that has become due, so that whoever looks next sees the world as it is now. */
  settle(): void;
  /** Lets `seconds` pass at once; everything due on the way happens in order, at its own instant. */
  skip(seconds: number): void;
  /** Forgets everything that was planned. */
  close(): void;
}

/** Planned actions in the order of their due time; equal times keep the order in which they were planned. */
class Timeline {
  time: number;
  acting = false;
  private timers: Timer[] = [];

  constructor(start: number) {
    this.time = start;
  }

  plan(at: number, action: () => void): () => void {
    const timer: Timer = { at, action };
    const later = this.timers.findIndex((other) => other.at > at);
    this.timers.splice(later < 0 ? this.timers.length : later, 0, timer);
    return () => {
      this.timers = this.timers.filter((other) => other !== timer);
    };
  }

  get nextDue(): number | undefined {
    return this.timers[0]?.at;
  }

  runUntil(instant: number): void {
    if (this.acting) return;
    this.acting = true;
    try {
      for (let timer = this.takeDue(instant); timer !== undefined; timer = this.takeDue(instant)) {
        this.time = Math.max(this.time, timer.at);
        timer.action();
      }
      this.time = Math.max(this.time, instant);
    } finally {
      this.acting = false;
    }
  }

  runNext(): boolean {
    const due = this.nextDue;
    const timer = due === undefined || this.acting ? undefined : this.takeDue(due);
    if (timer === undefined) return false;
    this.acting = true;
    try {
      this.time = Math.max(this.time, timer.at);
      timer.action();
    } finally {
      this.acting = false;
    }
    return true;
  }

  clear(): void {
    this.timers = [];
  }

  private takeDue(instant: number): Timer | undefined {
    const first = this.timers[0];
    return first !== undefined && first.at <= instant ? this.timers.shift() : undefined;
  }
}

/** A clock that stands still until a test moves it, so that no test sleeps. */
export class ManualClock implements SimulatorClock {
  private readonly timeline: Timeline;

  constructor(start: Date = new Date('2026-01-05T09:00:00Z')) {
    this.timeline = new Timeline(start.getTime());
  }

  now(): number {
    return this.timeline.time;
  }

  after(seconds: number, action: () => void): () => void {
    return this.timeline.plan(this.timeline.time + seconds * 1000, action);
  }

  settle(): void {
    this.timeline.runUntil(this.timeline.time);
  }

  close(): void {
    this.timeline.clear();
  }

  skip(seconds: number): void {
    this.timeline.runUntil(this.timeline.time + seconds * 1000);
  }

  /** Runs `action` once at an instant. The answer cancels it. */
  at(instant: number, action: () => void): () => void {
    return this.timeline.plan(instant, action);
  }

  /** Moves on to what is due next and runs it alone, not what else is due then; false where nothing is planned. */
  skipToNext(): boolean {
    return this.timeline.runNext();
  }

  /** Skips second by second until `holds` does. Throws when `limitSeconds` pass without it. */
  skipUntil(holds: () => boolean, limitSeconds = 3600): void {
    for (let second = 0; second < limitSeconds; second += 1) {
      if (holds()) return;
      this.skip(1);
    }
    if (!holds()) throw new Error(`The condition did not hold within ${limitSeconds} simulated seconds.`);
  }
}

/** setTimeout's largest delay; a longer one would fire at once. */
const longestSleep = 2 ** 31 - 1;

/** Real time, `speed` times as fast, beginning at `start`. */
export class RunningClock implements SimulatorClock {
  private readonly timeline: Timeline;
  private start: number;
  private readonly origin = performance.now();
  private readonly speed: number;
  private alarm: NodeJS.Timeout | undefined;

  constructor(speed: number, start: Date = new Date()) {
    if (!(speed > 0)) throw new Error(`The speed must be above 0, not ${speed}.`);
    this.speed = speed;
    this.start = start.getTime();
    this.timeline = new Timeline(this.start);
  }

  now(): number {
    return this.timeline.acting ? this.timeline.time : this.elapsedTo();
  }

  after(seconds: number, action: () => void): () => void {
    const cancel = this.timeline.plan(this.now() + seconds * 1000, action);
    this.wakeForNext();
    return cancel;
  }

  settle(): void {
    this.timeline.runUntil(this.elapsedTo());
    this.wakeForNext();
  }

  skip(seconds: number): void {
    this.start += seconds * 1000;
    this.settle();
  }

  close(): void {
    clearTimeout(this.alarm);
    this.timeline.clear();
  }

  private elapsedTo(): number {
    return this.start + (performance.now() - this.origin) * this.speed;
  }

  private wakeForNext(): void {
    clearTimeout(this.alarm);
    const due = this.timeline.nextDue;
    if (due === undefined) return;
    const sleep = Math.ceil((due - this.elapsedTo()) / this.speed);
    this.alarm = setTimeout(
      () => {
        this.settle();
      },
      Math.min(Math.max(sleep, 0), longestSleep),
    );
  }
}
