/** What came of it: checks, gates, problems, outcomes. */
import type { Rollout, ServiceSnapshot } from './service.ts';

/** What a preflight check found. */
export interface CheckResult {
  /** For people, such as `log group`. */
  readonly check: string;
  readonly state: 'OK' | 'FAILED' | 'WARNING' | 'SKIPPED';
  readonly detail: string;
  /** SKIPPED because the credentials may not look; `detail` is the permission that they lack. */
  readonly denied: boolean;
}

/** Best first. The worst of several services is the one further down. */
export const RESULTS = [
  'unchanged',
  'succeeded',
  'registered',
  'planned',
  'started',
  'rolled-back',
  'superseded',
  'cancelled',
  'timed-out',
  'failed',
] as const;

export type Result = (typeof RESULTS)[number];

/** The contract's closed list. */
export const CAUSES = [
  'invalid-input',
  'no-credentials',
  'cluster-not-found',
  'service-not-found',
  'service-inactive',
  'unsupported-controller',
  'register-refused',
  'update-refused',
  'preflight-failed',
  'build-failed',
  'push-failed',
  'pre-deploy-task-failed',
  'image-not-found',
  'image-pull-denied',
  'image-wrong-platform',
  'registry-rate-limit',
  'network-unreachable',
  'secret-unavailable',
  'log-group-missing',
  'storage',
  'out-of-memory',
  'app-crashed',
  'bad-command',
  'container-health-check-failed',
  'target-health-check-failed',
  'digest-mismatch',
  'http-check-failed',
  'metric-check-failed',
  'alarm',
  'capacity',
  'circuit-breaker',
  'lifecycle-hook-failed',
  'traffic-shift-failed',
  'deployment-stopped',
  'rollback-failed',
  'no-rollback-target',
  'timeout',
  'superseded',
  'credentials-expired',
  'access-denied',
  'throttled',
  'cancelled',
  'unknown',
] as const;

export type Cause = (typeof CAUSES)[number];

/** Nobody can look any longer; a deployment that is under way is none the worse for it. */
export const LOST_SIGHT: readonly Cause[] = ['credentials-expired', 'access-denied', 'no-credentials'];

/** One observed fact that supports an evaluation. What `isOutput` goes to the job log and the summary only. */
export interface Evidence {
  readonly kind:
    | 'status'
    | 'stopped-task'
    | 'event'
    | 'target'
    | 'http'
    | 'digest'
    | 'log'
    /** What the health-check URL answered, line by line. */
    | 'answer'
    | 'error'
    | 'first-cause';
  readonly text: string;
  /** Of a line of a log: where it was read. */
  readonly from?: LogPlace;
  /** It speaks of the rollback that failed, not of what was to be rolled back. */
  readonly of?: 'rollback';
}

/** The log of one container of one task. */
export interface LogPlace {
  readonly group: string;
  readonly stream: string;
  readonly taskId: string;
  readonly container: string;
  readonly region?: string;
}

/** A program wrote it, and may have written anything: it is shown where people look for it, and travels no further. */
export function isOutput({ kind }: Evidence): boolean {
  return kind === 'log' || kind === 'answer';
}

/** How something ended, or why it could not go on. */
export interface Conclusion {
  readonly result: Result;
  /** Undefined where it ended well. */
  readonly cause: Cause | undefined;
  /** One sentence to a person. */
  readonly message: string;
  /** What to do about it, where something is known. */
  readonly hint: string | undefined;
  readonly evidence: readonly Evidence[];
}

/** What stands between one service and success, while it can still be recovered from. */
export interface Problem {
  /** The result if nothing is done about it. */
  readonly result: Result;
  readonly cause: Cause;
  /** Completes the sentence "the deployment of backend:8 …". */
  readonly reason: string;
  readonly hint: string | undefined;
  readonly evidence: readonly Evidence[];
  /**
   * What can be done: `roll-back` if the request wants that; `follow-ecs`, which is rolling back by itself; `leave`:
   * it is not ours to roll back; `done`: it was rolled back already.
   */
  readonly recovery: 'roll-back' | 'follow-ecs' | 'leave' | 'done';
  /** ECS has nothing left to decide: the deployment is complete, or is given up. Its circuit breaker does no more. */
  readonly isOver?: boolean;
  /** A gate failed at this pause, which nobody has answered. */
  readonly pause?: Pause;
}

/** Pure: the problem of a service whose deployment was well until another, named by its id, took its place. */
export function replacedBy({ change }: Pick<ServiceRun, 'change'>, id: string): Problem {
  return {
    result: 'superseded',
    cause: 'superseded',
    reason: `${change === 'none' ? 'was' : 'completed, and was'} replaced by another deployment, ${id}`,
    hint: undefined,
    evidence: [],
    recovery: 'leave',
  };
}

/** One revision that a service runs. */
export interface RunningRevision {
  readonly taskDefinitionArn: string;
  /** Of its image, where the definition or ECR tells. */
  readonly tag: string | undefined;
  readonly commit: string | undefined;
  /** ISO 8601: when its deployment began. */
  readonly since: string | undefined;
  readonly isPrimary: boolean;
  readonly desired: number;
  readonly running: number;
  /** Undefined where the tasks may not be read. */
  readonly healthy: number | undefined;
  /** Its tasks are on their way out. */
  readonly draining: boolean;
  /** Its tasks run, and nothing says whether they are healthy. */
  readonly unchecked?: true;
}

/** What a service runs, and whether it does its work with it. */
export interface ServiceState {
  /** As many healthy tasks as are desired, some, or none; undefined where their health could not be read. */
  readonly serving: 'yes' | 'partly' | 'no' | undefined;
  readonly revisions: readonly RunningRevision[];
}

/** How it ended for one service. */
export interface ServiceOutcome {
  readonly result: Result;
  readonly cause: Cause | undefined;
  /** One sentence: what happened, to which service, why. */
  readonly message: string;
  /** One sentence: what runs now. */
  readonly nowRunning: string;
  /** The same, in figures; undefined where it was not read. */
  readonly state?: ServiceState;
  /** The run was cancelled, and what it began was told to go back. */
  readonly goesBack?: true;
  /** What to do about it, where something is known. */
  readonly hint: string | undefined;
  readonly evidence: readonly Evidence[];
}

/** What can be asked. A pause is answered by the gates whose traffic reached the new revision. */
export const GATES = ['digest', 'tasks', 'targets', 'test-url', 'http', 'alarms', 'metrics'] as const;
export type Gate = (typeof GATES)[number];

/** Pure: the results with one more, in the order of `GATES`; of a gate that was asked again the last answer stands. */
export function withGate(gates: readonly GateResult[], result: GateResult): readonly GateResult[] {
  const others = gates.filter(({ gate }) => gate !== result.gate);
  return [...others, result].sort((one, other) => GATES.indexOf(one.gate) - GATES.indexOf(other.gate));
}

/** A lifecycle hook that waits for somebody to say CONTINUE or ROLLBACK. */
export interface Pause {
  readonly hookId: string;
  readonly stage: string;
  /** ISO 8601, by AWS's clock. */
  readonly expiresAt?: string;
  /** How long it had left when it was first seen, in milliseconds; undefined where AWS does not say what time it is. */
  readonly leftMs?: number;
  /** What ECS does by itself then: `CONTINUE` or `ROLLBACK`. */
  readonly then?: string;
}

/** A pause that is left to a person. */
export interface Waiting {
  readonly pause: Pause;
  /** Why the gates do not answer it; undefined where the user wants to. */
  readonly why: string | undefined;
  /** Percent of the production traffic that reaches the new revision meanwhile; undefined where that is not known. */
  readonly weight?: number | undefined;
}

/** What one metric showed, and what it had to be. Numbers are percents, seconds, requests, or an expression's own. */
export interface MetricValue {
  /** Such as `p99-seconds`. */
  readonly metric: string;
  /** As it was asked for, such as `< 1.5x`. */
  readonly condition: string;
  /** Of the new tasks; undefined where there is no data, or not enough of it. */
  readonly value: number | undefined;
  /** Of the old tasks, where they are compared. */
  readonly before: number | undefined;
  /** What `value` is compared with; undefined where the old tasks have no data. */
  readonly limit: number | undefined;
  /** Requests that the value rests on; undefined for an expression. */
  readonly requests: number | undefined;
  /** `skipped`: too little to judge by. */
  readonly state: GateResult['state'];
}

/** `12.5 %`, `0.25 s`, `240`: an expression has no unit. */
export function metricInUnit(metric: string, value: number): string {
  const rounded = String(Number(value.toPrecision(3)));
  if (metric.endsWith('xx-percent')) return `${rounded} %`;
  return /^p\d+-seconds$/.test(metric) ? `${rounded} s` : String(Math.round(value * 1000) / 1000);
}

/** A named result of one gate. */
export interface GateResult {
  readonly gate: Gate;
  readonly state: 'passed' | 'failed' | 'skipped';
  readonly detail: string;
  /** Its tasks run, and nothing says whether they are healthy: that proves no health. */
  readonly unchecked?: true;
  /** Of a failure, where the gate itself knows better than its name says. */
  readonly cause?: Cause;
  readonly hint?: string;
  /** Of the gate `metrics`: what each of them showed last. */
  readonly values?: readonly MetricValue[];
}

/** How a rollback ended. */
export type RollbackEnd =
  /** `unrestored`: settings of the service that this run sent and that are not as they were, and why, as a clause. */
  | {
      readonly kind: 'rolled-back';
      readonly unrestored?: string;
      /** The revision of this run's own update back. */
      readonly to?: string;
      /** Where that was registered for it: the last good revision, whose content it has, with the digests that it ran with. */
      readonly copyOf?: string;
      /** A revision that was registered to go back to, and that no service is on: ECS went back by itself in the end. */
      readonly unused?: string;
      /** What runs since; undefined where that could not be read. */
      readonly there?: Rollout;
      /** What was asked again afterwards. */
      readonly gates?: readonly GateResult[];
    }
  /** There is no other good revision to go back to; nothing was touched. */
  | { readonly kind: 'nowhere'; readonly why: string }
  /** The service runs somebody else's deployment; nothing was touched. */
  | { readonly kind: 'superseded'; readonly by: string }
  /** ECS was at it when nobody could look any longer: how it ended is not known. `cause`: where it is another than before. */
  | {
      readonly kind: 'unseen';
      readonly cause: Cause | undefined;
      readonly why: string;
      readonly hint: string | undefined;
    }
  /** `evidence`: what the tasks of the last good revision say of why they did not come back. */
  | {
      readonly kind: 'failed';
      readonly why: string;
      readonly hint?: string;
      readonly evidence?: readonly Evidence[];
    };

/** What has to be done to a service so that it runs a revision. */
export type PlannedChange = 'none' | 'adopt' | 'update';

/** A service, and what the plan has decided for it. */
export interface PlannedService {
  readonly snapshot: ServiceSnapshot;
  readonly change: PlannedChange;
  /** The count that was asked for, else the one that it has. */
  readonly desiredCount: number;
}

/** The way of one service through the run; each stage adds to it. */
export interface ServiceRun {
  readonly snapshot: ServiceSnapshot;
  readonly taskDefinitionArn: string;
  readonly change: PlannedChange;
  /** Reading of the clock when UpdateService was sent: the wait counts from there. */
  readonly startedAt?: number;
  /** What runs or is on its way; undefined where the start was refused. */
  readonly rollout: Rollout | undefined;
  /** UpdateService was sent and neither its answer nor its effect was seen: it may still take effect. */
  readonly updateUnconfirmed?: boolean;
  /** The revision that this run registered in the place of one that had been deregistered. */
  readonly registeredAgain?: string;
  /** The run was cancelled, and what `on-cancel` asks for is not done: the post step tries again. */
  readonly needsPostStep?: boolean;
  /** Reading of the clock when all traffic was first seen to reach the new revision: its bake counts from there. */
  readonly allTrafficSince?: number;
  /** ECS called it successful early, and its old tasks still take requests. */
  readonly oldTasksRemain?: true;
  /** The hook that a person has decided to go on from (`mode: promote`), or back (`mode: rollback`). */
  readonly promoted?: string;
  /** `mode: rollback` to what ran well here before: its pauses wait for nobody. */
  readonly isApproved?: true;
  /** `mode: rollback`: the deployment that is under way is rolled back, where other services get one that goes back. */
  readonly isToGoBack?: true;
  /** It pauses at a hook, and a person is to answer. `why`: why the gates did not. */
  readonly waiting?: Waiting;
  /** How many tasks the service desired when it was last seen. */
  readonly desiredCount: number;
  readonly problem: Problem | undefined;
  readonly gates: readonly GateResult[];
  readonly rollback: RollbackEnd | undefined;
  readonly outcome: ServiceOutcome | undefined;
}

/** Nothing is wrong with it, nobody has to answer for it, and what it rolled out is to stay. */
export function isWell({ problem, waiting, rollback }: ServiceRun): boolean {
  return problem === undefined && waiting === undefined && rollback === undefined;
}

/** An alarm as CloudWatch sees it this moment. */
export interface AlarmView {
  readonly name: string;
  readonly state: 'OK' | 'ALARM' | 'INSUFFICIENT_DATA';
  readonly reason: string;
}

/** One answer of the health-check URL, or why there was none. */
export type Probe =
  | {
      readonly kind: 'answer';
      readonly status: number;
      readonly body: string;
      readonly url: string;
      /** By their names in lower case. */
      readonly headers?: Readonly<Record<string, string>>;
    }
  | { readonly kind: 'unreachable'; readonly reason: string };

/** What a stage of the run came to: it went well; it went otherwise than it should, and that is no fault of it; it failed. */
export type StepMark = 'done' | 'warning' | 'failed';

/** A stage of the run as it went. Times are seconds since the run began. */
export interface StepRecord {
  readonly name: string;
  readonly from: number;
  readonly seconds: number;
  /** Anything but failed. */
  readonly ok: boolean;
  readonly mark: StepMark;
}

/** The state of one service's rollout at one look. */
export interface RolloutPoint {
  readonly service: string;
  readonly desired: number;
  readonly running: number;
  /** Undefined where the tasks may not be read. */
  readonly healthy: number | undefined;
  /** Tasks of earlier deployments that are still there, and those of them that are on their way out. */
  readonly old: number;
  readonly draining: number;
  readonly failed: number;
  /** In words, such as `in progress` or `in progress (bake time)`. */
  readonly stage: string;
  /** Percent of the production traffic that is to go to the new revision; undefined where no weights are reported. */
  readonly weight?: number;
  /** Of a deployment with which the run itself goes back. */
  readonly back?: true;
}
