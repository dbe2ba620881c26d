import { describe, expect, it } from '@jest/globals';
import { commitOf, readEvent, readOnlyBecause, type GitHubEvent } from '../../src/github/event.ts';
import type { PullRequest } from '../../src/github/github.ts';
import { findPullRequest } from '../../src/github/pull-request.ts';
import type { JsonObject } from '../../src/model/index.ts';
import { fakeGitHub } from './fake-github.ts';

const SHA = 'a'.repeat(40);

function eventOf(name: string, payload: JsonObject = {}, more: Partial<GitHubEvent> = {}): GitHubEvent {
  return {
    name,
    repository: { owner: 'octo-org', name: 'video' },
    sha: SHA,
    ref: 'refs/heads/main',
    actor: 'octocat',
    payload,
    ...more,
  };
}

function pullRequest(number: number, more: Partial<PullRequest> = {}): PullRequest {
  return { number, merged: false, open: true, mergeCommit: undefined, headCommit: '', ...more };
}

describe('the pull request that an event names', () => {
  it.each<[string, GitHubEvent, number]>([
    ['pull_request', eventOf('pull_request', { number: 1, pull_request: { number: 7 } }), 7],
    ['pull_request_review', eventOf('pull_request_review', { pull_request: { number: 7 } }), 7],
    ['issue_comment', eventOf('issue_comment', { issue: { number: 7, pull_request: {} } }), 7],
    [
      'merge_group',
      eventOf('merge_group', {
        merge_group: { head_ref: `refs/heads/gh-readonly-queue/release/1.x/pr-7-${SHA}` },
      }),
      7,
    ],
    [
      'merge_group, by its ref',
      eventOf('merge_group', {}, { ref: `refs/heads/gh-readonly-queue/main/pr-7-${SHA}` }),
      7,
    ],
    [
      'workflow_run',
      eventOf('workflow_run', { workflow_run: { pull_requests: [{ number: 7 }, { number: 8 }] } }),
      7,
    ],
  ])('%s', async (_name, event, number) => {
    const github = fakeGitHub();
    expect(await findPullRequest(github, event, undefined)).toEqual({ kind: 'found', number });
    expect(github.calls).toEqual([]);
  });

  it('comes after the one that was asked for', async () => {
    const event = eventOf('pull_request', { pull_request: { number: 7 } });
    expect(await findPullRequest(fakeGitHub(), event, 31)).toEqual({ kind: 'found', number: 31 });
  });
});

describe('the pull request of a commit', () => {
  const push = eventOf('push');

  it.each<[string, readonly PullRequest[], number]>([
    [
      'is the one that it merged',
      [
        pullRequest(1, { headCommit: SHA }),
        pullRequest(2, { merged: true }),
        pullRequest(3, { merged: true, mergeCommit: SHA }),
      ],
      3,
    ],
    ['else any that is merged', [pullRequest(1, { headCommit: SHA }), pullRequest(2, { merged: true })], 2],
    ['else the open one that it heads', [pullRequest(1), pullRequest(2, { headCommit: SHA })], 2],
  ])('%s', async (_rule, ofCommit, number) => {
    expect(await findPullRequest(fakeGitHub({ ofCommit }), push, undefined)).toEqual({
      kind: 'found',
      number,
    });
  });

  it('is none where only closed ones hold it', async () => {
    const ofCommit = [pullRequest(1, { open: false, headCommit: SHA })];
    expect(await findPullRequest(fakeGitHub({ ofCommit }), push, undefined)).toEqual({
      kind: 'none',
      why: 'commit aaaaaaa belongs to no pull request',
    });
  });

  it('is not looked for where a tag was pushed', async () => {
    const github = fakeGitHub({ ofCommit: [pullRequest(1, { headCommit: SHA })] });
    const event = eventOf('push', {}, { ref: 'refs/tags/v1' });
    expect(await findPullRequest(github, event, undefined)).toMatchObject({ kind: 'none' });
    expect(github.calls).toEqual([]);
  });
});

describe('no pull request', () => {
  it.each<[string, GitHubEvent]>([
    ['schedule', eventOf('schedule')],
    ['release', eventOf('release', { release: { id: 5 } })],
    ['workflow_dispatch on a tag', eventOf('workflow_dispatch', {}, { ref: 'refs/tags/v1' })],
    ['a comment on an issue', eventOf('issue_comment', { issue: { number: 5 } })],
    [
      'a workflow run of a fork',
      eventOf('workflow_run', { workflow_run: { pull_requests: [], event: 'pull_request', head_sha: SHA } }),
    ],
    ['an event with a number of something else', eventOf('discussion', { number: 5 })],
    ['no event at all', eventOf('')],
  ])('belongs to %s', async (_name, event) => {
    expect(await findPullRequest(fakeGitHub(), event, undefined)).toMatchObject({ kind: 'none' });
  });
});

describe('a token that may only read', () => {
  const of = (repository: string | null): JsonObject => ({
    pull_request: { number: 7, head: { repo: repository === null ? null : { full_name: repository } } },
  });

  it.each<[string, GitHubEvent, string | undefined]>([
    ['a fork', eventOf('pull_request', of('mallory/video')), 'the pull request comes from a fork'],
    ['a fork that is gone', eventOf('pull_request', of(null)), 'the pull request comes from a fork'],
    [
      'Dependabot',
      eventOf('pull_request', of('octo-org/video'), { actor: 'dependabot[bot]' }),
      'the pull request is from Dependabot',
    ],
    [
      'a branch of the repository, in whatever case',
      eventOf('pull_request', of('Octo-Org/Video')),
      undefined,
    ],
    [
      'a payload that does not say where from',
      eventOf('pull_request', { pull_request: { number: 7 } }),
      undefined,
    ],
    ['pull_request_target', eventOf('pull_request_target', of('mallory/video')), undefined],
    ['a push by Dependabot', eventOf('push', {}, { actor: 'dependabot[bot]' }), undefined],
  ])('comes with %s', (_whose, event, why) => {
    expect(readOnlyBecause(event)).toBe(why);
  });
});

describe('an event', () => {
  it('is read from the variables and the file', async () => {
    expect(
      await readEvent({
        GITHUB_EVENT_NAME: 'push',
        GITHUB_REPOSITORY: 'a/b',
        GITHUB_EVENT_PATH: 'package.json',
      }),
    ).toMatchObject({
      name: 'push',
      repository: { owner: 'a', name: 'b' },
      payload: { name: 'ecs-fargate-deploy' },
    });
  });

  it.each([['/nowhere'], ['README.md'], [''], [undefined]])(
    'without a readable file (%s) has no payload',
    async (path) => {
      expect((await readEvent({ GITHUB_EVENT_PATH: path })).payload).toEqual({});
    },
  );

  it('is about the head of a pull request, not about the merge commit of GITHUB_SHA', () => {
    const head = 'b'.repeat(40);
    expect(commitOf(eventOf('pull_request', { pull_request: { head: { sha: head } } }))).toBe(head);
    expect(commitOf(eventOf('push'))).toBe(SHA);
  });
});
