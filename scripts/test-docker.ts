/**
 * The tests with a real Docker engine, buildx and registry:
 *
 *   npm run test:docker                    all of them
 *   npm run test:docker -- secrets         those whose file has this in its name
 *
 * The engine is that of this machine, where it has one. EFD_DOCKER chooses another one:
 *
 *   machine     the one that the docker command finds. On this machine, the registry gets the name that it has in ECR and
 *               a certificate by lines in /etc/hosts and files in /etc/docker/certs.d. Needs Linux and root, or sudo
 *               without a password
 *   container   one of its own in a privileged container of that one: for Docker Desktop and engines elsewhere
 *   own         one of its own beside it, from this machine's programs or Debian's packages, in a mount namespace in which
 *               the registry has its name. Needs Linux and root, or sudo without a password
 *
 * What is added is taken out at the end, and the machine's own configuration of Docker is the same as before, to the byte.
 */
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ADDRESS } from '../runner/docker/bridge.ts';
import { choose, ENGINES, PROGRAMS, type EngineName, type Facts } from '../runner/docker/choice.ts';
import { command, which } from '../runner/docker/command.ts';
import { configurationDigest } from '../runner/docker/configuration.ts';
import { run, watchForInterruption } from '../runner/docker/foreground.ts';
import { HOSTS, withHosts } from '../runner/docker/hosts.ts';
import { testInContainer } from '../runner/docker/in-container.ts';
import { findMachineEngine, type MachineEngine } from '../runner/docker/machine-engine.ts';
import { CANNOT_BE_TAUGHT, hasLeftovers } from '../runner/docker/teach.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const SUITE = fileURLToPath(new URL('docker-suite.ts', import.meta.url));

const CLEAN = fileURLToPath(new URL('docker-clean.ts', import.meta.url));

const say = (text: string): void => {
  process.stdout.write(`${text}\n`);
};

async function main(args: readonly string[]): Promise<number> {
  watchForInterruption({ parent: false });
  const facts = await lookAround();
  const choice = choose(facts);
  if (choice.engine === 'none') return notRun(choice.why, facts);
  if (facts.isRoot && (await hasLeftovers(HOSTS))) await command(...asRoot([process.execPath, CLEAN]));
  const before = await configurationDigest();
  const code = await START[choice.engine](facts, args);
  if ((await configurationDigest()) === before) return code;
  say("The tests have changed this machine's own configuration of Docker.");
  return 1;
}

interface Surroundings extends Facts {
  readonly machine?: MachineEngine;
}

async function lookAround(): Promise<Surroundings> {
  const [machine, isRoot, apt, dpkg, programs] = await Promise.all([
    findMachineEngine(),
    mayBeRoot(),
    which('apt-get'),
    which('dpkg-deb'),
    Promise.all(Object.keys(PROGRAMS).map(async (name) => [name, await hasForRoot(name)] as const)),
  ]);
  const asked = askedFor(process.env['EFD_DOCKER']);
  return {
    ...(asked === undefined ? {} : { asked }),
    ...(machine === undefined ? {} : { machine }),
    platform: process.platform,
    isRoot,
    hasPackages: apt !== undefined && dpkg !== undefined,
    lacking: programs.filter(([, isThere]) => !isThere).map(([name]) => name),
  };
}

/** Root's programs are often not on the path of others. */
async function hasForRoot(name: string): Promise<boolean> {
  return (await which(name)) !== undefined || ['/usr/sbin', '/sbin'].some((at) => existsSync(join(at, name)));
}

function askedFor(value: string | undefined): EngineName | undefined {
  if (value === undefined || value === '') return undefined;
  const found = ENGINES.find((name) => name === value);
  if (found === undefined) throw new Error(`EFD_DOCKER is "${value}"; it can be ${ENGINES.join(', ')}.`);
  return found;
}

async function mayBeRoot(): Promise<boolean> {
  if (process.getuid?.() === 0) return true;
  return command('sudo', ['--non-interactive', 'true']).then(
    () => true,
    () => false,
  );
}

/** What was asked for and cannot be had is a failure; else there is nothing to be done about it here. */
function notRun(why: string, { asked }: Facts): number {
  say(asked === undefined ? `SKIPPED: ${why}` : `EFD_DOCKER=${asked} cannot be had: ${why}`);
  say(asked === undefined ? '\n0 passed, 0 failed, 1 skipped' : '\n0 passed, 1 failed, 0 skipped');
  return asked === undefined ? 0 : 1;
}

const START: Readonly<Record<EngineName, (facts: Surroundings, args: readonly string[]) => Promise<number>>> =
  {
    async machine(facts, args) {
      const code = await suite(args, { machine: facts.machine }, () => []);
      if (code !== CANNOT_BE_TAUGHT) return code;
      const why = 'the engine of this machine does not get to the registry.';
      return facts.asked === 'machine' ? notRun(why, facts) : START.container(facts, args);
    },

    async container(facts, args) {
      say(`Engine: one of its own, in a container on Docker ${facts.machine?.version ?? ''}.`);
      const ended = await testInContainer(ROOT, args);
      return 'whyNot' in ended ? notRun(ended.whyNot, facts) : ended.code;
    },

    own: (_facts, args) =>
      suite(args, {}, async (work) => {
        const hosts = join(work, 'hosts');
        await writeFile(hosts, withHosts(await readFile('/etc/hosts', 'utf8'), ADDRESS, HOSTS));
        const inNamespace = 'mount --bind "$1" /etc/hosts && shift && exec "$@"';
        return ['unshare', '--mount', '--propagation', 'private', 'sh', '-c', inNamespace, 'sh', hosts];
      }),
  };

/** Runs docker-suite.ts as root, in what `around` starts. */
async function suite(
  args: readonly string[],
  engine: { readonly machine?: MachineEngine | undefined },
  around: (work: string) => readonly string[] | Promise<readonly string[]>,
): Promise<number> {
  const work = await mkdtemp(join(tmpdir(), 'efd-docker-'));
  try {
    const [uid, gid] = [process.getuid?.(), process.getgid?.()];
    const order = { ...engine, work, args, ...(uid === 0 ? {} : { user: { uid, gid } }) };
    const start = [process.execPath, SUITE, JSON.stringify(order)];
    return await run(...asRoot([...(await around(work)), ...start]), { cwd: ROOT });
  } finally {
    await command(...asRoot(['rm', '--recursive', '--force', work]));
  }
}

function asRoot(words: readonly string[]): [tool: string, args: readonly string[]] {
  const [tool = '', ...rest] = words;
  if (process.getuid?.() === 0) return [tool, rest];
  return ['sudo', ['--non-interactive', '--preserve-env', 'env', ...kept(['PATH', 'HOME']), ...words]];
}

/** What sudo may set again in spite of --preserve-env. */
function kept(names: readonly string[]): string[] {
  return names.map((name) => `${name}=${process.env[name] ?? ''}`);
}

process.exitCode = await main(process.argv.slice(2)).catch((error: unknown) => {
  say(error instanceof Error ? error.message : String(error));
  return 1;
});
