/** RegisterTaskDefinition: what ECS refuses, and what it fills in. */
import { definitionViolations } from '../../src/ecs/definition-rules/index.ts';
import { REGISTRATION, unknownFields } from '../../src/ecs/definition-rules/model.ts';
import { AwsError, clientException } from '../state/errors.ts';
import { isObject, number, objects, requiredText, text } from '../state/json.ts';
import type { Json, JsonObject } from '../state/json.ts';
import type { TaskDefinition } from '../state/model.ts';
import type { World } from './world.ts';

/** Registers the next revision of a family. Throws ClientException for what ECS refuses. */
export function registerTaskDefinition(world: World, input: JsonObject): TaskDefinition {
  const { taskDefinitions } = world;
  validateRegistration(input, taskDefinitions.fieldsOfTheFuture);
  const definition = withoutNulls(input) as JsonObject;
  delete definition['tags'];
  return taskDefinitions.add(requiredText(input, 'family'), withDefaults(definition), objects(input, 'tags'));
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

/**
 * Refuses what RegisterTaskDefinition refuses, by the table of `src/ecs/definition-rules`. `tolerated` names fields that
 * this AWS knows although the published model does not.
 */
function validateRegistration(input: JsonObject, tolerated: ReadonlySet<string>): void {
  const readOnly = readOnlyFields.filter((field) => input[field] !== undefined);
  if (readOnly.length > 0)
    throw clientException(`Unexpected field in the task definition: ${readOnly.join(', ')}.`);
  const unknown = unknownFields(input, REGISTRATION).filter(({ field }) => !tolerated.has(field));
  if (unknown.length > 0) {
    const paths = unknown.map(({ path }) => path).join(', ');
    throw clientException(`Unknown field in the task definition: ${paths}.`);
  }
  const broken = definitionViolations(input).find(({ refused }) => refused);
  if (broken !== undefined) throw new AwsError(broken.code, broken.words);
}

/** Fields that DescribeTaskDefinition adds and RegisterTaskDefinition does not accept. */
export const readOnlyFields = [
  'taskDefinitionArn',
  'revision',
  'status',
  'requiresAttributes',
  'compatibilities',
  'registeredAt',
  'registeredBy',
  'deregisteredAt',
  'deleteRequestedAt',
];

/** AWS keeps no null. */
function withoutNulls(value: Json): Json {
  if (Array.isArray(value)) return value.map(withoutNulls);
  if (!isObject(value)) return value;
  const kept = Object.entries(value).flatMap(([field, inner]) =>
    inner === undefined || inner === null ? [] : [[field, withoutNulls(inner)] as const],
  );
  return Object.fromEntries(kept);
}
