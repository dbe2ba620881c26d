/** A deployment that shifts traffic, and what befalls it: its job is cancelled, others act, another run comes. */
import { describe, expect, test } from '@jest/globals';
import type { Simulator } from '../../simulator/simulator.ts';
import {
  accepted,
  expectGreen,
  expectRed,
  inAWorld,
  mutations,
  production,
  service,
  signalAt,
  step,
  tag,
} from './world.ts';

const SERVICE = { ...tag('v2'), service: 'bluegreen' };

const CANARY = {
  strategy: 'CANARY',
  canaryConfiguration: { canaryPercent: 20, canaryBakeTimeInMinutes: 10 },
  bakeTimeInMinutes: 1,
};

const PAUSED = {
  strategy: 'BLUE_GREEN',
  bakeTimeInMinutes: 1,
  lifecycleHooks: [{ targetType: 'PAUSE', lifecycleStages: ['POST_PRODUCTION_TRAFFIC_SHIFT'] }],
} as never;

/** Percent of the users whom the new revision answers. */
function share({ world: { balancing } }: Simulator): number {
  return balancing.weightOf([balancing.targetGroups.get('green')?.arn ?? ''], 'production');
}

/** Acts a while after the first users have the new revision. */
function atTheFirstStep(sim: Simulator, act: () => void): void {
  sim.when(
    () => share(sim) > 0,
    () => {
      sim.at(30, act);
    },
  );
}

const statuses = (sim: Simulator): string[] =>
  service(sim, 'bluegreen').serviceDeployments.map(({ status }) => status);

describe('the job is cancelled at a step', () => {
  test('ECS goes on with the shift by itself, as it does without on-cancel', () =>
    inAWorld({ blueGreen: CANARY }, async (sim) => {
      const result = await step(sim, SERVICE, signalAt('production traffic shift, 20 %', 'SIGINT'));
      expectRed(result, 'cancelled', 'cancelled');
      expect(result.errors.join()).toContain('ECS goes on');
      expect([share(sim), accepted(sim, 'StopServiceDeployment')]).toEqual([20, []]);
      sim.world.clock.skip(1800);
      expect(production(sim, 'bluegreen')).toBe('bluegreen:2 COMPLETED');
    }));

  test('with on-cancel: rollback its users are back at once', () =>
    inAWorld({ blueGreen: CANARY }, async (sim) => {
      const inputs = { ...SERVICE, 'on-cancel': 'rollback' };
      const result = await step(sim, inputs, signalAt('production traffic shift, 20 %', 'SIGINT'));
      expectRed(result, 'cancelled', 'cancelled');
      expect(accepted(sim, 'StopServiceDeployment')).toHaveLength(1);
      sim.world.clock.skip(10);
      expect(share(sim)).toBe(0);
    }));
});

describe('others act at a step', () => {
  test('another deployment takes its place: superseded, and left alone', () =>
    inAWorld({ blueGreen: CANARY }, async (sim) => {
      atTheFirstStep(sim, () => {
        sim.operator.deploy('bluegreen', 'v3');
      });
      const result = await step(sim, SERVICE);
      expectRed(result, 'superseded', 'superseded');
      expect(mutations(sim)).not.toContain('StopServiceDeployment');
      expect(production(sim, 'bluegreen')).toMatch(/^bluegreen:3 /);
    }));

  test('somebody stops it: back, and said to be stopped', () =>
    inAWorld({ blueGreen: CANARY }, async (sim) => {
      atTheFirstStep(sim, () => {
        sim.operator.stopServiceDeployment('bluegreen');
      });
      const result = await step(sim, SERVICE);
      expectRed(result, 'rolled-back', 'deployment-stopped');
      expect(accepted(sim, 'StopServiceDeployment')).toEqual([]);
      expect(share(sim)).toBe(0);
    }));
});

describe('a second run of the same content, while the first waits at a pause', () => {
  const url = (sim: Simulator): Record<string, string> => ({
    'health-check-url': `${sim.loadBalancers['bluegreen']?.url ?? ''}/health`,
  });

  test('takes the deployment up, and its gates answer the pause', () =>
    inAWorld({ blueGreen: PAUSED }, async (sim) => {
      expectGreen(await step(sim, { ...SERVICE, promotion: 'manual' }), 'started');
      const second = await step(sim, { ...SERVICE, ...url(sim) });
      expectGreen(second, 'succeeded');
      expect(accepted(sim, 'UpdateService')).toHaveLength(1);
      expect(accepted(sim, 'ContinueServiceDeployment')).toHaveLength(1);
    }));

  test('of other content supersedes it: what waited is stopped by ECS, and never answered', () =>
    inAWorld({ blueGreen: PAUSED }, async (sim) => {
      expectGreen(await step(sim, { ...SERVICE, promotion: 'manual' }), 'started');
      const second = await step(sim, { ...SERVICE, ...tag('v3'), ...url(sim) });
      expectGreen(second, 'succeeded');
      expect(statuses(sim).slice(0, 2)).toEqual(['SUCCESSFUL', 'STOPPED']);
      expect(production(sim, 'bluegreen')).toMatch(/^bluegreen:3 COMPLETED/);
    }));
});

test('a circuit breaker of a blue/green service acts before any traffic is shifted', () =>
  inAWorld(
    {
      blueGreen: {
        strategy: 'BLUE_GREEN',
        bakeTimeInMinutes: 1,
        deploymentCircuitBreaker: { enable: true, rollback: true },
      },
    },
    async (sim) => {
      const seen: number[] = [];
      sim.when(
        () => share(sim) > 0,
        () => seen.push(share(sim)),
      );
      const result = await step(sim, {
        ...tag('crash-1'),
        service: 'bluegreen',
        'fail-fast': 'false',
      });
      expectRed(result, 'rolled-back', 'app-crashed');
      expect(accepted(sim, 'StopServiceDeployment')).toEqual([]);
      expect(seen).toEqual([]);
    },
  ));
