import { readFile, stat } from 'node:fs/promises';
import { isAbsolute, resolve } from 'node:path';
import {
  LineCounter,
  isScalar,
  parseDocument,
  visit,
  type Document,
  type ParseOptions,
  type SchemaOptions,
} from 'yaml';
import type { TaskDefinition } from '../model/index.ts';
import { DeployError } from '../runtime/error.ts';
import type { Log } from '../runtime/log.ts';
import { READ_ONLY } from '../aws/task-definitions.ts';
import { asTaskDefinition } from './shape.ts';
import { foreignForm, formOfText } from './foreign-form.ts';
import { unreadableFile } from './missing-file.ts';
import { Written, isList, isMap, shapeDefinition, type Raw, type Shaped } from './file-shape.ts';

/** Aliases that a YAML file may expand to; more is an attack or an accident. */
const MAX_ALIASES = 100;

/** Sixteen times what AWS takes. What is larger is another file. */
const MOST_BYTES = 1024 * 1024;

/** As many problems as a person wants to read at once. */
const MOST_PROBLEMS = 10;

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
  const { definition, comments, unknown, unrendered } = parseTaskDefinition(
    path,
    await readText(path, absolute),
  );
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

/** A definition of a file, and what there is to say of the file. */
export interface ParsedDefinition extends Pick<Shaped, 'comments' | 'unknown' | 'unrendered'> {
  readonly definition: TaskDefinition;
}

/** Pure: the definition in a text; `path` is for the messages. */
export function parseTaskDefinition(path: string, text: string): ParsedDefinition {
  const form = formOfText(text);
  if (form !== undefined) throw wrong(path, form);
  const content = contentOf(path, text);
  if (!isMap(content)) throw wrong(path, foreignForm(content) ?? 'it is not an object');
  const described = content.get('taskDefinition');
  const tags = content.get('tags');
  const top = isMap(described) ? described : content;
  const foreign = foreignForm(top);
  if (foreign !== undefined) throw wrong(path, foreign);
  const raw = new Map(top);
  if (isMap(described) && isList(tags) && tags.length > 0) raw.set('tags', tags);
  for (const field of READ_ONLY) raw.delete(field);
  const { definition, problems, ...told } = shapeDefinition(raw);
  if (problems.length > 0) throw wrong(path, problemsInWords(problems));
  try {
    return { definition: asTaskDefinition(definition), ...told };
  } catch (error) {
    throw wrong(path, firstLine((error as Error).message));
  }
}

function problemsInWords(problems: readonly string[]): string {
  const shown = problems.slice(0, MOST_PROBLEMS).join('; ');
  const more = problems.length - MOST_PROBLEMS;
  return (more > 0 ? `${shown}; and ${more} more` : shown).replace(/[.?]$/, (mark) =>
    mark === '.' ? '' : mark,
  );
}

const SCALARS = new Set(['tag:yaml.org,2002:int', 'tag:yaml.org,2002:float', 'tag:yaml.org,2002:bool']);

/** JSON is YAML. Numbers and booleans keep the text that they are written as. */
const READING: ParseOptions & SchemaOptions & { prettyErrors: boolean } = {
  // Both take a time that grows with the square of what is wrong.
  uniqueKeys: false,
  prettyErrors: false,
  merge: true,
  customTags: (tags) =>
    tags.map((tag) =>
      typeof tag === 'string' || !SCALARS.has(tag.tag) || tag.collection !== undefined
        ? tag
        : {
            ...tag,
            resolve: (source: string, onError: (message: string) => void, options: ParseOptions) =>
              written(tag.resolve(source, onError, options), source),
          },
    ),
};

function written(resolved: unknown, source: string): unknown {
  const value: unknown = isScalar(resolved) ? resolved.value : resolved;
  return typeof value === 'number' || typeof value === 'boolean' ? new Written(value, source) : resolved;
}

function contentOf(path: string, text: string): Raw {
  try {
    const lineCounter = new LineCounter();
    const document = parseDocument(text, { ...READING, lineCounter });
    const whereIs = (offset: number): string => {
      const { line, col } = lineCounter.linePos(offset);
      return `line ${line}, column ${col}`;
    };
    const [problem] = document.errors;
    // The parser's messages quote the file, which may hold secrets: its code and the place say enough.
    const wrongAt = (what: string, offset: number): DeployError =>
      wrong(path, `it is neither JSON nor YAML: ${what} at ${whereIs(offset)}`);
    if (problem?.code === 'RESOURCE_EXHAUSTION') throw tooDeep(path);
    if (problem?.code === 'MULTIPLE_DOCS') {
      throw wrong(
        path,
        `it holds several YAML documents (a second begins at ${whereIs(problem.pos[0])}): give each definition a file of its own`,
      );
    }
    if (problem !== undefined) throw wrongAt(problem.code.toLowerCase().replaceAll('_', ' '), problem.pos[0]);
    const twice = duplicateKey(document);
    if (twice !== undefined) throw wrong(path, `it gives a key of an object twice (${whereIs(twice)})`);
    // CloudFormation's short forms are the tags that files have in practice.
    const tag = document.warnings.find(({ code }) => code === 'TAG_RESOLVE_FAILED');
    if (tag !== undefined) {
      const where = whereIs(tag.pos[0]);
      throw wrong(
        path,
        `it has a tag that only CloudFormation or another program understands (${where}): write the value itself`,
      );
    }
    return document.toJS({ maxAliasCount: MAX_ALIASES, mapAsMap: true }) as Raw;
  } catch (error) {
    if (error instanceof DeployError) throw error;
    if (error instanceof ReferenceError) {
      throw wrong(path, 'it has an alias that leads nowhere, or too many of them');
    }
    if (error instanceof RangeError) throw tooDeep(path);
    throw wrong(path, firstLine((error as Error).message));
  }
}

function tooDeep(path: string): DeployError {
  return wrong(path, 'it is nested too deeply');
}

/** Where a key stands that its object has already. The parser's own look takes a time that grows with the square. */
function duplicateKey(document: Document.Parsed): number | undefined {
  let found: number | undefined;
  visit(document, {
    Map: (_key, { items }) => {
      const seen = new Set<string>();
      for (const { key } of items) {
        if (!isScalar(key) || key.source === undefined || key.source === '<<') continue;
        if (seen.has(key.source)) {
          found = key.range?.[0] ?? 0;
          return visit.BREAK;
        }
        seen.add(key.source);
      }
      return undefined;
    },
  });
  return found;
}

async function readText(path: string, absolute: string): Promise<string> {
  try {
    const found = await stat(absolute);
    // A pipe or a device may never end.
    if (!found.isFile() && !found.isDirectory()) throw wrong(path, 'it is a pipe or a device, not a file');
    const { size } = found;
    if (size > MOST_BYTES) {
      throw wrong(path, `it has ${Math.ceil(size / 1024)} KiB, and a task definition has at most 64`);
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
  if (utf16) throw wrong(path, 'it is UTF-16, as Windows PowerShell writes it: save it as UTF-8');
  if (bytes.includes(0)) throw wrong(path, 'it is no text');
  return bytes.toString('utf8').replace(/^\ufeff/, '');
}

function wrong(path: string, what: string): DeployError {
  const end = what.endsWith('?') ? '' : '.';
  return new DeployError(
    'invalid-input',
    `task-definition: the file ${path} is not a task definition: ${what}${end}`,
    {
      hint: 'Correct the file. AWS was not asked anything yet.',
    },
  );
}

function firstLine(text: string): string {
  return (text.split('\n')[0] ?? '').replace(/[.:]$/, '');
}
