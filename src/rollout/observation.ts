import type { Service } from '@aws-sdk/client-ecs';
import type { TargetView } from '../aws/target-health.ts';
import type { TaskView } from './task-view.ts';

/** One look at a rollout: plain facts, gathered by observe.ts, judged by judge.ts. */
export interface Observation {
  /** Our service deployment; undefined where service deployments cannot be read (or not yet). */
  readonly deployment: DeploymentView | undefined;
  /** Our entry of `deployments[]`; undefined once ECS dropped it. */
  readonly entry: EntryView | undefined;
  readonly primary: EntryView | undefined;
  /** Number of entries in `deployments[]`. */
  readonly entries: number;
  readonly service: { readonly status: string; readonly desired: number; readonly running: number };
  /** A service deployment that is newer than ours, where one was looked for and found. */
  readonly newer: string | undefined;
  /** Tasks that our deployment started, stopped ones included. */
  readonly tasks: readonly TaskView[];
  /** Tasks of the service that our deployment did not start. */
  readonly oldTasks: number;
  /** Those of them that are on their way out; undefined where the tasks may not be read. */
  readonly drainingTasks?: number;
  /** Targets that lead to a task of ours. */
  readonly targets: readonly TargetView[];
  /** The service has target groups, and they may not be read. */
  readonly targetsUnread?: boolean;
  readonly events: readonly ServiceEvent[];
  /** Why this look shows no tasks, where AWS did not answer for them: they are evidence, not the verdict. */
  readonly unanswered: unknown;
}

export interface DeploymentView {
  readonly arn: string;
  /** One of the nine statuses, or one that AWS added since. */
  readonly status: string;
  readonly statusReason: string | undefined;
  readonly lifecycleStage: string | undefined;
  /** Lifecycle hooks that wait for somebody to say go on or back. */
  readonly awaiting: readonly AwaitingHook[];
  readonly breaker: 'DISABLED' | 'MONITORING' | 'MONITORING_COMPLETE' | 'TRIGGERED' | undefined;
  readonly triggeredAlarms: readonly string[];
  readonly rollbackReason: string | undefined;
  readonly rollbackRevisionArn: string | undefined;
}

export interface AwaitingHook {
  readonly id: string;
  readonly expiresAt: string | undefined;
  /** What ECS does by itself then: `CONTINUE` or `ROLLBACK`. */
  readonly then: string | undefined;
}

/** An entry of `deployments[]` (ECS API, Deployment). */
export interface EntryView {
  readonly id: string;
  readonly taskDefinitionArn: string;
  readonly rolloutState: string | undefined;
  readonly reason: string | undefined;
  readonly desired: number;
  readonly running: number;
  readonly pending: number;
}

export interface ServiceEvent {
  readonly id: string;
  readonly message: string;
}

export function viewEvents({ events = [] }: Service): ServiceEvent[] {
  return events.map((event) => ({ id: event.id ?? '', message: event.message ?? '' }));
}
