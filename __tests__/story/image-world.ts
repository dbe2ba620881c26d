/** What story tests about images ask of a world: digests, revisions, and a service whose tag has moved on. */
import { expect } from '@jest/globals';
import type { StepResult } from '../../runner/step.ts';
import type { Simulator } from '../../simulator/simulator.ts';
import type { TaskDefinition } from '../../simulator/state/model.ts';

export const REGISTRY = '123456789012.dkr.ecr.us-east-1.amazonaws.com';

/** Fails behind the load balancer, after ECS has called it successful. */
export const badUrl = (sim: Simulator): Record<string, string> => ({
  'health-check-url': `${sim.loadBalancers['web']?.url ?? ''}/version`,
  'health-check-json': 'version=never',
  'health-check-deadline-seconds': '20',
});

/** What the tasks of a service run, by their digests. */
export function running(sim: Simulator, name = 'backend'): string[] {
  const tasks = [...sim.world.cluster('demo').tasks.values()].filter(
    (task) => task.lastStatus === 'RUNNING' && task.group === `service:${name}`,
  );
  return [...new Set(tasks.flatMap(({ containers }) => containers.map(({ digest }) => digest ?? '')))];
}

export function digest(sim: Simulator, reference: string): string {
  return sim.world.images.find(`${REGISTRY}/${reference}`)?.digest ?? '';
}

export function found(sim: Simulator, revision: string): TaskDefinition {
  const definition = sim.world.taskDefinitions.find(revision);
  if (definition === undefined) throw new Error(`There is no ${revision}.`);
  return definition;
}

/** The container `backend` of a revision, as it is registered. */
export function imageOf(sim: Simulator, revision: string): unknown {
  return sim.world.taskDefinitions.find(revision)?.containers[0]?.['image'];
}

/** The service runs backend:2, whose container names a tag that moves on to another image afterwards. */
export function onAMovedTag(sim: Simulator): { old: string; now: string } {
  sim.world.registry.push('backend', 'live');
  sim.operator.deploy('backend', 'live');
  sim.world.clock.skip(1800);
  const old = digest(sim, 'backend:live');
  sim.world.registry.push('backend', 'live');
  const now = digest(sim, 'backend:live');
  expect(now).not.toBe(old);
  expect(running(sim)).toEqual([old]);
  return { old, now };
}

export function warned(result: StepResult, text: string): void {
  expect(result.warnings.filter((each) => each.includes(text))).toHaveLength(1);
}
