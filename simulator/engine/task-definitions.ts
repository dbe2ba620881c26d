/** RegisterTaskDefinition: what ECS refuses, and what it fills in. */
import { clientException } from '../state/errors.ts';
import { number, object, objects, requiredText, text, texts } from '../state/json.ts';
import type { JsonObject } from '../state/json.ts';
import type { TaskDefinition } from '../state/model.ts';
import { readOnlyFields, registrationShape, unknownFields } from './task-definition-fields.ts';
import type { World } from './world.ts';

/** Registers the next revision of a family. Throws ClientException for what ECS refuses. */
export function registerTaskDefinition(world: World, input: JsonObject): TaskDefinition {
  const { taskDefinitions } = world;
  validateRegistration(input, taskDefinitions.fieldsOfTheFuture);
  const definition = { ...input };
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
 * Refuses what RegisterTaskDefinition refuses, as ClientException. `tolerated` names fields (their last path
 * segment) that this AWS knows although the published model does not.
 */
function validateRegistration(input: JsonObject, tolerated: ReadonlySet<string>): void {
  refuseReadOnlyFields(input);
  refuseUnknownFields(input, tolerated);
  refuseBadFamily(input);
  const containers = objects(input, 'containerDefinitions');
  if (containers.length === 0) {
    throw clientException('Container list cannot be empty.');
  }
  refuseBadContainers(containers);
  if (text(input, 'networkMode') === 'awsvpc') refuseForeignHostPorts(containers);
  if (texts(input, 'requiresCompatibilities').includes('FARGATE')) refuseUnfitForFargate(input, containers);
}

function refuseReadOnlyFields(input: JsonObject): void {
  const given = readOnlyFields.filter((field) => input[field] !== undefined);
  if (given.length > 0)
    throw clientException(`Unexpected field in the task definition: ${given.join(', ')}.`);
}

function refuseUnknownFields(input: JsonObject, tolerated: ReadonlySet<string>): void {
  const unknown = unknownFields(input, registrationShape).filter(
    (path) => !tolerated.has(path.slice(path.lastIndexOf('.') + 1)),
  );
  if (unknown.length > 0)
    throw clientException(`Unknown field in the task definition: ${unknown.join(', ')}.`);
}

function refuseBadFamily(input: JsonObject): void {
  const family = text(input, 'family');
  if (family === undefined || family === '') throw clientException('Family should not be null or empty.');
  if (!/^[A-Za-z0-9_-]{1,255}$/.test(family)) {
    throw clientException(
      'Family contains invalid characters. Up to 255 letters, numbers, hyphens, and underscores are allowed.',
    );
  }
}

function refuseBadContainers(containers: readonly JsonObject[]): void {
  const names = new Set<string>();
  for (const container of containers) {
    const name = text(container, 'name');
    if (name === undefined || name === '')
      throw clientException('Container.name should not be null or empty.');
    const image = text(container, 'image');
    if (image === undefined || image === '')
      throw clientException('Container.image should not be null or empty.');
    if (names.has(name))
      throw clientException(`Container names must be unique within a task definition. Duplicate: ${name}.`);
    names.add(name);
    refuseHalfLogging(container);
  }
  if (containers.every((container) => container['essential'] === false)) {
    throw clientException('Invalid task definition: at least one container must be essential.');
  }
  for (const container of containers) refuseStrangeDependencies(container, names);
}

function refuseHalfLogging(container: JsonObject): void {
  const logging = object(container, 'logConfiguration');
  if (logging === undefined || text(logging, 'logDriver') !== 'awslogs') return;
  const options = object(logging, 'options') ?? {};
  const missing = ['awslogs-region', 'awslogs-group'].filter((option) => text(options, option) === undefined);
  if (missing.length > 0) throw clientException(`Log driver awslogs requires options: ${missing.join(', ')}`);
}

function refuseStrangeDependencies(container: JsonObject, names: ReadonlySet<string>): void {
  for (const dependency of objects(container, 'dependsOn')) {
    const on = requiredText(dependency, 'containerName');
    if (!names.has(on))
      throw clientException(`Invalid 'dependsOn' setting: container '${on}' does not exist.`);
  }
}

function refuseForeignHostPorts(containers: readonly JsonObject[]): void {
  for (const mapping of containers.flatMap((container) => objects(container, 'portMappings'))) {
    const port = number(mapping, 'containerPort');
    const hostPort = number(mapping, 'hostPort');
    if (hostPort !== undefined && hostPort !== 0 && hostPort !== port) {
      throw clientException(
        'When networkMode=awsvpc, the host ports and container ports in port mappings must match.',
      );
    }
  }
}

function refuseUnfitForFargate(input: JsonObject, containers: readonly JsonObject[]): void {
  if (text(input, 'networkMode') !== 'awsvpc')
    throw clientException("Fargate only supports network mode 'awsvpc'.");
  const cpu = text(input, 'cpu');
  const memory = text(input, 'memory');
  if (cpu === undefined) throw clientException("Fargate requires that 'cpu' be defined at the task level.");
  if (memory === undefined)
    throw clientException("Fargate requires that 'memory' be defined at the task level.");
  if (!(fargateMemory(cpu) ?? []).includes(mebibytes(memory))) {
    throw clientException('No Fargate configuration exists for given values.');
  }
  if (text(input, 'executionRoleArn') === undefined) refuseWithoutExecutionRole(containers);
}

function refuseWithoutExecutionRole(containers: readonly JsonObject[]): void {
  const purposeOf = (container: JsonObject): string | undefined => {
    if (text(object(container, 'logConfiguration') ?? {}, 'logDriver') === 'awslogs')
      return 'log driver awslogs';
    if (objects(container, 'secrets').length > 0) return 'Secrets Manager secrets';
    return /\.dkr\.ecr\./.test(text(container, 'image') ?? '') ? 'ECR images' : undefined;
  };
  const purpose = containers.map(purposeOf).find((found) => found !== undefined);
  if (purpose === undefined) return;
  throw clientException(`Fargate requires task definition to have execution role ARN to support ${purpose}.`);
}

/** `2048`, `2GB` and `2 GB` alike. */
function mebibytes(memory: string): number {
  const [, amount = '', unit] = /^\s*(\d+(?:\.\d+)?)\s*(gb)?\s*$/i.exec(memory) ?? [];
  return amount === '' ? Number.NaN : Number(amount) * (unit === undefined ? 1 : 1024);
}

function steps(from: number, to: number, step: number): number[] {
  return Array.from({ length: (to - from) / step + 1 }, (_, index) => from + index * step);
}

/** Developer Guide, "Task CPU and memory" for Fargate: memory in MiB for each cpu value. */
const memoryFor = new Map([
  [256, [512, 1024, 2048]],
  [512, steps(1024, 4096, 1024)],
  [1024, steps(2048, 8192, 1024)],
  [2048, steps(4096, 16384, 1024)],
  [4096, steps(8192, 30720, 1024)],
  [8192, steps(16384, 61440, 4096)],
  [16384, steps(32768, 122880, 8192)],
]);

/** The memory sizes that Fargate pairs with a cpu value such as `1024` or `1 vCPU`; undefined for no such cpu. */
function fargateMemory(cpu: string): readonly number[] | undefined {
  const [, amount = '', unit] = /^\s*(\d*\.?\d+)\s*(vcpu)?\s*$/i.exec(cpu) ?? [];
  return memoryFor.get(Number(amount) * (unit === undefined ? 1 : 1024));
}
