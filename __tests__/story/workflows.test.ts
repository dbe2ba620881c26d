/**
 * Runs each step of the workflows that others call, as the project's own workflows call them, with the inputs as they are
 * written there.
 */
import { spawnSync } from 'node:child_process';
import { afterAll, describe, expect, test } from '@jest/globals';
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runJob, type JobRun } from '../../runner/workflow-job.ts';
import { runInProcess } from '../../runner/in-process.ts';
import type { StepOptions, StepResult } from '../../runner/job.ts';
import {
  calledBy,
  holds,
  inputsOf,
  interpolate,
  readWorkflow,
  type Contexts,
  type Job,
} from '../../runner/workflow.ts';
import { startGitHub } from '../../simulator/front/github/github.ts';
import type { Simulator } from '../../simulator/simulator.ts';
import {
  accepted,
  expectGreen,
  expectRed,
  inAWorld,
  mutations,
  production,
  service,
  step,
  tag,
  type WorldOptions,
} from './world.ts';

const SHA = '0123456789abcdef0123456789abcdef01234567';
const HEAD = 'fedcba9876543210fedcba9876543210fedcba98';
const DOCKERFILE = fileURLToPath(new URL('../../backend/Dockerfile', import.meta.url));
const DOCKER = fileURLToPath(new URL('../fakes/docker-cli.ts', import.meta.url));

/** A folder for PATH. */
const bin = await mkdtemp(join(tmpdir(), 'docker-'));
await writeFile(join(bin, 'docker'), `#!/bin/sh\nexec '${process.execPath}' '${DOCKER}' "$@"\n`);
await chmod(join(bin, 'docker'), 0o755);

afterAll(() => rm(bin, { recursive: true, force: true }));

/** The action, as a workflow of its own repository names it. */
const OWN = '$/.github/actions/deploy';

/** The variables that docs/workflows.md tells to set, for the simulated world. */
function variables(sim: Simulator): Record<string, string> {
  return {
    DEPLOY_ENVIRONMENT: 'prod',
    AWS_REGION: 'us-east-1',
    ECS_CLUSTER: 'demo',
    ECS_SERVICE: 'backend',
    ECR_REPOSITORY: 'backend',
    SERVICE_URL: siteOf(sim),
    ALARMS: 'backend-5xx',
  };
}

function contextsOf(sim: Simulator, more: { inputs?: object; event?: object }): Contexts {
  return {
    github: {
      sha: SHA,
      repository: 'octo-org/video',
      actor: 'octocat',
      ref: 'refs/heads/main',
      event: more.event,
    },
    vars: variables(sim),
    inputs: more.inputs ?? {},
    steps: {},
  };
}

/** With what the variable ALARMS names. */
const WITH_ALARM = { alarms: { 'backend-5xx': 'OK' } } satisfies WorldOptions;

interface Called {
  readonly file: string;
  readonly job: Job;
  readonly contexts: Contexts;
}

/** The only job of the workflow that the only job of a file calls, with what it sees. */
async function calledFrom(caller: string, contexts: Contexts): Promise<Called> {
  const [job, ...others] = Object.values((await readWorkflow(caller)).jobs);
  expect(others).toEqual([]);
  expect(holds(job?.if, contexts)).toBe(true);
  const called = await calledBy(job ?? {}, contexts);
  const run = (await readWorkflow(called.file)).jobs['run'];
  if (run === undefined) throw new Error(`${called.file} has no job "run"`);
  expect(holds(run.if, called.contexts)).toBe(true);
  return { ...called, job: run };
}

async function runWorkflow(
  sim: Simulator,
  file: string,
  contexts: Contexts,
  options: StepOptions = {},
): Promise<StepResult> {
  const called = await calledFrom(file, contexts);
  const steps = (called.job.steps ?? []).filter(({ uses }) => uses === OWN);
  const [step, ...others] = steps;
  expect(others).toEqual([]);
  if (step === undefined) throw new Error(`No step of ${called.file} uses the action`);
  expect(holds(step.if, called.contexts)).toBe(true);
  return runInProcess(sim, inputsOf(step, called.contexts), {
    ...options,
    files: { 'backend/Dockerfile': await readFile(DOCKERFILE, 'utf8') },
    env: { PATH: `${bin}:/usr/bin:/bin`, DOCKER_CALLS: join(bin, 'calls'), ...options.env },
  });
}

function dispatched(what: string, value: string): object {
  return { environment: 'prod', what, value };
}

describe('deploy-backend.yml', () => {
  test('builds the commit, pushes it, deploys it, and asks for its version', () =>
    inAWorld(WITH_ALARM, async (sim) => {
      const contexts = contextsOf(sim, {});
      const result = await runWorkflow(sim, 'deploy-backend.yml', contexts);
      expectGreen(result, 'succeeded');
      expect(production(sim)).toBe('backend:2 COMPLETED');
      expect(accepted(sim, 'PutImage').map(({ body }) => body)).toContainEqual(
        expect.objectContaining({ repositoryName: 'backend', imageTag: SHA }),
      );
      const calls = await readFile(join(bin, 'calls'), 'utf8');
      expect(calls).toContain(`"--build-arg","GIT_SHA=${SHA}"`);
      expect(calls).toMatch(/"backend"\]\n/);
      expect(result.outputs['image']).toMatch(/\/backend@sha256:/);
      expect(await served(sim)).toBe(SHA);
      expect(result.outputs['url']).toBe(siteOf(sim));
      const called = await calledFrom('deploy-backend.yml', contexts);
      const { environment, outputs = {} } = called.job;
      const seen = { ...called.contexts, steps: { run: { outputs: result.outputs } } };
      expect(interpolate(outputs['image-digest'] ?? '', seen)).toBe(result.outputs['image-digest']);
      expect(typeof environment === 'object' && interpolate(environment.url ?? '', seen)).toBe(siteOf(sim));
    }));

  test('is off until somebody names an environment', async () => {
    const { jobs } = await readWorkflow('deploy-backend.yml');
    const off = { vars: {}, inputs: {} };
    expect(holds(jobs['deploy']?.if, off)).toBe(false);
    expect(holds(jobs['deploy']?.if, { ...off, inputs: { environment: 'dev' } })).toBe(true);
  });
});

describe('redeploy.yml', () => {
  test('deploys a tag', () =>
    inAWorld(WITH_ALARM, async (sim) => {
      const contexts = contextsOf(sim, { inputs: dispatched('tag', 'v2') });
      expectGreen(await runWorkflow(sim, 'redeploy-backend.yml', contexts), 'succeeded');
      expect(production(sim)).toBe('backend:2 COMPLETED');
      expect(await served(sim)).toBe('v2');
    }));

  test('deploys a revision that exists, and registers none', () =>
    inAWorld(WITH_ALARM, async (sim) => {
      sim.operator.deploy('backend', 'v2');
      sim.world.clock.skip(180);
      const revision = contextsOf(sim, { inputs: dispatched('revision', 'backend:1') });
      expectGreen(await runWorkflow(sim, 'redeploy-backend.yml', revision), 'succeeded');
      expect(production(sim)).toBe('backend:1 COMPLETED');
      expect(mutations(sim)).toEqual(['UpdateService']);
    }));

  test('goes back to the last good revision', () =>
    inAWorld(WITH_ALARM, async (sim) => {
      sim.operator.deploy('backend', 'v2');
      sim.world.clock.skip(180);
      const back = contextsOf(sim, { inputs: dispatched('last-good', '') });
      expectGreen(await runWorkflow(sim, 'redeploy-backend.yml', back), 'succeeded');
      // backend:1 names a tag: it is registered again by the digest that it ran with.
      expect(production(sim)).toBe('backend:3 COMPLETED');
    }));
});

describe('redeploy.yml, while a deployment waits at a pause', () => {
  const world = {
    blueGreen: {
      strategy: 'BLUE_GREEN',
      bakeTimeInMinutes: 0,
      lifecycleHooks: [
        {
          targetType: 'PAUSE',
          lifecycleStages: ['POST_TEST_TRAFFIC_SHIFT'],
          timeoutConfiguration: { timeoutInMinutes: 60, action: 'ROLLBACK' },
        },
      ],
    },
  } satisfies WorldOptions;

  /** A run of deploy-backend.yml ends at the pause, and names the deployment; a person answers with another workflow. */
  async function answer(sim: Simulator, what: string, value?: string): Promise<StepResult> {
    const before = await step(sim, { ...tag('v2'), service: 'bluegreen' });
    expectGreen(before, 'started');
    expect(before.outputs['stage']).toBe('POST_TEST_TRAFFIC_SHIFT');
    const inputs = dispatched(what, value ?? before.outputs['service-deployment-arn'] ?? '');
    const contexts = contextsOf(sim, { inputs });
    const vars = { ...variables(sim), ECS_SERVICE: 'bluegreen', SERVICE_URL: '', ALARMS: '' };
    return runWorkflow(sim, 'redeploy-backend.yml', { ...contexts, vars });
  }

  test('goes on with it', () =>
    inAWorld(world, async (sim) => {
      expectGreen(await answer(sim, 'paused'), 'succeeded');
      expect(production(sim, 'bluegreen')).toBe('bluegreen:2 COMPLETED');
      expect(accepted(sim, 'ContinueServiceDeployment').map(({ body }) => body)).toEqual([
        expect.objectContaining({ action: 'CONTINUE' }),
      ]);
    }));

  test.each([
    ['the one that is named', undefined],
    ['whatever is under way', ''],
  ])('goes back from %s', (_, value) =>
    inAWorld(world, async (sim) => {
      expectGreen(await answer(sim, 'last-good', value), 'succeeded');
      expect(production(sim, 'bluegreen')).toBe('bluegreen:1 COMPLETED');
    }),
  );

  test('touches no other deployment than the one that is named', () =>
    inAWorld(world, async (sim) => {
      const other =
        'arn:aws:ecs:us-east-1:123456789012:service-deployment/demo/bluegreen/AAAAAAAAAAAAAAAAAAAAA';
      expectRed(await answer(sim, 'paused', other), 'superseded', 'superseded');
      expect(production(sim, 'bluegreen')).toBe('bluegreen:2 IN_PROGRESS');
      expect(accepted(sim, 'ContinueServiceDeployment')).toEqual([]);
    }));
});

describe('redeploy.yml, while a deployment is under way', () => {
  test('goes back at once', () =>
    inAWorld(WITH_ALARM, async (sim) => {
      sim.operator.deploy('backend', 'slow-1');
      sim.world.clock.skip(5);
      const back = contextsOf(sim, { inputs: dispatched('last-good', '') });
      expectGreen(await runWorkflow(sim, 'redeploy-backend.yml', back), 'succeeded');
      // backend:1 names a tag: it is registered again by the digest that it ran with.
      expect(production(sim)).toBe('backend:3 COMPLETED');
      expect(await served(sim)).toBe('v1');
    }));
});

describe('redeploy.yml, before it signs in', () => {
  test.each([
    ['tag', '', true],
    ['revision', '', true],
    ['paused', '', true],
    ['tag', 'v2', false],
    ['revision', 'backend:1', false],
    ['last-good', '', false],
    ['lastgood', 'v2', true],
  ])('%s "%s" is refused: %p', async (what, value, refused) => {
    const { job, contexts } = await calledFrom('redeploy-backend.yml', {
      inputs: dispatched(what, value),
      vars: {},
    });
    const [first] = job.steps ?? [];
    expect(first?.run).toContain('exit 1');
    expect(holds(first?.if, contexts)).toBe(refused);
  });

  test('what is chosen is what the step is asked for, and nothing else', async () => {
    const { on } = await readWorkflow('redeploy-backend.yml');
    const { options } = (on as { workflow_dispatch: { inputs: { what: { options: string[] } } } })
      .workflow_dispatch.inputs.what;
    const asked = await Promise.all(
      options.map(async (what) => {
        const called = await calledFrom('redeploy-backend.yml', {
          inputs: dispatched(what, 'x'),
          vars: { ECR_REPOSITORY: 'backend' },
        });
        const step = (called.job.steps ?? []).find(({ uses }) => uses === OWN) ?? {};
        const given = inputsOf(step, called.contexts);
        const names = ['mode', 'ecr-repository', 'image-tag', 'task-definition', 'service-deployment-arn'];
        return [what, ...names.map((name) => given[name])];
      }),
    );
    expect(asked).toEqual([
      ['tag', 'deploy', 'backend', 'x', '', ''],
      ['revision', 'deploy', '', '', 'x', ''],
      ['paused', 'promote', '', '', '', 'x'],
      ['last-good', 'rollback', '', '', '', 'x'],
    ]);
  });
});

describe('plan-pr.yml', () => {
  const payload = {
    number: 7,
    pull_request: { number: 7, head: { sha: HEAD, repo: { full_name: 'octo-org/video' } } },
  };

  test('comments on what a deployment would do, and changes nothing', async () => {
    const github = await startGitHub({});
    try {
      await inAWorld(WITH_ALARM, async (sim) => {
        const contexts = contextsOf(sim, { event: payload });
        const event = { name: 'pull_request', payload };
        const result = await runWorkflow(sim, 'plan-pr.yml', contexts, {
          event,
          env: { GITHUB_API_URL: github.url },
        });
        expectGreen(result, 'planned');
        expect(result.outputs['message']).toContain('build an image');
        expect(mutations(sim)).toEqual([]);
        expect(accepted(sim, 'PutImage')).toEqual([]);
        expect(github.comments.map(({ pullRequest }) => pullRequest)).toEqual([7]);
      });
    } finally {
      await github.close();
    }
  });

  test('does not start on pull requests that get no credentials', async () => {
    const { run } = (await readWorkflow('plan.yml')).jobs;
    const at = (fullName: string, actor: string): Contexts => ({
      github: {
        actor,
        repository: 'octo-org/video',
        event: { pull_request: { head: { repo: { full_name: fullName } } } },
      },
    });
    expect(holds(run?.if, at('octo-org/video', 'octocat'))).toBe(true);
    expect(holds(run?.if, at('someone/video', 'octocat'))).toBe(false);
    expect(holds(run?.if, at('octo-org/video', 'dependabot[bot]'))).toBe(false);
    // Not only on pull requests.
    expect(holds(run?.if, { github: { actor: 'octocat', event: {} } })).toBe(true);
    const { plan } = (await readWorkflow('plan-pr.yml')).jobs;
    expect(holds(plan?.if, { vars: {} })).toBe(false);
  });
});

/** The AWS CLI is on GitHub's runners. */
const hasCli = spawnSync('aws', ['--version']).status === 0;

describe('promote.yml', () => {
  const inputs = { from: 'staging', to: 'prod' };

  /** What promote.yml sees when promote-backend.yml calls it. */
  async function promotion(contexts: Contexts): Promise<Contexts> {
    const { promote = {} } = (await readWorkflow('promote-backend.yml')).jobs;
    const called = await calledBy(promote, contexts);
    expect(called.file).toBe('promote.yml');
    return called.contexts;
  }

  /** `backend` is what runs in staging, `worker` in production, without an address that the runner could ask. */
  async function runPromotion(sim: Simulator, job: string, more: object = {}): Promise<JobRun> {
    const all = variables(sim);
    // The registry by its whole name, where the commit is asked for.
    const whole = { ...all, ECR_REPOSITORY: '123456789012.dkr.ecr.us-east-1.amazonaws.com/backend' };
    const vars = job === 'find' ? whole : { ...all, ECS_SERVICE: 'worker', SERVICE_URL: '', ALARMS: '' };
    return runJob({
      file: 'promote.yml',
      job,
      contexts: { ...(await promotion(contextsOf(sim, { inputs }))), vars, ...more },
      workspace: bin,
      env: {
        ...sim.env,
        PATH: process.env['PATH'] ?? '',
        HOME: bin,
        AWS_DEFAULT_REGION: 'us-east-1',
        AWS_CONFIG_FILE: '/dev/null',
        AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
        AWS_EC2_METADATA_DISABLED: 'true',
      },
      actions: {
        [OWN]: async ({ inputs: given }) => {
          const { exitCode, outputs, log } = await runInProcess(sim, given);
          if (exitCode !== 0) throw new Error(log);
          return outputs;
        },
      },
    });
  }

  (hasCli ? test : test.skip)(
    'deploys the very image that runs in the other environment, whatever its tag has become',
    () =>
      inAWorld({ ...WITH_ALARM, tags: [SHA] }, async (sim) => {
        const digest = sim.world.registry.repositories.get('backend')?.byTag(SHA)?.digest ?? '';
        expectGreen(await step(sim, tag(SHA)), 'succeeded');
        const before = mutations(sim);
        const found = await runPromotion(sim, 'find');
        expect([found.status, found.log]).toEqual(['success', '']);
        expect(found.outputs).toEqual({ digest, commit: SHA });
        expect(found.summary).toContain(digest);
        // It only looked.
        expect(mutations(sim)).toEqual(before);
        expect(production(sim)).toBe('backend:2 COMPLETED');

        const promoted = await runPromotion(sim, 'deploy', { needs: { find: { outputs: found.outputs } } });
        expect([promoted.status, promoted.log]).toEqual(['success', '']);
        expect(production(sim, 'worker')).toBe('worker:2 COMPLETED');
        const worker = sim.world.cluster('demo').tasksOf(service(sim, 'worker'));
        const running = worker.filter(({ lastStatus }) => lastStatus === 'RUNNING');
        expect(new Set(running.flatMap(({ containers }) => containers.map((each) => each.digest)))).toEqual(
          new Set([digest]),
        );
      }),
    120_000,
  );

  test('refuses an environment to itself, before it signs in', async () => {
    const [first] = (await readWorkflow('promote.yml')).jobs['find']?.steps ?? [];
    expect(first?.run).toContain('exit 1');
    expect(holds(first?.if, { inputs })).toBe(false);
    expect(holds(first?.if, { inputs: { from: 'prod', to: 'prod' } })).toBe(true);
  });

  test('proves the commit where one is known', async () => {
    const steps = (await readWorkflow('promote.yml')).jobs['deploy']?.steps ?? [];
    const deploy = steps.find(({ id }) => id === 'deploy') ?? {};
    const called = await promotion({ inputs });
    const given = (commit: string, url: string): Record<string, string> =>
      inputsOf(deploy, {
        ...called,
        needs: { find: { outputs: { digest: 'sha256:0', commit } } },
        vars: { SERVICE_URL: url },
      });
    expect(given(SHA, 'https://x')).toMatchObject({
      'image-tag': 'sha256:0',
      'health-check-url': 'https://x/version',
      'health-check-json': `version=${SHA}`,
    });
    expect(given('', 'https://x')).toMatchObject({
      'health-check-url': 'https://x/version',
      'health-check-json': '',
    });
    expect(given(SHA, '')).toMatchObject({ 'health-check-url': '', 'health-check-json': '' });
  });
});

/** Where the simulated world serves the service. */
function siteOf(sim: Simulator): string {
  return sim.loadBalancers['web']?.url ?? '';
}

/** The version that users get. */
async function served(sim: Simulator): Promise<unknown> {
  const answer = (await (await fetch(`${siteOf(sim)}/version`)).json()) as { version: unknown };
  return answer.version;
}
