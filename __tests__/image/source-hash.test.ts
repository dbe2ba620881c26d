import { describe, expect, it } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { hashSource, pinnedCommit, whyItMustBeBuilt, type SourceHash } from '../../src/image/source-hash.ts';
import { execute } from '../../src/runtime/exec.ts';
import { requestOf } from '../fakes/literals.ts';

const BUILD = { ...requestOf().build, reuseImage: true };
type Build = Partial<typeof BUILD>;
const SHA = '0123456789abcdef0123456789abcdef01234567';
const { PATH = '' } = process.env;

/** A workspace with these files. */
function workspace(files: Readonly<Record<string, string>>): string {
  const path = mkdtempSync(join(tmpdir(), 'source-'));
  for (const [name, content] of Object.entries(files)) write(path, name, content);
  return path;
}

function write(path: string, name: string, content: string): void {
  mkdirSync(dirname(join(path, name)), { recursive: true });
  writeFileSync(join(path, name), content);
}

function of(
  path: string,
  build: Build = {},
  {
    context = 'app',
    platforms = ['linux/amd64'],
    env = {},
  }: Partial<Record<'context', string>> & {
    platforms?: readonly string[];
    env?: Readonly<Record<string, string>>;
  } = {},
): Promise<SourceHash> {
  const signal = new AbortController().signal;
  const ctx = { exec: execute, env: { PATH, HOME: path, ...env }, workspace: path, signal };
  return hashSource(ctx, context, { ...BUILD, ...build }, platforms);
}

const FILES = {
  'app/Dockerfile': 'FROM x',
  'app/main.js': '1',
  'assets/logo': '1',
  'Other.Dockerfile': 'FROM y',
};

describe('the hash of a source', () => {
  it('is twelve hex digits, the same for the same files and inputs in any order', async () => {
    const path = workspace(FILES);
    const known = await of(path, { buildArgs: ['A=1', 'B=2'] });
    expect(known).toMatchObject({ kind: 'known', files: 2, hash: expect.stringMatching(/^[0-9a-f]{12}$/) });
    expect(await of(path, { buildArgs: ['B=2', 'A=1'] })).toEqual(known);
    expect(await of(workspace(FILES), { buildArgs: ['A=1', 'B=2'] })).toEqual(known);
    const two = ['linux/arm64', 'linux/amd64'];
    expect(await of(path, {}, { platforms: two })).toEqual(
      await of(path, {}, { platforms: two.toReversed() }),
    );
  });

  it.each<[string, Build, Parameters<typeof of>[2]?]>([
    ['the file', { file: 'Other.Dockerfile' }],
    ['the target', { target: 'app' }],
    ['the platforms', {}, { platforms: ['linux/arm64'] }],
    ['a build argument', { buildArgs: ['A=1'] }],
    ['a build context', { buildContexts: ['assets=assets'] }],
    ['a label', { labels: ['a=1'] }],
    ['provenance', { provenance: 'mode=max' }],
    ['sbom', { sbom: 'true' }],
    ['buildx-args', { buildxArgs: ['--build-arg', 'A=1'] }],
    ['the builder', { builder: 'mine' }],
    ['the id of a secret', { secrets: ['a=1'] }],
    ['the id of a secret of a file', { secretFiles: ['a=x'] }],
    ['the id of a secret of a variable', { secretEnvs: ['a=X'] }],
    ['the date that buildx hands on', {}, { env: { SOURCE_DATE_EPOCH: '1' } }],
  ])('is another one for %s', async (_what, build, more = {}) => {
    const path = workspace(FILES);
    expect(await of(path, build, more)).not.toEqual(await of(path));
  });

  it('does not change with what leaves the image as it is', async () => {
    const path = workspace(FILES);
    const same: Build = { tags: ['v1'], cache: 'gha', secrets: ['a=1'], cacheFrom: ['type=gha'] };
    expect(await of(path, same)).toEqual(await of(path, { secrets: ['a=2'] }));
  });

  it.each<[string, Build]>([
    ['build-args', { buildArgs: ['MODE'] }],
    ['buildx-args', { buildxArgs: ['--build-arg', 'MODE'] }],
    ['buildx-args in one word', { buildxArgs: ['--build-arg=MODE'] }],
  ])('has the value of an argument that %s give by its name alone', async (_what, build) => {
    const path = workspace(FILES);
    const values = ['a', 'b'].map((MODE) => of(path, build, { env: { MODE } }));
    const [one, other] = await Promise.all(values);
    expect(one).not.toEqual(other);
    expect(await of(path, build)).not.toEqual(one);
  });

  it.each<[string, string, Build?]>([
    ['a file of the context', 'app/main.js'],
    ['the Dockerfile', 'app/Dockerfile'],
    ['a Dockerfile elsewhere', 'Other.Dockerfile', { file: 'Other.Dockerfile' }],
    ['a file of a further context', 'assets/logo', { buildContexts: ['assets=assets'] }],
    ['a new file', 'app/new'],
    ['the .dockerignore', 'app/.dockerignore'],
  ])('is another one when %s changes', async (_what, name, build = {}) => {
    const path = workspace(FILES);
    const before = await of(path, build);
    write(path, name, 'changed');
    expect(await of(path, build)).not.toEqual(before);
  });

  it('has the Dockerfile and the .dockerignore, though the latter leaves them out', async () => {
    const path = workspace({ ...FILES, 'app/.dockerignore': '*\n!main.js' });
    const before = await of(path);
    write(path, 'app/other', '1');
    expect(await of(path)).toEqual(before);
    write(path, 'app/Dockerfile', 'FROM z');
    const after = await of(path);
    expect(after).not.toEqual(before);
    write(path, 'app/.dockerignore', '*\n!main.js\n# a comment');
    expect(await of(path)).not.toEqual(after);
  });

  it('takes the .dockerignore of the Dockerfile before that of the context, and one for each context', async () => {
    const path = workspace({ ...FILES, 'app/.dockerignore': 'main.js', 'app/Dockerfile.dockerignore': 'x' });
    const before = await of(path);
    write(path, 'app/main.js', '2');
    expect(await of(path)).not.toEqual(before);
    rmSync(join(path, 'app/Dockerfile.dockerignore'));
    const ignored = await of(path);
    write(path, 'app/main.js', '3');
    expect(await of(path)).toEqual(ignored);
    write(path, 'assets/.dockerignore', 'logo');
    const further: Build = { buildContexts: ['assets=assets'] };
    const withAssets = await of(path, further);
    write(path, 'assets/logo', '2');
    expect(await of(path, further)).toEqual(withAssets);
  });

  it('has a work tree by its commit', async () => {
    const path = workspace(FILES);
    const git = (...args: string[]): void => {
      execFileSync('git', ['-c', 'user.name=A', '-c', 'user.email=a@b.c', '-C', path, ...args]);
    };
    git('init', '-q', '.');
    git('commit', '-q', '--allow-empty', '-m', 'one');
    const before = await of(path, { file: 'app/Dockerfile' }, { context: '.' });
    git('add', '-A');
    expect(await of(path, { file: 'app/Dockerfile' }, { context: '.' })).toEqual(before);
    git('commit', '-q', '--allow-empty', '-m', 'two');
    expect(await of(path, { file: 'app/Dockerfile' }, { context: '.' })).not.toEqual(before);
  });

  it.each<[string, Build, string?]>([
    ['a context that is not there', {}, 'nowhere'],
    ['no Dockerfile', {}, 'assets'],
    ['a Dockerfile that is not there', { file: 'nowhere' }],
    ['a further context that is not there', { buildContexts: ['x=nowhere'] }],
  ])('is not known for %s', async (_what, build, context = 'app') => {
    const end = await of(workspace(FILES), build, { context });
    expect(end).toMatchObject({ kind: 'unknown', why: expect.stringContaining('ENOENT') });
  });
});

describe('a build that is always made', () => {
  const REMOTE = 'https://github.com/acme/app.git';

  it.each<[string, string, Build]>([
    ['reuse-image is false', 'app', { reuseImage: false }],
    ['no-cache always builds', 'app', { noCache: true }],
    ['pull always builds', 'app', { pull: true }],
    [`${REMOTE}#main may change there`, `${REMOTE}#main`, {}],
    ['https://…@github.com/acme/app.git may change there', 'https://u:p@github.com/acme/app.git', {}],
    ['docker-image://alpine:3 may change there', 'app', { buildContexts: ['base=docker-image://alpine:3'] }],
    ['https://example.com/Dockerfile may change there', 'app', { file: 'https://example.com/Dockerfile' }],
    ['buildx-args has --no-cache, which', 'app', { buildxArgs: ['--no-cache'] }],
    ['buildx-args has --pull, which', 'app', { buildxArgs: ['--pull=true'] }],
    ['buildx-args has --no-cache-filter, which', 'app', { buildxArgs: ['--no-cache-filter', 'x'] }],
    ['buildx-args names files by --build-context', 'app', { buildxArgs: ['--build-context', 'a=b'] }],
    ['buildx-args names files by -f', 'app', { buildxArgs: ['-fx'] }],
  ])('%s', (why, context, build) => {
    expect(whyItMustBeBuilt(context, { ...BUILD, ...build })).toContain(why);
  });

  it.each<[string, Build]>([
    ['app', {}],
    [`${REMOTE}#${SHA}`, {}],
    [
      `${REMOTE}#${SHA}:sub/folder`,
      { buildContexts: [`base=docker-image://alpine@sha256:${'a'.repeat(64)}`] },
    ],
    ['app', { buildxArgs: ['--pull=false', '--build-arg', 'A=1'] }],
  ])('not %s', (context, build) => {
    expect(whyItMustBeBuilt(context, { ...BUILD, ...build })).toBeUndefined();
  });

  it.each<[string, string | undefined]>([
    [`${REMOTE}#${SHA}`, SHA],
    [`${REMOTE}#${SHA.toUpperCase()}:sub`, SHA],
    [`git@github.com:acme/app.git#${SHA}`, SHA],
    [`github.com/acme/app#${SHA}`, SHA],
    [`${REMOTE}?commit=${SHA}`, SHA],
    [`${REMOTE}#${SHA.slice(0, 12)}`, undefined],
    [`${REMOTE}#v1.0`, undefined],
    [REMOTE, undefined],
    [`https://example.com/app.tar.gz#${SHA}`, undefined],
    [`./app#${SHA}`, undefined],
  ])('%s is pinned to %s', (context, commit) => {
    expect(pinnedCommit(context)).toBe(commit);
  });
});
