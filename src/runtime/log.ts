import type { RolloutPoint, StepMark } from '../model/index.ts';

/** Where the run says what happens, while it does. Texts may come from AWS or a container: the log sanitizes them. */
export interface Log {
  line(text: string): void;
  /** A line that also becomes a warning annotation. */
  warn(text: string): void;
  /** A line for whoever looks closely, where the log has a place for it: folded, below the stage. */
  aside?(text: string): void;
  /** The state of a rollout at this moment, for the timeline; prints nothing. */
  point(point: RolloutPoint): void;
}

/** A log that also shows what another program prints while it works; that is kept nowhere. */
export interface OutputLog extends Log {
  output(text: string): void;
}

/** A log whose lines are grouped by the stages of the run. */
export interface StepLog extends OutputLog {
  /**
   * Runs a stage in a group of its own, and notes how long it took and what it came to: `markOf` says so of one that came to
   * its end; one that rejects has failed.
   */
  step<T>(name: string, run: () => Promise<T>, markOf?: (result: T) => StepMark): Promise<T>;
}

/** A log that nobody reads. */
export const SILENCE: Log = {
  line: () => undefined,
  warn: () => undefined,
  point: () => undefined,
};

/** Colours and movements, and what a terminal makes its title or a link of (ECMA-48, CSI and OSC). */
const ANSI = new RegExp(
  '\\u001b(?:\\[[0-9;:<=>?]*[ -/]*[@-~]|\\][^\\u0007\\u001b]*(?:\\u0007|\\u001b\\\\))',
  'g',
);

/** Control characters but the tab; what is invisible or turns the reading order (Unicode's format characters). */
const INVISIBLE = /(?!\t)\p{Cc}|[\p{Cf}\u2028\u2029]/gu;

/** Longest line that goes into the log; the rest is counted. */
const MAX_LINE = 2000;

/**
 * Lines of a text from AWS or a container that cannot command anything: no terminal escapes or invisible characters,
 * no `##[command]` (the runner finds it anywhere in a line), and no `::command::` at the start.
 */
export function sanitizeLines(text: string): string[] {
  return text
    .split(/\r\n|\r|\n/)
    .map((line) => line.replace(ANSI, '').replace(INVISIBLE, '').replaceAll('##[', '# #['))
    .map((line) => (/^\s*::/.test(line) ? line.replace('::', ': :') : line))
    .map((line) =>
      line.length > MAX_LINE
        ? `${line.slice(0, MAX_LINE).toWellFormed()}… (${line.length - MAX_LINE} characters more)`
        : line,
    );
}

/** A time of ISO 8601 to the minute: `2026-11-30 04:48 UTC`. */
export function minuteInUtc(iso: string): string {
  return `${iso.slice(0, 16).replace('T', ' ')} UTC`;
}

/** `3 tasks`, `1 task`. */
export function counted(count: number, thing: string): string {
  return `${count} ${thing}${count === 1 ? '' : 's'}`;
}

/** `0.4 s`, `12 s`, `1 min 12 s`, `2 h 5 min`. */
export function duration(seconds: number): string {
  if (seconds < 9.95) return `${Math.round(seconds * 10) / 10} s`;
  const whole = Math.round(seconds);
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  if (hours > 0) return `${hours} h ${minutes} min`;
  return minutes > 0 ? `${minutes} min ${rest} s` : `${rest} s`;
}
