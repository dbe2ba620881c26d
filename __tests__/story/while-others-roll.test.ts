/** Services that come to their end before others do are not forgotten meanwhile. */
import { describe, expect, test } from '@jest/globals';
import type { Task } from '../../simulator/state/model.ts';
import type { Simulator } from '../../simulator/simulator.ts';
import { expectGreen, expectRed, inAWorld, production, service, step, tag } from './world.ts';

/** Half of the traffic of the one is shifted for three minutes; the other has no load balancer, and is done in one. */
const SHIFTING = {
  blueGreen: {
    strategy: 'LINEAR',
    linearConfiguration: { stepPercent: 50, stepBakeTimeInMinutes: 3 },
    bakeTimeInMinutes: 1,
  },
} as const;

const BOTH = { ...tag('v2'), service: 'bluegreen, worker', 'task-definition': 'bluegreen' };

function newTasks(sim: Simulator, name = 'worker'): Task[] {
  return [...service(sim).cluster.tasks.values()].filter(
    (task) =>
      task.service?.name === name &&
      task.definition.revision > 1 &&
      task.definition.family === 'bluegreen' &&
      task.lastStatus === 'RUNNING',
  );
}

/** From a moment on each task of the new revision of the worker crashes after five seconds. */
function workerCrashes(sim: Simulator, seconds: number): void {
  const crash = (): void => {
    for (const task of newTasks(sim)) sim.operator.crashTask(task, 7);
    if (production(sim, 'worker').startsWith('bluegreen:')) sim.at(5, crash);
  };
  sim.at(seconds, crash);
}

/** Seconds of the world from the first update to the last call of a kind that was accepted. */
function secondOf(sim: Simulator, action: string): number {
  const times = (of: string): number[] =>
    sim.calls.filter((call) => call.action === of && call.status === 200).map(({ time }) => time);
  return ((times(action).at(-1) ?? Infinity) - (times('UpdateService')[0] ?? 0)) / 1000;
}

describe('a service whose tasks crash once it is done, while another shifts its traffic', () => {
  test('goes back meanwhile', () =>
    inAWorld(SHIFTING, async (sim) => {
      workerCrashes(sim, 100);
      const result = await step(sim, BOTH);
      expectRed(result, 'rolled-back', 'app-crashed');
      expect(result.log).toContain('worker: tasks gate failed while others roll out: ');
      expect(secondOf(sim, 'UpdateService')).toBeLessThan(180);
      expect(production(sim, 'worker')).toMatch(/^worker:\d+ COMPLETED$/);
      expect(production(sim, 'bluegreen')).toBe('bluegreen:2 COMPLETED');
    }));

  test('is blamed for what ended them, and for no check that it does not have', () =>
    inAWorld(SHIFTING, async (sim) => {
      workerCrashes(sim, 100);
      const result = await step(sim, { ...BOTH, 'fail-fast': 'false' });
      expectRed(result, 'rolled-back', 'app-crashed');
      expect(result.log).toContain('worker: tasks gate failed while others roll out: ');
      expect(production(sim, 'worker')).toMatch(/^worker:\d+ COMPLETED$/);
    }));

  test('with rollback-all takes back what shifts, while that is an instant', () =>
    inAWorld(SHIFTING, async (sim) => {
      workerCrashes(sim, 100);
      const result = await step(sim, { ...BOTH, 'on-failure': 'rollback-all' });
      expectRed(result, 'rolled-back', 'app-crashed');
      expect(secondOf(sim, 'StopServiceDeployment')).toBeLessThan(180);
      expect(production(sim, 'bluegreen')).toBe('bluegreen:1 COMPLETED');
      expect(production(sim, 'worker')).toMatch(/^worker:\d+ COMPLETED$/);
    }));

  test('goes back at once with rollback-all where the other one fails, not after that one is back', () =>
    inAWorld(SHIFTING, async (sim) => {
      const crash = (): void => {
        for (const task of newTasks(sim, 'bluegreen')) sim.operator.crashTask(task, 7);
        if (secondOf(sim, 'StopServiceDeployment') === Infinity) sim.at(5, crash);
      };
      sim.at(100, crash);
      const result = await step(sim, { ...BOTH, 'on-failure': 'rollback-all' });
      expectRed(result, 'rolled-back', 'app-crashed');
      const stopped = secondOf(sim, 'StopServiceDeployment');
      expect(secondOf(sim, 'UpdateService') - stopped).toBeLessThan(4);
      expect(production(sim, 'bluegreen')).toBe('bluegreen:1 COMPLETED');
      expect(production(sim, 'worker')).toMatch(/^worker:\d+ COMPLETED$/);
    }));

  test.each(['ListTasks', 'DescribeTasks'])('is asked later where %s is denied meanwhile', (action) =>
    inAWorld(SHIFTING, async (sim) => {
      sim.at(70, () => {
        sim.inject({ action, effect: { kind: 'denied' } });
      });
      const result = await step(sim, BOTH);
      expect(result.log).not.toContain('while others roll out');
      expect(production(sim, 'worker')).toBe('bluegreen:2 COMPLETED');
      expect(production(sim, 'bluegreen')).toBe('bluegreen:2 COMPLETED');
    }),
  );

  test('is superseded as soon as somebody deploys it', () =>
    inAWorld(SHIFTING, async (sim) => {
      sim.at(100, () => {
        sim.operator.deploy('worker', 'v3');
      });
      const result = await step(sim, BOTH);
      expectRed(result, 'superseded', 'superseded');
      expect(result.log).toMatch(
        /worker: another deployment, \S+, has taken its place while others roll out/,
      );
      expect(production(sim, 'bluegreen')).toBe('bluegreen:2 COMPLETED');
    }));

  test('is left alone where one of its tasks crashes once', () =>
    inAWorld(SHIFTING, async (sim) => {
      sim.at(100, () => {
        const [task] = newTasks(sim);
        if (task !== undefined) sim.operator.crashTask(task, 137);
      });
      expectGreen(await step(sim, BOTH), 'succeeded');
      expect(production(sim, 'worker')).toBe('bluegreen:2 COMPLETED');
    }));
});
