import type { Task } from '@aws-sdk/client-ecs';
import { lastSegment } from '../aws/arn.ts';
import type { Aws } from '../aws/clients.ts';
import { awsErrorKind } from '../aws/errors.ts';
import type { Rollout, TaskDefinition } from '../model/index.ts';
import type { Clock } from '../runtime/clock.ts';
import { isArray, objectIn } from '../runtime/json.ts';
import { withTimeout } from '../runtime/wait.ts';
import {
  byAddress,
  placesOf,
  targetsAt,
  targetsOfAttachment,
  type TargetView,
  type TaskPlace,
} from './targets.ts';
import { failureOf, type TaskFailure } from './task-failure.ts';
import { callsFor, listServiceTasks, mapTasks } from './tasks.ts';

/** What one look shows of the tasks of a rollout. */
export interface TaskHealth {
  /** Tasks that our deployment started, stopped ones included. */
  readonly tasks: readonly TaskView[];
  /** Tasks of the service that our deployment did not start. */
  readonly oldTasks: number;
  /** Those of them that are on their way out; undefined where the tasks may not be read. */
  readonly drainingTasks?: number;
  /** Targets that lead to a task of ours. */
  readonly targets: readonly TargetView[];
  /** The tasks may not be read at all. */
  readonly tasksUnread?: boolean;
  /** The service has target groups, and they may not be read. */
  readonly targetsUnread?: boolean;
  /** Why this look shows no tasks, where AWS did not answer for them: they are evidence, and the evaluation does not need them. */
  readonly unanswered: unknown;
  /** About how many calls it took. */
  readonly calls?: number;
}

type TaskReads = Pick<Aws, 'ecs' | 'elb'>;

/** How long one look waits for its tasks, and for each one above a hundred. */
const TASKS_MS = 5_000;

const MS_A_TASK = 20;

const NO_TASKS: TaskHealth = { tasks: [], oldTasks: 0, drainingTasks: 0, targets: [], unanswered: undefined };

/**
 * The tasks of the service and their targets, where they may be read and AWS answers: they are evidence, and the
 * evaluation does not wait for them.
 */
export async function readTaskHealth(
  { aws, clock }: { readonly aws: TaskReads; readonly clock: Clock },
  rollout: Rollout,
): Promise<TaskHealth> {
  const desired = rollout.snapshot.desiredCount;
  const ms = TASKS_MS + MS_A_TASK * Math.max(desired - 100, 0);
  const stopped: TaskView[] = [];
  const keep = (views: readonly TaskView[]): void => {
    stopped.push(...views);
  };
  try {
    const denied = { ...NO_TASKS, tasksUnread: true };
    return await whereAllowed(() => withTimeout(clock, ms, () => tasksOf(aws, rollout, keep)), denied);
  } catch (error) {
    const kind = awsErrorKind(error);
    if (kind !== 'throttled' && kind !== 'transient') throw error;
    // What stopped is the evidence; of a deployment that is older than this run it may be of another time.
    return { ...NO_TASKS, tasks: rollout.adopted ? [] : stopped, unanswered: error };
  }
}

/** What the evaluation and the load balancer have to know of a task: a few hundred bytes of its kilobytes. */
type SlimTask = Pick<
  Task,
  | 'taskArn'
  | 'lastStatus'
  | 'desiredStatus'
  | 'startedBy'
  | 'stopCode'
  | 'stoppedReason'
  | 'healthStatus'
  | 'containers'
  | 'attachments'
  | 'containerInstanceArn'
  | 'startedAt'
  | 'executionStoppedAt'
  | 'stoppedAt'
  | 'launchType'
>;

/** Of others' tasks their number is all that counts. */
function slim(task: Task, isOurs: (task: Task) => boolean): SlimTask {
  const { taskArn, lastStatus, desiredStatus, startedBy } = task;
  if (!isOurs(task)) return { taskArn, lastStatus, desiredStatus, startedBy };
  return {
    ...{ taskArn, lastStatus, desiredStatus, startedBy },
    ...{ stopCode: task.stopCode, stoppedReason: task.stoppedReason, healthStatus: task.healthStatus },
    ...{ containers: task.containers, attachments: task.attachments, launchType: task.launchType },
    ...{ containerInstanceArn: task.containerInstanceArn, startedAt: task.startedAt },
    ...{ executionStoppedAt: task.executionStoppedAt, stoppedAt: task.stoppedAt },
  };
}

/**
 * Our tasks, running and stopped, with their targets, and how many others there still are. `keep` hears of the stopped ones
 * as soon as they are known.
 */
async function tasksOf(
  aws: TaskReads,
  rollout: Rollout,
  keep: (stopped: readonly TaskView[]) => void,
): Promise<TaskHealth> {
  const { address } = rollout.snapshot;
  const isOurs = (task: SlimTask): boolean => task.startedBy === rollout.deploymentId;
  const known = {
    essentials: essentialContainers(rollout.definition),
    containerChecks: hasContainerChecks(rollout.definition),
  };
  const view = (task: Task): SlimTask => slim(task, isOurs);
  const running = listServiceTasks(aws.ecs, address, 'RUNNING');
  // It is waited for below, after the stopped ones, which may fail first.
  running.catch(() => undefined);
  const stopped = await listServiceTasks(aws.ecs, address, 'STOPPED');
  const ended = await mapTasks(aws.ecs, address.cluster, stopped, view);
  keep(ended.filter(isOurs).map((task) => viewTask(task, { ...known, healthyTasks: undefined })));
  const wereStopped = new Set(stopped);
  const others = (await running).filter((arn) => !wereStopped.has(arn));
  const alive = await mapTasks(aws.ecs, address.cluster, others, view);
  // One that stopped between the two reads is in both.
  const tasks = [...new Map([...ended, ...alive].map((task) => [task.taskArn, task])).values()];
  const ours = tasks.filter(isOurs);
  const old = tasks.filter((task) => !isOurs(task) && task.lastStatus !== 'STOPPED');
  // The address of a stopped task may be that of another one by now.
  const behind = await behindGroups(
    aws,
    rollout,
    ours.filter((task) => task.lastStatus !== 'STOPPED'),
  );
  const sources = { ...known, healthyTasks: behind && healthyTasks(behind) };
  return {
    tasks: ours.map((task) => viewTask(task, sources)),
    oldTasks: old.length,
    drainingTasks: old.filter((task) => task.desiredStatus === 'STOPPED').length,
    targets: behind === undefined ? [] : ourTargets(behind),
    targetsUnread: behind === undefined && rollout.snapshot.targetGroups.length > 0,
    unanswered: undefined,
    calls: 2 + callsFor(stopped.length) + callsFor(others.length) + rollout.snapshot.targetGroups.length,
  };
}

/** Tasks behind target groups. */
interface Behind {
  readonly places: ReadonlyMap<string, TaskPlace>;
  /** For each attachment of the service, its targets. */
  readonly groups: readonly (readonly TargetView[])[];
}

/** Undefined where the service has no target groups, and where they may not be read. */
async function behindGroups(
  aws: TaskReads,
  rollout: Rollout,
  tasks: readonly Task[],
): Promise<Behind | undefined> {
  const { targetGroups, address } = rollout.snapshot;
  if (targetGroups.length === 0) return undefined;
  return whereAllowed(async () => {
    const [places, ...groups] = await Promise.all([
      placesOf(aws.ecs, address.cluster, tasks),
      ...targetGroups.map((group) => targetsOfAttachment(aws.elb, group)),
    ]);
    return { places, groups };
  }, undefined);
}

/** ARNs of the tasks that every target group finds healthy. */
function healthyTasks({ places, groups }: Behind): Set<string> {
  const healthy = groups.map((group) => byAddress(group.filter((target) => target.state === 'healthy')));
  const isHealthy = (place: TaskPlace): boolean =>
    healthy.every((group) => targetsAt(place, group).length > 0);
  return new Set([...places].flatMap(([arn, place]) => (isHealthy(place) ? [arn] : [])));
}

function ourTargets({ places, groups }: Behind): TargetView[] {
  const targets = groups.flat();
  const at = byAddress(targets);
  const ours = new Set([...places.values()].flatMap((place) => targetsAt(place, at)));
  return targets.filter((target) => ours.has(target));
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

/** A task of our deployment, as the evaluation needs it. */
export interface TaskView {
  readonly id: string;
  readonly status: string;
  /** Running, and found healthy by everything that checks it. */
  readonly healthy: boolean;
  /** Something besides its running says whether it is healthy. */
  readonly checked: boolean;
  /** Why it stopped; undefined while it runs, and where it stopped for reasons that are none. */
  readonly failure: TaskFailure | undefined;
}

/** What is to be known of a task beside what ECS says of it. */
export interface HealthSources {
  /** Names of the containers whose end ends the task. */
  readonly essentials: readonly string[];
  /** An essential container has a health check. */
  readonly containerChecks: boolean;
  /** ARNs of the tasks that are healthy in every target group; undefined where there is none, or none may be read. */
  readonly healthyTasks: ReadonlySet<string> | undefined;
}

export function viewTask(task: Task, sources: HealthSources): TaskView {
  return {
    id: lastSegment(task.taskArn ?? ''),
    status: task.lastStatus ?? '',
    healthy: isHealthy(task, sources),
    checked: sources.containerChecks || sources.healthyTasks !== undefined,
    failure: failureOf(task, sources.essentials),
  };
}

function isHealthy(task: Task, sources: HealthSources): boolean {
  if (task.lastStatus !== 'RUNNING' || task.desiredStatus === 'STOPPED') return false;
  if (sources.containerChecks && task.healthStatus !== 'HEALTHY') return false;
  return sources.healthyTasks?.has(task.taskArn ?? '') ?? true;
}

/** Pure: the names of the containers whose end ends the task (ECS API, ContainerDefinition: essential by default). */
export function essentialContainers({ containerDefinitions }: TaskDefinition): string[] {
  return containerDefinitions.filter(isEssential).map(({ name }) => name);
}

/** Pure: a task's health is that of its essential containers; checks of others leave it UNKNOWN (ECS API, Task). */
export function hasContainerChecks({ containerDefinitions }: TaskDefinition): boolean {
  return containerDefinitions.some((each) => isEssential(each) && isChecked(each));
}

/** Something is run: null, an empty object and Docker's `NONE` check nothing, and health stays UNKNOWN with them. */
function isChecked(container: TaskDefinition['containerDefinitions'][number]): boolean {
  const command = objectIn(container, 'healthCheck')['command'];
  return isArray(command) && command.length > 0 && command[0] !== 'NONE';
}

function isEssential(container: TaskDefinition['containerDefinitions'][number]): boolean {
  return container['essential'] !== false;
}
