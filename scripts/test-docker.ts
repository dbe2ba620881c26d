/**
 * The tests with a real Docker engine, buildx and registry:
 *
 *   npm run test:docker                    all of them
 *   npm run test:docker -- secrets         those whose file has this in its name
 *
 * It starts a Docker engine of its own, from this machine's programs or Debian's packages, and a registry on loopback, in
 * a mount namespace where the registry's host has the name that it has in ECR. Nothing outside of it changes, and
 * everything ends with the tests. It needs Linux and root, or sudo without a password.
 */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { DockerTestWorld } from '../__tests__/docker/given.ts';
import { makeCertificate } from '../runner/docker/certificate.ts';
import { command } from '../runner/docker/command.ts';
import { ADDRESS, startEngine } from '../runner/docker/engine.ts';
import { providePythonBase } from '../runner/docker/python-base.ts';
import { startRegistry } from '../runner/docker/registry.ts';
import { findTools } from '../runner/docker/tools.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const SELF = fileURLToPath(import.meta.url);
const CACHE = join(ROOT, 'node_modules', '.cache', 'docker-tests');

const HOSTS = ['123456789012', '210987654321'].map((id) => `${id}.dkr.ecr.us-east-1.amazonaws.com`);

const say = (text: string): void => {
  process.stdout.write(`${text}\n`);
};

async function main(): Promise<number> {
  const [first, work, ...others] = process.argv.slice(2);
  if (first === '--inside' && work !== undefined) return inside(work, others);
  const why = await whyNot();
  if (why !== undefined) {
    say(`SKIPPED: ${why}\n\n0 passed, 0 failed, 1 skipped`);
    return 0;
  }
  if (process.getuid?.() !== 0) {
    return run('sudo', [
      '--non-interactive',
      '--preserve-env',
      process.execPath,
      SELF,
      ...process.argv.slice(2),
    ]);
  }
  return outside(process.argv.slice(2));
}

/** Undefined where the tests can run here. */
async function whyNot(): Promise<string | undefined> {
  if (process.platform !== 'linux') return 'a host gets its name in a mount namespace, which Linux has.';
  if (process.getuid?.() === 0) return undefined;
  return command('sudo', ['--non-interactive', 'true']).then(
    () => undefined,
    () => 'a mount namespace and a Docker engine need root, or sudo without a password.',
  );
}

/** Makes the namespace, and looks that the machine's own configuration of Docker is left alone. */
async function outside(args: readonly string[]): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), 'efd-docker-'));
  const before = await configuration();
  try {
    const hosts = join(folder, 'hosts');
    await writeFile(hosts, `${await readFile('/etc/hosts', 'utf8')}\n${ADDRESS} ${HOSTS.join(' ')}\n`);
    const inNamespace = 'mount --bind "$1" /etc/hosts && shift && exec "$@"';
    const code = await run('unshare', [
      ...['--mount', '--propagation', 'private', 'sh', '-c', inNamespace, 'sh', hosts],
      ...[process.execPath, SELF, '--inside', folder, ...args],
    ]);
    if ((await configuration()) === before) return code;
    say("The tests have changed this machine's own configuration of Docker.");
    return 1;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function inside(work: string, args: readonly string[]): Promise<number> {
  await mkdir(CACHE, { recursive: true });
  const tools = await findTools(CACHE);
  say(`Engine: ${tools.origin}.`);
  const certificate = await makeCertificate(work, HOSTS);
  const user = { username: 'AWS', password: 'a-token-of-the-docker-tests' };
  const registry = await startRegistry(tools, join(work, 'registry'), user);
  try {
    const engine = await startEngine(tools, join(work, 'engine'), certificate.bundle);
    try {
      const docker = (words: readonly string[]): Promise<string> =>
        command(join(tools.bin, 'docker'), words, { env: { DOCKER_HOST: engine.host } });
      const baseNote = join(work, 'base.txt');
      const given: DockerTestWorld = {
        address: ADDRESS,
        registry: { url: registry.url, ...user },
        tls: { key: certificate.key, cert: certificate.cert },
        caBundle: certificate.bundle,
        dockerHost: engine.host,
        bin: tools.bin,
        buildx: tools.buildx,
        baseNote,
      };
      const base = needsBase(args) ? provideBase(docker, baseNote) : Promise.resolve();
      try {
        return await jest(given, args);
      } finally {
        await base;
      }
    } finally {
      await engine.stop();
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
async function provideBase(
  docker: (words: readonly string[]) => Promise<string>,
  note: string,
): Promise<void> {
  const told = await providePythonBase(CACHE, docker, join(ROOT, 'backend', 'requirements.txt')).then(
    (origin) => `ok ${origin}`,
    (error: unknown) => `failed ${String(error)}`,
  );
  await writeFile(`${note}.new`, told);
  await rename(`${note}.new`, note);
}

function jest(given: DockerTestWorld, args: readonly string[]): Promise<number> {
  const script = join(ROOT, 'node_modules', 'jest', 'bin', 'jest.js');
  return run(
    process.execPath,
    ['--experimental-vm-modules', '--no-warnings', script, '--config', 'jest.docker.config.js', ...args],
    { ...process.env, DOCKER_TEST_WORLD: JSON.stringify(given) },
  );
}

/** Runs a program in the foreground. A signal to this process goes to it, and its end is waited for. */
function run(tool: string, args: readonly string[], env: NodeJS.ProcessEnv = process.env): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn(tool, args, { stdio: 'inherit', cwd: ROOT, env });
    const pass = (signal: NodeJS.Signals): void => {
      child.kill(signal);
    };
    process.on('SIGINT', pass).on('SIGTERM', pass);
    child.on('error', reject);
    child.on('close', (code) => {
      process.off('SIGINT', pass).off('SIGTERM', pass);
      resolve(code ?? 1);
    });
  });
}

/** A digest of every file of the user's and the machine's configuration of Docker. */
async function configuration(): Promise<string> {
  const sum = createHash('sha256');
  for (const folder of [join(homedir(), '.docker'), '/etc/docker']) {
    if (!existsSync(folder)) continue;
    const entries = await readdir(folder, { recursive: true, withFileTypes: true });
    for (const entry of entries.filter((each) => each.isFile())) {
      const path = join(entry.parentPath, entry.name);
      sum.update(path).update(await readFile(path));
    }
  }
  return sum.digest('hex');
}

process.exitCode = await main();
