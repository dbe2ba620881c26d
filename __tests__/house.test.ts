import { describe, expect, test } from '@jest/globals';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

/** Floors of `src/`, top first. A file imports from its own room and from floors below; rooms of one floor stay apart. */
const FLOORS: readonly (readonly string[])[] = [
  ['main.ts'],
  ['system.ts'],
  ['post.ts'],
  ['action.ts'],
  ['pipeline', 'inputs'],
  ['service', 'image', 'task-definition', 'preflight', 'pre-deploy', 'rollout', 'gates', 'cost'],
  ['report'],
  ['context.ts'],
  ['github'],
  ['codedeploy'],
  ['ecs'],
  ['aws'],
  ['runtime'],
  ['model'],
];

interface Import {
  readonly from: string;
  readonly to: string;
}

function files(folder: string): string[] {
  return readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => join(folder, name));
}

/** The imports of other files of the repository, those of types alone and those at run time included. */
function importsOf(file: string): Import[] {
  const text = readFileSync(join(ROOT, file), 'utf8');
  return [...text.matchAll(/(?:^(?:import|export|\}) .*?from |\bimport\()'(\.{1,2}\/[^']+)'/gm)].map(
    ([, specifier = '']) => ({ from: file, to: normalize(join(dirname(file), specifier)) }),
  );
}

function roomOf(file: string): string {
  return file.split('/')[1] ?? '';
}

function floorOf(file: string): number {
  return FLOORS.findIndex((rooms) => rooms.includes(roomOf(file)));
}

/** Groups of files that import each other, however long the way around (Tarjan's strongly connected components). */
function circles(imports: readonly Import[]): string[][] {
  const next = new Map<string, string[]>();
  for (const { from, to } of imports) next.set(from, [...(next.get(from) ?? []), to]);
  const index = new Map<string, number>();
  const low = new Map<string, number>();
  const open: string[] = [];
  const found: string[][] = [];
  const visit = (file: string): number => {
    const at = index.size;
    index.set(file, at);
    open.push(file);
    let lowest = at;
    for (const other of next.get(file) ?? []) {
      if (!index.has(other)) lowest = Math.min(lowest, visit(other));
      else if (open.includes(other)) lowest = Math.min(lowest, low.get(other) ?? index.get(other) ?? at);
    }
    low.set(file, lowest);
    if (lowest === at) {
      const circle = open.splice(open.indexOf(file));
      if (circle.length > 1) found.push(circle.sort());
    }
    return lowest;
  };
  for (const file of next.keys()) if (!index.has(file)) visit(file);
  return found;
}

/** Folders whose files do not import each other in a circle; `simulator` has a test of its own, with its folders. */
const WITHOUT_CIRCLES = ['src'];

describe('the house', () => {
  const all = files('src');
  const imports = all.flatMap(importsOf);

  test('every file has a floor', () => {
    expect(all.filter((file) => floorOf(file) === -1)).toEqual([]);
  });

  test('dependencies point down, and rooms of one floor do not import each other', () => {
    const wrong = imports.filter(
      ({ from, to }) => roomOf(from) !== roomOf(to) && to.startsWith('src/') && floorOf(to) <= floorOf(from),
    );
    expect(wrong).toEqual([]);
    expect(imports.length).toBeGreaterThan(100);
  });

  test('nothing of the house depends on the simulator or the tests', () => {
    expect(imports.filter(({ to }) => !to.startsWith('src/'))).toEqual([]);
  });

  test('of the stages only the story writes the record: the others return what they found', () => {
    const stages = all.filter((file) => file.startsWith('src/pipeline/'));
    const writers = stages.filter((file) =>
      /(?<!Readonly<|Pick<)\bRunRecord\b/.test(
        readFileSync(join(ROOT, file), 'utf8').replace(/^import .*$/gm, ''),
      ),
    );
    expect(writers.sort()).toEqual(['src/pipeline/deploy.ts']);
  });

  test('a run in this process has loaded ahead what a step loads on first use: its time stands still meanwhile', () => {
    const text = readFileSync(join(ROOT, 'runner/in-process.ts'), 'utf8');
    const ahead = [...text.matchAll(/^import (?:.* from )?'\.\.\/(src\/[^']+)'/gm)].map(([, path]) => path);
    const onFirstUse = all
      .filter((file) => !['src/main.ts', 'src/system.ts'].includes(file))
      .flatMap((file) =>
        [...readFileSync(join(ROOT, file), 'utf8').matchAll(/\bimport\('(\.{1,2}\/[^']+)'\)/g)].map(
          ([, path = '']) => normalize(join(dirname(file), path)),
        ),
      );
    // A call of AWS counts as work, the loading of its client included.
    const wanted = new Set(onFirstUse.filter((path) => !path.startsWith('src/aws/sdk/')));
    expect([...wanted].filter((path) => !ahead.includes(path))).toEqual([]);
    expect(wanted.size).toBeGreaterThan(5);
  });

  test.each(WITHOUT_CIRCLES)('%s: no files import each other in a circle', (folder) => {
    expect(circles(files(folder).flatMap(importsOf))).toEqual([]);
  });
});

describe('a circle', () => {
  const imports = (...pairs: readonly string[]): Import[] =>
    pairs.map((pair) => {
      const [from = '', to = ''] = pair.split('>');
      return { from, to };
    });

  test.each([
    ['of two files', ['a>b', 'b>a'], [['a', 'b']]],
    ['of three files, entered from outside', ['x>a', 'a>b', 'b>c', 'c>a'], [['a', 'b', 'c']]],
    [
      'beside another',
      ['a>b', 'b>a', 'b>c', 'c>d', 'd>c'],
      [
        ['c', 'd'],
        ['a', 'b'],
      ],
    ],
    ['is none where two ways lead to one file', ['a>b', 'a>c', 'b>d', 'c>d'], []],
  ])('%s', (_, pairs, expected) => {
    expect(circles(imports(...pairs))).toEqual(expected);
  });
});
