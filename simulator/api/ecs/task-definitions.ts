import { clientException } from '../../state/errors.ts';
import { epochSeconds, number, object, objects, requiredText, text, texts } from '../../state/json.ts';
import type { JsonObject } from '../../state/json.ts';
import { page } from '../protocol/pages.ts';
import type { World } from '../../engine/world.ts';
import type { TaskDefinition } from '../../state/model.ts';
import { validateRegistration } from '../../engine/task-definitions.ts';

/** The task definitions of one account and region. */
export class TaskDefinitions {
  /** Fields that this AWS accepts although the published model does not have them. */
  readonly fieldsOfTheFuture = new Set<string>();
  private readonly families = new Map<string, TaskDefinition[]>();
  private readonly world: World;

  constructor(world: World) {
    this.world = world;
  }

  /** Registers the next revision of a family. Throws ClientException for what ECS refuses. */
  register(input: JsonObject): TaskDefinition {
    validateRegistration(input, this.fieldsOfTheFuture);
    const definition = { ...input };
    delete definition['tags'];
    const family = requiredText(input, 'family');
    const revisions = this.families.get(family) ?? [];
    const revision = revisions.length + 1;
    const body = withDefaults(definition);
    const registered: TaskDefinition = {
      family,
      revision,
      arn: this.world.arn('ecs', `task-definition/${family}:${revision}`),
      body,
      containers: objects(body, 'containerDefinitions'),
      tags: objects(input, 'tags'),
      status: 'ACTIVE',
      registeredAt: this.world.clock.now(),
      deregisteredAt: undefined,
    };
    this.families.set(family, [...revisions, registered]);
    return registered;
  }

  /** Finds by ARN, `family:revision`, or `family` (its latest ACTIVE revision). */
  find(reference: string): TaskDefinition | undefined {
    const name = reference.startsWith('arn:') ? reference.slice(reference.indexOf('/') + 1) : reference;
    const [family = '', revision] = name.split(':');
    const revisions = this.families.get(family) ?? [];
    return revision === undefined
      ? revisions.findLast(({ status }) => status === 'ACTIVE')
      : revisions.find((candidate) => String(candidate.revision) === revision);
  }

  deregister(definition: TaskDefinition): void {
    definition.status = 'INACTIVE';
    definition.deregisteredAt = this.world.clock.now();
  }

  /** Every revision, ordered by family, then by revision. */
  all(): TaskDefinition[] {
    return [...this.families.keys()].sort().flatMap((family) => this.families.get(family) ?? []);
  }
}

/** What ECS fills in at registration; seen in what DescribeTaskDefinition answers. */
function withDefaults(input: JsonObject): JsonObject {
  const awsvpc = text(input, 'networkMode') === 'awsvpc';
  return {
    placementConstraints: [],
    volumes: [],
    ...input,
    containerDefinitions: objects(input, 'containerDefinitions').map((container) => ({
      cpu: 0,
      essential: true,
      environment: [],
      mountPoints: [],
      volumesFrom: [],
      systemControls: [],
      ...container,
      portMappings: objects(container, 'portMappings').map((mapping) => ({
        ...(awsvpc ? { hostPort: number(mapping, 'containerPort') } : {}),
        protocol: 'tcp',
        ...mapping,
      })),
    })),
  };
}

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

/** The actions of ECS that concern task definitions. */
export const taskDefinitionActions = {
  RegisterTaskDefinition(world: World, input: JsonObject): JsonObject {
    const definition = world.taskDefinitions.register(input);
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
    const { items, nextToken } = page(listed, asked(input), 100);
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
    const { items, nextToken } = page(families, asked(input), 100);
    return { families: items, nextToken };
  },
};

/** What a listing was asked for, in the fields that all listings of ECS share. */
export function asked(input: JsonObject): { maxResults: number | undefined; nextToken: string | undefined } {
  return { maxResults: number(input, 'maxResults'), nextToken: text(input, 'nextToken') };
}
