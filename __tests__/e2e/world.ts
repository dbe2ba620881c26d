import { expect } from '@jest/globals';
import type { Service } from '../../simulator/state/model.ts';
import { primaryOf } from '../../simulator/engine/service-deployments.ts';
import { seedWorld, type Seed, type SeedOptions } from '../../simulator/scenario/seed.ts';
import { hasDeploymentUnderway, startSimulator, type Simulator } from '../../simulator/simulator.ts';
import { runStep, type StepOptions, type StepResult } from '../../runner/step.ts';

/** Simulated seconds a real one: a healthy rollout takes about a second. */
const SPEED = 60;

/** Polls and probes as quick as the simulated world is fast. */
const QUICK = { 'poll-interval-seconds': '0.1', 'health-check-interval-seconds': '0.1' };

/** An AWS of its own for one test, gone afterwards. */
export async function inAWorld(
  options: SeedOptions & { readonly speed?: number; readonly more?: Seed },
  test: (sim: Simulator) => Promise<void>,
): Promise<void> {
  const sim = await startSimulator({ speed: options.speed ?? SPEED, world: withMore(options) });
  try {
    await test(sim);
  } finally {
    await sim.close();
  }
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

/** Runs the bundle against the world: service `backend` of cluster `demo` unless the inputs say otherwise. */
export function step(
  sim: Simulator,
  inputs: Readonly<Record<string, string>>,
  options: StepOptions = {},
): Promise<StepResult> {
  return runStep({ cluster: 'demo', service: 'backend', ...QUICK, ...inputs }, sim.env, options);
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
