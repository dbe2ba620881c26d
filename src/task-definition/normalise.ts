import { storedSizes } from '../ecs/definition-rules/sizes.ts';
import type { ContainerDefinition, Json, JsonObject, TaskDefinition } from '../model/index.ts';
import { isArray, isObject } from '../runtime/json.ts';
import { mapContainers } from './shape.ts';

/** What ECS fills in when a definition is registered, or does where a field is missing (ECS API, each structure). */
const CONTAINER_DEFAULTS: JsonObject = { cpu: 0, essential: true, versionConsistency: 'enabled' };

const HEALTH_CHECK_DEFAULTS: JsonObject = { interval: 30, timeout: 5, retries: 3 };

const MOUNT_DEFAULTS: JsonObject = { readOnly: false };

const RESTART_DEFAULTS: JsonObject = { restartAttemptPeriod: 300 };

const FILE_SYSTEM_DEFAULTS: JsonObject = { rootDirectory: '/', transitEncryption: 'DISABLED' };

const ACCESS_DEFAULTS: JsonObject = { iam: 'DISABLED' };

const DOCKER_VOLUME_DEFAULTS: JsonObject = { driver: 'local', autoprovision: false };

const PROXY_DEFAULTS: JsonObject = { type: 'APPMESH' };

const TASK_DEFAULTS: JsonObject = { enableFaultInjection: false, networkMode: 'bridge' };

const PLATFORM_DEFAULTS: JsonObject = { cpuArchitecture: 'X86_64', operatingSystemFamily: 'LINUX' };

/**
 * The same definition in the one form that equal definitions share: without the defaults that ECS fills in,
 * without empty lists and objects, sizes as plain numbers. Empty strings are values and stay.
 */
export function normalise(definition: TaskDefinition): TaskDefinition {
  const mode = definition['networkMode'];
  const sharesPorts = mode === 'awsvpc' || mode === 'host';
  const withPlainContainers = mapContainers(definition, (each) => normaliseContainer(each, sharesPorts));
  return prune({
    ...without(withPlainContainers, TASK_DEFAULTS),
    ...storedSizes(definition),
    ...plain(definition, 'runtimePlatform', PLATFORM_DEFAULTS),
    ...plain(definition, 'proxyConfiguration', PROXY_DEFAULTS),
    ...(isArray(definition['volumes']) ? { volumes: definition['volumes'].map(normaliseVolume) } : {}),
    ...(isArray(definition['requiresCompatibilities'])
      ? { requiresCompatibilities: [...definition['requiresCompatibilities']].sort() }
      : {}),
  }) as TaskDefinition;
}

function normaliseContainer(container: ContainerDefinition, sharesPorts: boolean): ContainerDefinition {
  return {
    ...without(container, CONTAINER_DEFAULTS),
    name: container.name,
    image: container.image,
    ...plain(container, 'healthCheck', HEALTH_CHECK_DEFAULTS),
    ...plain(container, 'restartPolicy', RESTART_DEFAULTS),
    ...(isArray(container['portMappings'])
      ? { portMappings: container['portMappings'].map((mapping) => normalisePort(mapping, sharesPorts)) }
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
  return {
    ...volume,
    ...(isObject(efs)
      ? {
          efsVolumeConfiguration: {
            ...without(efs, FILE_SYSTEM_DEFAULTS),
            ...plain(efs, 'authorizationConfig', ACCESS_DEFAULTS),
          },
        }
      : {}),
    ...dockerVolume(volume['dockerVolumeConfiguration']),
  };
}

/** The scope stays, so that a volume of Docker with defaults alone is still none of the host. */
function dockerVolume(docker: Json | undefined): JsonObject {
  if (!isObject(docker)) return {};
  return { dockerVolumeConfiguration: { scope: 'task', ...without(docker, DOCKER_VOLUME_DEFAULTS) } };
}

/** In the modes awsvpc and host the host port is the container port; otherwise ECS picks one where none is named. */
function normalisePort(mapping: Json, sharesPorts: boolean): Json {
  if (!isObject(mapping)) return mapping;
  const { hostPort, ...rest } = mapping;
  const isImplied = hostPort === 0 || (sharesPorts && hostPort === mapping['containerPort']);
  return { protocol: 'tcp', ...rest, ...(isImplied || hostPort === undefined ? {} : { hostPort }) };
}

/** A structure of an object without its defaults; nothing where the field holds anything else. */
function plain(object: JsonObject, field: string, defaults: JsonObject): JsonObject {
  const value = object[field];
  return isObject(value) ? { [field]: without(value, defaults) } : {};
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
