/** One act upon a service at a time: what is decided while another has no answer yet waits for it, and is chosen anew. */
import { describe, expect, test } from '@jest/globals';
import type { Simulator } from '../../simulator/simulator.ts';
import type { StepOptions, StepResult } from '../../runner/step.ts';
import { createService } from '../../simulator/engine/services.ts';
import type { Seed } from '../../simulator/scenario/seed.ts';
import {
  accepted,
  expectRed,
  inAWorld,
  production,
  service,
  signalAt,
  step,
  tag,
  type WorldOptions,
} from './world.ts';

const PAUSED: WorldOptions = {
  blueGreen: {
    strategy: 'BLUE_GREEN',
    bakeTimeInMinutes: 5,
    lifecycleHooks: [
      {
        targetType: 'PAUSE',
        lifecycleStages: ['POST_TEST_TRAFFIC_SHIFT'],
        timeoutConfiguration: { timeoutInMinutes: 60, action: 'ROLLBACK' },
      },
    ],
  },
};

/** The gate has passed, and CONTINUE is on its way. */
const SENT = 'going on from the stage';

/** What AWS took of these, in the order in which it took it. */
function acts(sim: Simulator): string[] {
  return accepted(sim, 'ContinueServiceDeployment', 'StopServiceDeployment').map(({ action, body }) => {
    const [name = ''] = /(?:bluegreen|jobs)(?=\/)/.exec(JSON.stringify(body)) ?? [];
    return `${action} ${name}`;
  });
}

/** ContinueServiceDeployment takes so long until it is taken. */
function slowContinue(sim: Simulator, milliseconds: number): void {
  sim.inject({ action: 'ContinueServiceDeployment', effect: { kind: 'delay', milliseconds } });
}

/** A service that replaces one task after another. */
const slowly: Seed = (world) => {
  createService(world, world.cluster('demo'), 'jobs', {
    ...{ taskDefinition: 'bluegreen', launchType: 'FARGATE', desiredCount: 4 },
    deploymentConfiguration: { maximumPercent: 125, minimumHealthyPercent: 100 },
    networkConfiguration: { awsvpcConfiguration: { subnets: ['subnet-0a1b2c3d4e5f60001'] } },
  });
};

function asking(sim: Simulator): Record<string, string> {
  const url = sim.loadBalancers['bluegreen-test']?.url ?? '';
  return { ...tag('v2'), service: 'bluegreen', 'test-url': `${url}/health` };
}

describe('while CONTINUE has no answer yet', () => {
  /** Once CONTINUE is on its way, tasks of the new revision of a service crash, all that run. */
  const crashingOnceSent = (sim: Simulator, name: string): StepOptions => {
    let hasCrashed = false;
    return {
      onOutput: (log) => {
        if (hasCrashed || !log.includes(SENT)) return;
        hasCrashed = true;
        const ours = [...service(sim, name).cluster.tasks.values()].filter(
          ({ group, definition, lastStatus }) =>
            group === `service:${name}` && definition.revision === 2 && lastStatus === 'RUNNING',
        );
        for (const task of ours) sim.operator.crashTask(task, 3);
      },
    };
  };

  test('the gate that fails meanwhile has the rollback wait for it, and read the service anew', () =>
    inAWorld(PAUSED, async (sim) => {
      slowContinue(sim, 18_000);
      const result = await step(sim, asking(sim), crashingOnceSent(sim, 'bluegreen'));
      expectRed(result, 'rolled-back', 'http-check-failed');
      expect(acts(sim)).toEqual(['ContinueServiceDeployment bluegreen', 'StopServiceDeployment bluegreen']);
    }));

  test('another service that fails takes it along once it is answered, with on-failure: rollback-all', () =>
    inAWorld({ ...PAUSED, more: slowly }, async (sim) => {
      slowContinue(sim, 18_000);
      const inputs = {
        ...asking(sim),
        service: 'bluegreen\njobs',
        'failed-task-limit': '1',
        'on-failure': 'rollback-all',
      };
      const result = await step(sim, inputs, crashingOnceSent(sim, 'jobs'));
      expectRed(result, 'rolled-back', 'app-crashed');
      expect(acts(sim)).toEqual([
        'StopServiceDeployment jobs',
        'ContinueServiceDeployment bluegreen',
        'StopServiceDeployment bluegreen',
      ]);
    }));

  const cancelled = (sim: Simulator): Promise<StepResult> =>
    step(sim, { ...asking(sim), 'on-cancel': 'rollback' }, signalAt(SENT, 'SIGINT'));

  test('the rollback of a cancelled job is asked for once that is answered, by this very run', () =>
    inAWorld(PAUSED, async (sim) => {
      slowContinue(sim, 3_000);
      const result = await cancelled(sim);
      expectRed(result, 'cancelled', 'cancelled');
      expect(acts(sim)).toEqual(['ContinueServiceDeployment bluegreen', 'StopServiceDeployment bluegreen']);
      expect(result.errors[0]).toContain('ECS was asked to roll bluegreen:2 back');
      expect(result.post.summary).toBe('');
    }));

  test('and has none in time either, the post step reads AWS anew, and asks for it', () =>
    inAWorld(PAUSED, async (sim) => {
      slowContinue(sim, 15_000);
      const began = { at: 0 };
      const result = await step(
        sim,
        { ...asking(sim), 'on-cancel': 'rollback' },
        {
          ...signalAt(SENT, 'SIGINT'),
          beforePost: () => {
            began.at = accepted(sim, 'StopServiceDeployment').length;
          },
        },
      );
      expectRed(result, 'cancelled', 'cancelled');
      expect(began.at).toBe(0);
      expect(accepted(sim, 'StopServiceDeployment')).toHaveLength(1);
      expect(result.post.summary).toContain('ECS was asked to roll bluegreen:2 back');
      sim.world.clock.skip(600);
      expect(production(sim, 'bluegreen')).toBe('bluegreen:1 COMPLETED');
    }));
});
