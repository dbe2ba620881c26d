/**
 * Writes the tables of infra/README.md: its variables and outputs, from the Terraform files.
 *
 *   node scripts/infra-readme.ts           writes infra/README.md
 *   node scripts/infra-readme.ts --check   exits 1 where infra/README.md differs from what would be written
 */
import { readFileSync, writeFileSync } from 'node:fs';

import { readOutputs, readVariables } from './infra-settings.ts';
import type { Variable } from './infra-settings.ts';
import { between, table } from './readme-tables.ts';

const TITLES: Readonly<Record<string, string>> = {
  'variables.tf': 'Names, repository, destruction',
  'variables-github.tf': 'GitHub',
  'variables-network.tf': 'Network and load balancer',
  'variables-service.tf': 'Service, capacity, scaling, logs and alarms',
};

/** infra/README.md with its tables written again. Throws where a marker is missing. */
export async function renderInfra(readme: string, folder: URL): Promise<string> {
  const files = await readVariables(folder);
  const variables = Object.keys(TITLES).map(
    (file) => `**${TITLES[file] ?? file}**\n\n${variableTable(files.get(file) ?? [])}`,
  );
  const outputs = table(
    ['Output', 'Meaning'],
    (await readOutputs(folder)).map(({ name, description }) => [`\`${name}\``, description]),
  );
  return between(between(readme, 'variables', variables.join('\n\n')), 'outputs', outputs);
}

function variableTable(variables: readonly Variable[]): string {
  return table(
    ['Variable', 'Type', 'Default', 'Meaning'],
    variables.map(({ name, type, default: standard, description }) => [
      `\`${name}\``,
      `\`${type}\``,
      standard === undefined ? '(must be given)' : `\`${standard}\``,
      description,
    ]),
  );
}

/** Writes infra/README.md, or with `check` only compares; resolves to what to exit with. */
export async function run(check: boolean, root: URL): Promise<number> {
  const path = new URL('infra/README.md', root);
  const readme = readFileSync(path, 'utf8');
  const rendered = await renderInfra(readme, new URL('infra/', root));
  if (rendered === readme) return 0;
  if (check) {
    console.error(
      'The tables of infra/README.md are not the current ones. Run: node scripts/infra-readme.ts',
    );
    return 1;
  }
  writeFileSync(path, rendered);
  return 0;
}

if (import.meta.main)
  process.exitCode = await run(process.argv.includes('--check'), new URL('../', import.meta.url));
