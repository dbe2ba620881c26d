import type { Task } from '@aws-sdk/client-ecs';
import type { Aws } from '../aws/clients.ts';
import { essentialContainers, hasContainerChecks } from '../aws/containers.ts';
import { awsErrorKind } from '../aws/errors.ts';
import { targetsOfAttachment, type TargetView } from '../aws/target-health.ts';
import { leadsTo, placesOf, type TaskPlace } from '../aws/task-places.ts';
import { describeTasks, listServiceTasks } from '../aws/tasks.ts';
import type { Rollout } from '../model.ts';
import type { Clock } from '../runtime/clock.ts';
import { withTimeout } from '../runtime/within.ts';
import { viewTask, type TaskView } from './task-view.ts';

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
  /** The service has target groups, and they may not be read. */
  readonly targetsUnread?: boolean;
  /** Why this look shows no tasks, where AWS did not answer for them: they are evidence, not the verdict. */
  readonly unanswered: unknown;
}

type TaskReads = Pick<Aws, 'ecs' | 'elb'>;

/** How long one look waits for its tasks. */
const TASKS_MS = 5_000;

const NO_TASKS: TaskHealth = { tasks: [], oldTasks: 0, drainingTasks: 0, targets: [], unanswered: undefined };

/**
 * The tasks of the service and their targets, where they may be read and AWS answers: they are evidence, and the
 * verdict does not wait for them.
 */
export async function readTaskHealth(
  { aws, clock }: { readonly aws: TaskReads; readonly clock: Clock },
  rollout: Rollout,
): Promise<TaskHealth> {
  try {
    return await whereAllowed(() => withTimeout(clock, TASKS_MS, () => tasksOf(aws, rollout)), NO_TASKS);
  } catch (error) {
    const kind = awsErrorKind(error);
    if (kind !== 'throttled' && kind !== 'transient') throw error;
    return { ...NO_TASKS, unanswered: error };
  }
}

/** Our tasks, running and stopped, with their targets, and how many others there still are. */
async function tasksOf(aws: TaskReads, rollout: Rollout): Promise<TaskHealth> {
  const { address } = rollout.snapshot;
  const [running, stopped] = await Promise.all([
    listServiceTasks(aws.ecs, address, 'RUNNING'),
    listServiceTasks(aws.ecs, address, 'STOPPED'),
  ]);
  const tasks = await describeTasks(aws.ecs, address.cluster, [...new Set([...running, ...stopped])]);
  const isOurs = (task: Task): boolean => task.startedBy === rollout.deploymentId;
  const ours = tasks.filter(isOurs);
  const others = tasks.filter((task) => !isOurs(task) && task.lastStatus !== 'STOPPED');
  // The address of a stopped task may be that of another one by now.
  const behind = await behindGroups(
    aws,
    rollout,
    ours.filter((task) => task.lastStatus !== 'STOPPED'),
  );
  const sources = {
    essentials: essentialContainers(rollout.definition),
    containerChecks: hasContainerChecks(rollout.definition),
    healthyTasks: behind && healthyTasks(behind),
  };
  return {
    tasks: ours.map((task) => viewTask(task, sources)),
    oldTasks: others.length,
    drainingTasks: others.filter((task) => task.desiredStatus === 'STOPPED').length,
    targets: behind === undefined ? [] : ourTargets(behind),
    targetsUnread: behind === undefined && rollout.snapshot.targetGroups.length > 0,
    unanswered: undefined,
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
  const healthy = groups.map((group) => group.filter((target) => target.state === 'healthy'));
  const isHealthy = (place: TaskPlace): boolean =>
    healthy.every((group) => group.some((target) => leadsTo(place, target)));
  return new Set([...places].flatMap(([arn, place]) => (isHealthy(place) ? [arn] : [])));
}

function ourTargets({ places, groups }: Behind): TargetView[] {
  return groups.flat().filter((target) => [...places.values()].some((place) => leadsTo(place, target)));
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
