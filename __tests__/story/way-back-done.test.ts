/** `mode: rollback` right after a run has gone back from a deployment that had not ended: that is what was asked for. */
import { describe, expect, test } from '@jest/globals';
import type { Simulator } from '../../simulator/simulator.ts';
import type { StepOptions } from '../../runner/step.ts';
import { accepted, expectGreen, expectRed, inAWorld, mutations, production, step, tag } from './world.ts';

const BACK = { mode: 'rollback' };

/** ECS may not be asked to roll back, and does not by itself: the run goes back by an update. */
const BY_UPDATE = { circuitBreaker: false } as const;

function mayNotStop(sim: Simulator): void {
  sim.inject({ action: 'StopServiceDeployment', effect: { kind: 'denied' } });
}

/** Ends the run so many seconds after it was told to go back. */
function onceItGoesBack(sim: Simulator, signal: NodeJS.Signals): StepOptions {
  let isSet = false;
  return {
    onOutput: (log, kill) => {
      if (isSet || !log.includes('going back to')) return;
      isSet = true;
      sim.at(3, () => {
        kill(signal);
      });
    },
  };
}

describe('the update back', () => {
  test('has ended: nothing further is gone back', () =>
    inAWorld(BY_UPDATE, async (sim) => {
      expectGreen(await step(sim, tag('v2')), 'succeeded');
      mayNotStop(sim);
      expectRed(await step(sim, tag('crash-1')), 'rolled-back', 'app-crashed');
      const before = mutations(sim).length;
      const result = await step(sim, BACK);
      expectGreen(result, 'unchanged');
      expect(result.warnings.join()).toContain('it was rolled back to backend:2 less than 15 minutes ago');
      expect(mutations(sim)).toHaveLength(before);
    }));

  test('has ended on a copy of the revision before, which nothing is below', () =>
    inAWorld(BY_UPDATE, async (sim) => {
      mayNotStop(sim);
      expectRed(await step(sim, tag('crash-1')), 'rolled-back', 'app-crashed');
      expectGreen(await step(sim, BACK), 'unchanged');
      expect(production(sim)).toBe('backend:3 COMPLETED');
    }));

  test.each(['SIGINT', 'SIGKILL'] as const)('is under way, after %s: it is followed', (signal) =>
    inAWorld(BY_UPDATE, async (sim) => {
      expectGreen(await step(sim, tag('v2')), 'succeeded');
      mayNotStop(sim);
      await step(sim, tag('crash-1'), onceItGoesBack(sim, signal));
      const before = accepted(sim, 'UpdateService').length;
      const result = await step(sim, BACK);
      expectGreen(result, 'succeeded');
      expect(result.warnings.join()).toContain('a rollback to backend:2 is under way');
      expect(production(sim)).toBe('backend:2 COMPLETED');
      expect(accepted(sim, 'UpdateService')).toHaveLength(before);
    }),
  );

  test('is under way to a copy of the revision before: it is followed', () =>
    inAWorld(BY_UPDATE, async (sim) => {
      mayNotStop(sim);
      await step(sim, tag('crash-1'), onceItGoesBack(sim, 'SIGINT'));
      expectGreen(await step(sim, BACK), 'succeeded');
      expect(production(sim)).toBe('backend:3 COMPLETED');
    }));
});

describe('the same content once more', () => {
  test('over another try of it that had not ended goes back from nothing', () =>
    inAWorld({}, async (sim) => {
      expectGreen(await step(sim, tag('v2')), 'succeeded');
      sim.operator.updateService('backend', { forceNewDeployment: true });
      sim.world.clock.skip(10);
      sim.operator.updateService('backend', { forceNewDeployment: true });
      sim.world.clock.skip(300);
      expectGreen(await step(sim, BACK), 'succeeded');
      expect(production(sim)).toBe('backend:3 COMPLETED');
    }));
});
