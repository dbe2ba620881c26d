/** Credentials that a job lacks, and permissions that its role lacks. */
import { describe, expect, test } from '@jest/globals';
import type { Simulator } from '../../simulator/simulator.ts';
import { expectRed, inAWorld, mutations, production, step, tag, type WorldOptions } from './world.ts';

const WITHOUT = { env: { AWS_ACCESS_KEY_ID: '', AWS_SECRET_ACCESS_KEY: '' } };
const INVALID = {
  kind: 'error',
  code: 'UnrecognizedClientException',
  message: 'The security token included in the request is invalid.',
} as const;

describe('no-credentials', () => {
  test.each<[string, WorldOptions, Record<string, string>]>([
    ['a deployment', {}, {}],
    ['a plan', {}, { mode: 'plan' }],
    ['a rollback', {}, { mode: 'rollback', 'ecr-repository': '', 'image-tag': '' }],
    // Only the bundle asks the chain of the SDK itself.
    ['the bundle', { as: 'bundle' }, {}],
  ])('%s asks AWS nothing, and names the step that is missing', (_what, world, inputs) =>
    inAWorld(world, async (sim) => {
      const result = await step(sim, { ...tag('v2'), ...inputs }, WITHOUT);
      expectRed(result, 'failed', 'no-credentials');
      expect(result.outputs['message']).toContain('This job has no AWS credentials');
      expect(result.errors[0]).toContain(
        'Run aws-actions/configure-aws-credentials in a step before this one',
      );
      expect(result.errors[0]).toContain('permissions: id-token: write');
      expect(sim.calls).toEqual([]);
    }),
  );

  test('a token that AWS does not know', () =>
    inAWorld({}, async (sim) => {
      sim.inject({ effect: INVALID });
      const result = await step(sim, tag('v2'));
      expectRed(result, 'failed', 'no-credentials');
      expect(result.outputs['message']).toContain('AWS does not know the credentials of this job');
      expect(result.errors[0]).toContain('aws-actions/configure-aws-credentials');
      expect(result.log).not.toContain('Nothing was called yet');
      expect(mutations(sim)).toEqual([]);
    }));

  test('a token that AWS knows no longer once the rollout is under way: nobody says that nothing was changed', () =>
    inAWorld({}, async (sim) => {
      sim.inject({ action: 'DescribeServices', from: 4, effect: INVALID });
      const result = await step(sim, tag('v2'));
      expectRed(result, 'failed', 'no-credentials');
      expect(mutations(sim)).toEqual(['RegisterTaskDefinition', 'UpdateService']);
      expect(result.log).not.toMatch(/Nothing was (?:called|changed|touched)|was not touched/);
    }));
});

describe('credentials of which it is known when they expire', () => {
  const inMinutes = (sim: Simulator, minutes: number): string =>
    new Date(sim.world.clock.now() + minutes * 60_000).toISOString();

  test.each([
    ['before the run may be over', 20, { 'bake-minutes': '5' }, 1],
    ['after that', 40, { 'bake-minutes': '5' }, 0],
    ['soon, where nobody waits', 20, { 'wait-for-service-stability': 'false' }, 0],
    ['soon, in a plan', 20, { mode: 'plan' }, 0],
  ] as const)('%s', (_, minutes, inputs, warnings) =>
    inAWorld({}, async (sim) => {
      const env = { AWS_CREDENTIAL_EXPIRATION: inMinutes(sim, minutes) };
      const result = await step(sim, { ...tag('v2'), ...inputs }, { env });
      expect(result.exitCode).toBe(0);
      expect(result.warnings.filter((each) => each.includes('expire'))).toEqual(
        warnings === 0
          ? []
          : [
              'The AWS credentials expire at 2026-01-06 09:20 UTC, in 20 minutes, and this run may take 37: from then on nobody follows the deployment, or rolls it back. Give the role a longer session (role-duration-seconds of aws-actions/configure-aws-credentials).',
            ],
      );
    }),
  );

  test('and that are renewed by themselves, are no matter', () =>
    inAWorld({}, async (sim) => {
      const env = { AWS_CREDENTIAL_EXPIRATION: inMinutes(sim, 5), AWS_ACCESS_KEY_ID: '' };
      const result = await step(sim, tag('v2'), { env });
      expect(result.warnings).toEqual([]);
    }));
});

describe('access-denied prints the statement to add', () => {
  const who = 'User: arn:aws:sts::123456789012:assumed-role/deploy/ci is not authorized to perform:';
  const denied = (action: string, resource: string, code = 'AccessDeniedException') =>
    ({
      kind: 'error',
      code,
      message: `${who} ${action} on resource: ${resource} because no identity-based policy allows the ${action} action`,
    }) as const;

  test('where the service may not be updated', () =>
    inAWorld({}, async (sim) => {
      const arn = 'arn:aws:ecs:us-east-1:123456789012:service/demo/backend';
      sim.inject({ action: 'UpdateService', effect: denied('ecs:UpdateService', arn) });
      const result = await step(sim, tag('v2'));
      expectRed(result, 'failed', 'access-denied');
      expect(result.errors[0]).toContain(
        `Add the statement {"Effect":"Allow","Action":"ecs:UpdateService","Resource":"${arn}"} to its policy.`,
      );
      expect(production(sim)).toBe('backend:1 COMPLETED');
    }));

  test.each(['AccessDeniedException', 'ClientException'])(
    'with a sentence of its own where a role may not be passed (%s)',
    (code) =>
      inAWorld({}, async (sim) => {
        const role = 'arn:aws:iam::123456789012:role/ecs-execution';
        sim.inject({ action: 'RegisterTaskDefinition', effect: denied('iam:PassRole', role, code) });
        const result = await step(sim, tag('v2'));
        expectRed(result, 'failed', 'access-denied');
        expect(result.errors[0]).toContain(
          'The task definition names this role, and the role of this step may not hand it over to ECS (iam:PassRole).',
        );
        expect(result.errors[0]).toContain('"iam:PassedToService":"ecs-tasks.amazonaws.com"');
        expect(mutations(sim)).toEqual([]);
      }),
  );

  test('where nothing may be read at all', () =>
    inAWorld({}, async (sim) => {
      sim.inject({ action: 'DescribeServices', effect: { kind: 'denied' } });
      const result = await step(sim, tag('v2'));
      expectRed(result, 'failed', 'access-denied');
      expect(result.errors[0]).toContain('"Action":"ecs:DescribeServices"');
      expect(result.log).not.toContain('Nothing was called yet');
    }));
});
