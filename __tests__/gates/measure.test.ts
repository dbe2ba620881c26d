import { describe, expect, it } from '@jest/globals';
import { acceptsRedirect, measure, urlMeasurer, valueAt } from '../../src/gates/http.ts';
import type { HttpCheck, Probe } from '../../src/model/index.ts';
import { fakeClock } from '../fakes/clock.ts';
import { HTTP_CHECK } from '../fakes/literals.ts';
import { fakeLog } from '../fakes/log.ts';

function answer(body: string, status = 200): Probe {
  return { kind: 'answer', status, body, url: HTTP_CHECK.url };
}
const UNREACHABLE: Probe = { kind: 'unreachable', reason: 'the connection was refused' };
const VERSION: Partial<HttpCheck> = { json: { version: '2' } };

describe('an answer of the health-check URL', () => {
  it.each<[string, Probe, Partial<HttpCheck>, Probe | undefined, string, string]>([
    ['good: its status is accepted', answer('x'), {}, undefined, 'good', 'status 200'],
    ['bad: its status is not', answer('x', 503), {}, undefined, 'bad', 'status 503, expected 200-299'],
    [
      'bad: no status of the list',
      answer('x', 202),
      {
        statuses: [
          { from: 200, to: 200 },
          { from: 204, to: 206 },
        ],
      },
      undefined,
      'bad',
      'status 202, expected 200, 204-206',
    ],
    [
      'good: the text is in it',
      answer('{"ok":true}'),
      { body: { kind: 'text', text: '"ok"' } },
      undefined,
      'good',
      'status 200',
    ],
    [
      'bad: the text is not',
      answer('no'),
      { body: { kind: 'text', text: 'ok' } },
      undefined,
      'bad',
      'status 200, but the body does not match',
    ],
    [
      'good: the pattern is',
      answer('V2'),
      { body: { kind: 'pattern', source: '^v\\d$', flags: 'i' } },
      undefined,
      'good',
      'status 200',
    ],
    [
      'good: the value is the new one',
      answer('{"version":2}'),
      VERSION,
      answer('{"version":1}'),
      'good',
      'status 200',
    ],
    [
      'old version: the value is what it was before',
      answer('{"version":"1","time":9}'),
      VERSION,
      answer('{"version":"1","time":3}'),
      'old-version',
      'status 200, but version is "1", expected "2"',
    ],
    [
      'bad: the value is neither',
      answer('{"version":"3"}'),
      VERSION,
      answer('{"version":"1"}'),
      'bad',
      'status 200, but version is "3", expected "2"',
    ],
    [
      'bad: the value is wrong and nothing answered before',
      answer('{"version":"1"}'),
      VERSION,
      UNREACHABLE,
      'bad',
      'status 200, but version is "1", expected "2"',
    ],
    [
      'bad: the old version with a status that is not accepted',
      answer('{"version":"1"}', 500),
      VERSION,
      answer('{"version":"1"}'),
      'bad',
      'status 500, expected 200-299',
    ],
    [
      'bad: of two values one is still that of before, and one is neither',
      answer('{"version":"1","region":"c"}'),
      { json: { version: '2', region: 'a' } },
      answer('{"version":"1","region":"b"}'),
      'bad',
      'status 200, but version is "1", expected "2" and region is "c", expected "a"',
    ],
    [
      'old version: the body is what it was before',
      answer('v1'),
      { body: { kind: 'text', text: 'v2' } },
      answer('v1'),
      'old-version',
      'status 200, but the body does not match',
    ],
    [
      'bad: the body is neither',
      answer('v3'),
      { body: { kind: 'text', text: 'v2' } },
      answer('v1'),
      'bad',
      'status 200, but the body does not match',
    ],
    [
      'bad: the value is that of before, and the body is neither',
      answer('{"version":"1","time":9}'),
      { ...VERSION, body: { kind: 'text', text: 'x' } },
      answer('{"version":"1","time":3}'),
      'bad',
      'status 200, but the body does not match and version is "1", expected "2"',
    ],
    [
      'good: the last status of a range',
      answer('x', 206),
      { statuses: [{ from: 200, to: 206 }] },
      undefined,
      'good',
      'status 206',
    ],
    [
      'good: a status of the second range',
      answer('x', 404),
      {
        statuses: [
          { from: 200, to: 200 },
          { from: 404, to: 404 },
        ],
      },
      undefined,
      'good',
      'status 404',
    ],
    [
      'bad: the value is missing',
      answer('{}'),
      VERSION,
      undefined,
      'bad',
      'status 200, but version is missing, expected "2"',
    ],
    [
      'bad: it is not JSON',
      answer('<html>'),
      VERSION,
      undefined,
      'bad',
      'status 200, but the body is not JSON',
    ],
    [
      'bad: none from a URL that answered before',
      UNREACHABLE,
      {},
      answer('x'),
      'bad',
      'the connection was refused',
    ],
    ['error: none, and none before', UNREACHABLE, {}, UNREACHABLE, 'error', 'the connection was refused'],
    [
      'error: none, and nobody asked before',
      UNREACHABLE,
      {},
      undefined,
      'error',
      'the connection was refused',
    ],
  ])('is %s', (_rule, probe, check, before, kind, what) => {
    expect(measure(probe, { ...HTTP_CHECK, ...check }, before)).toEqual({ kind, what });
  });

  it('is not quoted at length', () => {
    const reading = measure(
      answer(JSON.stringify({ version: 'x'.repeat(5000) })),
      { ...HTTP_CHECK, ...VERSION },
      undefined,
    );
    expect(reading.what.length).toBeLessThan(200);
  });
});

describe('a value of the answer', () => {
  const value = { a: { b: [{ c: 'deep' }] }, n: 1.5, t: true, z: null, o: { k: 1 } };
  it.each([
    ['a.b.0.c', 'deep'],
    ['n', '1.5'],
    ['t', 'true'],
    ['z', 'null'],
    ['o', '{"k":1}'],
    ['a.x', undefined],
    ['n.x', undefined],
    ['z.x', undefined],
    ['constructor', undefined],
    ['__proto__', undefined],
  ])('at %s is %j', (path, text) => {
    expect(valueAt(value, path)).toBe(text);
  });
});

describe('a status list', () => {
  it.each([
    [200, 299, false],
    [300, 399, true],
    [200, 302, true],
    [399, 500, true],
    [400, 499, false],
  ])('%d-%d wants to see redirects: %s', (from, to, wants) => {
    expect(acceptsRedirect([{ from, to }])).toBe(wants);
  });

  it.each([
    [300, true],
    [308, true],
    [404, false],
  ])('200 and %d does: %s', (status, wants) => {
    expect(
      acceptsRedirect([
        { from: 200, to: 200 },
        { from: status, to: status },
      ]),
    ).toBe(wants);
  });
});

describe('a URL that tells the versions apart, asked while traffic is shifted', () => {
  const kindOf = async (
    traffic: 'part' | 'all',
    check: HttpCheck,
    now: Probe,
    before: Probe | undefined,
  ): Promise<string | undefined> => {
    const { signal } = new AbortController();
    const ctx = { ask: () => Promise.resolve(now), clock: fakeClock(), signal, log: fakeLog() };
    const measurer = urlMeasurer(ctx, 'http', check, before, { deadlineSeconds: 1 });
    const round = { n: 1, phase: 'shifting', since: 0, deploymentId: 'd', traffic } as const;
    const [measured] = await measurer.measure(round, { leftMs: 1000, signal });
    return measured?.reading.kind;
  };
  const OLD = answer('{"version":"1"}');
  const TEXT = { ...HTTP_CHECK, body: { kind: 'text', text: 'v2' } } as const;

  it.each<['part' | 'all', string, HttpCheck, Probe, Probe | undefined, string]>([
    ['part', 'the new version', { ...HTTP_CHECK, ...VERSION }, answer('{"version":"2"}'), OLD, 'good'],
    ['part', 'the old one: the new one was not asked', { ...HTTP_CHECK, ...VERSION }, OLD, OLD, 'unanswered'],
    ['part', 'nobody knows the old one', { ...HTTP_CHECK, ...VERSION }, OLD, undefined, 'unanswered'],
    ['part', 'an old page with the time on it', TEXT, answer('v1 10:01'), answer('v1 10:00'), 'unanswered'],
    ['part', 'neither', { ...HTTP_CHECK, ...VERSION }, answer('{"version":"?"}'), OLD, 'bad'],
    ['part', 'an error', { ...HTTP_CHECK, ...VERSION }, answer('no', 500), OLD, 'bad'],
    ['all', 'the old one', { ...HTTP_CHECK, ...VERSION }, OLD, OLD, 'inconclusive'],
    ['all', 'a page that differs', TEXT, answer('v1 10:01'), answer('v1 10:00'), 'bad'],
  ])('%s of the traffic, %s', async (traffic, _what, check, now, before, kind) => {
    expect(await kindOf(traffic, check, now, before)).toBe(kind);
  });
});
