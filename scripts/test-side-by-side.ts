/**
 * Runs the stories twice, as the sources in one process on virtual time and as the bundle in processes of its own, over
 * HTTP, on a time that passes thirty times as fast as real time, and compares what each step left: exit code, outputs,
 * annotations, summary, report, post step, and the calls that change anything.
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
  [/\b\d\d:\d\d(?::\d\d)?\b/g, 'TIME'],
  [/\b\d+(?:\.\d+)?(?: min \d+)? ?(?:ms|s|min|h|seconds?|minutes?|hours?)\b/g, 'DURATION'],
  [/(127\.0\.0\.1|localhost):\d+/g, '$1:PORT'],
  [/\/step-\w{6}\b/g, '/step-FOLDER'],
  [/\becs-svc\/\d+/g, 'ecs-svc/ID'],
  [/(service-deployment\/[\w-]+\/[\w-]+)\/[\w-]+/g, '$1/ID'],
  [/\b[0-9a-f]{32}\b/g, 'ID'],
  [/\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b/g, 'ID'],
  [/\b10\.0\.\d+\.\d+\b/g, 'IP'],
  [/::add-mask::.*\n/g, ''],
];

/** Keys of the report that depend on the moments at which AWS was asked. */
const SAMPLED = new Set(['observations', 'rollout', 'at', 'from', 'seconds', 'durationSeconds', 'durations']);

/** A step without what is another in each run. */
export function comparable({ outputs, summary, ...step }: RecordedStep): unknown {
  const kept = Object.entries(outputs).filter(([name]) => !['report', 'duration-seconds'].includes(name));
  const heading = summary.split('\n', 1)[0];
  const json = JSON.stringify({ ...step, outputs: Object.fromEntries(kept), heading });
  return JSON.parse(json, function (key: string, value: unknown) {
    if (SAMPLED.has(key)) return undefined;
    if (typeof value !== 'string') return value;
    return VARIES.reduce((text, [pattern, word]) => text.replace(pattern, word), value);
  }) as unknown;
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
  const child = spawn(process.execPath, [...jest, '--testTimeout', '300000', ...which], {
    cwd: ROOT,
    stdio: 'inherit',
    env: { ...process.env, SIDE_BY_SIDE: folder, SIDE_BY_SIDE_AS: as },
  });
  await new Promise((resolve, reject) => child.on('error', reject).on('close', resolve));
}

async function main(args: readonly string[]): Promise<void> {
  const at = args.indexOf('--compare');
  const folder = at < 0 ? await mkdtemp(join(tmpdir(), 'side-by-side-')) : (args[at + 1] ?? '');
  if (at < 0) for (const as of ['process', 'bundle']) await runStories(folder, as, args);
  const [ofProcess, ofBundle] = await Promise.all(['process', 'bundle'].map((as) => readSteps(folder, as)));
  let same = 0;
  let other = 0;
  let alone = 0;
  for (const [name, steps] of ofProcess ?? []) {
    const bundled = ofBundle?.get(name);
    if (bundled === undefined) {
      alone += 1;
      process.stdout.write(`alone ${name}\n`);
      continue;
    }
    const found = differences(steps.map(comparable), bundled.map(comparable));
    if (found.length === 0) same += 1;
    else {
      other += 1;
      process.stdout.write(`differs ${name}\n${found.map((line) => `    ${line}\n`).join('')}`);
    }
  }
  process.stdout.write(
    `\n${folder}: ${same} tests the same, ${other} that differ, ${alone} in one run only\n`,
  );
}

if (import.meta.main) await main(process.argv.slice(2));
