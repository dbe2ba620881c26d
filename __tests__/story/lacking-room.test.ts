/** Releases that lack nothing but room: AWS has no place for a task, or takes it back again and again. */
import { describe, expect, test } from '@jest/globals';
import { accepted, expectGreen, expectRed, inAWorld, production, step, tag } from './world.ts';

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

describe('container instances without', () => {
  test.each([
    ['port', 'is already using a port required by your task'],
    ['memory', 'has insufficient memory available'],
  ] as const)(
    'a free %s for any task settle it long before the deadline, in the words of ECS',
    (lack, words) =>
      inAWorld({ tasksWithoutPlace: 2, lack, circuitBreaker: false }, async (sim) => {
        const began = sim.world.clock.now();
        const result = await step(sim, tag('v2'));
        expect([result.outputs['result'], result.outputs['cause']]).toEqual(['rolled-back', 'capacity']);
        expect(result.outputs['message']).toContain(words);
        expect(sim.world.clock.now() - began).toBeLessThan(5 * 60_000);
        expect(production(sim)).toBe('backend:1 COMPLETED');
      }),
  );

  test('room for one of two are waited for', () =>
    inAWorld({ tasksWithoutPlace: 1, lack: 'memory', circuitBreaker: false }, async (sim) => {
      sim.at(400, () => {
        sim.world.tasksWithoutPlace = 0;
      });
      expectGreen(await step(sim, tag('v2')), 'succeeded');
    }));
});

describe('Spot capacity that AWS takes back', () => {
  test('again and again leaves the release at the deadline, and is named', () =>
    inAWorld(
      { desiredCount: 4, circuitBreaker: false, spotInterruptions: { everySeconds: 20, tasks: 2 } },
      async (sim) => {
        const result = await step(sim, { ...tag('v2'), ...LEFT });
        expectRed(result, 'timed-out', 'capacity');
        expect(result.outputs['message']).toContain('Spot');
        expect(accepted(sim, 'StopServiceDeployment')).toEqual([]);
      },
    ));

  test('for a while delays it', () =>
    inAWorld(
      { desiredCount: 4, spotInterruptions: { everySeconds: 20, tasks: 2, times: 5 } },
      async (sim) => {
        expectGreen(await step(sim, tag('v2')), 'succeeded');
      },
    ));
});
