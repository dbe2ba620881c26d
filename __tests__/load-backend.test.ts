import { describe, expect, test } from '@jest/globals';
import { headOf } from '../scripts/load-backend/client.ts';
import { formOf } from '../scripts/load-backend/clips.ts';
import { usageIn } from '../scripts/load-backend/server.ts';
import { counted, duration, percentile, table } from '../scripts/load-backend/table.ts';

describe('the table', () => {
  const now = [
    { what: 'answers', value: '2 x 503' },
    { what: 'memory', value: '200 MiB' },
  ];

  test('has a line for each figure', () => {
    expect(table(now)).toBe('| Load | Figure |\n| --- | --- |\n| answers | 2 x 503 |\n| memory | 200 MiB |');
  });

  test('sets what was before beside it, by its name', () => {
    const before = [
      { what: 'memory', value: '4000 MiB' },
      { what: 'gone', value: '1 s' },
    ];
    expect(table(now, before)).toBe(
      '| Load | Before | Now |\n| --- | --- | --- |\n| answers |  | 2 x 503 |\n| memory | 4000 MiB | 200 MiB |',
    );
  });
});

describe('a percentile', () => {
  test.each([
    [[3, 1, 2], 0.5, 2],
    [[3, 1, 2], 0.99, 3],
    [[7], 0.5, 7],
    [[4, 3, 2, 1], 0, 1],
  ])('of %j at %f is %f', (values, share, expected) => {
    expect(percentile(values, share)).toBe(expected);
  });

  test('of nothing is nothing', () => {
    expect(percentile([], 0.5)).toBeUndefined();
  });
});

test('answers are counted by their name', () => {
  expect(counted(['503', '200', '503'])).toBe('1 x 200, 2 x 503');
  expect(counted([])).toBe('none');
});

test('a duration is in the unit that a person would choose', () => {
  expect([12.4, 999.4, 1000, 61_234, undefined].map(duration)).toEqual([
    '12 ms',
    '999 ms',
    '1.0 s',
    '61.2 s',
    'none',
  ]);
});

test("a process's memory is read in MiB", () => {
  const status = 'Name:\tpython\nPPid:\t42\nVmHWM:\t  204800 kB\nVmRSS:\t  102400 kB\n';
  expect(usageIn(status)).toEqual({ parent: 42, memoryMiB: 100, peakMiB: 200 });
  // A zombie has no memory.
  expect(usageIn('Name:\tffmpeg\nPPid:\t42\n')).toEqual({ parent: 42, memoryMiB: 0, peakMiB: 0 });
});

test('an upload announces what it sends, or what it pretends to', () => {
  const body = formOf(Buffer.from('video'), 1.5);
  expect(body.bytes.toString()).toBe(
    '--load\r\nContent-Disposition: form-data; name="video"; filename="v"\r\n\r\nvideo\r\n--load--\r\n',
  );
  expect(headOf(body, 99)).toBe(
    'POST /thumbnails?second=1.5 HTTP/1.1\r\nHost: localhost\r\n' +
      'Content-Type: multipart/form-data; boundary=load\r\nContent-Length: 99\r\n\r\n',
  );
});
