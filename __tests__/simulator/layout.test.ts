/** The folders of the simulator, and that they import each other one way only. */
import { describe, expect, test } from '@jest/globals';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const SIMULATOR = fileURLToPath(new URL('../../simulator', import.meta.url));

/** Top first. A file imports from its own folder and from floors below; two of one floor do not know each other. */
const FLOORS: readonly (readonly string[])[] = [
  ['main.ts'],
  ['simulator.ts'],
  ['front', 'create-world.ts'],
  ['api', 'scenario'],
  ['engine'],
  ['state', 'clock.ts'],
];

interface Import {
  readonly from: string;
  readonly to: string;
}

function importsOf(file: string): Import[] {
  const text = readFileSync(join(SIMULATOR, file), 'utf8');
  return [...text.matchAll(/(?:from|import) '(\.{1,2}\/[^']+)'/g)].map(([, specifier = '']) => ({
    from: file,
    to: relative(SIMULATOR, normalize(join(SIMULATOR, dirname(file), specifier))),
  }));
}

function folderOf(file: string): string {
  return file.split('/')[0] ?? file;
}

function floorOf(file: string): number {
  return FLOORS.findIndex((folders) => folders.includes(folderOf(file)));
}

/** AWS's rules are one table, which the action's preflight reads too; what reads it knows nothing else of the action. */
function isRule({ to }: Import): boolean {
  return to.startsWith('../src/ecs/definition-rules/');
}

function pointsUpOrAside({ from, to }: Import): boolean {
  return folderOf(from) !== folderOf(to) && floorOf(to) <= floorOf(from);
}

/** Files that import themselves by way of others, each with the files of one such way. */
function circlesIn(imports: readonly Import[]): string[][] {
  const next = Map.groupBy(imports, ({ from }) => from);
  const done = new Set<string>();
  const circles: string[][] = [];
  const visit = (file: string, way: readonly string[]): void => {
    const at = way.indexOf(file);
    if (at !== -1) circles.push([...way.slice(at), file]);
    if (at !== -1 || done.has(file)) return;
    for (const { to } of next.get(file) ?? []) visit(to, [...way, file]);
    done.add(file);
  };
  for (const file of next.keys()) visit(file, []);
  return circles;
}

describe('the simulator', () => {
  const files = readdirSync(SIMULATOR, { recursive: true, encoding: 'utf8' }).filter((name) =>
    name.endsWith('.ts'),
  );
  const imports = files.flatMap(importsOf).filter((each) => !isRule(each));

  test('has a floor for every file', () => {
    expect(files.filter((file) => floorOf(file) === -1)).toEqual([]);
    expect(FLOORS.flat().filter((folder) => !files.some((file) => folderOf(file) === folder))).toEqual([]);
  });

  test('imports downwards only', () => {
    expect(imports.filter(pointsUpOrAside)).toEqual([]);
    expect(imports.length).toBeGreaterThan(200);
  });

  test('has no circle of imports', () => {
    expect(circlesIn(imports)).toEqual([]);
  });

  test('knows nothing of the action that it is to test', () => {
    expect(imports.filter(({ to }) => to.startsWith('..'))).toEqual([]);
  });
});

describe('an import', () => {
  test.each([
    ['engine/scheduler.ts', 'api/ecs/views.ts', true],
    ['engine/scheduler.ts', 'front/server.ts', true],
    ['engine/scheduler.ts', 'scenario/images.ts', true],
    ['state/model.ts', 'engine/world.ts', true],
    ['state/model.ts', 'clock.ts', true],
    ['api/ecr.ts', 'scenario/seed.ts', true],
    ['scenario/operator.ts', 'api/ecr.ts', true],
    ['front/server.ts', 'simulator.ts', true],
    ['engine/scheduler.ts', 'engine/rolling.ts', false],
    ['engine/scheduler.ts', 'state/model.ts', false],
    ['front/server.ts', 'api/actions.ts', false],
    ['simulator.ts', 'front/server.ts', false],
  ])('of %s from %s is wrong: %s', (from, to, isWrong) => {
    expect(pointsUpOrAside({ from, to })).toBe(isWrong);
  });

  test.each([
    ['of itself', ['a a'], [['a', 'a']]],
    ['of two', ['a b', 'b a'], [['a', 'b', 'a']]],
    ['of three behind a way in', ['z a', 'a b', 'b c', 'c a'], [['a', 'b', 'c', 'a']]],
    ['none, though two ways meet', ['a b', 'a c', 'b d', 'c d'], []],
  ])('may close a circle: %s', (_title, pairs, circles) => {
    const imports = pairs.map((pair) => {
      const [from = '', to = ''] = pair.split(' ');
      return { from, to };
    });
    expect(circlesIn(imports)).toEqual(circles);
  });
});
