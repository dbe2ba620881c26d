/** The actions of ECS that concern tasks, also those that belong to no service. */
import { runTaskViolations } from '../../../src/ecs/definition-rules/index.ts';
import { stopByUser } from '../../engine/scheduler.ts';
import { ignoreTask, startTask } from '../../engine/task-life.ts';
import { createTask } from '../../engine/tasks.ts';
import type { World } from '../../engine/world.ts';
import { AwsError, clientException, invalidParameter } from '../../state/errors.ts';
import { number, object, objects, requiredText, text, texts } from '../../state/json.ts';
import type { JsonObject } from '../../state/json.ts';
import type { Cluster, Task, TaskDefinition } from '../../state/model.ts';
import { page, paging, refuseMoreThan } from '../protocol/pages.ts';
import { refuseWrongShape } from './shape.ts';
import { taskView } from './task-views.ts';

export const taskActions = {
  ListTasks(world: World, input: JsonObject): JsonObject {
    const cluster = world.cluster(text(input, 'cluster'));
    const wanted = text(input, 'desiredStatus') ?? 'RUNNING';
    const serviceName = text(input, 'serviceName');
    const startedBy = text(input, 'startedBy');
    const family = text(input, 'family');
    const service = serviceName === undefined ? undefined : cluster.find(serviceName);
    if (serviceName !== undefined && service === undefined) {
      throw new AwsError('ServiceNotFoundException', 'Service not found.');
    }
    const matching = [...cluster.tasks.values()].filter(
      (task) =>
        task.desiredStatus === wanted &&
        (service === undefined || task.service === service) &&
        (startedBy === undefined || task.startedBy === startedBy) &&
        (family === undefined || task.definition.family === family),
    );
    const { items, nextToken } = page(matching, paging(input), 100);
    return { taskArns: items.map(({ arn }) => arn), nextToken };
  },

  DescribeTasks(world: World, input: JsonObject): JsonObject {
    const cluster = world.cluster(text(input, 'cluster'));
    const names = texts(input, 'tasks');
    if (names.length === 0) throw invalidParameter('Tasks cannot be empty.');
    refuseMoreThan(100, names, 'Tasks');
    const withTags = texts(input, 'include').includes('TAGS');
    const found = names.map((name) => [name, findTask(cluster, name)] as const);
    return {
      tasks: found.flatMap(([, task]) => (task === undefined ? [] : [taskView(world, task, withTags)])),
      failures: found.flatMap(([name, task]) =>
        task === undefined
          ? [
              {
                arn: name.startsWith('arn:') ? name : world.arn('ecs', `task/${cluster.name}/${name}`),
                reason: 'MISSING',
              },
            ]
          : [],
      ),
    };
  },

  RunTask(world: World, input: JsonObject): JsonObject {
    refuseWrongShape('RunTask', input);
    const cluster = world.cluster(text(input, 'cluster'));
    const token = text(input, 'clientToken');
    const earlier = token === undefined ? undefined : world.clientTokens.get(token);
    if (earlier !== undefined && earlier.request !== JSON.stringify(input)) {
      throw new AwsError('ConflictException', 'The client token was used with other parameters.');
    }
    const tasks = earlier?.tasks ?? runTasks(world, cluster, input);
    if (token !== undefined) world.clientTokens.set(token, { request: JSON.stringify(input), tasks });
    return { tasks: tasks.map((task) => taskView(world, task, true)), failures: [] };
  },

  StopTask(world: World, input: JsonObject): JsonObject {
    const cluster = world.cluster(text(input, 'cluster'));
    const task = findTask(cluster, requiredText(input, 'task'));
    if (task === undefined) throw invalidParameter('The referenced task was not found.');
    stopByUser(world, task, text(input, 'reason') ?? 'Task stopped by user');
    return { task: taskView(world, task) };
  },
};

function findTask(cluster: Cluster, arnOrId: string): Task | undefined {
  return cluster.tasks.get(arnOrId) ?? [...cluster.tasks.values()].find(({ id }) => id === arnOrId);
}

function runTasks(world: World, cluster: Cluster, input: JsonObject): readonly Task[] {
  const definition = world.taskDefinitions.find(requiredText(input, 'taskDefinition'));
  if (definition === undefined) throw clientException('TaskDefinition not found.');
  if (definition.status === 'INACTIVE') throw clientException('TaskDefinition is inactive');
  refuseMisfit(world, input, definition);
  const tasks = Array.from({ length: number(input, 'count') ?? 1 }, () =>
    createTask(world, {
      cluster,
      definition,
      startedBy: text(input, 'startedBy'),
      group: text(input, 'group') ?? `family:${definition.family}`,
      networkConfiguration: object(input, 'networkConfiguration'),
      overrides: object(input, 'overrides') ?? {},
      tags: objects(input, 'tags'),
    }),
  );
  for (const task of tasks) startTask(world, task, ignoreTask);
  return tasks;
}

function refuseMisfit(world: World, input: JsonObject, definition: TaskDefinition): void {
  const [broken] = runTaskViolations({ definition: definition.body, settings: input }).filter(
    ({ refused }) => refused,
  );
  if (broken !== undefined) throw new AwsError(broken.code, broken.words);
  if (!world.capacityAvailable) {
    throw clientException(
      'Capacity is unavailable at this time. Please try again later or in a different availability zone',
    );
  }
}
