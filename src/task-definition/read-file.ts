import { readFile, stat } from 'node:fs/promises';
import { isAbsolute, resolve } from 'node:path';
import type { TaskDefinition } from '../model/index.ts';
import { DeployError } from '../runtime/error.ts';
import type { Log } from '../runtime/log.ts';
import { contentOfJson } from './json-file.ts';
import { unreadableFile } from './missing-file.ts';
import {
  definitionIn,
  MOST_PROBLEMS,
  refuseForeignText,
  wrongFile,
  type ParsedDefinition,
} from './parsed-file.ts';

/** Sixteen times what AWS takes. What is larger is another file. */
const MOST_BYTES = 1024 * 1024;

/**
 * Reads a task definition from a JSON or YAML file of the workspace, and tells of it what there is to tell. Nothing in
 * the file is ever executed. A file that holds a DescribeTaskDefinition answer (`{"taskDefinition": …}`) is understood
 * too. Rejects with `invalid-input` and says what is wrong with the file, in one error.
 */
export async function readTaskDefinitionFile(
  workspace: string,
  path: string,
  log: Log,
): Promise<TaskDefinition> {
  const absolute = isAbsolute(path) ? path : resolve(workspace, path);
  const { definition, comments, unknown, unrendered } = await parse(path, await readText(path, absolute));
  if (comments.length > 0) {
    log.line(`task-definition: ${path}: left out, as comments: ${comments.join(', ')}.`);
  }
  for (const field of unknown) {
    log.warn(
      `task-definition: ${path} has the field ${field}, which this version does not know; AWS gets it as it is.`,
    );
  }
  if (unrendered.length > 0) {
    log.warn(
      `task-definition: ${path} has an expression of GitHub Actions in ${fewOf(unrendered)}. GitHub evaluates those in workflows only, so AWS gets that text as it is: give the value by an input such as environment-variables.`,
    );
  }
  return definition;
}

function fewOf(paths: readonly string[]): string {
  const more = paths.length - MOST_PROBLEMS;
  const shown = paths.slice(0, MOST_PROBLEMS).join(', ');
  return more > 0 ? `${shown} and ${more} more` : shown;
}

async function readText(path: string, absolute: string): Promise<string> {
  try {
    const found = await stat(absolute);
    // A pipe or a device may never end.
    if (!found.isFile() && !found.isDirectory())
      throw wrongFile(path, 'it is a pipe or a device, not a file');
    const { size } = found;
    if (size > MOST_BYTES) {
      throw wrongFile(path, `it has ${Math.ceil(size / 1024)} KiB, and a task definition has at most 64`);
    }
    return decoded(path, await readFile(absolute));
  } catch (error) {
    if (error instanceof DeployError) throw error;
    throw await unreadableFile(path, absolute, error);
  }
}

/** Windows PowerShell writes UTF-16 where output is redirected into a file. */
function decoded(path: string, bytes: Buffer): string {
  const [first, second] = bytes;
  const utf16 = (first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff);
  if (utf16) throw wrongFile(path, 'it is UTF-16, as Windows PowerShell writes it: save it as UTF-8');
  if (bytes.includes(0)) throw wrongFile(path, 'it is no text');
  return bytes.toString('utf8').replace(/^\ufeff/, '');
}

/** A parser of YAML is large, and most files are JSON; what is neither, that parser tells best. */
async function parse(path: string, text: string): Promise<ParsedDefinition> {
  const content = contentOfJson(text);
  if (content === undefined) return (await import('./yaml-file.ts')).parseTaskDefinition(path, text);
  refuseForeignText(path, text);
  return definitionIn(path, content);
}
