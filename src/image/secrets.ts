import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { BuildOptions } from '../model/index.ts';
import { DeployError } from '../runtime/error.ts';

/** The secrets of a build: what is in the arguments says where they are, never what they are. */
export interface BuildSecrets {
  /** Values of `--secret`. */
  readonly options: readonly string[];
  /** Variables that BuildKit reads the secrets from. */
  readonly env: Readonly<Record<string, string>>;
  /** Values to be masked before anything is printed. */
  readonly masked: readonly string[];
}

/** A secret that fits no line of a log is not looked for in one. */
const LONGEST_HIDDEN = 64 * 1024;

/**
 * Finds every secret before the build begins. Throws `invalid-input` where a variable is empty or a file cannot be
 * read: BuildKit would fail much later, and less clearly.
 */
export async function findSecrets(
  build: Pick<BuildOptions, 'secrets' | 'secretFiles' | 'secretEnvs'>,
  env: Readonly<Record<string, string | undefined>>,
  workspace: string,
  gitToken: { readonly host: string; readonly token: string } | undefined,
): Promise<BuildSecrets> {
  const given = build.secrets.map(split);
  const fromEnv = build.secretEnvs.map(split).map(([id, variable]) => ({
    id,
    variable,
    value: variableOf(env, id, variable),
  }));
  const files = build.secretFiles.map(split).map(([id, path]) => ({ id, path: resolve(workspace, path) }));
  const contents = await Promise.all(files.map(({ id, path }) => contentOf(id, path)));
  const git = gitToken === undefined ? [] : [[`GIT_AUTH_TOKEN.${gitToken.host}`, gitToken.token] as const];
  const handed = [...given, ...git].map(([id, value], index) => ({
    id,
    value,
    variable: `ECS_FARGATE_DEPLOY_SECRET_${index}`,
  }));
  return {
    options: [
      ...[...handed, ...fromEnv].map(({ id, variable }) => `id=${id},env=${variable}`),
      ...files.map(({ id, path }) => [`id=${id}`, csvField(`src=${path}`)].join(',')),
    ],
    env: Object.fromEntries(handed.map(({ variable, value }) => [variable, value])),
    masked: [...given.map(([, value]) => value), ...fromEnv.map(({ value }) => value), ...contents],
  };
}

/** At the first `=`. */
function split(line: string): readonly [string, string] {
  const at = line.indexOf('=');
  return [line.slice(0, at), line.slice(at + 1)];
}

function variableOf(env: Readonly<Record<string, string | undefined>>, id: string, variable: string): string {
  const value = env[variable] ?? '';
  if (value !== '') return value;
  throw new DeployError(
    'invalid-input',
    `build-secret-envs: the variable ${variable} of secret "${id}" is not set for this step.`,
    { hint: `Set it with env: on the step: ${variable}: \${{ secrets.${variable} }}` },
  );
}

async function contentOf(id: string, path: string): Promise<string> {
  try {
    const content = await readFile(path, 'utf8');
    return content.length > LONGEST_HIDDEN ? '' : content;
  } catch (error) {
    throw new DeployError('invalid-input', `build-secret-files: the file of secret "${id}" cannot be read.`, {
      hint: 'Paths are relative to the workspace. An earlier step has to write the file.',
      cause: error,
    });
  }
}

/** Pure: a field of an option that buildx reads as CSV, such as `src=…` of `--secret`, quoted where it has to be. */
export function csvField(text: string): string {
  return /[",\r\n]|^\s|\s$/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
