import { describe, expect, it } from '@jest/globals';
import type { GitHubEvent } from '../../src/github/event.ts';
import { PERMISSIONS, postComment, type CommentEnd } from '../../src/report/post-comment.ts';
import type { CommentRequest } from '../../src/report/comment-request.ts';
import type { Report } from '../../src/report/report.ts';
import { Cancelled } from '../../src/runtime/cancellation.ts';
import { fakeClock, untilDone } from '../fakes/clock.ts';
import { fakeGitHub, refusal, type FakeOptions } from '../github/fake-github.ts';
import { OUTCOMES } from './outcomes.ts';

const GOOD = OUTCOMES['proven healthy']!;
const BAD = OUTCOMES['rolled back']!;

const EVENT: GitHubEvent = {
  name: 'pull_request',
  repository: { owner: 'octo-org', name: 'video' },
  sha: 'a'.repeat(40),
  ref: 'refs/pull/7/merge',
  actor: 'octocat',
  payload: { pull_request: { number: 7 } },
};
const PUSH: GitHubEvent = { ...EVENT, name: 'push', ref: 'refs/heads/main', payload: {} };

interface Posted {
  readonly end: CommentEnd;
  readonly bodies: readonly string[];
  /** Whether GitHub was connected to at all. */
  readonly isAsked: boolean;
}

async function posted(
  request: Partial<CommentRequest> = {},
  more: { report?: Report; event?: GitHubEvent; github?: FakeOptions } = {},
): Promise<Posted> {
  const github = fakeGitHub(more.github);
  let isAsked = false;
  const end = await postComment(
    more.report ?? GOOD,
    { prComment: 'auto', prNumber: undefined, githubToken: 'token', key: 'prod/backend', ...request },
    {
      event: more.event ?? EVENT,
      clock: fakeClock(),
      signal: new AbortController().signal,
      connect: () => {
        isAsked = true;
        return Promise.resolve(github);
      },
    },
  );
  return { end, bodies: github.all.map(({ body }) => body), isAsked };
}

/** A GitHub that refuses one call. */
function refusing(call: string, kind: Parameters<typeof refusal>[0]): FakeOptions {
  return {
    before: (called) => {
      if (called.startsWith(call)) throw refusal(kind, 'Its own words');
    },
  };
}

describe('a GitHub that does not answer', () => {
  const SECONDS = 1_000;

  it.each([
    ['the run is over by itself', undefined, 30 * SECONDS],
    ['the job was cancelled just now', 0, 4 * SECONDS],
    // The runner kills the process ten seconds after it has cancelled the job.
    ['the job was cancelled eight seconds ago', -8 * SECONDS, 1.5 * SECONDS],
  ])('is waited for as long as there is time: %s', async (_, cancelledAt, ms) => {
    const clock = fakeClock();
    const job = new AbortController();
    if (cancelledAt !== undefined) job.abort(new Cancelled('SIGINT', cancelledAt));
    const report: Report = { ...BAD, result: cancelledAt === undefined ? 'failed' : 'cancelled' };
    const connect = (_t: string, _r: unknown, { signal }: { signal: AbortSignal }): Promise<never> =>
      new Promise((__, reject) => {
        signal.addEventListener('abort', () => {
          reject(signal.reason as Error);
        });
      });
    const request = { prComment: 'true', prNumber: undefined, githubToken: 'token', key: 'k' } as const;
    const ctx = { event: EVENT, clock, signal: job.signal, connect };
    expect(await untilDone(clock, postComment(report, request, ctx))).toMatchObject({ kind: 'warning' });
    expect(clock.now()).toBe(ms);
  });
});

describe('the comment of a run', () => {
  it('is written, and where is a line in the log', async () => {
    const { end, bodies } = await posted();
    expect(end).toEqual({
      kind: 'line',
      text: 'Comment created on pull request #7: https://github.example/c/1',
    });
    expect(bodies).toHaveLength(1);
  });

  it.each<[string, Partial<CommentRequest>, Report, number]>([
    ['never with false', { prComment: 'false' }, BAD, 0],
    ['on success not with on-failure', { prComment: 'on-failure' }, GOOD, 0],
    ['on failure with on-failure', { prComment: 'on-failure' }, BAD, 1],
    ['always with true', { prComment: 'true' }, GOOD, 1],
  ])('is written %s', async (_when, request, report, count) => {
    const { bodies, end } = await posted(request, { report });
    expect(bodies).toHaveLength(count);
    expect(end.kind).toBe(count === 0 ? 'silent' : 'line');
  });
});

describe('what keeps it from being written', () => {
  it.each<[string, Partial<CommentRequest>, Partial<GitHubEvent>, string]>([
    ['no token', { githubToken: undefined }, {}, 'github-token is empty'],
    ['no repository', {}, { repository: undefined }, 'GITHUB_REPOSITORY is not set'],
    [
      'no pull request',
      {},
      { name: 'schedule', payload: {} },
      'the event schedule belongs to no pull request',
    ],
  ])('%s: a line, or a warning where the comment was asked for', async (_what, request, event, why) => {
    const of = { event: { ...EVENT, ...event } };
    const text = `No comment was written: ${why}.`;
    expect((await posted(request, of)).end).toEqual({ kind: 'line', text });
    expect((await posted({ ...request, prComment: 'true' }, of)).end).toEqual({ kind: 'warning', text });
  });

  it.each<[string, FakeOptions]>([
    ['writing is refused', refusing('create', 'denied')],
    ['the pull request may not be seen', refusing('list', 'not-found')],
  ])('%s: a warning with the permissions to set', async (_what, github) => {
    const { end } = await posted({}, { github });
    expect(end).toMatchObject({ kind: 'warning', text: expect.stringContaining(PERMISSIONS) });
    expect(JSON.stringify(end)).toContain('Its own words');
  });

  it.each<[string, Parameters<typeof refusal>[0], string]>([
    ['a bad token', 'bad-token', 'GitHub does not take github-token (Its own words)'],
    ['a rate limit', 'rate-limited', 'GitHub limits the rate of this token (Its own words)'],
    ['a refusal', 'refused', 'GitHub did not take it (Its own words)'],
    ['no answer', 'unreachable', 'GitHub did not answer (Its own words)'],
  ])('%s: a warning in GitHub’s words', async (_what, kind, text) => {
    const { end } = await posted({}, { github: refusing('create', kind) });
    expect(end).toEqual({ kind: 'warning', text: `No comment was written: ${text}.` });
  });

  it('no answer on a push: a line, for nobody asked for a comment', async () => {
    const github = refusing('commit', 'unreachable');
    expect((await posted({}, { event: PUSH, github })).end.kind).toBe('line');
    expect((await posted({ prComment: 'true' }, { event: PUSH, github })).end.kind).toBe('warning');
  });

  it.each(['auto', 'on-failure'] as const)(
    'a fork, with %s: a warning, and GitHub is not asked',
    async (prComment) => {
      const head = { repo: { full_name: 'mallory/video' } };
      const event = { ...EVENT, payload: { pull_request: { number: 7, head } } };
      const { end, isAsked } = await posted({ prComment }, { event, report: BAD });
      expect(end).toEqual({
        kind: 'warning',
        text: 'No comment was written: the pull request comes from a fork, whose token may only read, also where the job has pull-requests: write.',
      });
      expect(isAsked).toBe(false);
    },
  );

  it('a fork, with true: it is tried, for the token may be another', async () => {
    const head = { repo: { full_name: 'mallory/video' } };
    const event = { ...EVENT, payload: { pull_request: { number: 7, head } } };
    expect((await posted({ prComment: 'true' }, { event })).bodies).toHaveLength(1);
  });
});
