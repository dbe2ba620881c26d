import { describe, expect, it } from '@jest/globals';
import {
  accepts,
  acceptsRedirect,
  answerLines,
  surveyUrl,
  urlMeasurer,
  type HttpGateContext,
} from '../../src/gates/http.ts';
import type { GateRequest, HttpCheck, Probe } from '../../src/model/index.ts';
import { Cancelled } from '../../src/runtime/cancellation.ts';
import { fakeClock } from '../fakes/clock.ts';
import { HTTP_CHECK, requestOf } from '../fakes/literals.ts';
import { fakeLog } from '../fakes/log.ts';
import { settle } from './asking.ts';

const WANTED = 'v2';
const PROBES: Readonly<Record<string, Probe>> = {
  '+': { kind: 'answer', status: 200, body: '{"v":"v2"}', url: '' },
  '-': { kind: 'answer', status: 500, body: '', url: '' },
  o: { kind: 'answer', status: 200, body: '{"v":"v1"}', url: '' },
  x: { kind: 'unreachable', reason: 'the connection was refused' },
};

interface End {
  readonly passed: boolean;
  readonly detail: string;
  readonly reachable: boolean;
  readonly asBefore: boolean;
}

/** Asks the URL once the new revision has all traffic. */
async function ask(
  ctx: HttpGateContext,
  check: HttpCheck,
  gate: GateRequest,
  before: Probe | undefined,
): Promise<End> {
  const { result, by } = await settle(ctx, urlMeasurer(ctx, 'http', check, before, gate));
  return {
    passed: result.state === 'passed',
    detail: result.detail,
    reachable: by?.reading.kind !== 'unanswered',
    asBefore: by?.reading.kind === 'bad' && !by.reading.blames,
  };
}

/** Asks a URL that answers as the letters say, the last one for ever. */
async function gate(
  answers: string,
  options: {
    before?: Probe | undefined;
    check?: Partial<HttpCheck>;
    deadline?: number;
    slow?: number;
    hangs?: boolean;
  } = {},
): Promise<End & { asked: number; seconds: number; said: readonly string[] }> {
  const clock = fakeClock();
  const log = fakeLog();
  let asked = 0;
  const probe = ({ timeoutSeconds }: HttpCheck): Promise<Probe> => {
    if (options.hangs === true) {
      clock.advance(timeoutSeconds * 1000);
      asked += 1;
      return Promise.resolve({ kind: 'unreachable', reason: `no answer within ${timeoutSeconds} s` });
    }
    clock.advance(options.slow ?? 0);
    const letter = answers[Math.min(asked, answers.length - 1)] ?? '';
    asked += 1;
    return Promise.resolve(PROBES[letter]!);
  };
  const check = { ...HTTP_CHECK, json: { v: WANTED }, ...options.check };
  const limits = { ...requestOf().gate, deadlineSeconds: options.deadline ?? 120 };
  const ctx = { ask: probe, clock, log, signal: new AbortController().signal };
  const end = await ask(ctx, check, limits, 'before' in options ? options.before : PROBES['o']);
  return { ...end, asked, seconds: clock.now() / 1000, said: log.said };
}

describe('the health-check URL', () => {
  it.each([
    ['passes after enough good answers in a row', '+++', true, 3, 10],
    ['starts to count again after a bad one', '++-+++', true, 6, 25],
    ['fails after enough bad answers in a row', '---', false, 3, 10],
    ['forgives bad answers that are not in a row', '--+--+++', true, 8, 35],
    ['fails with twice as many bad ones in all, once it answered well', '--+--++-+--++-+++', false, 14, 65],
    ['does not count those before it answered well', '--o--o--o--+++', true, 14, 65],
    ['waits for the old version to go', 'ooooo+++', true, 8, 35],
    ['is bad where it answered before and does not now', 'xxx', false, 3, 10],
  ])('%s', async (_rule, answers, passed, asked, seconds) => {
    expect(await gate(answers)).toMatchObject({ passed, asked, seconds, reachable: true });
  });

  it('is bad, and no fault of the runner, where it has answered now and does not any more', async () => {
    const end = await gate('+xxx', { before: undefined });
    expect(end).toMatchObject({ passed: false, asked: 4, reachable: true });
  });

  it('is given its whole time, and is asked once more at its end', async () => {
    expect(await gate('o', { deadline: 12 })).toMatchObject({
      passed: false,
      asked: 4,
      seconds: 12,
      detail: 'status 200, but v is "v1", expected "v2", still after 12 s (health-check-deadline-seconds)',
    });
  });

  it.each([
    ['a deadline shorter than a probe', 1, 9, 1],
    ['a deadline within the second probe', 16, 9, 16],
    ['a deadline at which a pause ends: the last probe has a second', 14, 9, 15],
  ])('that hangs does not outlast %s', async (_, deadline, timeoutSeconds, seconds) => {
    const check = { timeoutSeconds, failures: 9 };
    expect(await gate('', { deadline, check, hangs: true })).toMatchObject({ passed: false, seconds });
  });

  it('says that good answers came too late', async () => {
    expect(await gate('ooo+', { deadline: 20 })).toMatchObject({
      passed: false,
      detail: 'status 200, 2 of 3 good answers in a row, still after 20 s (health-check-deadline-seconds)',
    });
  });

  it('is not asked past its time by slow answers', async () => {
    const { seconds, asked } = await gate('o', { deadline: 12, slow: 5000 });
    expect(seconds).toBe(15);
    expect(asked).toBe(2);
  });

  it.each([
    ['nobody asked before', undefined],
    ['it did not answer before either', PROBES['x']],
  ])('that never answers is not blamed on the deployment where %s', async (_why, before) => {
    expect(await gate('x', { before, deadline: 30 })).toMatchObject({
      passed: false,
      reachable: false,
      seconds: 30,
    });
  });

  it('that answered once was reachable', async () => {
    expect(await gate('x-x', { before: undefined, deadline: 30 })).toMatchObject({ reachable: true });
  });

  it('is told of once for each change', async () => {
    const { said } = await gate('ooo+++');
    expect(said).toEqual([
      'https://api.example.com/health: status 200, but v is "v1", expected "v2": still the old version',
      'https://api.example.com/health: status 200 (1 of 3 good answers)',
      'https://api.example.com/health: status 200 (2 of 3 good answers)',
      'https://api.example.com/health: status 200 (3 of 3 good answers)',
    ]);
  });

  it('shows no query in the log: it may carry a token', async () => {
    const { said } = await gate('+++', { check: { url: 'https://a.example/h?token=s3cret' } });
    expect(said.join('\n')).not.toContain('s3cret');
  });

  it('is left at once when the job is cancelled', async () => {
    const controller = new AbortController();
    const clock = fakeClock({
      during: (pause) => {
        if (pause === 2) controller.abort(new Cancelled('SIGINT'));
      },
    });
    const ctx = {
      ask: () => Promise.resolve(PROBES['o']!),
      clock,
      log: fakeLog(),
      signal: controller.signal,
    };
    const check = { ...HTTP_CHECK, json: { v: WANTED } };
    await expect(ask(ctx, check, requestOf().gate, PROBES['o'])).rejects.toBeInstanceOf(Cancelled);
    expect(clock.pauses).toHaveLength(2);
  });
});

describe('a URL that was wrong before', () => {
  const refused = (status: number): Probe => ({ kind: 'answer', status, body: '', url: '' });
  const endWith = (status: number, before: Probe | undefined): Promise<End> =>
    ask(
      {
        ask: () => Promise.resolve(refused(status)),
        clock: fakeClock(),
        log: fakeLog(),
        signal: new AbortController().signal,
      },
      HTTP_CHECK,
      requestOf().gate,
      before,
    );

  it.each([
    ['the same 404', 404, refused(404), true],
    ['the same 302', 302, refused(302), true],
    ['another 4xx', 403, refused(404), false],
    ['the same 500', 500, refused(500), false],
    ['404 where it answered well', 404, PROBES['o'], false],
    ['404 where it did not answer', 404, PROBES['x'], false],
  ])('is no evidence with %s', async (_, status, before, asBefore) => {
    expect(await endWith(status, before)).toMatchObject({ passed: false, reachable: true, asBefore });
  });

  it('is asked no more than fits into fifteen seconds', async () => {
    const clock = fakeClock();
    let asked = 0;
    const ask = (): Promise<Probe> => {
      asked += 1;
      clock.advance(4_000);
      return Promise.resolve(refused(404));
    };
    const ctx = { ask, clock, log: fakeLog(), signal: new AbortController().signal };
    await surveyUrl(ctx, HTTP_CHECK);
    expect([asked, clock.now() <= 15_000]).toEqual([2, true]);
  });

  it('is asked again in the survey, and said', async () => {
    const clock = fakeClock();
    const log = fakeLog();
    let asked = 0;
    const probe = (): Promise<Probe> => Promise.resolve(refused((asked += 1) > 0 ? 404 : 200));
    const ctx = { ask: probe, clock, log, signal: new AbortController().signal };
    expect(await surveyUrl(ctx, HTTP_CHECK)).toMatchObject({ status: 404 });
    expect([asked, clock.now() <= 15_000]).toEqual([3, true]);
    expect(log.said.join()).toContain('answers badly before the deployment');
  });
});

it('a pattern that takes too long on a body is a bad answer, in its time', async () => {
  const body = `${'a'.repeat(60)}!`;
  const end = await ask(
    {
      ask: () => Promise.resolve({ kind: 'answer', status: 200, body, url: '' }),
      clock: fakeClock(),
      log: fakeLog(),
      signal: new AbortController().signal,
    },
    {
      ...HTTP_CHECK,
      failures: 1,
      timeoutSeconds: 0.2,
      body: { kind: 'pattern', source: '^(\\w+\\s?)*$', flags: '' },
    },
    requestOf().gate,
    undefined,
  );
  expect(end).toMatchObject({
    passed: false,
    detail: 'status 200, but the pattern takes too long on this body',
  });
});

describe('a bad answer as it is shown', () => {
  const answer = { kind: 'answer', status: 503, url: 'https://a.example/h?token=1', body: 'down' } as const;

  it.each([
    ['its status and body, and no query', {}, ['status 503 from https://a.example/h?…', 'down']],
    [
      'headers that say who answered, and no cookie',
      { headers: { 'set-cookie': 'sid=1', server: 'awselb/2.0', 'retry-after': '5', date: 'now' } },
      ['status 503 from https://a.example/h?…', 'server: awselb/2.0', 'retry-after: 5', 'down'],
    ],
    ['an empty body as such', { body: ' \n' }, ['status 503 from https://a.example/h?…', '(an empty body)']],
    [
      'its first 500 bytes, no letter cut in two',
      { body: `${'x'.repeat(499)}é${'y'.repeat(9)}` },
      ['status 503 from https://a.example/h?…', 'x'.repeat(499), '… (10 bytes more)'],
    ],
    [
      'where it is redirected to, and no query',
      { headers: { location: 'https://login.example/?state=t0k' } },
      ['status 503 from https://a.example/h?…', 'location: https://login.example/?…', 'down'],
    ],
    ['line by line', { body: 'a\r\nb\n' }, ['status 503 from https://a.example/h?…', 'a', 'b']],
  ])('has %s', (_, more, lines) => {
    expect(answerLines({ ...answer, ...more })).toEqual(lines);
  });

  it('has nothing of a header that was sent, where the 500 bytes end in the middle of it', () => {
    const body = `${'x'.repeat(490)} t0k-en-of-many-letters`;
    const lines = answerLines(
      { ...answer, body },
      { headers: { Authorization: 'Bearer t0k-en-of-many-letters' } },
    );
    expect(lines.slice(1)).toEqual([`${'x'.repeat(490)} ***`, '… (13 bytes more)']);
  });
});

describe('a list of statuses', () => {
  const list = [
    { from: 200, to: 204 },
    { from: 300, to: 300 },
  ];

  it.each([
    [199, false],
    [200, true],
    [204, true],
    [205, false],
    [300, true],
  ])('%i is in it: %s', (status, isIn) => {
    expect(accepts(list, status)).toBe(isIn);
  });

  it.each([
    [200, 299, false],
    [200, 300, true],
    [399, 399, true],
    [400, 404, false],
  ])('of %i to %i wants to see a redirect: %s', (from, to, wants) => {
    expect(acceptsRedirect([{ from, to }])).toBe(wants);
  });
});
