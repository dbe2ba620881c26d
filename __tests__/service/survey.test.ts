import { describe, expect, it } from '@jest/globals';
import type { Service } from '@aws-sdk/client-ecs';
import type { ServiceSnapshot } from '../../src/model/index.ts';
import { surveyServices, addressForPeople } from '../../src/service/survey.ts';
import { awsError, denied, expired } from '../fakes/aws-errors.ts';
import { REGION, revisionArn } from '../fakes/literals.ts';
import { fakeLog } from '../fakes/log.ts';

function service(name: string, more: Partial<Service> = {}): Service {
  return {
    serviceArn: `arn:aws:ecs:${REGION}:123456789012:service/prod/${name}`,
    serviceName: name,
    status: 'ACTIVE',
    desiredCount: 1,
    taskDefinition: revisionArn(`${name}:1`),
    deployments: [],
    ...more,
  };
}

async function survey(
  names: readonly string[],
  there: readonly Service[],
  more: { describeError?: Error; listError?: Error } = {},
): Promise<{ snapshots: ServiceSnapshot[]; batches: number[]; said: readonly string[] }> {
  const batches: number[] = [];
  const log = fakeLog();
  const ecs = {
    describeServices: ({ services = [] }: { services?: string[] }) => {
      batches.push(services.length);
      if (more.describeError !== undefined) return Promise.reject(more.describeError);
      const found = there.filter((each) => services.some((name) => name.endsWith(each.serviceName ?? '?')));
      const failures = services
        .filter((name) => !there.some((each) => name.endsWith(each.serviceName ?? '?')))
        .map((name) => ({ arn: `arn:aws:ecs:x:1:service/prod/${name}`, reason: 'MISSING' }));
      return Promise.resolve({ services: found.toReversed(), failures });
    },
    listServices: () =>
      more.listError === undefined
        ? Promise.resolve({ serviceArns: there.map((each) => each.serviceArn ?? '') })
        : Promise.reject(more.listError),
    listClusters: () =>
      Promise.resolve({ clusterArns: ['arn:aws:ecs:x:1:cluster/stage', 'arn:aws:ecs:x:1:cluster/dev'] }),
    listServiceDeployments: () => Promise.resolve({ serviceDeployments: [] }),
    describeServiceRevisions: () => Promise.resolve({ serviceRevisions: [] }),
  };
  const ctx = { aws: { ecs, region: REGION }, log } as unknown as Parameters<typeof surveyServices>[0];
  return {
    snapshots: await surveyServices(ctx, { cluster: 'prod', services: names }),
    batches,
    said: log.said,
  };
}

describe('the survey', () => {
  it('reads every service in the order of its names, ten a call', async () => {
    const names = Array.from({ length: 12 }, (_, at) => `svc-${String.fromCharCode(97 + at)}`);
    const { snapshots, batches } = await survey(
      names,
      names.map((name) => service(name)),
    );
    expect(snapshots.map((each) => each.address.name)).toEqual(names);
    expect(batches).toEqual([10, 2]);
  });

  it('takes ARNs for names', async () => {
    const arn = `arn:aws:ecs:${REGION}:123456789012:service/prod/web`;
    const { snapshots } = await survey([arn], [service('web')]);
    expect(snapshots[0]?.address.name).toBe('web');
  });

  it.each([
    [
      'arn:aws:ecs:eu-west-1:123456789012:service/prod/web',
      'service: arn:aws:ecs:eu-west-1:123456789012:service/prod/web is in eu-west-1, and this run is in eu-central-1.',
    ],
    [
      'arn:aws:ecs:eu-central-1:210987654321:service/prod/web',
      'service: arn:aws:ecs:eu-central-1:210987654321:service/prod/web is in account 210987654321, and the credentials are of account 123456789012.',
    ],
  ])('refuses an ARN of elsewhere: %s', async (arn, message) => {
    await expect(survey([arn], [service('web')])).rejects.toMatchObject({
      message,
      conclusion: { cause: 'invalid-input' },
    });
  });

  it('calls nothing where no service is named', async () => {
    expect(await survey([], [])).toEqual({ snapshots: [], batches: [], said: [] });
  });

  it('tells what each service runs and what it could go back to', async () => {
    const completed = {
      status: 'PRIMARY',
      taskDefinition: revisionArn('web:1'),
      rolloutState: 'COMPLETED',
    } as const;
    const { said } = await survey(
      ['web', 'job'],
      [service('web', { deployments: [completed] }), service('job', { desiredCount: 2 })],
    );
    expect(said).toEqual([
      'web: web:1, 1 task, deployment complete; last good: web:1',
      'job: job:1, 2 tasks, deployment complete; no deployment of it ever succeeded, so nothing can be rolled back to',
    ]);
  });

  it.each<[string, Parameters<typeof survey>, string, string]>([
    [
      'a missing service, with those that are there',
      [['wbe'], [service('web'), service('api')]],
      'service-not-found',
      'Service "wbe" was not found in cluster "prod" (eu-central-1). Services there: api, web.',
    ],
    [
      'a missing service in an empty cluster',
      [['web'], []],
      'service-not-found',
      'Service "web" was not found in cluster "prod" (eu-central-1). There are no services there.',
    ],
    [
      'a missing service where none may be listed',
      [['web'], [], { listError: denied() }],
      'service-not-found',
      'Service "web" was not found in cluster "prod" (eu-central-1). Services there could not be listed.',
    ],
    [
      'a missing cluster, with those that are there',
      [['web'], [], { describeError: awsError('ClusterNotFoundException') }],
      'cluster-not-found',
      'Cluster "prod" was not found in eu-central-1. Clusters there: dev, stage.',
    ],
    [
      'an inactive service',
      [['web'], [service('web', { status: 'INACTIVE' })]],
      'service-inactive',
      'Service "web" is INACTIVE, not ACTIVE.',
    ],
    [
      'a service that drains',
      [['web'], [service('web', { status: 'DRAINING' })]],
      'service-inactive',
      'Service "web" is DRAINING, not ACTIVE.',
    ],
    [
      'an external controller',
      [['web'], [service('web', { deploymentController: { type: 'EXTERNAL' } })]],
      'unsupported-controller',
      'Service "web" is deployed by the EXTERNAL deployment controller; this action deploys services of ECS and of CodeDeploy only.',
    ],
    [
      'expired credentials',
      [['web'], [], { describeError: expired() }],
      'credentials-expired',
      'The AWS credentials expired while reading "web" (ExpiredTokenException: The security token included in the request is expired).',
    ],
  ])('refuses %s', async (_what, situation, cause, message) => {
    await expect(survey(...situation)).rejects.toMatchObject({ conclusion: { cause }, message });
  });
});

function listener(Protocol: string, Port: number, Type = 'forward'): object {
  return { Protocol, Port, DefaultActions: [{ Type }] };
}

describe('the address for people', () => {
  const behind: Service = {
    loadBalancers: [{ targetGroupArn: 'tg', containerName: 'web', containerPort: 80 }],
  };
  const elb = {
    describeTargetGroups: () => Promise.resolve({ TargetGroups: [{ LoadBalancerArns: ['lb'] }] }),
    describeLoadBalancers: () => Promise.resolve({ LoadBalancers: [{ DNSName: 'lb.example' }] }),
    describeListeners: () => Promise.resolve({ Listeners: [listener('HTTP', 80)] }),
  };
  const listening = (...Listeners: object[]): object => ({
    describeListeners: () => Promise.resolve({ Listeners }),
  });
  const aws = (more: object = {}): Parameters<typeof addressForPeople>[0] =>
    ({ elb: { ...elb, ...more } }) as unknown as Parameters<typeof addressForPeople>[0];

  it.each([
    [
      'the origin of the health-check URL',
      'https://api.example.com:8443/health?t=1',
      [behind],
      aws(),
      'https://api.example.com:8443',
    ],
    ['the load balancer', undefined, [{}, behind], aws(), 'http://lb.example'],
    [
      'the load balancer at the port that answers',
      undefined,
      [behind],
      aws(listening(listener('HTTP', 8443), listener('HTTP', 8080))),
      'http://lb.example:8080',
    ],
    [
      'the load balancer at the usual port, whatever else answers',
      undefined,
      [behind],
      aws(listening(listener('HTTPS', 443), listener('HTTP', 8080), listener('HTTP', 80, 'fixed-response'))),
      'http://lb.example',
    ],
    [
      'unknown where HTTP only leads to HTTPS, whose certificate is for another name',
      undefined,
      [behind],
      aws(listening(listener('HTTPS', 443), listener('HTTP', 80, 'redirect'))),
      undefined,
    ],
    [
      'unknown where no listener speaks HTTP',
      undefined,
      [behind],
      aws(listening(listener('HTTPS', 443), listener('TCP', 80))),
      undefined,
    ],
    ['unknown without a listener', undefined, [behind], aws(listening()), undefined],
    [
      'unknown where the load balancer is internal',
      undefined,
      [behind],
      aws({
        describeLoadBalancers: () =>
          Promise.resolve({ LoadBalancers: [{ DNSName: 'lb.example', Scheme: 'internal' }] }),
      }),
      undefined,
    ],
    [
      'unknown where the listeners may not be looked up',
      undefined,
      [behind],
      aws({ describeListeners: () => Promise.reject(denied()) }),
      undefined,
    ],
    ['unknown without either', undefined, [{}], aws(), undefined],
    [
      'unknown where no load balancer uses the group',
      undefined,
      [behind],
      aws({ describeTargetGroups: () => Promise.resolve({ TargetGroups: [{}] }) }),
      undefined,
    ],
    [
      'unknown where it may not be looked up',
      undefined,
      [behind],
      aws({ describeLoadBalancers: () => Promise.reject(denied()) }),
      undefined,
    ],
  ] as const)('is %s', async (_what, url, services, from, address) => {
    expect(await addressForPeople(from, url, services)).toBe(address);
  });
});
