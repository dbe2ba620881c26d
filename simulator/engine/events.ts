import type { Service, Task } from '../state/model.ts';
import type { World } from './world.ts';

const keptEvents = 100;

/** Adds a service event in ECS's wording; the service's name is put in front. Newest first, 100 are kept. */
export function addEvent(world: World, service: Service, message: string): void {
  const event = {
    id: world.ids.uuid(),
    createdAt: world.clock.now(),
    message: `(service ${service.name}) ${message}`,
  };
  service.events = [event, ...service.events].slice(0, keptEvents);
}

/** `2 tasks: (task a) (task b).`, the way in which ECS lists tasks in its events. */
export function tasksNamed(tasks: readonly Task[], adjective = ''): string {
  return `${tasks.length} ${adjective}tasks: ${tasks.map(({ id }) => `(task ${id})`).join(' ')}.`;
}
