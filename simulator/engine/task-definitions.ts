/** RegisterTaskDefinition: what ECS refuses, and what it fills in. */
import { definitionViolations } from '../../src/ecs/definition-rules/index.ts';
import { REGISTRATION, unknownFields } from '../../src/ecs/definition-rules/model.ts';
import { storedSizes } from '../../src/ecs/definition-rules/sizes.ts';
import { AwsError, clientException } from '../state/errors.ts';
import { isObject, number, object, objects, requiredText, text } from '../state/json.ts';
import type { Json, JsonObject } from '../state/json.ts';
import type { TaskDefinition } from '../state/model.ts';
import type { World } from './world.ts';

/** Registers the next revision of a family. Throws ClientException for what ECS refuses. */
export function registerTaskDefinition(world: World, input: JsonObject): TaskDefinition {
  const { taskDefinitions } = world;
  validateRegistration(input, taskDefinitions.fieldsOfTheFuture);
  refuseForeignRoles(world, input);
  const definition = withoutNulls(input) as JsonObject;
  delete definition['tags'];
  return taskDefinitions.add(requiredText(input, 'family'), withDefaults(definition), objects(input, 'tags'));
}

/** A role is passed within its account only (IAM User Guide, "Grant a user permissions to pass a role to an AWS service"). */
function refuseForeignRoles(world: World, input: JsonObject): void {
  const own = world.role('');
  for (const field of ['taskRoleArn', 'executionRoleArn']) {
    const role = text(input, field) ?? '';
    if (role.startsWith('arn:') && !role.startsWith(own)) {
      throw new AwsError('AccessDeniedException', 'Cross-account pass role is not allowed.');
    }
  }
}

/**
 * What ECS fills in at registration, as DescribeTaskDefinition shows it: issues of Terraform and Pulumi quote the defaults
 * of health checks, ports and volumes, which made them register without end.
 */
function withDefaults(input: JsonObject): JsonObject {
  const mode = text(input, 'networkMode');
  return {
    placementConstraints: [],
    ...input,
    ...storedSizes(input),
    volumes: objects(input, 'volumes').map(volumeStored),
    containerDefinitions: objects(input, 'containerDefinitions').map((container) =>
      containerStored(container, mode),
    ),
  };
}

function containerStored(container: JsonObject, mode: string | undefined): JsonObject {
  return {
    cpu: 0,
    essential: true,
    mountPoints: [],
    volumesFrom: [],
    systemControls: [],
    ...container,
    // Variables come back in an order of ECS's own.
    environment: objects(container, 'environment').reverse(),
    portMappings: objects(container, 'portMappings').map((mapping) => portStored(mapping, mode)),
    ...structureStored(container, 'healthCheck', { interval: 30, timeout: 5, retries: 3 }),
  };
}

function portStored(mapping: JsonObject, mode: string | undefined): JsonObject {
  const port = number(mapping, 'containerPort');
  const isShared = mode === 'awsvpc' || mode === 'host';
  return {
    ...(port === undefined ? {} : { hostPort: isShared ? port : 0 }),
    protocol: 'tcp',
    ...mapping,
  };
}

function volumeStored(volume: JsonObject): JsonObject {
  const isOfHost = Object.keys(volume).every((field) => field === 'name');
  return {
    ...volume,
    ...(isOfHost ? { host: {} } : {}),
    ...structureStored(volume, 'efsVolumeConfiguration', { rootDirectory: '/' }),
    ...structureStored(volume, 'dockerVolumeConfiguration', { scope: 'task', autoprovision: false }),
  };
}

function structureStored(holder: JsonObject, field: string, defaults: JsonObject): JsonObject {
  const given = object(holder, field);
  return given === undefined ? {} : { [field]: { ...defaults, ...given } };
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
