import { chmod, cp, mkdir, mkdtemp, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import type { Json, JsonObject } from '../model/index.ts';
import { DeployError, isError } from '../runtime/error.ts';
import { isObject, objectIn, textIn } from '../runtime/json.ts';

type Env = Readonly<Record<string, string | undefined>>;

/** A Docker configuration of this run alone. */
export interface DockerConfig {
  readonly folder: string;
  /** What the docker command needs to use it. */
  readonly env: Readonly<Record<'DOCKER_CONFIG' | 'BUILDX_CONFIG', string>>;
}

/** What buildx keeps of its builders; the rest of its folder is the record of past builds. */
const BUILDERS = ['instances', 'current', 'defaults', 'certs'] as const;

/**
 * Makes a configuration in `temp` that has the user's plugins, contexts, builders and credentials, and takes those of
 * `hosts` from this run alone. Nothing is written to the user's own, then or later. Readable for this user only. Throws
 * `build-failed`, and leaves nothing behind, where the disk takes it not.
 */
export async function makeDockerConfig(
  env: Env,
  temp: string,
  hosts: readonly string[],
  warn: (text: string) => void,
): Promise<DockerConfig> {
  let folder: string | undefined;
  try {
    folder = await mkdtemp(join(temp, 'ecs-fargate-deploy-docker-'));
    return await fillDockerConfig(folder, env, hosts, warn);
  } catch (error) {
    if (folder !== undefined) await removeDockerConfig(folder);
    throw notWritten(temp, error);
  }
}

function notWritten(temp: string, error: unknown): DeployError {
  const why = isError(error) ? error.message : String(error);
  return new DeployError(
    'build-failed',
    `The Docker configuration of this run could not be written to ${temp} (${why}).`,
    {
      hint: 'It goes to RUNNER_TEMP. Where its disk is full, use a larger runner, or remove what the job does not need; otherwise let the user of the runner write there.',
      cause: error,
    },
  );
}

async function fillDockerConfig(
  folder: string,
  env: Env,
  hosts: readonly string[],
  warn: (text: string) => void,
): Promise<DockerConfig> {
  await chmod(folder, 0o700);
  const users = given(env['DOCKER_CONFIG']) ?? join(given(env['HOME']) ?? homedir(), '.docker');
  const config = privateConfig(await readConfig(users, warn), users, hosts);
  await writeFile(join(folder, 'config.json'), JSON.stringify(config, null, 2), { mode: 0o600 });
  if (await exists(join(users, 'contexts'))) {
    await symlink(join(users, 'contexts'), join(folder, 'contexts'));
  }
  const builders = join(folder, 'buildx');
  await mkdir(builders, { mode: 0o700 });
  await copyBuilders(given(env['BUILDX_CONFIG']) ?? join(users, 'buildx'), builders);
  return { folder, env: { DOCKER_CONFIG: folder, BUILDX_CONFIG: builders } };
}

/** Removes it with everything in it; nothing happens where it is gone. */
export async function removeDockerConfig(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true });
}

function given(text: string | undefined): string | undefined {
  return text === '' ? undefined : text;
}

async function readConfig(folder: string, warn: (text: string) => void): Promise<JsonObject> {
  const path = join(folder, 'config.json');
  if (!(await exists(path))) return {};
  try {
    const config = JSON.parse(await readFile(path, 'utf8')) as Json;
    if (isObject(config)) return config;
    throw new TypeError('it is not a JSON object');
  } catch (error) {
    warn(`The Docker configuration ${path} cannot be read (${String(error)}): the step does without it.`);
    return {};
  }
}

async function copyBuilders(from: string, to: string): Promise<void> {
  for (const name of BUILDERS) {
    if (await exists(join(from, name))) await cp(join(from, name), join(to, name), { recursive: true });
  }
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

const CREDENTIALS = ['auths', 'credsStore', 'credHelpers'];

/**
 * Pure: the user's configuration without what concerns `hosts`. A credentials store would take the token of this run
 * into the user's keychain, so it becomes a credential helper of each other registry that it holds
 * (https://docs.docker.com/reference/cli/docker/login/, "Credential stores" and "Credential helpers").
 */
export function privateConfig(user: JsonObject, usersFolder: string, hosts: readonly string[]): JsonObject {
  const rest = Object.entries(user).filter(([key]) => !CREDENTIALS.includes(key));
  const isOurs = (registry: string): boolean => hosts.includes(hostOf(registry));
  const others = (map: JsonObject | undefined): JsonObject =>
    Object.fromEntries(Object.entries(map ?? {}).filter(([registry]) => !isOurs(registry)));
  const auths = others(objectIn(user, 'auths'));
  const store = textIn(user, 'credsStore');
  const stored = store === undefined || store === '' ? [] : Object.keys(auths).map((name) => [name, store]);
  const helpers = { ...Object.fromEntries(stored), ...others(objectIn(user, 'credHelpers')) } as JsonObject;
  return {
    ...Object.fromEntries(rest),
    auths,
    ...(Object.keys(helpers).length === 0 ? {} : { credHelpers: helpers }),
    cliPluginsExtraDirs: [...texts(user['cliPluginsExtraDirs']), join(usersFolder, 'cli-plugins')],
  };
}

/** `host` of `https://host/v1/`, as some tools write the names of registries. */
function hostOf(registry: string): string {
  return registry.replace(/^https?:\/\//, '').split('/', 1)[0] ?? registry;
}

function texts(value: Json | undefined): string[] {
  return Array.isArray(value) ? value.filter((each) => typeof each === 'string') : [];
}
