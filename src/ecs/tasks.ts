import type { ListTasksCommandInput, Task } from '@aws-sdk/client-ecs';
import { nextPageOf } from '../aws/answers.ts';
import type { EcsReads } from '../aws/clients.ts';
import type { Rollout, ServiceAddress } from '../model/index.ts';

/** By this the one-off tasks of this action are found again; ECS takes 36 characters. */
export const STARTED_BY = 'ecs-fargate-deploy';

export type { Task };

type TaskReads = Pick<EcsReads, 'listTasks' | 'describeTasks'>;

/** ARNs of a service's tasks, by what ECS wants them to be. Stopped tasks stay listed for about an hour. */
export function listServiceTasks(
  ecs: Pick<EcsReads, 'listTasks'>,
  address: Pick<ServiceAddress, 'cluster' | 'name'>,
  desiredStatus: 'RUNNING' | 'STOPPED',
): Promise<string[]> {
  return listTasks(ecs, { cluster: address.cluster, serviceName: address.name, desiredStatus });
}

/** ARNs of the tasks that a deployment started and that are to run. ListTasks takes no other filter beside it. */
export function listTasksStartedBy(
  ecs: Pick<EcsReads, 'listTasks'>,
  cluster: string,
  startedBy: string,
): Promise<string[]> {
  return listTasks(ecs, { cluster, startedBy });
}

/** ARNs of all tasks of a family in a cluster: those of services, and those that belong to none. */
export function listFamilyTasks(
  ecs: Pick<EcsReads, 'listTasks'>,
  cluster: string,
  family: string,
  desiredStatus: 'RUNNING' | 'STOPPED',
): Promise<string[]> {
  return listTasks(ecs, { cluster, family, desiredStatus });
}

async function listTasks(ecs: Pick<EcsReads, 'listTasks'>, which: ListTasksCommandInput): Promise<string[]> {
  const arns: string[] = [];
  let nextToken: string | undefined;
  do {
    const answer = await ecs.listTasks({
      ...which,
      ...(nextToken === undefined ? {} : { nextToken }),
    });
    arns.push(...(answer.taskArns ?? []));
    nextToken = nextPageOf('ListTasks', nextToken, answer.nextToken);
  } while (nextToken !== undefined);
  return arns;
}

/** DescribeTasks takes as many. */
const BATCH = 100;

/**
 * Batches that are asked for side by side: a host has two connections, and a task as AWS
 * tells it is several kilobytes.
 */
const SIDE_BY_SIDE = 2;

/** Tasks by ARN, 100 a call, several calls at a time; those that are gone are left out. */
export function describeTasks(
  ecs: Pick<EcsReads, 'describeTasks'>,
  cluster: string,
  arns: readonly string[],
): Promise<Task[]> {
  return mapTasks(ecs, cluster, arns, (task) => task);
}

/** What `map` makes of each task, batch by batch: thousands of whole tasks are never held at once. */
export async function mapTasks<T>(
  ecs: Pick<EcsReads, 'describeTasks'>,
  cluster: string,
  arns: readonly string[],
  map: (task: Task) => T,
): Promise<T[]> {
  const batches = Array.from({ length: Math.ceil(arns.length / BATCH) }, (_, index) =>
    arns.slice(index * BATCH, (index + 1) * BATCH),
  );
  const found: T[] = [];
  for (let from = 0; from < batches.length; from += SIDE_BY_SIDE) {
    const reads = batches.slice(from, from + SIDE_BY_SIDE).map(async (tasks) => {
      const answer = await ecs.describeTasks({ cluster, tasks });
      return (answer.tasks ?? []).map(map);
    });
    for (const mapped of await Promise.all(reads)) found.push(...mapped);
  }
  return found;
}

/** DescribeTasks calls that so many tasks take. */
export function callsFor(tasks: number): number {
  return Math.ceil(tasks / BATCH);
}

/** Tasks that a rollout started and that have stopped or are stopping. */
export async function stoppedTasksOf(ecs: TaskReads, { snapshot, deploymentId }: Rollout): Promise<Task[]> {
  const { address } = snapshot;
  const arns = await listServiceTasks(ecs, address, 'STOPPED');
  const tasks = await describeTasks(ecs, address.cluster, arns);
  return tasks.filter((task) => task.startedBy === deploymentId);
}

/**
 * Running tasks that a rollout stands for. ECS writes the deployment's id into `startedBy`; where the rollout started
 * no tasks itself, those of its revision: after a rollback tasks live on that an older deployment started.
 */
export async function runningTasksOf(ecs: TaskReads, rollout: Rollout): Promise<Task[]> {
  const { address } = rollout.snapshot;
  const arns = await listServiceTasks(ecs, address, 'RUNNING');
  const tasks = await describeTasks(ecs, address.cluster, arns);
  return tasks.filter((task) =>
    rollout.replacesTasks && !rollout.adopted
      ? task.startedBy === rollout.deploymentId
      : task.taskDefinitionArn === rollout.taskDefinitionArn,
  );
}
