import { shortReference } from '../aws/image-reference.ts';
import type { DefinitionChange, Json, JsonObject, TaskDefinition } from '../model/index.ts';
import { isArray, isObject } from '../runtime/json.ts';
import { normalise } from './normalise.ts';

/** Fields of lists whose entries have a name: matched by it, whatever their order. */
const KEYED_BY: Readonly<Record<string, readonly string[]>> = {
  containerDefinitions: ['name'],
  environment: ['name'],
  secrets: ['name'],
  secretOptions: ['name'],
  portMappings: ['containerPort', 'containerPortRange', 'protocol'],
  mountPoints: ['containerPath'],
  volumesFrom: ['sourceContainer'],
  dependsOn: ['containerName'],
  ulimits: ['name'],
  systemControls: ['namespace'],
  extraHosts: ['hostname'],
  resourceRequirements: ['type'],
  volumes: ['name'],
  tags: ['key'],
  properties: ['name'],
};

/**
 * Values under these paths never leave the diff, but for environment names that the user lists. The environment is
 * hidden in whatever form somebody wrote it, and so are commands, into which people write tokens; options of log and
 * volume drivers and Docker labels, where their name says that they carry credentials. Containers that share a name are
 * one value that holds all of that.
 */
const HIDDEN =
  /^containerDefinitions$|(^|\.)environment(\[|\.|$)|\.(command|entryPoint)$|\.(options|dockerLabels)\..*(token|secret|pass|pwd|key|auth|credential|header)|\.driverOpts\./i;

/**
 * What changes between two definitions for whoever runs them: defaults filled on both sides, lists matched by
 * name, environment values hidden unless their name is in `show`. Empty: nothing differs.
 */
export function diffDefinitions(
  before: TaskDefinition,
  after: TaskDefinition,
  show: readonly string[] = [],
): DefinitionChange[] {
  const old = leavesOf(normalise(before));
  const now = leavesOf(normalise(after));
  const paths = [...new Set([...old.keys(), ...now.keys()])].sort();
  return paths.flatMap((path) => changeAt(path, old.get(path), now.get(path), show));
}

/** One line: `containerDefinitions[web].cpu: 256 -> 512`; hidden values show as changed only. */
export function describeChange({ path, kind, ...values }: DefinitionChange): string {
  const shown = (value: string | undefined): string | undefined =>
    value !== undefined && path.endsWith('].image') ? shortReference(value) : value;
  const [before, after] = [shown(values.before), shown(values.after)];
  switch (kind) {
    case 'added':
      return `+ ${path}${after === undefined ? '' : `: ${after}`}`;
    case 'removed':
      return `- ${path}${before === undefined ? '' : `: ${before}`}`;
    case 'changed':
      return `~ ${path}: ${before === undefined || after === undefined ? 'changed' : `${before} -> ${after}`}`;
  }
}

function changeAt(
  path: string,
  before: string | undefined,
  after: string | undefined,
  show: readonly string[],
): DefinitionChange[] {
  if (before === after) return [];
  const kind = before === undefined ? 'added' : after === undefined ? 'removed' : 'changed';
  if (isHidden(path, show) || [before, after].some((value) => isNoReference(path, value)))
    return [{ path, kind }];
  return [
    {
      path,
      kind,
      ...(before === undefined ? {} : { before }),
      ...(after === undefined ? {} : { after }),
    },
  ];
}

function isHidden(path: string, show: readonly string[]): boolean {
  const environmentName = /environment\[([^\]]*)\]/.exec(path)?.[1];
  return HIDDEN.test(path) && !(environmentName !== undefined && show.includes(environmentName));
}

/** Where a secret comes from shows, but a word that is neither an ARN nor a path may be the value of the secret itself. */
function isNoReference(path: string, value: string | undefined): boolean {
  return value !== undefined && /\.secret(?:s|Options)\[/.test(path) && !/^arn:|\//.test(value);
}

/** Every leaf with its path. A list without names is one leaf: its order means something. */
function leavesOf(value: Json, path = '', field = ''): Map<string, string> {
  const keys = KEYED_BY[field];
  if (isArray(value) && keys !== undefined && value.every(isObject) && areDistinct(value, keys)) {
    return merge(value.map((entry) => leavesOf(withoutKey(entry, keys), `${path}[${nameOf(entry, keys)}]`)));
  }
  if (isObject(value) && Object.keys(value).length > 0) {
    return merge(
      Object.entries(value).map(([name, child]) =>
        leavesOf(child ?? null, path === '' ? name : `${path}.${name}`, name),
      ),
    );
  }
  return new Map([[path, typeof value === 'string' ? value : JSON.stringify(value)]]);
}

/** Entries of the same name are told apart by their order alone: such a list is one leaf. */
function areDistinct(list: readonly JsonObject[], keys: readonly string[]): boolean {
  return new Set(list.map((entry) => nameOf(entry, keys))).size === list.length;
}

function merge(maps: readonly Map<string, string>[]): Map<string, string> {
  return new Map(maps.flatMap((map) => [...map]));
}

function nameOf(entry: JsonObject, keys: readonly string[]): string {
  return keys.flatMap((key) => (entry[key] === undefined ? [] : textOf(entry[key]))).join('/');
}

function textOf(value: Json | undefined): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** A pair such as `{name, value}` shows as its value alone. */
function withoutKey(entry: JsonObject, keys: readonly string[]): Json {
  const rest = Object.entries(entry).filter(([field]) => !keys.includes(field));
  const [only, ...others] = rest;
  if (only !== undefined && others.length === 0 && ['value', 'valueFrom'].includes(only[0])) {
    return only[1] ?? null;
  }
  return Object.fromEntries(rest);
}
