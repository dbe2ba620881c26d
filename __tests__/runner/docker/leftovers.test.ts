import { describe, expect, test } from '@jest/globals';
import { cacheOfTests, type CacheRecord } from '../../../runner/docker/leftovers.ts';

function record(ID: string, Description: string, Parent = '', CacheType = 'regular'): CacheRecord {
  return { ID, Description, Parent, CacheType };
}

const THEIRS = [
  record('their-base', 'pulled from docker.io/library/node:24'),
  record('their-step', 'mount / from exec /bin/sh -c npm ci', 'their-base'),
  record('their-busybox', 'pulled from docker.io/library/busybox:1'),
];

describe('the build cache of the tests', () => {
  test.each<[string, readonly CacheRecord[], readonly string[]]>([
    ['has no step of anybody else, were it made meanwhile', THEIRS, []],
    [
      'has the steps of the images of the tests, and what is built on them',
      [
        record('copy', '[1/2] COPY busybox /bin/busybox'),
        record('run', 'mount / from exec /bin/busybox sh -c echo', 'copy'),
        record('imported', 'imported sha256:1234', 'copy'),
      ],
      ['copy', 'run', 'imported'],
    ],
    [
      'has the steps of backend/, with its base, whose other children stay',
      [
        record('base', ''),
        record('ffmpeg', 'mount / from exec /bin/sh -c sh /collect-ffmpeg.sh /collected', 'base'),
        record('venv', '[stage-1 4/6] COPY --from=dependencies /venv /venv', 'ffmpeg, other'),
        record('other-child', 'mount / from exec /bin/sh -c pip install x', 'base'),
      ],
      ['base', 'ffmpeg', 'venv'],
    ],
    ['has the contexts', [record('context', 'local source for context', '', 'source.local')], ['context']],
  ])('%s', (_what, records, expected) => {
    expect(cacheOfTests([...THEIRS, ...records], [])).toEqual(expected);
  });

  test('leaves what was there before, were it of the same steps', () => {
    const records = [
      record('copy', '[1/2] COPY busybox /bin/busybox'),
      record('context', 'local source for context', '', 'source.local'),
      record('run', 'mount / from exec /bin/busybox sh -c echo', 'copy'),
    ];
    expect(cacheOfTests(records, ['copy', 'context'])).toEqual(['run']);
  });
});
