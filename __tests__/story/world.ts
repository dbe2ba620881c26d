import { expect } from '@jest/globals';
import type { Service } from '../../simulator/state/model.ts';
import { runInProcess } from '../../runner/in-process.ts';
import { runStep, type StepOptions, type StepResult } from '../../runner/step.ts';
import { ManualClock, RunningClock, type SimulatorClock } from '../../simulator/clock.ts';
import { primaryOf } from '../../simulator/engine/service-deployments.ts';
import { seedWorld, type Seed, type SeedOptions } from '../../simulator/scenario/seed.ts';
import { recordCalls } from './record-calls.ts';
import { AS, fasterTime, recordStep, SIDE_BY_SIDE_SPEED } from './side-by-side.ts';
import { hasDeploymentUnderway, startSimulator, type Simulator } from '../../simulator/simulator.ts';

/** Simulated seconds in a real one, for the bundle: a healthy rollout takes about a second. */
const SPEED = 60;

/** Polls and probes as quick as the simulated world is fast around the bundle. */
export const QUICK = { 'poll-interval-seconds': '0.1', 'health-check-interval-seconds': '0.1' };

export interface WorldOptions extends SeedOptions {
  /** What a step is: the sources in this process, on the world's own time, or the bundle in a process and real time. */
  readonly as?: 'process' | 'bundle';
  /** Simulated seconds in a real one, for the bundle. */
  readonly speed?: number;
  readonly more?: Seed;
  readonly throttling?: boolean;
  readonly lagSeconds?: number;
  /** Its AWS answers what AWS never would: what is called then is no measure of the policies. */
  readonly isNonsense?: boolean;
}

/** An AWS of its own for one test, gone afterwards. */
export async function inAWorld(
  {
    as = AS,
    speed = AS === 'bundle' ? SIDE_BY_SIDE_SPEED : SPEED,
    throttling = false,
    lagSeconds = 0,
    isNonsense = false,
    ...seed
  }: WorldOptions,
  test: (sim: Simulator) => Promise<void>,
): Promise<void> {
  const time = as === 'process' ? { clock: new ManualClock() } : running(speed);
  const sim = await startSimulator({ ...time, throttling, lagSeconds, world: withMore(seed) });
  try {
    await test(sim);
  } finally {
    if (!isNonsense) recordCalls(sim);
    await sim.close();
  }
}

/** Where both kinds of steps are compared, their worlds begin at the same instant. */
function running(speed: number): { speed: number } | { clock: SimulatorClock } {
  return AS === 'bundle' ? { clock: new RunningClock(speed, new Date(new ManualClock().now())) } : { speed };
}

/** What `more` adds has its deployments behind it, too. */
function withMore({ more, ...options }: SeedOptions & { readonly more?: Seed }): Seed {
  return (world) => {
    seedWorld(options)(world);
    if (more === undefined) return;
    more(world);
    world.clock.skip(180);
  };
}

/** Runs the action in the world: service `backend` of cluster `demo` unless the inputs say otherwise. */
export async function step(
  sim: Simulator,
  inputs: Readonly<Record<string, string>>,
  options: StepOptions = {},
): Promise<StepResult> {
  const result = await runIn(sim, { cluster: 'demo', service: 'backend', ...inputs }, options);
  recordStep(sim, result);
  return result;
}

function runIn(
  sim: Simulator,
  inputs: Readonly<Record<string, string>>,
  options: StepOptions,
): Promise<StepResult> {
  if (sim.world.clock instanceof ManualClock) return runInProcess(sim, inputs, options);
  if (AS === 'bundle')
    return runStep(inputs, sim.env, { ...options, env: { ...fasterTime(sim), ...options.env } });
  return runStep({ ...QUICK, ...inputs }, sim.env, options);
}

/** The inputs that deploy a tag of the repository `backend`. */
export function tag(name: string): Record<string, string> {
  return { 'ecr-repository': 'backend', 'image-tag': name };
}

export function service(sim: Simulator, name = 'backend'): Service {
  return sim.world.cluster('demo').service(name);
}

/** What production is, as the world knows it: the PRIMARY revision and its state. */
export function production(sim: Simulator, name = 'backend'): string {
  const primary = primaryOf(service(sim, name));
  const definition = primary?.revision.definition;
  return `${definition?.family ?? ''}:${definition?.revision ?? ''} ${primary?.rolloutState ?? ''}`;
}

/** The bodies of the accepted calls of these actions, in order. */
export function accepted(sim: Simulator, ...actions: string[]): { action: string; body: object }[] {
  return sim.calls
    .filter((call) => actions.includes(call.action) && call.status === 200)
    .map(({ action, body }) => ({ action, body }));
}

/** Accepted calls that change anything. */
export function mutations(sim: Simulator): string[] {
  return accepted(
    sim,
    'RegisterTaskDefinition',
    'UpdateService',
    'StopServiceDeployment',
    'DeregisterTaskDefinition',
    'RunTask',
  ).map((call) => call.action);
}

/** Acts once a deployment of the service is under way. */
export function onceUnderway(sim: Simulator, act: () => void, name = 'backend'): void {
  sim.when(() => hasDeploymentUnderway(service(sim, name)), act);
}

/** What every red step has: exit code 1, one error annotation that begins with the message. */
export function expectRed(result: StepResult, outcome: string, cause: string): void {
  expectEnd(result, [outcome, cause, 1]);
  expect(result.errors).toHaveLength(1);
  expect(result.errors[0]?.split('\n')[0]).toBe(result.outputs['message']);
  expect(result.outputs['message']).not.toBe('');
}

export function expectGreen(result: StepResult, outcome: string): void {
  expectEnd(result, [outcome, '', 0]);
  expect(result.errors).toEqual([]);
}

/** A step that ended otherwise shows its whole log. */
function expectEnd(result: StepResult, end: readonly unknown[]): void {
  const actual = [result.outputs['result'], result.outputs['cause'], result.exitCode];
  const log = JSON.stringify(actual) === JSON.stringify(end) ? '' : result.log;
  expect([...actual, log]).toEqual([...end, '']);
}

/** Sends a signal once, as soon as the log shows a text (and one that comes later). */
export function signalAt(text: string, signal: NodeJS.Signals, later = text): StepOptions {
  let sent = false;
  return {
    onOutput: (log, kill) => {
      if (sent || !log.includes(text) || !log.slice(log.indexOf(text)).includes(later)) return;
      sent = true;
      kill(signal);
    },
  };
}
