/** Whether AWS's answers have the form that the model of their call promises. What the model does not know passes. */
import { NormalizedSchema } from '@smithy/core/schema';
import { isError } from '../runtime/error.ts';

/**
 * An answer that breaks the schema of its call: `services` that is no list, a null among tasks. A proxy or an emulator
 * answers so. It counts as no answer: reads are tried again, writes are read back.
 */
export class MalformedAnswer extends Error {
  constructor(call: string, what: string, options?: ErrorOptions) {
    super(`AWS answered ${call} in a form that its API does not have: ${what}`, options);
    this.name = 'MalformedAnswer';
  }
}

/**
 * The token of the page after this one; undefined after the last. Rejects where the page leads to itself: such an answer
 * would be read for ever.
 */
export function nextPageOf(
  call: string,
  sent: string | undefined,
  next: string | undefined,
): string | undefined {
  if (next === undefined || next === '') return undefined;
  if (next === sent) throw new MalformedAnswer(call, 'its next page is the page itself');
  return next;
}

type Middleware = (
  next: (args: never) => Promise<{ output: object; response: unknown }>,
  context: object,
) => (args: never) => Promise<{ output: object; response: unknown }>;

/** What every client of the SDK has. */
interface ClientOfSdk {
  readonly middlewareStack: {
    add(middleware: never, options: { step: 'initialize'; name: string }): void;
    remove(name: string): boolean;
  };
}

/** Tells of an answer of the client when AWS gave it, by its own clock (RFC 9110, Date); undefined where it does not say. */
export function datesOf(client: ClientOfSdk): (answer: object) => Date | undefined {
  const dates = new WeakMap<object, Date>();
  const middleware: Middleware = (next) => async (args) => {
    const result = await next(args);
    const { headers = {} } = result.response as { readonly headers?: Readonly<Record<string, string>> };
    const date = new Date(headers['date'] ?? headers['Date'] ?? '');
    if (!Number.isNaN(date.getTime())) dates.set(result.output, date);
    return result;
  };
  client.middlewareStack.add(middleware as never, { step: 'initialize', name: 'rememberTheDate' });
  return (answer) => dates.get(answer);
}

/**
 * The same client; an answer that breaks the schema of its call rejects with `MalformedAnswer`. The SDK's own log, which
 * copies each answer for a logger that nobody gave it, is left out: it took a fifth of the time of a large service.
 */
export function withCheckedAnswers<Client extends ClientOfSdk>(client: Client): Client {
  const middleware: Middleware = (next, context) => {
    const { name, schema } = operationOf(context);
    return async (args) => {
      const result = await next(args).catch((error: unknown) => {
        throw isUnparseable(error) ? unparseable(name, error) : error;
      });
      const broken = schema === undefined ? undefined : brokenPart(result.output, formOf(schema));
      if (broken !== undefined) throw new MalformedAnswer(name, inWords(broken));
      return result;
    };
  };
  client.middlewareStack.remove('loggerMiddleware');
  client.middlewareStack.add(middleware as never, { step: 'initialize', name: 'checkTheAnswer' });
  return client;
}

/** The call that a command of the SDK makes, and the schema of its answer. */
function operationOf(context: object): { readonly name: string; readonly schema: unknown } {
  const { __smithy_context: smithy } = context as {
    readonly __smithy_context?: { readonly operationSchema?: readonly unknown[] };
  };
  const [, , name, , , schema] = smithy?.operationSchema ?? [];
  return { name: typeof name === 'string' ? name : 'a call', schema };
}

/** The SDK's own reader stumbled over a value: it has the answer attached, and is no error that AWS sent. */
function isUnparseable(error: unknown): error is Error {
  return (
    isError(error) &&
    Object.hasOwn(error, '$response') &&
    ['TypeError', 'RangeError', 'SyntaxError'].includes(error.name)
  );
}

/** The reader's own words; the SDK adds a line for programmers. */
function unparseable(call: string, error: Error): MalformedAnswer {
  return new MalformedAnswer(call, error.message.split('\n')[0] ?? '', { cause: error });
}

/** What a value must be. Members and entries are looked up when they are needed, since structures may hold themselves. */
type Form =
  | { readonly kind: 'list'; readonly sparse: boolean; readonly entries: () => Form }
  | { readonly kind: 'map'; readonly sparse: boolean; readonly entries: () => Form }
  | { readonly kind: 'structure'; readonly members: () => ReadonlyMap<string, Form> }
  | { readonly kind: 'text' | 'number' | 'flag' | 'time' | 'anything' };

const forms = new WeakMap<object, Form>();

/** The form of a schema, made once. */
function formOf(schema: unknown): Form {
  const normalized = NormalizedSchema.of(schema as NormalizedSchema);
  const plain: unknown = normalized.getSchema();
  // Members carry traits of their own; only whole structures are shared by their schema.
  if (!normalized.isStructSchema() || typeof plain !== 'object' || plain === null)
    return makeForm(normalized);
  const known = forms.get(plain) ?? makeForm(normalized);
  forms.set(plain, known);
  return known;
}

function makeForm(schema: NormalizedSchema): Form {
  if (schema.isListSchema() || schema.isMapSchema()) {
    return {
      kind: schema.isListSchema() ? 'list' : 'map',
      sparse: schema.getMergedTraits().sparse === 1,
      entries: once(() => formOf(schema.getValueSchema())),
    };
  }
  if (schema.isUnitSchema()) return { kind: 'anything' };
  if (schema.isStructSchema()) {
    return {
      kind: 'structure',
      members: once(
        () => new Map([...schema.structIterator()].map(([name, member]) => [name, formOf(member)] as const)),
      ),
    };
  }
  if (schema.isTimestampSchema()) return { kind: 'time' };
  if (schema.isStringSchema()) return { kind: 'text' };
  if (schema.isBooleanSchema()) return { kind: 'flag' };
  const isBig = schema.isBigIntegerSchema() || schema.isBigDecimalSchema();
  return { kind: schema.isNumericSchema() && !isBig ? 'number' : 'anything' };
}

function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => (made ??= { value: make() }).value;
}

/** A place within a value, from its top, that has not its form, and what is wrong there. */
interface Broken {
  readonly place: string;
  readonly what: string;
}

/** The first part of a value that has not its form; undefined where all of it has. */
function brokenPart(value: unknown, form: Form): Broken | undefined {
  switch (form.kind) {
    case 'anything':
      return undefined;
    case 'list':
      return Array.isArray(value) ? brokenEntry(value, form) : misfit(value, 'a list');
    case 'map':
      return isPlainObject(value) ? brokenValue(value, form) : misfit(value, 'an object');
    case 'structure':
      return isPlainObject(value) ? brokenMember(value, form) : misfit(value, 'an object');
    case 'text':
      return typeof value === 'string' || value instanceof String ? undefined : misfit(value, 'text');
    case 'number':
      return typeof value === 'number' && Number.isFinite(value)
        ? undefined
        : misfit(value, 'a number of its range');
    case 'flag':
      return typeof value === 'boolean' ? undefined : misfit(value, 'true or false');
    case 'time':
      return isTime(value) ? undefined : misfit(value, 'a time');
  }
}

type FormOf<Kind> = Extract<Form, { kind: Kind }>;

function brokenEntry(list: readonly unknown[], { sparse, entries }: FormOf<'list'>): Broken | undefined {
  const form = entries();
  for (let index = 0; index < list.length; index += 1) {
    const entry = list[index];
    const broken = sparse && isNothing(entry) ? undefined : brokenPart(entry, form);
    if (broken !== undefined) return within(`[${index}]`, broken);
  }
  return undefined;
}

function brokenValue(map: PlainObject, { sparse, entries }: FormOf<'map'>): Broken | undefined {
  const form = entries();
  for (const key of Object.keys(map)) {
    const broken = sparse && isNothing(map[key]) ? undefined : brokenPart(map[key], form);
    if (broken !== undefined) return within(`.${key}`, broken);
  }
  return undefined;
}

function brokenMember(structure: PlainObject, { members }: FormOf<'structure'>): Broken | undefined {
  for (const [name, member] of members()) {
    const child = structure[name];
    const broken = isNothing(child) ? undefined : brokenPart(child, member);
    if (broken !== undefined) return within(`.${name}`, broken);
  }
  return undefined;
}

function within(step: string, { place, what }: Broken): Broken {
  return { place: `${step}${place}`, what };
}

type PlainObject = Readonly<Record<string, unknown>>;

function isPlainObject(value: unknown): value is PlainObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isNothing(value: unknown): boolean {
  return value === undefined || value === null;
}

function isTime(value: unknown): boolean {
  return Object.prototype.toString.call(value) === '[object Date]' && !Number.isNaN(Number(value));
}

function misfit(value: unknown, wanted: string): Broken {
  return { place: '', what: `is ${kindInWords(value)}, not ${wanted}` };
}

function inWords({ place, what }: Broken): string {
  return `${place === '' ? 'the answer' : place.slice(1)} ${what}`;
}

function kindInWords(value: unknown): string {
  if (value === null || value === undefined) return 'null';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'string') return 'text';
  if (typeof value === 'number' || typeof value === 'bigint') return 'a number';
  if (typeof value === 'boolean') return String(value);
  return Object.prototype.toString.call(value) === '[object Date]' ? 'no time' : 'an object';
}
