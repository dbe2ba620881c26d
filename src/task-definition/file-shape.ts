/**
 * The shape of a task definition that somebody wrote: absent things left out, scalars made the type that their field
 * has, slips told with their place. Pure; what AWS makes of the values is for the rules of `ecs/definition-rules`.
 */
import type { NormalizedSchema } from '@smithy/core/schema';
import {
  REGISTRATION,
  kindOf,
  missingMembers,
  nearest,
  requiredMembers,
  shapeInWords,
  wholeNameOf,
} from '../ecs/definition-rules/model.ts';
import { repeated } from '../ecs/definition-rules/rule.ts';
import type { Json, JsonObject } from '../model/index.ts';
import { objectsIn, textIn } from '../runtime/json.ts';
import { homeInService, otherName } from './other-spellings.ts';

/** A number or a boolean as the file has it: `1.10` and `010` are other texts than the numbers that they are. */
export class Written {
  readonly value: number | boolean;
  readonly source: string;

  constructor(value: number | boolean, source: string) {
    this.value = value;
    this.source = source;
  }
}

/** What a file holds before its shape is known. Objects are maps, so that no key is special. */
// eslint-disable-next-line house/unions-by-kind -- what the parser of YAML gives
export type Raw = null | string | Written | readonly Raw[] | ReadonlyMap<Raw, Raw>;

/** A shaped definition, and what there is to say of it. */
export interface Shaped {
  readonly definition: JsonObject;
  /** One sentence each, with the place. The definition is of use only where there is none. */
  readonly problems: readonly string[];
  /** Paths of keys that nobody can mean for AWS. */
  readonly comments: readonly string[];
  /** Paths of fields that this version does not know and that AWS gets as they are. */
  readonly unknown: readonly string[];
  /** Paths of texts with an expression of GitHub Actions in them, but for images, which may be placeholders. */
  readonly unrendered: readonly string[];
}

/** Deeper than any definition; what is deeper is an accident or goes round in circles. */
const DEEPEST = 60;

/** Pure: brings what a file holds into the form that RegisterTaskDefinition takes. */
export function shapeDefinition(raw: ReadonlyMap<Raw, Raw>): Shaped {
  const shaper = new Shaper();
  const definition = shaper.fields(raw, REGISTRATION, { path: '', around: [], depth: 0 });
  const missing = missingMembers(definition, REGISTRATION, 'meant').map(({ path, instead }) =>
    isTopLevel(path) ? `it has no ${path}` : `${path} is missing: ${instead}`,
  );
  return {
    definition,
    problems: [
      ...shaper.problems,
      ...(shaper.problems.length === 0 ? [...missing, ...sameNames(definition)] : []),
    ],
    comments: shaper.comments,
    unknown: shaper.unknown,
    unrendered: shaper.unrendered,
  };
}

/** Two containers of one name: nobody could say which of them an image is for. */
function sameNames(definition: JsonObject): string[] {
  const names = objectsIn(definition, 'containerDefinitions').flatMap(
    (container) => textIn(container, 'name') ?? [],
  );
  return repeated(names).map(
    (name) => `containerDefinitions has more than one container ${JSON.stringify(name)}`,
  );
}

function isTopLevel(path: string): boolean {
  return !/[.[]/.test(path);
}

/** A structure around the one at hand, with its place: where a field that is lost here may belong. */
interface Around {
  readonly schema: NormalizedSchema;
  readonly place: string;
}

/** Where in the file a value stands. */
interface Position {
  readonly path: string;
  readonly around: readonly Around[];
  /** How many values it is nested in. */
  readonly depth: number;
}

/** One step further in. */
function inside({ around, depth }: Position, path: string): Position {
  return { path, around, depth: depth + 1 };
}

class Shaper {
  readonly problems: string[] = [];
  readonly comments: string[] = [];
  readonly unknown: string[] = [];
  readonly unrendered: string[] = [];

  /** The fields of a structure that are there. */
  fields(raw: ReadonlyMap<Raw, Raw>, schema: NormalizedSchema, position: Position): JsonObject {
    const { path } = position;
    const members = new Map(schema.structIterator());
    const around = [...position.around, { schema, place: placeOf(path) }];
    const kept: [string, Json][] = [];
    for (const [key, value] of raw) {
      const field = keyText(key);
      const at = path === '' ? field : `${path}.${field}`;
      const member = members.get(field);
      if (member !== undefined) {
        const bare = isImage(schema, field) && typeof value === 'string' ? value.trim() : value;
        const shaped = this.value(
          bare,
          member,
          inside({ ...position, around }, at),
          keepsEmpty(schema, field),
        );
        if (shaped !== undefined) kept.push([field, shaped]);
      } else if (isComment(field)) {
        this.comments.push(at);
      } else if (!isAbsent(value)) {
        const json = this.unknownField(field, value, at, [...members.keys()], around);
        if (json !== undefined) kept.push([field, json]);
      }
    }
    return Object.fromEntries(kept);
  }

  /** A value as its field has it; undefined where it counts as absent, or is a problem. */
  private value(
    raw: Raw,
    schema: NormalizedSchema,
    position: Position,
    keepEmpty: boolean,
  ): Json | undefined {
    const { path } = position;
    if (position.depth > DEEPEST) return this.problem(`${path} is nested too deeply`);
    if (raw === null || (raw === '' && !keepEmpty)) return undefined;
    switch (kindOf(schema)) {
      case 'text':
        return this.text(raw, schema, path);
      case 'number':
        return this.number(raw, schema, path);
      case 'boolean':
        return this.boolean(raw, schema, path);
      case 'list':
        return this.list(raw, schema, position);
      case 'map':
        return this.map(raw, schema, position);
      case 'structure':
        return this.structure(raw, schema, position);
      case 'anything':
        return plain(raw);
    }
  }

  private text(raw: Raw, schema: NormalizedSchema, path: string): Json | undefined {
    if (typeof raw === 'string') {
      if (raw.includes('${{') && !path.endsWith('].image')) this.unrendered.push(path);
      return raw;
    }
    return raw instanceof Written ? raw.source : this.wrongType(raw, schema, path);
  }

  private number(raw: Raw, schema: NormalizedSchema, path: string): Json | undefined {
    const number = raw instanceof Written ? raw.value : wholeNumber(raw);
    return typeof number === 'number' && Number.isSafeInteger(number)
      ? number
      : this.wrongType(raw, schema, path);
  }

  private boolean(raw: Raw, schema: NormalizedSchema, path: string): Json | undefined {
    if (raw instanceof Written && typeof raw.value === 'boolean') return raw.value;
    const word = typeof raw === 'string' ? raw.toLowerCase() : '';
    return word === 'true' || word === 'false' ? word === 'true' : this.wrongType(raw, schema, path);
  }

  private list(raw: Raw, schema: NormalizedSchema, position: Position): Json | undefined {
    if (!isList(raw)) return this.wrongType(raw, schema, position.path);
    const schemaOfEach = schema.getValueSchema();
    const label = labelsOf(raw);
    const entries = raw.flatMap((entry, index) => {
      const at = inside(position, `${position.path}[${label(entry, index)}]`);
      const shaped =
        isMap(entry) && schemaOfEach.isStructSchema()
          ? this.fields(entry, schemaOfEach, at)
          : this.value(entry, schemaOfEach, at, true);
      return shaped === undefined ? [] : [shaped];
    });
    return entries.length === 0 ? undefined : entries;
  }

  private map(raw: Raw, schema: NormalizedSchema, position: Position): Json | undefined {
    if (!isMap(raw)) return this.wrongType(raw, schema, position.path);
    const schemaOfEach = schema.getValueSchema();
    const entries = [...raw].flatMap(([key, value]) => {
      const name = keyText(key);
      const shaped = this.value(value, schemaOfEach, inside(position, `${position.path}[${name}]`), true);
      return shaped === undefined ? [] : [[name, shaped] as const];
    });
    return Object.fromEntries(entries);
  }

  /** A structure that says nothing, though it would have to say something, is absent. */
  private structure(raw: Raw, schema: NormalizedSchema, position: Position): Json | undefined {
    if (!isMap(raw)) return this.wrongType(raw, schema, position.path);
    const fields = this.fields(raw, schema, position);
    return Object.keys(fields).length === 0 && requiredMembers(schema).length > 0 ? undefined : fields;
  }

  /** A slip is told; anything else may be new in AWS. */
  private unknownField(
    field: string,
    value: Raw,
    path: string,
    known: readonly string[],
    around: readonly Around[],
  ): Json | undefined {
    const here = around.at(-1)?.schema.getName();
    const meant = nearest(field, known) ?? otherName(here, field) ?? wholeNameOf(field, known);
    if (meant !== undefined) return this.problem(`${path} is not a field: did you mean ${meant}?`);
    const home = homeOf(field, around) ?? (around.length === 1 ? homeInService(field) : undefined);
    if (home !== undefined) return this.problem(`${path} is not a field here: ${home}`);
    this.unknown.push(path);
    return plain(value);
  }

  private wrongType(raw: Raw, schema: NormalizedSchema, path: string): Json | undefined {
    return this.problem(`${path} is ${inWords(raw)}: write ${shapeInWords(schema)}`);
  }

  /** Remembers it; there is no value then. */
  private problem(text: string): Json | undefined {
    this.problems.push(text);
    return undefined;
  }
}

/** The value of a variable may be empty: that is another thing than no variable. */
function keepsEmpty(schema: NormalizedSchema, field: string): boolean {
  return schema.getName() === 'KeyValuePair' && field === 'value';
}

/** No reference has a space around it; a line break comes from whatever wrote the file. */
function isImage(schema: NormalizedSchema, field: string): boolean {
  return schema.getName() === 'ContainerDefinition' && field === 'image';
}

/** Keys with which people write comments and schemas into files of data. */
function isComment(field: string): boolean {
  return /^(?:[$_]|x-|\/\/)/i.test(field);
}

/**
 * Where a field that is lost here belongs: into a structure around it, or into one beside or below it. In a sentence
 * without its full stop; undefined where no structure has it.
 */
function homeOf(field: string, around: readonly Around[]): string | undefined {
  const here = around.at(-1);
  for (const { schema, place } of [...around].reverse()) {
    const names = [...schema.structIterator()].map(([name]) => name);
    const same = schema === here?.schema ? undefined : nearest(field, names);
    if (same !== undefined)
      return same === field ? `it belongs into ${place}` : `did you mean ${same} of ${place}?`;
    for (const [member, memberSchema] of schema.structIterator()) {
      const inner = memberSchema.isListSchema() ? memberSchema.getValueSchema() : memberSchema;
      if (!inner.isStructSchema() || inner.getName() === here?.schema.getName()) continue;
      const found = nearest(
        field,
        [...inner.structIterator()].map(([name]) => name),
      );
      if (found === undefined) continue;
      const list = memberSchema.isListSchema() ? `an entry of ${member}` : member;
      return found === field ? `it belongs into ${list}` : `did you mean ${found} of ${list}?`;
    }
  }
  return undefined;
}

/** `the container`, or the list or structure that a path ends in. */
function placeOf(path: string): string {
  if (path === '') return 'the top of the definition';
  if (/^containerDefinitions\[[^\]]*\]$/.test(path)) return 'the container';
  const list = /\.?([A-Za-z]+)\[[^\]]*\]$/.exec(path)?.[1];
  return list === undefined ? path.slice(path.lastIndexOf('.') + 1) : `an entry of ${list}`;
}

/** What an entry of a list is called: by its name where no other has the same, else by its number. */
function labelsOf(list: readonly Raw[]): (entry: Raw, index: number) => string {
  const names = Map.groupBy(list, nameIn);
  return (entry, index) => {
    const name = nameIn(entry);
    return name !== undefined && names.get(name)?.length === 1 ? name : String(index);
  };
}

function nameIn(entry: Raw): string | undefined {
  const name = isMap(entry) ? entry.get('name') : undefined;
  return typeof name === 'string' && /^[\w.-]+$/.test(name) ? name : undefined;
}

export function isList(raw: Raw | undefined): raw is readonly Raw[] {
  return Array.isArray(raw);
}

export function isMap(raw: Raw | undefined): raw is ReadonlyMap<Raw, Raw> {
  return raw instanceof Map;
}

function isAbsent(raw: Raw): boolean {
  return raw === null || raw === '' || (isList(raw) && raw.length === 0);
}

function keyText(key: Raw): string {
  if (typeof key === 'string') return key;
  if (key instanceof Written) return key.source;
  return key === null ? '' : JSON.stringify(plain(key));
}

function wholeNumber(raw: Raw): number | undefined {
  return typeof raw === 'string' && /^-?\d{1,16}$/.test(raw) ? Number(raw) : undefined;
}

function inWords(raw: Raw): string {
  if (isList(raw)) return 'a list';
  if (isMap(raw)) return 'an object';
  if (raw instanceof Written)
    return typeof raw.value === 'boolean' ? 'true or false' : `the number ${raw.source}`;
  // What other tags of YAML make, which is not of the declared type.
  return typeof raw === 'string' ? 'text' : 'of a type that JSON does not have';
}

/** A value as JSON. What is nested too deeply ends there. */
export function plain(raw: Raw, depth = 0): Json {
  if (depth > DEEPEST) return null;
  if (raw instanceof Written) return raw.value;
  if (isList(raw)) return raw.map((entry) => plain(entry, depth + 1));
  if (!isMap(raw)) return raw;
  return Object.fromEntries([...raw].map(([key, value]) => [keyText(key), plain(value, depth + 1)]));
}
