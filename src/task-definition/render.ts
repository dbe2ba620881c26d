import { byDigest } from '../aws/image-reference.ts';
import type {
  ContainerDefinition,
  DefinitionRequest,
  DeployedImage,
  Json,
  JsonObject,
  NamedChanges,
  RunningImage,
  TaskDefinition,
} from '../model/index.ts';
import { isArray, isObject, objectIn, textIn } from '../runtime/json.ts';
import { mapContainers } from './shape.ts';

/** What is rendered into a base. */
export interface Rendering {
  readonly request: DefinitionRequest;
  /** The containers that the request's fields go into. */
  readonly containers: readonly string[];
  readonly images: Readonly<Record<string, DeployedImage>>;
  /** What runs now; its containers keep their images unless this run brings one. */
  readonly running: readonly RunningImage[];
}

/** Pure: the definition to deploy. Everything that the request does not name stays as it is in the base. */
export function render(base: TaskDefinition, rendering: Rendering): TaskDefinition {
  const { request } = rendering;
  const withContainers = mapContainers(base, (container) => {
    const image = imageOf(container, rendering);
    const placed = image === container.image ? container : { ...container, image };
    return rendering.containers.includes(container.name) ? renderContainer(placed, request) : placed;
  });
  return {
    ...withContainers,
    ...given('taskRoleArn', request.taskRoleArn),
    ...given('executionRoleArn', request.executionRoleArn),
    ...given('cpu', request.cpu),
    ...given('memory', request.memory),
  };
}

/** True where the request asks for anything that changes a definition besides its images. */
export function rendersAnything(request: DefinitionRequest): boolean {
  const ofTask = [request.taskRoleArn, request.executionRoleArn, request.cpu, request.memory];
  return rendersContainers(request) || ofTask.some((value) => value !== undefined);
}

/** True where some of it goes into containers, so that it has to be known into which. */
export function rendersContainers(request: DefinitionRequest): boolean {
  const changes = [request.environment, request.secrets, request.dockerLabels, request.logOptions];
  return (
    changes.some((change) => !isEmpty(change)) ||
    request.logDriver !== undefined ||
    request.command !== undefined ||
    request.envFiles.length > 0 ||
    request.environmentMode === 'replace'
  );
}

function imageOf(container: ContainerDefinition, { images, running }: Rendering): string {
  const ours = Object.hasOwn(images, container.name) ? images[container.name] : undefined;
  if (ours !== undefined) return ours.reference;
  const now = running.find((each) => each.container === container.name);
  if (now === undefined) return container.image;
  return now.digest === undefined ? now.image : byDigest(now.image, now.digest);
}

function renderContainer(container: ContainerDefinition, request: DefinitionRequest): ContainerDefinition {
  return {
    ...container,
    ...renderEnvironment(container, request),
    ...(request.envFiles.length === 0
      ? {}
      : { environmentFiles: request.envFiles.map((value) => ({ value, type: 's3' })) }),
    ...(isEmpty(request.dockerLabels)
      ? {}
      : { dockerLabels: mergeMap(container['dockerLabels'], request.dockerLabels) }),
    ...renderLogging(container, request),
    ...given('command', request.command),
  };
}

/** A name lives in `environment` or in `secrets`, never in both: setting it in one takes it out of the other. */
function renderEnvironment(
  container: ContainerDefinition,
  { environment, secrets, environmentMode }: DefinitionRequest,
): { environment?: Json; secrets?: Json } {
  if (environmentMode === 'replace') {
    return {
      environment: pairs(Object.entries(environment.set), 'value'),
      secrets: pairs(Object.entries(secrets.set), 'valueFrom'),
    };
  }
  if (isEmpty(environment) && isEmpty(secrets)) return {};
  const plain = { set: environment.set, remove: [...environment.remove, ...Object.keys(secrets.set)] };
  const secret = { set: secrets.set, remove: [...secrets.remove, ...Object.keys(environment.set)] };
  return {
    ...keepAbsence('environment', container, mergeList(container['environment'], plain, 'value')),
    ...keepAbsence('secrets', container, mergeList(container['secrets'], secret, 'valueFrom')),
  };
}

/** Entries merged by name. Every other entry stays as it is written, whatever else is in it. */
function mergeList(list: Json | undefined, { set, remove }: NamedChanges, valueField: string): Json {
  const before = isArray(list) ? list : [];
  const gone = new Set(remove.filter((name) => !Object.hasOwn(set, name)));
  const kept = before.flatMap((entry): Json[] => {
    const name = isObject(entry) ? entry['name'] : undefined;
    if (!isObject(entry) || typeof name !== 'string') return [entry];
    if (gone.has(name)) return [];
    return [Object.hasOwn(set, name) ? { ...entry, [valueField]: set[name] } : entry];
  });
  const known = new Set(kept.map((entry) => (isObject(entry) ? entry['name'] : undefined)));
  return [...kept, ...pairs(Object.entries(set), valueField).filter((entry) => !known.has(entry['name']))];
}

function renderLogging(
  container: ContainerDefinition,
  { logDriver, logOptions }: DefinitionRequest,
): { logConfiguration?: Json } {
  if (logDriver === undefined && isEmpty(logOptions)) return {};
  const before = isObject(container['logConfiguration']) ? container['logConfiguration'] : {};
  if (logDriver === undefined && isWithoutLogging(container) && Object.keys(logOptions.set).length === 0) {
    return {};
  }
  const sameDriver = logDriver === undefined || logDriver === before['logDriver'];
  const options = mergeMap(sameDriver ? before['options'] : undefined, logOptions);
  return {
    logConfiguration: sameDriver
      ? { ...before, ...given('logDriver', logDriver), options }
      : { logDriver, options },
  };
}

/** Where its options would be nobody's. */
export function isWithoutLogging(container: ContainerDefinition): boolean {
  return textIn(objectIn(container, 'logConfiguration'), 'logDriver') === undefined;
}

function mergeMap(before: Json | undefined, changes: NamedChanges): Json {
  const merged = new Map(Object.entries(isObject(before) ? before : {}));
  for (const name of changes.remove) merged.delete(name);
  for (const [name, value] of Object.entries(changes.set)) merged.set(name, value);
  return Object.fromEntries(merged);
}

function pairs(entries: readonly (readonly [string, string])[], valueField: string): JsonObject[] {
  return entries.map(([name, value]) => ({ name, [valueField]: value }));
}

/** An empty list is not added where the base had none. */
function keepAbsence(field: string, container: ContainerDefinition, list: Json): Record<string, Json> {
  return Array.isArray(list) && list.length === 0 && container[field] === undefined ? {} : { [field]: list };
}

function isEmpty(changes: NamedChanges): boolean {
  return Object.keys(changes.set).length === 0 && changes.remove.length === 0;
}

function given<Field extends string>(field: Field, value: Json | undefined): { [key in Field]?: Json } {
  return (value === undefined ? {} : { [field]: value }) as { [key in Field]?: Json };
}
