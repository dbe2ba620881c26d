import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import {
  BatchGetImageCommand,
  GetAuthorizationTokenCommand,
  GetDownloadUrlForLayerCommand,
  paginateListImages,
} from '@aws-sdk/client-ecr';
import { digestOf } from '../../simulator/state/ids.ts';
import { GetLogEventsCommand } from '@aws-sdk/client-cloudwatch-logs';
import {
  DescribeServicesCommand,
  DescribeTaskDefinitionCommand,
  ListServiceDeploymentsCommand,
  UpdateServiceCommand,
  paginateListTaskDefinitions,
} from '@aws-sdk/client-ecs';
import {
  DescribeListenersCommand,
  DescribeLoadBalancersCommand,
  DescribeTargetGroupsCommand,
} from '@aws-sdk/client-elastic-load-balancing-v2';
import { ManualClock } from '../../simulator/clock.ts';
import { hasDeploymentUnderway, startSimulator } from '../../simulator/simulator.ts';
import type { Simulator } from '../../simulator/simulator.ts';
import { clientsOf } from './clients.ts';

const clock = new ManualClock();
let sim: Simulator;
let clients: ReturnType<typeof clientsOf>;

beforeAll(async () => {
  sim = await startSimulator({ clock });
  clients = clientsOf(sim);
});

afterAll(async () => {
  clients.close();
  await sim.close();
});

const describeBackend = new DescribeServicesCommand({ cluster: 'demo', services: ['backend'] });

test('listings come in pages that fit together', async () => {
  const { body } = sim.world.taskDefinitions.find('worker')!;
  for (let revision = 2; revision <= 7; revision += 1) sim.operator.registerTaskDefinition({ ...body });
  const pages: number[] = [];
  const arns: string[] = [];
  const pagination = { client: clients.ecs, pageSize: 3 };
  for await (const page of paginateListTaskDefinitions(pagination, {
    familyPrefix: 'worker',
    sort: 'DESC',
  })) {
    pages.push(page.taskDefinitionArns!.length);
    arns.push(...page.taskDefinitionArns!);
  }
  expect(pages).toEqual([3, 3, 1]);
  expect(arns[0]).toMatch(/worker:7$/);
  expect(new Set(arns).size).toBe(7);

  const tags: string[] = [];
  for await (const page of paginateListImages(
    { client: clients.ecr, pageSize: 5 },
    { repositoryName: 'backend' },
  )) {
    tags.push(...page.imageIds!.flatMap(({ imageTag }) => imageTag ?? []));
  }
  expect(tags).toEqual(expect.arrayContaining(['v1', 'v2', 'crash-1']));
});

test('a manifest is the content that its digest names, and an index lists its images', async () => {
  const { images, failures } = await clients.ecr.send(
    new BatchGetImageCommand({
      repositoryName: 'backend',
      imageIds: [{ imageTag: 'v1' }, { imageTag: 'multi-1' }, { imageTag: 'none' }],
    }),
  );
  expect(failures).toMatchObject([{ failureCode: 'ImageNotFound' }]);
  const index = JSON.parse(images![1]!.imageManifest!) as {
    manifests: { platform: { architecture: string } }[];
  };
  expect(index.manifests.map(({ platform }) => platform.architecture)).toEqual(['amd64', 'arm64']);
  const { authorizationData } = await clients.ecr.send(new GetAuthorizationTokenCommand({}));
  expect(Buffer.from(authorizationData![0]!.authorizationToken!, 'base64').toString()).toMatch(/^AWS:/);
});

test.each([
  ['v1', 'amd64'],
  ['wrongplatform-1', 'arm64'],
])(
  'the config of %s is at an unguessable URL, without credentials, and says %s',
  async (imageTag, platform) => {
    const repositoryName = 'backend';
    const { images } = await clients.ecr.send(
      new BatchGetImageCommand({ repositoryName, imageIds: [{ imageTag }] }),
    );
    const { config } = JSON.parse(images![0]!.imageManifest!) as { config: { digest: string; size: number } };
    const ask = new GetDownloadUrlForLayerCommand({ repositoryName, layerDigest: config.digest });
    const { downloadUrl, layerDigest } = await clients.ecr.send(ask);
    expect(layerDigest).toBe(config.digest);
    expect(downloadUrl).toMatch(new RegExp(`^${sim.url}/layers/[0-9a-f]{64}$`));
    const blob = await (await fetch(downloadUrl!)).text();
    expect([digestOf(blob), blob.length]).toEqual([config.digest, config.size]);
    expect(JSON.parse(blob)).toMatchObject({ os: 'linux', architecture: platform });
    expect((await fetch(`${downloadUrl!}0`)).status).toBe(403);
  },
);

test('the config of an image whose scripted pull fails for its platform says another one', () => {
  const { registry, images } = sim.world;
  images.behaviours.set('backend:misfit', { pullFailure: 'wrong-platform' });
  const { manifest } = registry.push('backend', 'misfit');
  const { config } = JSON.parse(manifest) as { config: { digest: string } };
  const blob = registry.repositories.get('backend')!.configs.get(config.digest)!;
  expect(JSON.parse(blob)).toMatchObject({ architecture: 'arm64' });
});

test('an index is pinned by its own digest, while its tasks report the image for their platform', () => {
  const backend = sim.world.registry.repositories.get('backend')!;
  const index = backend.byTag('multi-1')!;
  const found = sim.world.images.find(`${backend.uri}@${index.digest}`);
  expect(found).toMatchObject({ digest: index.digest, version: 'multi-1', platforms: index.children });
  const child = index.children[1]!.digest;
  expect(sim.world.images.find(`${backend.uri}@${child}`)).toMatchObject({
    digest: child,
    version: 'multi-1',
  });
});

test('log events are read forwards and backwards, and the last token repeats', async () => {
  sim.world.logs.create('/paged');
  sim.world.logs.open('/paged', 's');
  for (let line = 1; line <= 5; line += 1) sim.world.logs.append('/paged', 's', `line ${line}`);
  const read = async (
    more: object,
  ): Promise<{ lines: (string | undefined)[]; forward: string; backward: string }> => {
    const { events, nextForwardToken, nextBackwardToken } = await clients.logs.send(
      new GetLogEventsCommand({ logGroupName: '/paged', logStreamName: 's', limit: 2, ...more }),
    );
    return {
      lines: events!.map(({ message }) => message),
      forward: nextForwardToken!,
      backward: nextBackwardToken!,
    };
  };
  expect((await read({})).lines).toEqual(['line 4', 'line 5']);
  const first = await read({ startFromHead: true });
  const second = await read({ nextToken: first.forward });
  const third = await read({ nextToken: second.forward });
  const end = await read({ nextToken: third.forward });
  expect([first.lines, second.lines, third.lines, end.lines]).toEqual([
    ['line 1', 'line 2'],
    ['line 3', 'line 4'],
    ['line 5'],
    [],
  ]);
  expect(end.forward).toBe(third.forward);
  expect((await read({ nextToken: second.backward })).lines).toEqual(['line 1', 'line 2']);
});

test('load balancers, listeners and target groups point to each other', async () => {
  const { TargetGroups } = await clients.elbv2.send(new DescribeTargetGroupsCommand({ Names: ['backend'] }));
  const [group] = TargetGroups!;
  expect(group).toMatchObject({ TargetType: 'ip', HealthCheckPath: '/health', Matcher: { HttpCode: '200' } });
  const { LoadBalancers } = await clients.elbv2.send(
    new DescribeLoadBalancersCommand({ LoadBalancerArns: group!.LoadBalancerArns }),
  );
  expect(LoadBalancers).toMatchObject([
    { LoadBalancerName: 'web', Type: 'application', State: { Code: 'active' } },
  ]);
  const { Listeners } = await clients.elbv2.send(
    new DescribeListenersCommand({ LoadBalancerArn: LoadBalancers![0]!.LoadBalancerArn }),
  );
  expect(Listeners![0]!.DefaultActions![0]!.TargetGroupArn).toBe(group!.TargetGroupArn);
});

test.each([
  ['us-east-1', 'aws', 'amazonaws.com'],
  ['eu-central-1', 'aws', 'amazonaws.com'],
  ['cn-north-1', 'aws-cn', 'amazonaws.com.cn'],
  ['us-gov-west-1', 'aws-us-gov', 'amazonaws.com'],
])('in %s names are those of partition %s', async (region, partition, domain) => {
  const regional = clientsOf(sim, region);
  const { services } = await regional.ecs.send(describeBackend);
  expect(services![0]!.serviceArn).toBe(`arn:${partition}:ecs:${region}:123456789012:service/demo/backend`);
  const definition = { taskDefinition: services![0]!.taskDefinition };
  const { taskDefinition } = await regional.ecs.send(new DescribeTaskDefinitionCommand(definition));
  expect(taskDefinition!.containerDefinitions![0]!.image).toBe(
    `123456789012.dkr.ecr.${region}.${domain}/backend:v1`,
  );
  regional.close();
});

describe('UpdateService makes a deployment', () => {
  test.each([
    ['not for a count', { desiredCount: 2 }, false],
    ['not for the same definition', { taskDefinition: 'backend:1' }, false],
    [
      'not for a grace period or tag settings',
      { healthCheckGracePeriodSeconds: 1, propagateTags: 'SERVICE' },
      false,
    ],
    ['not for a deployment configuration', { deploymentConfiguration: { bakeTimeInMinutes: 1 } }, false],
    ['when it is forced', { forceNewDeployment: true }, true],
    ['for another platform version', { platformVersion: '1.4.0' }, true],
  ] as const)('%s', async (_what, change, expected) => {
    const before = await clients.ecs.send(describeBackend);
    const input = { cluster: 'demo', service: 'backend', ...change };
    const after = await clients.ecs.send(new UpdateServiceCommand(input));
    const changed = after.service!.deployments![0]!.id !== before.services![0]!.deployments![0]!.id;
    expect(changed).toBe(expected);
    clock.skip(120);
  });
});

test('what is not JSON, has a wrong type or is not simulated is refused as AWS refuses it', async () => {
  const send = async (action: string, body: string): Promise<unknown> => {
    const headers = { 'x-amz-target': `AmazonEC2ContainerServiceV20141113.${action}` };
    const response = await fetch(sim.url, { method: 'POST', headers, body });
    return [response.status, ((await response.json()) as { __type: string }).__type];
  };
  expect(await send('DescribeServices', '{')).toEqual([400, 'SerializationException']);
  expect(await send('DescribeServices', '{"cluster":"demo","services":"web"}')).toEqual([
    400,
    'SerializationException',
  ]);
  expect(await send('CreateTaskSet', '{}')).toEqual([400, 'UnknownOperationException']);
});

describe('faults', () => {
  const list = (): Promise<unknown> =>
    clients.ecs.send(new ListServiceDeploymentsCommand({ cluster: 'demo', service: 'backend' }));

  test.each([
    [{ kind: 'denied' }, { name: 'AccessDeniedException' }],
    [{ kind: 'throttle' }, { name: 'ThrottlingException' }],
    [{ kind: 'expired-token' }, { name: 'ExpiredTokenException' }],
    [{ kind: 'http-500' }, { $metadata: { httpStatusCode: 500 } }],
    [{ kind: 'error', code: 'ServerException', message: 'no', status: 503 }, { message: 'no' }],
  ] as const)('%p hits the calls that it is armed for, and no others', async (effect, refusal) => {
    const disarm = sim.inject({ action: 'ListServiceDeployments', from: 2, times: 1, effect });
    await list();
    await expect(list()).rejects.toMatchObject(refusal);
    await list();
    await clients.ecs.send(describeBackend);
    disarm();
  });

  test('an answer that is lost may have had its effect, or not', async () => {
    const backend = sim.world.cluster('demo').service('backend');
    for (const [when, effect] of [
      ['before', 0],
      ['after', 1],
    ] as const) {
      const before = backend.serviceDeployments.length;
      sim.inject({ action: 'UpdateService', times: 1, effect: { kind: 'reset', when } });
      const input = { cluster: 'demo', service: 'backend', forceNewDeployment: true };
      await expect(clients.ecs.send(new UpdateServiceCommand(input))).rejects.toThrow();
      expect(sim.calls.at(-1)).toMatchObject({ action: 'UpdateService', status: 0 });
      expect(backend.serviceDeployments.length - before).toBe(effect);
      clock.skip(120);
    }
  });
});

describe('other people', () => {
  test('act at a time, or once something holds', () => {
    const backend = sim.world.cluster('demo').service('backend');
    const seen: string[] = [];
    sim.at(30, () => seen.push('after 30 s'));
    sim.when(
      () => hasDeploymentUnderway(backend),
      () => {
        seen.push('underway');
        sim.operator.stopServiceDeployment('demo/backend');
      },
    );
    const cancel = sim.at(1, () => seen.push('never'));
    cancel();
    clock.skip(29);
    expect(seen).toEqual([]);
    sim.operator.deploy('backend', 'v2');
    clock.skip(120);
    expect(seen).toEqual(['underway', 'after 30 s']);
    expect(backend.serviceDeployments[0]!.status).toBe('ROLLBACK_SUCCESSFUL');
  });
});

describe('the load balancer', () => {
  const ask = async (path: string): Promise<unknown[]> => {
    const response = await fetch(`${sim.loadBalancers['web']!.url}${path}`);
    return [
      response.status,
      response.headers.get('content-type') === 'application/json' ? ((await response.json()) as unknown) : '',
    ];
  };
  const deploy = (tag: string): void => {
    sim.operator.deploy('backend', tag);
    clock.skip(120);
  };

  test('answers from the tasks in service, old and new in turn during a rollout', async () => {
    expect(await ask('/health')).toEqual([200, { status: 'ok', version: 'v1' }]);
    sim.operator.deploy('backend', 'v3');
    const { targets } = sim.world.balancing.targetGroups.get('backend')!;
    clock.skipUntil(() => targets.filter(({ health }) => health.state === 'healthy').length === 4);
    const versions = await Promise.all(Array.from({ length: 8 }, () => ask('/version')));
    const counted = versions.map(([, body]) => (body as { version: string }).version);
    expect(counted.filter((version) => version === 'v1')).toHaveLength(4);
    clock.skip(120);
    expect(await ask('/version')).toEqual([200, { version: 'v3' }]);
    expect(await ask('/none')).toEqual([404, { detail: 'Not Found' }]);
  });

  test('answers what the image answers, though its targets are healthy', async () => {
    deploy('error500-1');
    expect((await ask('/version'))[0]).toBe(500);
    deploy('stale-1');
    expect(await ask('/version')).toEqual([200, { version: 'v0' }]);
    sim.operator.pushImage('backend', 'rich', { http: { health: { database: 'up' } } });
    deploy('rich');
    expect(await ask('/health')).toEqual([200, { status: 'ok', version: 'rich', database: 'up' }]);
  });

  test('answers 503 when no target is in service', async () => {
    sim.operator.setDesiredCount('backend', 0);
    clock.skip(120);
    expect(await ask('/health')).toEqual([503, '']);
  });
});
