/**
 * Runs the stories twice, as the sources in one process on virtual time and as the bundle in processes of its own, over
 * HTTP, on a time that passes thirty times as fast as real time, and compares what each step left: exit code, outputs,
 * annotations, summary, report, post step, and the calls that change anything. What was decided must be the same: exit
 * code, result, cause, heading and those calls. What a text or a count says of a moment may be another, as the looks are
 * at other moments.
 *
 *   npm run test:side-by-side                    all of them, in about half an hour
 *   npm run test:side-by-side -- story/pauses    those of some files
 *   npm run test:side-by-side -- --compare DIR   compares once more what an earlier run left
 */
import { spawn } from 'node:child_process';
import { mkdtemp, readdir, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { RecordedStep } from '../__tests__/story/side-by-side.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

/** What is another in each run of a text, as a pattern and what is written for it. */
const VARIES: readonly (readonly [RegExp, string])[] = [
  [/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z/g, 'INSTANT'],
  [/\b\d{1,2}:\d\d(?::\d\d)?\b/g, 'TIME'],
  [/\(commit \w{7}\b/g, '(commit HASH'],
  [/\b\d+(?:\.\d+)?(?: min \d+)? ?(?:ms|s|min|h|seconds?|minutes?|hours?)\b/g, 'DURATION'],
  [/(127\.0\.0\.1|localhost):\d+/g, '$1:PORT'],
  [/\/step-\w{6}\b/g, '/step-FOLDER'],
  [/\becs-svc\/\d+/g, 'ecs-svc/ID'],
  [/(service-deployment\/[\w-]+\/[\w-]+)\/[\w-]+/g, '$1/ID'],
  [/\b[0-9a-f]{32}\b/g, 'ID'],
  [/\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b/g, 'ID'],
  [/\b10\.0\.\d+\.\d+\b/g, 'IP'],
  [/\/tmp\/[\w-]+/g, '/tmp/FOLDER'],
  [/::add-mask::.*\n/g, ''],
];

/** A digest or a commit, whole or as far as texts show it. */
const HASH = /\b(?=[a-f]*\d)(?=\d*[a-f])[0-9a-f]{7,64}\b/g;

/** Left out: reads that take seconds each, of 700 tasks, take minutes of a world that is thirty times as fast. */
const LEFT_OUT = 'reads take their time';

/**
 * Tests of which a decision differs, and why it may. Thirty times as fast as real time, a second of work is half a minute
 * of the world, and the ten seconds that a runner leaves a cancelled job are a third of one.
 */
const EXPECTED: readonly (readonly [test: RegExp, why: string])[] = [
  [/a cancelled run with on-cancel/, 'the runner kills the bundle after a third of a second'],
  [
    /cancelled\.test\.ts .*(?:RegisterTaskDefinition is on its way|by an update of its own)/,
    'what is sent within that differs',
  ],
  [
    /takes three seconds for each call/,
    'three seconds, thirty times as fast, are longer than a call may take',
  ],
  [/round-trips\.test\.ts/, 'calls that hang until others are there, and time passes meanwhile'],
  [
    /with on-failure: rollback-all every|rollback-all takes both/,
    'which of several services is updated first is left to AWS',
  ],
  [/Ready that expires/, 'the world skips an hour while nobody looks'],
  [/a way back by a deployment of its own/, 'whether the alarm rings before or after the end of the bake'],
  [/a deployment that somebody stopped and rolled back/, 'that rollback is over before the run looks'],
];

/** Keys of the report that depend on the moments at which AWS was asked. */
const SAMPLED = new Set(['observations', 'rollout', 'at', 'from', 'seconds', 'durationSeconds', 'durations']);

/** The steps of a test without what is another in each run; hashes are numbered as they come. */
export function comparable(steps: readonly RecordedStep[]): readonly unknown[] {
  const hashes: string[] = [];
  const numbered = (hash: string): string => {
    const known = hashes.findIndex((each) => each.startsWith(hash) || hash.startsWith(each));
    return `HASH-${known < 0 ? hashes.push(hash) : known + 1}`;
  };
  return JSON.parse(JSON.stringify(steps.map(stable)), function (key: string, value: unknown) {
    if (SAMPLED.has(key)) return undefined;
    // Calls that are sent side by side arrive in any order.
    if (key === 'writes' && Array.isArray(value)) return value.map((each) => JSON.stringify(each)).sort();
    if (typeof value !== 'string') return value;
    return VARIES.reduce((text, [pattern, word]) => text.replace(pattern, word), value).replace(
      HASH,
      numbered,
    );
  }) as unknown[];
}

function stable({ outputs, summary, ...step }: RecordedStep): object {
  const kept = Object.entries(outputs).filter(([name]) => !['report', 'duration-seconds'].includes(name));
  const [heading] = summary.split('\n', 1);
  return { outputs: Object.fromEntries(kept), heading, ...step };
}

/** What no moment of a look may change; all else is evidence, which says what was seen when. */
const DECIDED = /^\/\d+(?:$|\/(?:exitCode|heading|outputs\/(?:result|cause)|writes\/))/;

export function isDecided(difference: string): boolean {
  return DECIDED.test(difference.slice(0, difference.indexOf(': ')));
}

/** Where two values differ: paths with both values. */
export function differences(a: unknown, b: unknown, path = ''): string[] {
  if (typeof a === 'object' && typeof b === 'object' && a !== null && b !== null) {
    const keys = new Set([...Object.keys(a), ...Object.keys(b)]);
    return [...keys].flatMap((key) =>
      differences((a as Record<string, unknown>)[key], (b as Record<string, unknown>)[key], `${path}/${key}`),
    );
  }
  if (typeof a === 'string' && typeof b === 'string' && `${a}${b}`.includes('\n'))
    return differences(a.split('\n'), b.split('\n'), path);
  return a === b ? [] : [`${path}: ${shown(a)} · ${shown(b)}`];
}

function shown(value: unknown): string {
  return value === undefined ? 'nothing' : JSON.stringify(value).slice(0, 300);
}

/** The steps of each test, in order. */
async function readSteps(folder: string, as: string): Promise<Map<string, RecordedStep[]>> {
  const files = (await readdir(folder)).filter((name) => name.startsWith(`${as}-`));
  const texts = await Promise.all(files.map((name) => readFile(join(folder, name), 'utf8')));
  const steps = texts
    .flatMap((text) => text.trim().split('\n'))
    .map((line) => JSON.parse(line) as RecordedStep);
  return Map.groupBy(steps, ({ file, test }) => `${file} ${test}`);
}

async function runStories(folder: string, as: string, patterns: readonly string[]): Promise<void> {
  const jest = ['--experimental-vm-modules', '--no-warnings', 'node_modules/jest/bin/jest.js'];
  const which = patterns.length > 0 ? patterns : ['__tests__/story/'];
  const child = spawn(
    process.execPath,
    [...jest, '--testTimeout', '300000', '-t', `^(?!.*${LEFT_OUT})`, ...which],
    {
      cwd: ROOT,
      stdio: 'inherit',
      env: { ...process.env, SIDE_BY_SIDE: folder, SIDE_BY_SIDE_AS: as },
    },
  );
  await new Promise((resolve, reject) => child.on('error', reject).on('close', resolve));
}

async function main(args: readonly string[]): Promise<number> {
  const at = args.indexOf('--compare');
  const folder = at < 0 ? await mkdtemp(join(tmpdir(), 'side-by-side-')) : (args[at + 1] ?? '');
  if (at < 0) for (const as of ['process', 'bundle']) await runStories(folder, as, args);
  const [ofProcess, ofBundle] = await Promise.all(['process', 'bundle'].map((as) => readSteps(folder, as)));
  const counts: Record<Compared, number> = { same: 0, 'seen at other moments': 0, expected: 0, differs: 0 };
  for (const [name, steps] of ofProcess ?? []) {
    const found = differences(comparable(steps), comparable(ofBundle?.get(name) ?? []));
    const compared = sortOf(name, found);
    counts[compared] += 1;
    if (compared === 'same') continue;
    const lines = compared === 'differs' ? found.filter(isDecided) : found.slice(0, 3);
    process.stdout.write(`${compared}: ${name}\n${lines.map((line) => `    ${line}\n`).join('')}`);
  }
  const total = Object.entries(counts).map(([compared, count]) => `${count} ${compared}`);
  process.stdout.write(`\n${folder}: ${total.join(', ')}\n`);
  return counts.differs > 0 || counts.same === 0 ? 1 : 0;
}

type Compared = 'same' | 'seen at other moments' | 'expected' | 'differs';

function sortOf(name: string, found: readonly string[]): Compared {
  if (found.length === 0) return 'same';
  if (!found.some(isDecided)) return 'seen at other moments';
  return EXPECTED.some(([test]) => test.test(name)) ? 'expected' : 'differs';
}

if (import.meta.main) process.exitCode = await main(process.argv.slice(2));
