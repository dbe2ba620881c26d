/**
 * Writes the generated parts of the guides, between markers such as `<!-- causes -->` and `<!-- /causes -->`: the causes
 * in docs/outcomes.md, the costs of the stack in infra/COSTS.md and QUICKSTART.md, those of other platforms in
 * docs/alternatives.md.
 *
 *   node scripts/guides.ts           writes the guides
 *   node scripts/guides.ts --check   exits 1 where a guide differs from what would be written
 */
import { readFileSync, writeFileSync } from 'node:fs';

import { parse } from 'yaml';

import { causeIndex, causesByPhase } from './guides/causes.ts';
import {
  costTable,
  platformRateTable,
  platformTable,
  quickstartCost,
  quickstartImageCost,
  quickstartStackCost,
  rateTable,
  sizeTable,
  variantTable,
} from './guides/costs.ts';
import { between, type ActionFile } from './readme-tables.ts';

interface Part {
  readonly file: string;
  readonly marker: string;
  readonly render: (inputs: readonly string[]) => string;
}

const PARTS: readonly Part[] = [
  { file: 'docs/outcomes.md', marker: 'cause-index', render: causeIndex },
  { file: 'docs/outcomes.md', marker: 'causes', render: causesByPhase },
  { file: 'infra/COSTS.md', marker: 'cost', render: costTable },
  { file: 'infra/COSTS.md', marker: 'variants', render: variantTable },
  { file: 'infra/COSTS.md', marker: 'sizes', render: sizeTable },
  { file: 'infra/COSTS.md', marker: 'rates', render: rateTable },
  { file: 'QUICKSTART.md', marker: 'cost', render: quickstartCost },
  { file: 'QUICKSTART.md', marker: 'cost-stack', render: quickstartStackCost },
  { file: 'QUICKSTART.md', marker: 'cost-images', render: quickstartImageCost },
  { file: 'docs/alternatives.md', marker: 'platforms', render: platformTable },
  { file: 'docs/alternatives.md', marker: 'rates', render: platformRateTable },
];

/** Writes the guides, or with `check` only compares; returns what to exit with. */
export function run(check: boolean, folder: URL): number {
  const action = parse(readFileSync(new URL('action.yml', folder), 'utf8')) as ActionFile;
  const inputs = Object.keys(action.inputs);
  const files = [...new Set(PARTS.map(({ file }) => file))];
  const stale = files.filter((file) => {
    const path = new URL(file, folder);
    const old = readFileSync(path, 'utf8');
    const fresh = PARTS.filter((part) => part.file === file).reduce(
      (text, { marker, render }) => between(text, marker, render(inputs)),
      old,
    );
    if (!check && fresh !== old) writeFileSync(path, fresh);
    return fresh !== old;
  });
  if (!check || stale.length === 0) return 0;
  console.error(`What is generated in ${stale.join(' and ')} is out of date. Run: node scripts/guides.ts`);
  return 1;
}

if (import.meta.main)
  process.exitCode = run(process.argv.includes('--check'), new URL('../', import.meta.url));
