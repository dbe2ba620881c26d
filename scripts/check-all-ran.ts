/**
 * Runs a suite and exits 1 where it fails, and also where it skipped a test or says nothing of how many ran: for CI,
 * where everything can be had, so that what is missing is a fault and no reason to be green.
 *
 *   node scripts/check-all-ran.ts npm run test:infra
 *   node scripts/check-all-ran.ts --allow 'needs an account' npm run test:commands
 *
 * --allow takes a regular expression of reasons, as `SKIPPED what: reason` or in the line below it, that are no fault.
 */
import { spawn } from 'node:child_process';

import { closingLine } from './test-all.ts';

/** Pure: what is wrong with a run that exited with 0; undefined where nothing is. */
export function faultOf(output: string, allowed: RegExp | undefined): string | undefined {
  const counts = closingLine(output);
  if (counts === undefined) return 'The suite does not say how many tests ran.';
  if (counts.passed === 0) return 'No test ran.';
  const excused = skippedIn(output).filter((text) => allowed?.test(text) === true).length;
  const surplus = counts.skipped - excused;
  return surplus > 0 ? `${surplus} skipped here, where everything has to run.` : undefined;
}

/** Each `SKIPPED` line with the line below it. */
function skippedIn(output: string): string[] {
  const lines = output.split('\n');
  return lines.flatMap((line, at) =>
    line.startsWith('SKIPPED ') ? [`${line}\n${lines[at + 1] ?? ''}`] : [],
  );
}

async function run(file: string, args: readonly string[]): Promise<{ code: number | null; output: string }> {
  const child = spawn(file, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => {
    output += chunk.toString('utf8');
    process.stdout.write(chunk);
  });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => {
      resolve({ code, output });
    });
  });
}

async function main(args: readonly string[]): Promise<number> {
  const [first, pattern = '', ...others] = args;
  const allowed = first === '--allow' ? new RegExp(pattern) : undefined;
  const [file, ...rest] = allowed === undefined ? args : others;
  if (file === undefined) throw new Error('Which suite is to run? See the head of this file.');
  const { code, output } = await run(file, rest);
  if (code !== 0) return code ?? 1;
  const fault = faultOf(output, allowed);
  if (fault === undefined) return 0;
  process.stdout.write(`::error::${fault}\n`);
  return 1;
}

if (import.meta.main) process.exitCode = await main(process.argv.slice(2));
