/** A copy of `infra/` in which Terraform runs against an AWS of the test. */
import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
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
  /** Where Terraform runs. */
  readonly folder: string;
  /** Runs Terraform; `env` goes over the workspace's own. Never throws for an exit code. */
  terraform(args: readonly string[], env?: Readonly<Record<string, string>>): Promise<Finished>;
  /** As `terraform`; throws what was printed where the exit code is another than 0. */
  succeed(args: readonly string[], env?: Readonly<Record<string, string>>): Promise<string>;
  remove(): Promise<void>;
}

/** Copies `infra/` and runs Terraform in `part` of it. `aws` is what `awsEnvironment` gives; empty: no AWS at all. */
export function infraWorkspace(
  aws: Readonly<Record<string, string>>,
  part: string = '.',
): Promise<Workspace> {
  return makeWorkspace(aws, INFRA, part);
}

/** Copies a folder and runs Terraform in `part` of it. */
export async function makeWorkspace(
  aws: Readonly<Record<string, string>>,
  source: string,
  part: string = '.',
): Promise<Workspace> {
  const copy = await mkdtemp(join(tmpdir(), 'infra-'));
  const folder = join(copy, part);
  const mine = new Set(['.terraform', '.terraform.lock.hcl', 'terraform.tfstate']);
  await cp(source, copy, { recursive: true, filter: (path) => !mine.has(basename(path)) });
  const own = {
    PATH: process.env['PATH'] ?? '/usr/local/bin:/usr/bin:/bin',
    HOME: copy,
    TF_CLI_CONFIG_FILE: await terraformConfiguration(),
    TF_IN_AUTOMATION: '1',
    TF_INPUT: '0',
    // Most of Terraform's time goes into the schema of the provider: a quarter less with more memory for it.
    GOGC: '400',
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
    remove: () => rm(copy, { recursive: true, force: true }),
  };
}

/** S3 by path, since the host name of a bucket leads nowhere on loopback. Override files go over what is there. */
export async function useLoopbackBuckets(
  workspace: Workspace,
  tags?: Readonly<Record<string, string>>,
): Promise<void> {
  const aws = { s3_use_path_style: true, ...(tags === undefined ? {} : { default_tags: { tags } }) };
  await override(workspace, 'loopback', { provider: { aws } });
}

/** The state in the workspace itself, where a test is not about its bucket. */
export async function useLocalState(workspace: Workspace): Promise<void> {
  await override(workspace, 'state', { terraform: { backend: { local: {} } } });
}

/** Other settings of the stack than the folder has; those of the call before are forgotten. */
export async function useSettings(
  workspace: Workspace,
  settings: Readonly<Record<string, unknown>>,
): Promise<void> {
  await override(workspace, 'settings', { module: { stack: settings } });
}

async function override(workspace: Workspace, name: string, content: object): Promise<void> {
  await writeFile(join(workspace.folder, `${name}_override.tf.json`), JSON.stringify(content));
}

/** What every `terraform init` is told about the bucket of the states. */
export function backend(bucket: string): string[] {
  return [`bucket=${bucket}`, 'region=us-east-1', 'use_path_style=true'].map(
    (each) => `-backend-config=${each}`,
  );
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
