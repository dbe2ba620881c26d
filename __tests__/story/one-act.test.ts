/** One act upon a service at a time: what is decided while another has no answer yet waits for it, and is chosen anew. */
import { describe, expect, test } from '@jest/globals';
import type { Simulator } from '../../simulator/simulator.ts';
import type { StepResult } from '../../runner/step.ts';
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

const ACTS = ['ContinueServiceDeployment', 'StopServiceDeployment', 'UpdateService'];

/** What AWS took since the update of the run, in the order in which it took it. */
function acts(sim: Simulator, name = 'bluegreen'): string[] {
  const [, ...later] = accepted(sim, ...ACTS).filter(({ action, body }) => {
    return action !== 'UpdateService' || JSON.stringify(body).includes(`"${name}"`);
  });
  return later.map(({ action }) => action);
}

/** ContinueServiceDeployment takes so long until it is taken. */
function slowContinue(sim: Simulator, milliseconds: number): void {
  sim.inject({ action: 'ContinueServiceDeployment', effect: { kind: 'delay', milliseconds } });
}

function asking(sim: Simulator): Record<string, string> {
  const url = sim.loadBalancers['bluegreen-test']?.url ?? '';
  return { ...tag('v2'), service: 'bluegreen', 'test-url': `${url}/health` };
}

describe('while CONTINUE has no answer yet', () => {
  test('a rollback that the failed tasks call for waits for it, and reads the service anew', () =>
    inAWorld(PAUSED, async (sim) => {
      slowContinue(sim, 15_000);
      let hasCrashed = false;
      const result = await step(sim, asking(sim), {
        onOutput: (log) => {
          if (hasCrashed || !log.includes(SENT)) return;
          hasCrashed = true;
          const tasks = [...service(sim, 'bluegreen').cluster.tasks.values()];
          for (const task of tasks.filter(({ definition }) => definition.revision === 2))
            sim.operator.crashTask(task, 3);
        },
      });
      expectRed(result, 'rolled-back', 'app-crashed');
      expect(acts(sim)).toEqual(['ContinueServiceDeployment', 'StopServiceDeployment']);
    }));

  const cancelled = (sim: Simulator): Promise<StepResult> =>
    step(sim, { ...asking(sim), 'on-cancel': 'rollback' }, signalAt(SENT, 'SIGINT'));

  test('the rollback of a cancelled job is asked for once that is answered, by this very run', () =>
    inAWorld(PAUSED, async (sim) => {
      slowContinue(sim, 3_000);
      const result = await cancelled(sim);
      expectRed(result, 'cancelled', 'cancelled');
      expect(acts(sim)).toEqual(['ContinueServiceDeployment', 'StopServiceDeployment']);
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
