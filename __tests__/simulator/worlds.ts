import { ManualClock } from '../../simulator/clock.ts';
import { createWorld } from '../../simulator/create-world.ts';
import type { Service, Task } from '../../simulator/state/model.ts';
import { Operator } from '../../simulator/scenario/operator.ts';
import { seedWorld } from '../../simulator/scenario/seed.ts';
import type { SeedOptions } from '../../simulator/scenario/seed.ts';
import type { World } from '../../simulator/engine/world.ts';

interface Bench {
  readonly clock: ManualClock;
  readonly world: World;
  readonly operator: Operator;
  /** The service `backend`, running two tasks of v1. */
  readonly backend: Service;
  /** Its tasks of one revision of the task definition, oldest first. */
  readonly tasksOf: (revision: number) => Task[];
  /** Lets time pass until its newest service deployment is in none of the statuses of one underway. */
  readonly finish: (limitSeconds?: number) => void;
  /** Its events since the last call, oldest first, without ids and without the service's name. */
  readonly news: () => string[];
}

/** A seeded world with a clock that a test moves. */
export function bench(options: SeedOptions = {}): Bench {
  const clock = new ManualClock();
  const world = createWorld({ clock });
  seedWorld(options)(world);
  const backend = world.cluster('demo').service('backend');
  const known = new Set(backend.events);
  return {
    clock,
    world,
    operator: new Operator(world),
    backend,
    tasksOf: (revision) =>
      world
        .cluster('demo')
        .tasksOf(backend)
        .filter((task) => task.definition.revision === revision),
    finish: (limitSeconds = 3600) => {
      clock.skipUntil(() => backend.serviceDeployments[0]?.finishedAt !== undefined, limitSeconds);
    },
    news: () => {
      const fresh = backend.events.filter((event) => !known.has(event)).reverse();
      for (const event of fresh) known.add(event);
      return fresh.map(({ message }) =>
        message
          .replace('(service backend) ', '')
          .replace(/ecs-svc\/\d+/g, 'ecs-svc/N')
          .replace(/\(task [0-9a-f]{32}\)/g, '(task T)')
          .replace(/arn:\S+targetgroup\/(\w+)\/\w+/g, '$1'),
      );
    },
  };
}
