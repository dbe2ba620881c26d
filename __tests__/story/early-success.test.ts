/** Rolling services with `earlySuccessCriteria`: ECS calls a deployment successful while old tasks are still there. */
import { describe, expect, test } from '@jest/globals';
import type { WorldOptions } from './world.ts';
import { expectGreen, expectRed, inAWorld, production, step, tag } from './world.ts';

/** Four tasks; two of them are enough, and the old ones go afterwards. */
function early(): WorldOptions {
  return {
    desiredCount: 4,
    minimumHealthyPercent: 50,
    maximumPercent: 150,
    deploymentConfiguration: {
      earlySuccessCriteria: { enable: true, healthyPercent: 50, sourceServiceRevisionCleanup: 'DEFERRED' },
    },
  };
}

describe('a deployment that ECS calls successful early', () => {
  test('is proven once all of its tasks are healthy', () =>
    inAWorld(early(), async (sim) => {
      const result = await step(sim, tag('v2'));
      expectGreen(result, 'succeeded');
      expect(result.log).toContain('4 of 4 tasks are healthy');
    }));

  test('is asked by its URL for the new version without being held to answers of the old one', () =>
    inAWorld(early(), async (sim) => {
      const url = `${sim.loadBalancers['web']?.url ?? ''}/version`;
      const result = await step(sim, {
        ...tag('v2'),
        'health-check-url': url,
        'health-check-json': 'version=v2',
      });
      expectGreen(result, 'succeeded');
      expect(result.outputs['message']).toContain('its URL');
    }));

  test('goes back where the tasks that come afterwards crash', () =>
    inAWorld({ ...early(), maximumPercent: 100 }, async (sim) => {
      sim.when(
        () => production(sim) === 'backend:2 COMPLETED',
        () => {
          const v2 = sim.world.registry.repositories.get('backend')?.find({ tag: 'v2', digest: undefined });
          sim.world.images.behaviours.set(v2?.digest ?? '', { exit: { afterSeconds: 3, code: 3 } });
        },
      );
      const result = await step(sim, tag('v2'));
      expectRed(result, 'rolled-back', 'app-crashed');
      expect(production(sim)).toMatch(/COMPLETED$/);
    }));

  test('whose old tasks go on serving is proven by all but its URL, with a warning', () =>
    inAWorld(early(), async (sim) => {
      const url = `${sim.loadBalancers['web']?.url ?? ''}/version`;
      sim.when(
        () => production(sim) === 'backend:2 COMPLETED',
        () => {
          sim.inject({ action: 'DescribeTasks', effect: { kind: 'rewrite', rewrite: withOldTasksThatStay } });
        },
      );
      const result = await step(sim, {
        ...tag('v2'),
        'health-check-url': url,
        'health-check-json': 'version=v2',
        'wait-for-minutes': '4',
      });
      expectGreen(result, 'succeeded');
      expect(result.warnings.join()).toContain('old tasks of service "backend" still serve');
      expect(result.outputs['message']).not.toContain('its URL');
    }));
});

/** An answer of DescribeTasks in which no old task is on its way out. */
function withOldTasksThatStay(body: string): string {
  const answer = JSON.parse(body) as {
    tasks: { taskDefinitionArn: string; lastStatus: string; desiredStatus: string }[];
  };
  for (const task of answer.tasks.filter(({ taskDefinitionArn }) => taskDefinitionArn.endsWith(':1')))
    task.lastStatus = task.desiredStatus = 'RUNNING';
  return JSON.stringify(answer);
}
