/** The actions of ECS that concern tasks. */
import { AwsError, invalidParameter } from '../../state/errors.ts';
import { requiredText, text, texts } from '../../state/json.ts';
import type { JsonObject } from '../../state/json.ts';
import { page, refuseMoreThan } from '../protocol/pages.ts';
import type { World } from '../../engine/world.ts';
import type { Cluster } from '../../state/cluster.ts';
import type { Task } from '../../state/model.ts';
import { stopByUser } from '../../engine/scheduler.ts';
import { asked } from './task-definitions.ts';
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
    const { items, nextToken } = page(matching, asked(input), 100);
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
