import { execFile, execFileSync } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startSimulator } from '../../simulator/simulator.ts';
import type { Simulator } from '../../simulator/simulator.ts';

const run = promisify(execFile);

function worksLocally(...args: string[]): boolean {
  try {
    execFileSync('aws', args, { stdio: 'ignore', env: { ...process.env, AWS_PAGER: '' } });
    return true;
  } catch {
    return false;
  }
}

/** Why the CLI cannot be driven here, or undefined when it can. */
function obstacle(): string | undefined {
  if (!worksLocally('--version')) return 'skipped: no aws on PATH';
  return worksLocally('ecs', 'list-service-deployments', '--service', 'any', '--generate-cli-skeleton')
    ? undefined
    : 'skipped: this aws is too old for service deployments';
}

const reason = obstacle();
const withCli = reason === undefined ? describe : describe.skip;

withCli(`the AWS CLI${reason === undefined ? '' : ` (${reason})`}`, () => {
  let sim: Simulator;

  beforeAll(async () => {
    sim = await startSimulator({ speed: 1 });
  });

  afterAll(() => sim.close());

  /** Runs `aws` against the simulator, without any configuration of the person who runs the tests. */
  async function aws(...args: string[]): Promise<unknown> {
    const env = {
      PATH: process.env['PATH'],
      HOME: process.env['HOME'],
      ...sim.env,
      AWS_DEFAULT_REGION: sim.env.AWS_REGION,
      AWS_CONFIG_FILE: '/dev/null',
      AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
      AWS_EC2_METADATA_DISABLED: 'true',
      AWS_PAGER: '',
    };
    const { stdout } = await run('aws', [...args, '--output', 'json'], { env });
    return stdout === '' ? undefined : JSON.parse(stdout);
  }

  test('reads a service, its deployments and its tasks', async () => {
    const cluster = sim.world.cluster('demo');
    const service = cluster.service('backend');
    const [deployment] = service.serviceDeployments;
    const [task] = cluster.tasksOf(service);
    const ofService = ['--cluster', 'demo', '--service', 'backend'];
    const answers = await Promise.all([
      aws('ecs', 'describe-services', '--cluster', 'demo', '--services', 'backend', 'nothing'),
      aws('ecs', 'list-service-deployments', ...ofService, '--status', 'SUCCESSFUL'),
      aws('ecs', 'describe-service-deployments', '--service-deployment-arns', deployment!.arn),
      aws('ecs', 'describe-service-revisions', '--service-revision-arns', deployment!.target.arn),
      aws('ecs', 'describe-tasks', '--cluster', 'demo', '--tasks', task!.id),
      aws('ecs', 'wait', 'services-stable', '--cluster', 'demo', '--services', 'backend'),
    ]);
    expect(answers).toMatchObject([
      {
        services: [{ serviceName: 'backend', runningCount: 2, deployments: [{ rolloutState: 'COMPLETED' }] }],
        failures: [{ reason: 'MISSING' }],
      },
      { serviceDeployments: [{ serviceDeploymentArn: deployment!.arn, status: 'SUCCESSFUL' }] },
      {
        serviceDeployments: [{ status: 'SUCCESSFUL', deploymentCircuitBreaker: { threshold: 3 } }],
        failures: [],
      },
      { serviceRevisions: [{ containerImages: [{ containerName: 'backend' }] }], failures: [] },
      { tasks: [{ lastStatus: 'RUNNING', containers: [{ name: 'backend', lastStatus: 'RUNNING' }] }] },
      undefined,
    ]);
  }, 30_000);

  test('reads target health, logs, images and its own identity', async () => {
    const cluster = sim.world.cluster('demo');
    const [task] = cluster.tasksOf(cluster.service('backend'));
    const group = sim.world.balancing.targetGroups.get('backend')!;
    const stream = `ecs/backend/${task!.id}`;
    sim.operator.setAlarm('errors', 'ALARM');
    const answers = await Promise.all([
      aws('elbv2', 'describe-target-health', '--target-group-arn', group.arn),
      aws('logs', 'get-log-events', '--log-group-name', '/ecs/backend', '--log-stream-name', stream),
      aws('ecr', 'describe-images', '--repository-name', 'backend', '--image-ids', 'imageTag=v1'),
      aws('sts', 'get-caller-identity'),
      aws('cloudwatch', 'describe-alarms', '--alarm-names', 'errors'),
    ]);
    expect(answers).toMatchObject([
      {
        TargetHealthDescriptions: [
          { TargetHealth: { State: 'healthy' } },
          { TargetHealth: { State: 'healthy' } },
        ],
      },
      { events: [{ message: 'Application startup complete.' }] },
      { imageDetails: [{ imageTags: ['v1'], imageDigest: expect.stringMatching(/^sha256:[0-9a-f]{64}$/) }] },
      { Account: '123456789012' },
      { MetricAlarms: [{ AlarmName: 'errors', StateValue: 'ALARM' }] },
    ]);
  }, 30_000);

  test('shows a refusal as the CLI shows AWS errors', async () => {
    await expect(aws('ecs', 'describe-services', '--cluster', 'none', '--services', 'a')).rejects.toThrow(
      'An error occurred (ClusterNotFoundException) when calling the DescribeServices operation: Cluster not found.',
    );
  }, 30_000);
});
