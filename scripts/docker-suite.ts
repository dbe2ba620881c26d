/**
 * The tests on one engine, as root, for test-docker.ts. The engine is that of the machine, or is started here; then
 * /etc/hosts is one of this process's own already.
 */
import { existsSync } from 'node:fs';
import { chmod, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { DockerTestWorld } from '../__tests__/docker/given.ts';
import { ADDRESS } from '../runner/docker/bridge.ts';
import { makeCertificate, type Certificate } from '../runner/docker/certificate.ts';
import { command, type Docker } from '../runner/docker/command.ts';
import { run, throwIfInterrupted, watchForInterruption } from '../runner/docker/foreground.ts';
import { HOSTS } from '../runner/docker/hosts.ts';
import { readEngine, removeLeftovers, type Before } from '../runner/docker/leftovers.ts';
import { describeStore, type MachineEngine } from '../runner/docker/machine-engine.ts';
import { startEngine } from '../runner/docker/own-engine.ts';
import { providePythonBase, PYTHON_BASE } from '../runner/docker/python-base.ts';
import { startRegistry } from '../runner/docker/registry.ts';
import { CANNOT_BE_TAUGHT, teachEngine, unteachEngine } from '../runner/docker/teach.ts';
import { findTools, type DockerTools } from '../runner/docker/tools.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const CACHE = join(ROOT, 'node_modules', '.cache', 'docker-tests');
const JOURNAL = join(CACHE, 'before.json');

/** What test-docker.ts asks for. */
interface Order {
  /** A folder of this run. */
  readonly work: string;
  /** Which tests. */
  readonly args: readonly string[];
  readonly machine?: MachineEngine;
  /** Whose tests they are, where that is not root. */
  readonly user?: { readonly uid: number; readonly gid: number };
}

/** An engine that is ready for the tests. */
interface ReadyEngine {
  readonly host: string;
  readonly tools: DockerTools;
  readonly docker: Docker;
  readonly certificate: Certificate;
  readonly containerdStore: boolean;
  readonly isOwn: boolean;
}

const say = (text: string): void => {
  process.stdout.write(`${text}\n`);
};

async function main(order: Order): Promise<number> {
  watchForInterruption({ parent: true });
  const work = join(order.work, 'suite');
  await mkdir(work);
  await chmod(order.work, 0o755);
  await mkdir(CACHE, { recursive: true });
  try {
    return await (order.machine === undefined
      ? onOwnEngine({ ...order, work })
      : onMachineEngine({ ...order, work }, order.machine));
  } finally {
    // For want of test-docker.ts, which may have been killed. An engine of its own has mounts here as long as this runs.
    await rm(order.work, { recursive: true, force: true }).catch(() => undefined);
    // The user installs again without being root.
    if (order.user !== undefined)
      await command('chown', ['-R', `${order.user.uid}:${order.user.gid}`, CACHE]);
  }
}

async function onOwnEngine(order: Order): Promise<number> {
  const tools = await findTools(CACHE, { engine: true });
  const certificate = await makeCertificate(order.work, HOSTS);
  throwIfInterrupted();
  const engine = await startEngine(tools, join(order.work, 'engine'), certificate.bundle);
  try {
    const { host } = engine;
    const docker = dockerOn(host, tools, order);
    const version = (await docker(['version', '--format', '{{.Server.Version}}'])).trim();
    say(`Engine: Docker ${version} of its own, from ${tools.origin}, with its images in containerd.`);
    return await tests(order, { host, tools, docker, certificate, containerdStore: true, isOwn: true });
  } finally {
    await engine.stop();
  }
}

async function onMachineEngine(order: Order, machine: MachineEngine): Promise<number> {
  const { host, containerdStore } = machine;
  const tools = await findTools(CACHE, { engine: false });
  const docker = dockerOn(host, tools, order);
  const certificate = await makeCertificate(order.work, HOSTS);
  throwIfInterrupted();
  await unteachEngine(HOSTS);
  try {
    const why = await teachEngine(docker, HOSTS, certificate);
    if (why !== undefined) {
      say(`Docker ${machine.version} of this machine is not used: ${why}`);
      return CANNOT_BE_TAUGHT;
    }
    say(`Engine: Docker ${machine.version} of this machine, with ${describeStore(machine)}.`);
    if (!containerdStore) say('Tests that need more are skipped: the engine keeps no images in containerd.');
    return await leavingNothing(docker, order.work, () =>
      tests(order, { host, tools, docker, certificate, containerdStore, isOwn: false }),
    );
  } finally {
    await unteachEngine(HOSTS);
  }
}

/** What has to be known to clean up. It outlives a run that is killed; the next one finishes its work. */
interface Journal {
  readonly work: string;
  readonly before: Before;
}

async function leavingNothing(docker: Docker, work: string, action: () => Promise<number>): Promise<number> {
  if (existsSync(JOURNAL)) {
    const killed = JSON.parse(await readFile(JOURNAL, 'utf8')) as Journal;
    await removeLeftovers(docker, killed.before, HOSTS);
    await rm(killed.work, { recursive: true, force: true });
  }
  const before = await readEngine(docker);
  await writeFile(JOURNAL, JSON.stringify({ work: dirname(work), before } satisfies Journal));
  try {
    return await action();
  } finally {
    await removeLeftovers(docker, before, HOSTS);
    // Pulled for the tests, if it is not in use meanwhile.
    if (!before.hadBase) await docker(['image', 'rm', PYTHON_BASE]).catch(() => undefined);
    await rm(JOURNAL);
  }
}

async function tests(order: Order, engine: ReadyEngine): Promise<number> {
  const { work, args } = order;
  const { tools, docker, certificate } = engine;
  const user = { username: 'AWS', password: 'a-token-of-the-docker-tests' };
  throwIfInterrupted();
  const registry = await startRegistry(tools, join(work, 'registry'), user);
  try {
    const given: DockerTestWorld = {
      address: ADDRESS,
      registry: { url: registry.url, ...user },
      tls: { key: certificate.key, cert: certificate.cert },
      caBundle: certificate.bundle,
      dockerHost: engine.host,
      containerdStore: engine.containerdStore,
      ownEngine: engine.isOwn,
      bin: tools.bin,
      buildx: tools.buildx,
      baseNote: join(work, 'base.txt'),
    };
    const base = needsBase(args) ? provideBase(docker, given.baseNote) : Promise.resolve();
    try {
      return await jest(given, order);
    } finally {
      await base;
    }
  } finally {
    await registry.stop();
  }
}

/** Whether one of the tests that build backend/ is among those that are asked for. */
function needsBase(args: readonly string[]): boolean {
  return args.length === 0 || args.some((arg) => /backend|demo|service/.test(arg));
}

/** Takes a minute or two; the tests that need it wait for the note. */
async function provideBase(docker: Docker, note: string): Promise<void> {
  const told = await providePythonBase(CACHE, docker, join(ROOT, 'backend')).then(
    (origin) => `ok ${origin}`,
    (error: unknown) => `failed ${String(error)}`,
  );
  await writeFile(`${note}.new`, told);
  await rename(`${note}.new`, note);
}

/**
 * On the engine of the machine as the user, who may take port 443; on one of its own as root, whose it is. It must not
 * outlive this process, however that ends.
 */
function jest(given: DockerTestWorld, { args, user }: Order): Promise<number> {
  const script = join(ROOT, 'node_modules', 'jest', 'bin', 'jest.js');
  const asUser =
    user === undefined || given.ownEngine
      ? []
      : [
          ...[`--reuid=${user.uid}`, `--regid=${user.gid}`, '--init-groups'],
          ...['--inh-caps=+net_bind_service', '--ambient-caps=+net_bind_service'],
        ];
  const words = ['--experimental-vm-modules', '--no-warnings', script, '--config', 'jest.docker.config.js'];
  return run('setpriv', ['--pdeathsig', 'KILL', ...asUser, process.execPath, ...words, ...args], {
    cwd: ROOT,
    env: { ...withoutDocker(process.env), DOCKER_TEST_WORLD: JSON.stringify(given) },
  });
}

/** With a configuration of its own: nothing of the user's is read or written. */
function dockerOn(host: string, tools: DockerTools, { work }: Order): Docker {
  const env = {
    ...Object.fromEntries(
      Object.keys(process.env)
        .filter(isOfDocker)
        .map((name) => [name, undefined]),
    ),
    DOCKER_HOST: host,
    DOCKER_CONFIG: join(work, 'docker-config'),
  };
  return (words) => command(join(tools.bin, 'docker'), words, { env });
}

function withoutDocker(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !isOfDocker(name)));
}

/** The user's settings of Docker and buildx, which the tests must not depend on. */
function isOfDocker(name: string): boolean {
  return /^(?:DOCKER|BUILDX|BUILDKIT)_/.test(name);
}

process.exitCode = await main(JSON.parse(process.argv[2] ?? '') as Order);
