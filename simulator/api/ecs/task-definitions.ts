/** The actions of ECS that concern task definitions, and what they show. */
import { registerTaskDefinition } from '../../engine/task-definitions.ts';
import type { World } from '../../engine/world.ts';
import { clientException } from '../../state/errors.ts';
import { epochSeconds, object, requiredText, text, texts } from '../../state/json.ts';
import type { JsonObject } from '../../state/json.ts';
import type { TaskDefinition } from '../../state/model.ts';
import { page, paging } from '../protocol/pages.ts';

export const taskDefinitionActions = {
  RegisterTaskDefinition(world: World, input: JsonObject): JsonObject {
    const definition = registerTaskDefinition(world, input);
    return { taskDefinition: taskDefinitionView(world, definition), tags: definition.tags };
  },

  DescribeTaskDefinition(world: World, input: JsonObject): JsonObject {
    const definition = world.taskDefinitions.find(requiredText(input, 'taskDefinition'));
    if (definition === undefined) throw clientException('Unable to describe task definition.');
    const tags = texts(input, 'include').includes('TAGS') ? { tags: definition.tags } : {};
    return { taskDefinition: taskDefinitionView(world, definition), ...tags };
  },

  DeregisterTaskDefinition(world: World, input: JsonObject): JsonObject {
    const reference = requiredText(input, 'taskDefinition');
    const definition = reference.includes(':') ? world.taskDefinitions.find(reference) : undefined;
    if (definition === undefined) throw clientException('The specified task definition does not exist.');
    if (definition.status === 'INACTIVE') throw clientException('The specified task definition is inactive.');
    world.taskDefinitions.deregister(definition);
    return { taskDefinition: taskDefinitionView(world, definition) };
  },

  ListTaskDefinitions(world: World, input: JsonObject): JsonObject {
    const prefix = text(input, 'familyPrefix');
    const status = text(input, 'status') ?? 'ACTIVE';
    const listed = world.taskDefinitions
      .all()
      .filter((one) => (prefix === undefined || one.family === prefix) && one.status === status)
      .map(({ arn }) => arn);
    if (text(input, 'sort') === 'DESC') listed.reverse();
    const { items, nextToken } = page(listed, paging(input), 100);
    return { taskDefinitionArns: items, nextToken };
  },

  ListTaskDefinitionFamilies(world: World, input: JsonObject): JsonObject {
    const prefix = text(input, 'familyPrefix') ?? '';
    const status = text(input, 'status') ?? 'ACTIVE';
    const all = world.taskDefinitions.all().filter(({ family }) => family.startsWith(prefix));
    const active = new Set(all.filter((one) => one.status === 'ACTIVE').map(({ family }) => family));
    const families = [...new Set(all.map(({ family }) => family))].filter(
      (family) => status === 'ALL' || active.has(family) === (status === 'ACTIVE'),
    );
    const { items, nextToken } = page(families, paging(input), 100);
    return { families: items, nextToken };
  },
};

/** A definition as DescribeTaskDefinition shows it. */
export function taskDefinitionView(world: World, definition: TaskDefinition): JsonObject {
  const fargate = text(definition.body, 'networkMode') === 'awsvpc';
  return {
    ...definition.body,
    taskDefinitionArn: definition.arn,
    revision: definition.revision,
    status: definition.status,
    requiresAttributes: attributesOf(definition).map((name) => ({ name })),
    compatibilities: fargate ? ['EC2', 'FARGATE', 'MANAGED_INSTANCES'] : ['EC2', 'MANAGED_INSTANCES'],
    registeredAt: epochSeconds(definition.registeredAt),
    registeredBy: `arn:${world.partition}:iam::${world.account}:user/deployer`,
    deregisteredAt: epochSeconds(definition.deregisteredAt),
  };
}

function attributesOf({ body, containers }: TaskDefinition): string[] {
  const logs = containers.some(
    (one) => text(object(one, 'logConfiguration') ?? {}, 'logDriver') === 'awslogs',
  );
  const candidates: [boolean, string][] = [
    [logs, 'com.amazonaws.ecs.capability.logging-driver.awslogs'],
    [logs, 'ecs.capability.execution-role-awslogs'],
    [
      containers.some((one) => /\.dkr\.ecr\./.test(text(one, 'image') ?? '')),
      'ecs.capability.execution-role-ecr-pull',
    ],
    [
      containers.some((one) => object(one, 'healthCheck') !== undefined),
      'ecs.capability.container-health-check',
    ],
    [text(body, 'taskRoleArn') !== undefined, 'com.amazonaws.ecs.capability.task-iam-role'],
    [text(body, 'networkMode') === 'awsvpc', 'ecs.capability.task-eni'],
  ];
  return candidates.filter(([applies]) => applies).map(([, name]) => name);
}
