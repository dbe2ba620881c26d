import type { RolloutPoint } from '../model.ts';

/** Where the story is told while it happens. Texts may come from AWS or a container: the log makes them harmless. */
export interface Log {
  line(text: string): void;
  /** A line that also becomes a warning annotation. */
  warn(text: string): void;
  /** The state of a rollout at this moment, for the timeline; prints nothing. */
  point(point: RolloutPoint): void;
}
