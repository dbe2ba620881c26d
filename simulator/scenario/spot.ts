import { interruptSpotTask } from '../engine/scheduler.ts';
import { isUnderway, primaryOf } from '../engine/service-deployments.ts';
import type { World } from '../engine/world.ts';
import type { Service } from '../state/model.ts';

/** AWS needs the capacity of Fargate Spot itself. */
export interface SpotInterruptions {
  /** Between two of them. */
  readonly everySeconds: number;
  /** Running tasks of the new revision that go at once; 1 by default. */
  readonly tasks?: number;
  /** How often in all; without end by default. */
  readonly times?: number;
}

/** Takes running tasks of what each service is being deployed to, again and again. */
export function interruptAgainAndAgain(
  world: World,
  { everySeconds, tasks = 1, times = Number.POSITIVE_INFINITY }: SpotInterruptions,
): void {
  let left = times;
  const interrupt = (): void => {
    const chosen = world.services().flatMap((service) => newTasks(service).slice(0, tasks));
    if (chosen.length > 0) left -= 1;
    for (const task of chosen) interruptSpotTask(world, task);
    if (left > 0) world.clock.after(everySeconds, interrupt);
  };
  world.clock.after(everySeconds, interrupt);
}

function newTasks(service: Service): ReturnType<Service['cluster']['tasksOf']> {
  if (!service.serviceDeployments.some(isUnderway)) return [];
  const primary = primaryOf(service);
  return service.cluster
    .tasksOf(service)
    .filter(({ startedBy, lastStatus }) => startedBy === primary?.id && lastStatus === 'RUNNING');
}
