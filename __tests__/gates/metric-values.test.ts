import type { MetricDataResult } from '@aws-sdk/client-cloudwatch';
import { describe, expect, test } from '@jest/globals';
import {
  expressionQuery,
  groupQueries,
  judgeExpression,
  judgeGroups,
  leastRequests,
  readAnswers,
  type Answers,
  type GroupPair,
} from '../../src/gates/metric-values.ts';
import { metricCheck } from '../../src/inputs/metrics.ts';
import type { MetricCheck } from '../../src/model/index.ts';

function checks(...lines: string[]): MetricCheck[] {
  return lines.map((line) => {
    const parsed = metricCheck(line);
    if (parsed.kind === 'problems') throw new Error(parsed.problems.join());
    return parsed.value;
  });
}

const GREEN = { targetGroup: 'targetgroup/green/1', loadBalancer: 'app/web/2' };
const BLUE = { targetGroup: 'targetgroup/blue/3', loadBalancer: 'app/web/2' };
const ALONE: GroupPair = { now: GREEN, before: undefined };
const PAIR: GroupPair = { now: GREEN, before: BLUE };

const MINUTE = 60_000;
const MINUTES = { from: 0, to: 60 * MINUTE };

/** Values of whole minutes, the first at 0; undefined: CloudWatch has none. */
function answers(series: Readonly<Record<string, readonly (number | undefined)[]>>): Answers {
  return new Map(
    Object.entries(series).map(([id, values]) => [
      id,
      [new Map(values.flatMap((value, at) => (value === undefined ? [] : [[at * MINUTE, value] as const])))],
    ]),
  );
}

function judge(lines: readonly string[], pair: GroupPair, series: Parameters<typeof answers>[0]): string[] {
  return judgeGroups(checks(...lines), [pair], answers(series), MINUTES).map(
    ({ value, detail }) => `${value.state}: ${detail}`,
  );
}

describe('what is asked', () => {
  test('errors are filled, times are percentiles, each by target group and load balancer', () => {
    const queries = groupQueries(checks('5xx-percent < 1', 'p99-seconds < 2'), [ALONE]);
    expect(queries.map(({ Id, Expression, ReturnData }) => [Id, Expression, ReturnData])).toEqual([
      ['new0_requests', undefined, undefined],
      ['new0_e5xx_counted', undefined, false],
      ['new0_e5xx', 'FILL(new0_e5xx_counted, 0)', undefined],
      ['new0_p99', undefined, undefined],
    ]);
    expect(queries[1]?.MetricStat).toEqual({
      Metric: {
        Namespace: 'AWS/ApplicationELB',
        MetricName: 'HTTPCode_Target_5XX_Count',
        Dimensions: [
          { Name: 'TargetGroup', Value: 'targetgroup/green/1' },
          { Name: 'LoadBalancer', Value: 'app/web/2' },
        ],
      },
      Period: 60,
      Stat: 'Sum',
    });
    expect(queries[3]?.MetricStat).toMatchObject({ Stat: 'p99' });
  });

  test('the old tasks only where they are compared', () => {
    const ids = (...lines: string[]): (string | undefined)[] =>
      groupQueries(checks(...lines), [PAIR]).map(({ Id }) => Id);
    expect(ids('p50-seconds < 1')).toEqual(['new0_requests', 'new0_p50']);
    expect(ids('p50-seconds < 1', 'p90-seconds < 2x')).toEqual([
      ...['new0_requests', 'new0_p50', 'new0_p90', 'old0_requests', 'old0_p90'],
    ]);
    expect(ids('requests >= 5')).toEqual(['new0_requests']);
    expect(ids('orders: SELECT SUM(Orders) FROM Shop < 2')).toEqual([]);
  });

  test('an expression by the minute', () => {
    expect(expressionQuery('SELECT 1')).toEqual({ Id: 'expression', Expression: 'SELECT 1', Period: 60 });
  });
});

describe('reading an answer', () => {
  const at = (minute: number): Date => new Date(minute * MINUTE);
  const piece = (more: MetricDataResult): MetricDataResult => ({ Id: 'a', Label: 'a', ...more });

  test.each<[string, MetricDataResult[], unknown]>([
    ['nothing', [], []],
    ['no values', [piece({ StatusCode: 'Complete' })], [['a', [[]]]]],
    [
      'two pages of one series',
      [
        piece({ Timestamps: [at(1)], Values: [5], StatusCode: 'PartialData' }),
        piece({ Timestamps: [at(2)], Values: [6], StatusCode: 'Complete' }),
      ],
      [
        [
          'a',
          [
            [
              [MINUTE, 5],
              [2 * MINUTE, 6],
            ],
          ],
        ],
      ],
    ],
    [
      'two series of one expression',
      [piece({ Label: 'x', Timestamps: [at(1)], Values: [5] }), piece({ Label: 'y' })],
      [['a', [[[MINUTE, 5]], []]]],
    ],
    [
      'a time without a value',
      [piece({ Timestamps: [at(1), at(2)], Values: [5] })],
      [['a', [[[MINUTE, 5]]]]],
    ],
  ])('%s', (_, results, expected) => {
    const read = [...(readAnswers(results) ?? [])];
    expect(read.map(([id, series]) => [id, series.map((each) => [...each])])).toEqual(expected);
  });

  test.each(['InternalError', 'Forbidden'] as const)('%s is no answer', (StatusCode) => {
    expect(readAnswers([piece({ StatusCode })])).toBeUndefined();
  });
});

describe('requests that are enough', () => {
  test.each([
    [['5xx-percent < 1'], 50],
    [['requests >= 100'], 100],
    [['requests >= 10', '5xx-percent < 1'], 10],
    [['requests > 10'], 11],
    [['requests >= 0'], 0],
    [['requests < 1000'], 50],
  ])('%j: %d', (lines, least) => {
    expect(leastRequests(checks(...lines))).toBe(least);
  });
});

describe('judging', () => {
  const WELL = { new0_requests: [100, 100] };

  test.each<[string, string[], GroupPair, Parameters<typeof answers>[0], string[]]>([
    [
      'no error',
      ['5xx-percent < 1'],
      ALONE,
      { ...WELL, new0_e5xx: [0, 0] },
      ['passed: 5xx-percent is 0 % (< 1 %; 200 requests)'],
    ],
    [
      'a minute without errors that was not filled',
      ['5xx-percent < 1'],
      ALONE,
      { ...WELL, new0_e5xx: [1] },
      ['passed: 5xx-percent is 0.5 % (< 1 %; 200 requests)'],
    ],
    [
      'just as many as are too many',
      ['5xx-percent < 1'],
      ALONE,
      { ...WELL, new0_e5xx: [1, 1] },
      ['failed: 5xx-percent is 1 %, not < 1 % (200 requests)'],
    ],
    [
      'just as many as are allowed',
      ['4xx-percent <= 1'],
      ALONE,
      { ...WELL, new0_e4xx: [1, 1] },
      ['passed: 4xx-percent is 1 % (<= 1 %; 200 requests)'],
    ],
    [
      'no data',
      ['5xx-percent < 1', 'p99-seconds < 2'],
      ALONE,
      {},
      [
        'skipped: 5xx-percent: no request has reached the new tasks',
        'skipped: p99-seconds: no request has reached the new tasks',
      ],
    ],
    [
      'too few requests, however bad',
      ['5xx-percent < 1'],
      ALONE,
      { new0_requests: [40, 9], new0_e5xx: [40, 9] },
      ['skipped: 5xx-percent: only 49 requests reached the new tasks, and 50 are needed'],
    ],
    [
      'as few as requests allows',
      ['5xx-percent < 1', 'requests >= 10'],
      ALONE,
      { new0_requests: [10], new0_e5xx: [1] },
      ['failed: 5xx-percent is 10 %, not < 1 % (10 requests)', 'passed: requests is 10 (>= 10)'],
    ],
    [
      'fewer than requests wants: more may come',
      ['requests >= 100'],
      ALONE,
      { new0_requests: [60] },
      ['skipped: 60 requests so far, and they have to be >= 100'],
    ],
    [
      'more than requests allows',
      ['requests < 100'],
      ALONE,
      { new0_requests: [60, 60] },
      ['failed: requests is 120, not < 100'],
    ],
    [
      'the newest five minutes, whatever was before',
      ['5xx-percent < 1'],
      ALONE,
      { new0_requests: [100, 20, 20, 20, 20, 20], new0_e5xx: [100, 0, 0, 0, 0, 0] },
      ['passed: 5xx-percent is 0 % (< 1 %; 100 requests)'],
    ],
    [
      'as many minutes as hold enough requests',
      ['5xx-percent < 1'],
      ALONE,
      { new0_requests: [5, 5, 5, 5, 5, 5, 5, 5, 5, 5], new0_e5xx: [1] },
      ['failed: 5xx-percent is 2 %, not < 1 % (50 requests)'],
    ],
    [
      'minutes without requests',
      ['5xx-percent < 1'],
      ALONE,
      { new0_requests: [60, undefined, undefined, undefined, undefined, undefined, 0], new0_e5xx: [0] },
      ['passed: 5xx-percent is 0 % (< 1 %; 60 requests)'],
    ],
    [
      'times by the requests of their minute',
      ['p99-seconds < 1'],
      ALONE,
      { new0_requests: [90, 10], new0_p99: [1, 3] },
      ['failed: p99-seconds is 1.2 s, not < 1 s (100 requests)'],
    ],
    [
      'a figure that is just what it has to be more than',
      ['p99-seconds > 1'],
      ALONE,
      { ...WELL, new0_p99: [1, 1] },
      ['failed: p99-seconds is 1 s, not > 1 s (200 requests)'],
    ],
    [
      'a figure that is just what it has to be at least',
      ['p99-seconds >= 1'],
      ALONE,
      { ...WELL, new0_p99: [1, 1] },
      ['passed: p99-seconds is 1 s (>= 1 s; 200 requests)'],
    ],
    [
      'a time that is not there yet, of just as many requests as are enough',
      ['p99-seconds < 1'],
      ALONE,
      { new0_requests: [25, 25] },
      ['skipped: p99-seconds: CloudWatch has no data of it yet'],
    ],
    [
      'a time that is not there yet',
      ['p99-seconds < 1'],
      ALONE,
      WELL,
      ['skipped: p99-seconds: CloudWatch has no data of it yet'],
    ],
    [
      'worse than the old tasks',
      ['5xx-percent < 1.5x'],
      PAIR,
      { ...WELL, new0_e5xx: [2, 2], old0_requests: [500, 500], old0_e5xx: [5, 5] },
      ['failed: 5xx-percent is 2 %, not < 1.5 % (1.5x the 1 % of the old tasks; 200 requests)'],
    ],
    [
      'as bad as the old tasks',
      ['5xx-percent < 1.5x'],
      PAIR,
      { ...WELL, new0_e5xx: [1, 1], old0_requests: [500, 500], old0_e5xx: [5, 5] },
      ['passed: 5xx-percent is 1 % (< 1.5 %; 1.5x the 1 % of the old tasks; 200 requests)'],
    ],
    [
      'old tasks without an error count as 0.1 %',
      ['5xx-percent <= 10x'],
      PAIR,
      { ...WELL, new0_e5xx: [1, 1], old0_requests: [500], old0_e5xx: [] },
      [
        'passed: 5xx-percent is 1 % (<= 1 %; 10x the 0 % of the old tasks, which count as 0.1 %; 200 requests)',
      ],
    ],
    [
      'old tasks that take no time count as 0.1 s',
      ['p50-seconds < 2x'],
      PAIR,
      { ...WELL, new0_p50: [0.1, 0.1], old0_requests: [500], old0_p50: [0] },
      [
        'passed: p50-seconds is 0.1 s (< 0.2 s; 2x the 0 s of the old tasks, which count as 0.1 s; 200 requests)',
      ],
    ],
    [
      'old tasks with too few requests',
      ['5xx-percent < 1.5x'],
      PAIR,
      { ...WELL, new0_e5xx: [0, 0], old0_requests: [30], old0_e5xx: [0] },
      [
        'skipped: 5xx-percent: the old tasks had only 30 requests in the hour before, too few to compare with',
      ],
    ],
    [
      'old tasks that are not known',
      ['5xx-percent < 1.5x'],
      ALONE,
      { ...WELL, new0_e5xx: [0, 0] },
      ['skipped: 5xx-percent: the old tasks had only 0 requests in the hour before, too few to compare with'],
    ],
  ])('%s', (_, lines, pair, series, expected) => {
    expect(judge(lines, pair, series)).toEqual(expected);
  });

  test('what was before the traffic arrived, and what came since the last whole minute, do not count', () => {
    const series = answers({ new0_requests: [100, 100, 100], new0_e5xx: [100, 0, 100] });
    const [judged] = judgeGroups(checks('5xx-percent < 1'), [ALONE], series, {
      from: MINUTE,
      to: 2 * MINUTE,
    });
    expect(judged?.value).toMatchObject({ state: 'passed', value: 0, requests: 100 });
  });

  test('of several groups a bad one fails, and one that hardly anybody uses says nothing', () => {
    const pairs = [ALONE, { now: { ...BLUE, targetGroup: 'targetgroup/admin/4' }, before: undefined }];
    const state = (series: Parameters<typeof answers>[0]): string | undefined =>
      judgeGroups(checks('5xx-percent < 1'), pairs, answers(series), MINUTES)[0]?.detail;
    const used = { new0_requests: [100], new0_e5xx: [0] };
    expect(state({ ...used, new1_requests: [3], new1_e5xx: [3] })).toBe(
      '5xx-percent of green is 0 % (< 1 %; 100 requests)',
    );
    expect(state({ ...used, new1_requests: [60], new1_e5xx: [30] })).toBe(
      '5xx-percent of admin is 50 %, not < 1 % (60 requests)',
    );
  });

  test('without a target group behind an Application Load Balancer nothing is judged', () => {
    expect(judgeGroups(checks('requests >= 1'), [], new Map(), MINUTES)[0]?.value.state).toBe('skipped');
  });
});

describe('judging an expression', () => {
  const [check] = checks('orders: SELECT SUM(Failed) FROM Shop < 5') as [MetricCheck];
  const judged = (...series: number[][]): string => {
    const all = series.map((values) => new Map(values.map((value, at) => [at * MINUTE, value])));
    const { value, detail } = judgeExpression(check, new Map([['expression', all]]), MINUTES);
    return `${value.state}: ${detail}`;
  };

  test.each([
    [[[1, 2]], 'passed: orders is 1.5 (< 5)'],
    [[[9]], 'failed: orders is 9, not < 5'],
    [[[99, 1, 1, 1, 1, 1]], 'passed: orders is 1 (< 5)'],
    [[[]], 'skipped: orders: it has no data yet'],
    [[], 'skipped: orders: it has no data yet'],
    [
      [[1], [2]],
      'skipped: orders: its expression gives 2 series, and has to give one: put SUM(…) or AVG(…) around it',
    ],
  ])('%j', (series, expected) => {
    expect(judged(...series)).toBe(expected);
  });
});
