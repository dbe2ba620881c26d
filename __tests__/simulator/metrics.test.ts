import {
  CloudWatchClient,
  GetMetricDataCommand,
  type GetMetricDataCommandOutput,
  type MetricDataQuery,
} from '@aws-sdk/client-cloudwatch';
import { describe, expect, test } from '@jest/globals';
import { ManualClock } from '../../simulator/clock.ts';
import { seedWorld } from '../../simulator/scenario/seed.ts';
import { startSimulator, type Simulator } from '../../simulator/simulator.ts';

const FAULTY = { http: { errorPercent: 10, latencySeconds: 0.3 } };

async function inAWorld(work: (sim: Simulator, clock: ManualClock) => Promise<void>): Promise<void> {
  const clock = new ManualClock();
  const world = seedWorld({ behaviours: { 'backend:v1': FAULTY } });
  const sim = await startSimulator({ clock, world });
  try {
    await work(sim, clock);
  } finally {
    await sim.close();
  }
}

/** Asks about the last so many minutes. */
async function ask(
  sim: Simulator,
  queries: readonly MetricDataQuery[],
  minutes = 5,
): Promise<GetMetricDataCommandOutput> {
  const client = new CloudWatchClient({
    endpoint: sim.url,
    region: sim.env.AWS_REGION,
    maxAttempts: 1,
    credentials: { accessKeyId: 'simulated', secretAccessKey: 'simulated' },
  });
  const now = sim.world.clock.now();
  try {
    return await client.send(
      new GetMetricDataCommand({
        MetricDataQueries: [...queries],
        StartTime: new Date(now - minutes * 60_000),
        EndTime: new Date(now),
        ScanBy: 'TimestampAscending',
      }),
    );
  } finally {
    client.destroy();
  }
}

function query(sim: Simulator, MetricName: string, Stat: string, group = 'backend'): MetricDataQuery {
  const found = sim.world.balancing.targetGroups.get(group);
  return {
    Id: 'm',
    MetricStat: {
      Metric: {
        Namespace: 'AWS/ApplicationELB',
        MetricName,
        Dimensions: [
          { Name: 'TargetGroup', Value: found?.arn.split(':').at(-1) },
          { Name: 'LoadBalancer', Value: found?.loadBalancerArn?.split(':loadbalancer/')[1] },
        ],
      },
      Period: 60,
      Stat,
    },
  };
}

const values = ({ MetricDataResults = [] }: GetMetricDataCommandOutput): unknown[] =>
  MetricDataResults.map(({ Values = [] }) => Values.map((value) => Math.round(value * 1000) / 1000));

describe('GetMetricData', () => {
  test('takes a query of Metrics Insights for two weeks', () =>
    inAWorld(async (sim) => {
      const select = [{ Id: 'e', Expression: 'SELECT SUM(a) FROM B' }];
      expect(values(await ask(sim, select, 14 * 24 * 60))).toEqual([[]]);
      await expect(ask(sim, select, 15 * 24 * 60)).rejects.toThrow('two weeks');
    }));

  test('counts the requests of users by the minute, their errors and their times', () =>
    inAWorld(async (sim, clock) => {
      sim.operator.setRequests('backend', 120);
      clock.skip(180);
      expect(values(await ask(sim, [query(sim, 'RequestCount', 'Sum')], 2))).toEqual([[120, 120]]);
      expect(values(await ask(sim, [query(sim, 'HTTPCode_Target_5XX_Count', 'Sum')], 2))).toEqual([[12, 12]]);
      expect(values(await ask(sim, [query(sim, 'TargetResponseTime', 'p99')], 2))).toEqual([[0.3, 0.3]]);
    }));

  test('counts what the data plane served', () =>
    inAWorld(async (sim) => {
      const { url = '' } = sim.loadBalancers['web'] ?? {};
      await fetch(`${url}/version`);
      await fetch(`${url}/nowhere`);
      sim.world.clock.skip(60);
      expect(values(await ask(sim, [query(sim, 'RequestCount', 'Sum')]))).toEqual([[2]]);
      expect(values(await ask(sim, [query(sim, 'HTTPCode_Target_4XX_Count', 'Sum')]))).toEqual([[1]]);
    }));

  test('reports no count that is zero, and fills one that is asked to be', () =>
    inAWorld(async (sim, clock) => {
      sim.operator.setRequests('backend', 12);
      clock.skip(180);
      const errors = query(sim, 'HTTPCode_Target_5XX_Count', 'Sum');
      const filled = [
        { ...errors, ReturnData: false },
        { Id: 'f', Expression: 'FILL(m, 0)' },
      ];
      const [raw = []] = values(await ask(sim, [errors], 3)) as number[][];
      const [all = []] = values(await ask(sim, filled, 3)) as number[][];
      expect(raw).not.toContain(0);
      expect(all).toHaveLength(3);
      expect(values(await ask(sim, [query(sim, 'HTTPCode_Target_4XX_Count', 'Sum')]))).toEqual([[]]);
    }));

  test('follows the weights of the production listener', () =>
    inAWorld(async (sim, clock) => {
      sim.operator.updateService('bluegreen', {
        deploymentConfiguration: {
          strategy: 'CANARY',
          canaryConfiguration: { canaryPercent: 10, canaryBakeTimeInMinutes: 10 },
        },
      });
      sim.operator.setRequests('bluegreen', 600);
      sim.operator.deploy('bluegreen', 'v2');
      clock.skip(600);
      expect(values(await ask(sim, [query(sim, 'RequestCount', 'Sum', 'green')], 2))).toEqual([[60, 60]]);
      expect(values(await ask(sim, [query(sim, 'RequestCount', 'Sum', 'blue')], 2))).toEqual([[540, 540]]);
    }));

  test('knows what a program reports', () =>
    inAWorld(async (sim, clock) => {
      sim.operator.reportMetric('Shop', 'FailedOrders', 3);
      clock.skip(90);
      const select = [{ Id: 'e', Expression: 'SELECT SUM(FailedOrders) FROM Shop', Period: 60 }];
      expect(values(await ask(sim, select))).toEqual([[3, 3]]);
    }));

  test.each<[string, MetricDataQuery[], string]>([
    ['an expression that it does not have', [{ Id: 'e', Expression: 'SUMM(x)' }], 'Error in expression'],
    ['an id that is not there', [{ Id: 'e', Expression: 'FILL(m, 0)' }], 'refers to m'],
    ['an id in capitals', [{ Id: 'E', Expression: 'SELECT SUM(a) FROM B' }], 'not matching the regex'],
    [
      'an id twice',
      [
        { Id: 'e', Expression: 'SELECT SUM(a) FROM B' },
        { Id: 'e', Expression: 'SELECT SUM(a) FROM B' },
      ],
      'not unique',
    ],
    ['nothing to return', [{ Id: 'e', Expression: 'SELECT SUM(a) FROM B', ReturnData: false }], 'ReturnData'],
    ['no question', [], '1 to 500'],
    [
      'two queries of Metrics Insights',
      [
        { Id: 'e', Expression: 'SELECT SUM(a) FROM B' },
        { Id: 'f', Expression: 'SELECT SUM(a) FROM C' },
      ],
      'only one Metrics Insights query',
    ],
  ])('refuses %s', (_, queries, message) =>
    inAWorld(async (sim) => {
      await expect(ask(sim, queries)).rejects.toThrow(message);
      await expect(ask(sim, queries, 0)).rejects.toThrow('StartTime must be less');
    }),
  );
});
