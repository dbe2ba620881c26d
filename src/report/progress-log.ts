import type { RolloutPoint, StepMark, StepRecord } from '../model/index.ts';
import { Cancelled } from '../runtime/cancellation.ts';
import { secondsBetween, type Clock } from '../runtime/clock.ts';
import { counted, duration, sanitizeLines, type StepLog } from '../runtime/log.ts';
import type { Masks } from '../runtime/masks.ts';

/** What the runner's log understands; @actions/core in production. */
export interface Console {
  info(text: string): void;
  warning(text: string): void;
  startGroup(title: string): void;
  endGroup(): void;
}

/** A line of the log, for the report. */
export interface LoggedLine {
  /** Seconds since the run began. */
  readonly at: number;
  readonly text: string;
}

/** The state of a rollout, for the report. */
export interface TimedPoint extends RolloutPoint {
  /** Seconds since the run began. */
  readonly at: number;
}

/** Annotations of one level that GitHub shows for a step. */
export const MAX_WARNINGS = 10;

/** Letters in which warnings of one kind are alike, once names and figures are left out. */
const ALIKE = 60;

/** Pure: what a warning is about, whichever service, container or figure it names. */
function kindOf(warning: string): string {
  const of = warning
    .replace(/^[\w./-]+: /, '')
    .replace(/"[^"]*"/g, '""')
    .replace(/\S*\d\S*/g, '0');
  return of.slice(0, ALIKE);
}

/**
 * The job log: a group for each step, each line with the elapsed time. Every text is sanitized and loses its
 * secrets here, whoever wrote it.
 */
export class ProgressLog implements StepLog {
  readonly steps: StepRecord[] = [];
  readonly lines: LoggedLine[] = [];
  /** Those that are annotations. */
  readonly warnings: string[] = [];
  /** Warnings beside them. */
  readonly notes: string[] = [];
  readonly points: TimedPoint[] = [];
  readonly #console: Console;
  readonly #clock: Clock;
  readonly #masks: Masks;
  readonly #start: number;
  /** Lines of the stage under way that fold away below it; undefined outside of one. */
  #asides: string[] | undefined;

  constructor(console: Console, clock: Clock, masks: Masks) {
    this.#console = console;
    this.#clock = clock;
    this.#masks = masks;
    this.#start = clock.now();
  }

  get seconds(): number {
    return secondsBetween(this.#start, this.#clock.now());
  }

  /** Runs a stage in a group of its own; below the group, which folds away, stands how long it took. */
  async step<T>(
    name: string,
    run: () => Promise<T>,
    markOf: (result: T) => StepMark = () => 'done',
  ): Promise<T> {
    const from = this.seconds;
    let mark: StepMark = 'failed';
    this.#console.startGroup(name);
    this.#asides = [];
    try {
      const result = await run();
      mark = markOf(result);
      return result;
    } catch (error) {
      // What is cancelled has not failed.
      if (error instanceof Cancelled) mark = 'warning';
      throw error;
    } finally {
      const seconds = Math.round((this.seconds - from) * 10) / 10;
      this.steps.push({ name, from, seconds, ok: mark !== 'failed', mark });
      this.#console.endGroup();
      this.#console.info(`${stamp(this.seconds)}  ${SIGNS[mark]} ${name} (${duration(seconds)})`);
      this.#foldAsides();
    }
  }

  line(text: string): void {
    for (const line of this.#shown(text)) {
      this.lines.push({ at: this.seconds, text: line });
      this.#console.info(`${stamp(this.seconds)}  ${line}`);
    }
  }

  aside(text: string): void {
    if (this.#asides === undefined) {
      this.line(text);
      return;
    }
    for (const line of this.#shown(text)) {
      this.lines.push({ at: this.seconds, text: line });
      this.#asides.push(`${stamp(this.seconds)}  ${line}`);
    }
  }

  /** GitHub has no groups in groups: they are a group of their own. */
  #foldAsides(): void {
    const lines = this.#asides ?? [];
    this.#asides = undefined;
    if (lines.length === 0) return;
    this.#console.startGroup(`${counted(lines.length, 'event')} of ECS meanwhile`);
    for (const line of lines) this.#console.info(line);
    this.#console.endGroup();
  }

  output(text: string): void {
    for (const line of this.#shown(text)) this.#console.info(`${stamp(this.seconds)}  ${line}`);
  }

  /** The first of its kind is an annotation, and so are ten of a run; the others are notes. */
  warn(text: string): void {
    const shown = this.#shown(text).join(' ');
    const kind = kindOf(shown);
    const isNew = !this.warnings.some((each) => kindOf(each) === kind);
    if (isNew && this.warnings.length < MAX_WARNINGS) {
      this.warnings.push(shown);
      this.#console.warning(shown);
    } else {
      this.notes.push(shown);
      this.line(`Note: ${shown}`);
    }
  }

  /** Hears of each state of a rollout, where somebody wants to. */
  onPoint: ((point: RolloutPoint) => void) | undefined;

  point(point: RolloutPoint): void {
    this.points.push({ at: this.seconds, ...point });
    this.onPoint?.(point);
  }

  /** Masked again once it is sanitized: an escape inside a secret would keep it from being found. */
  #shown(text: string): string[] {
    return sanitizeLines(this.#masks.mask(text)).map((line) => this.#masks.mask(line));
  }
}

const SIGNS: Readonly<Record<StepMark, string>> = { done: '✓', warning: '⚠', failed: '✗' };

/** `0:07`, `12:34`, `1:02:03`. */
export function stamp(seconds: number): string {
  const whole = Math.floor(seconds);
  const pad = (value: number): string => String(value).padStart(2, '0');
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  return hours > 0 ? `${hours}:${pad(minutes)}:${pad(rest)}` : `${minutes}:${pad(rest)}`.padStart(6);
}
