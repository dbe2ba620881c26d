import { appendFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { RECORD } from '../../scripts/calls-folder.js';
import type { Simulator } from '../../simulator/simulator.ts';

/**
 * Writes down what was called in a world, in a run of all tests: the tests of the IAM policies hold them against these
 * calls. A file for each process, a JSON object for each call.
 */
export function recordCalls({ calls, world: { account, partition } }: Simulator): void {
  const folder = process.env[RECORD];
  if (folder === undefined || folder === '' || calls.length === 0) return;
  mkdirSync(folder, { recursive: true });
  const lines = calls.map((call) => `${JSON.stringify({ account, partition, ...call })}\n`);
  appendFileSync(join(folder, `${process.pid}.jsonl`), lines.join(''));
}
