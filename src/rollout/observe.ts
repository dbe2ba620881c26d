import type { Deployment, Service, Task } from '@aws-sdk/client-ecs';
import type { Aws } from '../aws/clients.ts';
import { awsErrorKind } from '../aws/errors.ts';
import { lastSegment } from '../aws/partition.ts';
import {
  describeServiceDeployment,
  listServiceDeployments,
  timeOf,
  type ServiceDeployment,
} from '../aws/service-deployments.ts';
import { describeService, primaryOf } from '../aws/services.ts';
import { targetsOfAttachment } from '../aws/target-health.ts';
import { leadsTo, placesOf, type TaskPlace } from '../aws/task-places.ts';
import { describeTasks, listServiceTasks } from '../aws/tasks.ts';
import type { Rollout } from '../model.ts';
import type { DeploymentView, EntryView, Observation } from './observation.ts';
import type { Clock } from '../runtime/clock.ts';
import { within } from '../runtime/within.ts';
import { viewTask, type TaskView } from './task-view.ts';

type ObservedAws = Pick<Aws, 'ecs' | 'elb'>;

/**
 * One look at a rollout. The service is read after the service deployment, so that a STOPPED deployment is seen
 * beside whatever replaced it. Evidence that may not be read (tasks, targets) is left out; the verdict's own
 * sources reject.
 */
export async function observe(
  { aws, clock }: { readonly aws: ObservedAws; readonly clock: Clock },
  rollout: Rollout,
): Promise<Observation> {
  const { address } = rollout.snapshot;
  const deployment =
    rollout.serviceDeploymentArn === undefined
      ? undefined
      : await describeServiceDeployment(aws.ecs, rollout.serviceDeploymentArn);
  const [service, tasks] = await Promise.all([
    describeService(aws.ecs, address),
    evidenceOf(clock, () => tasksOf(aws, rollout)),
  ]);
  return {
    deployment: deployment && viewDeployment(deployment),
    newer: isReplaceable(deployment) ? await newerThan(aws, rollout, deployment) : undefined,
    ...viewService(service, rollout.deploymentId),
    tasks: tasks.ours,
    oldTasks: tasks.others,
    drainingTasks: tasks.draining,
    unanswered: tasks.unanswered,
  };
}

function viewService(
  service: Service,
  deploymentId: string,
): Pick<Observation, 'entry' | 'primary' | 'entries' | 'service' | 'events'> {
  const primary = primaryOf(service);
  const entry = service.deployments?.find((each) => each.id === deploymentId);
  return {
    entry: entry && viewEntry(entry),
    primary: primary && viewEntry(primary),
    entries: service.deployments?.length ?? 0,
    service: {
      status: service.status ?? '',
      desired: service.desiredCount ?? 0,
      running: service.runningCount ?? 0,
    },
    events: (service.events ?? []).map((event) => ({ id: event.id ?? '', message: event.message ?? '' })),
  };
}

function viewEntry(entry: Deployment): EntryView {
  return {
    id: entry.id ?? '',
    taskDefinitionArn: entry.taskDefinition ?? '',
    rolloutState: entry.rolloutState,
    reason: entry.rolloutStateReason,
    desired: entry.desiredCount ?? 0,
    running: entry.runningCount ?? 0,
    pending: entry.pendingCount ?? 0,
  };
}

function viewDeployment(deployment: ServiceDeployment): DeploymentView {
  return {
    arn: deployment.serviceDeploymentArn ?? '',
    status: deployment.status ?? '',
    statusReason: deployment.statusReason,
    lifecycleStage: deployment.lifecycleStage,
    awaiting: (deployment.lifecycleHookDetails ?? [])
      .filter((hook) => hook.status === 'AWAITING_ACTION')
      .map((hook) => ({
        id: hook.hookId ?? '',
        expiresAt: hook.expiresAt?.toISOString(),
        then: hook.timeoutAction,
      })),
    breaker: deployment.deploymentCircuitBreaker?.status,
    triggeredAlarms:
      deployment.alarms?.status === 'TRIGGERED' ? (deployment.alarms.triggeredAlarmNames ?? []) : [],
    rollbackReason: deployment.rollback?.reason,
    rollbackRevisionArn: deployment.rollback?.serviceRevisionArn,
  };
}

interface Tasks {
  readonly ours: TaskView[];
  readonly others: number;
  /** Of the others, those that are to stop. */
  readonly draining: number;
}

/** How long one look waits for its evidence. */
const TASKS_MS = 5_000;

const NO_TASKS: Tasks = { ours: [], others: 0, draining: 0 };

/** The tasks, where they may be read and AWS answers; the verdict does not wait for them. */
async function evidenceOf(
  clock: Clock,
  read: () => Promise<Tasks>,
): Promise<Tasks & { unanswered?: unknown }> {
  try {
    return await whereAllowed(() => within(clock, TASKS_MS, read), NO_TASKS);
  } catch (error) {
    const kind = awsErrorKind(error);
    if (kind !== 'throttled' && kind !== 'transient') throw error;
    return { ...NO_TASKS, unanswered: error };
  }
}

/** Our tasks, running and stopped, and how many others there still are. */
async function tasksOf(aws: ObservedAws, rollout: Rollout): Promise<Tasks> {
  const { address } = rollout.snapshot;
  const [running, stopped] = await Promise.all([
    listServiceTasks(aws.ecs, address, 'RUNNING'),
    listServiceTasks(aws.ecs, address, 'STOPPED'),
  ]);
  const tasks = await describeTasks(aws.ecs, address.cluster, [...new Set([...running, ...stopped])]);
  const isOurs = (task: Task): boolean => task.startedBy === rollout.deploymentId;
  const sources = {
    containerChecks: rollout.definition.containerDefinitions.some(
      (container) => container['healthCheck'] !== undefined,
    ),
    healthyTasks: await healthyTasks(aws, rollout, tasks.filter(isOurs)),
  };
  const others = tasks.filter((task) => !isOurs(task) && task.lastStatus !== 'STOPPED');
  return {
    ours: tasks.filter(isOurs).map((task) => viewTask(task, sources)),
    others: others.length,
    draining: others.filter((task) => task.desiredStatus === 'STOPPED').length,
  };
}

/** ARNs of the tasks that every target group of the service finds healthy; undefined without target groups. */
async function healthyTasks(
  aws: ObservedAws,
  rollout: Rollout,
  tasks: readonly Task[],
): Promise<Set<string> | undefined> {
  const groups = rollout.snapshot.targetGroups;
  if (groups.length === 0) return undefined;
  return whereAllowed(async () => {
    const [places, ...targets] = await Promise.all([
      placesOf(aws.ecs, rollout.snapshot.address.cluster, tasks),
      ...groups.map((group) => targetsOfAttachment(aws.elb, group)),
    ]);
    const healthy = targets.map((group) => group.filter((target) => target.state === 'healthy'));
    const isHealthy = (place: TaskPlace): boolean =>
      healthy.every((group) => group.some((target) => leadsTo(place, target)));
    return new Set([...places].flatMap(([arn, place]) => (isHealthy(place) ? [arn] : [])));
  }, undefined);
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

/** Evidence that the credentials may not read is done without. */
async function whereAllowed<T>(read: () => Promise<T>, otherwise: T): Promise<T> {
  try {
    return await read();
  } catch (error) {
    const kind = awsErrorKind(error);
    if (kind === 'denied' || kind === 'unsupported' || kind === 'refused') return otherwise;
    throw error;
  }
}
