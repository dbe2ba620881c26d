import { describe, expect, test } from '@jest/globals';
import type { Simulator } from '../../simulator/simulator.ts';
import { digest, running } from './image-world.ts';
import { accepted, expectRed, inAWorld, onceUnderway, production, service, step, tag } from './world.ts';

/** Waits for ECS's own circuit breaker. */
const CRASH = { ...tag('crash-1'), 'fail-fast': 'false' };

function deployed(sim: Simulator, ...tags: readonly string[]): void {
  for (const name of tags) {
    sim.operator.deploy('backend', name);
    sim.world.clock.skip(1800);
  }
}

/** Once ECS rolls back, whoever asks for tasks hears of other images. */
function tasksReportOthers(sim: Simulator, times?: number): void {
  const [now, other] = [digest(sim, 'backend:v1'), `sha256:${'f'.repeat(64)}`];
  sim.when(
    () => service(sim).serviceDeployments.some(({ status }) => status === 'ROLLBACK_SUCCESSFUL'),
    () => {
      const rewrite = (body: string): string => body.replaceAll(now, other);
      sim.inject({
        action: 'DescribeTasks',
        ...(times === undefined ? {} : { times }),
        effect: { kind: 'rewrite', rewrite },
      });
    },
  );
}

describe("ECS's own rollback", () => {
  test('that ends on another revision is followed by one update to the last good one', () =>
    inAWorld({}, async (sim) => {
      deployed(sim, 'v2', 'v3');
      onceUnderway(sim, () => {
        service(sim).completed.pop();
      });
      const result = await step(sim, CRASH);
      expectRed(result, 'rolled-back', 'app-crashed');
      expect(result.log).toContain('it ended on backend:2, and the last good revision is backend:3');
      expect(running(sim)).toEqual([digest(sim, 'backend:v3')]);
      expect(accepted(sim, 'UpdateService')).toHaveLength(2);
      expect(accepted(sim, 'StopServiceDeployment')).toEqual([]);
    }));

  test('is not done again because older answers still show what was rolled back', () =>
    inAWorld({}, async (sim) => {
      let old = '';
      const heard = (body: string): string => (old = body);
      onceUnderway(sim, () => {
        sim.inject({ action: 'DescribeServices', times: 1, effect: { kind: 'rewrite', rewrite: heard } });
      });
      sim.when(
        () => service(sim).serviceDeployments.some(({ status }) => status === 'ROLLBACK_SUCCESSFUL'),
        () => {
          // The first is the look that follows ECS's rollback to its end.
          sim.inject({
            action: 'DescribeServices',
            from: 2,
            times: 3,
            effect: { kind: 'rewrite', rewrite: () => old },
          });
        },
      );
      const result = await step(sim, CRASH);
      expectRed(result, 'rolled-back', 'app-crashed');
      expect(result.log).toContain('after the rollback backend runs');
      expect(accepted(sim, 'UpdateService')).toHaveLength(1);
    }));

  test('that ends on another revision and may not be corrected is no rollback', () =>
    inAWorld({}, async (sim) => {
      deployed(sim, 'v2', 'v3');
      sim.inject({ action: 'UpdateService', from: 2, effect: { kind: 'denied' } });
      onceUnderway(sim, () => {
        service(sim).completed.pop();
      });
      const result = await step(sim, CRASH);
      expectRed(result, 'failed', 'rollback-failed');
      expect(result.outputs['message']).toContain(
        'it ended on backend:2, and the last good revision is backend:3',
      );
      expect(production(sim)).toBe('backend:2 COMPLETED');
    }));

  test('that ends on another revision is left with on-failure: leave', () =>
    inAWorld({}, async (sim) => {
      deployed(sim, 'v2', 'v3');
      onceUnderway(sim, () => {
        service(sim).completed.pop();
      });
      const result = await step(sim, { ...CRASH, 'on-failure': 'leave' });
      expectRed(result, 'failed', 'rollback-failed');
      expect(accepted(sim, 'UpdateService')).toHaveLength(1);
      expect(production(sim)).toBe('backend:2 COMPLETED');
    }));

  test('that ends on other digests, also after an update, is a rollback that failed', () =>
    inAWorld({}, async (sim) => {
      tasksReportOthers(sim);
      const result = await step(sim, CRASH);
      expectRed(result, 'failed', 'rollback-failed');
      expect(result.outputs['message']).toMatch(/container "backend" runs sha256:f+, not sha256:/);
      expect(accepted(sim, 'UpdateService')).toHaveLength(2);
    }));

  test('whose digests somebody else has replaced since is left as it is', () =>
    inAWorld({}, async (sim) => {
      deployed(sim, 'v2', 'v3');
      onceUnderway(sim, () => {
        service(sim).completed.pop();
      });
      sim.when(
        () => service(sim).serviceDeployments.some(({ status }) => status === 'ROLLBACK_SUCCESSFUL'),
        () => {
          sim.operator.deploy('backend', 'v2');
        },
      );
      const result = await step(sim, CRASH);
      expect(accepted(sim, 'UpdateService')).toHaveLength(1);
      expect(result.exitCode).toBe(1);
      expect(production(sim)).toMatch(/^backend:5 /);
    }));

  test('in whose place somebody deploys at once is no rollback elsewhere, though lists do not show theirs yet', () =>
    inAWorld({ lagSeconds: 20 }, async (sim) => {
      sim.when(
        () => service(sim).serviceDeployments.some(({ status }) => status === 'ROLLBACK_SUCCESSFUL'),
        () => {
          sim.operator.deploy('backend', 'v3');
        },
      );
      const result = await step(sim, CRASH);
      expectRed(result, 'superseded', 'superseded');
      expect(accepted(sim, 'UpdateService')).toHaveLength(1);
      expect(production(sim)).toMatch(/^backend:3 /);
    }));
});
