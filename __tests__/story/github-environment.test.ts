/** What a run records as a deployment on GitHub. */
import { describe, expect, test } from '@jest/globals';
import type { FakeDeployment } from '../../simulator/front/github/deployments.ts';
import { startGitHub, type FakeGitHub, type FakeGitHubOptions } from '../../simulator/front/github/github.ts';
import type { Simulator } from '../../simulator/simulator.ts';
import type { StepResult } from '../../runner/step.ts';
import { withGitHub } from './github-world.ts';
import { expectGreen, expectRed, inAWorld, step, tag } from './world.ts';

const OLD = 'a'.repeat(40);
const NEW = 'b'.repeat(40);
const BAD = 'c'.repeat(40);
const RUN = 'https://github.com/octo-org/video/actions/runs/42';

function withCommits(
  options: FakeGitHubOptions,
  test: (sim: Simulator, github: FakeGitHub) => Promise<void>,
): Promise<void> {
  return withGitHub(options, test, {
    tags: [OLD, NEW, BAD],
    behaviours: { [BAD]: { exit: { afterSeconds: 3, code: 1 } } },
  });
}

function deploy(
  sim: Simulator,
  github: FakeGitHub,
  inputs: Readonly<Record<string, string>>,
  runId = '42',
): Promise<StepResult> {
  return step(
    sim,
    { 'github-environment': 'demo', 'pr-comment': 'false', ...inputs },
    { env: { GITHUB_API_URL: github.url, GITHUB_RUN_ID: runId } },
  );
}

function states({ statuses }: FakeDeployment): string[] {
  return statuses.map(({ state }) => state);
}

function latest(github: FakeGitHub): Record<string, string | undefined> {
  return Object.fromEntries(
    github.deployments.all.map(({ sha, statuses }) => [sha.slice(0, 1), statuses.at(-1)?.state]),
  );
}

describe('a run with github-environment', () => {
  test('is a deployment of the commit of the image: in progress with its share, then success with the URL', () =>
    withCommits({}, async (sim, github) => {
      const result = await deploy(sim, github, tag(NEW));
      expectGreen(result, 'succeeded');
      const [deployment, ...others] = github.deployments.all;
      expect(others).toEqual([]);
      expect(deployment).toMatchObject({ sha: NEW, environment: 'demo', description: 'backend in demo' });
      const statuses = deployment?.statuses ?? [];
      expect(new Set(statuses.slice(0, -1).map(({ state }) => state))).toEqual(new Set(['in_progress']));
      expect(statuses.map(({ description }) => description)).toContainEqual(
        expect.stringMatching(/^\d of 2 tasks healthy$/),
      );
      expect(statuses.at(-1)).toEqual({
        state: 'success',
        description: '✅ Deployed',
        log_url: RUN,
        environment_url: result.outputs['url'],
      });
      expect(result.log).toContain(
        `GitHub deployment ${deployment?.id ?? ''} of environment "demo": success.`,
      );
      expect(result.warnings).toEqual([]);
      // The service's own history, which a comment on one pull request does not have.
      expect(result.summary).toContain(
        '[All deployments](https://github.com/octo-org/video/deployments/demo)',
      );
    }));

  test('that fails is a failure with the log, and the commit that runs stays the active one', () =>
    withCommits({}, async (sim, github) => {
      expectGreen(await deploy(sim, github, tag(OLD), '41'), 'succeeded');
      expectRed(await deploy(sim, github, tag(BAD)), 'rolled-back', 'app-crashed');
      expect(latest(github)).toEqual({ a: 'success', c: 'failure' });
      expect(github.deployments.all[1]?.statuses.at(-1)).toMatchObject({
        log_url: RUN,
        description: '↩️ Failed and rolled back to backend:2',
      });
    }));

  test('that goes back on purpose makes the deployment of the commit that runs the active one', () =>
    withCommits({}, async (sim, github) => {
      expectGreen(await deploy(sim, github, tag(OLD), '40'), 'succeeded');
      expectGreen(await deploy(sim, github, tag(NEW), '41'), 'succeeded');
      expect(latest(github)).toEqual({ a: 'inactive', b: 'success' });
      expectGreen(await deploy(sim, github, { mode: 'rollback' }), 'succeeded');
      expect(latest(github)).toEqual({ a: 'success', b: 'inactive' });
      expect(github.deployments.all).toHaveLength(2);
    }));

  test('uses the deployment that GitHub made for its job, and doubles none', () =>
    withCommits({}, async (sim, github) => {
      const other = github.deployments.addOfJob('demo', OLD, `${RUN}7/job/1`);
      const own = github.deployments.addOfJob('demo', NEW, `${RUN}/job/2`);
      expectGreen(await deploy(sim, github, tag(NEW)), 'succeeded');
      expect(github.deployments.all).toHaveLength(2);
      expect(states(own).at(-1)).toBe('success');
      expect(states(other)).toEqual(['in_progress']);
    }));

  test('does not take the deployment of an earlier step of its own for that of the job', () =>
    withCommits({}, async (sim, github) => {
      expectGreen(await deploy(sim, github, tag(OLD)), 'succeeded');
      expectGreen(await deploy(sim, github, tag(NEW)), 'succeeded');
      expect(latest(github)).toEqual({ a: 'inactive', b: 'success' });
    }));

  test('stays in progress where nobody waits for the rollout', () =>
    withCommits({}, async (sim, github) => {
      const result = await deploy(sim, github, { ...tag(NEW), 'wait-for-service-stability': 'false' });
      expectGreen(result, 'started');
      expect(latest(github)).toEqual({ b: 'in_progress' });
    }));

  describe('that waits at a pause', () => {
    const SERVICE = { service: 'bluegreen' };
    const blueGreen = {
      strategy: 'BLUE_GREEN',
      bakeTimeInMinutes: 1,
      lifecycleHooks: [
        {
          targetType: 'PAUSE',
          lifecycleStages: ['POST_TEST_TRAFFIC_SHIFT'],
          timeoutConfiguration: { timeoutInMinutes: 60, action: 'ROLLBACK' },
        },
      ],
    };

    async function whereItWaits(
      then: (sim: Simulator, github: FakeGitHub, waiting: StepResult) => Promise<void>,
    ): Promise<void> {
      const github = await startGitHub({});
      try {
        await inAWorld({ tags: [NEW], blueGreen }, async (sim) => {
          const waiting = await deploy(sim, github, { ...tag(NEW), ...SERVICE, promotion: 'manual' }, '41');
          expectGreen(waiting, 'started');
          expect(latest(github)).toEqual({ b: 'in_progress' });
          await then(sim, github, waiting);
          expect(github.deployments.all).toHaveLength(1);
        });
      } finally {
        await github.close();
      }
    }

    test('says how to go on', () =>
      whereItWaits((_, __, { summary }) => {
        expect(summary).toContain('## ⏸️ Waits for a decision: bluegreen in demo');
        expect(summary).toContain('**What to do:** To go on, run with `mode: promote`');
        return Promise.resolve();
      }));

    test('is gone on with by mode: promote of a later job, with its share and its log, and finished', () =>
      whereItWaits(async (sim, github) => {
        const [deployment] = github.deployments.all;
        const before = deployment?.statuses.length ?? 0;
        const promoted = await deploy(sim, github, { ...SERVICE, mode: 'promote' });
        expectGreen(promoted, 'succeeded');
        const since = deployment?.statuses.slice(before) ?? [];
        expect(since.map(({ state, description }) => `${state}: ${description}`)).toEqual([
          'in_progress: Promoting bluegreen in demo',
          'in_progress: 2 of 2 tasks healthy',
          'success: ✅ Deployed',
        ]);
        expect(new Set(since.map(({ log_url }) => log_url))).toEqual(new Set([RUN]));
        expect(since.at(-1)?.environment_url).toBe(promoted.outputs['url']);
      }));

    test('is a failure with the log of the later job where its gate fails', () =>
      whereItWaits(async (sim, github) => {
        const url = `${sim.loadBalancers['bluegreen']?.url ?? ''}/nowhere-at-all`;
        const red = await deploy(sim, github, {
          ...SERVICE,
          mode: 'promote',
          'health-check-url': url,
          'health-check-json': 'version=none',
        });
        expect(red.exitCode).toBe(1);
        expect(github.deployments.all[0]?.statuses.at(-1)).toMatchObject({ state: 'failure', log_url: RUN });
      }));

    test('is inactive once mode: rollback of a later job has ended it', () =>
      whereItWaits(async (sim, github) => {
        expectGreen(await deploy(sim, github, { ...SERVICE, mode: 'rollback' }), 'succeeded');
        expect(states(github.deployments.all[0] as FakeDeployment).at(-1)).toBe('inactive');
      }));

    test('stays in progress for a promotion of another service, and for one by a job that is refused', () =>
      whereItWaits(async (sim, github) => {
        expectRed(
          await deploy(sim, github, { service: 'backend', mode: 'promote' }),
          'failed',
          'invalid-input',
        );
        const meant = { 'service-deployment-arn': 'arn:aws:ecs:us-east-1:1:service-deployment/demo/x/y' };
        expect((await deploy(sim, github, { ...SERVICE, mode: 'promote', ...meant })).exitCode).toBe(1);
        expect(latest(github)).toEqual({ b: 'in_progress' });
      }));
  });

  test('that is cancelled ends it as an error', () =>
    withCommits({}, async (sim, github) => {
      const result = await step(
        sim,
        { 'github-environment': 'demo', 'pr-comment': 'false', ...tag(NEW) },
        {
          env: { GITHUB_API_URL: github.url },
          onOutput: (log, kill) => {
            if (log.endsWith('::group::Watch\n')) kill('SIGINT');
          },
        },
      );
      expectRed(result, 'cancelled', 'cancelled');
      expect(latest(github)).toEqual({ b: 'error' });
    }));

  test('claims no commit for an image whose commit nothing tells', () =>
    withCommits({}, async (sim, github) => {
      const result = await deploy(sim, github, tag('v2'));
      expectGreen(result, 'succeeded');
      expect(github.deployments.all).toEqual([]);
      expect(result.log).toContain(
        'No GitHub deployment of environment "demo" was recorded: which commit the image is of is not known. A tag that is the SHA of the commit tells.',
      );
      expect(result.summary).not.toContain('/commit/');
      expect(result.summary).not.toContain('/compare/');
    }));

  test('finds the commit of an image by its other tags, once it runs', () =>
    withCommits({}, async (sim, github) => {
      sim.world.registry.repositories.get('backend')?.byTag(NEW)?.tags.add('release-9');
      const result = await deploy(sim, github, tag('release-9'));
      expectGreen(result, 'succeeded');
      expect(latest(github)).toEqual({ b: 'success' });
      expect(result.summary).toContain(`/commit/${NEW})`);
    }));

  test('uses the deployment of its job, which GitHub made, where the commit is not known', () =>
    withCommits({}, async (sim, github) => {
      github.deployments.addOfJob('demo', OLD, `${RUN}/job/7`);
      expectGreen(await deploy(sim, github, tag('v2')), 'succeeded');
      expect(latest(github)).toEqual({ a: 'success' });
    }));

  test.each<[string, Record<string, string>]>([
    ['a plan', { ...tag(NEW), mode: 'plan' }],
    ['a wrong input', { ...tag(NEW), 'on-failure': 'pray' }],
    ['nothing that differs', tag('v1')],
    ['an image that is not there', tag('none')],
  ])('records nothing for %s', (_, inputs) =>
    withCommits({}, async (sim, github) => {
      await deploy(sim, github, inputs);
      expect(github.deployments.all).toEqual([]);
    }),
  );

  test.each(['read', 'none'] as const)(
    'whose token may only %s is as green, with one warning',
    (deployments) =>
      withCommits({ deployments }, async (sim, github) => {
        const result = await deploy(sim, github, tag(NEW));
        expectGreen(result, 'succeeded');
        expect(github.deployments.all).toEqual([]);
        expect(result.warnings).toEqual([
          'The GitHub deployment of environment "demo" could not be recorded (Resource not accessible by integration). The job needs the permission deployments: write.',
        ]);
      }),
  );

  test('goes on where GitHub answers nothing but errors', () =>
    withCommits({}, async (sim, github) => {
      github.fault = (_, path) => (path.includes('/deployments') ? { status: 502 } : undefined);
      const result = await deploy(sim, github, tag(NEW));
      expectGreen(result, 'succeeded');
      expect(result.warnings).toEqual([
        'The GitHub deployment of environment "demo" could not be recorded (HTTP 502).',
      ]);
    }));

  test('without the input asks GitHub for no deployment', () =>
    withCommits({ deployments: 'none' }, async (sim, github) => {
      const result = await deploy(sim, github, { ...tag(NEW), 'github-environment': '' });
      expectGreen(result, 'succeeded');
      expect(github.calls.filter(({ path }) => path.includes('/deployments'))).toEqual([]);
    }));
});
