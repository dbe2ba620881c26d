import { expect, it } from '@jest/globals';
import type { TimedPoint } from '../../src/report/progress-log.ts';
import { trafficTables } from '../../src/report/timeline.ts';

function point(at: number, stage: string, weight?: number, service = 'backend'): TimedPoint {
  const counts = { desired: 2, running: 2, healthy: 2, old: 2, draining: 0, failed: 0 };
  return { at, service, ...counts, stage, ...(weight === undefined ? {} : { weight }) };
}

const shift = (weight: number): string => `in progress (production traffic shift, ${weight} %)`;

const HEAD = ['| New revision | Stage | First seen |', '| --- | --- | --- |'];

const CANARY = [
  point(0, 'pending'),
  point(5, 'in progress (scale up)', 0),
  point(65, shift(20), 20),
  point(70, 'in progress (post production traffic shift, 20 %)', 20),
];

it.each<[string, readonly TimedPoint[], readonly string[]]>([
  ['no rollout', [], []],
  ['a service that reports no weights', [point(0, 'in progress'), point(60, 'successful')], []],
  [
    'traffic that goes over at once',
    [point(0, 'in progress (scale up)', 0), point(60, 'in progress (bake time)', 100)],
    [],
  ],
  [
    'a canary that goes on to the end',
    [...CANARY, point(200, 'in progress (bake time)', 100), point(300, 'successful')],
    [...HEAD, '| 20 % | production traffic shift | 1:05 |', '| 100 % | bake time | 3:20 |'],
  ],
  [
    'a canary that is rolled back',
    [...CANARY, point(3800, 'rollback in progress (production traffic shift)', 0)],
    [...HEAD, '| 20 % | production traffic shift | 1:05 |', '| 0 % | rollback in progress | 1:03:20 |'],
  ],
  [
    'a canary of few',
    [
      point(65, 'in progress (production traffic shift, 2.5 %)', 2.5),
      point(200, 'in progress (bake time)', 100),
    ],
    [...HEAD, '| 2.5 % | production traffic shift | 1:05 |', '| 100 % | bake time | 3:20 |'],
  ],
  [
    'traffic that goes over at once, and back: how long users had the new revision',
    [
      point(0, 'in progress (scale up)', 0),
      point(60, 'in progress (bake time)', 100),
      point(600, 'rollback in progress (bake time)', 0),
    ],
    [...HEAD, '| 100 % | bake time | 1:00 |', '| 0 % | rollback in progress | 10:00 |'],
  ],
  [
    'traffic that never went over',
    [point(0, 'in progress (scale up)', 0), point(60, 'rollback in progress (scale up)', 0)],
    [],
  ],
  [
    'steps of CodeDeploy',
    [point(10, 'in progress (AllowTraffic, 10 %)', 10), point(70, 'in progress (AllowTraffic, 20 %)', 20)],
    [...HEAD, '| 10 % | AllowTraffic | 0:10 |', '| 20 % | AllowTraffic | 1:10 |'],
  ],
  [
    'a deployment that was in the midst of it at the first look',
    [point(1, 'in progress (bake, of: an <unknown> kind)', 60)],
    [...HEAD, '| 60 % | bake, of: an &lt;unknown&gt; kind | 0:01 |'],
  ],
])('of %s', (_what, rollout, lines) => {
  const tables = trafficTables({ rollout });
  expect(tables.flatMap((block) => block.split('\n')).slice(2)).toEqual(lines);
  expect(tables).toHaveLength(lines.length === 0 ? 0 : 1);
});

it('names the services where there are several', () => {
  const rollout = [
    ...CANARY,
    point(80, shift(50), 50, 'worker'),
    point(90, 'in progress', undefined, 'cron'),
  ];
  expect(trafficTables({ rollout }).map((block) => block.split('\n')[0])).toEqual([
    '**Traffic of backend**',
    '**Traffic of worker**',
  ]);
});
