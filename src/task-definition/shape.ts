import { withoutReadOnlyFields } from '../aws/task-definitions.ts';
import { RegisterTaskDefinitionRequest$ } from '@aws-sdk/client-ecs';
import { NormalizedSchema } from '@smithy/core/schema';
import { closest, distance } from 'fastest-levenshtein';
import type { ContainerDefinition, Json, JsonObject, TaskDefinition } from '../model/index.ts';
import { DeployError } from '../runtime/error.ts';
import { isArray, isObject } from '../runtime/json.ts';
import type { Log } from '../runtime/log.ts';

/** A described definition in the form that can be registered. Throws a sentence where it is none. */
export function registrable(described: JsonObject, tags: readonly Json[] = []): TaskDefinition {
  return asTaskDefinition(withoutReadOnlyFields(described, tags));
}

/** Checks the two fields that everything else relies on. Throws a sentence that names what is wrong. */
export function asTaskDefinition(value: Json | undefined): TaskDefinition {
  if (!isObject(value)) throw new Error('it is not an object');
  if (typeof value['family'] !== 'string' || value['family'] === '') throw new Error('it has no family');
  const containers = value['containerDefinitions'];
  if (!isArray(containers) || containers.length === 0) throw new Error('it has no containerDefinitions');
  for (const [index, container] of containers.entries()) {
    if (!isObject(container) || typeof container['name'] !== 'string') {
      throw new Error(`containerDefinitions[${index}] has no name`);
    }
  }
  return value as TaskDefinition;
}

/** The definition with one container replaced by what `change` makes of it. */
export function mapContainers(
  definition: TaskDefinition,
  change: (container: ContainerDefinition) => ContainerDefinition,
): TaskDefinition {
  return { ...definition, containerDefinitions: definition.containerDefinitions.map(change) };
}

/** A field that the published model of RegisterTaskDefinition does not have. */
export interface UnknownField {
  /** Such as `containerDefinitions[web].enviroment`. */
  readonly path: string;
  /** The field that was probably meant; undefined where none is near: AWS may have added this one since. */
  readonly meant: string | undefined;
}

/** Letters that a slip of the keyboard changes. */
const SLIP = 2;

/**
 * Looks a file's definition over for fields that nobody knows: a slip is an error that names the field that was
 * meant; one that AWS may have added since goes to AWS as it is, with a warning.
 */
export function reviewSpelling(definition: TaskDefinition, path: string, log: Log): void {
  const unknown = unknownFields(definition);
  const slips = unknown.filter((field) => field.meant !== undefined);
  if (slips.length > 0) {
    const list = slips.map((slip) => `${slip.path} (did you mean ${slip.meant ?? ''}?)`).join(', ');
    throw new DeployError('invalid-input', `task-definition: ${path} has unknown fields: ${list}.`);
  }
  for (const field of unknown) {
    log.warn(
      `task-definition: ${path} has the field ${field.path}, which this version does not know; AWS gets it as it is.`,
    );
  }
}

/** Pure: every field of a definition that the model does not have, with the nearest one that it has. */
export function unknownFields(definition: TaskDefinition): UnknownField[] {
  return inValue(definition, NormalizedSchema.of(RegisterTaskDefinitionRequest$), '');
}

function inValue(value: Json | undefined, schema: NormalizedSchema, path: string): UnknownField[] {
  if (isArray(value) && schema.isListSchema()) {
    return value.flatMap((entry, index) =>
      inValue(entry, schema.getValueSchema(), `${path}[${labelOf(entry, index)}]`),
    );
  }
  if (!isObject(value)) return [];
  if (schema.isMapSchema()) {
    return Object.values(value).flatMap((entry) => inValue(entry, schema.getValueSchema(), path));
  }
  if (!schema.isStructSchema()) return [];
  const members = new Map(schema.structIterator());
  return Object.entries(value).flatMap(([field, child]) => {
    const at = path === '' ? field : `${path}.${field}`;
    const member = members.get(field);
    return member === undefined
      ? [{ path: at, meant: nearest(field, [...members.keys()]) }]
      : inValue(child, member, at);
  });
}

/** A list's entry by its name, where it has one. */
function labelOf(entry: Json, index: number): string {
  const name = isObject(entry) ? entry['name'] : undefined;
  return typeof name === 'string' ? name : String(index);
}

function nearest(field: string, known: readonly string[]): string | undefined {
  const sameButForCase = known.find((name) => name.toLowerCase() === field.toLowerCase());
  if (sameButForCase !== undefined) return sameButForCase;
  const candidate = closest(field, known);
  return distance(field, candidate) <= SLIP ? candidate : undefined;
}
