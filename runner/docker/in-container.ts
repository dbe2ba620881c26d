/**
 * The tests in a Linux container, with an engine of their own in it: for an engine that cannot be told of names and
 * certificates from here, such as Docker Desktop's or that of another machine.
 */
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { command, type Docker } from './command.ts';
import { run, throwIfInterrupted } from './foreground.ts';

/** Debian, with Node, npm and git. */
const IMAGE = 'node:24-bookworm';
const LABEL = 'ecs-fargate-deploy.tests=docker';
const REPOSITORY = '/repository';

/** The longest that a container outlives tests that were killed. */
const SECONDS = 7200;

/** Without a reason, the code that the tests ended with. */
export type InContainer = { readonly code: number } | { readonly whyNot: string };

/** As the user, with the user's docker command. */
export async function testInContainer(root: string, args: readonly string[]): Promise<InContainer> {
  await removeContainers();
  const pulled = await provideImage();
  if (typeof pulled === 'object') return pulled;
  try {
    const started = await startContainer();
    if (typeof started === 'object') return started;
    await copyRepository(root, started);
    throwIfInterrupted();
    const script = ['sh', `${REPOSITORY}/runner/docker/in-container.sh`, ...args];
    return { code: await run('docker', ['exec', started, ...script], { cwd: root }) };
  } finally {
    await removeContainers();
    if (pulled) await docker(['image', 'rm', IMAGE]);
  }
}

const docker: Docker = (words) => command('docker', words);

/** Also one of an earlier run that was killed. */
async function removeContainers(): Promise<void> {
  const found = await docker(['ps', '--all', '--quiet', '--filter', `label=${LABEL}`]);
  const ids = found.split('\n').filter((id) => id !== '');
  if (ids.length > 0) await docker(['rm', '--force', '--volumes', ...ids]);
}

/** Whether it had to be pulled. */
async function provideImage(): Promise<boolean | { readonly whyNot: string }> {
  const has = await docker(['image', 'inspect', '--format', '{{.Id}}', IMAGE]).then(
    () => true,
    () => false,
  );
  if (has) return false;
  return docker(['pull', '--quiet', IMAGE]).then(
    () => true,
    (error: unknown) => ({ whyNot: `the image ${IMAGE} cannot be had: ${lastLine(error)}` }),
  );
}

/** It waits for the tests. An engine cannot keep its images on the file system of a container: /tmp is a volume. */
async function startContainer(): Promise<string | { readonly whyNot: string }> {
  const settings = ['--privileged', '--volume', '/tmp', '--workdir', REPOSITORY, '--label', LABEL];
  const waiting = [IMAGE, 'sleep', String(SECONDS)];
  return docker(['run', '--detach', '--rm', '--env', 'EFD_DOCKER=own', ...settings, ...waiting]).then(
    (id) => id.trim(),
    (error: unknown) => ({ whyNot: `a privileged container cannot be started: ${lastLine(error)}` }),
  );
}

/** The tracked files, as they are in the work tree. */
async function copyRepository(root: string, container: string): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'efd-repository-'));
  try {
    const listed = await command('git', ['ls-files', '-z'], { cwd: root });
    for (const name of listed.split('\0').filter((each) => each !== '' && existsSync(join(root, each)))) {
      await cp(join(root, name), join(folder, name), { verbatimSymlinks: true, recursive: true });
    }
    await docker(['cp', '--quiet', `${folder}/.`, `${container}:${REPOSITORY}`]);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function lastLine(error: unknown): string {
  return String(error).trim().split('\n').at(-1) ?? '';
}
