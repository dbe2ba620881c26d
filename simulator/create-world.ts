import { watchCodeDeployAlarms } from './engine/codedeploy/deployments.ts';
import { watchAlarms } from './engine/deployment-failures.ts';
import { scheduleRound } from './engine/scheduler.ts';
import { World, type WorldOptions } from './engine/world.ts';
import { behaviourByConvention } from './scenario/images.ts';

/** An empty world in which things happen: its services are scheduled, and its alarms fail their deployments. */
export function createWorld(options: Omit<WorldOptions, 'conventionOf' | 'onChange'>): World {
  const world = new World({ ...options, conventionOf: behaviourByConvention, onChange: scheduleRound });
  watchAlarms(world);
  watchCodeDeployAlarms(world);
  return world;
}
