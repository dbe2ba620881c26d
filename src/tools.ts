import type { Aws } from './aws/clients.ts';
import type { HttpCheck, Probe } from './model.ts';
import type { ProgressLog } from './report/progress-log.ts';
import type { Clock } from './runtime/clock.ts';

/** Everything that the story touches the world with; a test passes its own. */
export interface Tools {
  readonly aws: Aws;
  /** Clients that still answer after the job was cancelled. */
  readonly awsToTheEnd: Aws;
  readonly clock: Clock;
  /** Aborts when the job is cancelled. */
  readonly signal: AbortSignal;
  readonly log: ProgressLog;
  readonly random: () => number;
  /** Asks the health-check URL once. */
  readonly ask: (check: HttpCheck, signal: AbortSignal) => Promise<Probe>;
  /** Keeps what the post step needs, should this process be killed. */
  readonly handOver: (text: string) => void;
  /** Folder that a task definition's path is relative to. */
  readonly workspace: string;
}
