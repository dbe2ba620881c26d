/** What only a process of its own shows: the signals that reach it, and what a post step makes of a step that died. */
import { describe, expect, test } from '@jest/globals';
import type { StepOptions } from '../../runner/step.ts';
import type { Simulator } from '../../simulator/simulator.ts';
import {
  accepted,
  expectRed,
  inAWorld,
  mutations,
  onceUnderway,
  production,
  service,
  step,
  tag,
} from './world.ts';

/** Sends a signal once, as soon as the log shows a text (and one that comes later). */
function signalAt(text: string, signal: NodeJS.Signals, later = text): StepOptions {
  let sent = false;
  return {
    onOutput: (log, kill) => {
      if (sent || !log.includes(text) || !log.slice(log.indexOf(text)).includes(later)) return;
      sent = true;
      kill(signal);
    },
  };
}

function revisionStatus(sim: Simulator, revision: string): string | undefined {
  return sim.world.taskDefinitions.find(revision)?.status;
}

const SLOWLY = { speed: 2 };
const ON_CANCEL = { ...tag('v2'), 'on-cancel': 'rollback' };

describe('a job that is cancelled', () => {
  test.concurrent('ends at once, and says that ECS goes on', () =>
    inAWorld(SLOWLY, async (sim) => {
      const result = await step(sim, tag('v2'), signalAt('::group::Watch', 'SIGINT'));
      expectRed(result, 'cancelled', 'cancelled');
      expect(mutations(sim)).toEqual(['RegisterTaskDefinition', 'UpdateService']);
      expect(result.errors[0]).toContain('ECS goes on with the deployment of backend:2');
      expect(result.post).toEqual({
        exitCode: 0,
        log: expect.not.stringContaining('::error::'),
        summary: '',
      });
    }),
  );

  test.concurrent('goes back by an update where the deployment was complete already', () =>
    inAWorld({}, async (sim) => {
      const url = sim.loadBalancers['web']?.url ?? '';
      const result = await step(
        sim,
        {
          ...tag('v2'),
          'on-cancel': 'rollback',
          'health-check-url': `${url}/health`,
          'health-check-interval-seconds': '30',
        },
        signalAt('1 of 3 good answers', 'SIGTERM'),
      );
      expectRed(result, 'cancelled', 'cancelled');
      expect(accepted(sim, 'UpdateService')).toHaveLength(2);
      expect(production(sim)).toMatch(/^backend:3 /);
    }),
  );
});

describe('a job that is killed during the rollout', () => {
  test.concurrent('is finished by the post step: the rollback is asked for, and the summary says so', () =>
    inAWorld(SLOWLY, async (sim) => {
      const cancel = { ...tag('v2'), 'on-cancel': 'rollback' };
      const { exitCode, post } = await step(sim, cancel, signalAt('in progress', 'SIGKILL'));
      expect(exitCode).toBeNull();
      expect(post.exitCode).toBe(0);
      expect(accepted(sim, 'StopServiceDeployment')).toHaveLength(1);
      expect(post.summary).toContain('ECS was asked to roll backend:2 back');
      expect(revisionStatus(sim, 'backend:2')).toBe('INACTIVE');
    }),
  );

  test.concurrent('is left alone by the post step with on-cancel: leave, and said to go on', () =>
    inAWorld(SLOWLY, async (sim) => {
      const { post } = await step(sim, tag('v2'), signalAt('in progress', 'SIGKILL'));
      expect(mutations(sim)).toEqual(['RegisterTaskDefinition', 'UpdateService']);
      expect(post.summary).toContain('ECS goes on with the deployment of backend:2');
      expect(revisionStatus(sim, 'backend:2')).toBe('ACTIVE');
    }),
  );

  test.concurrent('before anything was updated: the post step deregisters what was registered', () =>
    inAWorld(SLOWLY, async (sim) => {
      const inputs = { ...tag('v2'), 'pre-deploy-command': 'sleep' };
      const { exitCode, post } = await step(sim, inputs, {
        onOutput: (_, kill) => {
          if (accepted(sim, 'RunTask').length > 0) kill('SIGKILL');
        },
      });
      expect([exitCode, post.exitCode]).toEqual([null, 0]);
      expect(revisionStatus(sim, 'backend:2')).toBe('INACTIVE');
      expect(post.log).toContain('backend:2 is deregistered');
      const task = [...sim.world.cluster('demo').tasks.values()].find((each) => each.service === undefined);
      const named = new RegExp(`aws ecs stop-task --cluster demo --task ${task?.id ?? 'none'}`);
      expect(post.log).toMatch(named);
      expect(post.summary).toMatch(named);
    }),
  );
});

describe('a job that is killed', () => {
  test.concurrent('while it goes back by an update of its own: the post step says so', () =>
    inAWorld({ speed: 10 }, async (sim) => {
      sim.inject({ action: 'StopServiceDeployment', effect: { kind: 'denied' } });
      const { post } = await step(sim, tag('crash-1'), {
        onOutput: (log, kill) => {
          if (log.includes('going back') && accepted(sim, 'UpdateService').length === 2) kill('SIGKILL');
        },
      });
      expect(post.summary).toMatch(/Service &quot;backend&quot;|Service "backend"/);
      expect(post.summary).toMatch(/goes back to backend:1/);
      expect(post.summary).not.toContain('was not touched');
    }),
  );

  test.concurrent('after a change of the count alone: the post step takes it back', () =>
    inAWorld({ speed: 2 }, async (sim) => {
      const inputs = { 'desired-count': '4', 'on-cancel': 'rollback' };
      const { post } = await step(sim, inputs, signalAt('::group::Watch', 'SIGKILL'));
      expect(service(sim).desiredCount).toBe(2);
      expect(post.summary).toContain('told to go back to backend:1');
    }),
  );

  test.concurrent(
    'while UpdateService has no answer: the post step does not wait for a list that does not come',
    () =>
      inAWorld(SLOWLY, async (sim) => {
        sim.inject({ action: 'UpdateService', times: 1, effect: { kind: 'hang', when: 'after' } });
        let killed: (signal: NodeJS.Signals) => void = () => undefined;
        onceUnderway(sim, () => {
          sim.inject({ action: 'ListServiceDeployments', effect: { kind: 'hang', when: 'before' } });
          killed('SIGKILL');
        });
        const timesOf = (action: string): number[] =>
          sim.calls.filter((call) => call.action === action).map(({ time }) => time);
        const { post } = await step(sim, ON_CANCEL, {
          onOutput: (_, kill) => {
            killed = kill;
          },
        });
        expect(post.summary).toContain('told to go back to backend:3');
        const [sent = 0, back = 0] = timesOf('UpdateService');
        // Simulated time, at twice the speed: five seconds for the list, and the start of a process.
        expect(back - sent).toBeLessThan(40_000);
      }),
  );

  test.concurrent(
    'while ECS tells nothing of the service deployment: the post step goes back by an update',
    () =>
      inAWorld(SLOWLY, async (sim) => {
        const { post } = await step(sim, ON_CANCEL, {
          onOutput: (log, kill) => {
            if (!log.includes('in progress')) return;
            sim.inject({ action: 'DescribeServiceDeployments', effect: { kind: 'hang', when: 'before' } });
            kill('SIGKILL');
          },
        });
        expect(post.summary).toContain('told to go back to backend:3');
        expect(accepted(sim, 'UpdateService')).toHaveLength(2);
      }),
  );
});
