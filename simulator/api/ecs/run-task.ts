/** RunTask: tasks that belong to no service. */
import { AwsError, clientException, invalidParameter } from '../../state/errors.ts';
import { number, object, objects, requiredText, text } from '../../state/json.ts';
import type { JsonObject } from '../../state/json.ts';
import type { World } from '../../engine/world.ts';
import type { Cluster } from '../../state/cluster.ts';
import type { Task, TaskDefinition } from '../../state/model.ts';
import { startTask, ignoreTask } from '../../engine/task-life.ts';
import { taskView } from './task-views.ts';
import { createTask } from '../../engine/tasks.ts';

const mostTasks = 10;

export const runTaskActions = {
  RunTask(world: World, input: JsonObject): JsonObject {
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
};

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
  const count = number(input, 'count') ?? 1;
  if (count < 1 || count > mostTasks) throw invalidParameter(`count must be between 1 and ${mostTasks}.`);
  if (
    text(definition.body, 'networkMode') === 'awsvpc' &&
    object(input, 'networkConfiguration') === undefined
  ) {
    throw invalidParameter("Network Configuration must be provided when networkMode 'awsvpc' is specified.");
  }
  const names = definition.containers.map((container) => text(container, 'name'));
  for (const override of objects(object(input, 'overrides') ?? {}, 'containerOverrides')) {
    const name = requiredText(override, 'name');
    if (!names.includes(name)) {
      throw invalidParameter(
        `Override for container named ${name} is not a container in the TaskDefinition.`,
      );
    }
  }
  if (!world.capacityAvailable) {
    throw clientException(
      'Capacity is unavailable at this time. Please try again later or in a different availability zone',
    );
  }
}
