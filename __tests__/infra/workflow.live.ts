/**
 * Runs the jobs of terraform.yml with the real Terraform and a state in S3, on an environment of one small resource:
 * what the stub in __tests__/terraform-workflow.test.ts takes for granted.
 */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { runJob, type Action, type JobRun } from '../../runner/workflow-job.ts';
import { startMoto } from './moto.ts';
import type { Moto } from './moto.ts';
import { sayIfSkipped, terraformConfiguration, withoutMoto } from './tools.ts';
import { awsEnvironment } from './workspace.ts';

const ENVIRONMENT = `terraform {
  backend "s3" {
    key          = "small.tfstate"
    use_lockfile = true
  }
}

variable "github_repository" {
  type = string
}

resource "terraform_data" "this" {
  input = var.github_repository
}
`;

const missing = await withoutMoto();
sayIfSkipped('the jobs of terraform.yml', missing);

(missing === undefined ? describe : describe.skip)('terraform.yml', () => {
  let moto: Moto;
  let workspace: string;
  const artifacts = new Map<string, Buffer>();

  beforeAll(async () => {
    moto = await startMoto();
    await fetch(`${moto.url}/states`, { method: 'PUT' });
    workspace = await mkdtemp(join(tmpdir(), 'terraform-job-'));
    for (const part of ['scripts', 'src']) await cp(part, join(workspace, part), { recursive: true });
    const folder = join(workspace, 'infra', 'environments', 'small');
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, 'main.tf'), ENVIRONMENT);
    await writeFile(join(workspace, 'package.json'), '{"type":"module"}');
  }, 60_000);

  afterAll(async () => {
    await Promise.all([moto.close(), rm(workspace, { recursive: true, force: true })]);
  });

  const upload: Action = async ({ inputs }) => {
    artifacts.set(inputs['name'] ?? '', await readFile(inputs['path'] ?? ''));
    return {};
  };
  const download: Action = async ({ inputs }) => {
    await writeFile(join(inputs['path'] ?? '', 'plan.enc'), artifacts.get(inputs['name'] ?? '') ?? '');
    return {};
  };

  async function run(job: string, repository: string, needs: object = {}): Promise<JobRun> {
    return runJob({
      file: 'terraform.yml',
      job,
      contexts: {
        github: { event_name: 'push', ref: 'refs/heads/main', repository, event: {} },
        inputs: { environment: 'small' },
        secrets: { 'plan-key': 'f'.repeat(64) },
        vars: { AWS_REGION: 'us-east-1', TF_STATE_BUCKET: 'states' },
        needs,
      },
      workspace,
      env: {
        ...awsEnvironment(moto.url),
        PATH: `${dirname(process.execPath)}:${process.env['PATH'] ?? ''}`,
        HOME: workspace,
        TF_CLI_CONFIG_FILE: await terraformConfiguration(),
        TF_CLI_ARGS_init: '-backend-config=use_path_style=true',
      },
      actions: { 'actions/upload-artifact': upload, 'actions/download-artifact': download },
    });
  }

  test('plans, applies that very plan, has nothing to do then, and refuses a plan that was overtaken', async () => {
    const plan = await run('plan', 'octo-org/one');
    expect([plan.status, plan.log]).toEqual(['success', expect.stringContaining('Plan: 1 to add')]);
    expect(plan.summary).toContain('**1 to add.**');
    expect(plan.summary).toContain('| add | `terraform_data.this` |');
    expect(plan.outputs).toMatchObject({ changes: 'true' });

    const needs = { plan: { outputs: plan.outputs } };
    const apply = await run('apply', 'octo-org/one', needs);
    expect([apply.status, apply.log]).toEqual(['success', expect.stringContaining('1 added, 0 changed')]);

    const again = await run('apply', 'octo-org/one', needs);
    expect([again.status, again.log]).toEqual(['failure', expect.stringContaining('Saved plan is stale')]);

    const same = await run('plan', 'octo-org/one');
    expect([same.status, same.outputs['changes']]).toEqual(['success', 'false']);
    expect(same.summary).toContain('Nothing changes.');
  }, 240_000);
});
