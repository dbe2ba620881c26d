import { withoutReadOnlyFields } from '../aws/task-definitions.ts';
import type { ContainerDefinition, Json, JsonObject, TaskDefinition } from '../model/index.ts';
import { isArray, isObject } from '../runtime/json.ts';

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
