/** Releases that lack nothing but room: AWS has no place for a task, or takes it back again and again. */
import { describe, expect, test } from '@jest/globals';
import type { Simulator } from '../../simulator/simulator.ts';
import { accepted, expectGreen, expectRed, inAWorld, production, service, step, tag } from './world.ts';

/** Every so many seconds AWS takes two of the new tasks back, `times` times in all. */
function spotStorm(sim: Simulator, every: number, times = Number.POSITIVE_INFINITY): void {
  let left = times;
  const take = (): void => {
    const [primary] = service(sim).deployments;
    const ours = service(sim)
      .cluster.tasksOf(service(sim))
      .filter(({ startedBy, lastStatus }) => startedBy === primary?.id && lastStatus === 'RUNNING');
    if (primary?.revision.definition.revision === 2 && left > 0 && ours.length > 0) {
      left -= 1;
      for (const task of ours.slice(0, 2)) sim.operator.interruptTask(task);
    }
    sim.at(every, take);
  };
  sim.at(1, take);
}

const LEFT = { 'wait-for-minutes': '6' };

describe('a release of ten tasks', () => {
  test('of which one finds no place is left at the deadline: going back needs that room, too', () =>
    inAWorld({ desiredCount: 10, tasksWithoutPlace: 1, circuitBreaker: false }, async (sim) => {
      const result = await step(sim, { ...tag('v2'), ...LEFT });
      expectRed(result, 'timed-out', 'capacity');
      expect(result.outputs['message']).toContain(
        '9 of 10 new tasks were healthy, all that ran are healthy, and the rest found no place',
      );
      expect(accepted(sim, 'StopServiceDeployment', 'UpdateService')).toHaveLength(1);
      expect(production(sim)).toBe('backend:2 IN_PROGRESS');
    }));

  test('of which one finds its place later is proven', () =>
    inAWorld({ desiredCount: 10, tasksWithoutPlace: 1 }, async (sim) => {
      sim.at(200, () => {
        sim.world.tasksWithoutPlace = 0;
      });
      expectGreen(await step(sim, tag('v2')), 'succeeded');
    }));

  test('that is not healthy either goes back', () =>
    inAWorld(
      {
        desiredCount: 10,
        tasksWithoutPlace: 1,
        circuitBreaker: false,
        healthCheckGracePeriodSeconds: 3600,
        behaviours: { v2: { targetHealth: { kind: 'status-mismatch', status: 503 } } },
      },
      async (sim) => {
        const result = await step(sim, { ...tag('v2'), ...LEFT });
        expect(result.outputs['result']).toBe('rolled-back');
        expect(production(sim)).toBe('backend:1 COMPLETED');
      },
    ));
});

describe('Spot capacity that AWS takes back', () => {
  test('again and again leaves the release at the deadline, and is named', () =>
    inAWorld({ desiredCount: 4, circuitBreaker: false }, async (sim) => {
      spotStorm(sim, 20);
      const result = await step(sim, { ...tag('v2'), ...LEFT });
      expectRed(result, 'timed-out', 'capacity');
      expect(result.outputs['message']).toContain('Spot');
      expect(accepted(sim, 'StopServiceDeployment')).toEqual([]);
    }));

  test('for a while delays it', () =>
    inAWorld({ desiredCount: 4 }, async (sim) => {
      spotStorm(sim, 20, 5);
      expectGreen(await step(sim, tag('v2')), 'succeeded');
    }));
});
