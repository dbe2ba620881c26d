import type { TaskDefinition } from '../model/index.ts';
import { DeployError } from '../runtime/error.ts';
import { READ_ONLY } from '../aws/task-definitions.ts';
import { asTaskDefinition } from './shape.ts';
import { foreignForm, formOfText } from './foreign-form.ts';
import { isList, isMap, shapeDefinition, type Raw, type Shaped } from './file-shape.ts';

/** As many problems as a person wants to read at once. */
export const MOST_PROBLEMS = 10;

/** A definition of a file, and what there is to say of the file. */
export interface ParsedDefinition extends Pick<Shaped, 'comments' | 'unknown' | 'unrendered'> {
  readonly definition: TaskDefinition;
}

/** Pure: rejects a text that is something else than people take it for; `path` is for the message. */
export function refuseForeignText(path: string, text: string): void {
  const form = formOfText(text);
  if (form !== undefined) throw wrongFile(path, form);
}

/** Pure: the definition in what a file holds; `path` is for the messages. */
export function definitionIn(path: string, content: Raw): ParsedDefinition {
  if (!isMap(content)) throw wrongFile(path, foreignForm(content) ?? 'it is not an object');
  const described = content.get('taskDefinition');
  const tags = content.get('tags');
  const top = isMap(described) ? described : content;
  const foreign = foreignForm(top);
  if (foreign !== undefined) throw wrongFile(path, foreign);
  const raw = new Map(top);
  if (isMap(described) && isList(tags) && tags.length > 0) raw.set('tags', tags);
  for (const field of READ_ONLY) raw.delete(field);
  const { definition, problems, ...told } = shapeDefinition(raw);
  if (problems.length > 0) throw wrongFile(path, problemsInWords(problems));
  try {
    return { definition: asTaskDefinition(definition), ...told };
  } catch (error) {
    throw wrongFile(path, firstLine((error as Error).message));
  }
}

function problemsInWords(problems: readonly string[]): string {
  const shown = problems.slice(0, MOST_PROBLEMS).join('; ');
  const more = problems.length - MOST_PROBLEMS;
  return (more > 0 ? `${shown}; and ${more} more` : shown).replace(/[.?]$/, (mark) =>
    mark === '.' ? '' : mark,
  );
}

export function wrongFile(path: string, what: string): DeployError {
  const end = what.endsWith('?') ? '' : '.';
  return new DeployError(
    'invalid-input',
    `task-definition: the file ${path} is not a task definition: ${what}${end}`,
    {
      hint: 'Correct the file. AWS was not asked anything yet.',
    },
  );
}

export function firstLine(text: string): string {
  return (text.split('\n')[0] ?? '').replace(/[.:]$/, '');
}
