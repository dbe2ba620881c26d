/** A task definition in YAML, which JSON is as well. */
import {
  LineCounter,
  isScalar,
  parseDocument,
  visit,
  type Document,
  type ParseOptions,
  type SchemaOptions,
} from 'yaml';
import { DeployError } from '../runtime/error.ts';
import { Written, type Raw } from './file-shape.ts';
import {
  definitionIn,
  firstLine,
  refuseForeignText,
  wrongFile,
  type ParsedDefinition,
} from './parsed-file.ts';

/** Aliases that a YAML file may expand to; more is an attack or an accident. */
const MAX_ALIASES = 100;

/** Pure: the definition in a text; `path` is for the messages. */
export function parseTaskDefinition(path: string, text: string): ParsedDefinition {
  refuseForeignText(path, text);
  return definitionIn(path, contentOfYaml(path, text));
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

/** Pure: what a text holds; `path` is for the messages. */
export function contentOfYaml(path: string, text: string): Raw {
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
      wrongFile(path, `it is neither JSON nor YAML: ${what} at ${whereIs(offset)}`);
    if (problem?.code === 'RESOURCE_EXHAUSTION') throw tooDeep(path);
    if (problem?.code === 'MULTIPLE_DOCS') {
      throw wrongFile(
        path,
        `it holds several YAML documents (a second begins at ${whereIs(problem.pos[0])}): give each definition a file of its own`,
      );
    }
    if (problem !== undefined) throw wrongAt(problem.code.toLowerCase().replaceAll('_', ' '), problem.pos[0]);
    const twice = duplicateKey(document);
    if (twice !== undefined) throw wrongFile(path, `it gives a key of an object twice (${whereIs(twice)})`);
    // CloudFormation's short forms are the tags that files have in practice.
    const tag = document.warnings.find(({ code }) => code === 'TAG_RESOLVE_FAILED');
    if (tag !== undefined) {
      const where = whereIs(tag.pos[0]);
      throw wrongFile(
        path,
        `it has a tag that only CloudFormation or another program understands (${where}): write the value itself`,
      );
    }
    return document.toJS({ maxAliasCount: MAX_ALIASES, mapAsMap: true }) as Raw;
  } catch (error) {
    if (error instanceof DeployError) throw error;
    if (error instanceof ReferenceError) {
      throw wrongFile(path, 'it has an alias that leads nowhere, or too many of them');
    }
    if (error instanceof RangeError) throw tooDeep(path);
    throw wrongFile(path, firstLine((error as Error).message));
  }
}

function tooDeep(path: string): DeployError {
  return wrongFile(path, 'it is nested too deeply');
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
