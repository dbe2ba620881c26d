/** Each preflight check through the bundle: what is amiss fails the step before anything is registered, or warns. */
import { describe, expect, test } from '@jest/globals';
import type { SeedOptions } from '../../simulator/scenario/seed.ts';
import type { Simulator } from '../../simulator/simulator.ts';
import { expectGreen, expectRed, inAWorld, mutations, step, tag } from './world.ts';

const HOST = '123456789012.dkr.ecr.us-east-1.amazonaws.com';

/** The definition that `backend` runs, with changes of the task and of its container. */
function file(sim: Simulator, change: { task?: object; container?: object }): string {
  const found = sim.world.taskDefinitions.find('backend');
  const [container] = found?.containers ?? [];
  return JSON.stringify({
    ...found?.body,
    ...change.task,
    containerDefinitions: [{ ...container, ...change.container }],
  });
}

const role = (name: string): string => `arn:aws:iam::123456789012:role/${name}`;
const awslogs = (group: string): object => ({
  logDriver: 'awslogs',
  options: { 'awslogs-group': group, 'awslogs-region': 'us-east-1' },
});

describe('what would fail is refused before anything is touched', () => {
  test.each<[string, { task?: object; container?: object }, string]>([
    ['a size that Fargate lacks', { task: { memory: '1024' } }, 'cpu 1024 and memory 1024'],
    ['a container that the target group wants', { container: { name: 'api' } }, 'container "backend"'],
    ['a port that the target group wants', { container: { portMappings: [] } }, 'port 8000'],
    ['a role', { task: { executionRoleArn: role('none') } }, 'role none (executionRoleArn) does not exist'],
    [
      'a secret',
      {
        container: {
          secrets: [
            { name: 'A', valueFrom: 'arn:aws:secretsmanager:us-east-1:123456789012:secret:none-AbCdEf' },
          ],
        },
      },
      'secret none-AbCdEf (A of backend) does not exist',
    ],
    [
      'a parameter',
      { container: { secrets: [{ name: 'A', valueFrom: '/none' }] } },
      'parameter /none (A of backend) does not exist',
    ],
    [
      'a log group',
      { container: { logConfiguration: awslogs('/ecs/none') } },
      'log group /ecs/none does not exist',
    ],
  ])('%s', (_, change, detail) =>
    inAWorld({}, async (sim) => {
      const result = await step(
        sim,
        { 'task-definition': 'task.json', 'environment-variables': 'RELEASE=7' },
        { files: { 'task.json': file(sim, change) } },
      );
      expectRed(result, 'failed', 'preflight-failed');
      // Below the name of its check a finding has it no more.
      const line = detail.replace(/^(role|secret|parameter|log group) /, '$1: ');
      expect(result.log).toMatch(new RegExp(`FAILED .*${line.replace(/[()]/g, String.raw`\$&`)}`));
      expect(result.errors[0]).toContain(detail);
      expect(mutations(sim)).toEqual([]);
    }),
  );

  test.each([
    ['a repository that is not there', 'none:1', 'ECR repository "none" was not found'],
    ['an image that is not there', 'backend:none', 'Image backend:none was not found in ECR'],
    ['an image for another platform', 'backend:arm-1', 'has no image for linux/amd64'],
    [
      'a single image for another platform',
      'backend:wrongplatform-1',
      '(wrongplatform-1) has no image for linux/amd64, which the task runs on; it has linux/arm64',
    ],
  ])('%s', (_, image, detail) =>
    inAWorld({}, async (sim) => {
      const result = await step(sim, { image: `${HOST}/${image}` });
      expectRed(result, 'failed', 'preflight-failed');
      expect(result.errors[0]).toContain(detail);
      expect(mutations(sim)).toEqual([]);
    }),
  );

  test('percents that allow no step', () =>
    inAWorld({ desiredCount: 1, minimumHealthyPercent: 100, maximumPercent: 100 }, async (sim) => {
      const result = await step(sim, tag('v2'));
      expectRed(result, 'failed', 'preflight-failed');
      expect(result.errors[0]).toContain('can never replace its 1 task');
      expect(mutations(sim)).toEqual([]);
    }));

  test('percents that allow no step are warned of where the deployment is under way already', () =>
    inAWorld({ desiredCount: 1, minimumHealthyPercent: 100, maximumPercent: 100 }, async (sim) => {
      const goes = { ...tag('v2'), 'wait-for-service-stability': 'false' };
      await step(sim, { ...goes, preflight: 'off' });
      const adopted = await step(sim, goes);
      expectGreen(adopted, 'started');
      expect(adopted.warnings).toContainEqual(expect.stringContaining('can never replace its 1 task'));
    }));

  test('a role that ECS tasks may not assume', () =>
    inAWorld({}, async (sim) => {
      const result = await step(sim, { ...tag('v2'), 'task-role-arn': role('functions') });
      expectRed(result, 'failed', 'preflight-failed');
      expect(result.errors[0]).toContain(
        'role functions (taskRoleArn) does not trust ecs-tasks.amazonaws.com',
      );
      expect(mutations(sim)).toEqual([]);
    }));

  test('several at once are named in one error', () =>
    inAWorld({}, async (sim) => {
      const change = {
        task: { executionRoleArn: role('none') },
        container: { logConfiguration: awslogs('/none') },
      };
      const result = await step(
        sim,
        { 'task-definition': 'task.json' },
        { files: { 'task.json': file(sim, change) } },
      );
      expectRed(result, 'failed', 'preflight-failed');
      expect(result.errors[0]).toMatch(/role none \(executionRoleArn\) does not exist/);
      expect(result.errors[0]).toMatch(/log group \/none does not exist/);
    }));
});

describe('what may go wrong is warned of, and deployed', () => {
  test.each<[string, SeedOptions, Readonly<Record<string, string>>, RegExp]>([
    ['no circuit breaker', { circuitBreaker: false }, {}, /circuit breaker/],
    [
      'a desired count outside the range of the autoscaler',
      { autoscaling: { backend: { min: 1, max: 4 } } },
      { 'desired-count': '5' },
      /desired-count 5 is outside of 1 to 4/,
    ],
    [
      'an alarm that is in ALARM already',
      {
        alarms: { errors: 'ALARM' },
        deploymentConfiguration: { alarms: { alarmNames: ['other'], enable: false, rollback: false } },
      },
      { alarms: 'errors' },
      /alarm "errors" is in ALARM before the deployment/,
    ],
    ['a definition near the limit', {}, { 'environment-variables': `A=${'x'.repeat(62_000)}` }, /of 64 KiB/],
  ])('%s', (_, options, inputs, warning) =>
    inAWorld(options, async (sim) => {
      const result = await step(sim, { ...tag('v2'), ...inputs });
      expectGreen(result, 'succeeded');
      expect(result.warnings.join('\n')).toMatch(warning);
    }),
  );

  test('no good revision to go back to', () =>
    inAWorld({}, async (sim) => {
      const found = sim.world.cluster('demo').service('backend');
      for (const each of found.serviceDeployments) each.status = 'STOPPED';
      for (const each of found.deployments) each.rolloutState = 'IN_PROGRESS';
      const result = await step(sim, tag('v2'));
      expect(result.warnings.join('\n')).toMatch(/rollback target/);
    }));

  test('the image of the good revision that is gone from ECR', () =>
    inAWorld({}, async (sim) => {
      const repository = sim.world.registry.repositories.get('backend');
      for (const { digest, tags } of repository?.images.values() ?? []) {
        if (tags.has('v1')) repository?.images.delete(digest);
      }
      const result = await step(sim, tag('v2'));
      expect(result.warnings.join('\n')).toMatch(/backend:1 is gone from ECR/);
    }));
});

describe('preflight', () => {
  const broken = { 'execution-role-arn': role('none') };

  test('warn: what is FAILED only warns', () =>
    inAWorld({}, async (sim) => {
      const result = await step(sim, { ...tag('v2'), ...broken, preflight: 'warn' });
      expect(result.outputs['cause']).not.toBe('preflight-failed');
      expect(result.warnings.join('\n')).toMatch(/role: none \(executionRoleArn\) does not exist/);
    }));

  test.each(['denied', 'http-500'] as const)(
    'the config of the image that ECR does not give out (%s) costs no check and no annotation',
    (kind) =>
      inAWorld({}, async (sim) => {
        sim.inject({ action: 'GetDownloadUrlForLayer', effect: { kind } });
        const result = await step(sim, tag('v2'));
        expectGreen(result, 'succeeded');
        expect(result.warnings).toEqual([]);
        expect(result.log).toMatch(/OK {6}image: backend@sha256:\w+ \(v2\) is there$/m);
        expect(result.log).not.toContain('GetDownloadUrlForLayer');
      }),
  );

  test('checks that are denied make one folded line and no annotation', () =>
    inAWorld({}, async (sim) => {
      sim.inject({ action: 'GetRole', effect: { kind: 'denied' } });
      sim.inject({ action: 'DescribeLogGroups', effect: { kind: 'denied' } });
      const result = await step(sim, tag('v2'));
      expectGreen(result, 'succeeded');
      expect(result.warnings).toEqual([]);
      expect(result.log.match(/iam:GetRole/g)).toHaveLength(1);
      expect(result.log).toContain(
        'Not checked, access denied: role (iam:GetRole), log group (logs:DescribeLogGroups)',
      );
    }));
});
