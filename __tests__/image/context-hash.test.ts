import { describe, expect, it } from '@jest/globals';
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  renameSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { hashContext, type ContextHash } from '../../src/image/context-hash.ts';

/** A folder with these files. */
function folder(files: Readonly<Record<string, string>> = { Dockerfile: 'FROM x', 'src/a.js': '1' }): string {
  const path = mkdtempSync(join(tmpdir(), 'context-'));
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(path, name)), { recursive: true });
    writeFileSync(join(path, name), content);
  }
  return path;
}

function hashOf(path: string, ignore?: string, head?: string): Promise<ContextHash> {
  const signal = new AbortController().signal;
  return hashContext({ signal, headOf: () => Promise.resolve(head) }, path, ignore);
}

const digestOf = async (...of: Parameters<typeof hashOf>): Promise<string> => (await hashOf(...of)).digest;

describe('the hash of a context', () => {
  it('is the same for the same files, whenever and wherever they were written', async () => {
    const [one, other] = [folder(), folder()];
    utimesSync(join(other, 'Dockerfile'), 1, 1);
    expect(await hashOf(one)).toEqual(await hashOf(other));
    expect(await hashOf(one)).toMatchObject({ files: 2, bytes: 7 });
  });

  it.each<[string, (path: string) => void]>([
    [
      'another content',
      (path) => {
        writeFileSync(join(path, 'src/a.js'), '2');
      },
    ],
    [
      'another name',
      (path) => {
        renameSync(join(path, 'src/a.js'), join(path, 'src/b.js'));
      },
    ],
    [
      'a file more',
      (path) => {
        writeFileSync(join(path, 'src/b.js'), '');
      },
    ],
    [
      'a folder more',
      (path) => {
        mkdirSync(join(path, 'empty'));
      },
    ],
    [
      'another mode',
      (path) => {
        chmodSync(join(path, 'src/a.js'), 0o755);
      },
    ],
    [
      'another mode of a folder',
      (path) => {
        chmodSync(join(path, 'src'), 0o700);
      },
    ],
    [
      'a link',
      (path) => {
        symlinkSync('a.js', join(path, 'src/link'));
      },
    ],
  ])('is another one for %s', async (_what, change) => {
    const path = folder();
    const before = await digestOf(path);
    change(path);
    expect(await digestOf(path)).not.toBe(before);
  });

  it('has links by where they point to, and follows none', async () => {
    const [one, other] = [folder(), folder()];
    symlinkSync('/nowhere', join(one, 'link'));
    symlinkSync('/elsewhere', join(other, 'link'));
    expect(await digestOf(one)).not.toBe(await digestOf(other));
  });

  it('leaves out what the .dockerignore leaves out, and has what it lets back in', async () => {
    const files = { Dockerfile: 'FROM x', 'out/a/keep': '1', 'out/b/drop': '2' };
    const path = folder(files);
    const of = (): Promise<string> => digestOf(path, 'out\n!out/a');
    const before = await of();
    writeFileSync(join(path, 'out/b/drop'), '3');
    mkdirSync(join(path, 'out/c'));
    chmodSync(join(path, 'out/b'), 0o700);
    expect(await of()).toBe(before);
    writeFileSync(join(path, 'out/a/keep'), '3');
    expect(await of()).not.toBe(before);
    expect(await hashOf(path, 'out\n!out/a')).toMatchObject({ files: 2 });
  });

  it('has a .git by its commit, and by its files where git cannot say', async () => {
    const path = folder({ Dockerfile: 'FROM x', '.git/HEAD': 'ref: x', '.git/index': '1' });
    const [byCommit, byFiles] = [await digestOf(path, '', 'a'), await digestOf(path)];
    writeFileSync(join(path, '.git/index'), '2');
    expect(await digestOf(path, '', 'a')).toBe(byCommit);
    expect(await digestOf(path, '', 'b')).not.toBe(byCommit);
    expect(await digestOf(path)).not.toBe(byFiles);
    expect(await digestOf(path, '.git', 'a')).toBe(await digestOf(path, '.git', 'b'));
  });

  it.each([0, 1, 1024 * 1024 - 1, 1024 * 1024, 1024 * 1024 + 1, 3 * 1024 * 1024])(
    'has all of a file of %d bytes',
    async (bytes) => {
      const path = folder({ big: 'x'.repeat(bytes) });
      const before = await hashOf(path);
      expect(before.bytes).toBe(bytes);
      writeFileSync(join(path, 'big'), `${'x'.repeat(Math.max(bytes - 1, 0))}y`);
      expect(await digestOf(path)).not.toBe(before.digest);
    },
  );

  it('rejects where the folder or a file cannot be read, and when the job is cancelled', async () => {
    await expect(hashOf('/nowhere')).rejects.toMatchObject({ code: 'ENOENT' });
    const over = AbortSignal.abort(new Error('over'));
    const files = Object.fromEntries(Array.from({ length: 300 }, (_, at) => [`f${at}`, '']));
    const ctx = { signal: over, headOf: () => Promise.resolve(undefined) };
    await expect(hashContext(ctx, folder(files), '')).rejects.toThrow('over');
  });
});
