import { describe, expect, test } from '@jest/globals';
import type { Task } from '../../simulator/state/model.ts';
import type { Simulator } from '../../simulator/simulator.ts';
import {
  accepted,
  expectGreen,
  expectRed,
  inAWorld,
  mutations,
  production,
  signalAt,
  step,
  tag,
} from './world.ts';

/** Deploys v2 after this command. */
function migrating(command: string, more: Record<string, string> = {}): Record<string, string> {
  return { ...tag('v2'), 'pre-deploy-command': JSON.stringify(['sh', '-c', command]), ...more };
}

/** When an action was first answered well, in simulated milliseconds. */
function timeOf(sim: Simulator, action: string): number {
  return sim.calls.find((call) => call.action === action && call.status === 200)?.time ?? Number.NaN;
}

function oneOffTasks(sim: Simulator): Task[] {
  return [...sim.world.cluster('demo').tasks.values()].filter(
    ({ startedBy }) => startedBy === 'ecs-fargate-deploy',
  );
}

/** The service was not touched, and the revision of this run is gone. */
function expectUntouched(sim: Simulator): void {
  expect(accepted(sim, 'UpdateService')).toEqual([]);
  expect(production(sim)).toBe('backend:1 COMPLETED');
  expect(mutations(sim).at(-1)).toBe('DeregisterTaskDefinition');
}

describe('a pre-deploy task', () => {
  test('that exits with 0 is followed by the rollout, its log shown meanwhile', () =>
    inAWorld({}, async (sim) => {
      const result = await step(sim, migrating('sleep 20; echo applied 3 migrations'));
      expectGreen(result, 'succeeded');
      expect(mutations(sim)).toEqual(['RegisterTaskDefinition', 'RunTask', 'UpdateService']);
      expect(result.log).toContain('backend: applied 3 migrations');
      const ended = result.log.indexOf('Container "backend" exited with 0.');
      expect(result.log.indexOf('backend: Running sh -c sleep 20')).toBeLessThan(ended);
      expect(ended).toBeLessThan(result.log.indexOf('::group::Roll out'));
      expect(timeOf(sim, 'UpdateService') - timeOf(sim, 'RunTask')).toBeGreaterThan(20_000);
    }));

  test("runs once, on the new revision, in the service's own network", () =>
    inAWorld({}, async (sim) => {
      await step(sim, migrating('true'));
      const [call] = accepted(sim, 'RunTask');
      const { networkConfiguration } = sim.world.cluster('demo').service('backend').settings;
      expect(call?.body).toMatchObject({
        taskDefinition: expect.stringMatching(/task-definition\/backend:2$/),
        launchType: 'FARGATE',
        networkConfiguration,
        count: 1,
        startedBy: 'ecs-fargate-deploy',
        clientToken: expect.stringMatching(/^[0-9a-f-]{36}$/),
        overrides: { containerOverrides: [{ name: 'backend', command: ['sh', '-c', 'true'] }] },
      });
    }));

  test('that exits with 3 stops everything: no service is touched, the revision is deregistered', () =>
    inAWorld({}, async (sim) => {
      const result = await step(sim, migrating('echo relation exists; exit 3'));
      expectRed(result, 'failed', 'pre-deploy-task-failed');
      expectUntouched(sim);
      expect(result.outputs['message']).toBe(
        'The pre-deploy task failed: container "backend" exited with code 3.',
      );
      expect(result.outputs['changed']).toBe('false');
      expect(result.summary).toContain('backend: relation exists');
    }));

  test('that takes too long is stopped', () =>
    inAWorld({}, async (sim) => {
      const result = await step(sim, migrating('sleep 600', { 'pre-deploy-timeout-minutes': '2' }));
      expectRed(result, 'failed', 'pre-deploy-task-failed');
      expectUntouched(sim);
      expect(result.outputs['message']).toContain('did not end within 2 minutes and was stopped');
      expect(oneOffTasks(sim)).toMatchObject([
        { lastStatus: 'STOPPED', stoppedReason: expect.stringContaining('took longer than 2 minutes') },
      ]);
    }));

  test('whose image cannot be pulled', () =>
    inAWorld({}, async (sim) => {
      const result = await step(sim, { ...migrating('true'), ...tag('denied-1') });
      expectRed(result, 'failed', 'pre-deploy-task-failed');
      expectUntouched(sim);
      expect(result.outputs['message']).toContain('never ran (CannotPullContainerError');
    }));

  test.each([
    ['its network interface', 'Timeout waiting for network interface provisioning to complete.'],
    [
      'its image',
      'CannotPullContainerError: pull image manifest has been retried 5 time(s): failed to do request: dial tcp 10.0.3.17:443: i/o timeout',
    ],
  ])('that meets a hiccup of %s before it starts is started once more', (_, startReason) =>
    inAWorld({ behaviours: { v2: { startReason, startReasonTimes: 1 } } }, async (sim) => {
      expectGreen(await step(sim, migrating('true')), 'succeeded');
      const tasks = oneOffTasks(sim);
      expect(tasks).toHaveLength(2);
      expect(tasks.filter(({ startedAt }) => startedAt !== undefined)).toHaveLength(1);
    }),
  );

  test('that meets one each time ends the run, and says that nothing of it ran', () =>
    inAWorld(
      { behaviours: { v2: { startReason: 'Timeout waiting for network interface provisioning.' } } },
      async (sim) => {
        const result = await step(sim, migrating('true'));
        expectRed(result, 'failed', 'pre-deploy-task-failed');
        expectUntouched(sim);
        expect(oneOffTasks(sim)).toHaveLength(2);
        expect(result.errors.join()).toContain('Nothing of the command ran');
      },
    ));

  test('that finds no capacity', () =>
    inAWorld({}, async (sim) => {
      sim.world.capacityAvailable = false;
      const result = await step(sim, migrating('true'));
      expectRed(result, 'failed', 'pre-deploy-task-failed');
      expectUntouched(sim);
      expect(result.outputs['message']).toContain('Capacity is unavailable');
    }));

  test('is not started twice where the answer is lost', () =>
    inAWorld({}, async (sim) => {
      sim.inject({ action: 'RunTask', times: 2, effect: { kind: 'reset', when: 'after' } });
      expectGreen(await step(sim, migrating('true')), 'succeeded');
      const tokens = sim.calls
        .filter(({ action }) => action === 'RunTask')
        .map(({ body }) => body['clientToken']);
      expect(tokens).toHaveLength(3);
      expect(new Set(tokens).size).toBe(1);
      expect(oneOffTasks(sim)).toHaveLength(1);
    }));

  test.each([
    ['SIGINT', 'hang'],
    ['SIGKILL', 'hang'],
    ['SIGINT', 'http-500'],
    ['SIGKILL', 'http-500'],
  ] as const)(
    'whose start has no answer when %s ends the job (%s) may be there, which is said',
    (signal, kind) =>
      inAWorld({}, async (sim) => {
        const effect = kind === 'hang' ? ({ kind, when: 'after' } as const) : { kind };
        sim.inject({ action: 'RunTask', effect });
        let isSet = false;
        const result = await step(sim, migrating('sleep 120'), {
          onOutput: (log, kill) => {
            if (isSet || !log.includes('::group::Pre-deploy')) return;
            isSet = true;
            sim.at(3, () => {
              kill(signal);
            });
          },
        });
        const said = signal === 'SIGINT' ? `${result.errors.join()} ${result.summary}` : result.post.summary;
        expect(said).toContain('a pre-deploy task may have been started in cluster demo');
        expect(said).toContain('aws ecs list-tasks --cluster demo --started-by ecs-fargate-deploy');
        expect(said).toContain('aws ecs stop-task --cluster demo --task');
        expect(accepted(sim, 'StopTask')).toEqual([]);
      }),
  );

  test('that was never asked for is not said to be there', () =>
    inAWorld({}, async (sim) => {
      sim.inject({ action: 'ListTasks', effect: { kind: 'hang', when: 'before' } });
      const result = await step(sim, migrating('true'), signalAt('::group::Pre-deploy', 'SIGINT'));
      expectRed(result, 'cancelled', 'cancelled');
      expect(result.errors[0]).not.toContain('may have been started');
    }));

  test('in a container that does not exist is refused before anything is registered', () =>
    inAWorld({}, async (sim) => {
      const result = await step(sim, migrating('true', { 'pre-deploy-container': 'migrator' }));
      expectRed(result, 'failed', 'invalid-input');
      expect(mutations(sim)).toEqual([]);
      expect(result.outputs['message']).toContain('"backend"');
    }));

  test('is sat out through throttling and server errors, and without its log', () =>
    inAWorld({}, async (sim) => {
      sim.inject({ action: 'RunTask', times: 1, effect: { kind: 'throttle' } });
      sim.inject({ action: 'DescribeTasks', times: 2, effect: { kind: 'http-500' } });
      sim.inject({ action: 'GetLogEvents', effect: { kind: 'denied' } });
      const result = await step(sim, migrating('true'));
      expectGreen(result, 'succeeded');
      expect(result.log.match(/The log of container "backend" cannot be read/g)).toHaveLength(1);
    }));

  test('that may not be started, or not be watched, says so', () =>
    inAWorld({}, async (sim) => {
      const disarm = sim.inject({ action: 'RunTask', effect: { kind: 'denied' } });
      expectRed(await step(sim, migrating('true')), 'failed', 'access-denied');
      disarm();
      sim.inject({ action: 'DescribeTasks', effect: { kind: 'expired-token' } });
      const result = await step(sim, migrating('sleep 600'));
      expectRed(result, 'failed', 'credentials-expired');
      expect(result.log).toMatch(/Task \w+ was left alone/);
      expect(accepted(sim, 'UpdateService', 'StopTask')).toEqual([]);
    }));

  test('is left and named where the job is cancelled', () =>
    inAWorld({}, async (sim) => {
      let sent = false;
      const result = await step(sim, migrating('sleep 3000'), {
        onOutput: (log, kill) => {
          if (sent || !log.includes('The task is RUNNING.')) return;
          sent = true;
          kill('SIGINT');
        },
      });
      expectRed(result, 'cancelled', 'cancelled');
      expect(result.log).toMatch(/Task \w+ was left alone/);
      expect(oneOffTasks(sim)).toMatchObject([{ lastStatus: 'RUNNING' }]);
      expect(accepted(sim, 'UpdateService', 'StopTask')).toEqual([]);
    }));
});

describe('a pre-deploy task of an earlier run that still runs', () => {
  /** A migration of a job that was cancelled: it goes on for so long. */
  async function leftBehind(sim: Simulator, seconds: number, exit = 0): Promise<void> {
    const cancelled = await step(
      sim,
      migrating(`sleep ${seconds}; exit ${exit}`),
      signalAt('runs the command', 'SIGINT'),
    );
    expectRed(cancelled, 'cancelled', 'cancelled');
    const [id] = oneOffTasks(sim).map((task) => task.arn.split('/').at(-1) ?? '');
    for (const text of [cancelled.outputs['message'], cancelled.errors.join(), cancelled.summary])
      expect(text).toContain(id);
    expect(cancelled.log).toContain(`aws ecs stop-task --cluster demo --task ${id ?? ''}`);
  }

  test.each([
    ['ended well', 0],
    ['ended badly, which is logged', 3],
  ])('is waited for, never doubled: ours runs once it has %s', (_, exit) =>
    inAWorld({}, async (sim) => {
      await leftBehind(sim, 90, exit);
      const result = await step(sim, migrating('sleep 5'));
      expectGreen(result, 'succeeded');
      const [first, second] = oneOffTasks(sim);
      expect(oneOffTasks(sim)).toHaveLength(2);
      expect(second?.createdAt).toBeGreaterThanOrEqual(first?.stoppedAt ?? Number.NaN);
      expect(result.log).toContain('of an earlier run still runs in cluster demo: it is waited for');
      if (exit !== 0) expect(result.log).toContain(`has ended, with exit code ${exit}: ours runs now.`);
    }),
  );

  test('that does not end in time ends the run, and no service is touched', () =>
    inAWorld({}, async (sim) => {
      await leftBehind(sim, 3_600);
      const result = await step(sim, migrating('true', { 'pre-deploy-timeout-minutes': '2' }));
      expectRed(result, 'failed', 'pre-deploy-task-failed');
      expect(result.outputs['message']).toContain('of an earlier run still runs');
      expect(oneOffTasks(sim)).toHaveLength(1);
      expect(accepted(sim, 'UpdateService')).toEqual([]);
    }));

  test('of another family is none of ours', () =>
    inAWorld({}, async (sim) => {
      const other = { ...migrating('sleep 600'), service: 'worker' };
      expectRed(await step(sim, other, signalAt('runs the command', 'SIGINT')), 'cancelled', 'cancelled');
      const result = await step(sim, migrating('true'));
      expectGreen(result, 'succeeded');
      expect(result.log).not.toContain('it is waited for');
    }));

  test('cannot be seen where tasks may not be listed: the log says so, and ours runs', () =>
    inAWorld({}, async (sim) => {
      sim.inject({ action: 'ListTasks', effect: { kind: 'denied' } });
      const result = await step(sim, migrating('true'));
      expectGreen(result, 'succeeded');
      expect(result.log).toContain('Whether an earlier pre-deploy task still runs could not be read');
    }));
});
