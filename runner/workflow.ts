import { data, Evaluator, Lexer, Parser, wellKnownFunctions } from '@actions/expressions';
import type { FunctionDefinition } from '@actions/expressions/funcs/info';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';

const WORKFLOWS = fileURLToPath(new URL('../.github/workflows', import.meta.url));

/** A workflow as GitHub reads it, as far as this project uses it. */
export interface Workflow {
  readonly name: string;
  readonly on: unknown;
  readonly permissions?: Readonly<Record<string, string>>;
  readonly concurrency?: Concurrency;
  readonly env?: Env;
  readonly defaults?: Defaults;
  readonly jobs: Readonly<Record<string, Job>>;
}

export interface Concurrency {
  readonly group: string;
  readonly 'cancel-in-progress'?: boolean | string;
  /** `max`: up to a hundred wait; otherwise the one that waits is cancelled by the next. */
  readonly queue?: string;
}

interface Defaults {
  readonly run?: { readonly shell?: string };
}

type Env = Readonly<Record<string, string | number | boolean>>;

export interface Job {
  readonly if?: string;
  readonly needs?: string | readonly string[];
  readonly 'runs-on'?: string;
  readonly permissions?: Readonly<Record<string, string>>;
  readonly 'timeout-minutes'?: number;
  readonly concurrency?: Concurrency;
  readonly environment?: { readonly name: string; readonly url?: string } | string;
  readonly env?: Env;
  readonly strategy?: { readonly matrix: Readonly<Record<string, unknown>> };
  readonly defaults?: Defaults;
  readonly outputs?: Readonly<Record<string, string>>;
  /** A workflow that is called, with what it gets; such a job has no steps. */
  readonly uses?: string;
  readonly with?: Step['with'];
  readonly secrets?: Readonly<Record<string, string>>;
  readonly steps?: readonly Step[];
}

export interface Step {
  readonly id?: string;
  readonly name?: string;
  readonly if?: string;
  readonly uses?: string;
  readonly run?: string;
  readonly shell?: string;
  readonly env?: Env;
  readonly with?: Readonly<Record<string, string | number | boolean>>;
}

/** The contexts of expressions, such as `github` and `vars`: nested objects of texts. */
export type Contexts = Readonly<Record<string, object>>;

export async function workflowFiles(): Promise<string[]> {
  return (await readdir(WORKFLOWS)).filter((name) => name.endsWith('.yml')).sort();
}

export function workflowText(file: string): Promise<string> {
  return readFile(join(WORKFLOWS, file), 'utf8');
}

export async function readWorkflow(file: string): Promise<Workflow> {
  return parse(await workflowText(file)) as Workflow;
}

/** The text with the value of each `${{ expression }}`. Throws what GitHub's own evaluator throws. */
export function interpolate(text: string, contexts: Contexts): string {
  return text.replaceAll(/\$\{\{(.*?)\}\}/gs, (_, expression: string) =>
    evaluate(expression, contexts).coerceString(),
  );
}

/** How the steps before this one ended, for `success()`, `failure()`, `always()` and `cancelled()`. */
export type Status = 'success' | 'failure' | 'cancelled';

/**
 * Whether an `if:` holds. As on GitHub, one without a function of the status holds only where all went well before;
 * none is `success()`.
 */
export function holds(
  condition: string | undefined,
  contexts: Contexts,
  status: Status = 'success',
): boolean {
  const text = (condition ?? 'success()').replace(/^\s*\$\{\{(.*)\}\}\s*$/s, '$1');
  const asksStatus = /\b(?:success|failure|always|cancelled)\(\)/.test(text);
  if (!asksStatus && status !== 'success') return false;
  const value = evaluate(text, contexts, status);
  return !['', '0', 'false'].includes(value.coerceString());
}

/** The workflow of this repository that a job calls, with `inputs` and `secrets` as it sees them. */
export async function calledBy(
  { uses = '', with: given = {}, secrets = {} }: Job,
  contexts: Contexts,
): Promise<{ readonly file: string; readonly contexts: Contexts }> {
  const file = /\.github\/workflows\/([\w-]+\.yml)(?:@\S+)?$/.exec(uses)?.[1];
  if (file === undefined) throw new Error(`"${uses}" names no workflow of this repository`);
  const { inputs = {} } = callOf(await readWorkflow(file)) ?? {};
  const unknown = Object.keys(given).filter((name) => !(name in inputs));
  if (unknown.length > 0) throw new Error(`${file} takes no ${unknown.join(', ')}`);
  const values = Object.entries(inputs).map(
    ([name, { default: standard = '', required }]): [string, unknown] => {
      if (required === true && !(name in given)) throw new Error(`${file} needs the input ${name}`);
      return [name, name in given ? interpolate(String(given[name]), contexts) : standard];
    },
  );
  return {
    file,
    contexts: {
      ...contexts,
      inputs: Object.fromEntries(values),
      secrets: Object.fromEntries(
        Object.entries(secrets).map(([name, value]) => [name, interpolate(value, contexts)]),
      ),
    },
  };
}

/** What a workflow takes and gives where others call it. */
export interface Call {
  readonly inputs?: Readonly<
    Record<string, { readonly required?: boolean; readonly default?: string | number | boolean }>
  >;
  readonly secrets?: Readonly<Record<string, { readonly required?: boolean }>>;
  readonly outputs?: Readonly<Record<string, { readonly value: string }>>;
}

/** Undefined where others cannot call it. */
export function callOf({ on }: Workflow): Call | undefined {
  if (typeof on !== 'object' || on === null || !('workflow_call' in on)) return undefined;
  return on.workflow_call ?? {};
}

/** Every input of a step as the action gets it. */
export function inputsOf(step: Step, contexts: Contexts): Record<string, string> {
  return Object.fromEntries(
    Object.entries(step.with ?? {}).map(([name, value]) => [name, interpolate(String(value), contexts)]),
  );
}

function evaluate(expression: string, contexts: Contexts, status: Status = 'success'): data.ExpressionData {
  const { tokens } = new Lexer(expression.trim()).lex();
  const functions = [...Object.values(wellKnownFunctions), ...statusFunctions(status)];
  const parsed = new Parser(tokens, Object.keys(contexts), functions).parse();
  const values = JSON.parse(JSON.stringify(contexts), data.reviver) as data.Dictionary;
  const byName = new Map(functions.map((each) => [each.name.toLowerCase(), each]));
  return new Evaluator(parsed, values, byName).evaluate();
}

function statusFunctions(status: Status): FunctionDefinition[] {
  const answers = {
    success: status === 'success',
    failure: status === 'failure',
    cancelled: status === 'cancelled',
    always: true,
  };
  return Object.entries(answers).map(([name, answer]) => ({
    name,
    minArgs: 0,
    maxArgs: 0,
    call: () => new data.BooleanData(answer),
  }));
}
