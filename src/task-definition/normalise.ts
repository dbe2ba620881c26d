import { cpuUnits, mebibytes } from '../aws/task-definitions.ts';
import type { ContainerDefinition, Json, JsonObject, TaskDefinition } from '../model/index.ts';
import { isArray, isObject } from '../runtime/json.ts';
import { mapContainers } from './shape.ts';

/** Defaults that ECS fills in when a definition is registered (ECS API, ContainerDefinition and TaskDefinition). */
const CONTAINER_DEFAULTS: JsonObject = { cpu: 0, essential: true, versionConsistency: 'enabled' };

const HEALTH_CHECK_DEFAULTS: JsonObject = { interval: 30, timeout: 5, retries: 3 };

const MOUNT_DEFAULTS: JsonObject = { readOnly: false };

const FILE_SYSTEM_DEFAULTS: JsonObject = { rootDirectory: '/', transitEncryption: 'DISABLED' };

const DOCKER_VOLUME_DEFAULTS: JsonObject = { autoprovision: false };

const TASK_DEFAULTS: JsonObject = { enableFaultInjection: false };

const PLATFORM_DEFAULTS: JsonObject = { cpuArchitecture: 'X86_64', operatingSystemFamily: 'LINUX' };

/**
 * The same definition in the one form that equal definitions share: without the defaults that ECS fills in,
 * without empty lists and objects, sizes as plain numbers. Empty strings are values and stay.
 */
export function normalise(definition: TaskDefinition): TaskDefinition {
  const awsvpc = definition['networkMode'] === 'awsvpc';
  const withPlainContainers = mapContainers(definition, (container) => normaliseContainer(container, awsvpc));
  return prune({
    ...without(withPlainContainers, TASK_DEFAULTS),
    ...sized('cpu', cpuUnits(definition['cpu'])),
    ...sized('memory', mebibytes(definition['memory'])),
    ...(isObject(definition['runtimePlatform'])
      ? { runtimePlatform: without(definition['runtimePlatform'], PLATFORM_DEFAULTS) }
      : {}),
    ...(isArray(definition['volumes']) ? { volumes: definition['volumes'].map(normaliseVolume) } : {}),
    ...(isArray(definition['requiresCompatibilities'])
      ? { requiresCompatibilities: [...definition['requiresCompatibilities']].sort() }
      : {}),
  }) as TaskDefinition;
}

function normaliseContainer(container: ContainerDefinition, awsvpc: boolean): ContainerDefinition {
  return {
    ...without(container, CONTAINER_DEFAULTS),
    name: container.name,
    image: container.image,
    ...(isObject(container['healthCheck'])
      ? { healthCheck: without(container['healthCheck'], HEALTH_CHECK_DEFAULTS) }
      : {}),
    ...(isArray(container['portMappings'])
      ? { portMappings: container['portMappings'].map((mapping) => normalisePort(mapping, awsvpc)) }
      : {}),
    ...normaliseMounts('mountPoints', container['mountPoints']),
    ...normaliseMounts('volumesFrom', container['volumesFrom']),
  };
}

function normaliseMounts(field: string, mounts: Json | undefined): JsonObject {
  if (!isArray(mounts)) return {};
  return { [field]: mounts.map((mount) => (isObject(mount) ? without(mount, MOUNT_DEFAULTS) : mount)) };
}

function normaliseVolume(volume: Json): Json {
  if (!isObject(volume)) return volume;
  const efs = volume['efsVolumeConfiguration'];
  const docker = volume['dockerVolumeConfiguration'];
  return {
    ...volume,
    ...(isObject(efs) ? { efsVolumeConfiguration: without(efs, FILE_SYSTEM_DEFAULTS) } : {}),
    ...(isObject(docker) ? { dockerVolumeConfiguration: without(docker, DOCKER_VOLUME_DEFAULTS) } : {}),
  };
}

/** In awsvpc mode the host port is the container port. */
function normalisePort(mapping: Json, awsvpc: boolean): Json {
  if (!isObject(mapping)) return mapping;
  const { hostPort, ...rest } = mapping;
  const impliedPort = awsvpc || hostPort === 0 || hostPort === undefined;
  return { protocol: 'tcp', ...rest, ...(impliedPort ? {} : { hostPort }) };
}

function sized(field: string, size: number | undefined): JsonObject {
  return size === undefined ? {} : { [field]: String(size) };
}

function without(object: JsonObject, defaults: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(object).filter(([field, value]) => defaults[field] !== value));
}

/** Drops null, empty lists and empty objects, from the leaves up. */
function prune(value: Json): Json {
  if (isArray(value)) return value.map(prune);
  if (!isObject(value)) return value;
  const kept = Object.entries(value).flatMap(([field, child]) => {
    const pruned = prune(child ?? null);
    return isNothing(pruned) ? [] : [[field, pruned] as const];
  });
  return Object.fromEntries(kept);
}

function isNothing(value: Json): boolean {
  if (value === null) return true;
  if (isArray(value)) return value.length === 0;
  return isObject(value) && Object.keys(value).length === 0;
}
