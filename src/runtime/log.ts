import type { RolloutPoint } from '../model.ts';

/** Where the story is told while it happens. Texts may come from AWS or a container: the log makes them harmless. */
export interface Log {
  line(text: string): void;
  /** A line that also becomes a warning annotation. */
  warn(text: string): void;
  /** The state of a rollout at this moment, for the timeline; prints nothing. */
  point(point: RolloutPoint): void;
}

/** A log that also shows what another program prints while it works; that is kept nowhere. */
export interface OutputLog extends Log {
  output(text: string): void;
}

/** A log that nobody reads. */
export const SILENCE: Log = {
  line: () => undefined,
  warn: () => undefined,
  point: () => undefined,
};
