/**
 * Writes the table of what is not available yet in README.md from src/inputs/later.ts, between the markers
 * `<!-- not-yet -->` and `<!-- /not-yet -->`.
 *
 *   node scripts/readme-later.ts           writes README.md
 *   node scripts/readme-later.ts --check   exits 1 where README.md differs from what would be written
 */
import { readFileSync, writeFileSync } from 'node:fs';

import { NOT_YET, type NotYet } from '../src/inputs/later.ts';
import { between, table } from './readme-tables.ts';

/** The README with the table written anew. Throws where a marker is missing. */
export function renderNotYet(readme: string, notYet: readonly NotYet[] = NOT_YET): string {
  const features = new Map<string, readonly string[]>();
  for (const { feature, inputs } of notYet) {
    features.set(feature, [...(features.get(feature) ?? []), ...inputs]);
  }
  const rows = [...features].map(([feature, inputs]) => [
    feature.charAt(0).toUpperCase() + feature.slice(1),
    inputs.map((input) => `\`${input}\``).join(', '),
  ]);
  const content = rows.length === 0 ? 'Nothing.' : table(['Not available yet', 'Inputs'], rows);
  return between(readme, 'not-yet', content);
}

/** Writes README.md, or with `check` only compares; returns what to exit with. */
export function run(check: boolean, folder: URL): number {
  const path = new URL('README.md', folder);
  const readme = readFileSync(path, 'utf8');
  const rendered = renderNotYet(readme);
  if (rendered === readme) return 0;
  if (check) {
    console.error(
      'What README.md says is not available yet is out of date. Run: node scripts/readme-later.ts',
    );
    return 1;
  }
  writeFileSync(path, rendered);
  return 0;
}

if (import.meta.main)
  process.exitCode = run(process.argv.includes('--check'), new URL('../', import.meta.url));
