import { describe, expect, test } from '@jest/globals';
import { refuseMetrics, metricsMeasurer, type MetricContext } from '../../src/gates/metrics.ts';
import { metricCheck } from '../../src/inputs/metrics.ts';
import type { Round } from '../../src/model/analysis.ts';
import type { GateResult, MetricCheck, Rollout, ServiceSnapshot } from '../../src/model/index.ts';
import { denied, expired, throttled } from '../fakes/aws-errors.ts';
import { fakeClock, type FakeClock } from '../fakes/clock.ts';
import { rolloutOf, serviceRunOf } from '../fakes/literals.ts';
import { fakeLog } from '../fakes/log.ts';
import { proveBy } from './asking.ts';

const MINUTE = 60_000;

/** The time of AWS where the clock of the run reads 0: half a minute past a whole one, years from any clock of a test. */
const EPOCH = Date.UTC(2031, 5, 1, 12, 0, 30);

const checks = (...lines: string[]): MetricCheck[] =>
  lines.map((line) => {
    const parsed = metricCheck(line);
    if (parsed.kind === 'problems') throw new Error(parsed.problems.join());
    return parsed.value;
  });

interface World {
  /** Requests a minute, and errors among them, by the number of the minute since the epoch. */
  readonly served?: (minute: number) => { readonly requests: number; readonly errors: number };
  /** What a call of GetMetricData comes to instead, by its number. */
  readonly fails?: (call: number) => Error | undefined;
  readonly dated?: boolean;
  /** Of a strategy that shifts traffic: the groups of the two revisions. */
  readonly shifts?: boolean;
}

interface Asked {
  readonly from: number;
  readonly to: number;
  readonly ids: readonly (string | undefined)[];
}

function world({
  served = () => ({ requests: 100, errors: 0 }),
  fails,
  dated = true,
}: World): MetricContext & {
  readonly clock: FakeClock;
  readonly log: ReturnType<typeof fakeLog>;
  readonly asked: Asked[];
} {
  const clock = fakeClock({ isPatient: true });
  const asked: Asked[] = [];
  const getMetricData: MetricContext['aws']['metrics']['getMetricData'] = (input) => {
    const [from = 0, to = 0] = [input.StartTime?.getTime(), input.EndTime?.getTime()];
    const ids = (input.MetricDataQueries ?? []).map(({ Id }) => Id);
    asked.push({ from, to, ids });
    const failure = fails?.(asked.length);
    if (failure !== undefined) return Promise.reject(failure);
    const now = EPOCH + clock.now();
    const minutes = Array.from({ length: 60 }, (_, back) => Math.floor(now / MINUTE) - back)
      .map((minute) => minute * MINUTE)
      .filter((at) => at >= from && at < to);
    const MetricDataResults = ids
      .filter((id = '') => !id.endsWith('_counted'))
      .map((id = '') => {
        const values = minutes.map((at) => served((at - Math.floor(EPOCH / MINUTE) * MINUTE) / MINUTE));
        return {
          Id: id,
          Timestamps: minutes.map((at) => new Date(at)),
          Values: values.map(({ requests, errors }) => (id.endsWith('requests') ? requests : errors)),
        };
      });
    return Promise.resolve({ $metadata: {}, MetricDataResults, date: dated ? new Date(now) : undefined });
  };
  const revision = (arn: string, group: string): object => ({
    serviceRevisionArn: arn,
    resolvedConfiguration: { loadBalancers: [{ targetGroupArn: groupArn(group) }] },
  });
  const aws = {
    metrics: { getMetricData },
    elb: {
      describeTargetGroups: ({ TargetGroupArns = [] }: { TargetGroupArns?: string[] }) =>
        Promise.resolve({
          TargetGroups: TargetGroupArns.map((arn) => ({
            TargetGroupArn: arn,
            LoadBalancerArns: [
              `arn:aws:elasticloadbalancing:x:1:loadbalancer/${arn.includes('tcp') ? 'net' : 'app'}/web/9`,
            ],
          })),
        }),
    },
    ecs: {
      describeServiceDeployments: () =>
        Promise.resolve({
          serviceDeployments: [
            { targetServiceRevision: { arn: 'new' }, sourceServiceRevisions: [{ arn: 'old' }] },
          ],
        }),
      describeServiceRevisions: () =>
        Promise.resolve({ serviceRevisions: [revision('old', 'blue'), revision('new', 'green')] }),
    },
  } as unknown as MetricContext['aws'];
  return { aws, clock, log: fakeLog(), signal: new AbortController().signal, asked };
}

function groupArn(name: string): string {
  return `arn:aws:elasticloadbalancing:x:1:targetgroup/${name}/1`;
}

function rollout(strategy = 'ROLLING', group = 'web'): Rollout {
  const known = rolloutOf();
  const targetGroups = [
    {
      targetGroupArn: groupArn(group),
      alternateTargetGroupArn: undefined,
      containerName: undefined,
      containerPort: undefined,
    },
  ];
  const deployment = { ...known.snapshot.deployment, strategy };
  return {
    ...known,
    serviceDeploymentArn: 'deployment',
    snapshot: { ...known.snapshot, deployment, targetGroups },
  };
}

const STAGE = { deadlineSeconds: 0, bakeMinutes: 0, since: () => undefined };

const LIMITS = { leftMs: 60_000, signal: new AbortController().signal };

describe('a measurement', () => {
  const round: Round = {
    n: 1,
    phase: 'shifting',
    since: 0,
    deploymentId: 'd',
    traffic: 'part',
    weight: 10,
  };

  test('reads whole minutes by the time of AWS, from when the traffic arrived', async () => {
    const ctx = world({ served: (minute) => ({ requests: 100, errors: minute === 0 ? 100 : 0 }) });
    const measurer = metricsMeasurer(ctx, rollout('CANARY'), checks('5xx-percent < 1'), STAGE);
    await ctx.clock.sleep(3.5 * MINUTE);
    const [measured] = await measurer.measure(round, LIMITS);
    // The traffic arrived half a minute past 12:00, and it is 12:04:00 now.
    expect(measured).toMatchObject({ reading: { kind: 'good' }, metric: { value: 0, requests: 300 } });
    expect(ctx.asked.at(-1)?.to).toBe(Date.UTC(2031, 5, 1, 12, 4));
  });

  test('is inconclusive until a minute is whole', async () => {
    const ctx = world({});
    const measurer = metricsMeasurer(ctx, rollout('CANARY'), checks('5xx-percent < 1'), STAGE);
    await ctx.clock.sleep(MINUTE);
    const [measured] = await measurer.measure(round, LIMITS);
    expect(measured).toMatchObject({ reading: { kind: 'inconclusive', atLimit: 'skipped' } });
  });

  test('goes on from where the same share began, and begins with another', async () => {
    const ctx = world({});
    const measurer = metricsMeasurer(ctx, rollout('CANARY'), checks('requests >= 1'), STAGE);
    const requests = async (each: Round): Promise<number | undefined> =>
      (await measurer.measure(each, LIMITS))[0]?.metric?.requests;
    await ctx.clock.sleep(3.5 * MINUTE);
    expect(await requests(round)).toBe(300);
    expect(await requests({ ...round, n: 2, since: 3 * MINUTE })).toBe(300);
    await ctx.clock.sleep(2 * MINUTE);
    expect(await requests({ ...round, n: 3, since: 3.5 * MINUTE, weight: 50 })).toBe(200);
    const all = { ...round, traffic: 'all' as const, since: 4.5 * MINUTE, weight: 100 };
    expect(await requests({ ...all, n: 4 })).toBe(100);
    await ctx.clock.sleep(MINUTE);
    expect(await requests({ ...all, n: 5, phase: 'baking', since: 6 * MINUTE })).toBe(200);
  });

  test('asks about the groups of both revisions where they are compared', async () => {
    const ctx = world({});
    const measurer = metricsMeasurer(ctx, rollout('LINEAR'), checks('5xx-percent < 2x'), STAGE);
    await ctx.clock.sleep(3.5 * MINUTE);
    const [measured] = await measurer.measure(round, LIMITS);
    expect(measured?.metric).toMatchObject({ value: 0, before: 0, limit: 0.2 });
    expect(ctx.asked.at(-1)?.ids).toEqual([
      ...['new0_requests', 'new0_e5xx_counted', 'new0_e5xx'],
      ...['old0_requests', 'old0_e5xx_counted', 'old0_e5xx'],
    ]);
  });

  test.each<[string, World, object]>([
    ['denied', { fails: () => denied() }, { kind: 'unanswered', forGood: true }],
    ['throttled', { fails: () => throttled() }, { kind: 'unanswered', forGood: false }],
    ['without a date', { dated: false }, { kind: 'unanswered', forGood: true }],
  ])('%s is no reading', async (_, about, reading) => {
    const ctx = world(about);
    const measurer = metricsMeasurer(
      ctx,
      rollout('CANARY'),
      checks('5xx-percent < 1', 'requests >= 1'),
      STAGE,
    );
    const measured = await measurer.measure(round, LIMITS);
    expect(measured.map((each) => each.reading)).toEqual([reading, reading]);
  });

  test('with credentials that have expired rejects', async () => {
    const ctx = world({ fails: () => expired() });
    const measurer = metricsMeasurer(ctx, rollout('CANARY'), checks('5xx-percent < 1'), STAGE);
    await expect(measurer.measure(round, LIMITS)).rejects.toThrow();
  });

  test.each<[Partial<Round>, number | undefined]>([
    [{}, MINUTE],
    [{ traffic: 'all', phase: 'baking' }, MINUTE],
    [{ traffic: 'none' }, undefined],
    [{ traffic: 'test', phase: 'test-traffic' }, undefined],
    [{ traffic: 'all', phase: 'proving' }, undefined],
  ])('is due %j: %p', (more, every) => {
    const measurer = metricsMeasurer(world({}), rollout(), checks('5xx-percent < 1'), STAGE);
    expect(measurer.everyMs({ ...round, ...more })).toBe(every);
  });
});

describe('the gate of a bake', () => {
  /** Bakes for five minutes, from the beginning of the clock on. */
  async function bake(
    ctx: MetricContext,
    lines: readonly string[],
    more: { rollout?: Rollout; change?: 'none'; bakeMinutes?: number } = {},
  ): Promise<{ result: GateResult; recovery: string | undefined }> {
    const [end] = await proveBy(
      ctx,
      [
        serviceRunOf({
          outcome: undefined,
          rollout: more.rollout ?? rollout(),
          change: more.change ?? 'update',
          allTrafficSince: 0,
        }),
      ],
      { metrics: checks(...lines), bakeMinutes: more.bakeMinutes ?? 5 },
    );
    const result = end?.gates.find(({ gate }) => gate === 'metrics');
    if (result === undefined) throw new Error('The metrics were not asked.');
    return { result, recovery: end?.problem?.recovery };
  }

  test('passes at its end, with what the metrics were', async () => {
    const ctx = world({});
    const { result } = await bake(ctx, ['5xx-percent < 1']);
    expect(result).toMatchObject({
      state: 'passed',
      values: [{ metric: '5xx-percent', value: 0, before: undefined }],
    });
    expect(ctx.clock.now()).toBe(5 * MINUTE);
  });

  test('fails at once', async () => {
    const ctx = world({ served: (minute) => ({ requests: 100, errors: minute === 2 ? 50 : 0 }) });
    const { result, recovery } = await bake(ctx, ['5xx-percent < 1']);
    expect(result).toMatchObject({
      state: 'failed',
      detail: '5xx-percent is 25 %, not < 1 % (200 requests)',
    });
    expect(recovery).toBe('roll-back');
    expect(ctx.clock.now()).toBe(3 * MINUTE);
  });

  test('fails for too few requests, as late as it can, and blames nothing', async () => {
    const ctx = world({ served: () => ({ requests: 5, errors: 0 }) });
    const { result, recovery } = await bake(ctx, ['5xx-percent < 1']);
    expect(result.state).toBe('failed');
    expect(result.detail).toContain('only 25 requests reached the new tasks, and 50 are needed');
    expect(recovery).toBe('leave');
    expect(ctx.clock.now()).toBe(6 * MINUTE);
  });

  test('is skipped without any request where that is allowed', async () => {
    const ctx = world({ served: () => ({ requests: 0, errors: 0 }) });
    const { result } = await bake(ctx, ['5xx-percent < 1', 'requests >= 0']);
    expect(result.state).toBe('skipped');
  });

  test('looks back where nothing was deployed', async () => {
    const ctx = world({});
    const { result } = await bake(ctx, ['5xx-percent < 1'], { change: 'none', bakeMinutes: 0 });
    expect(result.state).toBe('passed');
    expect(ctx.clock.now()).toBe(0);
  });

  test.each<[string, World, string, number]>([
    ['denied', { fails: () => denied() }, 'skipped', 5],
    ['throttled to its end', { fails: () => throttled() }, 'skipped', 6],
    ['throttled at first', { fails: (call) => (call < 4 ? throttled() : undefined) }, 'passed', 5],
  ])('%s', async (_, about, state, minutes) => {
    const ctx = world(about);
    const { result } = await bake(ctx, ['5xx-percent < 1']);
    expect([result.state, ctx.clock.now()]).toEqual([state, minutes * MINUTE]);
  });

  test('of a service behind a Network Load Balancer judges nothing', async () => {
    const { result } = await bake(world({}), ['5xx-percent < 1'], { rollout: rollout('ROLLING', 'tcp') });
    expect(result.detail).toContain('no target group behind an Application Load Balancer');
  });
});

describe('what is refused before anything is touched', () => {
  const snapshot = (strategy: string, groups = 1): ServiceSnapshot => {
    const { snapshot: known } = rollout(strategy);
    return { ...known, targetGroups: known.targetGroups.slice(0, groups) };
  };
  const said = (lines: string[], seen: ServiceSnapshot, bakeMinutes = 5): string => {
    try {
      refuseMetrics(checks(...lines), [seen], bakeMinutes);
      return '';
    } catch (error) {
      return (error as Error).message;
    }
  };

  test.each<[string, string, string]>([
    ['a number', said(['5xx-percent < 1'], snapshot('ROLLING')), ''],
    ['no metric, no bake', said([], snapshot('ROLLING'), 0), ''],
    ['a comparison, rolling', said(['5xx-percent < 2x'], snapshot('ROLLING')), 'compares with the old tasks'],
    ['a comparison, canary', said(['5xx-percent < 2x'], snapshot('CANARY'), 0), ''],
    ['a comparison, linear', said(['5xx-percent < 2x'], snapshot('LINEAR'), 0), ''],
    ['a comparison, blue/green', said(['5xx-percent < 2x'], snapshot('BLUE_GREEN'), 0), ''],
    ['a short bake', said(['5xx-percent < 1'], snapshot('ROLLING'), 4.9), 'bake-minutes: metrics of service'],
    ['no load balancer', said(['requests >= 1'], snapshot('ROLLING', 0)), 'is behind none'],
    ['no load balancer, an expression', said(['a: SELECT SUM(b) FROM C < 1'], snapshot('ROLLING', 0)), ''],
  ])('%s', (_, message, expected) => {
    if (expected === '') expect(message).toBe('');
    else expect(message).toContain(expected);
  });
});
