/** `mode: rollback` to just one revision, and from a deployment that never was good. */
import { describe, expect, test } from '@jest/globals';
import type { Simulator } from '../../simulator/simulator.ts';
import { digest, found, onAMovedTag, running, warned } from './image-world.ts';
import { expectGreen, expectRed, inAWorld, mutations, step } from './world.ts';

const BACK = { mode: 'rollback' };

function deployed(sim: Simulator, ...tags: readonly string[]): void {
  for (const name of tags) {
    sim.operator.deploy('backend', name);
    sim.world.clock.skip(1800);
  }
}

describe('mode: rollback to a revision that is named', () => {
  const to = (revision: string): Record<string, string> => ({ ...BACK, 'task-definition': revision });

  test('goes to that one, with the digests that it ran with', () =>
    inAWorld({}, async (sim) => {
      const { old } = onAMovedTag(sim);
      deployed(sim, 'v2', 'v3');
      sim.world.taskDefinitions.deregister(found(sim, 'backend:2'));
      expectGreen(await step(sim, to('backend:2')), 'succeeded');
      expect(running(sim)).toEqual([old]);
    }));

  test('that runs already changes nothing', () =>
    inAWorld({}, async (sim) => {
      deployed(sim, 'v2');
      expectGreen(await step(sim, to('backend:2')), 'unchanged');
      expect(mutations(sim)).toEqual([]);
    }));

  test('that is marked as failed, or that nobody registered, touches nothing', () =>
    inAWorld({}, async (sim) => {
      deployed(sim, 'v2');
      found(sim, 'backend:1').tags.push({ key: 'ecs-fargate-deploy', value: 'failed' });
      expectRed(await step(sim, to('backend:1')), 'failed', 'no-rollback-target');
      expectRed(await step(sim, to('backend:99')), 'failed', 'invalid-input');
      expect(mutations(sim)).toEqual([]);
    }));

  test('that never was good here says so', () =>
    inAWorld({}, async (sim) => {
      sim.operator.registerTaskDefinition({ ...found(sim, 'backend:1').body, cpu: '2048', memory: '4096' });
      const result = await step(sim, to('backend:2'));
      expectGreen(result, 'succeeded');
      warned(
        result,
        'no good deployment of backend:2 is among its service deployments: it is deployed as it is written',
      );
    }));

  test.each(['backend', 'running', 'td.json'])('takes no %j', (base) =>
    inAWorld({}, async (sim) => {
      const result = await step(sim, to(base));
      expectRed(result, 'failed', 'invalid-input');
      expect(result.outputs['message']).toContain('Give family:revision');
    }),
  );
});

describe('mode: rollback from a deployment that somebody stopped', () => {
  test('and left goes to the last good revision, also where the content that was stopped was good once', () =>
    inAWorld({}, async (sim) => {
      deployed(sim, 'v2', 'v3');
      sim.operator.deploy('backend', 'v1');
      sim.world.clock.skip(10);
      sim.operator.stopServiceDeployment('backend', 'ABORT');
      sim.world.clock.skip(60);
      expectGreen(await step(sim, BACK), 'succeeded');
      expect(running(sim)).toEqual([digest(sim, 'backend:v3')]);
    }));

  test('and rolled back follows that rollback, and finds it done afterwards', () =>
    inAWorld({}, async (sim) => {
      deployed(sim, 'v2', 'v3');
      sim.operator.deploy('backend', 'v1');
      sim.world.clock.skip(10);
      sim.operator.stopServiceDeployment('backend', 'ROLLBACK');
      sim.world.clock.skip(5);
      expectGreen(await step(sim, BACK), 'succeeded');
      expectGreen(await step(sim, BACK), 'unchanged');
      expect(running(sim)).toEqual([digest(sim, 'backend:v3')]);
      expect(mutations(sim)).toEqual([]);
    }));
});
