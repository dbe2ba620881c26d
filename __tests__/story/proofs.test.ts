/** What a green step has to have proven, and what must not turn one red. */
import { describe, expect, test } from '@jest/globals';
import type { ImageBehaviour } from '../../simulator/state/image-behaviour.ts';
import type { Simulator } from '../../simulator/simulator.ts';
import {
  accepted,
  expectGreen,
  expectRed,
  inAWorld,
  onceUnderway,
  production,
  service,
  step,
  tag,
} from './world.ts';

const CRASH: ImageBehaviour = { exit: { afterSeconds: 3, code: 1 } };

/** What the image behind a tag does from now on. */
function behave(sim: Simulator, name: string, behaviour: ImageBehaviour): void {
  const image = sim.world.registry.repositories.get('backend')?.find({ tag: name, digest: undefined });
  sim.world.images.behaviours.set(image?.digest ?? '', behaviour);
}

/** Tasks of the revision that have stopped. */
function stopped(sim: Simulator, revision: number, name = 'backend'): number {
  const { cluster } = service(sim, name);
  return [...cluster.tasks.values()].filter(
    (task) =>
      task.service?.name === name && task.definition.revision === revision && task.lastStatus === 'STOPPED',
  ).length;
}

describe('a load balancer that shows its targets of long ago', () => {
  const seen = { action: 'DescribeTargetHealth', effect: { kind: 'stale', seconds: 1e6 } } as const;

  test.each<[string, Record<string, string>]>([
    ['after the rollout', {}],
    ['while it bakes', { 'bake-minutes': '5' }],
  ])('is nothing against tasks that run, and proves none: they are left, and not green %s', (_, inputs) =>
    inAWorld({}, async (sim) => {
      sim.at(inputs['bake-minutes'] === undefined ? 40 : 120, () => {
        sim.inject(seen);
      });
      const result = await step(sim, { ...tag('v2'), ...inputs });
      expectRed(result, 'failed', 'target-health-check-failed');
      expect(result.outputs['message']).toContain('does not pass the targets gate');
      expect(result.errors.join()).toContain('Nothing speaks against the new revision');
      expect(production(sim)).toBe('backend:2 COMPLETED');
      expect(accepted(sim, 'StopServiceDeployment', 'TagResource')).toEqual([]);
    }),
  );
});

describe('crashes', () => {
  test('that were over before the rollout was complete do not roll it back', () =>
    inAWorld({ desiredCount: 4, maximumPercent: 125 }, async (sim) => {
      behave(sim, 'v2', CRASH);
      sim.when(
        () => stopped(sim, 2, 'worker') >= 1,
        () => {
          behave(sim, 'v2', {});
        },
      );
      const result = await step(sim, { ...tag('v2'), service: 'worker', 'failed-task-limit': '10' });
      expectGreen(result, 'succeeded');
    }));

  test('of every task through the bake are found, though a load balancer finds the next ones healthy', () =>
    inAWorld({}, async (sim) => {
      const result = await step(sim, { ...tag('latecrash-1'), 'bake-minutes': '5' });
      expectRed(result, 'rolled-back', 'app-crashed');
      expect(result.outputs['message']).toContain('exited with code 1');
    }));

  test('that a gate finds are explained with the last log lines, which travel no further', () =>
    inAWorld({}, async (sim) => {
      const result = await step(sim, { ...tag('latecrash-1'), 'bake-minutes': '5' });
      expect(result.log).toContain('RuntimeError: DATABASE_URL is not set');
      expect(JSON.stringify(result.report)).not.toContain('DATABASE_URL is not set');
    }));
});

describe('alarms', () => {
  const inputs = { ...tag('v2'), alarms: 'errors', 'bake-minutes': '2' };

  test('that never answer after the rollout prove nothing, and a warning says so', () =>
    inAWorld({ alarms: { errors: 'OK' } }, async (sim) => {
      onceUnderway(sim, () => {
        sim.inject({ action: 'DescribeAlarms', effect: { kind: 'denied' } });
      });
      const result = await step(sim, inputs);
      expectGreen(result, 'succeeded');
      expect(result.warnings.join()).toContain('alarms gate skipped');
      expect(result.outputs['message']).not.toContain('its alarms');
    }));

  test('whose state before the deployment nobody knows do not roll it back', () =>
    inAWorld({ alarms: { errors: 'ALARM' } }, async (sim) => {
      // Twice: after an error that another clock has dated the SDK corrects its own, and asks once more.
      sim.inject({ action: 'DescribeAlarms', times: 2, effect: { kind: 'denied' } });
      const result = await step(sim, { ...inputs, preflight: 'off' });
      expectGreen(result, 'succeeded');
      expect(result.warnings.join()).toContain('whether it was before is not known');
    }));

  test('that do not exist are refused, or only warned of with preflight: off', () =>
    inAWorld({}, async (sim) => {
      expectRed(await step(sim, { ...tag('v2'), alarms: 'nope' }), 'failed', 'preflight-failed');
      const result = await step(sim, { ...tag('v2'), alarms: 'nope', preflight: 'off' });
      expectGreen(result, 'succeeded');
      expect(result.warnings.join()).toContain('There is no CloudWatch alarm "nope"');
    }));

  test('that AWS refuses to tell of leave the problem of another service as it is', () =>
    inAWorld({ alarms: { errors: 'OK' }, circuitBreaker: false }, async (sim) => {
      onceUnderway(sim, () => {
        const effect = { kind: 'error', code: 'ValidationError', message: 'no' } as const;
        sim.inject({ action: 'DescribeAlarms', effect });
        behave(sim, 'v2', {});
      });
      const result = await step(sim, {
        ...tag('v2'),
        service: 'backend,worker',
        'task-definition': 'backend',
        alarms: 'errors',
      });
      expectRed(result, 'failed', 'unknown');
      expect(result.report.services.map(({ message }) => message).join()).toContain('could not be proven');
    }));
});

describe('somebody else', () => {
  test('who deployed while the pre-deploy task ran is not overwritten', () =>
    inAWorld({}, async (sim) => {
      const url = sim.loadBalancers['web']?.url ?? '';
      sim.when(
        () => accepted(sim, 'RunTask').length > 0,
        () => {
          sim.operator.deploy('backend', 'v3');
        },
      );
      const result = await step(sim, {
        ...tag('error500-1'),
        'pre-deploy-command': 'sleep 150',
        'health-check-url': `${url}/health`,
      });
      expectRed(result, 'superseded', 'superseded');
      expect(accepted(sim, 'UpdateService')).toEqual([]);
      expect(production(sim)).toMatch(/^backend:3 /);
    }));

  test('who deploys while the URL is asked has superseded, also where the failure would be left', () =>
    inAWorld({}, async (sim) => {
      const url = sim.loadBalancers['web']?.url ?? '';
      let isDone = false;
      const result = await step(
        sim,
        {
          ...tag('v2'),
          'on-failure': 'leave',
          'health-check-url': `${url}/version`,
          'health-check-json': 'version=v2',
          'health-check-successes': '1000',
          'health-check-deadline-seconds': '240',
        },
        {
          onOutput: (log) => {
            if (isDone || !log.includes('good answers')) return;
            isDone = true;
            sim.operator.deploy('backend', 'v3');
          },
        },
      );
      expectRed(result, 'superseded', 'superseded');
    }));
});

describe('a deployment that is older than the run', () => {
  test('is not evaluated by what failed before the run began', () =>
    inAWorld({ circuitBreaker: false }, async (sim) => {
      sim.operator.deploy('backend', 'secretless-1');
      sim.world.clock.skip(40);
      expect(stopped(sim, 2)).toBeGreaterThan(0);
      behave(sim, 'secretless-1', {});
      const result = await step(sim, { 'task-definition': 'running' });
      expectGreen(result, 'succeeded');
      expect(accepted(sim, 'StopServiceDeployment')).toEqual([]);
    }));

  test('and only changes its count fails fast when the new tasks cannot start', () =>
    inAWorld({ circuitBreaker: false }, async (sim) => {
      behave(sim, 'v1', { startFailure: 'secret-missing' });
      const result = await step(sim, { 'desired-count': '4' });
      expectRed(result, 'rolled-back', 'secret-unavailable');
      expect(service(sim).desiredCount).toBe(2);
    }));
});

describe('several services', () => {
  test('the one that fails is rolled back before the others have baked', () =>
    inAWorld({ alarms: { errors: 'OK' } }, async (sim) => {
      const result = await step(sim, {
        ...tag('unhealthy-1'),
        service: 'backend,worker',
        'task-definition': 'backend',
        alarms: 'errors',
        'bake-minutes': '3',
      });
      expectRed(result, 'rolled-back', 'target-health-check-failed');
      const order = sim.calls.map(({ action }) => action);
      expect(order.indexOf('StopServiceDeployment')).toBeGreaterThan(0);
      expect(order.indexOf('StopServiceDeployment')).toBeLessThan(order.lastIndexOf('DescribeAlarms'));
    }));

  test('rollback-all rolls back what was updated where another update was refused', () =>
    inAWorld({}, async (sim) => {
      sim.inject({
        action: 'UpdateService',
        from: 2,
        times: 1,
        effect: { kind: 'error', code: 'InvalidParameterException', message: 'no' },
      });
      const result = await step(sim, {
        ...tag('v2'),
        service: 'backend,worker',
        'task-definition': 'backend',
        'on-failure': 'rollback-all',
      });
      expect(result.exitCode).toBe(1);
      expect(result.report.services.map((each) => each.result).sort()).toEqual(['failed', 'rolled-back']);
    }));
});

test('the targets of VPC Lattice are said not to have been asked', () =>
  inAWorld({ lattice: true }, async (sim) => {
    const result = await step(sim, { ...tag('v2'), service: 'worker' });
    expectGreen(result, 'succeeded');
    expect(result.warnings.join()).toContain('the targets of its VPC Lattice target groups were not asked');
    expect(result.outputs['message']).not.toContain('proven healthy');
  }));

test('a proof that the credentials do not allow is a warning', () =>
  inAWorld({}, async (sim) => {
    sim.inject({ action: 'DescribeTasks', effect: { kind: 'denied' } });
    const result = await step(sim, { 'force-new-deployment': 'true' });
    expectGreen(result, 'succeeded');
    expect(result.warnings.join()).toContain('targets gate skipped');
  }));
