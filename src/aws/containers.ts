import type { TaskDefinition } from '../model.ts';

/** Pure: the names of the containers whose end ends the task (ECS API, ContainerDefinition: essential by default). */
export function essentialContainers({ containerDefinitions }: TaskDefinition): string[] {
  return containerDefinitions.filter(isEssential).map(({ name }) => name);
}

/** Pure: a task's health is that of its essential containers; checks of others leave it UNKNOWN (ECS API, Task). */
export function hasContainerChecks({ containerDefinitions }: TaskDefinition): boolean {
  return containerDefinitions.some((each) => isEssential(each) && each['healthCheck'] !== undefined);
}

function isEssential(container: TaskDefinition['containerDefinitions'][number]): boolean {
  return container['essential'] !== false;
}
