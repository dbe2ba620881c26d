import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Simulator } from '../../simulator/simulator.ts';
import { makeAccount, makeSecret, makeZone } from './account.ts';
import { FOR_A_PERSON, FURTHER, IMPLIED } from './iam/terraform.ts';
import { ACTIONS } from './iam/terraform-actions.ts';
import { inventory } from './inventory.ts';
import { changesIn } from './planned.ts';
import { expectResult, openStage, push, running, simulatorOf } from './stage.ts';
import type { Stage } from './stage.ts';
import { actionsIn, logging } from './terraform-calls.ts';
import { sayIfSkipped, withoutMoto } from './tools.ts';
import { differences, useLocalState, useLoopbackBuckets, useSettings, variables } from './workspace.ts';

const missing = await withoutMoto();
sayIfSkipped('applying capacity = ec2', missing);

/** What an environment is given from outside. */
const OUTSIDE = variables({
  github_repository: 'octo-org/video',
  github_owner_id: 123456,
  github_repository_id: 456789,
  state_bucket: 'octo-states',
});
const TAGS = { Service: 'backend', Environment: 'gpu', Stack: 'backend-gpu', ManagedBy: 'terraform' };

/** Everything at once that the default does not have. */
const GIVEN = {
  environment: 'gpu',
  capacity: 'ec2',
  instance_type: 'g5.xlarge',
  gpus: 1,
  cpu: 4096,
  memory: 14000,
  nat: 'single',
  vpc_endpoints: true,
  waf: true,
  execute_command: true,
  domain_name: 'api.example.com',
  night: { stop: 'cron(0 20 ? * MON-FRI *)', start: 'cron(0 7 ? * MON-FRI *)' },
  alarm_topic_arns: ['arn:aws:sns:us-east-1:123456789012:operators'],
  allow_destroy: true,
};

(missing === undefined ? describe : describe.skip)('capacity = ec2, with everything switched on', () => {
  let stage: Stage;
  let sim: Simulator | undefined;
  let before: string[];
  let settings: Readonly<Record<string, unknown>>;

  beforeAll(async () => {
    stage = await openStage('prod');
  });

  afterAll(async () => {
    await sim?.close();
    await stage.close();
  });

  test('is applied, and nothing differs afterwards', async () => {
    await makeAccount(stage.moto);
    settings = {
      ...GIVEN,
      hosted_zone_id: await makeZone(stage.moto, 'example.com'),
      secrets: { API_KEY: await makeSecret(stage.moto, 'api-key') },
    };
    await useSettings(stage.workspace, settings);
    await useLoopbackBuckets(stage.workspace, TAGS);
    before = await inventory(stage.moto.url);
    await useLocalState(stage.workspace);
    await stage.workspace.succeed(['init', '-no-color']);
    const log = (name: string): string => join(stage.workspace.folder, `${name}.log`);
    await stage.workspace.succeed(['apply', '-auto-approve', '-no-color', ...OUTSIDE], logging(log('apply')));
    expect(await differences(stage.workspace, OUTSIDE, logging(log('plan')))).toBe('');
  }, 900_000);

  test('is deployed to, and does not differ then', async () => {
    sim = await simulatorOf(stage.moto);
    const digest = await push(stage.moto, sim, 'backend', 'v1');
    const result = await stage.deploy(sim, {
      cluster: 'backend-gpu',
      service: 'backend',
      'ecr-repository': 'backend',
      'image-tag': 'v1',
    });
    expectResult(result, 'succeeded');
    expect(running(sim, 'backend-gpu')).toEqual([digest, digest]);
    expect(await differences(stage.workspace, OUTSIDE, stage.ecsOf(sim))).toBe('');
  }, 900_000);

  test('does not sleep for good where the night goes while it sleeps', async () => {
    await useSettings(stage.workspace, { ...settings, night: null });
    const changes = await changesIn(stage.workspace, ['-refresh=false', ...OUTSIDE]);
    await useSettings(stage.workspace, settings);
    // A new range, whatever the schedule has made of the old one.
    expect(changes.filter(({ type }) => type === 'aws_appautoscaling_target')).toEqual([
      expect.objectContaining({
        actions: ['delete', 'create'],
        after: expect.objectContaining({ min_capacity: 2, max_capacity: 8 }),
      }),
    ]);
  }, 900_000);

  test('is destroyed without a rest', async () => {
    await stage.workspace.succeed(
      ['destroy', '-auto-approve', '-no-color', ...OUTSIDE],
      logging(join(stage.workspace.folder, 'destroy.log')),
    );
    expect(await inventory(stage.moto.url)).toEqual(before);
  }, 900_000);

  test('needs no action of AWS that the tests of the roles do not know', () => {
    const known = [...ACTIONS, ...IMPLIED, ...FURTHER, ...FOR_A_PERSON];
    const [plan = [], apply = [], destroy = []] = ['plan', 'apply', 'destroy'].map((name) =>
      actionsIn(join(stage.workspace.folder, `${name}.log`)),
    );
    expect([plan.length > 50, apply.length > 90, destroy.length > 60]).toEqual([true, true, true]);
    expect([...plan, ...apply, ...destroy].filter((action) => !known.includes(action))).toEqual([]);
  });
});
