/** The calls of the whole end-to-end suite. */
import { mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CALLS, COMPLETE } from '../../scripts/calls-folder.js';
import { parseCall } from './iam/authorizations.ts';
import type { RecordedCall } from './iam/authorizations.ts';
import { runProgram } from './tools.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const SUITE = join(ROOT, '__tests__', 'e2e');

/** Of the last `npm test` where that ran the whole suite; else of a run of the suite now, which takes minutes. */
export async function callsOfTheSuite(): Promise<RecordedCall[]> {
  if (isComplete()) return read(CALLS);
  const folder = mkdtempSync(join(tmpdir(), 'calls-'));
  const jest = ['--experimental-vm-modules', '--no-warnings', 'node_modules/jest/bin/jest.js', SUITE];
  const { exitCode, output } = await runProgram(process.execPath, jest, {
    cwd: ROOT,
    env: { ...process.env, SIMULATOR_CALLS: folder },
  });
  if (exitCode !== 0) throw new Error(`The end-to-end suite fails:\n${output.slice(-4_000)}`);
  return read(folder);
}

/** The reporter of jest writes down which files of the suite ran. */
function isComplete(): boolean {
  try {
    const ran = JSON.parse(readFileSync(join(CALLS, COMPLETE), 'utf8')) as string[];
    return readdirSync(SUITE)
      .filter((name) => name.endsWith('.test.ts'))
      .every((name) => ran.includes(name));
  } catch {
    return false;
  }
}

function read(folder: string): RecordedCall[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith('.jsonl'))
    .flatMap((name) => readFileSync(join(folder, name), 'utf8').split('\n'))
    .filter((line) => line !== '')
    .map(parseCall);
}
