/** How large the bundle is, and what a runner downloads. */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { Row } from './row.ts';
import { BUNDLE } from './start.ts';

export const MOST_BYTES = 1_300_000;
export const MOST_GZIPPED_BYTES = 420_000;

/** The code of a bundle and, beside it, of others. */
export function sizeRows(peers: readonly string[]): Promise<Row[]> {
  return Promise.resolve([BUNDLE, ...peers].map((script) => sizeRow(script, script === BUNDLE)));
}

function sizeRow(script: string, isOurs: boolean): Row {
  const folder = dirname(script);
  const code = readdirSync(folder)
    .filter((name) => name.endsWith('.js'))
    .map((name) => readFileSync(join(folder, name)));
  const bytes = code.reduce((sum, { length }) => sum + length, 0);
  const gzippedBytes = gzipSync(Buffer.concat(code)).length;
  return {
    name: isOurs ? 'bundle' : `bundle of ${script}`,
    limit: isOurs ? `${MOST_BYTES} bytes of code, ${MOST_GZIPPED_BYTES} gzipped` : '',
    measured: `${bytes} bytes of code in ${code.length} files, ${gzippedBytes} gzipped`,
    isKept: !isOurs || (bytes <= MOST_BYTES && gzippedBytes <= MOST_GZIPPED_BYTES),
    figures: { bytes, gzippedBytes, files: code.length },
  };
}
