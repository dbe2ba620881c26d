import { afterAll, beforeAll, expect, test } from '@jest/globals';
import {
  DescribeServiceDeploymentsCommand,
  DescribeServiceRevisionsCommand,
  DescribeServicesCommand,
  DescribeTaskDefinitionCommand,
  DescribeTasksCommand,
  ListServiceDeploymentsCommand,
  ListTasksCommand,
  RegisterTaskDefinitionCommand,
  UpdateServiceCommand,
} from '@aws-sdk/client-ecs';
import { DescribeImagesCommand } from '@aws-sdk/client-ecr';
import { DescribeTargetHealthCommand } from '@aws-sdk/client-elastic-load-balancing-v2';
import { GetLogEventsCommand } from '@aws-sdk/client-cloudwatch-logs';
import { ManualClock } from '../../simulator/clock.ts';
import { startSimulator } from '../../simulator/simulator.ts';
import type { Simulator } from '../../simulator/simulator.ts';
import { clientsOf } from './clients.ts';

const clock = new ManualClock();
let sim: Simulator;
let clients: ReturnType<typeof clientsOf>;
const ours = { cluster: 'demo', services: ['backend'] };

beforeAll(async () => {
  sim = await startSimulator({ clock });
  clients = clientsOf(sim);
});

afterAll(async () => {
  clients.close();
  await sim.close();
});

/** Registers the running definition with another image, as a deployer does. */
async function register(image: string): Promise<string> {
  const { taskDefinition } = await clients.ecs.send(
    new DescribeTaskDefinitionCommand({ taskDefinition: 'backend' }),
  );
  const [container] = taskDefinition!.containerDefinitions!;
  const registered = await clients.ecs.send(
    new RegisterTaskDefinitionCommand({
      family: 'backend',
      containerDefinitions: [{ ...container!, image }],
      executionRoleArn: taskDefinition!.executionRoleArn,
      networkMode: 'awsvpc',
      requiresCompatibilities: ['FARGATE'],
      cpu: taskDefinition!.cpu,
      memory: taskDefinition!.memory,
    }),
  );
  return registered.taskDefinition!.taskDefinitionArn!;
}

test('an SDK client deploys an image by digest and can prove what runs', async () => {
  const image = await clients.ecr.send(
    new DescribeImagesCommand({ repositoryName: 'backend', imageIds: [{ imageTag: 'v2' }] }),
  );
  const digest = image.imageDetails![0]!.imageDigest!;
  const arn = await register(`123456789012.dkr.ecr.us-east-1.amazonaws.com/backend@${digest}`);
  const updated = await clients.ecs.send(
    new UpdateServiceCommand({ cluster: 'demo', service: 'backend', taskDefinition: arn }),
  );
  const primary = updated.service!.deployments![0]!;
  expect(primary).toMatchObject({ status: 'PRIMARY', rolloutState: 'IN_PROGRESS', taskDefinition: arn });

  const listed = await clients.ecs.send(
    new ListServiceDeploymentsCommand({
      cluster: 'demo',
      service: 'backend',
      createdAt: { after: new Date(primary.createdAt!.getTime() - 5000) },
    }),
  );
  expect(listed.serviceDeployments).toHaveLength(1);
  const serviceDeploymentArns = [listed.serviceDeployments![0]!.serviceDeploymentArn!];
  const described = (): Promise<string | undefined> =>
    clients.ecs
      .send(new DescribeServiceDeploymentsCommand({ serviceDeploymentArns }))
      .then(({ serviceDeployments }) => serviceDeployments![0]!.status);
  expect(await described()).toBe('PENDING');
  clock.skip(20);
  expect(await described()).toBe('IN_PROGRESS');
  clock.skip(60);
  expect(await described()).toBe('SUCCESSFUL');

  const revisions = await clients.ecs.send(
    new DescribeServiceRevisionsCommand({
      serviceRevisionArns: [listed.serviceDeployments![0]!.targetServiceRevisionArn!],
    }),
  );
  expect(revisions.serviceRevisions![0]).toMatchObject({
    taskDefinition: arn,
    containerImages: [{ containerName: 'backend', imageDigest: digest }],
  });

  const { taskArns } = await clients.ecs.send(
    new ListTasksCommand({ cluster: 'demo', serviceName: 'backend' }),
  );
  const { tasks } = await clients.ecs.send(new DescribeTasksCommand({ cluster: 'demo', tasks: taskArns }));
  expect(tasks).toHaveLength(2);
  for (const task of tasks!) {
    expect(task).toMatchObject({ lastStatus: 'RUNNING', startedBy: primary.id, group: 'service:backend' });
    expect(task.containers![0]).toMatchObject({ imageDigest: digest, lastStatus: 'RUNNING' });
  }

  const service = await clients.ecs.send(new DescribeServicesCommand(ours));
  const targetGroupArn = service.services![0]!.loadBalancers![0]!.targetGroupArn;
  const health = await clients.elbv2.send(
    new DescribeTargetHealthCommand({ TargetGroupArn: targetGroupArn }),
  );
  const addresses = tasks!.map((task) => task.containers![0]!.networkInterfaces![0]!.privateIpv4Address);
  expect(
    health.TargetHealthDescriptions!.map(({ Target, TargetHealth }) => [Target!.Id, TargetHealth!.State]),
  ).toEqual(addresses.map((address) => [address, 'healthy']));

  const answer = await fetch(`${sim.loadBalancers['web']!.url}/version`);
  expect([answer.status, await answer.json()]).toEqual([200, { version: 'v2' }]);
});

test('a crashing image leaves its stop reason, its exit code and its last words', async () => {
  const arn = await register('123456789012.dkr.ecr.us-east-1.amazonaws.com/backend:crash-1');
  await clients.ecs.send(
    new UpdateServiceCommand({ cluster: 'demo', service: 'backend', taskDefinition: arn }),
  );
  clock.skip(30);
  const { taskArns } = await clients.ecs.send(
    new ListTasksCommand({ cluster: 'demo', serviceName: 'backend', desiredStatus: 'STOPPED' }),
  );
  const { tasks } = await clients.ecs.send(new DescribeTasksCommand({ cluster: 'demo', tasks: taskArns }));
  const crashed = tasks!.find((task) => task.taskDefinitionArn === arn)!;
  expect(crashed).toMatchObject({
    stopCode: 'EssentialContainerExited',
    stoppedReason: 'Essential container in task exited',
    containers: [{ exitCode: 1 }],
  });
  const { events } = await clients.logs.send(
    new GetLogEventsCommand({
      logGroupName: '/ecs/backend',
      logStreamName: `ecs/backend/${crashed.taskArn!.split('/').at(-1)!}`,
      startFromHead: true,
    }),
  );
  expect(events!.at(-1)!.message).toBe('RuntimeError: DATABASE_URL is not set');

  clock.skip(90);
  const { services } = await clients.ecs.send(new DescribeServicesCommand(ours));
  expect(services![0]!.deployments).toHaveLength(1);
  expect(services![0]!.taskDefinition).not.toBe(arn);
  expect(services![0]!.deployments![0]).toMatchObject({ rolloutState: 'COMPLETED', runningCount: 2 });
});

test('every call is recorded with its fields and its answer', () => {
  const updates = sim.calls.filter(({ action }) => action === 'UpdateService');
  expect(updates.map(({ status, body }) => [status, Object.keys(body).sort()])).toEqual([
    [200, ['cluster', 'service', 'taskDefinition']],
    [200, ['cluster', 'service', 'taskDefinition']],
  ]);
});
