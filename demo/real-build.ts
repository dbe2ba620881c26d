import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { ToolMissing, execute, type Ended } from '../src/runtime/exec.ts';

/** An image of `backend/` that Docker has built on this machine. */
export interface RealImage {
  /** The commit that it was built from, and that its `/version` answers. */
  readonly commit: string;
  readonly digest: string;
}

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const NAME = 'ecs-fargate-deploy-demo:latest';
const LOOK_SECONDS = 15;
const BUILD_SECONDS = 900;
const START_SECONDS = 30;

/** Nothing ends it: what cleans up, and what has to be known to clean up. */
const never = new AbortController().signal;

/**
 * Builds `backend/`, starts it and asks it for its health and version, all for real; removes container and image again,
 * also where the process is interrupted, and rejects then. Says why not where Docker does not work here, and resolves to
 * undefined then. PYTHON_IMAGE in the environment is another base.
 */
export async function buildForReal(say: (text: string) => void): Promise<RealImage | undefined> {
  const interrupted = new AbortController();
  const stop = (name: string): void => {
    interrupted.abort(new Error(`The demonstration was interrupted (${name}).`));
  };
  process.once('SIGINT', stop).once('SIGTERM', stop);
  try {
    return await buildAndAsk(say, interrupted.signal);
  } finally {
    process.off('SIGINT', stop).off('SIGTERM', stop);
  }
}

async function buildAndAsk(say: (text: string) => void, signal: AbortSignal): Promise<RealImage | undefined> {
  const version = await docker(['version', '--format', '{{.Server.Version}}'], LOOK_SECONDS, signal);
  if (version.exitCode !== 0) {
    say(`No Docker works here (${lastOf(version)}). The good release is an image of the simulation.`);
    return undefined;
  }
  const commit = (await run('git', ['rev-parse', 'HEAD'], LOOK_SECONDS, signal)).stdout.trim() || 'demo';
  say(
    `Docker ${version.stdout.trim()} works here, so the good release is built for real: backend/ at ${commit}.\n`,
  );
  // Without a value, an argument is that of the environment, if there is one.
  const base = process.env['PYTHON_IMAGE'] === undefined ? [] : ['--build-arg', 'PYTHON_IMAGE'];
  const args = ['build', '--build-arg', `GIT_SHA=${commit}`, ...base, '--tag', NAME, 'backend'];
  say(`$ docker ${args.join(' ')}`);
  const built = await docker(args, BUILD_SECONDS, signal, say);
  if (built.exitCode !== 0) {
    say(`It cannot be built here (${lastOf(built)}). The good release is an image of the simulation.`);
    return undefined;
  }
  try {
    const { stdout } = await docker(['image', 'inspect', '--format', '{{.Id}}', NAME], LOOK_SECONDS, signal);
    await askContainer(say, signal);
    return { commit, digest: stdout.trim() };
  } finally {
    // Its layers stay in the build cache, so that the next time is as fast.
    await docker(['image', 'rm', '--force', NAME], LOOK_SECONDS, never);
  }
}

/** Throws where the container does not answer: then the demonstration has failed. */
async function askContainer(say: (text: string) => void, signal: AbortSignal): Promise<void> {
  const args = [
    'run',
    '--rm',
    '--detach',
    '--publish',
    '127.0.0.1::8000',
    '--read-only',
    '--tmpfs',
    '/tmp',
    NAME,
  ];
  say(`\n$ docker ${args.join(' ')}`);
  const started = await docker(args, LOOK_SECONDS, never);
  const container = started.stdout.trim();
  if (started.exitCode !== 0) throw new Error(`The container does not start: ${lastOf(started)}`);
  try {
    const { stdout: port } = await docker(['port', container, '8000'], LOOK_SECONDS, signal);
    const url = `http://${port.split('\n')[0] ?? ''}`;
    for (let tries = START_SECONDS * 10; !(await answers(`${url}/health`)); tries -= 1) {
      if (tries === 0) throw new Error(`The container does not answer at ${url}.`);
      await sleep(100, undefined, { signal });
    }
    for (const path of ['/health', '/version']) {
      say(`GET ${path}  ${await (await fetch(`${url}${path}`)).text()}`);
    }
  } finally {
    await docker(['rm', '--force', '--volumes', container], LOOK_SECONDS, never);
  }
}

async function answers(url: string): Promise<boolean> {
  return fetch(url).then(
    ({ ok }) => ok,
    () => false,
  );
}

function docker(
  args: readonly string[],
  seconds: number,
  signal: AbortSignal,
  say?: (text: string) => void,
): Promise<Ended> {
  return run('docker', args, seconds, signal, say);
}

async function run(
  tool: string,
  args: readonly string[],
  deadlineSeconds: number,
  signal: AbortSignal,
  onLine: (text: string) => void = () => undefined,
): Promise<Ended> {
  const env = Object.fromEntries(
    Object.entries(process.env).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );
  try {
    return await execute({ tool, args, env, cwd: ROOT, deadlineSeconds, onLine }, signal);
  } catch (error) {
    if (error instanceof ToolMissing) return { exitCode: 127, stdout: '', lastLines: [error.message] };
    throw error;
  }
}

function lastOf({ lastLines }: Ended): string {
  return (lastLines.findLast((line) => line.trim() !== '') ?? 'it says nothing').replace(/\.$/, '');
}
