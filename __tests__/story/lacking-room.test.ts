/** Releases that lack nothing but room: AWS has no place for a task, or takes it back again and again. */
import { describe, expect, test } from '@jest/globals';
import type { Simulator } from '../../simulator/simulator.ts';
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

describe('a lack that is over', () => {
  const SLOWLY = {
    ...{ desiredCount: 4, minimumHealthyPercent: 100, maximumPercent: 125 },
    behaviours: { v2: { targetHealth: { kind: 'healthy', afterSeconds: 50 } } },
  } as const;

  test('is not what the deadline came for: percents that let one task go at a time', () =>
    inAWorld(SLOWLY, async (sim) => {
      const result = await step(sim, { ...tag('v2'), 'wait-for-minutes': '3' });
      expectRed(result, 'rolled-back', 'timeout');
      expect(result.outputs['message']).toContain('2 of 4 new tasks were healthy; it was rolled back');
      expect(result.errors[0]).not.toContain('more subnets');
    }));

  test('is not what the deadline came for: a place that was found later', () =>
    inAWorld({ ...SLOWLY, tasksWithoutPlace: 1 }, async (sim) => {
      sim.at(40, () => {
        sim.world.tasksWithoutPlace = 0;
      });
      const result = await step(sim, { ...tag('v2'), 'wait-for-minutes': '4' });
      expectRed(result, 'rolled-back', 'timeout');
    }));
});

describe('tasks that may not be read, of a release that keeps all tasks healthy', () => {
  const unreadable = (sim: Simulator): void => {
    for (const action of ['ListTasks', 'DescribeTasks']) sim.inject({ action, effect: { kind: 'denied' } });
  };

  test('of which one finds no place: the counts of ECS say that the others are healthy, and it is left', () =>
    inAWorld({ desiredCount: 4, tasksWithoutPlace: 1, circuitBreaker: false }, async (sim) => {
      unreadable(sim);
      const result = await step(sim, { ...tag('v2'), ...LEFT });
      expectRed(result, 'timed-out', 'capacity');
      expect(result.outputs['message']).toContain(
        '3 of 4 new tasks run, ECS has stopped as many old ones for them, and the rest found no place',
      );
      expect(accepted(sim, 'StopServiceDeployment')).toEqual([]);
    }));

  test('of which none is healthy, and one finds no place: it goes back', () =>
    inAWorld(
      {
        ...{
          desiredCount: 4,
          tasksWithoutPlace: 1,
          circuitBreaker: false,
          healthCheckGracePeriodSeconds: 3600,
        },
        behaviours: { v2: { targetHealth: { kind: 'timeout' } } },
      },
      async (sim) => {
        unreadable(sim);
        const result = await step(sim, { ...tag('v2'), ...LEFT });
        expect(accepted(sim, 'StopServiceDeployment')).toHaveLength(1);
        expect(result.outputs['result']).not.toBe('timed-out');
      },
    ));

  test('that may go below their count prove nothing by it', () =>
    inAWorld(
      { desiredCount: 4, minimumHealthyPercent: 50, tasksWithoutPlace: 1, circuitBreaker: false },
      async (sim) => {
        unreadable(sim);
        await step(sim, { ...tag('v2'), ...LEFT });
        expect(accepted(sim, 'StopServiceDeployment')).toHaveLength(1);
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
