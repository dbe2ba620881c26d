/**
 * What has to be quick, measured on this machine:
 *
 *   npm run bench
 *
 * One line for each row of the table; exits 1 where a limit is passed. It needs some gigabytes of disk for a while.
 * Words after it choose rows: `npm run bench -- calls`.
 */
import { callRows } from './calls.ts';
import { contextHash } from './context-hash.ts';

/** One thing that is measured. */
export interface Row {
  readonly name: string;
  readonly limit: string;
  readonly measured: string;
  readonly isKept: boolean;
}

const ROWS: readonly (() => Promise<Row>)[] = [contextHash, ...callRows()];

const words = process.argv.slice(2);
let isKept = true;
for (const measure of ROWS.filter(({ name }) => words.every((word) => name.includes(word)))) {
  const row = await measure();
  isKept &&= row.isKept;
  process.stdout.write(
    `${row.isKept ? 'ok  ' : 'OVER'} ${row.name}: ${row.measured} (limit: ${row.limit})\n`,
  );
}
process.exitCode = isKept ? 0 : 1;
