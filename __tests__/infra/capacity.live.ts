import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Simulator } from '../../simulator/simulator.ts';
import { policiesFor } from './iam/roles.ts';
import { inventory } from './inventory.ts';
import { expectResult, made, openStage, push, running, simulatorOf } from './stage.ts';
import type { Stage } from './stage.ts';
import { actionsIn, logging, notAllowed } from './terraform-calls.ts';
import { sayIfSkipped, withoutMoto } from './tools.ts';
import {
  awsEnvironment,
  differences,
  makeWorkspace,
  useLocalState,
  useLoopbackBuckets,
  variables,
} from './workspace.ts';

const missing = await withoutMoto();
sayIfSkipped('applying capacity = ec2', missing);

/** Everything at once that the default does not have. */
const GIVEN = {
  environment: 'gpu',
  github_repository: 'octo-org/video',
  github_owner_id: 123456,
  github_repository_id: 456789,
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
  let given: string[];

  beforeAll(async () => {
    stage = await openStage();
  });

  afterAll(async () => {
    await sim?.close();
    await stage.close();
  });

  test('has a bucket for its states, which Terraform made before', async () => {
    const aws = awsEnvironment(stage.moto.url);
    const bucket = await makeWorkspace(aws, join(stage.workspace.folder, 'state-bucket'));
    const named = variables({ bucket: 'octo-states' });
    await useLoopbackBuckets(bucket);
    await bucket.succeed(['init', '-no-color']);
    await bucket.succeed(['apply', '-auto-approve', '-no-color', ...named]);
    expect(await differences(bucket, named)).toBe('');
    const refused = await bucket.terraform(['destroy', '-auto-approve', '-no-color', ...named]);
    expect(refused.output).toContain('Instance cannot be destroyed');
    await bucket.remove();
  }, 180_000);

  test('is applied, and nothing differs afterwards', async () => {
    const zone = { name: 'example.com' };
    const secret = { name: 'api-key' };
    const { outputs } = await made(
      stage.moto,
      { aws_route53_zone: { zone }, aws_secretsmanager_secret: { secret } },
      { zone: 'aws_route53_zone.zone.zone_id', secret: 'aws_secretsmanager_secret.secret.arn' },
    );
    given = variables({
      ...GIVEN,
      hosted_zone_id: outputs['zone'],
      secrets: { API_KEY: outputs['secret'] },
      state_bucket: 'octo-states',
    });
    before = await inventory(stage.moto.url);
    await useLocalState(stage.workspace);
    await stage.workspace.succeed(['init', '-no-color']);
    const log = (name: string): string => join(stage.workspace.folder, `${name}.log`);
    await stage.workspace.succeed(['apply', '-auto-approve', '-no-color', ...given], logging(log('apply')));
    expect(await differences(stage.workspace, given, logging(log('plan')))).toBe('');
  }, 300_000);

  test('is deployed to, and does not differ then', async () => {
    sim = await simulatorOf(stage.moto);
    const digest = await push(stage.moto, sim, 'backend-gpu', 'v1');
    const result = await stage.deploy(sim, {
      cluster: 'backend-gpu',
      service: 'backend',
      'ecr-repository': 'backend-gpu',
      'image-tag': 'v1',
    });
    expectResult(result, 'succeeded');
    expect(running(sim, 'backend-gpu')).toEqual([digest]);
    expect(await differences(stage.workspace, given, stage.ecsOf(sim))).toBe('');
  }, 120_000);

  test('is destroyed without a rest', async () => {
    await stage.workspace.succeed(
      ['destroy', '-auto-approve', '-no-color', ...given],
      logging(join(stage.workspace.folder, 'destroy.log')),
    );
    expect(await inventory(stage.moto.url)).toEqual(before);
  }, 120_000);

  test('needs no action of AWS that the roles plan and infra do not have', async () => {
    const { terraformPlan, terraformApply } = await policiesFor({
      prefix: 'backend-gpu',
      cluster_name: 'backend-gpu',
      service_names: ['backend'],
      families: ['backend-gpu'],
      repository_names: ['backend-gpu'],
      log_group_names: ['/ecs/backend-gpu'],
      task_role_names: ['backend-gpu-task'],
      execution_role_names: ['backend-gpu-execution'],
      state_bucket: 'octo-states',
    });
    const [plan = [], apply = [], destroy = []] = ['plan', 'apply', 'destroy'].map((name) =>
      actionsIn(join(stage.workspace.folder, `${name}.log`)),
    );
    expect([plan.length > 30, apply.length > 60, destroy.length > 40]).toEqual([true, true, true]);
    expect(notAllowed([terraformPlan], plan)).toEqual([]);
    expect(notAllowed([terraformApply], [...apply, ...destroy])).toEqual([]);
  }, 120_000);
});
