import type { ConnectAws } from './aws/clients.ts';
import type { ConnectGitHub } from './github/github.ts';
import type { HttpCheck, Probe } from './model.ts';
import type { Clock } from './runtime/clock.ts';
import type { Download } from './runtime/download.ts';
import type { Exec } from './runtime/exec.ts';

/** Everything real that a run touches the world with, besides the runner. `main.ts` builds it; a test passes its own. */
export interface RunContext {
  readonly clock: Clock;
  /** The time of day. */
  readonly date: () => Date;
  /** From 0 to 1, 1 excluded. */
  readonly random: () => number;
  /** Aborts when the job is cancelled. */
  readonly signal: AbortSignal;
  readonly connectAws: ConnectAws;
  readonly connectGitHub: ConnectGitHub;
  /** Asks the health-check URL once. */
  readonly probe: (check: HttpCheck, signal: AbortSignal) => Promise<Probe>;
  /** Fetches what is behind a presigned URL. */
  readonly download: Download;
  readonly exec: Exec;
}
