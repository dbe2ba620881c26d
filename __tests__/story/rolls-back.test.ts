import { describe, expect, test } from '@jest/globals';
import type { FaultEffect } from '../../simulator/scenario/faults.ts';
import type { Simulator } from '../../simulator/simulator.ts';
import { accepted, expectRed, inAWorld, production, step, tag } from './world.ts';

/** backend:1 names a tag: its content is registered again by the digest that it ran with. */
const BACK = 'backend:3 COMPLETED';

const DENIED =
  'CannotPullContainerError: failed to copy: httpReadSeeker: unexpected status code https://prod.s3.amazonaws.com/layer: 403 Forbidden';

/** Arms an effect on a call once the release has shown what it is, for so many simulated seconds. */
function arm(sim: Simulator, action: string, effect: FaultEffect, times: number): void {
  sim.inject({ action, times, effect });
}

/** The inputs that ask the URL of a release that answers 500. */
function broken(sim: Simulator): Record<string, string> {
  return { ...tag('error500-1'), 'health-check-url': `${sim.loadBalancers['web']?.url ?? ''}/health` };
}

describe('a rollback goes on until its deadline', () => {
  test.each<[string, FaultEffect, number]>([
    ['server errors', { kind: 'http-500' }, 12],
    ['throttling', { kind: 'throttle' }, 20],
  ])('through %s on StopServiceDeployment: the service is updated back', (_, effect, times) =>
    inAWorld({}, async (sim) => {
      arm(sim, 'StopServiceDeployment', effect, times);
      expectRed(await step(sim, tag('crash-1')), 'rolled-back', 'app-crashed');
      expect(production(sim)).toBe(BACK);
      expect(accepted(sim, 'UpdateService').length).toBe(2);
    }),
  );

  test('through server errors on UpdateService for more than a minute', () =>
    inAWorld({}, async (sim) => {
      sim.inject({ action: 'UpdateService', from: 2, times: 9, effect: { kind: 'http-500' } });
      expectRed(await step(sim, broken(sim)), 'rolled-back', 'http-check-failed');
      expect(production(sim)).toBe(BACK);
    }));

  test('through throttled reads for minutes', () =>
    inAWorld({}, async (sim) => {
      sim.when(
        () => production(sim) === 'backend:2 COMPLETED',
        () => {
          sim.inject({ action: 'DescribeServices', from: 4, times: 40, effect: { kind: 'throttle' } });
        },
      );
      expectRed(await step(sim, broken(sim)), 'rolled-back', 'http-check-failed');
      expect(production(sim)).toBe(BACK);
    }));
});

describe('a rollback is followed to the end that ECS gives it', () => {
  test('hiccups of the old revision’s tasks on the way are no verdict', () =>
    inAWorld({ behaviours: { v1: { startReason: DENIED, startReasonTimes: 0 } } }, async (sim) => {
      const v1 = sim.world.images.behaviours.get('v1');
      if (v1 !== undefined) Object.assign(v1, { startReasonTimes: 2 });
      expectRed(await step(sim, broken(sim)), 'rolled-back', 'http-check-failed');
      expect(production(sim)).toBe(BACK);
    }));
});

describe('losing sight of a rollback', () => {
  test('is no failure of it: says that ECS was at it', () =>
    inAWorld({}, async (sim) => {
      sim.when(
        () => accepted(sim, 'StopServiceDeployment').length > 0,
        () => {
          sim.inject({ effect: { kind: 'expired-token' } });
        },
      );
      const result = await step(sim, tag('crash-1'));
      expectRed(result, 'failed', 'credentials-expired');
      expect(result.outputs['message']).toContain('ECS was rolling it back');
    }));
});

test('who deploys right after a rollback has the service, and nothing else is said of it', () =>
  inAWorld({}, async (sim) => {
    const act = (): void => {
      sim.operator.deploy('backend', 'v3');
    };
    sim.inject({
      action: 'UpdateService',
      from: 2,
      times: 1,
      effect: { kind: 'meanwhile', when: 'before', act },
    });
    const began = sim.world.clock.now();
    const result = await step(sim, { ...tag('denied-1'), 'desired-count': '1' });
    expectRed(result, 'superseded', 'superseded');
    expect(result.outputs['message']).toContain('by then the service ran another deployment');
    expect(result.summary).not.toContain('rolled back to');
    expect(sim.world.clock.now() - began).toBeLessThan(90_000);
  }));
