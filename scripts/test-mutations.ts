/**
 * Applies each mutation of `__tests__/mutations/table.ts` to a copy of the repository and runs the test that is to notice
 * it. Fails where one survives, and at once where the text of any does not occur exactly once.
 *
 *     npm run test:mutations -- [--only TEXT] [--jobs N]
 */
import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs, promisify } from 'node:util';
import { MUTATIONS, type Mutation } from '../__tests__/mutations/table.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

/** What the tests need beside the sources. */
const COPIED = [
  'src',
  'simulator',
  'runner',
  'scripts',
  '__tests__',
  'action.yml',
  'package.json',
  'jest.config.js',
  'tsconfig.json',
  'dist',
  'docs',
  'README.md',
];

const { values } = parseArgs({
  options: {
    only: { type: 'string', default: '' },
    jobs: { type: 'string', default: String(Math.max(1, Math.floor(availableParallelism() / 2))) },
  },
});

type End = 'noticed' | 'survived' | 'no such text' | 'the test fails without it';

const wanted = MUTATIONS.filter((each) =>
  [each.file, each.find, each.test].some((text) => text.includes(values.only)),
);
/** Whatever the restructuring of a file took away is named before anything runs: nobody has to wait for it. */
const stale = MUTATIONS.filter(
  ({ file, find, test }) =>
    !occursOnce(file, find) || !existsSync(join(ROOT, '__tests__', `${test}.test.ts`)),
);
for (const { file, find, test } of stale)
  console.log(`${file} does not hold this once, or there is no ${test}.test.ts: ${JSON.stringify(find)}`);
if (stale.length > 0 || wanted.length === 0) {
  console.log(`${stale.length} of ${MUTATIONS.length} mutations are stale, ${wanted.length} were asked for.`);
  process.exit(1);
}

const queue = wanted.map((mutation, at) => ({ mutation, at: at + 1 }));
const ends = new Map<Mutation, End>();
const clean = new Map<string, Promise<boolean>>();
await Promise.all(Array.from({ length: Number(values.jobs) }, worker));
const wrong = wanted.filter((each) => ends.get(each) !== 'noticed');
for (const { file, find, replace, test } of wrong)
  console.log(`${file}: ${JSON.stringify(find)} -> ${JSON.stringify(replace)} (${test})`);
console.log(`${wanted.length} mutations, ${wanted.length - wrong.length} noticed, ${wrong.length} not.`);
process.exitCode = wrong.length === 0 ? 0 : 1;

function occursOnce(file: string, find: string): boolean {
  return existsSync(join(ROOT, file)) && readFileSync(join(ROOT, file), 'utf8').split(find).length === 2;
}

/** Works through the queue in a copy of its own. */
async function worker(): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'mutations-'));
  try {
    for (const name of COPIED) await cp(join(ROOT, name), join(folder, name), { recursive: true });
    await symlink(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      const end = await tryOut(folder, next.mutation);
      ends.set(next.mutation, end);
      const { file, find, test } = next.mutation;
      console.log(`${next.at}/${wanted.length} ${end}: ${file}: ${find.split('\n')[0] ?? ''} (${test})`);
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function tryOut(folder: string, { file, find, replace, test }: Mutation): Promise<End> {
  const path = join(folder, file);
  const text = await readFile(path, 'utf8');
  if (text.split(find).length !== 2) return 'no such text';
  const before = clean.get(test) ?? passes(folder, test);
  clean.set(test, before);
  if (!(await before)) return 'the test fails without it';
  await writeFile(
    path,
    text.replace(find, () => replace),
  );
  try {
    return (await passes(folder, test)) ? 'survived' : 'noticed';
  } finally {
    await writeFile(path, text);
  }
}

async function passes(folder: string, test: string): Promise<boolean> {
  const jest = ['--experimental-vm-modules', '--no-warnings', 'node_modules/jest/bin/jest.js'];
  const options = [
    '--runInBand',
    '--bail',
    '--silent',
    '--testTimeout',
    '20000',
    `__tests__/${test}.test.ts`,
  ];
  try {
    await promisify(execFile)(process.execPath, [...jest, ...options], { cwd: folder, timeout: 240_000 });
    return true;
  } catch {
    return false;
  }
}
