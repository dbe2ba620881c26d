import { describe, expect, test } from '@jest/globals';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const SRC = fileURLToPath(new URL('../src', import.meta.url));

/** Floors of the house, top first. A file imports from its own room and from floors below. */
const FLOORS: readonly (readonly string[])[] = [
  ['main.ts'],
  ['post.ts'],
  ['run.ts'],
  ['deploy.ts', 'inputs', 'inputs.ts'],
  ['planning.ts', 'images.ts', 'survey.ts'],
  ['courses.ts', 'delivery.ts', 'handover.ts'],
  ['tools.ts'],
  ['service', 'image', 'task-definition', 'verify', 'pre-deploy', 'rollout', 'gate', 'cost', 'report'],
  ['github'],
  ['ecs'],
  ['aws'],
  ['runtime'],
  ['model.ts'],
  ['model'],
];

interface Import {
  readonly from: string;
  readonly to: string;
}

function files(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'));
}

function importsOf(file: string): Import[] {
  const text = readFileSync(join(SRC, file), 'utf8');
  return [...text.matchAll(/from '(\.{1,2}\/[^']+)'/g)].map(([, specifier = '']) => ({
    from: file,
    to: relative(SRC, normalize(join(SRC, dirname(file), specifier))),
  }));
}

function roomOf(file: string): string {
  return file.split('/')[0] ?? file;
}

function floorOf(file: string): number {
  return FLOORS.findIndex((rooms) => rooms.includes(roomOf(file)));
}

describe('the house', () => {
  const all = files(SRC);
  const imports = all.flatMap(importsOf);

  test('every file has a floor', () => {
    expect(all.filter((file) => floorOf(file) === -1)).toEqual([]);
  });

  test('dependencies point down, and rooms of one floor do not import each other', () => {
    const wrong = imports.filter(({ from, to }) => {
      if (
        roomOf(from) === roomOf(to) ||
        `${roomOf(from)}.ts` === to ||
        roomOf(to) === roomOf(from).replace('.ts', '')
      ) {
        return false;
      }
      return floorOf(to) <= floorOf(from);
    });
    expect(wrong).toEqual([]);
    expect(imports.length).toBeGreaterThan(100);
  });

  test('nothing of the house depends on the simulator or the tests', () => {
    expect(imports.filter(({ to }) => to.startsWith('..'))).toEqual([]);
  });

  test('the story fits on 150 lines', () => {
    expect(readFileSync(join(SRC, 'deploy.ts'), 'utf8').split('\n').length).toBeLessThanOrEqual(151);
  });
});
