import type { Deployment, Service } from '@aws-sdk/client-ecs';
import { lastSegment } from '../aws/arn.ts';
import type { Aws } from '../aws/clients.ts';
import {
  describeServiceDeployments,
  listServiceDeployments,
  timeOf,
  type SeenDeployment,
  type ServiceDeployment,
} from '../ecs/service-deployments.ts';
import { describeService, primaryOf } from '../ecs/services.ts';
import { reasonsOf } from '../ecs/environment-values.ts';
import { readTaskHealth, type TaskHealth } from '../ecs/task-health.ts';
import type { Cause, Rollout } from '../model/index.ts';
import type { Clock } from '../runtime/clock.ts';

type ObservedAws = Pick<Aws, 'ecs' | 'elb'>;

/**
 * One look at a rollout. The service is read after the service deployment, so that a STOPPED deployment is seen
 * beside whatever replaced it.
 */
export async function observe(
  ctx: { readonly aws: ObservedAws; readonly clock: Clock },
  rollout: Rollout,
): Promise<Observation> {
  const deployments = await describeServiceDeployments(ctx.aws.ecs, arnsOf([rollout]));
  return observeWith(ctx, rollout, {
    deployment: deployments.get(rollout.serviceDeploymentArn ?? ''),
    service: () => describeService(ctx.aws.ecs, rollout.snapshot.address),
    tasks: () => readTaskHealth(ctx, rollout),
  });
}

/** ARNs of the service deployments that these rollouts follow. */
export function arnsOf(rollouts: readonly Rollout[]): string[] {
  return rollouts.flatMap(({ serviceDeploymentArn }) => serviceDeploymentArn ?? []);
}

/** Where the parts of a look come from. `tasks` is told what the service shows. */
export interface Sources {
  readonly deployment: SeenDeployment | undefined;
  /** Of CodeDeploy, in the place of ECS's own. */
  readonly view?: DeploymentView;
  readonly service: () => Promise<Service>;
  readonly tasks: (seen: Glance | undefined) => Promise<TaskHealth>;
  /** The tasks wait for the service, by which they are chosen. */
  readonly serviceFirst?: true;
}

/** A look without its tasks. */
export type Glance = Omit<Observation, keyof TaskHealth | 'newer'>;

/** One look, put together. */
export async function observeWith(
  { aws }: { readonly aws: ObservedAws },
  rollout: Rollout,
  sources: Sources,
): Promise<Observation> {
  const { deployment } = sources;
  const masked = reasonsOf(rollout);
  const view = sources.view ?? (deployment && viewDeployment(deployment));
  const glanceAt = (service: Service): Glance => ({
    deployment: view && withMaskedReasons(view, masked),
    ...viewService(service, rollout.deploymentId, masked),
  });
  const reading = sources.service();
  const [service, tasks] = await Promise.all([
    reading,
    sources.serviceFirst === true
      ? reading.then((each) => sources.tasks(glanceAt(each)))
      : sources.tasks(undefined),
  ]);
  const newer = isReplaceable(deployment) ? await newerThan(aws, rollout, deployment) : undefined;
  return { ...glanceAt(service), newer, ...tasks };
}

function withMaskedReasons(view: DeploymentView, masked: Masked): DeploymentView {
  const { statusReason, rollbackReason } = view;
  return {
    ...view,
    statusReason: statusReason === undefined ? undefined : masked(statusReason),
    rollbackReason: rollbackReason === undefined ? undefined : masked(rollbackReason),
  };
}

/** What AWS says, without the values of the definition's variables. */
type Masked = (text: string) => string;

function viewService(
  service: Service,
  deploymentId: string,
  masked: Masked,
): Pick<Observation, 'entry' | 'primary' | 'entries' | 'others' | 'service' | 'events'> {
  const primary = primaryOf(service);
  const entry = service.deployments?.find((each) => each.id === deploymentId);
  return {
    entry: entry && viewEntry(entry, masked),
    primary: primary && viewEntry(primary, masked),
    entries: service.deployments?.length ?? 0,
    others: {
      desired: sum(service.deployments, deploymentId, ({ desiredCount }) => desiredCount),
      running: sum(service.deployments, deploymentId, ({ runningCount }) => runningCount),
    },
    service: {
      status: service.status ?? '',
      desired: service.desiredCount ?? 0,
      running: service.runningCount ?? 0,
    },
    events: viewEvents(service, masked),
  };
}

function sum(
  deployments: readonly Deployment[] = [],
  ours: string,
  count: (deployment: Deployment) => number | undefined,
): number {
  return deployments.filter(({ id }) => id !== ours).reduce((total, each) => total + (count(each) ?? 0), 0);
}

function viewEntry(entry: Deployment, masked: Masked): EntryView {
  const reason = entry.rolloutStateReason;
  return {
    id: entry.id ?? '',
    taskDefinitionArn: entry.taskDefinition ?? '',
    rolloutState: entry.rolloutState,
    reason: reason === undefined ? undefined : masked(reason),
    desired: entry.desiredCount ?? 0,
    running: entry.runningCount ?? 0,
    pending: entry.pendingCount ?? 0,
    failed: entry.failedTasks ?? 0,
    createdAt: entry.createdAt,
  };
}

function viewDeployment(deployment: SeenDeployment): DeploymentView {
  const hooks = deployment.lifecycleHookDetails ?? [];
  return {
    arn: deployment.serviceDeploymentArn ?? '',
    status: deployment.status ?? '',
    statusReason: deployment.statusReason,
    lifecycleStage: deployment.lifecycleStage,
    awaiting: hooks
      .filter((hook) => hook.status === 'AWAITING_ACTION' && hook.targetType !== 'AWS_LAMBDA')
      .map((hook) => ({
        id: hook.hookId ?? '',
        expiresAt: hook.expiresAt?.toISOString(),
        leftMs: leftOf(hook.expiresAt, deployment.seenAt),
        then: hook.timeoutAction,
      })),
    pauseWasRefused: hooks.some((hook) => hook.status === 'FAILED' && hook.targetType === 'PAUSE'),
    breaker: deployment.deploymentCircuitBreaker?.status,
    triggeredAlarms:
      deployment.alarms?.status === 'TRIGGERED' ? (deployment.alarms.triggeredAlarmNames ?? []) : [],
    rollbackReason: deployment.rollback?.reason,
    rollbackRevisionArn: deployment.rollback?.serviceRevisionArn,
    targetRevisionArn: deployment.targetServiceRevision?.arn,
    weight: deployment.targetServiceRevision?.requestedProductionTrafficWeight,
  };
}

/** Both by AWS's clock. */
function leftOf(expiresAt: Date | undefined, seenAt: Date | undefined): number | undefined {
  return expiresAt === undefined || seenAt === undefined ? undefined : expiresAt.getTime() - seenAt.getTime();
}

/** Both are how a deployment ends, or its rollback, that somebody's newer one replaced. */
function isReplaceable(deployment: ServiceDeployment | undefined): deployment is ServiceDeployment {
  return deployment?.status === 'STOPPED' || deployment?.status === 'ROLLBACK_FAILED';
}

async function newerThan(
  aws: ObservedAws,
  rollout: Rollout,
  ours: ServiceDeployment,
): Promise<string | undefined> {
  const listed = await listServiceDeployments(aws.ecs, rollout.snapshot.address, {
    enough: (found) => found.length > 0,
  });
  const newer = listed?.find(
    (each) =>
      each.serviceDeploymentArn !== ours.serviceDeploymentArn &&
      timeOf(each.createdAt) > timeOf(ours.createdAt),
  );
  return newer?.serviceDeploymentArn === undefined ? undefined : lastSegment(newer.serviceDeploymentArn);
}

/** One look at a rollout: plain facts, which evaluate.ts evaluates. */
export interface Observation extends TaskHealth {
  /** Our service deployment; undefined where service deployments cannot be read (or not yet). */
  readonly deployment: DeploymentView | undefined;
  /** Our entry of `deployments[]`; undefined once ECS dropped it. */
  readonly entry: EntryView | undefined;
  readonly primary: EntryView | undefined;
  /** Number of entries in `deployments[]`. */
  readonly entries: number;
  /** Tasks of the others of them. */
  readonly others?: { readonly desired: number; readonly running: number };
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
  /** Somebody answered a pause with ROLLBACK. */
  readonly pauseWasRefused?: boolean;
  readonly breaker: 'DISABLED' | 'MONITORING' | 'MONITORING_COMPLETE' | 'TRIGGERED' | undefined;
  readonly triggeredAlarms: readonly string[];
  readonly rollbackReason: string | undefined;
  readonly rollbackRevisionArn: string | undefined;
  /** The service revision that it brings. */
  readonly targetRevisionArn?: string | undefined;
  /** Percent of the production traffic that is to go to it; undefined where no weights are reported. */
  readonly weight?: number | undefined;
  /** Where it is known without its words. */
  readonly cause?: Cause;
}

export interface AwaitingHook {
  readonly id: string;
  readonly expiresAt: string | undefined;
  /** Until then, in milliseconds; undefined where AWS does not say what time it is. */
  readonly leftMs?: number | undefined;
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
  /** Tasks that failed to start, or failed their health checks, as ECS counts them. */
  readonly failed?: number;
  readonly createdAt?: Date | undefined;
}

export interface ServiceEvent {
  readonly id: string;
  readonly message: string;
  /** Milliseconds since 1970, by AWS's clock. */
  readonly at?: number;
}

export function viewEvents({ events = [] }: Service, masked: Masked): ServiceEvent[] {
  return events.map(({ id = '', message = '', createdAt }) => ({
    id,
    message: masked(message),
    ...(createdAt === undefined ? {} : { at: createdAt.getTime() }),
  }));
}
