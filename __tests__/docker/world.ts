import { expect } from '@jest/globals';
import { createHash, randomBytes } from 'node:crypto';
import { lstat, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { command } from '../../runner/docker/command.ts';
import { cacheOf, removeCache } from '../../runner/docker/leftovers.ts';
import { runStep, type StepOptions, type StepResult } from '../../runner/step.ts';
import { openRegistryEndpoint, type RegistryEndpoint } from '../../simulator/front/registry-endpoint.ts';
import { Upstream } from '../../simulator/front/upstream.ts';
import { seedWorld, type SeedOptions } from '../../simulator/scenario/seed.ts';
import { startSimulator, type Simulator } from '../../simulator/simulator.ts';
import { given } from './given.ts';

export const ROOT = fileURLToPath(new URL('../..', import.meta.url));
export const HOST = '123456789012.dkr.ecr.us-east-1.amazonaws.com';
const SPEED = 60;

/** A simulated AWS whose ECR is a real registry, a real Docker engine, and a home with a Docker configuration. */
export interface DockerWorld {
  readonly sim: Simulator;
  readonly endpoint: RegistryEndpoint;
  /** A repository of this test alone. */
  readonly repository: string;
  /** A commit of this test alone. */
  readonly sha: string;
  /** The home of the user that runs the step. */
  readonly home: string;
  /** The folder of build contexts. */
  readonly folder: string;
  /** Writes a build context; resolves to its path. */
  readonly context: (name: string, files: Readonly<Record<string, string>>) => Promise<string>;
  readonly step: (inputs: Readonly<Record<string, string>>, options?: StepOptions) => Promise<StepResult>;
  /** The docker command, as the user of the machine runs it. */
  readonly docker: (...args: string[]) => Promise<string>;
}

export interface DockerWorldOptions extends SeedOptions {
  readonly immutable?: boolean;
  readonly exceptions?: readonly string[];
  /** Sets up the user's own Docker, with the docker command of that user. */
  readonly prepare?: (docker: (...args: string[]) => Promise<string>) => Promise<void>;
}

let count = 0;

/** Whatever the test does, the user's own Docker configuration must be the same afterwards, to the byte. */
export async function inADockerWorld(
  { immutable = false, exceptions = [], prepare, ...seed }: DockerWorldOptions,
  test: (world: DockerWorld) => Promise<void>,
): Promise<void> {
  const { registry, tls, address } = given();
  const upstream = new Upstream(registry);
  const sim = await startSimulator({ speed: SPEED, world: seedWorld(seed), upstream });
  sim.world.registry.password = registry.password;
  const folder = await mkdtemp(join(tmpdir(), 'docker-test-'));
  const endpoint = await openRegistryEndpoint({ world: sim.world, upstream, tls, host: address, port: 443 });
  try {
    const world = await makeWorld(sim, endpoint, folder);
    const exception = exceptions.length === 0 ? '' : '_WITH_EXCLUSION';
    sim.world.registry.create(
      world.repository,
      `${immutable ? 'IMMUTABLE' : 'MUTABLE'}${exception}`,
      exceptions,
    );
    await prepare?.((...args) => dockerOf(world.home)(...args));
    const before = await fingerprint(world.home);
    await test(world);
    expect(await fingerprint(world.home)).toEqual(before);
  } finally {
    await Promise.all([endpoint.close(), sim.close()]);
    await rm(folder, { recursive: true, force: true });
  }
}

async function makeWorld(sim: Simulator, endpoint: RegistryEndpoint, folder: string): Promise<DockerWorld> {
  const { bin, buildx, dockerHost, caBundle } = given();
  const home = join(folder, 'home');
  await mkdir(join(home, '.docker', 'cli-plugins'), { recursive: true });
  await symlink(buildx, join(home, '.docker', 'cli-plugins', 'docker-buildx'));
  await writeFile(
    join(home, '.docker', 'config.json'),
    JSON.stringify({
      auths: { 'registry.example.com': { auth: Buffer.from('someone:else').toString('base64') } },
      credHelpers: { [HOST]: 'ecr-login' },
      detachKeys: 'ctrl-e,e',
    }),
  );
  count += 1;
  const repository = `team/test-${count}-${randomBytes(3).toString('hex')}`;
  const sha = createHash('sha1').update(repository).digest('hex');
  const env = {
    PATH: `${bin}:/usr/local/bin:/usr/bin:/bin`,
    HOME: home,
    DOCKER_HOST: dockerHost,
    SSL_CERT_FILE: caBundle,
    GITHUB_SHA: sha,
  };
  return {
    sim,
    endpoint,
    repository,
    sha,
    home,
    folder,
    async context(name, files) {
      const path = join(folder, name);
      for (const [file, text] of Object.entries(files)) {
        await mkdir(dirname(join(path, file)), { recursive: true });
        await writeFile(join(path, file), text);
      }
      // The only program that the images have: no base image is needed.
      await writeFile(join(path, 'busybox'), await readFile(join(bin, 'busybox')), { mode: 0o755 });
      return path;
    },
    step: (inputs, options = {}) =>
      runStep(
        {
          cluster: 'demo',
          service: 'backend',
          'container-name': 'backend',
          'ecr-repository': repository,
          'poll-interval-seconds': '0.1',
          'health-check-interval-seconds': '0.1',
          ...inputs,
        },
        sim.env,
        { ...options, env: { ...env, ...options.env } },
      ),
    // A home of its own, so that the one of the step stays as it was.
    docker: (...args) => command(join(bin, 'docker'), args, { env: { DOCKER_HOST: dockerHost } }),
  };
}

/** The docker command of a user. */
function dockerOf(home: string): (...args: string[]) => Promise<string> {
  const { bin, dockerHost } = given();
  const env = { HOME: home, DOCKER_HOST: dockerHost };
  return (...args) => {
    // A context is not used where DOCKER_HOST says otherwise.
    const isAboutContexts = args[0] === 'context';
    return command(join(bin, 'docker'), args, { env: isAboutContexts ? { ...env, DOCKER_HOST: '' } : env });
  };
}

/** A Dockerfile of one program. */
export const BUSYBOX = ['FROM scratch', 'COPY busybox /bin/busybox'];

/** A step of a Dockerfile: the image has no shell but this one. */
export function run(script: string): string {
  return `RUN ["/bin/busybox", "sh", "-c", ${JSON.stringify(script)}]`;
}

export function dockerfile(...lines: string[]): string {
  return [...BUSYBOX, ...lines, ''].join('\n');
}

/** Takes the steps that have this text out of the engine's build cache, which may be a person's: the rest of it stays. */
export async function forgetSteps({ docker }: DockerWorld, text: string): Promise<void> {
  const onEngine = (words: readonly string[]): Promise<string> => docker(...words);
  const records = (await cacheOf(onEngine)).filter(({ Description }) => Description.includes(text));
  expect(records).not.toEqual([]);
  await removeCache(
    onEngine,
    records.map(({ ID }) => ID),
  );
}

/** Digest, media type and config of what a reference is in the registry, past everything that ECR adds. */
export async function inspect(
  repository: string,
  reference: string,
): Promise<{
  readonly digest: string | undefined;
  readonly manifest: Manifest;
  readonly config: ImageConfig;
}> {
  const answer = await ask(`${repository}/manifests/${reference}`);
  const manifest = (await answer.json()) as Manifest;
  const config = manifest.config && (await ask(`${repository}/blobs/${manifest.config.digest}`));
  return {
    digest: answer.headers.get('docker-content-digest') ?? undefined,
    manifest,
    config: config === undefined ? {} : ((await config.json()) as ImageConfig),
  };
}

export interface Manifest {
  readonly mediaType?: string;
  readonly config?: { readonly digest: string };
  readonly manifests?: readonly {
    readonly platform?: { readonly os: string; readonly architecture: string };
  }[];
}

export interface ImageConfig {
  readonly architecture?: string;
  readonly config?: { readonly Labels?: Readonly<Record<string, string>> };
  readonly history?: readonly unknown[];
}

export async function tagsOf(repository: string): Promise<string[]> {
  const answer = await ask(`${repository}/tags/list`);
  if (answer.status === 404) return [];
  return (((await answer.json()) as { tags: string[] | null }).tags ?? []).sort();
}

function ask(path: string): Promise<Response> {
  const { url, username, password } = given().registry;
  return fetch(`${url}/v2/${path}`, {
    headers: {
      authorization: `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`,
      accept: [
        'application/vnd.oci.image.index.v1+json',
        'application/vnd.oci.image.manifest.v1+json',
        'application/vnd.docker.distribution.manifest.list.v2+json',
        'application/vnd.docker.distribution.manifest.v2+json',
      ].join(', '),
    },
  });
}

/** Everything that a step left, as one text: where a secret must not be. */
export function everythingOf(result: StepResult): string {
  const { log, outputs, summary, report, post } = result;
  return [log, JSON.stringify(outputs), summary, JSON.stringify(report), post.log].join('\n');
}

async function fingerprint(home: string): Promise<Record<string, string>> {
  const entries = await readdir(home, { recursive: true, withFileTypes: true });
  const described = entries.map(async (entry) => {
    const path = join(entry.parentPath, entry.name);
    const { mode } = await lstat(path);
    const content = entry.isFile()
      ? createHash('sha256')
          .update(await readFile(path))
          .digest('hex')
      : '';
    return [path, `${mode} ${content}`] as const;
  });
  return Object.fromEntries(await Promise.all(described));
}
