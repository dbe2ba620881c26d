/**
 * Runs the jobs of terraform.yml with a stub in Terraform's place: what is asked of it, in which order, what goes from
 * the plan to the apply, and what becomes of it where somebody meddles.
 */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { chmod, cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { runJob, type Action, type JobRun } from '../runner/workflow-job.ts';
import { holds, interpolate, readWorkflow, type Contexts } from '../runner/workflow.ts';
import { startGitHub } from '../simulator/front/github/github.ts';

const SECRET = 'password = "hunter2"';
const KEY = 'f'.repeat(64);

const STUB = `#!/bin/sh
echo "$*" >> "$STAGE/calls"
for arg in "$@"; do case "$arg" in -out=*) out="\${arg#-out=}" ;; esac; last="$arg"; done
case "$*" in
  'version -json') echo '{"terraform_version":"1.14.2"}' ;;
  *' plan '*)
    printf '%s' '${SECRET}' > "$out"
    echo 'Plan: 1 to add, 0 to change, 0 to destroy.'
    exit "$(cat "$STAGE/exit-code")" ;;
  *' show -json '*) echo '{"resource_changes":[{"address":"aws_vpc.this","change":{"actions":["create"]}}]}' ;;
  *' apply '*) cp "$last" "$STAGE/applied" ;;
esac
`;

let stage: string;
let workspace: string;
let artifacts: Map<string, Buffer>;

beforeAll(async () => {
  stage = await mkdtemp(join(tmpdir(), 'terraform-workflow-'));
  workspace = join(stage, 'workspace');
  await mkdir(join(workspace, 'infra', 'environments', 'dev'), { recursive: true });
  // A bare checkout: nothing is installed in it.
  for (const part of ['scripts', 'src']) await cp(part, join(workspace, part), { recursive: true });
  await writeFile(join(workspace, 'package.json'), '{"type":"module"}');
  await mkdir(join(stage, 'bin'));
  await writeFile(join(stage, 'bin', 'terraform'), STUB);
  await chmod(join(stage, 'bin', 'terraform'), 0o755);
});

beforeEach(async () => {
  artifacts = new Map();
  await Promise.all(['calls', 'applied'].map((name) => rm(join(stage, name), { force: true })));
  await planExits(2);
});

afterAll(() => rm(stage, { recursive: true, force: true }));

function planExits(code: 0 | 1 | 2): Promise<void> {
  return writeFile(join(stage, 'exit-code'), String(code));
}

async function calls(): Promise<string[]> {
  const text = await readFile(join(stage, 'calls'), 'utf8').catch(() => '');
  return text.split('\n').filter((line) => line !== '');
}

const upload: Action = async ({ inputs }) => {
  artifacts.set(inputs['name'] ?? '', await readFile(inputs['path'] ?? ''));
  return {};
};

const download: Action = async ({ inputs }) => {
  const found = artifacts.get(inputs['name'] ?? '');
  if (found === undefined) throw new Error('Artifact not found');
  await writeFile(join(inputs['path'] ?? '', 'plan.enc'), found);
  return {};
};

const used: { action: string; inputs: Readonly<Record<string, string>> }[] = [];

function remember(action: string): Action {
  return ({ inputs }) => {
    used.push({ action, inputs });
    return Promise.resolve({});
  };
}

interface Situation {
  readonly event?: string;
  readonly ref?: string;
  readonly key?: string;
  readonly environment?: string;
  readonly needs?: object;
  readonly githubUrl?: string;
}

function contextsOf({
  event = 'push',
  ref = 'refs/heads/main',
  key = KEY,
  environment = 'dev',
  needs = {},
}: Situation): Contexts {
  return {
    github: {
      event_name: event,
      ref,
      repository: 'octo-org/video',
      repository_owner_id: '1',
      repository_id: '2',
      token: 'ghs_x',
      event: event === 'pull_request' ? { pull_request: { number: 7 } } : {},
    },
    inputs: { environment },
    secrets: { 'plan-key': key },
    vars: {
      AWS_REGION: 'eu-central-1',
      TF_STATE_BUCKET: 'states',
      AWS_INFRA_PLAN_ROLE_ARN: 'plans',
      AWS_INFRA_ROLE_ARN: 'applies',
    },
    needs,
  };
}

function run(job: string, situation: Situation): Promise<JobRun> {
  return runJob({
    file: 'terraform.yml',
    job,
    contexts: contextsOf(situation),
    workspace,
    env: {
      PATH: `${join(stage, 'bin')}:${dirname(process.execPath)}:/usr/bin:/bin`,
      STAGE: stage,
      GITHUB_API_URL: situation.githubUrl ?? 'http://127.0.0.1:9',
    },
    actions: {
      'actions/upload-artifact': upload,
      'actions/download-artifact': download,
      'aws-actions/configure-aws-credentials': remember('credentials'),
      'hashicorp/setup-terraform': remember('terraform'),
    },
  });
}

async function applies(situation: Situation): Promise<boolean> {
  const { jobs } = await readWorkflow('terraform.yml');
  return holds(jobs['apply']?.if, contextsOf(situation));
}

const INIT = 'init -backend-config=bucket=states -backend-config=region=eu-central-1';

describe('on main', () => {
  test('what is applied is what was planned and read, and it waits encrypted', async () => {
    const plan = await run('plan', {});
    expect([plan.status, plan.log]).toEqual(['success', expect.stringContaining('Plan: 1 to add')]);
    expect(plan.summary).toContain('### Terraform plan: `dev`');
    expect(plan.summary).toContain('| add | `aws_vpc.this` |');
    expect(plan.outputs).toMatchObject({ changes: 'true', terraform: '1.14.2' });
    expect([...artifacts.keys()]).toEqual(['plan-dev']);
    expect(artifacts.get('plan-dev')?.toString('latin1')).not.toContain('hunter2');
    expect(`${plan.log}${plan.summary}`).not.toContain('hunter2');
    expect((await calls()).map((call) => call.replace('-chdir=infra/environments/dev ', ''))).toEqual([
      'version -json',
      'fmt -check -recursive infra',
      INIT,
      'validate',
      expect.stringMatching(/^plan -lock=false -no-color -detailed-exitcode -out=\S+\/plan$/),
      expect.stringMatching(/^show -json \S+\/plan$/),
    ]);

    await rm(join(stage, 'calls'));
    used.length = 0;
    const needs = { plan: { outputs: plan.outputs } };
    expect(await applies({ needs })).toBe(true);
    const apply = await run('apply', { needs });
    expect([apply.status, apply.log]).toEqual(['success', '']);
    expect(await readFile(join(stage, 'applied'), 'utf8')).toBe(SECRET);
    expect((await calls()).map((call) => call.replace('-chdir=infra/environments/dev ', ''))).toEqual([
      INIT,
      expect.stringMatching(/^apply -no-color \S+\/plan$/),
    ]);
    // By the version that planned it, and with the role that may.
    expect(used).toEqual([
      { action: 'terraform', inputs: expect.objectContaining({ terraform_version: '1.14.2' }) },
      { action: 'credentials', inputs: expect.objectContaining({ 'role-to-assume': 'applies' }) },
    ]);
  });

  test('nothing is kept, asked for or applied where nothing changes', async () => {
    await planExits(0);
    const plan = await run('plan', {});
    expect([plan.status, plan.outputs['changes'], artifacts.size]).toEqual(['success', 'false', 0]);
    expect(await applies({ needs: { plan: { outputs: plan.outputs } } })).toBe(false);
  });

  test('a plan that fails is red, is not told of, and keeps nothing', async () => {
    await planExits(1);
    const plan = await run('plan', {});
    expect([plan.status, plan.summary, artifacts.size]).toEqual(['failure', '', 0]);
  });

  test('without a key nothing is asked of AWS', async () => {
    const plan = await run('plan', { key: '' });
    expect([plan.status, plan.log]).toEqual([
      'failure',
      expect.stringContaining('The secret PLAN_KEY is missing'),
    ]);
    expect(await calls()).toEqual([]);
  });

  test.each(['../dev', 'nowhere', 'dev;id'])('%s is no environment', async (environment) => {
    const plan = await run('plan', { environment });
    expect([plan.status, plan.log]).toEqual([
      'failure',
      expect.stringContaining('has no folder of that name'),
    ]);
    expect(await calls()).toEqual([]);
  });
});

describe('before the apply', () => {
  async function planned(): Promise<object> {
    const { outputs } = await run('plan', {});
    await rm(join(stage, 'calls'));
    return { plan: { outputs } };
  }

  test('a plan that somebody changed is refused', async () => {
    const needs = await planned();
    const other = await run('plan', { key: 'e'.repeat(64) });
    expect(other.status).toBe('success');
    await rm(join(stage, 'calls'));
    const apply = await run('apply', { needs });
    expect([apply.status, await calls()]).toEqual(['failure', []]);
  });

  test('a plan of another run is refused, be it encrypted with the same key', async () => {
    const needs = { plan: { outputs: { changes: 'true', terraform: '1.14.2', sha256: '0'.repeat(64) } } };
    await planned();
    const apply = await run('apply', { needs });
    expect([apply.status, await calls()]).toEqual(['failure', []]);
  });
});

describe('on a pull request', () => {
  test('the plan is a comment, needs no key, and is never applied', async () => {
    const github = await startGitHub({ token: 'ghs_x' });
    try {
      const situation = { event: 'pull_request', ref: 'refs/pull/7/merge', key: '', githubUrl: github.url };
      const plan = await run('plan', situation);
      expect([plan.status, artifacts.size]).toEqual(['success', 0]);
      expect(github.comments.map(({ pullRequest, body }) => [pullRequest, body.split('\n')[2]])).toEqual([
        [7, '### Terraform plan: `dev`'],
      ]);
      expect(await applies({ ...situation, needs: { plan: { outputs: plan.outputs } } })).toBe(false);
    } finally {
      await github.close();
    }
  });

  test('of another branch, by hand, nothing is applied either', async () => {
    const needs = { plan: { outputs: { changes: 'true' } } };
    expect(await applies({ event: 'workflow_dispatch', ref: 'refs/heads/other', needs })).toBe(false);
    expect(await applies({ event: 'workflow_dispatch', needs })).toBe(true);
  });

  test('the plan has a gate of its own, and the apply another', async () => {
    const { jobs } = await readWorkflow('terraform.yml');
    const gates = Object.values(jobs).map(({ environment = '' }) =>
      typeof environment === 'string' ? interpolate(environment, { inputs: { environment: 'prod' } }) : '',
    );
    expect(gates).toEqual(['prod-plan', 'prod-infra']);
  });
});

describe('infra.yml', () => {
  const head = { pull_request: { head: { repo: { full_name: 'octo-org/video' } } } };
  const fork = { pull_request: { head: { repo: { full_name: 'someone/video' } } } };

  test.each([
    ['push', {}, '["dev","prod"]', '', 'octocat', ['dev', 'prod']],
    ['push', {}, '', '', 'octocat', undefined],
    ['pull_request', head, '["dev"]', '', 'octocat', ['dev']],
    ['pull_request', fork, '["dev"]', '', 'octocat', undefined],
    ['pull_request', head, '["dev"]', '', 'dependabot[bot]', undefined],
    ['workflow_dispatch', {}, '', 'prod', 'octocat', ['prod']],
    ['workflow_dispatch', {}, '["dev"]', 'a","b', 'octocat', ['a","b']],
  ])('on %s %j with %s and "%s" by %s: %j', async (event, payload, listed, chosen, actor, environments) => {
    const { jobs } = await readWorkflow('infra.yml');
    const contexts = {
      github: { event_name: event, event: payload, actor, repository: 'octo-org/video' },
      inputs: { environment: chosen },
      vars: { INFRA_ENVIRONMENTS: listed },
    };
    const runs = holds(jobs['environment']?.if, contexts);
    expect(runs).toBe(environments !== undefined);
    if (!runs) return;
    const expression = String(jobs['environment']?.strategy?.matrix['environment']);
    const list = interpolate(expression.replace(/\{\{(.*)\}\}/s, '{{ toJSON($1) }}'), contexts);
    expect(JSON.parse(list)).toEqual(environments);
  });
});
