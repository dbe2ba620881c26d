/** The calls that the action made in all tests. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CALLS, COMPLETE } from '../../scripts/calls-folder.js';
import { parseCall } from './iam/authorizations.ts';
import type { RecordedCall } from './iam/authorizations.ts';

/** As the last whole `npm test` recorded them. Throws where there is no such record, and says how to make one. */
export function callsOfTheSuite(): RecordedCall[] {
  if (!existsSync(join(CALLS, COMPLETE)))
    throw new Error('There is no record of the calls of a whole test run. Run "npm test" before this.');
  return readdirSync(CALLS)
    .filter((name) => name.endsWith('.jsonl'))
    .flatMap((name) => readFileSync(join(CALLS, name), 'utf8').split('\n'))
    .filter((line) => line !== '')
    .map(parseCall);
}
