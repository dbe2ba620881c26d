/**
 * Writes what the reusable workflows have of action.yml: their inputs, their outputs, and what they hand to the step,
 * between lines such as `# generated: inputs` and `# end: inputs`. Writes `.github/actions/deploy/action.yml` too, by
 * which they name the action of their own commit: `$/` takes no action at the root of a repository.
 *
 *   node scripts/reusable-workflows.ts           writes the files
 *   node scripts/reusable-workflows.ts --check   exits 1 where one differs from what would be written
 */
import { readFileSync, writeFileSync } from 'node:fs';

import { parse } from 'yaml';

import { betweenMarks } from './marks.ts';
import { GROUPS, type ActionFile } from './readme-tables.ts';

/** Values that are secret, and so are secrets of the workflow. */
export const SECRETS = ['build-secrets', 'health-check-headers'] as const;

/** Inputs of the action that no workflow takes: the workflow itself decides them. */
const DECIDED = ['mode', 'service-deployment-arn', 'github-token'];

/** What stands in where an input is not given: a variable of the repository or of the environment. */
const VARIABLES: Readonly<Record<string, string>> = {
  'aws-region': 'AWS_REGION',
  cluster: 'ECS_CLUSTER',
  service: 'ECS_SERVICE',
  'ecr-repository': 'ECR_REPOSITORY',
  alarms: 'ALARMS',
};

/** What nothing answers without a URL. */
const NEED_A_URL = ['health-check-json', 'health-check-body'];

const URL_OF_THE_SERVICE =
  "inputs.health-check-url || inputs.health-check-path && vars.SERVICE_URL && format('{0}{1}', vars.SERVICE_URL, inputs.health-check-path)";

interface Called {
  readonly file: string;
  /** Inputs of the action that the workflow takes, by its groups in the guide. */
  readonly groups: readonly string[];
  readonly more?: readonly string[];
}

export const CALLED: readonly Called[] = [
  { file: 'deploy.yml', groups: GROUPS.map(({ title }) => title) },
  { file: 'plan.yml', groups: GROUPS.map(({ title }) => title) },
  {
    file: 'redeploy.yml',
    groups: ['Health gate', 'Report'],
    more: ['aws-region', 'cluster', 'service', 'ecr-repository', 'wait-for-minutes', 'on-cancel', 'metrics'],
  },
];

/** Names of the action's inputs that a workflow takes, secrets left out. */
export function inputsTaken({ groups, more = [] }: Called): string[] {
  const grouped = GROUPS.flatMap(({ title, inputs }) => (groups.includes(title) ? inputs : []));
  const secrets: readonly string[] = SECRETS;
  return [...more, ...grouped].filter((name) => !DECIDED.includes(name) && !secrets.includes(name));
}

/** A workflow with its generated parts written again. Throws where a mark is missing. */
export function renderWorkflow(text: string, called: Called, action: ActionFile): string {
  const names = inputsTaken(called);
  const secrets = SECRETS.filter((name) => text.includes(`\n      ${name}:\n`));
  const parts: Readonly<Record<string, readonly string[]>> = {
    inputs: names.map((name) => inputLine(name, action)),
    outputs: Object.keys(action.outputs)
      .filter((name) => name !== 'report')
      .map((name) => `${name}: { value: '\${{ jobs.run.outputs.${name} }}' }`),
    'job outputs': Object.keys(action.outputs)
      .filter((name) => name !== 'report')
      .map((name) => `${name}: \${{ steps.run.outputs.${name} }}`),
    with: [
      ...names
        .filter((name) => !text.includes(`\n          ${name}: \${{ inputs.what`))
        .map((name) => `${name}: \${{ ${valueOf(name)} }}`),
      ...secrets.map((name) => `${name}: \${{ secrets.${name} }}`),
    ],
  };
  return Object.entries(parts).reduce((whole, [mark, lines]) => betweenMarks(whole, mark, lines), text);
}

/** The default is the action's own, since what is handed over empty has it as well. */
function inputLine(name: string, { inputs }: ActionFile): string {
  const standard = name in VARIABLES ? undefined : inputs[name]?.default;
  return standard === undefined
    ? `${name}: { type: string }`
    : `${name}: { type: string, default: '${standard.replaceAll("'", "''")}' }`;
}

function valueOf(name: string): string {
  const variable = VARIABLES[name];
  if (name === 'health-check-url') return URL_OF_THE_SERVICE;
  if (NEED_A_URL.includes(name)) {
    return `(inputs.test-url || ${URL_OF_THE_SERVICE}) && inputs.${name} || ''`;
  }
  return variable === undefined ? `inputs.${name}` : `inputs.${name} || vars.${variable}`;
}

/** The action as its own workflows name it: the same file, from where it lies. */
export function renderAction(text: string): string {
  const moved = text.replaceAll(/: dist\//g, ': ../../../dist/');
  if (moved === text) throw new Error('action.yml runs nothing of dist/.');
  return `# Written by scripts/reusable-workflows.ts from action.yml.\n${moved}`;
}

/** Writes the files, or with `check` only compares; returns what to exit with. */
export function run(check: boolean, folder: URL): number {
  const read = (path: string): string => readFileSync(new URL(path, folder), 'utf8');
  const text = read('action.yml');
  const action = parse(text) as ActionFile;
  const rendered = [
    ['.github/actions/deploy/action.yml', renderAction(text)],
    ...CALLED.map((called): [string, string] => {
      const path = `.github/workflows/${called.file}`;
      return [path, renderWorkflow(read(path), called, action)];
    }),
  ] as const;
  const stale = rendered.filter(([path, fresh]) => {
    try {
      return read(path) !== fresh;
    } catch {
      return true;
    }
  });
  if (!check) for (const [path, fresh] of stale) writeFileSync(new URL(path, folder), fresh);
  if (!check || stale.length === 0) return 0;
  const names = stale.map(([path]) => path).join(', ');
  console.error(`What is generated in ${names} is out of date. Run: node scripts/reusable-workflows.ts`);
  return 1;
}

if (import.meta.main)
  process.exitCode = run(process.argv.includes('--check'), new URL('../', import.meta.url));
