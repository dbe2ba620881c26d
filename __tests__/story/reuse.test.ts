/** Which image is used again: real files, a real git work tree, and a docker command that writes down its calls. */
import { describe, expect, test } from '@jest/globals';
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import type { Simulator } from '../../simulator/simulator.ts';
import type { StepResult } from '../../runner/step.ts';
import { stubDocker } from '../e2e/stub-docker.ts';
import { inAWorld, step } from './world.ts';

const execute = promisify(execFile);

type Texts = Readonly<Record<string, string>>;

/** A checkout of a repository, and a run of the step in it. */
interface Checkout {
  readonly sim: Simulator;
  readonly git: (...args: readonly string[]) => Promise<string>;
  readonly write: (name: string, text: string) => Promise<void>;
  readonly link: (name: string, to: string) => Promise<void>;
  /** Whether a run with these inputs builds, and what its log says about it. */
  readonly run: (inputs?: Texts, env?: Texts) => Promise<Ran>;
}

interface Ran {
  readonly builds: number;
  readonly why: string;
  readonly result: StepResult;
}

const IDENTITY = ['-c', 'user.name=Test', '-c', 'user.email=test@example.com', '-c', 'commit.gpgsign=false'];

/** What becomes of the deployment is another test's subject. */
const UNWATCHED = { 'wait-for-service-stability': 'false' };

/** A work tree with a Dockerfile, a program and a .dockerignore, committed. */
async function inACheckout(act: (checkout: Checkout) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'checkout-'));
  const git = async (...args: readonly string[]): Promise<string> => {
    const { stdout } = await execute('git', [...IDENTITY, ...args], { cwd: folder });
    return stdout.trim();
  };
  const write = async (name: string, text: string): Promise<void> => {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), text);
  };
  try {
    await write('Dockerfile', 'FROM scratch\nCOPY . /app\n');
    await write('app/main.py', 'print(1)\n');
    await write('.dockerignore', '.git\n*.log\n');
    await git('init', '--quiet', '--initial-branch=main');
    await git('add', '.');
    await git('commit', '--quiet', '-m', 'First');
    await inAWorld({}, async (sim) => {
      const docker = await stubDocker();
      const buildsOf = async (): Promise<number> =>
        (await docker.calls()).filter(({ args }) => args[1] === 'build').length;
      const link = (name: string, to: string): Promise<void> => symlink(to, join(folder, name));
      const run: Checkout['run'] = async (inputs = {}, env = {}) => {
        const before = await buildsOf();
        const all = { 'ecr-repository': 'backend', context: folder, ...UNWATCHED, ...inputs };
        const result = await step(sim, all, { env: { PATH: docker.path, ...env } });
        expect(result.exitCode).toBe(0);
        const lines = result.log.split('\n').filter((line) => /The image is (?:built|used again)/.test(line));
        expect(lines).toHaveLength(1);
        return { builds: (await buildsOf()) - before, why: lines[0] ?? '', result };
      };
      await act({ sim, git, write, link, run });
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const BUILT = /The image is built: none is there of commit [0-9a-f]{12}, these \d+ files/;
const REUSED =
  /The image is used again, and nothing is built: it was built of commit [0-9a-f]{12}, these \d+ files/;

describe('an image is used again', () => {
  test('of the same commit, files and inputs, whatever GITHUB_SHA says', () =>
    inACheckout(async ({ git, run }) => {
      const first = await run();
      expect([first.builds, first.why]).toEqual([1, expect.stringMatching(BUILT)]);
      const again = await run({}, { GITHUB_SHA: 'e'.repeat(40) });
      expect([again.builds, again.why]).toEqual([0, expect.stringMatching(REUSED)]);
      expect(again.result.outputs['image']).toBe(first.result.outputs['image']);
      expect(again.why).toContain((await git('rev-parse', 'HEAD')).slice(0, 12));
    }),
  );

  test('where only what .dockerignore leaves out, or a time, has changed', () =>
    inACheckout(async ({ write, run }) => {
      await run();
      await write('debug.log', 'noise\n');
      await write('app/main.py', 'print(1)\n');
      expect(await run()).toMatchObject({ builds: 0, why: expect.stringMatching(REUSED) });
    }),
  );

  test('of a bare build argument with the same value, in any order', () =>
    inACheckout(async ({ run }) => {
      await run({ 'build-args': 'MODE\nA=1' }, { MODE: 'staging' });
      expect((await run({ 'build-args': 'A=1\nMODE' }, { MODE: 'staging' })).builds).toBe(0);
      expect((await run({ 'build-args': 'A=1\nMODE' }, { MODE: 'production' })).builds).toBe(1);
    }),
  );
});

describe('an image is built', () => {
  test('where a file has changed that git does not know of, and where a link is new', () =>
    inACheckout(async ({ write, link, run }) => {
      await write('dist/bundle.js', 'staging\n');
      await run();
      await write('dist/bundle.js', 'production\n');
      const changed = await run();
      expect([changed.builds, changed.why]).toEqual([1, expect.stringMatching(BUILT)]);
      await link('current', 'app');
      expect((await run()).builds).toBe(1);
      expect((await run()).builds).toBe(0);
    }),
  );

  test('of another commit with the same files, and the first one is found again', () =>
    inACheckout(async ({ git, run }) => {
      const first = await run();
      await git('commit', '--quiet', '--allow-empty', '-m', 'Second');
      const second = await run();
      expect([second.builds, second.why]).toEqual([1, expect.stringMatching(BUILT)]);
      expect(second.result.report.image?.tag).toBe(await git('rev-parse', 'HEAD'));
      await git('checkout', '--quiet', 'HEAD~1');
      const back = await run();
      expect(back.builds).toBe(0);
      expect(back.result.outputs['image']).toBe(first.result.outputs['image']);
    }),
  );

  test.each<[string, Record<string, string>]>([
    ['another build argument', { 'build-args': 'A=1' }],
    ['an argument in buildx-args', { 'buildx-args': '--build-arg\nMODE=production' }],
  ])('with %s', (_what, inputs) =>
    inACheckout(async ({ run }) => {
      await run();
      expect(await run(inputs)).toMatchObject({ builds: 1, why: expect.stringMatching(BUILT) });
    }),
  );

  test.each<[string, Record<string, string>, string]>([
    ['no-cache', { 'no-cache': 'true' }, 'no-cache always builds'],
    ['pull', { pull: 'true' }, 'pull always builds'],
  ])('with %s, which the log gives as the reason', (_what, inputs, why) =>
    inACheckout(async ({ run }) => {
      await run();
      expect(await run(inputs)).toMatchObject({ builds: 1, why: expect.stringContaining(why) });
    }),
  );

  test('each time of a branch of a remote context, once where it is pinned to a commit', () =>
    inACheckout(async ({ run }) => {
      const context = 'https://github.com/acme/app.git#';
      const moving = { builds: 1, why: expect.stringContaining('it is not pinned to a full commit SHA') };
      expect(await run({ context: `${context}main` })).toMatchObject(moving);
      expect(await run({ context: `${context}main` })).toMatchObject(moving);
      expect((await run({ context: `${context}${'a'.repeat(40)}` })).builds).toBe(1);
      expect((await run({ context: `${context}${'a'.repeat(40)}` })).builds).toBe(0);
    }),
  );
});
