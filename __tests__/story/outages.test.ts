/** What happens to the tasks while the run proves them, or bakes: outages, losses of room, and looks without an answer. */
import { describe, expect, test } from '@jest/globals';
import type { Simulator } from '../../simulator/simulator.ts';
import type { Task } from '../../simulator/state/model.ts';
import {
  accepted,
  expectGreen,
  expectRed,
  inAWorld,
  mutations,
  production,
  service,
  step,
  tag,
} from './world.ts';

const BAKE = { ...tag('v2'), 'bake-minutes': '5' };

/** Acts so many seconds after the rollout was complete. */
function inTheBake(sim: Simulator, seconds: number, act: () => void, name = 'backend'): void {
  sim.when(
    () => {
      const [newest, older] = service(sim, name).serviceDeployments;
      return older !== undefined && newest?.status === 'SUCCESSFUL';
    },
    () => {
      sim.at(seconds, act);
    },
  );
}

function runningTasks(sim: Simulator, name = 'backend'): Task[] {
  return [...service(sim, name).cluster.tasks.values()].filter(
    (task) => task.service?.name === name && task.definition.revision === 2 && task.lastStatus === 'RUNNING',
  );
}

function takeAway(sim: Simulator, count: number): void {
  for (const task of runningTasks(sim).slice(0, count)) sim.operator.interruptTask(task);
}

describe('tasks that AWS takes away in the bake', () => {
  test.each([
    ['all', 4],
    ['three of four', 3],
  ])(
    '%s, and has no room for others: red, soon, and left, since going back needs the same room',
    (_, count) =>
      inAWorld({ desiredCount: 4 }, async (sim) => {
        inTheBake(sim, 60, () => {
          sim.world.tasksWithoutPlace = count;
          takeAway(sim, count);
        });
        const result = await step(sim, BAKE);
        expectRed(result, 'failed', 'capacity');
        expect(result.outputs['message']).toContain(`${4 - count} of 4 tasks run`);
        expect(result.outputs['message']).toContain('Capacity is unavailable');
        expect(accepted(sim, 'UpdateService')).toHaveLength(1);
        expect(Number(result.outputs['duration-seconds'])).toBeLessThan(300);
      }),
  );

  test('all, and starts others: that is a hiccup', () =>
    inAWorld({ desiredCount: 4 }, async (sim) => {
      inTheBake(sim, 60, () => {
        takeAway(sim, 4);
      });
      expectGreen(await step(sim, BAKE), 'succeeded');
      expect(production(sim)).toBe('backend:2 COMPLETED');
    }));
});

describe('a program that ends again and again in the bake', () => {
  test('is rolled back at its end with fail-fast: false, and said when it is seen', () =>
    inAWorld({}, async (sim) => {
      const result = await step(sim, { ...BAKE, ...tag('latecrash-1'), 'fail-fast': 'false' });
      expectRed(result, 'rolled-back', 'app-crashed');
      const said = /^ +(\d):(\d\d) +backend: a task failed: container "backend" exited with code 1$/m;
      expect(result.log).toMatch(said);
      expect(Number(said.exec(result.log)?.[1])).toBeLessThan(3);
      expect(result.log.match(/a task failed/g)).toHaveLength(1);
    }));
});

describe('one task of two that ends late in the bake, where nothing checks them', () => {
  test('is a hiccup: the other one has run for longer, and a new one runs', () =>
    inAWorld({}, async (sim) => {
      inTheBake(
        sim,
        280,
        () => {
          const [task] = runningTasks(sim, 'worker');
          if (task !== undefined) sim.operator.crashTask(task, 1);
        },
        'worker',
      );
      const result = await step(sim, { ...BAKE, service: 'worker' });
      expectGreen(result, 'succeeded');
      expect(result.log).toContain('worker: a task failed: container "worker" exited with code 1');
      expect(production(sim, 'worker')).toBe('worker:2 COMPLETED');
    }));
});

describe('looks without an answer at the end of the bake', () => {
  test('prove nothing: what was seen before is no proof', () =>
    inAWorld({}, async (sim) => {
      inTheBake(sim, 100, () => {
        sim.inject({ action: 'DescribeTargetHealth', effect: { kind: 'http-500' } });
      });
      const result = await step(sim, BAKE);
      expectGreen(result, 'succeeded');
      expect(result.warnings.join('\n')).toContain('targets gate skipped: no answer from AWS');
      expect(result.outputs['message']).not.toContain('its targets');
    }));
});

describe('an AWS that takes three seconds for each call', () => {
  test('is heard out where tasks and targets are proven', () =>
    inAWorld({}, async (sim) => {
      sim.inject({ effect: { kind: 'delay', milliseconds: 3_000 } });
      const result = await step(sim, { ...BAKE, 'bake-minutes': '1' });
      expectGreen(result, 'succeeded');
      expect(result.outputs['message']).toContain('its targets');
      expect(result.warnings).toEqual([]);
    }));
});

describe('somebody who deletes the service in the bake', () => {
  test('leaves nothing that could be proven', () =>
    inAWorld({}, async (sim) => {
      inTheBake(sim, 50, () => {
        service(sim).status = 'INACTIVE';
        service(sim).deployments = [];
      });
      const result = await step(sim, BAKE);
      expectRed(result, 'failed', 'service-inactive');
      expect(accepted(sim, 'UpdateService')).toHaveLength(1);
      expect(Number(result.outputs['duration-seconds'])).toBeLessThan(200);
    }));
});

describe('somebody who scales to nothing in the bake', () => {
  test('leaves nothing to prove, which is said at once', () =>
    inAWorld({}, async (sim) => {
      inTheBake(sim, 100, () => {
        sim.operator.setDesiredCount('backend', 0);
      });
      const result = await step(sim, BAKE);
      expectGreen(result, 'succeeded');
      expect(result.warnings.join('\n')).toContain(
        'targets gate skipped: the service wants no task any more',
      );
      expect(Number(result.outputs['duration-seconds'])).toBeLessThan(390);
    }));
});

describe('a network that is gone before anything was touched', () => {
  /** From a call on, for so many seconds; of the calls of that action where one is named. */
  function cutOff(sim: Simulator, seconds: number, action?: string): void {
    const end = sim.inject({
      ...(action === undefined ? {} : { action }),
      effect: { kind: 'reset', when: 'before' },
    });
    sim.at(seconds, end);
  }

  test.each([
    ['everything', undefined],
    ['the service', 'DescribeServices'],
    ['its history', 'ListServiceDeployments'],
    ['its revisions', 'DescribeServiceRevisions'],
    ['the repository', 'DescribeRepositories'],
    ['the image', 'DescribeImages'],
    ['the base', 'DescribeTaskDefinition'],
  ])('for some seconds is waited for: %s', (_, action) =>
    inAWorld({}, async (sim) => {
      cutOff(sim, 15, action);
      expectGreen(await step(sim, tag('v2')), 'succeeded');
    }),
  );

  test('for minutes ends the run within one, and touches nothing', () =>
    inAWorld({}, async (sim) => {
      cutOff(sim, 600);
      const result = await step(sim, tag('v2'));
      expectRed(result, 'failed', 'unknown');
      expect(result.log).toContain('No service was touched.');
      expect(Number(result.outputs['duration-seconds'])).toBeLessThan(60);
      expect(mutations(sim)).toEqual([]);
    }));

  test('is not waited for once the job is cancelled', () =>
    inAWorld({}, async (sim) => {
      cutOff(sim, 600);
      const result = await step(sim, tag('v2'), {
        onOutput: (log, send) => {
          if (log.endsWith('::group::Survey\n'))
            sim.at(5, () => {
              send('SIGINT');
            });
        },
      });
      expectRed(result, 'cancelled', 'cancelled');
      expect(Number(result.outputs['duration-seconds'])).toBeLessThan(10);
    }));
});
