/** What a rule is: a sentence of AWS, where it is known from, and a pure look at what would be sent. */
import { isArray, isObject, objectsIn, textIn } from '../../runtime/json.ts';
import type { Json, JsonObject } from '../../model/index.ts';

/** The error codes with which ECS refuses a request. */
export type RefusalCode = 'ClientException' | 'InvalidParameterException' | 'SerializationException';

/** One rule of AWS about requests of a kind. */
export interface Rule<Request> {
  /** For people, such as `container names`. */
  readonly name: string;
  /** AWS's sentence, or where nobody has quoted it, one in its manner; `{field}` stands for a value of the case. */
  readonly words: string;
  readonly code?: RefusalCode;
  /**
   * Where AWS says it, or who met it: an address. Undefined where nothing is known for certain: then it is advice, and
   * nobody refuses for it.
   */
  readonly source: string | undefined;
  /** A request that AWS takes. */
  readonly accepted: Request;
  /** A request that AWS refuses for this rule. */
  readonly refused: Request;
  find(request: Request): readonly Found[];
}

/** One place that breaks a rule. */
export interface Found {
  readonly path: string;
  readonly container?: string | undefined;
  /** What stands for the `{field}`s of the words. */
  readonly values?: Readonly<Record<string, string | number>>;
  /** What to write instead, as a sentence without its full stop. */
  readonly instead: string;
  /** False: this case may be taken by an AWS that is newer than this table. */
  readonly certain?: boolean;
}

/** A broken rule, ready to be told. */
export interface Violation {
  readonly rule: string;
  readonly path: string;
  readonly container: string | undefined;
  readonly code: RefusalCode;
  /** AWS's words. */
  readonly words: string;
  readonly instead: string;
  /** AWS is certain to refuse it, today's as well as tomorrow's. */
  readonly certain: boolean;
  /** Today's AWS refuses it; otherwise it is advice. */
  readonly refused: boolean;
}

/** Pure: what a request breaks, in the order of the rules. */
export function violationsOf<Request>(rules: readonly Rule<Request>[], request: Request): Violation[] {
  return rules.flatMap((rule) =>
    rule.find(request).map((found) => ({
      rule: rule.name,
      path: found.path,
      container: found.container,
      code: rule.code ?? 'ClientException',
      words: fill(rule.words, found.values ?? {}),
      instead: found.instead,
      certain: rule.source !== undefined && found.certain !== false,
      refused: rule.source !== undefined,
    })),
  );
}

function fill(words: string, values: Readonly<Record<string, string | number>>): string {
  return words.replace(/\{(\w+)\}/g, (all, name: string) =>
    Object.hasOwn(values, name) ? String(values[name]) : all,
  );
}

/** A container of a definition, with its place in it. */
export interface PlacedContainer {
  readonly name: string;
  readonly path: string;
  readonly container: JsonObject;
}

/** The containers of a definition, whatever shape the definition has. */
export function containersOf(definition: JsonObject): PlacedContainer[] {
  return placed(definition, 'containerDefinitions').map(({ path, entry }) => ({
    name: textIn(entry, 'name') ?? '',
    path,
    container: entry,
  }));
}

/** The objects of a list, each with its path: `volumes[data]`, or `volumes[0]` where it has no name of its own. */
export function placed(
  object: JsonObject,
  field: string,
  within = '',
): { readonly path: string; readonly entry: JsonObject }[] {
  const value = object[field];
  const list = isArray(value) ? value : [];
  const prefix = within === '' ? field : `${within}.${field}`;
  return list.flatMap((entry, index) =>
    isObject(entry) ? [{ path: `${prefix}[${labelOf(list, entry, index)}]`, entry }] : [],
  );
}

/** An entry's name where no other entry of the list has the same, else its number. */
export function labelOf(list: readonly Json[], entry: Json | undefined, index: number): string {
  const name = nameIn(entry);
  return name !== undefined && countsOf(list).get(name) === 1 ? name : String(index);
}

const counts = new WeakMap<readonly Json[], ReadonlyMap<string, number>>();

/** How often each name is in a list; counted once a list, since lists may be long. */
function countsOf(list: readonly Json[]): ReadonlyMap<string, number> {
  const known = counts.get(list);
  if (known !== undefined) return known;
  const made = new Map<string, number>();
  for (const entry of list) {
    const name = nameIn(entry);
    if (name !== undefined) made.set(name, (made.get(name) ?? 0) + 1);
  }
  counts.set(list, made);
  return made;
}

function nameIn(entry: Json | undefined): string | undefined {
  const name = isObject(entry) ? entry['name'] : undefined;
  return typeof name === 'string' && /^[\w.-]+$/.test(name) ? name : undefined;
}

/** A field that holds a number; undefined where it holds anything else or nothing. */
export function numberIn(object: JsonObject, field: string): number | undefined {
  const value = object[field];
  return typeof value === 'number' ? value : undefined;
}

/** The texts of a list; none where the field holds anything else or nothing. */
export function textsIn(object: JsonObject, field: string): readonly string[] {
  const value = object[field];
  return isArray(value) ? value.filter((each) => typeof each === 'string') : [];
}

/** The field is there, and is neither null nor an empty list. */
export function isGiven(object: JsonObject, field: string): boolean {
  const value = object[field];
  return value !== undefined && value !== null && !(isArray(value) && value.length === 0);
}

/** The definition asks for Fargate, so AWS judges it by Fargate's rules, beside others or alone. */
export function asksForFargate(definition: JsonObject): boolean {
  return textsIn(definition, 'requiresCompatibilities').includes('FARGATE');
}

/** What occurs more than once, each once. */
export function repeated(texts: readonly string[]): string[] {
  const seen = new Set<string>();
  const twice = new Set<string>();
  for (const text of texts) (seen.has(text) ? twice : seen).add(text);
  return [...twice];
}

/** A definition for EC2 with one container, for the examples. */
export function onEc2(container: JsonObject, task: JsonObject = {}): JsonObject {
  return {
    family: 'web',
    ...task,
    containerDefinitions: [{ name: 'web', image: 'nginx:1', memory: 128, ...container }],
  };
}

/** A definition for Fargate with one container, for the examples. */
export function onFargate(container: JsonObject, task: JsonObject = {}): JsonObject {
  return {
    family: 'web',
    networkMode: 'awsvpc',
    requiresCompatibilities: ['FARGATE'],
    cpu: '256',
    memory: '512',
    executionRoleArn: 'arn:aws:iam::123456789012:role/execution',
    ...task,
    containerDefinitions: [{ name: 'web', image: 'nginx:1', ...container }],
  };
}

/** A definition with a second container, for the examples. */
export function and(definition: JsonObject, container: JsonObject): JsonObject {
  return {
    ...definition,
    containerDefinitions: [
      ...objectsIn(definition, 'containerDefinitions'),
      { name: 'side', image: 'busybox:1', memory: 64, ...container },
    ],
  };
}

const GUIDE = 'https://docs.aws.amazon.com/AmazonECS/latest';

/** A page of the API reference of ECS. */
export function api(page: string): string {
  return `${GUIDE}/APIReference/API_${page}.html`;
}

/** A page of the developer guide of ECS. */
export function guide(page: string): string {
  return `${GUIDE}/developerguide/${page}.html`;
}

/** A rule of cdk-preflight, which quotes what the API answered to it. */
export function observed(rule: string): string {
  return `https://github.com/badmintoncryer/cdk-preflight/tree/main/rules/ecs/${rule}`;
}
