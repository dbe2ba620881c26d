/** What happens in one case of the fault campaign, as data: it can be printed, shrunken, and played again. */

export interface Schedule {
  readonly seed: number;
  readonly world: WorldPlan;
  /** One after the other on one world: each finds what the one before it left. */
  readonly runs: readonly RunPlan[];
}

export interface WorldPlan {
  readonly desiredCount: number;
  readonly breaker: 'rolls-back' | 'stops' | 'off';
  readonly percents: readonly [minimum: number, maximum: number];
  readonly drainSeconds: number;
  readonly throttling: boolean;
  readonly lagSeconds: number;
  readonly containerCheck: boolean;
  /** ECS itself watches the alarm `errors`. */
  readonly alarms: boolean;
  /** What was deployed to the service before: nothing since it exists, `v2` with success, or an image that crashes. */
  readonly history: 'quiet' | 'deployed' | 'failed';
  /** Of the service `bluegreen`. */
  readonly strategy: 'BLUE_GREEN' | 'LINEAR' | 'CANARY';
}

export interface RunPlan {
  readonly inputs: Readonly<Record<string, string>>;
  /** How far the runner's clock is ahead of AWS's, in hours. */
  readonly skewHours: number;
  readonly faults: readonly CallFault[];
  readonly deeds: readonly { readonly at: Moment; readonly deed: Deed }[];
  readonly end: End | undefined;
  /** The world goes on by itself for so long before this run. */
  readonly afterSeconds: number;
}

/** When something happens, counted from the beginning of a run. */
export type Moment =
  | { readonly kind: 'seconds'; readonly seconds: number }
  /** Right before AWS takes a call of the run, or right after. */
  | {
      readonly kind: 'call';
      readonly action: string;
      readonly nth: number;
      readonly when: 'before' | 'after';
    }
  | { readonly kind: 'line'; readonly nth: number };

export interface CallFault {
  /** Every action where it is left out. */
  readonly action?: string;
  readonly effect: Effect;
  /** By number of the call, counted from 1. */
  readonly from?: number;
  readonly times?: number;
  /** By time: armed after so many seconds, for so many. */
  readonly after?: number;
  readonly lasts?: number;
}

export type Effect =
  | { readonly kind: 'throttle' }
  | { readonly kind: 'http-500' }
  | { readonly kind: 'denied' }
  | { readonly kind: 'expired-token' }
  | { readonly kind: 'missing' }
  | { readonly kind: 'reset' | 'hang'; readonly when: 'before' | 'after' }
  | { readonly kind: 'delay'; readonly milliseconds: number }
  | { readonly kind: 'truncated'; readonly share: number }
  | { readonly kind: 'stale'; readonly seconds: number };

/** What others do, or what becomes of the machines. */
export type Deed =
  | { readonly kind: 'deploys'; readonly tag: string }
  | { readonly kind: 'forces' }
  | { readonly kind: 'stops'; readonly stopType: 'ROLLBACK' | 'ABORT' }
  | { readonly kind: 'scales'; readonly count: number }
  | { readonly kind: 'stops-task' | 'crashes-task' | 'takes-spot' }
  | { readonly kind: 'no-capacity'; readonly seconds: number }
  | { readonly kind: 'moves-tag'; readonly tag: string; readonly to: 'good' | 'bad' }
  | { readonly kind: 'deregisters'; readonly revision: string }
  | { readonly kind: 'alarm'; readonly state: 'ALARM' | 'OK' }
  /** The first tasks that start from now on do not, for a reason that passes. */
  | { readonly kind: 'hiccups'; readonly reason: number; readonly times: number };

export interface End {
  readonly how: 'cancel' | 'kill';
  readonly at: Moment;
  /** Ten seconds after a cancellation the runner kills what is left. */
  readonly impatient: boolean;
  readonly hasPost: boolean;
}

/** Reasons that no revision is at fault for, in ECS's words. */
export const HICCUPS: readonly string[] = [
  'CannotPullContainerError: failed to copy: httpReadSeeker: failed open: failed to do request: Get "https://x/": read tcp 10.0.3.17:40112->52.216.8.1:443: read: connection reset by peer',
  'CannotPullContainerError: pull image manifest has been retried 5 time(s): failed to do request: Head "https://x/": dial tcp 10.0.3.17:443: i/o timeout',
  'ResourceInitializationError: unable to pull secrets or registry auth: The task cannot pull registry auth from Amazon ECR: There is a connection issue between the task and Amazon ECR. Check your task network configuration.: RequestCanceled: request context canceled caused by: context deadline exceeded',
  'Timeout waiting for network interface provisioning to complete.',
];
