/** A copy of `infra/` in which Terraform runs against an AWS of the test. */
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runProgram, terraformConfiguration } from './tools.ts';
import type { Finished } from './tools.ts';

const INFRA = fileURLToPath(new URL('../../infra', import.meta.url));

/** What a client of the test's AWS needs in its environment. No profile and no file of this machine counts. */
export function awsEnvironment(url: string): Record<string, string> {
  return {
    AWS_ENDPOINT_URL: url,
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
    AWS_EC2_METADATA_DISABLED: 'true',
    AWS_CONFIG_FILE: '/dev/null',
    AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
  };
}

export interface Workspace {
  readonly folder: string;
  /** Runs Terraform; `env` goes over the workspace's own. Never throws for an exit code. */
  terraform(args: readonly string[], env?: Readonly<Record<string, string>>): Promise<Finished>;
  /** As `terraform`; throws what was printed where the exit code is another than 0. */
  succeed(args: readonly string[], env?: Readonly<Record<string, string>>): Promise<string>;
  remove(): Promise<void>;
}

/** Copies a folder of `infra/` (by default all of it). `aws` is what `awsEnvironment` gives; empty: no AWS at all. */
export async function makeWorkspace(
  aws: Readonly<Record<string, string>>,
  part: string = INFRA,
): Promise<Workspace> {
  const folder = await mkdtemp(join(tmpdir(), 'infra-'));
  const mine = new Set(['.terraform', '.terraform.lock.hcl', 'terraform.tfstate']);
  await cp(part, folder, { recursive: true, filter: (path) => !mine.has(basename(path)) });
  const own = {
    PATH: process.env['PATH'] ?? '/usr/local/bin:/usr/bin:/bin',
    HOME: folder,
    TF_CLI_CONFIG_FILE: await terraformConfiguration(),
    TF_IN_AUTOMATION: '1',
    TF_INPUT: '0',
    ...aws,
  };
  const terraform = (
    args: readonly string[],
    env: Readonly<Record<string, string>> = {},
  ): Promise<Finished> => runProgram('terraform', args, { cwd: folder, env: { ...own, ...env } });
  return {
    folder,
    terraform,
    async succeed(args, env) {
      const { exitCode, output } = await terraform(args, env);
      if (exitCode !== 0) throw new Error(`terraform ${args.join(' ')} ended with ${exitCode}:\n${output}`);
      return output;
    },
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}

/** S3 by path, since the host name of a bucket leads nowhere on loopback. */
export async function useLoopbackBuckets(workspace: Workspace): Promise<void> {
  const versions = await readFile(join(workspace.folder, 'versions.tf'), 'utf8').catch(() => '');
  const tags = versions.includes('default_tags') ? '\n  default_tags {\n    tags = local.tags\n  }\n' : '';
  await writeFile(
    join(workspace.folder, 'loopback_override.tf'),
    `provider "aws" {\n  region            = var.aws_region\n  s3_use_path_style = true\n${tags}}\n`,
  );
}

/** The state in the workspace itself, where a test is not about its bucket. */
export async function useLocalState(workspace: Workspace): Promise<void> {
  await writeFile(join(workspace.folder, 'state_override.tf'), 'terraform {\n  backend "local" {}\n}\n');
}

/** Arguments that set variables. Values are written as JSON, which HCL reads. */
export function variables(values: Readonly<Record<string, unknown>>): string[] {
  return Object.entries(values).map(
    ([name, value]) => `-var=${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`,
  );
}

/** The exit code of `plan -detailed-exitcode` that means no difference, and what is shown where there is one. */
export async function differences(
  workspace: Workspace,
  args: readonly string[],
  env?: Readonly<Record<string, string>>,
): Promise<string> {
  const { exitCode, output } = await workspace.terraform(
    ['plan', '-detailed-exitcode', '-no-color', '-lock=true', ...args],
    env,
  );
  return exitCode === 0 ? '' : `exit code ${exitCode}\n${output}`;
}
