/** What a task needs around it, asked with unmodified SDK clients: roles, secrets, parameters, scaling ranges. */
import { ApplicationAutoScaling } from '@aws-sdk/client-application-auto-scaling';
import { IAM } from '@aws-sdk/client-iam';
import { SecretsManager } from '@aws-sdk/client-secrets-manager';
import { SSM } from '@aws-sdk/client-ssm';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { ManualClock } from '../../simulator/clock.ts';
import { seedWorld } from '../../simulator/scenario/seed.ts';
import { parameterName } from '../../simulator/state/secrets.ts';
import { startSimulator, type Simulator } from '../../simulator/simulator.ts';

let sim: Simulator;
let iam: IAM;
let secrets: SecretsManager;
let parameters: SSM;
let scaling: ApplicationAutoScaling;

beforeAll(async () => {
  const world = seedWorld({ autoscaling: { backend: { min: 1, max: 4 } } });
  sim = await startSimulator({ clock: new ManualClock(), region: 'eu-central-1', world });
  const settings = {
    endpoint: sim.url,
    region: 'eu-central-1',
    maxAttempts: 1,
    credentials: { accessKeyId: 'simulated', secretAccessKey: 'simulated' },
  };
  iam = new IAM(settings);
  secrets = new SecretsManager(settings);
  parameters = new SSM(settings);
  scaling = new ApplicationAutoScaling(settings);
});

afterAll(async () => {
  for (const client of [iam, secrets, parameters, scaling]) client.destroy();
  await sim.close();
});

describe('IAM', () => {
  test.each([
    ['backend-task', 'ecs-tasks.amazonaws.com'],
    ['ecs-execution', 'ecs-tasks.amazonaws.com'],
    ['functions', 'lambda.amazonaws.com'],
  ])('role %s trusts %s, in a policy that is encoded', async (name, service) => {
    const { Role } = await iam.getRole({ RoleName: name });
    expect(Role).toMatchObject({ RoleName: name, Arn: `arn:aws:iam::123456789012:role/${name}` });
    expect(Role!.AssumeRolePolicyDocument).toMatch(/^%7B/);
    expect(JSON.parse(decodeURIComponent(Role!.AssumeRolePolicyDocument!))).toMatchObject({
      Statement: [{ Principal: { Service: service }, Action: 'sts:AssumeRole' }],
    });
  });

  test('belongs to the account: a role of the home world is there whatever region a request is signed for', async () => {
    sim.world.roles.create('late');
    expect((await iam.getRole({ RoleName: 'late' })).Role?.RoleName).toBe('late');
  });

  test('does not find a role that is not there, and can deny the look', async () => {
    await expect(iam.getRole({ RoleName: 'none' })).rejects.toMatchObject({
      name: 'NoSuchEntityException',
      message: 'The role with name none cannot be found.',
    });
    const disarm = sim.inject({ action: 'GetRole', effect: { kind: 'denied' } });
    await expect(iam.getRole({ RoleName: 'functions' })).rejects.toMatchObject({ name: 'AccessDenied' });
    disarm();
  });
});

describe('Secrets Manager', () => {
  const arn = 'arn:aws:secretsmanager:eu-central-1:123456789012:secret:backend/database-AbCdEf';

  test.each([[arn], [arn.slice(0, -7)], ['backend/database']])('finds the secret by %s', async (id) => {
    const { VersionIdsToStages = {}, ...secret } = await secrets.describeSecret({ SecretId: id });
    expect(secret).toMatchObject({ ARN: arn, Name: 'backend/database' });
    expect(Object.values(VersionIdsToStages)).toEqual([['AWSCURRENT']]);
  });

  test('does not find a parameter, nor what is not there', async () => {
    for (const id of ['/backend/api-key', `${arn}:password::`]) {
      await expect(secrets.describeSecret({ SecretId: id })).rejects.toMatchObject({
        name: 'ResourceNotFoundException',
      });
    }
  });
});

describe('Systems Manager', () => {
  const named = (Values: string[]): object => ({
    ParameterFilters: [{ Key: 'Name', Option: 'Equals', Values }],
  });

  test('finds parameters by their whole names', async () => {
    const { Parameters } = await parameters.describeParameters(named(['/backend/api-key', '/backend']));
    expect(Parameters).toMatchObject([{ Name: '/backend/api-key', Type: 'SecureString' }]);
    expect((await parameters.describeParameters(named(['/backend/api']))).Parameters).toEqual([]);
  });

  test('takes fifty names at most', async () => {
    const names = Array.from({ length: 51 }, (_, index) => `/p${index}`);
    await expect(parameters.describeParameters(named(names))).rejects.toMatchObject({
      name: 'InvalidFilterValue',
    });
  });
});

test.each([
  ['arn:aws:ssm:eu-central-1:123456789012:parameter/backend/api-key', '/backend/api-key'],
  ['arn:aws-cn:ssm:cn-north-1:123456789012:parameter/key', 'key'],
  ['/backend/api-key', '/backend/api-key'],
])('a reference to %s means parameter %s', (reference, name) => {
  expect(parameterName(reference)).toBe(name);
});

test('Application Auto Scaling knows the ranges that the world was seeded with', async () => {
  const ask = async (service: string): Promise<unknown> => {
    const answer = await scaling.describeScalableTargets({
      ServiceNamespace: 'ecs',
      ResourceIds: [`service/demo/${service}`],
    });
    return answer.ScalableTargets;
  };
  expect(await ask('backend')).toMatchObject([
    { ResourceId: 'service/demo/backend', MinCapacity: 1, MaxCapacity: 4 },
  ]);
  expect(await ask('worker')).toEqual([]);
});
