import type { Aws, AwsReads, ConnectAws } from './aws/clients.ts';
import type { BuildFacts, DeployedImage, DockerLeftovers, HttpCheck, Probe } from './model/index.ts';
import type { Clock } from './runtime/clock.ts';
import type { Exec } from './runtime/exec.ts';
import type { Download } from './runtime/http.ts';
import type { Log, StepLog } from './runtime/log.ts';

/** What is real, besides the runner: `main.ts` makes it, a test passes its own. */
export interface System {
  readonly clock: Clock;
  /** The time of day. */
  readonly date: () => Date;
  /** From 0 to 1, 1 excluded. */
  readonly random: () => number;
  /** Aborts when the job is cancelled. */
  readonly signal: AbortSignal;
  readonly connectAws: ConnectAws;
  /** Asks the health-check URL once. */
  readonly ask: (check: HttpCheck, signal: AbortSignal) => Promise<Probe>;
  /** Fetches what is behind a presigned URL. */
  readonly download: Download;
  readonly exec: Exec;
}

/** The image that a rollout brings, as far as it was built or named for all services. */
export interface RolloutImages {
  readonly image: DeployedImage | undefined;
  readonly build: BuildFacts | undefined;
}

/** Everything that a deployment touches the world with. */
export interface RunContext extends Omit<System, 'connectAws' | 'date'> {
  readonly aws: Aws;
  /** Clients that still answer after the job was cancelled. */
  readonly awsToTheEnd: Aws;
  readonly log: StepLog;
  /** Keeps what the post step needs, should this process be killed. */
  readonly saveForPost: (text: string) => void;
  /** Remembers for the post step what a build leaves behind. */
  readonly saveLeftovers: (leftovers: DockerLeftovers) => void;
  /** The rollout of this image begins, or of what is there already. */
  readonly rolloutBegins?: (images: RolloutImages) => void;
  /** Masks a value in everything that leaves this process. */
  readonly mask: (secret: string) => void;
  /** The environment of the job, for the programs that are run. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** When credentials end that nobody renews, where they say so. */
  readonly credentialsEnd?: { readonly at: Date; readonly leftMs: number };
  /** Folder that a task definition's path is relative to. */
  readonly workspace: string;
}

/** What most steps of a run take beside AWS: the time, its end, and a log that is not theirs to divide. */
export type StepContext = Pick<RunContext, 'clock' | 'signal'> & { readonly log: Log };

/** What runs a program. */
export type ProcessContext = Pick<RunContext, 'exec' | 'env' | 'workspace' | 'signal'>;

/** The context of what only looks: nothing in AWS can be changed with it. */
export type ReadContext = Omit<RunContext, 'aws' | 'awsToTheEnd' | 'log'> & {
  readonly aws: AwsReads;
  readonly log: Log;
};
