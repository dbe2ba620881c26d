import { describe, expect, test } from '@jest/globals';
import { metricCheck } from '../../src/inputs/metrics.ts';

const PLAIN = { isRelative: false };

describe('a line of metrics', () => {
  test.each([
    ['5xx-percent < 1', { name: '5xx-percent', operator: '<', bound: 1, ...PLAIN }],
    ['4xx-percent<=2.5', { name: '4xx-percent', operator: '<=', bound: 2.5, ...PLAIN }],
    ['p50-seconds < .3', { name: 'p50-seconds', operator: '<', bound: 0.3, ...PLAIN }],
    ['p90-seconds  <  1', { name: 'p90-seconds', operator: '<', bound: 1, ...PLAIN }],
    ['p99-seconds <= 1.5x', { name: 'p99-seconds', operator: '<=', bound: 1.5, isRelative: true }],
    ['5xx-percent < 1x', { name: '5xx-percent', operator: '<', bound: 1, isRelative: true }],
    ['5xx-percent <= 0', { name: '5xx-percent', operator: '<=', bound: 0, ...PLAIN }],
    ['requests >= 100', { name: 'requests', operator: '>=', bound: 100, ...PLAIN }],
    ['requests >= 0', { name: 'requests', operator: '>=', bound: 0, ...PLAIN }],
    ['requests > 99', { name: 'requests', operator: '>', bound: 99, ...PLAIN }],
    [
      'failed-orders: SELECT SUM(FailedOrders) FROM Shop < 5',
      {
        name: 'failed-orders',
        expression: 'SELECT SUM(FailedOrders) FROM Shop',
        operator: '<',
        bound: 5,
        ...PLAIN,
      },
    ],
    [
      "queue:MAX(SEARCH('{AWS/SQS,QueueName} QueueName=\"jobs\"', 'Maximum', 60))<=120",
      {
        name: 'queue',
        expression: "MAX(SEARCH('{AWS/SQS,QueueName} QueueName=\"jobs\"', 'Maximum', 60))",
        operator: '<=',
        bound: 120,
        ...PLAIN,
      },
    ],
    [
      'late: IF(m > 3, 1, 0) >= 1',
      { name: 'late', expression: 'IF(m > 3, 1, 0)', operator: '>=', bound: 1, ...PLAIN },
    ],
  ])('%s', (line, check) => {
    expect(metricCheck(line)).toEqual({
      kind: 'value',
      value: { ...check, text: line.replace(/\s+/g, ' ') },
    });
  });

  test.each([
    ['5xx-percent', 'does not end with <, <=, > or >= and a number'],
    ['5xx-percent = 1', 'does not end with'],
    ['5xx-percent == 1', 'does not end with'],
    ['5xx-percent =< 1', 'does not end with'],
    ['< 1', 'does not end with'],
    ['5xx-percent < 1 %', 'does not end with'],
    ['5xx-percent < 1%', '"1%" in "5xx-percent < 1%" is not a number'],
    ['p99-seconds < 500ms', '"500ms" in "p99-seconds < 500ms" is not a number. Give one without a unit'],
    ['p99-seconds < -1', '"-1"'],
    ['p99-seconds < x', '"x"'],
    ['p99-seconds < 1e3', '"1e3"'],
    ['5xx-percents < 1', '"5xx-percents" is not known. Give 5xx-percent, 4xx-percent,'],
    ['p95-seconds < 1', '"p95-seconds" is not known'],
    ['5xx-percent < 0', 'can never hold'],
    ['p99-seconds < 0x', 'can never hold'],
    ['5xx-percent < 101', 'is above 100 percent'],
    ['requests >= 0.5x', 'compares numbers of requests'],
    ['orders: SELECT SUM(Orders) FROM Shop < 2x', 'cannot be compared with the old tasks'],
    ['requests: SELECT SUM(Orders) FROM Shop < 2', '"requests" has a meaning of its own'],
    ['two words: SELECT SUM(Orders) FROM Shop < 2', '"two words" in'],
    [': SELECT SUM(Orders) FROM Shop < 2', 'is not a name'],
    [`orders: ${'a'.repeat(2049)} < 2`, 'an expression of more than 2048 characters'],
  ])('%s is a problem', (line, sentence) => {
    const parsed = metricCheck(line);
    expect(parsed.kind === 'problems' ? parsed.problems : []).toEqual([expect.stringContaining(sentence)]);
  });
});
