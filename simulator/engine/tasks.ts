/** The records of tasks: how they are made, and what their health is. */
import type { ImageBehaviour } from '../state/image-behaviour.ts';
import { object, objects, text, texts } from '../state/json.ts';
import type { JsonObject } from '../state/json.ts';
import type { Cluster, Container, Service, ServiceRevision, Task, TaskDefinition } from '../state/model.ts';
import type { World } from './world.ts';

const usualCommandSeconds = 5;

export interface TaskRequest {
  readonly cluster: Cluster;
  readonly definition: TaskDefinition;
  readonly service?: Service;
  readonly revision?: ServiceRevision;
  readonly startedBy: string | undefined;
  readonly group: string;
  readonly networkConfiguration: JsonObject | undefined;
  readonly overrides?: JsonObject;
  readonly tags?: readonly JsonObject[];
}

/** Makes a task in PROVISIONING, with its network interface, and puts it into its cluster. */
export function createTask(world: World, request: TaskRequest): Task {
  const id = world.ids.hex();
  const arn = world.arn('ecs', `task/${request.cluster.name}/${id}`);
  const task: Task = {
    id,
    arn,
    cluster: request.cluster,
    service: request.service,
    revision: request.revision,
    definition: request.definition,
    startedBy: request.startedBy,
    group: request.group,
    containers: containersOf(world, request, id),
    overrides: request.overrides ?? {},
    network: networkOf(world, request),
    tags: [...(request.tags ?? [])],
    createdAt: world.clock.now(),
    pullStartedAt: undefined,
    pullStoppedAt: undefined,
    startedAt: undefined,
    stoppingAt: undefined,
    executionStoppedAt: undefined,
    stoppedAt: undefined,
    lastStatus: 'PROVISIONING',
    desiredStatus: 'RUNNING',
    stopCode: undefined,
    stoppedReason: undefined,
    version: 1,
    wasHealthy: false,
    targets: [],
    cancel: [],
  };
  for (const container of task.containers) container.digest = digestFor(task, container);
  request.cluster.tasks.set(arn, task);
  return task;
}

/** Those of the definition, and those that AWS adds to the tasks of the service. */
function containersOf(world: World, request: TaskRequest, taskId: string): Container[] {
  const defined = request.definition.containers.map((definition) =>
    containerOf(world, request, taskId, definition),
  );
  const added = defined.flatMap(({ behaviour }) => behaviour.addedContainers ?? []);
  return [
    ...defined,
    ...added.map(({ name, ...behaviour }) => {
      const definition = { name, essential: true };
      return { ...containerOf(world, request, taskId, definition), found: undefined, behaviour };
    }),
  ];
}

/** A container whose image is looked up by the digest that its service revision pinned, where there is one. */
function containerOf(world: World, request: TaskRequest, taskId: string, definition: JsonObject): Container {
  const name = text(definition, 'name') ?? '';
  const image = text(definition, 'image') ?? '';
  const pinned = request.revision?.images.get(name)?.digest;
  const reference = pinned === undefined || image.includes('@') ? image : `${image}@${pinned}`;
  const found = world.images.find(reference);
  const override = objects(request.overrides ?? {}, 'containerOverrides').find(
    (one) => text(one, 'name') === name,
  );
  const command = texts(override ?? {}, 'command');
  return {
    name,
    arn: world.arn('ecs', `container/${request.cluster.name}/${taskId}/${world.ids.uuid()}`),
    definition,
    image,
    found,
    behaviour:
      command.length > 0 ? { ...found?.behaviour, ...behaviourOfCommand(command) } : (found?.behaviour ?? {}),
    digest: undefined,
    runtimeId: undefined,
    lastStatus: 'PENDING',
    healthStatus: 'UNKNOWN',
    exitCode: undefined,
    reason: undefined,
  };
}

/**
 * What a container does that was given a command of its own, such as a migration: it runs for a while and exits with 0.
 * The command may say otherwise: `sleep 20` lasts, `echo text` prints, `exit 3` ends with that code.
 */
function behaviourOfCommand(command: readonly string[]): ImageBehaviour {
  const line = command.join(' ');
  const seconds = /\bsleep (\d+)/.exec(line)?.[1];
  const code = /\bexit (\d+)/.exec(line)?.[1];
  const printed = [...line.matchAll(/\becho ([^;&|]+)/g)].map(([, text = '']) => text.trim());
  return {
    exit: {
      afterSeconds: seconds === undefined ? usualCommandSeconds : Number(seconds),
      code: code === undefined ? 0 : Number(code),
    },
    logs: [`Running ${line}`],
    lastWords: printed,
  };
}

function networkOf(world: World, request: TaskRequest): Task['network'] {
  const awsvpc = object(request.networkConfiguration ?? {}, 'awsvpcConfiguration') ?? {};
  const serial = world.ids.next();
  return {
    ip: `10.0.${(serial >> 8) & 255}.${serial & 255}`,
    eni: `eni-${world.ids.hex(17)}`,
    attachment: world.ids.uuid(),
    subnet: texts(awsvpc, 'subnets')[0] ?? 'subnet-0a1b2c3d4e5f60001',
    mac: `0a:${world.ids.hex(10).replace(/..(?=.)/g, '$&:')}`,
    serial,
  };
}

function digestFor(task: Task, { found }: Container): string | undefined {
  const architecture = architectureOf(task);
  return found?.platforms.find((one) => one.architecture === architecture)?.digest ?? found?.digest;
}

/** The task's platform, as image manifests name it. */
export function architectureOf(task: Task): 'amd64' | 'arm64' {
  const platform = object(task.definition.body, 'runtimePlatform') ?? {};
  return text(platform, 'cpuArchitecture') === 'ARM64' ? 'arm64' : 'amd64';
}

/** Whether every health check that the definition asks for has passed. */
export function containersHealthy(task: Task): boolean {
  return task.containers.every(
    ({ definition, healthStatus }) => !isHealthChecked(definition) || healthStatus === 'HEALTHY',
  );
}

/** The container that failed its own health check, if one did. */
export function unhealthyContainer(task: Task): Container | undefined {
  return task.containers.find(
    ({ definition, healthStatus }) => isHealthChecked(definition) && healthStatus === 'UNHEALTHY',
  );
}

/** Whether the task has any health check at all: a container's own or a target group's. */
export function hasHealthCheck(task: Task): boolean {
  return task.targets.length > 0 || task.containers.some(({ definition }) => isHealthChecked(definition));
}

function isHealthChecked(definition: JsonObject): boolean {
  return definition['essential'] !== false && healthCheckOf(definition) !== undefined;
}

/** What checks a container; Docker's `NONE` checks nothing. */
export function healthCheckOf(definition: JsonObject): JsonObject | undefined {
  const check = object(definition, 'healthCheck');
  return check === undefined || texts(check, 'command')[0] === 'NONE' ? undefined : check;
}

/** Running, and every health check that applies to it passed. */
export function isHealthy(task: Task): boolean {
  return (
    task.lastStatus === 'RUNNING' &&
    containersHealthy(task) &&
    task.isUnregistered !== true &&
    task.targets.every(({ target }) => target.health.state === 'healthy') &&
    (task.wasHealthy || hasHealthCheck(task))
  );
}
