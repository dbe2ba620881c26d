import { describe, expect, test } from '@jest/globals';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { runStep, type StepOptions, type StepResult } from '../../runner/step.ts';
import { startGitHub, type FakeGitHub, type FakeGitHubOptions } from '../../simulator/front/github/github.ts';
import type { Simulator } from '../../simulator/simulator.ts';
import { expectGreen, expectRed, inAWorld, step, tag } from './world.ts';

const SHA = '0123456789abcdef0123456789abcdef01234567';
const MARKER = '<!-- ecs-fargate-deploy:demo/backend -->';

const PULL_REQUEST = {
  name: 'pull_request',
  payload: {
    number: 999,
    pull_request: { number: 7, head: { sha: SHA, repo: { full_name: 'octo-org/video' } } },
  },
};

async function withGitHub(
  options: FakeGitHubOptions,
  test: (sim: Simulator, github: FakeGitHub) => Promise<void>,
): Promise<void> {
  const github = await startGitHub(options);
  try {
    await inAWorld({}, (sim) => test(sim, github));
  } finally {
    await github.close();
  }
}

/** A plan is the quickest run that comments. */
function commented(
  sim: Simulator,
  github: FakeGitHub,
  event: NonNullable<StepOptions['event']> = PULL_REQUEST,
  inputs: Readonly<Record<string, string>> = {},
  env: Readonly<Record<string, string>> = {},
): Promise<StepResult> {
  return step(
    sim,
    { mode: 'plan', ...tag('v2'), ...inputs },
    { event, env: { GITHUB_API_URL: github.url, ...env } },
  );
}

function bodies(github: FakeGitHub, pullRequest = 7): string[] {
  return github.comments.filter((each) => each.pullRequest === pullRequest).map(({ body }) => body);
}

describe('the comment on a pull request', () => {
  test.concurrent('is created with the news', () =>
    withGitHub({}, async (sim, github) => {
      const first = await commented(sim, github, PULL_REQUEST, { mode: 'deploy' });
      expectGreen(first, 'succeeded');
      expect(first.log).toContain('Comment created on pull request #7');
      const [created] = bodies(github);
      expect(created).toContain(`${MARKER}\n\n### ✅ Deployed: backend in demo`);
      expect(created).toContain('proven healthy');
      expect(created).toContain('[backend:2]');
    }),
  );

  test.concurrent('of a second run replaces the first and keeps it in the history', () =>
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
    }),
  );

  test.concurrent('has a key of its own for each cluster and service, or the one that is given', () =>
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
    }),
  );

  test.concurrent('is found on a later page, and not taken from somebody who quotes its marker', () =>
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
    }),
  );

  test.concurrent('of a person’s token is found by that person', () =>
    withGitHub({ login: 'octocat' }, async (sim, github) => {
      github.add(7, `${MARKER}\n\nof the bot`, { login: 'github-actions[bot]', type: 'Bot' });
      await commented(sim, github);
      await commented(sim, github);
      expect(github.comments.map(({ user }) => user.login)).toEqual(['github-actions[bot]', 'octocat']);
    }),
  );

  test.concurrent('that was deleted is created again, also where it goes while it is updated', () =>
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
    }),
  );

  test.concurrent('of two runs at once is one', () =>
    withGitHub({}, async (sim, github) => {
      await Promise.all([
        commented(sim, github, PULL_REQUEST, { mode: 'deploy' }, { GITHUB_RUN_ID: '41' }),
        commented(sim, github, PULL_REQUEST, { mode: 'deploy' }, { GITHUB_RUN_ID: '42' }),
      ]);
      expect(bodies(github)).toHaveLength(1);
    }),
  );

  test.concurrent('holds both where another run creates one in the same moment', () =>
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
    }),
  );

  test.concurrent('is off with pr-comment: false, and asks GitHub nothing', () =>
    withGitHub({}, async (sim, github) => {
      await commented(sim, github, PULL_REQUEST, { 'pr-comment': 'false' });
      expect(github.calls).toEqual([]);
    }),
  );

  test.concurrent('comes only on failure with pr-comment: on-failure, and is updated once all is well', () =>
    withGitHub({}, async (sim, github) => {
      const onFailure = { 'pr-comment': 'on-failure' };
      await commented(sim, github, PULL_REQUEST, onFailure);
      expect(github.comments).toEqual([]);
      await commented(sim, github, PULL_REQUEST, { ...onFailure, cpu: '256', memory: '8192' });
      expect(bodies(github)[0]).toContain('✋ Not started: a check failed');
      await commented(sim, github, PULL_REQUEST, onFailure);
      expect(bodies(github)).toEqual([expect.stringContaining('📋 Planned')]);
    }),
  );
});

describe('without permission', () => {
  test.concurrent('a warning says which the job needs, and the step is green', () =>
    withGitHub({ permission: 'read' }, async (sim, github) => {
      const result = await commented(sim, github);
      expectGreen(result, 'planned');
      expect(result.warnings).toEqual([
        expect.stringContaining(
          'permissions:\n  contents: read\n  id-token: write # to sign in to AWS\n  pull-requests: write # for the comment',
        ),
      ]);
    }),
  );

  test.concurrent.each([
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

  test.concurrent('a bad token, a rate limit and a refusal are warnings of their own', () =>
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
    }),
  );

  test.concurrent('a short rate limit and an error of the server are waited out', () =>
    withGitHub({}, async (sim, github) => {
      const faults = [
        { status: 502, body: { message: 'bad gateway' } },
        { status: 403, body: { message: 'secondary rate limit' }, headers: { 'retry-after': '0' } },
      ];
      github.fault = () => faults.shift();
      const result = await commented(sim, github);
      expect(result.warnings).toEqual([]);
      expect(bodies(github)).toHaveLength(1);
    }),
  );
});

describe('the pull request is found', () => {
  const merged = { number: 12, merged: true, mergeCommit: SHA };

  test.concurrent.each<
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

  test.concurrent('by pr-number, before anything else', () =>
    withGitHub({}, async (sim, github) => {
      await commented(sim, github, PULL_REQUEST, { 'pr-number': '31' });
      expect(github.comments.map(({ pullRequest }) => pullRequest)).toEqual([31]);
    }),
  );

  test.concurrent.each<[string, NonNullable<StepOptions['event']>]>([
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

  test.concurrent('or else pr-comment: true warns', () =>
    withGitHub({}, async (sim, github) => {
      const event = { name: 'schedule', payload: {} };
      const result = await commented(sim, github, event, { 'pr-comment': 'true' });
      expect(result.warnings.join()).toContain('the event schedule belongs to no pull request');
    }),
  );
});

test.concurrent('a killed run is told of by the post step, with the token of its own input', () =>
  withGitHub({}, async (_sim, github) => {
    await inAWorld({ speed: 2 }, async (sim) => {
      let isSent = false;
      const result = await runStep(
        { cluster: 'demo', service: 'backend', 'poll-interval-seconds': '0.1', ...tag('v2') },
        sim.env,
        {
          event: PULL_REQUEST,
          env: { GITHUB_API_URL: github.url },
          onOutput: (log, kill) => {
            if (isSent || !log.includes('in progress')) return;
            isSent = true;
            kill('SIGKILL');
          },
        },
      );
      expect(result.exitCode).toBeNull();
      expect(result.post.exitCode).toBe(0);
      expect(bodies(github)).toEqual([expect.stringContaining('⚪ Cancelled: backend in demo')]);
    });
  }),
);

test.concurrent('a GitHub that does not answer is a line on a push, and a warning on a pull request', () =>
  inAWorld({}, async (sim) => {
    const nobody = { env: { GITHUB_API_URL: 'http://127.0.0.1:9' } };
    const push = await step(sim, { mode: 'plan', ...tag('v2') }, nobody);
    expect(push.warnings).toEqual([]);
    expect(push.log).toContain('GitHub did not answer');
    const pull = await step(sim, { mode: 'plan', ...tag('v2') }, { ...nobody, event: PULL_REQUEST });
    expectGreen(pull, 'planned');
    expect(pull.warnings.join()).toContain('GitHub did not answer');
  }),
);

test.concurrent('an event file that is no JSON keeps nothing from being deployed', () =>
  inAWorld({}, async (sim) => {
    const files = { 'broken.json': '{' };
    const env = { GITHUB_EVENT_PATH: 'broken.json', GITHUB_API_URL: 'http://127.0.0.1:9' };
    expectGreen(await step(sim, { mode: 'plan', ...tag('v2') }, { files, env }), 'planned');
  }),
);

describe('behind a proxy', () => {
  /** Where a proxy was asked to connect to while a run commented; it refuses each time. */
  async function connectsOf(env: Record<string, string>): Promise<string[]> {
    const connects: string[] = [];
    const proxy = createServer();
    proxy.on('connect', (request, socket) => {
      connects.push(request.url ?? '');
      socket.end('HTTP/1.1 502 Bad Gateway\r\n\r\n');
    });
    await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
    const address = `http://127.0.0.1:${String((proxy.address() as AddressInfo).port)}`;
    try {
      await inAWorld({}, async (sim) => {
        const github = { GITHUB_API_URL: 'https://github.example/api/v3', HTTPS_PROXY: address };
        const options = { event: PULL_REQUEST, env: { ...github, ...env } };
        const result = await step(sim, { mode: 'plan', ...tag('v2') }, options);
        expectGreen(result, 'planned');
        expect(result.warnings.join()).toContain('GitHub did not answer');
      });
      return connects;
    } finally {
      proxy.close();
    }
  }

  test.concurrent('GitHub is reached through it', async () => {
    expect(new Set(await connectsOf({}))).toEqual(new Set(['github.example:443']));
  });

  test.concurrent('GitHub is not, where NO_PROXY excepts it', async () => {
    expect(await connectsOf({ NO_PROXY: 'github.example' })).toEqual([]);
  });
});
