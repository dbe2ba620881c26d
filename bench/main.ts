/**
 * What has to be quick and small, measured on this machine, with the bundle in `dist/`:
 *
 *   npm run bench -- [--peer PATH]... [--json FILE] [--rounds N] [WORD]...
 *
 * One line for each row of the table; exits 1 where a limit is passed. `--peer` names the bundle of another action, which
 * runs in the same world, in turns with this one: `…/dist/index.js` with its action.yml one folder above. `--json` writes
 * the figures to a file as well. Programs are run eleven times each, or as often as `--rounds` says, and medians are told;
 * three figures are the least, the median and the most. Words choose groups: `npm run bench -- calls lag`. All of it takes
 * half an hour, and some gigabytes of disk for a while.
 */
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { callRows } from './calls.ts';
import { contextHash } from './context-hash.ts';
import { lagRows } from './lag.ts';
import { memoryRows } from './memory.ts';
import type { Row } from './row.ts';
import { sizeRows } from './size.ts';
import { soakRow } from './soak.ts';
import { countRow, startRows } from './start.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    peer: { type: 'string', multiple: true, default: [] },
    json: { type: 'string' },
    rounds: { type: 'string', default: '11' },
  },
});
const rounds = Number(values.rounds);

const GROUPS: Readonly<Record<string, readonly (() => Promise<Row[]>)[]>> = {
  size: [() => sizeRows(values.peer)],
  start: [async () => [await countRow()], () => startRows(values.peer, rounds)],
  memory: memoryRows(rounds),
  calls: callRows().map((row) => async () => [await row()]),
  lag: lagRows(),
  context: [async () => [await contextHash()]],
  soak: [async () => [await soakRow()]],
};

const unknown = positionals.filter((word) => !(word in GROUPS));
if (unknown.length > 0 || !Number.isInteger(rounds) || rounds < 1) {
  process.stderr.write(`There are the groups ${Object.keys(GROUPS).join(', ')}, and --rounds is a number.\n`);
  process.exit(2);
}

const rows: Row[] = [];
for (const [name, measures] of Object.entries(GROUPS)) {
  if (positionals.length > 0 && !positionals.includes(name)) continue;
  for (const measure of measures) {
    for (const row of await measure()) {
      rows.push(row);
      const limit = row.limit === '' ? '' : ` (limit: ${row.limit})`;
      process.stdout.write(`${row.isKept ? 'ok  ' : 'OVER'} ${row.name}: ${row.measured}${limit}\n`);
    }
  }
}
if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(rows, undefined, 2)}\n`);
process.exitCode = rows.every(({ isKept }) => isKept) ? 0 : 1;
