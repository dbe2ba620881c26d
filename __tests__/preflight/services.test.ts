import { describe, expect, test } from '@jest/globals';
import type { DeploymentSettings, RolloutRequest, ServiceSnapshot } from '../../src/model/index.ts';
import { alarmFinding, alarms } from '../../src/preflight/alarms.ts';
import {
  circuitBreaker,
  otherDeployment,
  percentFinding,
  percents,
  rangeFinding,
  scalingRange,
  rollbackTarget,
} from '../../src/preflight/service.ts';
import { loadBalancer, portFinding, targetType, typeFinding } from '../../src/preflight/load-balancer.ts';
import { awsError } from '../fakes/aws-errors.ts';
import { definitionOf, digestOf, REPOSITORY, requestOf, revisionArn, snapshotOf } from '../fakes/literals.ts';
import { answer, run } from './candidates.ts';

const GROUP = 'arn:aws:elasticloadbalancing:eu-central-1:123456789012:targetgroup/web/0123456789abcdef';
const OTHER_GROUP = GROUP.replace('/web/', '/green/');

function settings(more: Partial<DeploymentSettings>): DeploymentSettings {
  return {
    strategy: 'ROLLING',
    minimumHealthyPercent: 100,
    maximumPercent: 200,
    alarms: [],
    alarmsRollBack: false,
    ...more,
  };
}

function attached(containerName: string, containerPort: number, more: object = {}): ServiceSnapshot {
  const group = { targetGroupArn: GROUP, alternateTargetGroupArn: undefined, containerName, containerPort };
  return snapshotOf({ targetGroups: [{ ...group, ...more }] });
}

function rollout(more: Partial<RolloutRequest>): ReturnType<typeof requestOf> {
  return requestOf({ rollout: { ...requestOf().rollout, ...more } });
}

describe('the container and port of a target group', () => {
  const definition = definitionOf([
    {
      name: 'web',
      image: 'web',
      portMappings: [{ containerPort: 8000 }, { containerPortRange: '9000-9010' }],
    },
    { name: 'sidecar', image: 'sidecar' },
  ]);

  test.each([
    ['web', 8000, 'OK', 'web:8000 is there'],
    ['web', 9005, 'OK', 'web:9005 is there'],
    [
      'web',
      80,
      'FAILED',
      'a target group of backend needs port 80 of container "web", which the container does not map (it maps 8000, 9000-9010)',
    ],
    [
      'sidecar',
      80,
      'FAILED',
      'a target group of backend needs port 80 of container "sidecar", which the container does not map (it maps none)',
    ],
    [
      'api',
      8000,
      'FAILED',
      'a target group of backend needs port 8000 of container "api", which the definition does not have (it has web, sidecar)',
    ],
  ])('%s:%i is %s', (containerName, containerPort, state, detail) => {
    const service = attached(containerName, containerPort);
    expect(portFinding(service, service.targetGroups[0]!, definition)).toEqual({ state, detail });
  });

  test('are not asked for without a target group', async () => {
    expect(await run(loadBalancer, {}, { definition })).toMatchObject({
      state: 'OK',
      detail: 'no target group',
    });
  });
});

describe('the target type', () => {
  test.each([
    ['ip', 'awsvpc', 'OK'],
    ['instance', 'awsvpc', 'FAILED'],
    ['alb', 'awsvpc', 'FAILED'],
    ['instance', 'bridge', 'OK'],
    ['instance', undefined, 'OK'],
    ['instance', 'host', 'OK'],
    ['ip', 'bridge', 'FAILED'],
    ['ip', 'host', 'FAILED'],
    ['ip', undefined, 'FAILED'],
    [undefined, 'awsvpc', 'SKIPPED'],
  ])('%s for tasks of network mode %s is %s', (type, networkMode, state) => {
    const definition = definitionOf(['web'], networkMode === undefined ? {} : { networkMode });
    expect(typeFinding('target group web', type, definition).state).toBe(state);
  });

  test('is not evaluated on Managed Instances without awsvpc', () => {
    const definition = definitionOf(['web'], {
      networkMode: 'host',
      requiresCompatibilities: ['MANAGED_INSTANCES'],
    });
    expect(typeFinding('target group web', 'ip', definition).state).toBe('SKIPPED');
  });

  test('is asked of both groups of a blue/green service, each once', async () => {
    const asked: unknown[] = [];
    const elb = {
      describeTargetGroups: ({ TargetGroupArns }: { TargetGroupArns?: string[] | undefined }) => {
        asked.push(TargetGroupArns);
        const TargetType = TargetGroupArns?.[0] === GROUP ? ('ip' as const) : ('instance' as const);
        return answer({ TargetGroups: [{ TargetType }] });
      },
    };
    const blueGreen = attached('web', 80, { alternateTargetGroupArn: OTHER_GROUP });
    const candidate = {
      definition: definitionOf(['web'], { networkMode: 'awsvpc' }),
      services: [blueGreen, blueGreen],
    };
    expect(await run(targetType, { elb }, candidate)).toMatchObject({
      state: 'FAILED',
      detail: 'target group green has the target type instance, and tasks of network mode awsvpc need ip',
    });
    expect(asked).toEqual([[GROUP], [OTHER_GROUP]]);
  });

  test('cannot be that of a group that is gone', async () => {
    const elb = { describeTargetGroups: () => Promise.reject(awsError('TargetGroupNotFoundException')) };
    expect(await run(targetType, { elb }, { services: [attached('web', 80)] })).toMatchObject({
      state: 'FAILED',
      detail: 'target group web does not exist',
    });
  });
});

describe('the percents of a deployment', () => {
  test.each<[number, number, number, number | undefined, string]>([
    [1, 100, 200, undefined, 'OK'],
    [1, 100, 100, undefined, 'FAILED'],
    [1, 0, 100, undefined, 'OK'],
    [1, 50, 100, undefined, 'FAILED'],
    [1, 100, 150, undefined, 'FAILED'],
    [1, 99, 199, undefined, 'FAILED'],
    [2, 50, 100, undefined, 'OK'],
    [2, 100, 150, undefined, 'OK'],
    [2, 51, 149, undefined, 'FAILED'],
    [4, 75, 100, undefined, 'OK'],
    [4, 76, 124, undefined, 'FAILED'],
    [4, 76, 125, undefined, 'OK'],
    [10, 100, 100, undefined, 'FAILED'],
    [0, 100, 100, undefined, 'OK'],
    [0, 100, 100, 1, 'OK'],
    [1, 100, 100, 0, 'OK'],
    [1, 100, 150, 2, 'OK'],
    [2, 100, 150, 1, 'FAILED'],
  ])('%i tasks at %i/%i, desired-count %s, are %s', (desiredCount, least, most, asked, state) => {
    const deployment = settings({ minimumHealthyPercent: least, maximumPercent: most });
    expect(percentFinding(snapshotOf({ desiredCount, deployment }), asked).state).toBe(state);
  });

  const GOOD = {
    taskDefinitionArn: revisionArn('backend:6'),
    serviceDeploymentArn: undefined,
    serviceRevisionArn: undefined,
    images: [],
  };

  const stuck = { desiredCount: 1, deployment: settings({ maximumPercent: 100 }) };

  test('are told with what they amount to', async () => {
    expect(await run(percents, {}, { services: [snapshotOf(stuck)] })).toMatchObject({
      state: 'FAILED',
      detail:
        'backend can never replace its 1 task: minimumHealthyPercent 100 keeps 1 running and maximumPercent 100 allows 1; raise the maximum or lower the minimum',
    });
  });

  test.each<[string, Partial<ServiceSnapshot>, string | undefined, Partial<RolloutRequest>, string]>([
    ['a rolling service', {}, undefined, {}, 'FAILED'],
    ['a daemon', { schedulingStrategy: 'DAEMON' }, undefined, {}, 'OK'],
    [
      'a blue/green service',
      { deployment: settings({ strategy: 'BLUE_GREEN', maximumPercent: 100 }) },
      undefined,
      {},
      'OK',
    ],
    ['a service that has the revision already', {}, revisionArn('backend:7'), {}, 'OK'],
    [
      'one that is under way with it',
      { rollout: 'in-progress', lastGood: GOOD },
      revisionArn('backend:7'),
      {},
      'WARNING',
    ],
    ['the first that it ever had', { rollout: 'in-progress' }, revisionArn('backend:7'), {}, 'OK'],
    ['the same, forced', {}, revisionArn('backend:7'), { forceNewDeployment: true }, 'FAILED'],
    ['the same, which failed before', { rollout: 'failed' }, revisionArn('backend:7'), {}, 'FAILED'],
  ])('count for %s', async (_what, more, existingArn, asked, state) => {
    const services = [snapshotOf({ ...stuck, ...more })];
    expect((await run(percents, {}, { services, existingArn, request: rollout(asked) })).state).toBe(state);
  });
});

describe('a deployment in progress', () => {
  const busy = [snapshotOf({ rollout: 'in-progress' })];

  test('is warned of, since this one supersedes it', async () => {
    expect(await run(otherDeployment, {}, { services: busy })).toMatchObject({
      state: 'WARNING',
      detail: 'service "backend" has a deployment in progress; this one supersedes it',
    });
  });

  test('is adopted where it brings the same revision', async () => {
    const candidate = { services: busy, existingArn: revisionArn('backend:7') };
    expect((await run(otherDeployment, {}, candidate)).state).toBe('OK');
  });
});

const RULE = { type: 'BOUNDED_PERCENT', value: 50 } as const;

test.each([
  [
    'on, and rolls back',
    { enabled: true, rollsBack: true, resetOnHealthyTask: true, rule: RULE },
    'ROLLING',
    'OK',
  ],
  ['on', { enabled: true, rollsBack: false, resetOnHealthyTask: true, rule: RULE }, 'ROLLING', 'OK'],
  ['off', { enabled: false, rollsBack: false, resetOnHealthyTask: true, rule: RULE }, 'ROLLING', 'WARNING'],
  [
    'off, which a native strategy has no use for',
    { enabled: false, rollsBack: false, resetOnHealthyTask: true, rule: RULE },
    'CANARY',
    'OK',
  ],
])('a circuit breaker that is %s', async (_what, breaker, strategy, state) => {
  const services = [snapshotOf({ breaker, deployment: settings({ strategy }) })];
  expect((await run(circuitBreaker, {}, { services })).state).toBe(state);
});

test('a service without a good revision is warned of', async () => {
  const lastGood = {
    taskDefinitionArn: revisionArn('backend:6'),
    serviceDeploymentArn: undefined,
    serviceRevisionArn: undefined,
    images: [],
  };
  expect((await run(rollbackTarget, {}, { services: [snapshotOf()] })).state).toBe('WARNING');
  const aws = (more: object, image = `${REPOSITORY}@${digestOf('a')}`): Parameters<typeof run>[1] => ({
    taskDefinitions: {
      describe: () =>
        Promise.resolve({
          taskDefinition: { family: 'backend', containerDefinitions: [{ name: 'web', image }] },
          tags: [],
          ...more,
        }),
    },
  });
  const of = (...given: Parameters<typeof aws>): ReturnType<typeof run> =>
    run(rollbackTarget, aws(...given), { services: [snapshotOf({ lastGood })] });
  expect(await of({})).toMatchObject({ state: 'OK', detail: 'backend can go back to backend:6' });
  expect(await of({}, `${REPOSITORY}:live`)).toMatchObject({
    state: 'WARNING',
    detail: expect.stringContaining('which digest web of backend:6 ran with is not known'),
  });
  expect(await of({ tags: [{ key: 'ecs-fargate-deploy', value: 'failed' }] })).toMatchObject({
    state: 'WARNING',
    detail: expect.stringContaining('has no good revision to go back to'),
  });
});

describe('alarms', () => {
  test.each([
    ['OK', undefined, 'OK', 'alarm "errors" is ok'],
    ['INSUFFICIENT_DATA', undefined, 'OK', 'alarm "errors" is ok'],
    [
      'ALARM',
      undefined,
      'WARNING',
      'alarm "errors" is in ALARM before the deployment: it counts only once it has been OK',
    ],
    [
      'ALARM',
      'backend',
      'WARNING',
      'alarm "errors" is in ALARM before the deployment: ECS ignores the alarms of backend while it deploys',
    ],
    [undefined, 'backend', 'WARNING', 'alarm "errors" does not exist, though backend has ECS watch it'],
  ] as const)('in state %s, watched by %s, are %s', (alarm, service, state, detail) => {
    expect(alarmFinding({ name: 'errors', service }, alarm)).toEqual({ state, detail });
  });

  test('are those of the services and of the input, composite ones included', async () => {
    const asked: unknown[] = [];
    const describeAlarms = (input: { AlarmNames?: string[] | undefined }): ReturnType<typeof answer> => {
      asked.push(input.AlarmNames);
      return answer({
        MetricAlarms: [{ AlarmName: 'errors', StateValue: 'OK' }],
        CompositeAlarms: [{ AlarmName: 'any', StateValue: 'ALARM' }],
      });
    };
    const result = await run(
      alarms,
      { alarms: { describeAlarms: describeAlarms } },
      {
        services: [snapshotOf({ deployment: settings({ alarms: ['errors'] }) })],
        request: requestOf({ gate: { ...requestOf().gate, alarms: ['errors', 'any'] } }),
      },
    );
    expect(asked).toEqual([['errors', 'any']]);
    expect(result).toMatchObject({ state: 'WARNING', detail: expect.stringContaining('alarm "any"') });
  });

  test('are not asked for where there are none', async () => {
    expect((await run(alarms, {}, {})).state).toBe('OK');
  });
});

describe('the scaling range', () => {
  test.each([
    [1, { MinCapacity: 1, MaxCapacity: 4 }, 'OK'],
    [4, { MinCapacity: 1, MaxCapacity: 4 }, 'OK'],
    [5, { MinCapacity: 1, MaxCapacity: 4 }, 'WARNING'],
    [0, { MinCapacity: 1, MaxCapacity: 4 }, 'WARNING'],
    [9, undefined, 'OK'],
  ])('holds a count of %i in %j: %s', (count, target, state) => {
    expect(rangeFinding('backend', count, target).state).toBe(state);
  });

  test('is asked for by the names of cluster and service, and only where the count is set', async () => {
    const asked: unknown[] = [];
    const describeScalableTargets = (input: object): ReturnType<typeof answer> => {
      asked.push(input);
      return answer({
        ScalableTargets: [{ ResourceId: 'service/prod/backend', MinCapacity: 2, MaxCapacity: 3 }],
      });
    };
    const scaling = { describeScalableTargets: describeScalableTargets as never };
    expect((await run(scalingRange, { scaling }, {})).state).toBe('OK');
    expect(asked).toEqual([]);
    expect(await run(scalingRange, { scaling }, { request: rollout({ desiredCount: 1 }) })).toMatchObject({
      state: 'WARNING',
      detail: 'desired-count 1 is outside of 2 to 3, between which backend is scaled automatically',
    });
    expect(asked).toEqual([
      {
        ServiceNamespace: 'ecs',
        ScalableDimension: 'ecs:service:DesiredCount',
        ResourceIds: ['service/prod/backend'],
      },
    ]);
  });
});
