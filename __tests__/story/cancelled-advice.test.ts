/** What a cancelled job advises, and leaves behind: by what became of the deployment, not by what the inputs asked for. */
import { describe, expect, test } from '@jest/globals';
import type { Simulator } from '../../simulator/simulator.ts';
import type { StepOptions } from '../../runner/step.ts';
import {
  accepted,
  expectGreen,
  expectRed,
  inAWorld,
  production,
  service,
  signalAt,
  step,
  tag,
} from './world.ts';

const AGAIN = 'Run it again when the commit is to go out after all.';

/** Ends the run so many seconds after it was told to go back. */
function onceItGoesBack(sim: Simulator, signal: NodeJS.Signals, seconds: number): StepOptions {
  let isSet = false;
  return {
    onOutput: (log, kill) => {
      if (isSet || !/going back to|asking ECS to roll/.test(log)) return;
      isSet = true;
      sim.at(seconds, () => {
        kill(signal);
      });
    },
  };
}

function deregistered(sim: Simulator): (string | undefined)[] {
  return accepted(sim, 'DeregisterTaskDefinition').map(({ body }) =>
    /backend:\d+/.exec(JSON.stringify(body))?.at(0),
  );
}

test('an update that AWS has not answered may have begun', () =>
  inAWorld({}, async (sim) => {
    sim.inject({ action: 'UpdateService', effect: { kind: 'hang', when: 'after' } });
    const result = await step(sim, tag('v2'), signalAt('rolling out backend:2', 'SIGINT'));
    expectRed(result, 'cancelled', 'cancelled');
    expect(result.errors[0]).not.toContain('before the deployment began');
    expect(result.errors[0]).toContain('whether the deployment has begun');
  }));

describe('on-cancel: rollback', () => {
  const ON_CANCEL = { ...tag('v2'), 'on-cancel': 'rollback' };

  test.each(['denied', 'expired-token'] as const)('that AWS does not take (%s) is not called done', (kind) =>
    inAWorld({}, async (sim) => {
      for (const action of ['StopServiceDeployment', 'UpdateService'])
        sim.inject({ action, ...(action === 'UpdateService' ? { from: 2 } : {}), effect: { kind } });
      const result = await step(sim, ON_CANCEL, signalAt('::group::Watch', 'SIGINT'));
      expectRed(result, 'cancelled', 'cancelled');
      expect(result.errors[0]).not.toContain(AGAIN);
      expect(result.errors[0]).toContain('roll the deployment back with mode: rollback');
      expect(result.post.summary).not.toContain(AGAIN);
      expect(result.post.summary).toContain('Roll the deployment back with');
    }),
  );
});

describe('while the run itself goes back', () => {
  test('by an update: it is going back, and what failed is no base of the next run', () =>
    inAWorld({ circuitBreaker: false }, async (sim) => {
      sim.inject({ action: 'StopServiceDeployment', effect: { kind: 'denied' } });
      const bad = { ...tag('crash-1'), 'environment-variables': 'DB_HOST=wrong-host' };
      const result = await step(sim, bad, onceItGoesBack(sim, 'SIGINT', 3));
      expectRed(result, 'cancelled', 'cancelled');
      expect(result.errors[0]).toContain(AGAIN);
      expect(result.summary).toContain('## ⚪ Cancelled, and rolling back: backend in demo');
      expect(deregistered(sim)).toEqual(['backend:2']);
    }));

  test('by an update, and it is killed: the post step sees to the same', () =>
    inAWorld({ circuitBreaker: false }, async (sim) => {
      expectGreen(await step(sim, tag('v2')), 'succeeded');
      sim.inject({ action: 'StopServiceDeployment', effect: { kind: 'denied' } });
      const bad = { ...tag('crash-1'), 'environment-variables': 'DB_HOST=wrong-host' };
      const result = await step(sim, bad, onceItGoesBack(sim, 'SIGKILL', 3));
      expect(result.post.summary).toContain('is on its way back to backend:2');
      expect(deregistered(sim)).toEqual(['backend:3']);
      expectGreen(await step(sim, tag('v3')), 'succeeded');
      const { body } = service(sim).deployments[0]?.revision.definition ?? { body: {} };
      expect(JSON.stringify(body)).not.toContain('wrong-host');
    }));

  test('by ECS: it is going back', () =>
    inAWorld({}, async (sim) => {
      const result = await step(sim, tag('crash-1'), onceItGoesBack(sim, 'SIGINT', 1));
      expectRed(result, 'cancelled', 'cancelled');
      expect(result.errors[0]).toContain(AGAIN);
      expect(result.summary).toContain('## ⚪ Cancelled, and rolling back: backend in demo');
      expect(deregistered(sim)).toEqual(['backend:2']);
      sim.world.clock.skip(300);
      expect(production(sim)).toBe('backend:1 COMPLETED');
    }));
});

describe('on-cancel: leave', () => {
  test('of a release that goes on leaves its revision, and says how to take it back', () =>
    inAWorld({}, async (sim) => {
      const result = await step(sim, tag('v2'), signalAt('::group::Watch', 'SIGINT'));
      expectRed(result, 'cancelled', 'cancelled');
      expect(result.errors[0]).toContain('or roll it back with mode: rollback');
      expect(deregistered(sim)).toEqual([]);
    }));

  test('beside somebody else’s deployment leaves its revision', () =>
    inAWorld({}, async (sim) => {
      const result = await step(sim, tag('v2'), {
        ...signalAt('::group::Watch', 'SIGKILL'),
        beforePost: () => {
          sim.operator.deploy('backend', 'v3');
        },
      });
      expect(result.post.summary).toContain('unless somebody else made it');
      expect(deregistered(sim)).toEqual([]);
    }));
});
