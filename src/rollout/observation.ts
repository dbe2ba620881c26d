import type { Service } from '@aws-sdk/client-ecs';
import type { TaskHealth } from './task-look.ts';

/** One look at a rollout: plain facts, gathered by observe.ts, judged by judge.ts. */
export interface Observation extends TaskHealth {
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
  readonly events: readonly ServiceEvent[];
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
