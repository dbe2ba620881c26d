import { describe, expect, it } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findCommit, type Commit } from '../../src/image/source.ts';
import { execute } from '../../src/runtime/exec.ts';
import { Cancelled } from '../../src/runtime/cancellation.ts';

const HEAD = 'a'.repeat(40);
const MERGE = 'b'.repeat(40);
const folder = mkdtempSync(join(tmpdir(), 'commit-'));

function eventFile(event: unknown): string {
  const path = join(mkdtempSync(join(tmpdir(), 'event-')), 'event.json');
  writeFileSync(path, typeof event === 'string' ? event : JSON.stringify(event));
  return path;
}

function found(env: Readonly<Record<string, string>>, workspace = folder, context = '.'): Promise<Commit> {
  const signal = new AbortController().signal;
  const { PATH = '' } = process.env;
  return findCommit({ exec: execute, env: { PATH, HOME: folder, ...env }, workspace, signal }, context);
}

/** A work tree with one commit; resolves to its SHA. */
function workTree(): { path: string; sha: string } {
  const path = mkdtempSync(join(tmpdir(), 'tree-'));
  const identity = ['-c', 'user.name=A', '-c', 'user.email=a@example.com'];
  const env = { ...process.env, GIT_COMMITTER_DATE: '2026-01-02T03:04:05+01:00' };
  execFileSync('git', ['init', '-q', path]);
  execFileSync('git', [...identity, '-C', path, 'commit', '-q', '--allow-empty', '-m', 'one'], { env });
  return { path, sha: execFileSync('git', ['-C', path, 'rev-parse', 'HEAD'], { encoding: 'utf8' }).trim() };
}

describe('the commit of a build', () => {
  it('is that of the run', async () => {
    expect(await found({ GITHUB_SHA: MERGE })).toEqual({ sha: MERGE, date: undefined });
  });

  it('is the head of a pull request', async () => {
    const path = eventFile({ pull_request: { head: { sha: HEAD } } });
    const env = { GITHUB_SHA: MERGE, GITHUB_EVENT_PATH: path };
    expect(await found({ ...env, GITHUB_EVENT_NAME: 'pull_request' })).toMatchObject({ sha: HEAD });
    expect(await found({ ...env, GITHUB_EVENT_NAME: 'pull_request_target' })).toMatchObject({ sha: MERGE });
    expect(await found({ ...env, GITHUB_EVENT_NAME: 'push' })).toMatchObject({ sha: MERGE });
  });

  it.each([['{'], ['null'], [{ pull_request: { head: { sha: 'not a sha' } } }]])(
    'is that of the run where the payload (%j) says nothing',
    async (event) => {
      const env = {
        GITHUB_SHA: MERGE,
        GITHUB_EVENT_NAME: 'pull_request',
        GITHUB_EVENT_PATH: eventFile(event),
      };
      expect(await found(env)).toMatchObject({ sha: MERGE });
    },
  );

  it('is what is checked out in the context, whatever the event says', async () => {
    const { path, sha } = workTree();
    const is = { sha, date: '2026-01-02T03:04:05+01:00' };
    expect(await found({}, path)).toEqual(is);
    expect(await found({ GITHUB_SHA: MERGE }, path)).toEqual(is);
    const event = eventFile({ pull_request: { head: { sha: HEAD } } });
    const env = { GITHUB_SHA: MERGE, GITHUB_EVENT_NAME: 'pull_request', GITHUB_EVENT_PATH: event };
    expect(await found(env, path)).toEqual(is);
    mkdirSync(join(path, 'app'));
    expect(await found({ GITHUB_SHA: MERGE }, path, 'app')).toEqual(is);
    expect(await found({ GITHUB_SHA: MERGE }, folder, path)).toEqual(is);
  });

  it('of a remote context is that of the run, or what a context of this repository is pinned to', async () => {
    const { path } = workTree();
    const here = {
      GITHUB_SERVER_URL: 'https://github.com',
      GITHUB_REPOSITORY: 'acme/app',
      GITHUB_SHA: MERGE,
    };
    const url = 'https://github.com/acme/app.git';
    expect(await found(here, path, `${url}#${HEAD}`)).toMatchObject({ sha: HEAD });
    expect(await found(here, path, `${url}#main`)).toMatchObject({ sha: MERGE });
    expect(await found(here, path, `https://github.com/acme/other.git#${HEAD}`)).toMatchObject({
      sha: MERGE,
    });
  });

  it('is asked for where nobody knows it', async () => {
    await expect(found({})).rejects.toMatchObject({ conclusion: { cause: 'invalid-input' } });
  });

  it('has the date of the work tree, else of the payload', async () => {
    const { path, sha } = workTree();
    expect(await found({ GITHUB_SHA: sha }, path)).toEqual({ sha, date: '2026-01-02T03:04:05+01:00' });
    const pushed = { head_commit: { id: MERGE, timestamp: '2026-02-03T00:00:00Z' } };
    expect(await found({ GITHUB_SHA: MERGE, GITHUB_EVENT_PATH: eventFile(pushed) })).toEqual({
      sha: MERGE,
      date: '2026-02-03T00:00:00Z',
    });
  });

  it('takes no option of git for a commit', async () => {
    const trap = join(folder, 'trap');
    expect(await found({ GITHUB_SHA: `--output=${trap}` })).toMatchObject({ date: undefined });
    expect(() => execFileSync('cat', [trap], { stdio: 'ignore' })).toThrow('Command failed');
  });

  it('is not looked for in a job that has ended', async () => {
    const signal = AbortSignal.abort(new Cancelled('SIGINT'));
    const ctx = { exec: execute, env: { GITHUB_SHA: MERGE }, workspace: folder, signal };
    await expect(findCommit(ctx, '.')).rejects.toBeInstanceOf(Cancelled);
  });
});
