/** The comment on a pull request: whose it is, what it says, and where none is written. */
import { describe, expect, test } from '@jest/globals';
import type { StepOptions } from '../../runner/step.ts';
import type { FakeGitHubOptions } from '../../simulator/front/github/github.ts';
import { bodies, commented, MARKER, PULL_REQUEST, SHA, withGitHub } from './github-world.ts';
import { expectGreen, expectRed, inAWorld, step, tag } from './world.ts';

describe('the comment on a pull request', () => {
  test('is created with the news', () =>
    withGitHub({}, async (sim, github) => {
      const first = await commented(sim, github, PULL_REQUEST, { mode: 'deploy' });
      expectGreen(first, 'succeeded');
      expect(first.log).toContain('Comment created on pull request #7');
      const [created] = bodies(github);
      expect(created).toContain(`${MARKER}\n\n### ✅ Deployed: backend in demo`);
      expect(created).toContain('proven healthy');
      expect(created).toContain('[backend:2]');
    }));

  test('of a second run replaces the first and keeps it in the history', () =>
    withGitHub({}, async (sim, github) => {
      await commented(sim, github, PULL_REQUEST, { mode: 'deploy' }, { GITHUB_RUN_ID: '41' });
      const second = await commented(
        sim,
        github,
        PULL_REQUEST,
        { mode: 'deploy', ...tag('crash-1') },
        { GITHUB_RUN_ID: '42' },
      );
      expectRed(second, 'rolled-back', 'app-crashed');
      expect(second.log).toContain('Comment updated on pull request #7');
      expect(bodies(github)).toHaveLength(1);
      const [body = ''] = bodies(github);
      expect(body).toContain('### ↩️ Failed and rolled back to backend:2 — backend in demo');
      expect(body).toContain('Last deployments from this pull request');
      expect(body).toContain('actions/runs/41');
      expect(body).not.toContain('DATABASE_URL is not set');
      expect(second.summary).toContain('DATABASE_URL is not set');
    }));

  test('has a key of its own for each cluster and service, or the one that is given', () =>
    withGitHub({}, async (sim, github) => {
      await commented(sim, github);
      await commented(sim, github, PULL_REQUEST, {
        service: 'worker',
        'image-tag': '',
        'ecr-repository': '',
      });
      await commented(sim, github, PULL_REQUEST, { 'comment-key': 'preview' });
      expect(bodies(github).map((body) => body.split('\n')[0])).toEqual([
        MARKER,
        '<!-- ecs-fargate-deploy:demo/worker -->',
        '<!-- ecs-fargate-deploy:preview -->',
      ]);
    }));

  test('is found on a later page, and not taken from somebody who quotes its marker', () =>
    withGitHub({}, async (sim, github) => {
      const user = { login: 'mallory', type: 'User' } as const;
      const quoted = github.add(7, `${MARKER}\n\nmine!`, user);
      for (let count = 0; count < 230; count += 1) github.add(7, `remark ${count}`, user);
      const ours = github.add(7, `${MARKER}\n\nold news`);
      await commented(sim, github);
      expect(quoted.body).toContain('mine!');
      expect(ours.body).toContain('📋 Planned');
      expect(github.comments).toHaveLength(232);
      const pages = github.calls.filter(
        ({ method, path }) => method === 'GET' && path.endsWith('/7/comments'),
      );
      expect(pages).toHaveLength(3);
    }));

  test('of a person’s token is found by that person', () =>
    withGitHub({ login: 'octocat' }, async (sim, github) => {
      github.add(7, `${MARKER}\n\nof the bot`, { login: 'github-actions[bot]', type: 'Bot' });
      await commented(sim, github);
      await commented(sim, github);
      expect(github.comments.map(({ user }) => user.login)).toEqual(['github-actions[bot]', 'octocat']);
    }));

  test('that was deleted is created again, also where it goes while it is updated', () =>
    withGitHub({}, async (sim, github) => {
      await commented(sim, github);
      github.comments.splice(0);
      await commented(sim, github);
      expect(github.comments).toHaveLength(1);
      const [first] = github.comments;
      github.before = (method) => {
        if (method === 'PATCH' && first !== undefined && github.comments.includes(first))
          github.comments.splice(0);
      };
      expectGreen(await commented(sim, github), 'planned');
      expect(github.comments).toHaveLength(1);
    }));

  test('of two runs at once is one', () =>
    withGitHub({}, async (sim, github) => {
      await Promise.all([
        commented(sim, github, PULL_REQUEST, { mode: 'deploy' }, { GITHUB_RUN_ID: '41' }),
        commented(sim, github, PULL_REQUEST, { mode: 'deploy' }, { GITHUB_RUN_ID: '42' }),
      ]);
      expect(bodies(github)).toHaveLength(1);
    }));

  test('holds both where another run creates one in the same moment', () =>
    withGitHub({}, async (sim, github) => {
      let isDone = false;
      github.before = (method, path) => {
        if (method !== 'POST' || isDone || !path.endsWith('/comments')) return;
        isDone = true;
        github.add(7, `${MARKER}\n\nof the other`);
      };
      await commented(sim, github, PULL_REQUEST, { mode: 'deploy' });
      expect(bodies(github)).toHaveLength(1);
      expect(bodies(github)[0]).toContain('✅ Deployed');
    }));

  test('is off with pr-comment: false, and asks GitHub nothing', () =>
    withGitHub({}, async (sim, github) => {
      await commented(sim, github, PULL_REQUEST, { 'pr-comment': 'false' });
      expect(github.calls).toEqual([]);
    }));

  test('comes only on failure with pr-comment: on-failure, and is updated once all is well', () =>
    withGitHub({}, async (sim, github) => {
      const onFailure = { 'pr-comment': 'on-failure' };
      await commented(sim, github, PULL_REQUEST, onFailure);
      expect(github.comments).toEqual([]);
      await commented(sim, github, PULL_REQUEST, { ...onFailure, cpu: '256', memory: '8192' });
      expect(bodies(github)[0]).toContain('✋ Not started: a check failed');
      await commented(sim, github, PULL_REQUEST, onFailure);
      expect(bodies(github)).toEqual([expect.stringContaining('📋 Planned')]);
    }));
});

describe('without permission', () => {
  test('a warning says which the job needs, and the step is green', () =>
    withGitHub({ permission: 'read' }, async (sim, github) => {
      const result = await commented(sim, github);
      expectGreen(result, 'planned');
      expect(result.warnings).toEqual([
        expect.stringContaining(
          'permissions:\n  contents: read\n  id-token: write # to sign in to AWS\n  pull-requests: write # for the comment',
        ),
      ]);
    }));

  test.each([
    [
      'of a fork',
      {
        name: 'pull_request',
        payload: { pull_request: { number: 7, head: { repo: { full_name: 'mallory/video' } } } },
      },
      {},
      'comes from a fork',
    ],
    [
      'of a fork that is gone',
      { name: 'pull_request', payload: { pull_request: { number: 7, head: { repo: null } } } },
      {},
      'comes from a fork',
    ],
    ['of Dependabot', PULL_REQUEST, { GITHUB_ACTOR: 'dependabot[bot]' }, 'is from Dependabot'],
  ])('a pull request %s is not commented on', (_whose, event, env, why) =>
    withGitHub({ permission: 'read' }, async (sim, github) => {
      const result = await commented(sim, github, event, {}, env);
      expectGreen(result, 'planned');
      expect(result.warnings.join()).toContain(why);
      expect(result.warnings.join()).toContain('pull-requests: write');
      expect(github.calls).toEqual([]);
    }),
  );

  test('a bad token, a rate limit and a refusal are warnings of their own', () =>
    withGitHub({ token: 'right' }, async (sim, github) => {
      const bad = await commented(sim, github);
      expect(bad.warnings.join()).toContain('does not take github-token (Bad credentials)');
      const token = { 'github-token': 'right' };
      github.fault = () => ({
        status: 429,
        body: { message: 'slow down' },
        headers: { 'retry-after': '3600' },
      });
      expect((await commented(sim, github, PULL_REQUEST, token)).warnings.join()).toContain(
        'limits the rate',
      );
      github.fault = (method) => (method === 'POST' ? { status: 422, body: { message: 'no' } } : undefined);
      expect((await commented(sim, github, PULL_REQUEST, token)).warnings.join()).toContain(
        'did not take it',
      );
    }));

  test('a short rate limit and an error of the server are waited out', () =>
    withGitHub({}, async (sim, github) => {
      const faults = [
        { status: 502, body: { message: 'bad gateway' } },
        { status: 403, body: { message: 'secondary rate limit' }, headers: { 'retry-after': '0' } },
      ];
      github.fault = () => faults.shift();
      const result = await commented(sim, github);
      expect(result.warnings).toEqual([]);
      expect(bodies(github)).toHaveLength(1);
    }));
});

describe('the pull request is found', () => {
  const merged = { number: 12, merged: true, mergeCommit: SHA };

  test.each<
    [string, NonNullable<StepOptions['event']>, FakeGitHubOptions['pullRequests'], Record<string, string>]
  >([
    ['of a push, by its merge commit', { name: 'push', payload: {} }, [{ number: 3, head: SHA }, merged], {}],
    ['of a push to an open one', { name: 'push', payload: {} }, [{ number: 12, head: SHA }], {}],
    [
      'of a merge queue',
      {
        name: 'merge_group',
        payload: { merge_group: { head_ref: `refs/heads/gh-readonly-queue/main/pr-12-${SHA}` } },
      },
      [],
      {},
    ],
    [
      'of a workflow run',
      { name: 'workflow_run', payload: { workflow_run: { pull_requests: [{ number: 12 }] } } },
      [],
      {},
    ],
    [
      'of a workflow run that a push began',
      {
        name: 'workflow_run',
        payload: { workflow_run: { event: 'push', head_sha: SHA, pull_requests: [] } },
      },
      [merged],
      {},
    ],
    ['of a comment', { name: 'issue_comment', payload: { issue: { number: 12, pull_request: {} } } }, [], {}],
    [
      'of a branch that somebody deploys by hand',
      { name: 'workflow_dispatch', payload: { inputs: {} } },
      [{ number: 12, branch: 'feature' }],
      { GITHUB_REF: 'refs/heads/feature' },
    ],
  ])('%s', (_of, event, pullRequests, env) =>
    withGitHub({ pullRequests: pullRequests ?? [] }, async (sim, github) => {
      const result = await commented(sim, github, event, {}, env);
      expectGreen(result, 'planned');
      expect(github.comments.map(({ pullRequest }) => pullRequest)).toEqual([12]);
    }),
  );

  test('by pr-number, before anything else', () =>
    withGitHub({}, async (sim, github) => {
      await commented(sim, github, PULL_REQUEST, { 'pr-number': '31' });
      expect(github.comments.map(({ pullRequest }) => pullRequest)).toEqual([31]);
    }));

  test.each<[string, NonNullable<StepOptions['event']>]>([
    ['schedule', { name: 'schedule', payload: { schedule: '0 0 * * *' } }],
    ['release', { name: 'release', payload: { release: { tag_name: 'v1' } } }],
    ['push', { name: 'push', payload: {} }],
    ['workflow_dispatch', { name: 'workflow_dispatch', payload: { inputs: {} } }],
    ['issue_comment', { name: 'issue_comment', payload: { issue: { number: 5 } } }],
  ])('not for %s without one, which the log says', (_name, event) =>
    withGitHub({}, async (sim, github) => {
      const result = await commented(sim, github, event);
      expectGreen(result, 'planned');
      expect(result.warnings).toEqual([]);
      expect(result.log).toContain('No comment was written:');
      expect(github.comments).toEqual([]);
    }),
  );

  test('or else pr-comment: true warns', () =>
    withGitHub({}, async (sim, github) => {
      const event = { name: 'schedule', payload: {} };
      const result = await commented(sim, github, event, { 'pr-comment': 'true' });
      expect(result.warnings.join()).toContain('the event schedule belongs to no pull request');
    }));
});

test('a GitHub that does not answer is a line on a push, and a warning on a pull request', () =>
  inAWorld({}, async (sim) => {
    const nobody = { env: { GITHUB_API_URL: 'http://127.0.0.1:9' } };
    const push = await step(sim, { mode: 'plan', ...tag('v2') }, nobody);
    expect(push.warnings).toEqual([]);
    expect(push.log).toContain('GitHub did not answer');
    const pull = await step(sim, { mode: 'plan', ...tag('v2') }, { ...nobody, event: PULL_REQUEST });
    expectGreen(pull, 'planned');
    expect(pull.warnings.join()).toContain('GitHub did not answer');
  }));

test('an event file that is no JSON keeps nothing from being deployed', () =>
  inAWorld({}, async (sim) => {
    const files = { 'broken.json': '{' };
    const env = { GITHUB_EVENT_PATH: 'broken.json', GITHUB_API_URL: 'http://127.0.0.1:9' };
    expectGreen(await step(sim, { mode: 'plan', ...tag('v2') }, { files, env }), 'planned');
  }));
