import { describe, expect, test } from '@jest/globals';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { problemsOf, unpackArchive } from '../scripts/check-archive.ts';

const GOOD = {
  files: [
    '.github/actions/deploy/action.yml',
    'LICENSE',
    'README.md',
    'action.yml',
    'dist/index.js',
    'dist/package.json',
  ].map((name) => ({
    name,
    bytes: 1,
  })),
  gzippedBytes: 460_000,
};

describe('the archive that runners download', () => {
  test('holds the action and nothing else', () => {
    const folder = mkdtempSync(join(tmpdir(), 'archive-'));
    try {
      const archive = unpackArchive(folder);
      expect(problemsOf(archive)).toEqual([]);
      expect(archive.files.map(({ name }) => name)).toContain('dist/index.js');
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  test('is good', () => {
    expect(problemsOf(GOOD)).toEqual([]);
  });

  test('is not, with anything else in it', () => {
    const files = [...GOOD.files, { name: 'src/main.ts', bytes: 1 }];
    expect(problemsOf({ ...GOOD, files })).toEqual([
      expect.stringContaining('src/main.ts is in the archive'),
    ]);
  });

  test('is not, without the bundle', () => {
    const files = GOOD.files.filter(({ name }) => name !== 'dist/index.js');
    expect(problemsOf({ ...GOOD, files })).toEqual(['dist/index.js is not in the archive']);
  });

  test('is not, when it has become large', () => {
    expect(problemsOf({ ...GOOD, gzippedBytes: 460_001 })).toEqual([
      expect.stringContaining('more than 460000'),
    ]);
  });
});
