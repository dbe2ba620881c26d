/**
 * What has to be quick, measured on this machine:
 *
 *   npm run bench
 *
 * One line for each row of the table; exits 1 where a limit is passed. It needs some gigabytes of disk for a while.
 */
import { contextHash } from './context-hash.ts';

/** One thing that is measured. */
export interface Row {
  readonly name: string;
  readonly limit: string;
  readonly measured: string;
  readonly isKept: boolean;
}

const ROWS: readonly (() => Promise<Row>)[] = [contextHash];

let isKept = true;
for (const measure of ROWS) {
  const row = await measure();
  isKept &&= row.isKept;
  process.stdout.write(
    `${row.isKept ? 'ok  ' : 'OVER'} ${row.name}: ${row.measured} (limit: ${row.limit})\n`,
  );
}
process.exitCode = isKept ? 0 : 1;
