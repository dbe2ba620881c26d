/** Deployments that pause at lifecycle hooks: the gates answer, or a person does. */
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
  step,
  tag,
} from './world.ts';

function pauseAt(...lifecycleStages: string[]): object {
  return {
    targetType: 'PAUSE',
    lifecycleStages,
    timeoutConfiguration: { timeoutInMinutes: 60, action: 'ROLLBACK' },
  };
}

const AFTER_TEST = {
  strategy: 'BLUE_GREEN',
  bakeTimeInMinutes: 1,
  lifecycleHooks: [pauseAt('POST_TEST_TRAFFIC_SHIFT')],
};

const AFTER_PRODUCTION = {
  strategy: 'BLUE_GREEN',
  bakeTimeInMinutes: 1,
  lifecycleHooks: [pauseAt('POST_PRODUCTION_TRAFFIC_SHIFT')],
};

const urlOf = (sim: Simulator): string => sim.loadBalancers['bluegreen']?.url ?? '';

const testUrlOf = (sim: Simulator): string => sim.loadBalancers['bluegreen-test']?.url ?? '';

const BLUEGREEN = { service: 'bluegreen' };

const answers = (sim: Simulator): unknown[] =>
  accepted(sim, 'ContinueServiceDeployment').map(({ body }) => body);

describe('promotion: auto', () => {
  test('a test URL that answers well lets ECS go on', () =>
    inAWorld({ blueGreen: AFTER_TEST as never }, async (sim) => {
      const result = await step(sim, { ...tag('v2'), ...BLUEGREEN, 'test-url': `${testUrlOf(sim)}/health` });
      expectGreen(result, 'succeeded');
      expect(answers(sim)).toHaveLength(1);
      expect(answers(sim)[0]).toMatchObject({ action: 'CONTINUE' });
      expect(result.outputs['message']).toContain('its test URL');
      expect(production(sim, 'bluegreen')).toBe('bluegreen:2 COMPLETED');
    }));

  test('a test URL that answers badly rolls back before any user is reached', () =>
    inAWorld({ blueGreen: AFTER_TEST as never, tags: ['error500'] }, async (sim) => {
      const seen: number[] = [];
      const { balancing } = sim.world;
      sim.when(
        () => balancing.weightOf([balancing.targetGroups.get('green')?.arn ?? ''], 'production') > 0,
        () => seen.push(1),
      );
      const result = await step(sim, {
        ...tag('error500'),
        ...BLUEGREEN,
        'test-url': `${testUrlOf(sim)}/health`,
      });
      expectRed(result, 'rolled-back', 'http-check-failed');
      expect(result.outputs['message']).toContain(
        'does not pass the test-url gate while test traffic reaches it',
      );
      expect(seen).toEqual([]);
      expect(production(sim, 'bluegreen')).toBe('bluegreen:1 COMPLETED');
    }));

  test('without a gate that its traffic could answer the pause is left to a person, with a warning', () =>
    inAWorld({ blueGreen: AFTER_TEST as never }, async (sim) => {
      const result = await step(sim, {
        ...tag('v2'),
        ...BLUEGREEN,
        'health-check-url': `${urlOf(sim)}/health`,
      });
      expectGreen(result, 'started');
      expect(result.outputs).toMatchObject({ stage: 'POST_TEST_TRAFFIC_SHIFT' });
      expect(result.outputs['stage-expires']).toMatch(/^\d{4}-\d\d-\d\dT/);
      expect(result.warnings.join()).toContain('no gate is given that its traffic could answer');
      expect(answers(sim)).toEqual([]);
      expect(production(sim, 'bluegreen')).toBe('bluegreen:2 IN_PROGRESS');
    }));

  test('the URL answers a pause after the production shift', () =>
    inAWorld({ blueGreen: AFTER_PRODUCTION as never }, async (sim) => {
      const result = await step(sim, {
        ...tag('v2'),
        ...BLUEGREEN,
        'health-check-url': `${urlOf(sim)}/health`,
      });
      expectGreen(result, 'succeeded');
      expect(answers(sim)).toHaveLength(1);
    }));

  test('each step of a canary has its own pause, and a URL that tells the versions apart answers it', () =>
    inAWorld(
      {
        blueGreen: {
          strategy: 'CANARY',
          canaryConfiguration: { canaryPercent: 50, canaryBakeTimeInMinutes: 1 },
          bakeTimeInMinutes: 0,
          lifecycleHooks: [pauseAt('POST_PRODUCTION_TRAFFIC_SHIFT')],
        } as never,
      },
      async (sim) => {
        const result = await step(sim, {
          ...tag('v2'),
          ...BLUEGREEN,
          'health-check-url': `${urlOf(sim)}/version`,
          'health-check-json': 'version=v2',
        });
        expectGreen(result, 'succeeded');
        expect(answers(sim).length).toBeGreaterThanOrEqual(1);
      },
    ));

  test('a role that may not continue leaves the pause to a person', () =>
    inAWorld({ blueGreen: AFTER_TEST as never }, async (sim) => {
      sim.inject({ action: 'ContinueServiceDeployment', effect: { kind: 'denied' } });
      const result = await step(sim, { ...tag('v2'), ...BLUEGREEN, 'test-url': `${testUrlOf(sim)}/health` });
      expectGreen(result, 'started');
      expect(result.warnings.join()).toContain('AccessDenied');
    }));
});

describe('promotion: manual', () => {
  const MANUAL = { ...tag('v2'), ...BLUEGREEN, promotion: 'manual' };

  test('ends at the pause, says how to go on, and mode: promote goes on', () =>
    inAWorld({ blueGreen: AFTER_TEST as never }, async (sim) => {
      const first = await step(sim, { ...MANUAL, 'test-url': `${testUrlOf(sim)}/health` });
      expectGreen(first, 'started');
      expect(first.outputs['message']).toContain(
        'waits in the stage POST_TEST_TRAFFIC_SHIFT for an answer until',
      );
      const arn = first.outputs['service-deployment-arn'] ?? '';
      expect(first.log).toContain(
        `mode: promote, or back with mode: rollback (service-deployment-arn: ${arn})`,
      );
      const second = await step(sim, { ...BLUEGREEN, mode: 'promote', 'service-deployment-arn': arn });
      expectGreen(second, 'succeeded');
      expect(answers(sim)).toHaveLength(1);
      expect(production(sim, 'bluegreen')).toBe('bluegreen:2 COMPLETED');
    }));

  test('mode: promote asks its gates first: a bad one rolls back', () =>
    inAWorld({ blueGreen: AFTER_TEST as never, tags: ['error500'] }, async (sim) => {
      expectGreen(await step(sim, { ...MANUAL, 'image-tag': 'error500' }), 'started');
      const second = await step(sim, {
        ...BLUEGREEN,
        mode: 'promote',
        'test-url': `${testUrlOf(sim)}/health`,
      });
      expectRed(second, 'rolled-back', 'http-check-failed');
      expect(answers(sim)).toEqual([]);
    }));

  test('mode: rollback takes back what waits, at once, and that is a good end', () =>
    inAWorld({ blueGreen: AFTER_TEST as never }, async (sim) => {
      const first = await step(sim, MANUAL);
      const arn = first.outputs['service-deployment-arn'] ?? '';
      const second = await step(sim, { ...BLUEGREEN, mode: 'rollback', 'service-deployment-arn': arn });
      expectGreen(second, 'succeeded');
      expect(second.outputs['message']).toContain('is back on bluegreen:1: the deployment of bluegreen:2');
      expect(accepted(sim, 'UpdateService')).toHaveLength(1);
      expect(production(sim, 'bluegreen')).toBe('bluegreen:1 COMPLETED');
      const again = await step(sim, { ...BLUEGREEN, mode: 'rollback', 'service-deployment-arn': arn });
      expectRed(again, 'superseded', 'superseded');
    }));

  test('mode: promote where nothing waits is invalid-input, and touches nothing', () =>
    inAWorld({ blueGreen: AFTER_TEST as never }, async (sim) => {
      const result = await step(sim, { ...BLUEGREEN, mode: 'promote' });
      expectRed(result, 'failed', 'invalid-input');
      expect(mutations(sim)).toEqual([]);
    }));

  test('mode: promote of a deployment that has ended, or is another, is superseded', () =>
    inAWorld({ blueGreen: AFTER_TEST as never }, async (sim) => {
      const [now] = service(sim, 'bluegreen').serviceDeployments;
      const arn = now?.arn ?? '';
      const ended = await step(sim, { ...BLUEGREEN, mode: 'promote', 'service-deployment-arn': arn });
      expectRed(ended, 'superseded', 'superseded');
      const another = arn.replace(/[^/]+$/, 'AAAAAAAAAAAAAAAAAAAAA');
      const other = await step(sim, { ...BLUEGREEN, mode: 'promote', 'service-deployment-arn': another });
      expectRed(other, 'superseded', 'superseded');
      expect(mutations(sim)).toEqual([]);
    }));
});

describe('what the strategy of a service means for the run', () => {
  test('it gets the time of its bakes where none is set', () =>
    inAWorld({ blueGreen: { strategy: 'BLUE_GREEN', bakeTimeInMinutes: 40 } }, async (sim) => {
      expectGreen(await step(sim, { ...tag('v2'), ...BLUEGREEN }), 'succeeded');
    }));

  test('a time that is set and would not do is refused before anything is touched', () =>
    inAWorld({ blueGreen: { strategy: 'BLUE_GREEN', bakeTimeInMinutes: 40 } }, async (sim) => {
      const result = await step(sim, { ...tag('v2'), ...BLUEGREEN, 'wait-for-minutes': '35' });
      expectRed(result, 'failed', 'invalid-input');
      expect(result.outputs['message']).toContain('bakes and shifts (BLUE_GREEN) for 40 minutes by itself');
      expect(mutations(sim)).toEqual([]);
    }));

  test('a test URL of a service that has no test traffic is refused', () =>
    inAWorld({}, async (sim) => {
      const result = await step(sim, { ...tag('v2'), 'test-url': 'http://127.0.0.1:9/' });
      expectRed(result, 'failed', 'invalid-input');
      expect(mutations(sim)).toEqual([]);
    }));

  test('without a pause test traffic may be over in seconds: a test URL is skipped then, with a warning', () =>
    inAWorld({ blueGreen: { strategy: 'BLUE_GREEN', bakeTimeInMinutes: 1 } }, async (sim) => {
      const result = await step(sim, {
        ...tag('v2'),
        ...BLUEGREEN,
        'test-url': `${testUrlOf(sim)}/health`,
        'health-check-successes': '9',
      });
      expectGreen(result, 'succeeded');
      expect(result.warnings.join()).toContain('test-url gate skipped');
      expect(result.outputs['message']).not.toContain('test URL');
    }));
});
