/** The checks against the simulated AWS, asked over the wire: what a healthy account shows, and each thing amiss. */
import { ApplicationAutoScaling } from '@aws-sdk/client-application-auto-scaling';
import { CloudWatch } from '@aws-sdk/client-cloudwatch';
import { CloudWatchLogs } from '@aws-sdk/client-cloudwatch-logs';
import { ECR } from '@aws-sdk/client-ecr';
import { ECS } from '@aws-sdk/client-ecs';
import { ElasticLoadBalancingV2 } from '@aws-sdk/client-elastic-load-balancing-v2';
import { IAM } from '@aws-sdk/client-iam';
import { SecretsManager } from '@aws-sdk/client-secrets-manager';
import { CodeDeploy } from '@aws-sdk/client-codedeploy';
import { SSM } from '@aws-sdk/client-ssm';
import { afterEach, describe, expect, test } from '@jest/globals';
import { ManualClock } from '../../simulator/clock.ts';
import { seedWorld, type SeedOptions } from '../../simulator/scenario/seed.ts';
import { rawTaskDefinitions } from '../../src/aws/task-definitions.ts';
import { startSimulator, type Simulator } from '../../simulator/simulator.ts';
import type { CheckResult, JsonObject, RolloutRequest, TaskDefinition } from '../../src/model/index.ts';
import { surveyServices } from '../../src/service/survey.ts';
import type { PreflightAws } from '../../src/preflight/check.ts';
import { download } from '../../src/runtime/http.ts';
import { runChecks } from '../../src/preflight/index.ts';
import { requestOf } from '../fakes/literals.ts';
import { fakeLog } from '../fakes/log.ts';
import { meansWith } from './candidates.ts';

const cleanUps: (() => Promise<void> | void)[] = [];

afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0)) await cleanUp();
});

interface Bench {
  readonly sim: Simulator;
  /** What the checks say of a service that gets its own definition, changed. */
  readonly look: (service: string, change?: Change) => Promise<CheckResult[]>;
}

interface Change {
  readonly task?: JsonObject;
  readonly container?: JsonObject;
  readonly rollout?: Partial<RolloutRequest>;
}

async function bench(options: SeedOptions = {}): Promise<Bench> {
  const sim = await startSimulator({ clock: new ManualClock(), world: seedWorld(options) });
  const settings = {
    endpoint: sim.url,
    region: 'us-east-1',
    maxAttempts: 1,
    credentials: { accessKeyId: 'simulated', secretAccessKey: 'simulated' },
  };
  const ecs = new ECS(settings);
  const aws: PreflightAws & { readonly ecs: ECS } = {
    region: settings.region,
    ecs,
    taskDefinitions: rawTaskDefinitions(ecs, ecs),
    elb: new ElasticLoadBalancingV2(settings),
    logs: new CloudWatchLogs(settings),
    alarms: new CloudWatch(settings),
    roles: new IAM(settings),
    secrets: new SecretsManager(settings),
    parameters: new SSM(settings),
    scaling: new ApplicationAutoScaling(settings),
    ecr: (region) => new ECR({ ...settings, region }),
  };
  cleanUps.push(() => sim.close());
  return {
    sim,
    look: async (service, { task = {}, container = {}, rollout = {} } = {}) => {
      const services = await surveyServices(
        {
          aws: { ...aws, elb: new ElasticLoadBalancingV2(settings), codeDeploy: new CodeDeploy(settings) },
          log: fakeLog(),
        },
        { cluster: 'demo', services: [service] },
      );
      const registered = sim.world.cluster('demo').service(service).revisions.at(-1)?.definition.body;
      const definition = { ...registered, ...task } as TaskDefinition;
      const [first, ...others] = definition.containerDefinitions;
      return runChecks(
        { ...meansWith({ download }), aws, log: fakeLog() },
        {
          request: requestOf({ rollout: { ...requestOf().rollout, ...rollout } }),
          services,
          definition: {
            ...definition,
            containerDefinitions: [
              { ...first, ...container } as TaskDefinition['containerDefinitions'][number],
              ...others,
            ],
          },
          existingArn: undefined,
          images: {},
        },
      );
    },
  };
}

function amiss(results: readonly CheckResult[]): string[] {
  return results
    .filter(({ state }) => state !== 'OK')
    .map(({ state, check, detail }) => `${state} ${check}: ${detail}`);
}

describe('a healthy account', () => {
  test.each(['backend', 'worker', 'web', 'bluegreen'])('has nothing amiss with service %s', async (name) => {
    const { look } = await bench();
    expect(amiss(await look(name))).toEqual([]);
  });

  test('has a daemon without a circuit breaker', async () => {
    const { look } = await bench();
    expect(amiss(await look('agent'))).toEqual([expect.stringMatching(/^WARNING circuit breaker: /)]);
  });
});

const missing = (name: string): string => `123456789012.dkr.ecr.us-east-1.amazonaws.com/${name}`;

describe('what is amiss is found over the wire', () => {
  test.each<[string, Change, string]>([
    [
      'an image that is not there',
      { container: { image: missing('backend:none') } },
      'FAILED image: backend:none is not in ECR',
    ],
    [
      'a repository that is not there',
      { container: { image: missing('none:1') } },
      'FAILED image: none:1 is not in ECR',
    ],
    [
      'an image for another platform',
      { container: { image: missing('backend:arm-1') } },
      'FAILED image: backend:arm-1 has no image for linux/amd64',
    ],
    [
      'a single image for another platform',
      { container: { image: missing('backend:wrongplatform-1') } },
      'FAILED image: backend:wrongplatform-1 has no image for linux/amd64, which the task runs on; it has linux/arm64',
    ],
    [
      'a size that Fargate lacks',
      { task: { memory: '1024' } },
      'FAILED task size: Fargate has no cpu 1024 and memory 1024',
    ],
    [
      'another name of the container',
      { container: { name: 'api' } },
      'FAILED load balancer: a target group of backend needs port 8000 of container "backend"',
    ],
    ['a port that is not mapped', { container: { portMappings: [] } }, 'FAILED load balancer: '],
    [
      'a network mode that the group does not fit',
      { task: { networkMode: 'bridge' } },
      'FAILED target type: target group backend has the target type ip',
    ],
    [
      'a role that is not there',
      { task: { executionRoleArn: 'arn:aws:iam::123456789012:role/none' } },
      'FAILED role: role none (executionRoleArn) does not exist',
    ],
    [
      'a role for another service',
      { task: { taskRoleArn: 'arn:aws:iam::123456789012:role/functions' } },
      'FAILED role: role functions (taskRoleArn) does not trust ecs-tasks.amazonaws.com',
    ],
    [
      'a secret that is not there',
      {
        container: {
          secrets: [
            {
              name: 'A',
              valueFrom: 'arn:aws:secretsmanager:us-east-1:123456789012:secret:none-AbCdEf:key::',
            },
          ],
        },
      },
      'FAILED secret: secret none-AbCdEf (A of backend) does not exist',
    ],
    [
      'a parameter that is not there',
      { container: { secrets: [{ name: 'A', valueFrom: '/none' }] } },
      'FAILED parameter: parameter /none (A of backend) does not exist',
    ],
    [
      'a log group that is not there',
      {
        container: {
          logConfiguration: {
            logDriver: 'awslogs',
            options: { 'awslogs-group': '/ecs/back', 'awslogs-region': 'us-east-1' },
          },
        },
      },
      'FAILED log group: log group /ecs/back does not exist',
    ],
    [
      'a definition that is large',
      { container: { environment: [{ name: 'A', value: 'x'.repeat(62_000) }] } },
      'WARNING definition size: ',
    ],
  ])('%s', async (_what, change, line) => {
    const { look } = await bench();
    expect(amiss(await look('backend', change))).toContainEqual(expect.stringContaining(line));
  });

  test('secrets and parameters that are there pass, however they are referred to', async () => {
    const { look } = await bench();
    const secrets = [
      'arn:aws:secretsmanager:us-east-1:123456789012:secret:backend/database-AbCdEf:password:AWSCURRENT:',
      'arn:aws:ssm:us-east-1:123456789012:parameter/backend/api-key',
      '/backend/api-key',
    ].map((valueFrom, index) => ({ name: `S${index}`, valueFrom }));
    expect(amiss(await look('backend', { container: { secrets } }))).toEqual([]);
  });

  test('settings of the service', async () => {
    const { look, sim } = await bench({
      desiredCount: 1,
      maximumPercent: 100,
      circuitBreaker: false,
      autoscaling: { backend: { min: 1, max: 4 } },
      alarms: { errors: 'ALARM' },
      deploymentConfiguration: { alarms: { alarmNames: ['errors'], enable: true, rollback: true } },
    });
    sim.operator.deploy('backend', 'v3');
    expect(amiss(await look('backend', { rollout: { desiredCount: 5 } }))).toEqual([
      expect.stringContaining('FAILED deployment percents: backend can never replace its 5 tasks'),
      expect.stringContaining('WARNING other deployment: service "backend" has a deployment in progress'),
      expect.stringContaining('WARNING circuit breaker: '),
      expect.stringContaining('WARNING alarms: alarm "errors" is in ALARM before the deployment'),
      expect.stringContaining('WARNING scaling range: desired-count 5 is outside of 1 to 4'),
    ]);
  });

  test('the image of the good revision that was deleted from ECR', async () => {
    const { look, sim } = await bench();
    const repository = sim.world.registry.repositories.get('backend');
    for (const { digest, tags } of repository?.images.values() ?? []) {
      if (tags.has('v1')) repository?.images.delete(digest);
    }
    const results = amiss(await look('backend', { container: { image: missing('backend:v2') } }));
    expect(results).toEqual([
      expect.stringMatching(/^WARNING rollback image: .* of backend:1 is gone from ECR/),
    ]);
  });
});

test.each([
  ['GetRole', 'role', 'iam:GetRole'],
  ['BatchGetImage', 'image', 'ecr:BatchGetImage'],
  ['DescribeTargetGroups', 'target type', 'elasticloadbalancing:DescribeTargetGroups'],
  ['DescribeLogGroups', 'log group', 'logs:DescribeLogGroups'],
])('%s may be denied', async (action, check, permission) => {
  const { look, sim } = await bench();
  sim.inject({ action, effect: { kind: 'denied' } });
  const results = await look('backend');
  expect(results.find((each) => each.check === check)).toEqual({
    check,
    state: 'SKIPPED',
    detail: permission,
    denied: true,
  });
});
