/** What a run says where the load balancer of a service that shifts traffic, or the role that ECS changes it with, is wrong. */
import { describe, expect, test } from '@jest/globals';
import type { NetworkingMistake } from '../../simulator/scenario/networking.ts';
import type { Simulator } from '../../simulator/simulator.ts';
import { accepted, expectGreen, expectRed, inAWorld, mutations, production, step, tag } from './world.ts';

const SERVICE = { ...tag('v2'), service: 'bluegreen' };

/** The hint of `traffic-shift-failed`. */
const RULES_AND_ROLE =
  /Both target groups have to be on the listener rules .* the infrastructure role of ECS/;

const testUrlOf = (sim: Simulator): string => sim.loadBalancers['bluegreen-test']?.url ?? '';

describe('ECS refuses to shift: rolled back, with its own words, and the rules and the role as what to look at', () => {
  test.each<[NetworkingMistake, RegExp]>([
    [
      'role-not-trusted',
      /missing permissions on ECS Infrastructure Role 'arn:aws:iam::\d+:role\/ecs-load-balancers'/,
    ],
    [
      'role-may-not-shift',
      /ECSNetworkingWithELB is not authorized to perform: elasticloadbalancing:ModifyRule/,
    ],
    ['rule-of-another-group', /is forwarding traffic to unexpected target group \S*backend/],
    ['alternate-on-no-rule', /Both targetGroup and alternateTargetGroup must be associated with/],
  ])('%s', (networking, words) =>
    inAWorld({ networking }, async (sim) => {
      const result = await step(sim, SERVICE);
      expectRed(result, 'rolled-back', 'traffic-shift-failed');
      expect(result.outputs['message']).toMatch(words);
      expect(result.errors.join()).toMatch(RULES_AND_ROLE);
      expect(production(sim, 'bluegreen')).toBe('bluegreen:1 COMPLETED');
      expect(accepted(sim, 'StopServiceDeployment')).toEqual([]);
    }),
  );
});

describe('the second target group was deleted', () => {
  test('is found before anything is touched', () =>
    inAWorld({ networking: 'alternate-deleted' }, async (sim) => {
      const result = await step(sim, SERVICE);
      expectRed(result, 'failed', 'preflight-failed');
      expect(result.outputs['message']).toContain('target group green does not exist');
      expect(mutations(sim)).toEqual([]);
    }));

  test('without the check ECS finds it', () =>
    inAWorld({ networking: 'alternate-deleted' }, async (sim) => {
      const result = await step(sim, { ...SERVICE, preflight: 'off' });
      expectRed(result, 'rolled-back', 'traffic-shift-failed');
      expect(result.outputs['message']).toMatch(/The target group \S*green\S* does not exist/);
    }));
});

test('a role that may not register targets: ECS tries for ever, the run goes back at its deadline and shows why', () =>
  inAWorld({ networking: 'role-may-not-register' }, async (sim) => {
    const result = await step(sim, SERVICE);
    expectRed(result, 'rolled-back', 'traffic-shift-failed');
    expect(result.errors.join()).toMatch(
      /failed to register targets .* elasticloadbalancing:RegisterTargets/,
    );
    expect(production(sim, 'bluegreen')).toBe('bluegreen:1 COMPLETED');
  }));

describe('a security group that drops what comes to the test listener', () => {
  const WORLD = {
    networking: 'test-listener-closed',
    blueGreen: {
      strategy: 'BLUE_GREEN',
      bakeTimeInMinutes: 1,
      lifecycleHooks: [{ targetType: 'PAUSE', lifecycleStages: ['POST_TEST_TRAFFIC_SHIFT'] }],
    },
  } as never;

  const inputs = (sim: Simulator): Record<string, string> => ({
    ...SERVICE,
    'test-url': `${testUrlOf(sim)}/health`,
    'health-check-timeout-seconds': '0.05',
  });

  test('nobody heard the new revision: the pause is left to a person, not rolled back', () =>
    inAWorld(WORLD, async (sim) => {
      const result = await step(sim, inputs(sim));
      expectGreen(result, 'started');
      expect(result.warnings.join()).toMatch(/test-url: no answer within/);
      expect(accepted(sim, 'ContinueServiceDeployment')).toEqual([]);
      expect(accepted(sim, 'StopServiceDeployment')).toEqual([]);
    }));

  test('without a pause the gate is skipped, with a warning, and is no part of the proof', () =>
    inAWorld({ networking: 'test-listener-closed' }, async (sim) => {
      const result = await step(sim, inputs(sim));
      expectGreen(result, 'succeeded');
      expect(result.warnings.join()).toContain('test-url gate skipped');
      expect(result.outputs['message']).not.toContain('test URL');
    }));
});
