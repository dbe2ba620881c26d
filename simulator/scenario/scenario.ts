/** Scenario files: the options of a simulated world, in YAML or JSON. README.md lists the keys. */
import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { plannedEffects, type PlannedFault } from './faults.ts';
import { pullFailures, startFailures } from '../state/image-behaviour.ts';
import type { ImageBehaviour } from '../state/image-behaviour.ts';
import { isObject } from '../state/json.ts';
import type { JsonObject } from '../state/json.ts';
import { lacks } from '../engine/world.ts';
import { networkingMistakes } from './networking.ts';
import { seedWorld } from './seed.ts';
import type { ScalingPlan, Seed, SeedOptions } from './seed.ts';

/** What a scenario says of a simulator. */
export interface Scenario {
  /** How many times faster than real time the world runs; 1 by default. */
  readonly speed?: number;
  /** The home region: that of `sim.world`; us-east-1 by default. */
  readonly region?: string;
  readonly account?: string;
  /** The same seed makes the same identifiers. */
  readonly seed?: string;
  /** Refuse calls above the rates that ECS allows an account; off by default. */
  readonly throttling?: boolean;
  /** Simulated seconds until a new service deployment shows up in what is read; 0 by default. */
  readonly lagSeconds?: number;
  /** What befalls calls of its own accord; nothing by default. */
  readonly faults?: readonly PlannedFault[];
  /** What exists; `seedWorld()` by default. */
  readonly world?: Seed;
}

type Kind =
  | 'number'
  | 'string'
  | 'boolean'
  | 'object'
  | 'objects'
  | 'texts'
  | 'breaker'
  | 'plans'
  | 'loads'
  | 'lack'
  | 'mistake';

const runKeys = {
  speed: 'number',
  region: 'string',
  account: 'string',
  seed: 'string',
  throttling: 'boolean',
  lagSeconds: 'number',
} as const satisfies Record<keyof Omit<Scenario, 'world' | 'faults'>, Kind>;
const seedKeys = {
  desiredCount: 'number',
  minimumHealthyPercent: 'number',
  maximumPercent: 'number',
  circuitBreaker: 'breaker',
  deploymentConfiguration: 'object',
  alarms: 'object',
  autoscaling: 'plans',
  blueGreen: 'object',
  codeDeploy: 'object',
  functions: 'object',
  networking: 'mistake',
  containerHealthCheck: 'boolean',
  healthCheckGracePeriodSeconds: 'number',
  deregistrationDelaySeconds: 'number',
  tasksWithoutPlace: 'number',
  lack: 'lack',
  spotInterruptions: 'object',
  lattice: 'boolean',
  tags: 'texts',
  fieldsOfTheFuture: 'texts',
} as const satisfies Partial<Record<keyof SeedOptions, Kind>>;
const planKeys = {
  min: 'number',
  max: 'number',
  cpuTarget: 'number',
  load: 'loads',
} as const satisfies Record<keyof ScalingPlan, Kind>;
const behaviourKeys = {
  version: 'string',
  pullSeconds: 'number',
  pullFailure: 'string',
  startFailure: 'string',
  startReason: 'string',
  startReasonTimes: 'number',
  exit: 'object',
  logs: 'texts',
  lastWords: 'texts',
  addedContainers: 'objects',
  containerHealth: 'object',
  targetHealth: 'object',
  http: 'object',
  neverDrains: 'boolean',
  digest: 'string',
} as const satisfies Record<keyof ImageBehaviour, Kind>;

/** Reads a scenario file. Throws one sentence that names the file and every key that is unknown or of a wrong type. */
export function readScenario(file: string): Scenario {
  return parseScenario(readFileSync(file, 'utf8'), file);
}

/** Parses a scenario: the keys of a run and of a seed, and `images`, a table of behaviours. */
export function parseScenario(content: string, name: string): Scenario {
  const document: unknown = parse(content);
  if (!isObject(document)) throw new Error(`${name}: a scenario is a table of keys.`);
  const { images = {}, faults = [], ...options } = document;
  const problems = [
    ...problemsOf(options, { ...runKeys, ...seedKeys }, ''),
    ...problemsOfPlans(options['autoscaling']),
    ...problemsOfFaults(faults),
    ...(isObject(images) ? Object.entries(images).flatMap(problemsOfImage) : ['images must be a table']),
  ];
  if (problems.length > 0) throw new Error(`${name}: ${problems.join('; ')}.`);
  const behaviours = images as unknown as Record<string, ImageBehaviour>;
  return {
    ...pick(options, runKeys),
    faults: faults as unknown as readonly PlannedFault[],
    world: seedWorld({ ...pick(options, seedKeys), behaviours }),
  };
}

function problemsOfPlans(plans: unknown): string[] {
  return Object.entries(isObject(plans) ? plans : {}).flatMap(([service, plan]) => {
    const path = `autoscaling.${service}`;
    if (!isObject(plan)) return [`${path} must be a table`];
    const missing = ['min', 'max'].filter((key) => plan[key] === undefined);
    return [...missing.map((key) => `${path}.${key} is missing`), ...problemsOf(plan, planKeys, `${path}.`)];
  });
}

const faultKeys = {
  action: 'string',
  from: 'number',
  times: 'number',
  afterSeconds: 'number',
  forSeconds: 'number',
  effect: 'object',
} as const satisfies Record<keyof PlannedFault, Kind>;

const effectKeys = {
  kind: 'string',
  code: 'string',
  message: 'string',
  status: 'number',
  when: 'string',
  milliseconds: 'number',
  seconds: 'number',
} as const satisfies Record<string, Kind>;

/** What an effect cannot do without. */
const neededOf: Readonly<Record<string, readonly string[]>> = {
  error: ['code', 'message'],
  reset: ['when'],
  hang: ['when'],
  delay: ['milliseconds'],
  stale: ['seconds'],
};

function problemsOfFaults(faults: unknown): string[] {
  if (!Array.isArray(faults)) return ['faults must be a list'];
  return faults.flatMap((fault: unknown, at) => {
    const path = `faults[${at}]`;
    if (!isObject(fault)) return [`${path} must be a table`];
    const effect = isObject(fault['effect']) ? fault['effect'] : {};
    const kind = typeof effect['kind'] === 'string' ? effect['kind'] : '';
    const isKnown = plannedEffects.some((each) => each === kind);
    const missing = (neededOf[kind] ?? []).filter((key) => effect[key] === undefined);
    return [
      ...problemsOf(fault, faultKeys, `${path}.`),
      ...problemsOf(effect, effectKeys, `${path}.effect.`),
      ...(isKnown ? [] : [`${path}.effect.kind must be one of ${plannedEffects.join(', ')}`]),
      ...missing.map((key) => `${path}.effect.${key} is missing`),
    ];
  });
}

function problemsOfImage([image, behaviour]: [string, unknown]): string[] {
  if (!isObject(behaviour)) return [`images.${image} must be a table`];
  return [
    ...problemsOf(behaviour, behaviourKeys, `images.${image}.`),
    ...problemsOfChoice(behaviour, 'pullFailure', pullFailures, image),
    ...problemsOfChoice(behaviour, 'startFailure', startFailures, image),
  ];
}

function problemsOfChoice(
  behaviour: JsonObject,
  key: string,
  choices: readonly string[],
  image: string,
): string[] {
  const value = behaviour[key];
  return typeof value !== 'string' || choices.includes(value)
    ? []
    : [`images.${image}.${key} must be one of ${choices.join(', ')}`];
}

function problemsOf(given: JsonObject, known: Readonly<Record<string, Kind>>, path: string): string[] {
  return Object.entries(given).flatMap(([key, value]) => {
    const kind = known[key];
    if (kind === undefined) return [`${path}${key} is not a key (known: ${Object.keys(known).join(', ')})`];
    return fits(value, kind) ? [] : [`${path}${key} has the wrong type`];
  });
}

function fits(value: unknown, kind: Kind): boolean {
  switch (kind) {
    case 'number':
    case 'string':
    case 'boolean':
      return typeof value === kind;
    case 'object':
    case 'plans':
      return isObject(value);
    case 'objects':
      return Array.isArray(value) && value.every(isObject);
    case 'loads':
      return Array.isArray(value) && value.every((item) => isObject(item) && fits(item['percent'], 'number'));
    case 'lack':
      return lacks.some((each) => each === value);
    case 'mistake':
      return networkingMistakes.some((each) => each === value);
    case 'breaker':
      return value === false || isObject(value);
    case 'texts':
      return Array.isArray(value) && value.every((item) => typeof item === 'string');
  }
}

function pick(options: JsonObject, keys: Readonly<Record<string, Kind>>): JsonObject {
  return Object.fromEntries(Object.entries(options).filter(([key]) => key in keys));
}
