import type { Task } from '@aws-sdk/client-ecs';
import { lastSegment } from '../aws/arn.ts';
import { attempt, LOST, valueOr, WITHHELD } from '../aws/attempt.ts';
import type { Aws } from '../aws/clients.ts';
import type { Rollout, ServiceSnapshot, TaskDefinition } from '../model/index.ts';
import type { Clock } from '../runtime/clock.ts';
import { isArray, objectIn } from '../runtime/json.ts';
import { withTimeout } from '../runtime/wait.ts';
import { reasonsOf } from './environment-values.ts';
import {
  byAddress,
  placesOf,
  targetsAt,
  targetsOf,
  targetsOfAttachment,
  type TargetView,
  type TaskPlace,
} from './targets.ts';
import { failureOf, type TaskFailure } from './task-failure.ts';
import { callsFor, listServiceTasks, listTasksStartedBy, mapTasks } from './tasks.ts';

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

/** How the tasks of a rollout are read. */
export interface TaskQuery {
  /**
   * `deployment`: those that our deployment started. `revision`: those of its revision, whoever started them; after a
   * rollback tasks live on that an older deployment started.
   */
  readonly by: 'deployment' | 'revision';
  /** Our running tasks alone; undefined: all tasks of the service. `known`: what an earlier look showed beside them. */
  readonly known?: TaskHealth;
  /** Target groups that the tasks are served by; those of the service where they are left out. */
  readonly groups?: readonly string[] | undefined;
  /** Nothing else waits for it: an AWS that takes seconds for each call is heard out, too. */
  readonly isPatient?: boolean | undefined;
}

const ALL: TaskQuery = { by: 'deployment' };

/** How long one look waits for its tasks, and for each one above a hundred. */
const TASKS_MS = 5_000;

/** Where nothing else does. */
const PATIENT_MS = 30_000;

const MS_A_TASK = 20;

const NO_TASKS: TaskHealth = { tasks: [], oldTasks: 0, drainingTasks: 0, targets: [], unanswered: undefined };

/**
 * The tasks of the service and their targets, where they may be read and AWS answers: they are evidence, and the
 * evaluation does not wait for them.
 */
export async function readTaskHealth(
  { aws, clock }: { readonly aws: TaskReads; readonly clock: Clock },
  rollout: Rollout,
  query: TaskQuery = ALL,
): Promise<TaskHealth> {
  const desired = rollout.snapshot.desiredCount;
  const ms = (query.isPatient === true ? PATIENT_MS : TASKS_MS) + MS_A_TASK * Math.max(desired - 100, 0);
  const stopped: TaskView[] = [];
  const keep = (views: readonly TaskView[]): void => {
    stopped.push(...views);
  };
  const read = (): Promise<TaskHealth> => withTimeout(clock, ms, () => tasksOf(aws, rollout, query, keep));
  const answer = await attempt(read, [...WITHHELD, ...LOST]);
  switch (answer.kind) {
    case 'answered':
      return answer.value;
    case 'forbidden':
      return { ...NO_TASKS, tasksUnread: true };
    case 'unanswered':
      // What stopped is the evidence; of a deployment that is older than this run it may be of another time.
      return { ...NO_TASKS, tasks: rollout.adopted ? [] : stopped, unanswered: answer.error };
  }
}

/** What the evaluation and the load balancer have to know of a task: a few hundred bytes of its kilobytes. */
type SlimTask = Pick<
  Task,
  | 'taskArn'
  | 'lastStatus'
  | 'desiredStatus'
  | 'startedBy'
  | 'taskDefinitionArn'
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
  const { taskArn, lastStatus, desiredStatus, startedBy, taskDefinitionArn } = task;
  const common = { taskArn, lastStatus, desiredStatus, startedBy, taskDefinitionArn };
  if (!isOurs(task)) return common;
  return {
    ...common,
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
  query: TaskQuery,
  keep: (stopped: readonly TaskView[]) => void,
): Promise<TaskHealth> {
  const { targetGroups } = rollout.snapshot;
  // One of the same revision that an older deployment started, and that stopped, says nothing of this one.
  const isOurs = (task: SlimTask): boolean =>
    query.by === 'deployment' || isToStop(task)
      ? task.startedBy === rollout.deploymentId
      : task.taskDefinitionArn === rollout.taskDefinitionArn;
  const known = {
    essentials: essentialContainers(rollout.definition),
    containerChecks: hasContainerChecks(rollout.definition),
    masked: reasonsOf(rollout),
  };
  const onlyOurs = query.known !== undefined && query.by === 'deployment' && rollout.deploymentId !== '';
  const { tasks, calls } = await (onlyOurs
    ? runningOnly(aws, rollout, (task) => slim(task, isOurs))
    : runningAndStopped(
        aws,
        rollout,
        (task) => slim(task, isOurs),
        (ended) => {
          const ours = ended.filter(isOurs);
          keep(ours.map((task) => viewTask(task, { ...known, behind: undefined })));
        },
      ));
  const ours = tasks.filter(isOurs);
  const old = tasks.filter((task) => !isOurs(task) && task.lastStatus !== 'STOPPED');
  // The address of a stopped task may be that of another one by now.
  const behind = await behindGroups(
    aws,
    rollout.snapshot,
    ours.filter((task) => task.lastStatus !== 'STOPPED'),
    query.groups,
  );
  const views = ours.map((task) => viewTask(task, { ...known, behind }));
  const gone = onlyOurs ? query.known.tasks.filter(({ status }) => status === 'STOPPED') : [];
  const { oldTasks = 0, drainingTasks = 0 } = query.known ?? {};
  return {
    tasks: [...gone, ...views],
    ...(onlyOurs
      ? { oldTasks, drainingTasks }
      : { oldTasks: old.length, drainingTasks: old.filter(isToStop).length }),
    targets: behind === undefined ? [] : ourTargets(behind),
    targetsUnread: behind === undefined && targetGroups.length > 0,
    unanswered: undefined,
    calls: calls + targetGroups.length,
  };
}

interface FoundTasks {
  readonly tasks: readonly SlimTask[];
  /** DescribeTasks and ListTasks calls. */
  readonly calls: number;
}

/** ListTasks takes `startedBy` as its only filter, and lists what is to run then. */
async function runningOnly(
  { ecs }: TaskReads,
  { snapshot: { address }, deploymentId }: Rollout,
  view: (task: Task) => SlimTask,
): Promise<FoundTasks> {
  const arns = await listTasksStartedBy(ecs, address.cluster, deploymentId);
  const tasks = await mapTasks(ecs, address.cluster, arns, view);
  return { tasks, calls: 2 * callsFor(arns.length) };
}

async function runningAndStopped(
  { ecs }: TaskReads,
  { snapshot: { address } }: Rollout,
  view: (task: Task) => SlimTask,
  keep: (ended: readonly SlimTask[]) => void,
): Promise<FoundTasks> {
  const running = listServiceTasks(ecs, address, 'RUNNING');
  // It is waited for below, after the stopped ones, which may fail first.
  running.catch(() => undefined);
  const stopped = await listServiceTasks(ecs, address, 'STOPPED');
  const ended = await mapTasks(ecs, address.cluster, stopped, view);
  keep(ended);
  const wereStopped = new Set(stopped);
  const others = (await running).filter((arn) => !wereStopped.has(arn));
  const alive = await mapTasks(ecs, address.cluster, others, view);
  // One that stopped between the two reads is in both.
  const tasks = [...new Map([...ended, ...alive].map((task) => [task.taskArn, task])).values()];
  return { tasks, calls: 2 + 2 * (callsFor(stopped.length) + callsFor(others.length)) };
}

function isToStop({ desiredStatus }: SlimTask): boolean {
  return desiredStatus === 'STOPPED';
}

/** Running tasks of a service, counted by the deployment that they stand for. */
export type TasksByDeployment = ReadonlyMap<
  string,
  {
    readonly healthy: number;
    /** They run, and neither a load balancer nor a check of their own says whether they are healthy. */
    readonly unchecked: boolean;
  }
>;

/**
 * Reads how many tasks of each deployment are healthy; undefined where the load balancer may not be asked. After a rollback
 * tasks live on that an older deployment started: they stand for the one of their revision. `hasChecks`: whether the
 * containers of a revision have a health check.
 */
export async function readHealthOfTasks(
  aws: TaskReads,
  snapshot: Pick<ServiceSnapshot, 'address' | 'targetGroups'>,
  deployments: readonly { readonly id?: string | undefined; readonly taskDefinition?: string | undefined }[],
  hasChecks: (taskDefinitionArn: string) => boolean,
): Promise<TasksByDeployment | undefined> {
  const { address } = snapshot;
  const arns = await listServiceTasks(aws.ecs, address, 'RUNNING');
  const tasks = await mapTasks(aws.ecs, address.cluster, arns, (task) => slim(task, () => true));
  const behind = await behindGroups(aws, snapshot, tasks, undefined);
  if (behind === undefined && snapshot.targetGroups.length > 0) return undefined;
  const found = new Map<string, { healthy: number; unchecked: boolean }>();
  for (const task of tasks) {
    const arn = task.taskDefinitionArn ?? '';
    const of =
      deployments.find(({ id }) => id === task.startedBy) ??
      deployments.find(({ taskDefinition }) => taskDefinition === arn);
    const containerChecks = hasChecks(arn);
    const count = found.get(of?.id ?? '') ?? {
      healthy: 0,
      unchecked: !containerChecks && behind === undefined,
    };
    if (viewTask(task, { essentials: [], containerChecks, behind }).healthy) count.healthy += 1;
    found.set(of?.id ?? '', count);
  }
  return found;
}

/** Tasks behind target groups. */
interface Behind {
  /** By the ARN of the task. */
  readonly places: ReadonlyMap<string, TaskPlace>;
  /** For each attachment of the service, its targets by address. */
  readonly groups: readonly ReadonlyMap<string, readonly TargetView[]>[];
}

/** Undefined where the service has no target groups, and where they may not be read. */
async function behindGroups(
  aws: TaskReads,
  { targetGroups, address }: Pick<ServiceSnapshot, 'address' | 'targetGroups'>,
  tasks: readonly SlimTask[],
  served: readonly string[] | undefined,
): Promise<Behind | undefined> {
  if (targetGroups.length === 0) return undefined;
  const reads = (): Promise<TargetView[]>[] =>
    served === undefined || served.length === 0
      ? targetGroups.map((group) => targetsOfAttachment(aws.elb, group))
      : served.map((arn) => targetsOf(aws.elb, arn));
  const read = async (): Promise<Behind> => {
    const [places, ...groups] = await Promise.all([placesOf(aws.ecs, address.cluster, tasks), ...reads()]);
    return { places, groups: groups.map(byAddress) };
  };
  return valueOr(await attempt(read, WITHHELD), undefined);
}

function ourTargets({ places, groups }: Behind): TargetView[] {
  return groups.flatMap((group) => {
    const ours = [...places.values()].flatMap((place) => targetsAt(place, group));
    return [...new Set(ours)];
  });
}

/** A task of our deployment, as the evaluation needs it. */
export interface TaskView {
  readonly id: string;
  readonly status: string;
  /** Running, and found healthy by everything that checks it. */
  readonly healthy: boolean;
  /** Something besides its running says whether it is healthy. */
  readonly checked: boolean;
  /** What keeps it from being healthy: "is PENDING", "target unhealthy (Target.Timeout)". */
  readonly why?: string;
  /** Nothing is against it: it runs, and a target group does not list it. */
  readonly unlisted?: true;
  /** A check has found it unhealthy; one that starts has not been checked yet. */
  readonly failing?: true;
  /** ECS wants it to stop, or it has stopped. */
  readonly leaving?: true;
  /** Why it stopped; undefined while it runs, and where it stopped for reasons that are none. */
  readonly failure: TaskFailure | undefined;
  /** When it went to RUNNING, in milliseconds since the epoch by AWS's own time; undefined where it has not, or AWS does not tell. */
  readonly startedAt?: number;
  /** How long a failed one ran, in milliseconds by AWS's own times. */
  readonly lifeMs?: number;
  /** What its containers report while it runs. */
  readonly containers?: readonly ContainerView[];
}

/** A container of a running task. */
export interface ContainerView {
  readonly name: string;
  readonly imageDigest: string | undefined;
  /** Another one after each start, those by a restart policy included, which leave the task running. */
  readonly runtimeId: string | undefined;
  /** Of the last time that it ended. */
  readonly exitCode: number | undefined;
}

/** What is to be known of a task beside what ECS says of it. */
export interface HealthSources {
  /** Names of the containers whose end ends the task. */
  readonly essentials: readonly string[];
  /** An essential container has a health check. */
  readonly containerChecks: boolean;
  /** A reason of AWS as it is shown. */
  readonly masked?: (reason: string) => string;
  /** The targets behind which the tasks are; undefined where there are none, or none may be read. */
  readonly behind: Behind | undefined;
}

/** Pure: a task against its container health check and every target group. */
export function viewTask(task: SlimTask, sources: HealthSources): TaskView {
  const { essentials, containerChecks, behind, masked } = sources;
  const found = failureOf(task, essentials);
  const failure = found && masked !== undefined ? { ...found, reason: masked(found.reason) } : found;
  const isLeaving = task.desiredStatus === 'STOPPED' || task.lastStatus === 'STOPPED';
  const place = behind?.places.get(task.taskArn ?? '');
  const doubts = [
    containerState(task, sources),
    ...(behind?.groups ?? []).map((group) => targetState(place, group)),
  ].filter((each) => each !== undefined);
  const [why] = doubts;
  const isUnlisted = !isLeaving && why !== undefined && doubts.every((each) => each === UNLISTED);
  return {
    id: lastSegment(task.taskArn ?? ''),
    status: task.lastStatus ?? '',
    healthy: !isLeaving && why === undefined,
    checked: containerChecks || behind !== undefined,
    ...(why === undefined ? {} : { why }),
    ...(isUnlisted ? { unlisted: true } : {}),
    ...(isFoundUnhealthy(task, place, sources) ? { failing: true } : {}),
    ...(isLeaving ? { leaving: true } : {}),
    failure,
    ...(task.startedAt === undefined ? {} : { startedAt: task.startedAt.getTime() }),
    ...(failure === undefined ? {} : { lifeMs: lifeOf(task) }),
    ...(task.lastStatus === 'RUNNING' ? { containers: containersOf(task) } : {}),
  };
}

function isFoundUnhealthy(
  task: SlimTask,
  place: TaskPlace | undefined,
  { behind, containerChecks }: HealthSources,
): boolean {
  if (containerChecks && task.healthStatus === 'UNHEALTHY') return true;
  const targets = (behind?.groups ?? []).flatMap((group) =>
    place === undefined ? [] : targetsAt(place, group),
  );
  return targets.some(({ state }) => state.startsWith('unhealthy'));
}

function containersOf({ containers = [] }: SlimTask): ContainerView[] {
  return containers.map(({ name = '', imageDigest, runtimeId, exitCode }) => ({
    ...{ name, imageDigest, runtimeId, exitCode },
  }));
}

function containerState(
  task: SlimTask,
  { containerChecks, essentials }: Pick<HealthSources, 'containerChecks' | 'essentials'>,
): string | undefined {
  if (task.lastStatus !== 'RUNNING') return `is ${task.lastStatus ?? 'in no state'}`;
  // A restart policy starts it again in place: the task runs on meanwhile.
  const down = (task.containers ?? []).find(
    ({ name = '', lastStatus }) =>
      essentials.includes(name) && lastStatus !== undefined && lastStatus !== 'RUNNING',
  );
  if (down !== undefined) return `its container "${down.name ?? ''}" is ${down.lastStatus ?? ''}`;
  if (!containerChecks || task.healthStatus === 'HEALTHY') return undefined;
  return `its container health check says ${task.healthStatus ?? 'UNKNOWN'}`;
}

const UNLISTED = 'is not registered as a target yet';

/** Undefined where the target serves: healthy, or health checks are disabled. */
function targetState(
  place: TaskPlace | undefined,
  group: ReadonlyMap<string, readonly TargetView[]>,
): string | undefined {
  const targets = place === undefined ? [] : targetsAt(place, group);
  if (targets.length === 0) return UNLISTED;
  const isServing = targets.some(
    ({ state, reason }) => state === 'healthy' || reason === 'Target.HealthCheckDisabled',
  );
  if (isServing) return undefined;
  const [target] = targets;
  const detail = [target?.reason, target?.description].filter((part) => part !== undefined).join(': ');
  return `target ${target?.state ?? ''}${detail === '' ? '' : ` (${detail})`}`;
}

function lifeOf({ startedAt, executionStoppedAt, stoppedAt }: SlimTask): number {
  const end = executionStoppedAt ?? stoppedAt;
  return startedAt === undefined || end === undefined ? 0 : end.getTime() - startedAt.getTime();
}

/** Pure: the names of the containers whose end ends the task (ECS API, ContainerDefinition: essential by default). */
export function essentialContainers({ containerDefinitions }: TaskDefinition): string[] {
  return containerDefinitions.filter(isEssential).map(({ name }) => name);
}

/** Pure: names of the essential containers that ECS starts again in place (ECS API, ContainerRestartPolicy). */
export function restartedContainers({ containerDefinitions }: TaskDefinition): string[] {
  return containerDefinitions
    .filter((each) => isEssential(each) && objectIn(each, 'restartPolicy')['enabled'] === true)
    .map(({ name }) => name);
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
