import type { Aws } from './aws/clients.ts';
import type { DockerLeftovers, HttpCheck, Probe } from './model/index.ts';
import type { Clock } from './runtime/clock.ts';
import type { Exec } from './runtime/exec.ts';
import type { StepLog } from './runtime/log.ts';
import type { Download } from './runtime/http.ts';

/** Everything that the story touches the world with; a test passes its own. */
export interface RunContext {
  readonly aws: Aws;
  /** Clients that still answer after the job was cancelled. */
  readonly awsToTheEnd: Aws;
  readonly clock: Clock;
  /** Aborts when the job is cancelled. */
  readonly signal: AbortSignal;
  readonly log: StepLog;
  readonly random: () => number;
  /** Asks the health-check URL once. */
  readonly ask: (check: HttpCheck, signal: AbortSignal) => Promise<Probe>;
  /** Fetches what is behind a presigned URL. */
  readonly download: Download;
  /** Keeps what the post step needs, should this process be killed. */
  readonly saveForPost: (text: string) => void;
  /** Remembers for the post step what a build leaves behind. */
  readonly saveLeftovers: (leftovers: DockerLeftovers) => void;
  readonly exec: Exec;
  /** Masks a value in everything that leaves this process. */
  readonly mask: (secret: string) => void;
  /** The environment of the job, for the programs that are run. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Folder that a task definition's path is relative to. */
  readonly workspace: string;
}
