import { breakerThreshold } from '../../src/ecs/services.ts';
import { describe, expect, it } from '@jest/globals';
import type { Service, ServiceDeploymentBrief, ServiceRevision } from '@aws-sdk/client-ecs';
import type { ServiceSnapshot } from '../../src/model/index.ts';
import { takeSnapshot } from '../../src/service/snapshot.ts';
import { addressOf } from '../../src/service/survey.ts';
import { awsError, denied } from '../fakes/aws-errors.ts';
import { digestOf, revisionArn, snapshotOf } from '../fakes/literals.ts';

/** An entry of `deployments[]`. */
function entry(
  status: string,
  name: string,
  rolloutState: string,
): NonNullable<Service['deployments']>[number] {
  return {
    id: `ecs-svc/${name}`,
    status,
    taskDefinition: revisionArn(name),
    rolloutState: rolloutState as 'COMPLETED',
  };
}

interface Past {
  readonly id: number;
  readonly status: string;
  readonly revision: string;
  /** Service revision, where it is not the deployment's own. */
  readonly of?: number;
}

interface World {
  readonly deployments: Service['deployments'];
  /** Service deployments, in any order; a higher id is newer. `undefined`: the call is denied. */
  readonly history?: readonly Past[] | undefined;
  readonly revisionsDenied?: boolean;
  readonly current?: readonly number[];
  readonly more?: Partial<Service>;
  readonly listError?: Error;
}

async function snapshot(world: World): Promise<ServiceSnapshot> {
  const { address } = snapshotOf();
  const history = world.history ?? [];
  const service: Service = {
    serviceArn: address.arn,
    serviceName: address.name,
    clusterArn: address.cluster,
    desiredCount: 2,
    deployments: world.deployments,
    currentServiceRevisions: (world.current ?? []).map((id) => ({ arn: `rev/${id}` })),
    ...world.more,
  };
  const briefs = history.map(({ id, status, of }): ServiceDeploymentBrief => ({
    serviceDeploymentArn: `dep/${id}`,
    status: status as 'SUCCESSFUL',
    createdAt: new Date(id * 1000),
    targetServiceRevisionArn: `rev/${of ?? id}`,
  }));
  const revisions = history
    .filter((past) => past.of === undefined)
    .map(({ id, revision }): ServiceRevision => ({
      serviceRevisionArn: `rev/${id}`,
      taskDefinition: revisionArn(revision),
      createdAt: new Date(id * 1000),
      containerImages: [{ containerName: 'web', image: `web:${id}`, imageDigest: digestOf(String(id)) }],
    }));
  const ecs = {
    listServiceDeployments: () =>
      'history' in world && world.history === undefined
        ? Promise.reject(world.listError ?? denied())
        : Promise.resolve({ serviceDeployments: briefs }),
    describeServiceRevisions: ({ serviceRevisionArns }: { serviceRevisionArns?: string[] | undefined }) =>
      world.revisionsDenied === true
        ? Promise.reject(denied())
        : Promise.resolve({
            serviceRevisions: revisions.filter((each) =>
              serviceRevisionArns?.includes(each.serviceRevisionArn ?? ''),
            ),
          }),
  };
  return takeSnapshot(
    ecs as unknown as Parameters<typeof takeSnapshot>[0],
    addressOf('prod', service),
    service,
  );
}

describe('the revision that a service can go back to', () => {
  it('is that of the last successful service deployment, never merely the PRIMARY', async () => {
    const { lastGood } = await snapshot({
      deployments: [entry('PRIMARY', 'backend:9', 'IN_PROGRESS')],
      history: [
        { id: 3, status: 'IN_PROGRESS', revision: 'backend:9' },
        { id: 1, status: 'SUCCESSFUL', revision: 'backend:5' },
        { id: 2, status: 'ROLLBACK_SUCCESSFUL', revision: 'backend:8' },
      ],
    });
    expect(lastGood).toEqual({
      taskDefinitionArn: revisionArn('backend:5'),
      serviceDeploymentArn: 'dep/1',
      serviceRevisionArn: 'rev/1',
      images: [{ container: 'web', image: 'web:1', digest: digestOf('1') }],
    });
  });

  it('is the newest of several successes, in whatever order AWS lists them', async () => {
    const { lastGood } = await snapshot({
      deployments: [entry('PRIMARY', 'backend:7', 'COMPLETED')],
      history: [
        { id: 1, status: 'SUCCESSFUL', revision: 'backend:6' },
        { id: 2, status: 'SUCCESSFUL', revision: 'backend:7' },
      ],
    });
    expect(lastGood?.taskDefinitionArn).toBe(revisionArn('backend:7'));
  });

  it.each<[string, Partial<World>]>([
    ['service deployments may not be read', { history: undefined }],
    [
      'the endpoint does not know the call',
      { history: undefined, listError: awsError('UnknownOperationException') },
    ],
    ['ECS kept none of them', { history: [] }],
    [
      'service revisions may not be read',
      { history: [{ id: 1, status: 'SUCCESSFUL', revision: 'backend:5' }], revisionsDenied: true },
    ],
  ])('is the completed entry of deployments[] where %s', async (_why, more) => {
    const { lastGood } = await snapshot({
      deployments: [entry('PRIMARY', 'backend:8', 'IN_PROGRESS'), entry('ACTIVE', 'backend:6', 'COMPLETED')],
      ...more,
    });
    expect(lastGood).toEqual({
      taskDefinitionArn: revisionArn('backend:6'),
      serviceDeploymentArn: undefined,
      serviceRevisionArn: undefined,
      images: [],
    });
  });

  it.each<[string, Partial<World>]>([
    ['nothing ever succeeded', { history: [{ id: 1, status: 'STOPPED', revision: 'backend:1' }] }],
    ['nothing is known', { history: undefined }],
  ])('is none where %s', async (_why, more) => {
    const deployments = [entry('PRIMARY', 'backend:1', 'FAILED')];
    expect((await snapshot({ deployments, ...more })).lastGood).toBeUndefined();
  });

  it('is an error where AWS cannot answer for another reason', async () => {
    const world = { deployments: [], history: undefined, listError: awsError('ServerException', 'x', 500) };
    await expect(snapshot(world)).rejects.toThrow('x');
  });
});

describe('the state of the current deployment', () => {
  it.each<[string, string, Past[], ServiceSnapshot['rollout'], string | undefined]>([
    ['succeeded', 'COMPLETED', [{ id: 1, status: 'SUCCESSFUL', revision: 'backend:7' }], 'complete', 'dep/1'],
    [
      'is on its way',
      'IN_PROGRESS',
      [{ id: 1, status: 'IN_PROGRESS', revision: 'backend:7' }],
      'in-progress',
      'dep/1',
    ],
    [
      'waits to start',
      'IN_PROGRESS',
      [{ id: 1, status: 'PENDING', revision: 'backend:7' }],
      'in-progress',
      'dep/1',
    ],
    [
      'succeeded although ECS still shows it moving',
      'IN_PROGRESS',
      [{ id: 1, status: 'SUCCESSFUL', revision: 'backend:7' }],
      'complete',
      'dep/1',
    ],
    ['was stopped', 'IN_PROGRESS', [{ id: 1, status: 'STOPPED', revision: 'backend:7' }], 'failed', 'dep/1'],
    ['failed', 'FAILED', [{ id: 1, status: 'STOPPED', revision: 'backend:7' }], 'failed', 'dep/1'],
    [
      'is a finished rollback',
      'COMPLETED',
      [{ id: 2, status: 'ROLLBACK_SUCCESSFUL', revision: 'backend:8' }],
      'complete',
      undefined,
    ],
    [
      'is a rollback on its way',
      'IN_PROGRESS',
      [{ id: 2, status: 'ROLLBACK_IN_PROGRESS', revision: 'backend:8' }],
      'in-progress',
      undefined,
    ],
    ['is older than 90 days', 'COMPLETED', [], 'complete', undefined],
  ])('that %s', async (_what, state, history, rollout, arn) => {
    const deployments = [entry('PRIMARY', 'backend:7', state)];
    expect(await snapshot({ deployments, history })).toMatchObject({
      rollout,
      currentServiceDeploymentArn: arn,
      taskDefinitionArn: revisionArn('backend:7'),
    });
  });
});

describe('what runs', () => {
  it('is what ECS resolved for the PRIMARY, while that is on its way', async () => {
    const { running } = await snapshot({
      deployments: [entry('PRIMARY', 'backend:8', 'IN_PROGRESS'), entry('ACTIVE', 'backend:7', 'COMPLETED')],
      history: [
        { id: 1, status: 'SUCCESSFUL', revision: 'backend:7' },
        { id: 2, status: 'IN_PROGRESS', revision: 'backend:8' },
      ],
    });
    expect(running).toEqual([{ container: 'web', image: 'web:2', digest: digestOf('2') }]);
  });

  it('is not what a forced deployment of the same revision brought and ECS rolled back', async () => {
    const { running } = await snapshot({
      deployments: [entry('PRIMARY', 'backend:7', 'COMPLETED')],
      history: [
        { id: 1, status: 'SUCCESSFUL', revision: 'backend:7' },
        { id: 2, status: 'ROLLBACK_SUCCESSFUL', revision: 'backend:7' },
      ],
      current: [1],
    });
    expect(running).toEqual([{ container: 'web', image: 'web:1', digest: digestOf('1') }]);
  });

  it('is that of the newest success of the same revision', async () => {
    const { running } = await snapshot({
      deployments: [entry('PRIMARY', 'backend:7', 'COMPLETED')],
      history: [
        { id: 1, status: 'SUCCESSFUL', revision: 'backend:7' },
        { id: 2, status: 'SUCCESSFUL', revision: 'backend:7' },
      ],
      current: [2],
    });
    expect(running).toMatchObject([{ image: 'web:2' }]);
  });

  it('is not known where service revisions may not be read', async () => {
    const world = { deployments: [entry('PRIMARY', 'backend:7', 'COMPLETED')], history: undefined };
    expect((await snapshot(world)).running).toEqual([]);
  });
});

describe('the circuit breaker', () => {
  it.each<[string, number, object | undefined, number]>([
    ['half of the desired count', 10, undefined, 5],
    ['at least three', 2, undefined, 3],
    ['at most two hundred', 1000, undefined, 200],
    ['rounded up', 7, undefined, 4],
    ['a bounded percentage of its own', 100, { type: 'BOUNDED_PERCENT', value: 10 }, 10],
    ['a count', 100, { type: 'COUNT', value: 7 }, 7],
    ['an unbounded percentage', 1000, { type: 'UNBOUNDED_PERCENT', value: 100 }, 1000],
    ['never none', 0, { type: 'UNBOUNDED_PERCENT', value: 50 }, 1],
  ])('triggers at %s', async (_what, desiredCount, thresholdConfiguration, threshold) => {
    const deploymentCircuitBreaker = { enable: true, rollback: false, thresholdConfiguration };
    const more = { desiredCount, deploymentConfiguration: { deploymentCircuitBreaker } } as Partial<Service>;
    const { breaker } = await snapshot({ deployments: [], more });
    expect(breaker).toMatchObject({ enabled: true, rollsBack: false });
    expect(breakerThreshold(breaker, desiredCount)).toBe(threshold);
  });

  it('has nothing of the alarms, which have a rollback of their own', async () => {
    const deploymentConfiguration = {
      deploymentCircuitBreaker: { enable: true, rollback: false },
      alarms: { alarmNames: ['errors'], enable: true, rollback: true },
    };
    const { breaker } = await snapshot({ deployments: [], more: { deploymentConfiguration } });
    expect(breaker).toMatchObject({ enabled: true, rollsBack: false });
  });

  it('is off where the service has none', async () => {
    expect((await snapshot({ deployments: [] })).breaker).toEqual({
      enabled: false,
      rollsBack: false,
      resetOnHealthyTask: true,
      rule: { type: 'BOUNDED_PERCENT', value: 50 },
    });
  });
});

describe('the deployment settings', () => {
  it.each<[string, Partial<Service>, object]>([
    ['ECS’s defaults', {}, { minimumHealthyPercent: 100, maximumPercent: 200 }],
    [
      'those of a daemon',
      { schedulingStrategy: 'DAEMON' },
      { minimumHealthyPercent: 0, maximumPercent: 100 },
    ],
    [
      'what the service sets, zero included',
      { deploymentConfiguration: { minimumHealthyPercent: 0, maximumPercent: 150, strategy: 'CANARY' } },
      { strategy: 'CANARY', minimumHealthyPercent: 0, maximumPercent: 150 },
    ],
    [
      'its alarms',
      { deploymentConfiguration: { alarms: { alarmNames: ['errors'], enable: true, rollback: true } } },
      { alarms: ['errors'], alarmsRollBack: true },
    ],
    [
      'its alarms that only fail a deployment',
      { deploymentConfiguration: { alarms: { alarmNames: ['errors'], enable: true, rollback: false } } },
      { alarms: ['errors'], alarmsRollBack: false },
    ],
    [
      'no alarms that are switched off',
      { deploymentConfiguration: { alarms: { alarmNames: ['errors'], enable: false, rollback: true } } },
      { strategy: 'ROLLING', alarms: [], alarmsRollBack: false },
    ],
  ])('are %s', async (_what, more, settings) => {
    expect((await snapshot({ deployments: [], more })).deployment).toMatchObject(settings);
  });
});

describe('the placement', () => {
  it("is in ECS's own words, with nothing left out", async () => {
    const more = {
      networkConfiguration: { awsvpcConfiguration: { subnets: ['subnet-1'], fieldOfTheFuture: 1 } },
      capacityProviderStrategy: [{ capacityProvider: 'FARGATE_SPOT', weight: 1 }],
      platformVersion: '1.4.0',
    } as Partial<Service>;
    expect((await snapshot({ deployments: [], more })).placement).toEqual(more);
  });
});
