import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { DescribeImagesCommand, GetDownloadUrlForLayerCommand, PutImageCommand } from '@aws-sdk/client-ecr';
import { GetLogEventsCommand } from '@aws-sdk/client-cloudwatch-logs';
import {
  CreateServiceCommand,
  DeleteServiceCommand,
  DeregisterTaskDefinitionCommand,
  DescribeServiceDeploymentsCommand,
  DescribeServicesCommand,
  DescribeTaskDefinitionCommand,
  DescribeTasksCommand,
  ListServiceDeploymentsCommand,
  ListTasksCommand,
  RegisterTaskDefinitionCommand,
  StopServiceDeploymentCommand,
  UpdateServiceCommand,
} from '@aws-sdk/client-ecs';
import type { UpdateServiceCommandInput } from '@aws-sdk/client-ecs';
import { DescribeTargetHealthCommand } from '@aws-sdk/client-elastic-load-balancing-v2';
import { ManualClock } from '../../simulator/clock.ts';
import { startSimulator } from '../../simulator/simulator.ts';
import type { Simulator } from '../../simulator/simulator.ts';
import { clientsOf } from './clients.ts';

let sim: Simulator;
let clients: ReturnType<typeof clientsOf>;

beforeAll(async () => {
  sim = await startSimulator({ clock: new ManualClock() });
  clients = clientsOf(sim);
});

afterAll(async () => {
  clients.close();
  await sim.close();
});

const container = { name: 'app', image: 'nginx:1.27' };
const fargate = {
  family: 'app',
  networkMode: 'awsvpc',
  requiresCompatibilities: ['FARGATE'],
  cpu: '256',
  memory: '512',
  containerDefinitions: [container],
};

/** Sends fields over the wire that the SDK's model would drop. */
async function registerRaw(body: object): Promise<unknown> {
  const response = await fetch(sim.url, {
    method: 'POST',
    headers: {
      'x-amz-target': 'AmazonEC2ContainerServiceV20141113.RegisterTaskDefinition',
      'content-type': 'application/x-amz-json-1.1',
    },
    body: JSON.stringify(body),
  });
  expect(response.headers.get('x-amzn-requestid')).toMatch(/^[0-9a-f-]{36}$/);
  return response.json();
}

describe('RegisterTaskDefinition', () => {
  test.each<[string, object, string]>([
    ['a missing family', { ...fargate, family: '' }, 'Family should not be null or empty.'],
    ['a bad family', { ...fargate, family: 'a b' }, 'Family contains invalid characters.'],
    ['no containers', { ...fargate, containerDefinitions: [] }, 'Container list cannot be empty.'],
    [
      'a container without name',
      { ...fargate, containerDefinitions: [{ image: 'a' }] },
      'Container.name should not be null or empty.',
    ],
    [
      'a container without image',
      { ...fargate, containerDefinitions: [{ name: 'a' }] },
      'Container.image should not be null or empty.',
    ],
    [
      'duplicate names',
      { ...fargate, containerDefinitions: [container, container] },
      'Container names must be unique within a task definition. Duplicate: app.',
    ],
    [
      'another network mode on Fargate',
      { ...fargate, networkMode: 'bridge' },
      "Fargate only supports network mode 'awsvpc'.",
    ],
    [
      'Fargate without cpu',
      { ...fargate, cpu: undefined },
      "Fargate requires that 'cpu' be defined at the task level.",
    ],
    [
      'Fargate without memory',
      { ...fargate, memory: undefined },
      "Fargate requires that 'memory' be defined at the task level.",
    ],
    [
      'a pair that Fargate does not have',
      { ...fargate, memory: '4096' },
      'No Fargate configuration exists for given values: 256 CPU, 4096 memory. See the Amazon ECS documentation for the valid values.',
    ],
    [
      'another host port with awsvpc',
      {
        ...fargate,
        containerDefinitions: [{ ...container, portMappings: [{ containerPort: 80, hostPort: 8080 }] }],
      },
      'When networkMode=awsvpc, the host ports and container ports in port mappings must match.',
    ],
    [
      'awslogs without its options',
      {
        ...fargate,
        containerDefinitions: [{ ...container, logConfiguration: { logDriver: 'awslogs', options: {} } }],
      },
      'Log driver awslogs requires options: awslogs-region, awslogs-group',
    ],
    [
      'awslogs without an execution role',
      {
        ...fargate,
        containerDefinitions: [
          {
            ...container,
            logConfiguration: {
              logDriver: 'awslogs',
              options: { 'awslogs-region': 'us-east-1', 'awslogs-group': '/a' },
            },
          },
        ],
      },
      'Fargate requires task definition to have execution role ARN to support log driver awslogs.',
    ],
    [
      'an ECR image without an execution role',
      {
        ...fargate,
        containerDefinitions: [
          { name: 'a', image: '123456789012.dkr.ecr.us-east-1.amazonaws.com/backend:v1' },
        ],
      },
      'Fargate requires task definition to have execution role ARN to support ECR images.',
    ],
    [
      'fields that only describe',
      {
        ...fargate,
        taskDefinitionArn: 'a',
        revision: 1,
        status: 'ACTIVE',
        requiresAttributes: [],
        compatibilities: [],
        registeredAt: 1,
        registeredBy: 'a',
        deregisteredAt: 1,
        deleteRequestedAt: 1,
      },
      'Unexpected field in the task definition: taskDefinitionArn, revision, status, requiresAttributes, compatibilities, registeredAt, registeredBy, deregisteredAt, deleteRequestedAt.',
    ],
    [
      'unknown fields, by their paths',
      {
        ...fargate,
        familly: 'a',
        containerDefinitions: [{ ...container, enviroment: [], portMappings: [{ containerport: 1 }] }],
      },
      'Unknown field in the task definition: familly, containerDefinitions[app].enviroment, containerDefinitions[app].portMappings[0].containerport.',
    ],
  ])('refuses %s', async (_what, body, message) => {
    expect(await registerRaw(body)).toEqual({ __type: 'ClientException', message });
  });

  test('fills in what ECS fills in, and keeps everything else', async () => {
    const { taskDefinition } = await clients.ecs.send(
      new RegisterTaskDefinitionCommand({
        family: 'filled',
        networkMode: 'awsvpc',
        requiresCompatibilities: ['FARGATE'],
        cpu: '1 vCPU',
        memory: '2GB',
        containerDefinitions: [
          {
            ...container,
            portMappings: [{ containerPort: 80 }],
            environment: [{ name: 'EMPTY', value: '' }],
            healthCheck: { command: ['CMD', 'true'], retries: 2 },
          },
        ],
        volumes: [
          { name: 'scratch' },
          { name: 'shared', efsVolumeConfiguration: { fileSystemId: 'fs-12345678' } },
        ],
      }),
    );
    expect(taskDefinition).toMatchObject({
      revision: 1,
      status: 'ACTIVE',
      cpu: '1024',
      memory: '2048',
      placementConstraints: [],
      volumes: [
        { name: 'scratch', host: {} },
        { name: 'shared', efsVolumeConfiguration: { fileSystemId: 'fs-12345678', rootDirectory: '/' } },
      ],
      compatibilities: expect.arrayContaining(['FARGATE']),
      containerDefinitions: [
        {
          cpu: 0,
          essential: true,
          environment: [{ name: 'EMPTY', value: '' }],
          mountPoints: [],
          volumesFrom: [],
          systemControls: [],
          portMappings: [{ containerPort: 80, hostPort: 80, protocol: 'tcp' }],
          healthCheck: { command: ['CMD', 'true'], interval: 30, timeout: 5, retries: 2 },
        },
      ],
    });
  });

  test('accepts a field of the future where the world knows it, and gives it back', async () => {
    sim.world.taskDefinitions.fieldsOfTheFuture.add('quantumCores');
    const body = { ...fargate, family: 'future', containerDefinitions: [{ ...container, quantumCores: 4 }] };
    expect(await registerRaw(body)).toMatchObject({
      taskDefinition: { containerDefinitions: [{ quantumCores: 4 }] },
    });
  });
});

describe('services', () => {
  const update = (input: Partial<UpdateServiceCommandInput>): Promise<unknown> =>
    clients.ecs.send(new UpdateServiceCommand({ cluster: 'demo', service: 'backend', ...input }));

  test.each<[string, Partial<UpdateServiceCommandInput>, string, string]>([
    ['a missing cluster', { cluster: 'none' }, 'ClusterNotFoundException', 'Cluster not found.'],
    ['a missing service', { service: 'none' }, 'ServiceNotFoundException', 'Service not found.'],
    ['an inactive service', { service: 'retired' }, 'ServiceNotActiveException', 'Service was not ACTIVE.'],
    ['a missing definition', { taskDefinition: 'none' }, 'ClientException', 'TaskDefinition not found.'],
    [
      'a definition without the container behind the load balancer',
      { taskDefinition: 'worker' },
      'InvalidParameterException',
      'The container backend does not exist in the task definition.',
    ],
    [
      'a service of CodeDeploy',
      { service: 'codedeploy', taskDefinition: 'worker' },
      'InvalidParameterException',
      'Unable to update task definition on services with a CODE_DEPLOY deployment controller. Use AWS CodeDeploy to trigger a new deployment.',
    ],
    [
      'a forced deployment of a service of CodeDeploy',
      { service: 'codedeploy', forceNewDeployment: true },
      'InvalidParameterException',
      'Cannot force a new deployment on services with a CODE_DEPLOY deployment controller. Use AWS CodeDeploy to trigger a new deployment.',
    ],
    [
      'a service of an external controller',
      { service: 'external', taskDefinition: 'worker' },
      'InvalidParameterException',
      'Unable to update task definition on services with an EXTERNAL deployment controller. Use CreateTaskSet to create a new task set.',
    ],
  ])('UpdateService refuses %s', async (_what, input, name, message) => {
    await expect(update(input)).rejects.toMatchObject({ name, message });
  });

  test('UpdateService refuses an inactive revision', async () => {
    const { body } = sim.world.taskDefinitions.find('backend:1')!;
    const { arn } = sim.operator.registerTaskDefinition({ ...body });
    await clients.ecs.send(new DeregisterTaskDefinitionCommand({ taskDefinition: arn }));
    await expect(update({ taskDefinition: arn })).rejects.toMatchObject({
      name: 'ClientException',
      message: 'TaskDefinition is inactive',
    });
  });

  test('what is not there is a failure, not an error', async () => {
    const services = await clients.ecs.send(
      new DescribeServicesCommand({ cluster: 'demo', services: ['none'] }),
    );
    expect(services).toMatchObject({
      services: [],
      failures: [{ arn: 'arn:aws:ecs:us-east-1:123456789012:service/demo/none', reason: 'MISSING' }],
    });
    const tasks = await clients.ecs.send(new DescribeTasksCommand({ cluster: 'demo', tasks: ['none'] }));
    expect(tasks).toMatchObject({ tasks: [], failures: [{ reason: 'MISSING' }] });
    const arns = {
      serviceDeploymentArns: ['arn:aws:ecs:us-east-1:123456789012:service-deployment/demo/backend/none'],
    };
    const deployments = await clients.ecs.send(new DescribeServiceDeploymentsCommand(arns));
    expect(deployments).toMatchObject({ serviceDeployments: [], failures: [{ reason: 'MISSING' }] });
  });

  test('batches have the limits of ECS', async () => {
    const many = Array.from({ length: 101 }, (_, index) => `thing-${index}`);
    const refused = { name: 'InvalidParameterException' };
    const of = { cluster: 'demo' };
    await expect(
      clients.ecs.send(new DescribeServicesCommand({ ...of, services: many.slice(0, 11) })),
    ).rejects.toMatchObject(refused);
    await expect(clients.ecs.send(new DescribeTasksCommand({ ...of, tasks: many }))).rejects.toMatchObject(
      refused,
    );
    await expect(
      clients.ecs.send(new DescribeServiceDeploymentsCommand({ serviceDeploymentArns: many.slice(0, 21) })),
    ).rejects.toMatchObject(refused);
    await expect(clients.ecs.send(new ListTasksCommand({ ...of, maxResults: 101 }))).rejects.toMatchObject(
      refused,
    );
  });

  test('the others refuse in their own words', async () => {
    const { ecs } = clients;
    await expect(
      ecs.send(new DescribeTaskDefinitionCommand({ taskDefinition: 'none' })),
    ).rejects.toMatchObject({ name: 'ClientException', message: 'Unable to describe task definition.' });
    await expect(
      ecs.send(new ListServiceDeploymentsCommand({ cluster: 'demo', service: 'none' })),
    ).rejects.toMatchObject({ name: 'ServiceNotFoundException' });
    await expect(
      ecs.send(new ListTasksCommand({ cluster: 'demo', serviceName: 'none' })),
    ).rejects.toMatchObject({ name: 'ServiceNotFoundException' });
    await expect(
      ecs.send(new StopServiceDeploymentCommand({ serviceDeploymentArn: 'none' })),
    ).rejects.toMatchObject({ name: 'ServiceDeploymentNotFoundException' });
    const finished = sim.world.cluster('demo').service('backend').serviceDeployments[0]!.arn;
    await expect(
      ecs.send(new StopServiceDeploymentCommand({ serviceDeploymentArn: finished })),
    ).rejects.toMatchObject({ name: 'ConflictException' });
    await expect(
      ecs.send(new DeleteServiceCommand({ cluster: 'demo', service: 'backend' })),
    ).rejects.toMatchObject({ message: 'The service cannot be stopped while it is scaled above 0.' });
    await expect(
      ecs.send(
        new CreateServiceCommand({ cluster: 'demo', serviceName: 'backend', taskDefinition: 'backend' }),
      ),
    ).rejects.toMatchObject({ message: 'Creation of service was not idempotent.' });
    await expect(
      ecs.send(new CreateServiceCommand({ cluster: 'demo', serviceName: 'new', taskDefinition: 'backend' })),
    ).rejects.toMatchObject({
      message: "Network Configuration must be provided when networkMode 'awsvpc' is specified.",
    });
  });
});

test('ECR, ELB and CloudWatch Logs refuse with their own codes and sentences', async () => {
  await expect(clients.ecr.send(new DescribeImagesCommand({ repositoryName: 'none' }))).rejects.toMatchObject(
    {
      name: 'RepositoryNotFoundException',
      message: "The repository with name 'none' does not exist in the registry with id '123456789012'",
    },
  );
  await expect(
    clients.ecr.send(
      new DescribeImagesCommand({ repositoryName: 'backend', imageIds: [{ imageTag: 'none' }] }),
    ),
  ).rejects.toMatchObject({
    name: 'ImageNotFoundException',
    message:
      "The image with imageId {imageDigest:'null', imageTag:'none'} does not exist within the repository with name 'backend' in the registry with id '123456789012'",
  });
  const layerDigest = `sha256:${'0'.repeat(64)}`;
  await expect(
    clients.ecr.send(new GetDownloadUrlForLayerCommand({ repositoryName: 'backend', layerDigest })),
  ).rejects.toMatchObject({
    name: 'LayersNotFoundException',
    message: `The layer with digest '${layerDigest}' does not exist within the repository with name 'backend' in the registry with id '123456789012'`,
  });
  const { manifest } = sim.world.registry.repositories.get('backend')!.byTag('v1')!;
  await expect(
    clients.ecr.send(
      new PutImageCommand({ repositoryName: 'backend', imageManifest: manifest, imageTag: 'v1' }),
    ),
  ).rejects.toMatchObject({ name: 'ImageAlreadyExistsException' });
  await expect(
    clients.elbv2.send(new DescribeTargetHealthCommand({ TargetGroupArn: 'arn:none' })),
  ).rejects.toMatchObject({
    name: 'TargetGroupNotFoundException',
    message: 'One or more target groups not found',
  });
  await expect(
    clients.logs.send(new GetLogEventsCommand({ logGroupName: '/none', logStreamName: 'a' })),
  ).rejects.toMatchObject({
    name: 'ResourceNotFoundException',
    message: 'The specified log group does not exist.',
  });
});
