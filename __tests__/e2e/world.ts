/** Worlds around the bundle: a process of its own for each step, in real time. */
import type { Simulator } from '../../simulator/simulator.ts';
import { inAWorld as inAnyWorld, type WorldOptions } from '../story/world.ts';

export * from '../story/world.ts';

export function inAWorld(options: WorldOptions, test: (sim: Simulator) => Promise<void>): Promise<void> {
  return inAnyWorld({ as: 'bundle', ...options }, test);
}
