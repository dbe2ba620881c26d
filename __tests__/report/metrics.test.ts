import { describe, expect, test } from '@jest/globals';
import { metricInUnit, type MetricValue } from '../../src/model/index.ts';
import { metricTables } from '../../src/report/metrics.ts';
import { outcomeOf, serviceRunOf, snapshotOf } from '../fakes/literals.ts';
import { reportOf } from './reports.ts';

const ERRORS: MetricValue = {
  metric: '5xx-percent',
  condition: '< 1',
  value: 0.25,
  before: undefined,
  limit: 1,
  requests: 1200,
  state: 'passed',
};

function tables(...each: (readonly MetricValue[])[]): string[] {
  const snapshot = snapshotOf();
  const serviceRuns = each.map((values, at) =>
    serviceRunOf({
      snapshot: { ...snapshot, address: { ...snapshot.address, name: `service-${at}` } },
      outcome: outcomeOf({}),
      gates: values.length === 0 ? [] : [{ gate: 'metrics', state: 'passed', detail: '', values }],
    }),
  );
  return metricTables(reportOf({ serviceRuns }));
}

describe('the table of the metrics', () => {
  test('is not there where none was read', () => {
    expect(tables([])).toEqual([]);
  });

  test('says what the new tasks show, and what they have to', () => {
    const orders = { metric: 'orders', condition: '>= 2', value: 1.5, requests: undefined };
    const slow = { metric: 'p99-seconds', condition: '< 2', value: undefined, requests: 3 };
    expect(
      tables([ERRORS, { ...ERRORS, ...orders, state: 'failed' }, { ...ERRORS, ...slow, state: 'skipped' }]),
    ).toEqual([
      [
        '**Metrics**',
        '',
        '| Metric | New tasks | Has to be |',
        '| --- | --- | --- |',
        '| ✅ `5xx-percent` | 0.25 % (1200 requests) | `< 1` |',
        '| ❌ `orders` | 1.5 | `>= 2` |',
        '| ➖ `p99-seconds` | – (3 requests) | `< 2` |',
      ].join('\n'),
    ]);
  });

  test('has a column for the old tasks where one is compared with them', () => {
    const compared: MetricValue = { ...ERRORS, condition: '< 1.5x', before: 0.4, limit: 0.6 };
    const [table = ''] = tables([compared, ERRORS]);
    expect(table).toContain('| New tasks | Old tasks | Has to be |');
    expect(table).toContain('| 0.25 % (1200 requests) | 0.4 % | `< 1.5x` (0.6 %) |');
    expect(table).toContain('| 0.25 % (1200 requests) | – | `< 1` |');
  });

  test('is one for each of several services', () => {
    const several = tables([ERRORS], [], [ERRORS]);
    expect(several.map((table) => table.split('\n')[0])).toEqual([
      '**Metrics of service-0**',
      '**Metrics of service-2**',
    ]);
  });
});

test.each([
  ['5xx-percent', 12.3456, '12.3 %'],
  ['4xx-percent', 0, '0 %'],
  ['p99-seconds', 0.1234567, '0.123 s'],
  ['requests', 123456, '123456'],
  ['orders', 1234.56789, '1234.568'],
])('%s %d is shown as %s', (metric, value, shown) => {
  expect(metricInUnit(metric, value)).toBe(shown);
});
