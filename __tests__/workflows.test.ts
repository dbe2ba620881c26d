import { describe, expect, test } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import {
  CALLED,
  inputsTaken,
  renderAction,
  renderWorkflow,
  run,
  SECRETS,
} from '../scripts/reusable-workflows.ts';
import type { ActionFile } from '../scripts/readme-tables.ts';
import {
  calledBy,
  callOf,
  holds,
  inputsOf,
  interpolate,
  readWorkflow,
  workflowFiles,
  workflowText,
} from '../runner/workflow.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const files = await workflowFiles();

/** The action, as a workflow of its own repository names it. */
const OWN = '$/.github/actions/deploy';

/** What workflows of other repositories call by one line. */
const REUSABLE = ['deploy.yml', 'plan.yml', 'redeploy.yml', 'promote.yml'];

/** Suites that take longer than a push waits for. */
const NIGHTLY = ['test:faults', 'test:mutations', 'test:side-by-side'];

describe('the workflows', () => {
  test('are these', () => {
    expect(files).toEqual([
      'ci.yml',
      'codeql.yml',
      'deploy-backend.yml',
      'deploy.yml',
      'infra.yml',
      'nightly.yml',
      'plan-pr.yml',
      'plan.yml',
      'promote-backend.yml',
      'promote.yml',
      'redeploy-backend.yml',
      'redeploy.yml',
      'release.yml',
      'terraform.yml',
    ]);
  });

  test('pass actionlint, and what it does not know', () => {
    const { status, stdout } = check();
    expect([status, stdout]).toEqual([0, `${files.length} workflows, 0 problems\n`]);
  });

  test.each(files)(
    '%s pins each action of others by the SHA of a commit, and names its version',
    async (file) => {
      const used = [...(await workflowText(file)).matchAll(/uses: (.+)/g)].map(([, text = '']) => text);
      expect(used.length).toBeGreaterThan(0);
      // What is called of this repository has the commit of the caller.
      const pinned =
        /^(\.\/\.github\/workflows\/[\w-]+\.yml|\$\/\.github\/actions\/deploy|[\w.-]+\/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+)$/;
      expect(used.filter((each) => !pinned.test(each))).toEqual([]);
    },
  );

  test('pin an action to one and the same commit everywhere', async () => {
    const texts = await Promise.all(files.map(workflowText));
    const pins = texts.flatMap((text) => [...text.matchAll(/uses: ([^/\s]+\/[^/\s@]+)\S*@(\S+ # \S+)/g)]);
    const commits = new Map<string, Set<string>>();
    for (const [, action = '', pin = ''] of pins) {
      commits.set(action, (commits.get(action) ?? new Set()).add(pin));
    }
    expect(commits.size).toBeGreaterThan(5);
    expect([...commits].filter(([, pinned]) => pinned.size > 1)).toEqual([]);
  });

  test.each(files)('%s may read the code and nothing else, unless a job says what for', async (file) => {
    const workflow = await readWorkflow(file);
    const { permissions, jobs } = workflow;
    // What others call by one line has what they give it: more would be refused, and less would be lost.
    if (REUSABLE.includes(file)) {
      const all = [workflow, ...Object.values(jobs)];
      expect(all.filter((each) => each.permissions !== undefined)).toEqual([]);
      return;
    }
    expect(permissions).toEqual({ contents: 'read' });
    const text = await workflowText(file);
    for (const job of Object.values(jobs)) {
      for (const [scope, access] of Object.entries(job.permissions ?? {})) {
        if (access === 'write') expect(text).toMatch(new RegExp(`${scope}: write # to .+`));
      }
    }
  });

  test.each(files)('%s has a group and an end', async (file) => {
    const { concurrency, jobs } = await readWorkflow(file);
    // What only calls others has their groups.
    const callsOnly = Object.values(jobs).every(({ uses }) => uses !== undefined);
    if (!callsOnly) expect(concurrency?.group).toBeTruthy();
    const withoutEnd = Object.values(jobs).filter((job) => job['timeout-minutes'] === undefined);
    // The jobs of a workflow that is called have ends of their own.
    expect(withoutEnd.filter(({ uses }) => uses === undefined)).toEqual([]);
  });

  test('that run by themselves, without anything that they could deploy, are switched off by QUICKSTART.md', async () => {
    const guide = await readFile(join(ROOT, 'QUICKSTART.md'), 'utf8');
    const alone: string[] = [];
    for (const file of files) {
      const { on } = parse(await workflowText(file)) as { readonly on: Readonly<Record<string, unknown>> };
      const push = on['push'] as { readonly branches?: unknown; readonly paths?: unknown } | undefined;
      const starts = 'schedule' in on || (push?.branches !== undefined && push.paths === undefined);
      const { jobs } = await readWorkflow(file);
      const asked = Object.values(jobs).every(({ if: condition = '' }) => condition.includes('vars.'));
      if (starts && !asked) alone.push(file);
    }
    expect(alone).toEqual(['ci.yml', 'nightly.yml']);
    for (const file of alone) expect(guide).toContain(`gh workflow disable ${file} `);
  });

  test.each(files)('%s has no expression in a script, where its value could be a command', async (file) => {
    const { jobs } = await readWorkflow(file);
    const scripts = Object.values(jobs).flatMap(({ steps = [] }) => steps.flatMap(({ run }) => run ?? []));
    expect(scripts.filter((script) => script.includes('${{'))).toEqual([]);
  });

  test.each([
    ['deploy.yml', undefined, { environment: 'prod' }, 'ecs-deploy-prod'],
    ['deploy.yml', undefined, { environment: 'prod', service: 'web' }, 'ecs-deploy-prod-web'],
    ['redeploy.yml', undefined, { environment: 'prod', what: 'tag' }, 'ecs-deploy-prod'],
    ['redeploy.yml', undefined, { environment: 'prod', what: 'revision' }, 'ecs-deploy-prod'],
    [
      'redeploy.yml',
      undefined,
      { environment: 'prod', what: 'paused', service: 'web' },
      'ecs-deploy-prod-web',
    ],
    // Waits for none but its like.
    ['redeploy.yml', undefined, { environment: 'prod', what: 'last-good' }, 'ecs-deploy-prod-back'],
    ['promote.yml', 'find', { from: 'staging', to: 'prod' }, 'ecs-deploy-staging'],
    ['promote.yml', 'deploy', { from: 'staging', to: 'prod' }, 'ecs-deploy-prod'],
    ['terraform.yml', 'apply', { environment: 'prod' }, 'terraform-apply-prod'],
  ])('%s %s %j waits in the group %s, where none is cancelled', async (file, job, inputs, group) => {
    const workflow = await readWorkflow(file);
    const concurrency = job === undefined ? workflow.concurrency : workflow.jobs[job]?.concurrency;
    expect(interpolate(concurrency?.group ?? '', { inputs, vars: {} })).toBe(group);
    expect(concurrency).toMatchObject({ queue: 'max', 'cancel-in-progress': false });
  });

  test('plan.yml ends an older plan of the same thing, and no other of the same pull request', async () => {
    const { concurrency } = await readWorkflow('plan.yml');
    const github = { ref: 'refs/pull/7/merge', workflow: 'Plan' };
    const group = (inputs: Record<string, string>, of = github): string =>
      interpolate(concurrency?.group ?? '', { github: of, inputs, vars: {} });
    const one = { cluster: 'staging', service: 'web', 'role-to-assume': 'arn:aws:iam::1:role/plan' };
    const others = [
      group({ ...one, cluster: 'prod' }),
      group({ ...one, service: 'worker' }),
      group({ ...one, 'aws-region': 'eu-west-1' }),
      group({ ...one, 'role-to-assume': 'arn:aws:iam::2:role/plan' }),
      group({ ...one, 'comment-key': 'green' }),
      group(one, { ...github, ref: 'refs/pull/8/merge' }),
      group(one, { ...github, workflow: 'Another' }),
    ];
    expect(new Set([group(one), ...others]).size).toBe(1 + others.length);
    expect(group({ ...one })).toBe(group(one));
    expect(concurrency?.['cancel-in-progress']).toBe(true);
  });

  test.each(files)(
    '%s gives each deployment the time that it may take, and its role as long',
    async (file) => {
      const action = parse(await readFile(join(ROOT, 'action.yml'), 'utf8')) as {
        inputs: Record<string, { default?: unknown }>;
      };
      const workflow = await readWorkflow(file);
      const standards = Object.entries(callOf(workflow)?.inputs ?? {});
      const contexts = {
        inputs: Object.fromEntries(standards.map(([name, each]) => [name, each.default ?? ''])),
      };
      const standard = (value: unknown): number => Number(interpolate(String(value), contexts));
      for (const job of Object.values(workflow.jobs)) {
        const limit = standard(job['timeout-minutes'] ?? 0);
        const steps = job.steps ?? [];
        const deployments = steps.filter(
          ({ uses, with: inputs }) => uses === OWN && inputs?.['mode'] !== 'plan',
        );
        for (const { with: inputs = {} } of deployments) {
          const number = (name: string): number => standard(inputs[name] ?? action.inputs[name]?.default);
          const build = inputs['context'] === undefined ? 0 : 30;
          const before =
            inputs['pre-deploy-command'] === undefined ? 0 : number('pre-deploy-timeout-minutes');
          const gates = (2 * number('health-check-deadline-seconds')) / 60;
          // A rollback gets as long as the rollout.
          const most = build + before + 2 * number('wait-for-minutes') + number('bake-minutes') + gates;
          expect(most).toBeGreaterThan(60);
          expect(limit).toBeGreaterThanOrEqual(Math.ceil(most) + 5);
          const role = steps.find(({ uses }) => uses?.startsWith('aws-actions/configure-aws-credentials@'));
          expect(standard(role?.with?.['role-duration-seconds'])).toBeGreaterThanOrEqual(limit * 60);
        }
      }
    },
  );

  test('of CI bring what the tests need, and let nothing be skipped', async () => {
    const { jobs } = await readWorkflow('ci.yml');
    const does = (name: string): string =>
      (jobs[name]?.steps ?? []).map(({ run, uses }) => run ?? uses?.split('@')[0] ?? '').join('\n');
    const all = Object.keys(jobs).map(does).join('\n');
    const scripts = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8')) as {
      scripts: Record<string, string>;
    };
    const suites = Object.keys(scripts.scripts).filter(
      (name) => /^test(:|$)/.test(name) && name !== 'test:all',
    );
    const nightly = await workflowText('nightly.yml');
    for (const suite of suites) {
      expect(NIGHTLY.includes(suite) ? nightly : all).toMatch(new RegExp(`npm (run )?${suite}\\b`));
    }
    for (const name of ['infra', 'seen']) {
      expect(does(name)).toContain('hashicorp/setup-terraform');
      expect(does(name)).toContain('pip install -r __tests__/infra/requirements.txt');
    }
    expect(does('infra')).toContain('check-all-ran.ts npm run test:infra');
    expect(does('backend')).toContain('test:backend -- --strict');
    expect(does('check')).toContain('npm run check\n');
    expect(jobs['docker']?.steps?.at(-1)?.env).toEqual({ EFD_DOCKER: 'own' });
    // Side by side: no job waits for another.
    expect(Object.values(jobs).filter(({ needs }) => needs !== undefined)).toEqual([]);
    expect((await readWorkflow('release.yml')).jobs['ci']?.uses).toBe('./.github/workflows/ci.yml');
  });

  test('of CI test infra/ at both ends of what it takes', async () => {
    const { jobs } = await readWorkflow('ci.yml');
    const { include } = jobs['infra']?.strategy?.matrix as { include: Record<string, string>[] };
    const versions = await readFile(join(ROOT, 'infra', 'versions.tf'), 'utf8');
    const [, terraform] = /required_version = ">= ([\d.]+)"/.exec(versions) ?? [];
    const [, provider] = /version = ">= ([\d.]+), < 7\.0"/.exec(versions) ?? [];
    expect(include).toEqual([
      {
        terraform: expect.stringMatching(new RegExp(`^${terraform}\\.`)),
        provider: expect.stringMatching(new RegExp(`^${provider}\\.`)),
      },
      { terraform: 'latest', provider: expect.stringMatching(/^~> 6\./) },
    ]);
  });

  test.each([
    ['push', 'public', undefined, true],
    ['push', 'private', undefined, false],
    ['push', 'private', 'true', true],
    ['schedule', undefined, undefined, false],
  ])('codeql.yml on %s in a %s repository, CODE_SCANNING %s: %p', async (_, visibility, variable, runs) => {
    const { jobs } = await readWorkflow('codeql.yml');
    const event = visibility === undefined ? {} : { repository: { visibility } };
    const vars = variable === undefined ? {} : { CODE_SCANNING: variable };
    expect(holds(jobs['analyze']?.if, { github: { event }, vars })).toBe(runs);
  });

  test('never run code of a pull request with the rights of the base branch', async () => {
    for (const file of files) expect(await workflowText(file)).not.toContain('pull_request_target');
  });
});

describe('the workflows that others call', () => {
  test('have the inputs and outputs of the action as it is', () => {
    expect(run(true, new URL('../', import.meta.url))).toBe(0);
  });

  test.each(REUSABLE)('%s is in use here', async (file) => {
    const callers = await Promise.all(
      files.map(async (caller) =>
        Object.values((await readWorkflow(caller)).jobs).filter(
          ({ uses }) => uses === `./.github/workflows/${file}`,
        ),
      ),
    );
    const [job, ...others] = callers.flat();
    expect(others).toEqual([]);
    const contexts = { inputs: {}, vars: {}, github: { sha: 'abc', event: { pull_request: { head: {} } } } };
    expect((await calledBy(job ?? {}, contexts)).file).toBe(file);
    // They have none of their own.
    expect(job?.permissions).toHaveProperty('id-token', 'write');
  });

  test.each(CALLED)('$file hands over each input that it takes, once', async (called) => {
    const workflow = await readWorkflow(called.file);
    const [step, ...others] = (workflow.jobs['run']?.steps ?? []).filter(({ uses }) => uses === OWN);
    expect(others).toEqual([]);
    const { inputs = {}, secrets = {} } = callOf(workflow) ?? {};
    for (const name of [...inputsTaken(called), ...Object.keys(secrets)]) {
      expect(step?.with).toHaveProperty([name]);
      expect(String(step?.with?.[name])).toContain(name);
    }
    for (const name of inputsTaken(called)) expect(inputs).toHaveProperty([name]);
    for (const name of Object.keys(secrets)) expect(SECRETS).toContain(name);
  });

  test('deploy.yml and plan.yml take the same, but for what only a deployment has', async () => {
    const namesOf = async (file: string): Promise<string[]> =>
      Object.keys(callOf(await readWorkflow(file))?.inputs ?? {});
    const plan = await namesOf('plan.yml');
    const more = (await namesOf('deploy.yml')).filter((name) => !plan.includes(name));
    expect(more).toEqual(['environment', 'timeout-minutes', 'role-duration-seconds']);
  });

  test('a text without the marks is refused, and an action that runs nothing of dist/', () => {
    const action: ActionFile = { inputs: {}, outputs: {} };
    expect(() => renderWorkflow('name: x\n', { file: 'x.yml', groups: [] }, action)).toThrow(
      'marks of "inputs"',
    );
    expect(() => renderAction('runs: {}')).toThrow('runs nothing of dist/');
    expect(renderAction('runs:\n  main: dist/index.js\n')).toContain('  main: ../../../dist/index.js\n');
  });
});

function check(...folder: string[]): { status: number | null; stdout: string } {
  const script = join(ROOT, 'scripts', 'check-workflows.ts');
  return spawnSync(process.execPath, [script, ...folder], { cwd: ROOT, encoding: 'utf8' });
}

test('the check of workflows finds what is wrong, and no more', async () => {
  const job = '    runs-on: ubuntu-latest\n    steps:\n      - run: echo\n';
  const texts = {
    'called.yml': `on: { workflow_call: { inputs: { a: { type: string, required: true } } } }\njobs:\n  a:\n${job}`,
    'call.yml': `on: push\njobs:\n  a:\n    uses: ./.github/workflows/good.yml\n  b:\n    uses: ./.github/workflows/called.yml\n    with: { b: 1 }\n    secrets: { c: x }\n`,
    'cancels.yml': `on: push\njobs:\n  a:\n    concurrency: { group: a, queue: max, cancel-in-progress: true }\n${job}`,
    'good.yml': `on: push\nconcurrency: { group: a, queue: max }\njobs:\n  a:\n${job}`,
    'key.yml': `on: push\nconcurrency: { group: a, queues: max }\njobs:\n  a:\n${job}`,
    'queue.yml': `on: push\nconcurrency: { group: a, queue: all }\njobs:\n  a:\n${job}`,
    'own.yml': `on: push\njobs:\n  a:\n${job}      - uses: $/.github/actions/deploy\n        with: { clutser: x }\n      - uses: $/none\n`,
    'steps.yml': 'on: push\njobs:\n  a:\n    runs-on: ubuntu-latest\n',
  };
  const folder = await mkdtemp(join(tmpdir(), 'workflows-'));
  try {
    await Promise.all(Object.entries(texts).map(([name, text]) => writeFile(join(folder, name), text)));
    const { status, stdout } = check(folder);
    expect(stdout.trimEnd().split('\n')).toEqual([
      'call.yml job a: ./.github/workflows/good.yml is no workflow that can be called',
      'call.yml job b: called.yml takes no input b',
      'call.yml job b: called.yml needs the input a',
      'call.yml job b: called.yml takes no secret c',
      'cancels.yml a: where many wait, none can cancel the one in progress',
      expect.stringMatching(/^key\.yml:2:\d+ unexpected key "queues"/),
      'own.yml $/.github/actions/deploy takes no input clutser',
      'own.yml $/none is no action of this repository',
      'queue.yml a: a queue is "single" or "max", not "all"',
      expect.stringMatching(/^steps\.yml:3:\d+ "steps" section is missing/),
      '8 workflows, 10 problems',
    ]);
    expect(status).toBe(1);
  } finally {
    await rm(folder, { recursive: true });
  }
});

describe('reading a workflow', () => {
  const contexts = { github: { sha: 'abc', actor: 'octocat' }, vars: { URL: 'https://x' } };

  test('expressions have their values', () => {
    expect(interpolate('a ${{ github.sha }} b ${{ vars.NONE || vars.URL }}/c', contexts)).toBe(
      'a abc b https://x/c',
    );
    expect(interpolate('none', contexts)).toBe('none');
    expect(interpolate("${{ format('{0}-{1}', github.sha, 1) }}", contexts)).toBe('abc-1');
  });

  test('a condition holds or does not', () => {
    expect(holds(undefined, contexts)).toBe(true);
    expect(holds("vars.URL != '' && github.actor == 'octocat'", contexts)).toBe(true);
    expect(holds("${{ vars.NONE != '' }}", contexts)).toBe(false);
    expect(holds('vars.NONE', contexts)).toBe(false);
  });

  test('without a function of the status, a condition wants that all went well', () => {
    expect(holds(undefined, contexts, 'failure')).toBe(false);
    expect(holds("vars.URL != ''", contexts, 'failure')).toBe(false);
    expect(holds('failure()', contexts, 'failure')).toBe(true);
    expect(holds('failure()', contexts)).toBe(false);
    expect(holds("always() && vars.URL != ''", contexts, 'failure')).toBe(true);
    expect(holds('cancelled()', contexts, 'cancelled')).toBe(true);
  });

  test('an unknown context is an error, as on GitHub', () => {
    expect(() => interpolate('${{ secret.x }}', contexts)).toThrow(/secret/);
  });

  test('inputs are texts', () => {
    expect(inputsOf({ with: { a: true, b: 2, c: '${{ github.sha }}' } }, contexts)).toEqual({
      a: 'true',
      b: '2',
      c: 'abc',
    });
  });
});
