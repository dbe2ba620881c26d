/** The programs that the infrastructure tests need, where they are, and why they cannot run where one is missing. */
import { spawn } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';

export interface Finished {
  readonly exitCode: number | null;
  /** What was printed, in order, on either stream. */
  readonly output: string;
}

/** Runs a program without a shell. Rejects where it does not exist. */
export function runProgram(
  file: string,
  args: readonly string[],
  options: { readonly cwd?: string; readonly env?: Readonly<Record<string, string>> } = {},
): Promise<Finished> {
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    const take = (chunk: Buffer): void => {
      output += chunk.toString('utf8');
    };
    child.stdout.on('data', take);
    child.stderr.on('data', take);
    child.on('error', reject);
    child.on('close', (exitCode) => {
      resolve({ exitCode, output });
    });
  });
}

const PROVIDER_HOST = 'registry.terraform.io';

/** Folders that hold unpacked or packed providers as `registry.terraform.io/...`. */
function providerMirror(): string | undefined {
  const usual = [
    join(homedir(), '.terraform.d', 'plugins'),
    '/usr/local/share/terraform/plugins',
    '/usr/share/terraform/plugins',
    ...(existsSync('/opt') ? readdirSync('/opt').map((name) => join('/opt', name)) : []),
  ];
  const named = process.env['TF_PROVIDER_MIRROR'];
  const candidates = named === undefined ? usual : [named];
  return candidates.find((folder) => existsSync(join(folder, PROVIDER_HOST, 'hashicorp', 'aws')));
}

/**
 * The Terraform CLI configuration: the one that TF_CLI_CONFIG_FILE names, else one that takes providers from the folder
 * that TF_PROVIDER_MIRROR names or from a usual place, else the public registry.
 */
export async function terraformConfiguration(): Promise<string> {
  const given = process.env['TF_CLI_CONFIG_FILE'];
  if (given !== undefined && existsSync(given)) return given;
  const mirror = providerMirror();
  const file = join(await mkdtemp(join(tmpdir(), 'terraformrc-')), 'terraformrc');
  const installation =
    mirror === undefined
      ? ''
      : `provider_installation {
  filesystem_mirror {
    path    = ${JSON.stringify(mirror)}
    include = ["${PROVIDER_HOST}/*/*"]
  }
}
`;
  await writeFile(file, `${installation}disable_checkpoint = true\n`);
  return file;
}

/** Why tests with Terraform cannot run here; undefined where they can. */
export async function withoutTerraform(): Promise<string | undefined> {
  if (!(await answers('terraform', ['version']))) return 'terraform is not installed';
  const given = process.env['TF_CLI_CONFIG_FILE'];
  if ((given !== undefined && existsSync(given)) || providerMirror() !== undefined) return undefined;
  const reachable = await fetch(`https://${PROVIDER_HOST}/.well-known/terraform.json`, {
    signal: AbortSignal.timeout(10_000),
  }).then(
    ({ ok }) => ok,
    () => false,
  );
  return reachable
    ? undefined
    : 'there is no mirror of Terraform providers (TF_PROVIDER_MIRROR), and the registry does not answer';
}

/** Why tests that apply cannot run here; undefined where they can. */
export async function withoutMoto(): Promise<string | undefined> {
  return (await withoutTerraform()) ?? withoutMotoServer();
}

/** Why nothing can ask moto here; undefined where it can. */
export async function withoutMotoServer(): Promise<string | undefined> {
  return (await answers('python3', ['-c', 'import moto.server']))
    ? undefined
    : "moto is not installed (pip install 'moto[server]')";
}

function answers(file: string, args: readonly string[]): Promise<boolean> {
  return runProgram(file, args).then(
    ({ exitCode }) => exitCode === 0,
    () => false,
  );
}

/** Prints why a part of the tests is skipped, once. Jest counts its tests as skipped. */
export function sayIfSkipped(what: string, reason: string | undefined): void {
  if (reason !== undefined) process.stdout.write(`SKIPPED ${what}: ${reason}\n`);
}
