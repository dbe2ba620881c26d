import { parseDocument, type YAMLParseError } from 'yaml';
import { readFile } from 'node:fs/promises';
import { isAbsolute, resolve } from 'node:path';
import type { Json, TaskDefinition } from '../model/index.ts';
import { DeployError } from '../runtime/error.ts';
import { asTaskDefinition, registrable } from './shape.ts';

/** Aliases that a YAML file may expand to; more is an attack or an accident. */
const MAX_ALIASES = 100;

/**
 * Reads a task definition from a JSON or YAML file of the workspace. JSON is YAML; nothing in the file is ever
 * executed. A file that holds a DescribeTaskDefinition answer (`{"taskDefinition": …}`) is understood too.
 * Rejects with `invalid-input` and says what is wrong with the file.
 */
export async function readTaskDefinitionFile(workspace: string, path: string): Promise<TaskDefinition> {
  const absolute = isAbsolute(path) ? path : resolve(workspace, path);
  return parseTaskDefinition(path, await readText(path, absolute));
}

/** Pure: the definition in a text; `path` is for the messages. */
export function parseTaskDefinition(path: string, text: string): TaskDefinition {
  const document = parseDocument(text, { uniqueKeys: true, prettyErrors: true, merge: true });
  const [problem] = document.errors;
  if (problem !== undefined) throw wrong(path, `it is neither JSON nor YAML: ${whereOf(problem)}`);
  try {
    const content = document.toJS({ maxAliasCount: MAX_ALIASES }) as Json;
    const described = content as { taskDefinition?: Json; tags?: readonly Json[] } | null;
    return described?.taskDefinition === undefined
      ? registrable(asTaskDefinition(content))
      : registrable(asTaskDefinition(described.taskDefinition), described.tags);
  } catch (error) {
    throw wrong(
      path,
      error instanceof ReferenceError
        ? 'it has an alias that leads nowhere, or too many of them'
        : firstLine((error as Error).message),
    );
  }
}

async function readText(path: string, absolute: string): Promise<string> {
  try {
    return await readFile(absolute, 'utf8');
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    throw new DeployError(
      'invalid-input',
      code === 'ENOENT'
        ? `task-definition: there is no file ${path} in the workspace.`
        : `task-definition: the file ${path} cannot be read (${code ?? String(error)}).`,
      { hint: 'Check the path, and that actions/checkout ran before this step.', cause: error },
    );
  }
}

function wrong(path: string, what: string): DeployError {
  return new DeployError(
    'invalid-input',
    `task-definition: the file ${path} is not a task definition: ${what}.`,
  );
}

/** The parser's messages quote the file, which may hold secrets: its code and the place say enough. */
function whereOf({ code, linePos }: Pick<YAMLParseError, 'code' | 'linePos'>): string {
  const [at] = linePos ?? [];
  const what = code.toLowerCase().replaceAll('_', ' ');
  return at === undefined ? what : `${what} at line ${at.line}, column ${at.col}`;
}

function firstLine(text: string): string {
  return (text.split('\n')[0] ?? '').replace(/[.:]$/, '');
}
