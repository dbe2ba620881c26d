import { describe, expect, test } from '@jest/globals';
import type { StepOptions } from '../../runner/step.ts';
import { accepted, expectRed, inAWorld, mutations, production, step, tag } from './world.ts';

/** Sends a signal once, as soon as the log shows a text. */
function signalAt(text: string, signal: NodeJS.Signals): StepOptions {
  let sent = false;
  return {
    onOutput: (log, kill) => {
      if (sent || !log.includes(text)) return;
      sent = true;
      kill(signal);
    },
  };
}

const SLOWLY = { speed: 2 };

describe('a job that is cancelled during the rollout', () => {
  test('ends at once, and says that ECS goes on', () =>
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
    }));

  test('asks ECS once to roll back with on-cancel: rollback, and does not wait for it', () =>
    inAWorld(SLOWLY, async (sim) => {
      const cancel = { ...tag('v2'), 'on-cancel': 'rollback' };
      const result = await step(sim, cancel, signalAt('::group::Watch', 'SIGINT'));
      expectRed(result, 'cancelled', 'cancelled');
      expect(accepted(sim, 'StopServiceDeployment')).toHaveLength(1);
      expect(result.errors[0]).toContain('ECS was asked to roll backend:2 back');
    }));

  test('goes back by an update where the deployment was complete already', () =>
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
      expect(production(sim)).toMatch(/^backend:1 /);
    }));

  test('before anything was touched leaves everything as it was', () =>
    inAWorld({}, async (sim) => {
      sim.inject({ action: 'DescribeServices', effect: { kind: 'delay', milliseconds: 20_000 } });
      const result = await step(sim, tag('v2'), signalAt('::group::Survey', 'SIGINT'));
      expectRed(result, 'cancelled', 'cancelled');
      expect(mutations(sim)).toEqual([]);
    }));
});

describe('a job that is killed during the rollout', () => {
  test('is finished by the post step: the rollback is asked for, and the summary says so', () =>
    inAWorld(SLOWLY, async (sim) => {
      const cancel = { ...tag('v2'), 'on-cancel': 'rollback' };
      const { exitCode, post } = await step(sim, cancel, signalAt('in progress', 'SIGKILL'));
      expect(exitCode).toBeNull();
      expect(post.exitCode).toBe(0);
      expect(accepted(sim, 'StopServiceDeployment')).toHaveLength(1);
      expect(post.summary).toContain('ECS was asked to roll backend:2 back');
    }));

  test('is left alone by the post step with on-cancel: leave, and said to go on', () =>
    inAWorld(SLOWLY, async (sim) => {
      const { post } = await step(sim, tag('v2'), signalAt('in progress', 'SIGKILL'));
      expect(mutations(sim)).toEqual(['RegisterTaskDefinition', 'UpdateService']);
      expect(post.summary).toContain('ECS goes on with the deployment of backend:2');
    }));
});

describe('a job that is cancelled while UpdateService has no answer yet', () => {
  test('sees the update through, and rolls it back where that is asked for', () =>
    inAWorld(SLOWLY, async (sim) => {
      sim.inject({ action: 'UpdateService', times: 1, effect: { kind: 'reset', when: 'after' } });
      const cancel = { ...tag('v2'), 'on-cancel': 'rollback' };
      const result = await step(sim, cancel, signalAt('rolling out backend:2', 'SIGINT'));
      expectRed(result, 'cancelled', 'cancelled');
      expect(accepted(sim, 'StopServiceDeployment')).toHaveLength(1);
      expect(result.errors[0]).toMatch(/ECS was asked to roll backend:2 back/);
    }));
});
