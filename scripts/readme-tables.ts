/**
 * Writes the tables of inputs and outputs in docs/inputs.md from action.yml, between the markers
 * `<!-- inputs -->`, `<!-- /inputs -->`, `<!-- outputs -->` and `<!-- /outputs -->`.
 *
 *   node scripts/readme-tables.ts           writes docs/inputs.md
 *   node scripts/readme-tables.ts --check   exits 1 where docs/inputs.md differs from what would be written
 */
import { readFileSync, writeFileSync } from 'node:fs';

import { parse } from 'yaml';

export interface Group {
  readonly title: string;
  readonly inputs: readonly string[];
}

/** The inputs as the guide groups them; every input of action.yml is in exactly one group. */
export const GROUPS: readonly Group[] = [
  { title: 'Where', inputs: ['aws-region', 'cluster', 'service', 'mode', 'service-deployment-arn'] },
  { title: 'Image', inputs: ['image', 'images', 'ecr-repository', 'image-tag', 'context', 'registries'] },
  {
    title: 'Build (with `context`)',
    inputs: [
      ...['file', 'target', 'platforms', 'build-args', 'build-contexts'],
      ...['build-secrets', 'build-secret-files', 'build-secret-envs'],
      ...['push-tags', 'image-labels', 'cache-from', 'cache-to', 'cache', 'provenance', 'sbom'],
      ...['pull', 'no-cache', 'builder', 'buildkit-image', 'buildx-args', 'reuse-image'],
    ],
  },
  {
    title: 'Task definition',
    inputs: [
      ...[
        'task-definition',
        'container-name',
        'environment-variables',
        'secrets',
        'env-files',
        'docker-labels',
      ],
      ...['log-configuration-log-driver', 'log-configuration-options', 'command'],
      ...['task-role-arn', 'execution-role-arn', 'cpu', 'memory'],
      ...['environment-mode', 'show-environment-values'],
    ],
  },
  {
    title: 'Before the rollout',
    inputs: ['pre-deploy-command', 'pre-deploy-container', 'pre-deploy-timeout-minutes'],
  },
  {
    title: 'Rollout',
    inputs: [
      ...['desired-count', 'force-new-deployment', 'enable-ecs-managed-tags', 'propagate-tags'],
      ...['wait-for-service-stability', 'wait-for-minutes', 'poll-interval-seconds', 'preflight'],
      ...['fail-fast', 'failed-task-limit', 'on-failure', 'on-cancel'],
    ],
  },
  {
    title: 'Health gate',
    inputs: [
      ...['health-check-url', 'health-check-status', 'health-check-body', 'health-check-json'],
      ...['health-check-headers', 'health-check-successes', 'health-check-failures'],
      ...['health-check-interval-seconds', 'health-check-timeout-seconds', 'health-check-deadline-seconds'],
      ...['alarms', 'bake-minutes'],
    ],
  },
  {
    title: 'Progressive delivery',
    inputs: [
      ...['promotion', 'test-url', 'metrics', 'codedeploy-application', 'codedeploy-deployment-group'],
      ...['codedeploy-appspec', 'codedeploy-deployment-description', 'codedeploy-deployment-config'],
    ],
  },
  {
    title: 'Report',
    inputs: [
      ...['summary', 'pr-comment', 'comment-key', 'pr-number'],
      ...['github-environment', 'github-token', 'failure-log-lines'],
    ],
  },
];

/** What the tables are made of. */
export interface ActionFile {
  readonly inputs: Readonly<Record<string, { readonly description: string; readonly default?: string }>>;
  readonly outputs: Readonly<Record<string, { readonly description: string }>>;
}

/** The guide with both tables written again. Throws where a marker is missing or an input is not in one group. */
export function renderTables(guide: string, action: ActionFile, groups: readonly Group[] = GROUPS): string {
  const withInputs = between(guide, 'inputs', inputTables(action, groups));
  return between(withInputs, 'outputs', outputTable(action));
}

function inputTables({ inputs }: ActionFile, groups: readonly Group[]): string {
  const grouped = groups.flatMap((group) => group.inputs);
  const problems = [
    ...Object.keys(inputs)
      .filter((name) => !grouped.includes(name))
      .map((name) => `${name} is in no group`),
    ...grouped
      .filter((name) => !Object.hasOwn(inputs, name))
      .map((name) => `${name} is not an input of action.yml`),
    ...grouped.filter((name, at) => grouped.indexOf(name) !== at).map((name) => `${name} is in two groups`),
  ];
  if (problems.length > 0) throw new Error(`The groups of inputs are wrong: ${problems.join('; ')}.`);
  return groups
    .map(({ title, inputs: names }) => {
      const rows = names.map((name) => [
        code(name),
        code(inputs[name]?.default ?? ''),
        inputs[name]?.description ?? '',
      ]);
      return `**${title}**\n\n${table(['Input', 'Default', 'Meaning'], rows)}`;
    })
    .join('\n\n');
}

function outputTable({ outputs }: ActionFile): string {
  const rows = Object.entries(outputs).map(([name, output]) => [code(name), output.description]);
  return table(['Output', 'Meaning'], rows);
}

/** A Markdown table. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [head, head.map(() => '---'), ...rows]
    .map((cells) => `| ${cells.map(cell).join(' | ')} |`)
    .join('\n');
}

function cell(text: string): string {
  return text.trim().replace(/\s+/g, ' ').replaceAll('|', '\\|');
}

function code(text: string): string {
  return text === '' ? '' : `\`${text}\``;
}

/** Replaces what stands between the two markers, which must occur once each, in this order. */
export function between(guide: string, name: string, content: string): string {
  const [open, close] = [`<!-- ${name} -->`, `<!-- /${name} -->`];
  const [before, rest, ...more] = guide.split(open);
  const [old, after, ...others] = (rest ?? '').split(close);
  if (before === undefined || old === undefined || after === undefined || more.length + others.length > 0) {
    throw new Error(`The guide needs the markers ${open} and ${close}, once each and in this order.`);
  }
  return `${before}${open}\n\n${content}\n\n${close}${after}`;
}

/** Writes docs/inputs.md, or with `check` only compares; returns what to exit with. */
export function run(check: boolean, folder: URL): number {
  const action = parse(readFileSync(new URL('action.yml', folder), 'utf8')) as ActionFile;
  const path = new URL('docs/inputs.md', folder);
  const guide = readFileSync(path, 'utf8');
  const rendered = renderTables(guide, action);
  if (rendered === guide) return 0;
  if (check) {
    console.error('The tables of docs/inputs.md differ from action.yml. Run: node scripts/readme-tables.ts');
    return 1;
  }
  writeFileSync(path, rendered);
  return 0;
}

if (import.meta.main)
  process.exitCode = run(process.argv.includes('--check'), new URL('../', import.meta.url));
