import { data, Evaluator, Lexer, Parser, wellKnownFunctions } from '@actions/expressions';
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
  readonly concurrency?: { readonly group: string };
  readonly jobs: Readonly<Record<string, Job>>;
}

export interface Job {
  readonly if?: string;
  readonly permissions?: Readonly<Record<string, string>>;
  readonly 'timeout-minutes'?: number;
  readonly environment?: { readonly name: string; readonly url?: string } | string;
  readonly steps: readonly Step[];
}

export interface Step {
  readonly id?: string;
  readonly if?: string;
  readonly uses?: string;
  readonly run?: string;
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

/** Whether an `if:` holds; none always does. */
export function holds(condition: string | undefined, contexts: Contexts): boolean {
  if (condition === undefined) return true;
  const value = evaluate(condition.replace(/^\s*\$\{\{(.*)\}\}\s*$/s, '$1'), contexts);
  return !['', '0', 'false'].includes(value.coerceString());
}

/** Every input of a step as the action gets it. */
export function inputsOf(step: Step, contexts: Contexts): Record<string, string> {
  return Object.fromEntries(
    Object.entries(step.with ?? {}).map(([name, value]) => [name, interpolate(String(value), contexts)]),
  );
}

function evaluate(expression: string, contexts: Contexts): data.ExpressionData {
  const { tokens } = new Lexer(expression.trim()).lex();
  const parsed = new Parser(tokens, Object.keys(contexts), Object.values(wellKnownFunctions)).parse();
  const values = JSON.parse(JSON.stringify(contexts), data.reviver) as data.Dictionary;
  return new Evaluator(parsed, values).evaluate();
}
