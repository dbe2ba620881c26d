/** A dry run of release.yml: its scripts in a clone, with a `gh` that writes down what it is told. */
import { execFileSync } from 'node:child_process';
import { chmod, cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { runJob, type JobRun } from '../runner/workflow-job.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const { version } = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8')) as { version: string };
const TAG = `v${version}`;
const MAJOR = TAG.replace(/\..*/, '');

/** Answers `release view` as GH_HAS says, `release verify` as GH_IMMUTABLE says; keeps the notes. */
const GH = `#!/bin/sh
echo "$*" >> "$HOME/gh.log"
case "$2" in
  create) while [ $# -gt 0 ]; do [ "$1" = --notes-file ] && cp "$2" "$HOME/notes.md"; shift; done ;;
  view) [ "$3" = "$GH_HAS" ] ;;
  verify*) [ "$GH_IMMUTABLE" = yes ] ;;
esac
`;

let folder = '';
let clone = '';

function git(...args: readonly string[]): string {
  return execFileSync('git', args, { cwd: clone, encoding: 'utf8' }).trim();
}

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'release-'));
  clone = join(folder, 'clone');
  execFileSync('git', ['init', '--quiet', '--bare', join(folder, 'origin.git')]);
  execFileSync('git', ['clone', '--quiet', join(folder, 'origin.git'), clone], { stdio: 'ignore' });
  for (const file of ['package.json', 'package-lock.json', 'CHANGELOG.md'])
    await cp(join(ROOT, file), join(clone, file));
  await mkdir(join(clone, 'dist'));
  await writeFile(join(clone, 'dist', 'index.js'), '// the bundle\n');
  git('config', 'user.name', 'Octocat');
  git('config', 'user.email', 'octocat@example.com');
  git('switch', '--quiet', '--create', 'main');
  git('add', '.');
  git('commit', '--quiet', '--message', 'Release');
  git('push', '--quiet', '--set-upstream', 'origin', 'main');
  await writeFile(join(folder, 'gh'), GH);
  await chmod(join(folder, 'gh'), 0o755);
});

afterEach(() => rm(folder, { recursive: true, force: true }));

function release(job: string, tag: string, more: Record<string, string> = {}): Promise<JobRun> {
  return runJob({
    file: 'release.yml',
    job,
    contexts: { github: { ref_name: tag, token: 'ghs_x' } },
    workspace: clone,
    env: {
      PATH: `${folder}:${process.env['PATH'] ?? ''}`,
      HOME: folder,
      GH_IMMUTABLE: 'yes',
      GH_HAS: '',
      ...more,
    },
  });
}

async function told(): Promise<string[]> {
  return (await readFile(join(folder, 'gh.log'), 'utf8')).trim().split('\n');
}

async function packagesIn(sbom: string): Promise<string[]> {
  interface Sbom {
    readonly components: readonly { readonly group?: string; readonly name: string }[];
  }
  const { components } = JSON.parse(await readFile(join(clone, sbom), 'utf8')) as Sbom;
  return components.map(({ group, name }) => (group === undefined ? name : `${group}/${name}`));
}

describe('a release', () => {
  test('of this version can be made: whole as a draft, then published, verified, and followed by the major tag', async () => {
    git('tag', TAG);
    git('push', '--quiet', 'origin', TAG);
    expect(await release('version', TAG)).toMatchObject({ status: 'success' });
    const made = await release('release', TAG);
    expect([made.status, made.ran.filter((step) => step.includes('attest'))]).toEqual([
      'success',
      // The bundle, and the list of the packages in it.
      [expect.stringContaining('actions/attest'), expect.stringContaining('actions/attest')],
    ]);
    expect(await packagesIn('sbom.cdx.json')).toEqual(
      expect.arrayContaining(['@aws-sdk/client-ecs', 'yaml']),
    );
    expect(await told()).toEqual([
      expect.stringMatching(
        new RegExp(`^release create ${TAG} --draft .* dist/index\\.js sbom\\.cdx\\.json$`),
      ),
      `release edit ${TAG} --draft=false --latest`,
      `release verify ${TAG}`,
      `release verify-asset ${TAG} dist/index.js`,
      `release view ${MAJOR}`,
    ]);
    const notes = await readFile(join(folder, 'notes.md'), 'utf8');
    expect(notes.trim()).not.toBe('');
    expect(notes).not.toContain('## ');
    expect(git('ls-remote', 'origin', `refs/tags/${MAJOR}`)).toContain(git('rev-parse', 'HEAD'));
  });

  test('moves the major tag from an older one', async () => {
    git('tag', MAJOR);
    git('push', '--quiet', 'origin', MAJOR);
    git('commit', '--quiet', '--allow-empty', '--message', 'Later');
    git('push', '--quiet');
    git('tag', TAG);
    expect(await release('release', TAG)).toMatchObject({ status: 'success' });
    expect(git('ls-remote', 'origin', `refs/tags/${MAJOR}`)).toContain(git('rev-parse', 'HEAD'));
  });

  test.each([
    ['it is not immutable', { GH_IMMUTABLE: 'no' }, ''],
    ['the major tag carries a release', { GH_HAS: MAJOR }, `${MAJOR} carries a release`],
  ])('moves no tag where %s', async (_, more, says) => {
    git('tag', TAG);
    const { status, log } = await release('release', TAG, more);
    expect([status, log]).toEqual(['failure', expect.stringContaining(says)]);
    expect(git('ls-remote', 'origin', `refs/tags/${MAJOR}`)).toBe('');
  });
});

describe('no release is made', () => {
  test('of a tag that is not the version', async () => {
    expect(await release('version', 'v0.0.1')).toMatchObject({ status: 'failure' });
  });

  test('without notes in CHANGELOG.md', async () => {
    await writeFile(join(clone, 'CHANGELOG.md'), '# Changelog\n');
    expect(await release('version', TAG)).toMatchObject({ status: 'failure' });
  });

  test('of a commit that is not on main', async () => {
    git('commit', '--quiet', '--allow-empty', '--message', 'Aside');
    expect(await release('version', TAG)).toMatchObject({ status: 'failure' });
  });
});

test('the version is said in one way everywhere', async () => {
  const [readme, lock] = await Promise.all(
    ['README.md', 'package-lock.json'].map((file) => readFile(join(ROOT, file), 'utf8')),
  );
  expect(readme).toContain(`This is ${version};`);
  expect((JSON.parse(lock ?? '') as { version: string }).version).toBe(version);
});
