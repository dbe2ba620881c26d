import { describe, expect, test } from '@jest/globals';
import type { StepResult } from '../../runner/step.ts';
import type { Simulator } from '../../simulator/simulator.ts';
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
  signalAt,
} from './world.ts';

describe('a job that is cancelled during the rollout', () => {
  test('asks ECS once to roll back with on-cancel: rollback, and does not wait for it', () =>
    inAWorld({}, async (sim) => {
      const cancel = { ...tag('v2'), 'on-cancel': 'rollback' };
      const result = await step(sim, cancel, signalAt('::group::Watch', 'SIGINT'));
      expectRed(result, 'cancelled', 'cancelled');
      expect(accepted(sim, 'StopServiceDeployment')).toHaveLength(1);
      expect(result.errors[0]).toContain('ECS was asked to roll backend:2 back');
      expect(result.summary).toContain('## ⚪ Cancelled, and rolling back: backend in demo');
    }));

  test('says in its heading that nothing goes back, where the rollback could not be asked for', () =>
    inAWorld({}, async (sim) => {
      for (const action of ['StopServiceDeployment', 'UpdateService'])
        sim.inject({
          action,
          ...(action === 'UpdateService' ? { from: 2 } : {}),
          effect: { kind: 'denied' },
        });
      const result = await step(sim, ON_CANCEL, signalAt('::group::Watch', 'SIGINT'));
      expectRed(result, 'cancelled', 'cancelled');
      expect(result.post.summary).toContain('## ⚪ Cancelled: backend in demo');
    }));

  test('before anything was touched leaves everything as it was', () =>
    inAWorld({}, async (sim) => {
      sim.inject({ action: 'DescribeServices', effect: { kind: 'delay', milliseconds: 15_000 } });
      const began = sim.world.clock.now();
      const result = await step(sim, tag('v2'), signalAt('::group::Survey', 'SIGINT'));
      expectRed(result, 'cancelled', 'cancelled');
      expect(sim.world.clock.now() - began).toBeLessThan(1_000);
      expect(mutations(sim)).toEqual([]);
    }));

  test('while a write is late ends five seconds after that, by the log and by the world', () =>
    inAWorld({}, async (sim) => {
      sim.inject({ action: 'RegisterTaskDefinition', effect: { kind: 'delay', milliseconds: 15_000 } });
      const began = sim.world.clock.now();
      const result = await step(sim, tag('v2'), signalAt('::group::Register', 'SIGINT'));
      expectRed(result, 'cancelled', 'cancelled');
      expect(result.log).toContain('0:05  ⚠ Register (5 s)');
      expect(sim.world.clock.now() - began).toBe(5_000);
    }));
});

describe('a cancelled job, which the runner kills after ten seconds, has ended by then', () => {
  const ON_CANCEL = { ...tag('v2'), 'on-cancel': 'rollback' };

  /** From the signal to the end of the process, in seconds. */
  const secondsOf = async (sim: Simulator, text: string, then: () => void): Promise<number> => {
    const at = { cancelled: 0, ended: 0 };
    const cancel = signalAt(text, 'SIGINT');
    const result = await step(sim, ON_CANCEL, {
      onOutput: (log, kill) => {
        cancel.onOutput?.(log, (signal) => {
          at.cancelled = sim.world.clock.now();
          then();
          kill(signal);
        });
      },
      beforePost: () => {
        at.ended = sim.world.clock.now();
      },
    });
    expectRed(result, 'cancelled', 'cancelled');
    return (at.ended - at.cancelled) / 1000;
  };

  test.each(['RegisterTaskDefinition', 'UpdateService'])(
    'where %s is on its way, and AWS answers nothing any more',
    (action) =>
      inAWorld({}, async (sim) => {
        sim.inject({ action, effect: { kind: 'delay', milliseconds: 4_900 } });
        const text = action === 'UpdateService' ? 'rolling out backend:2' : '::group::Register';
        const hang = (): void => {
          sim.inject({ effect: { kind: 'hang', when: 'before' } });
        };
        const seconds = await secondsOf(sim, text, hang);
        expect([seconds >= 4.9, seconds <= 8]).toEqual([true, true]);
      }),
  );

  test('where each call of AWS takes two seconds', () =>
    inAWorld({}, async (sim) => {
      sim.inject({ action: 'StopServiceDeployment', effect: { kind: 'delay', milliseconds: 4_900 } });
      const slow = (): void => {
        sim.inject({ effect: { kind: 'delay', milliseconds: 2_000 } });
      };
      expect(await secondsOf(sim, '::group::Watch', slow)).toBeLessThanOrEqual(8);
    }));
});

describe('a job that is cancelled while it follows what was under way before, with on-cancel: rollback', () => {
  const CANCEL = { 'on-cancel': 'rollback' };
  const PAUSES = {
    strategy: 'BLUE_GREEN',
    bakeTimeInMinutes: 5,
    lifecycleHooks: [{ targetType: 'PAUSE', lifecycleStages: ['POST_TEST_TRAFFIC_SHIFT'] }],
  };

  const expectLeft = (result: StepResult): void => {
    expectRed(result, 'cancelled', 'cancelled');
    expect(result.errors[0]).toContain('it was under way before this run');
  };

  test('leaves a rolling update of the same revision', () =>
    inAWorld({}, async (sim) => {
      expectGreen(await step(sim, { ...tag('v2'), 'wait-for-service-stability': 'false' }), 'started');
      expectLeft(await step(sim, { ...tag('v2'), ...CANCEL }, signalAt('::group::Watch', 'SIGINT')));
      expect(mutations(sim)).toEqual(['RegisterTaskDefinition', 'UpdateService']);
    }));

  test('leaves it in the post step, too, where the run was killed', () =>
    inAWorld({}, async (sim) => {
      expectGreen(await step(sim, { ...tag('v2'), 'wait-for-service-stability': 'false' }), 'started');
      await step(sim, { ...tag('v2'), ...CANCEL }, signalAt('::group::Watch', 'SIGKILL'));
      expect(mutations(sim)).toEqual(['RegisterTaskDefinition', 'UpdateService']);
    }));

  test('leaves what mode: promote has let go on', () =>
    inAWorld({ blueGreen: PAUSES }, async (sim) => {
      const bluegreen = { service: 'bluegreen' };
      expectGreen(await step(sim, { ...tag('v2'), ...bluegreen, promotion: 'manual' }), 'started');
      const promote = { ...bluegreen, mode: 'promote', ...CANCEL };
      expectLeft(await step(sim, promote, signalAt('bake time', 'SIGINT')));
      expect(accepted(sim, 'StopServiceDeployment')).toEqual([]);
    }));

  test('leaves what waits in Ready', () =>
    inAWorld({ codeDeploy: { readyMinutes: 30 } }, async (sim) => {
      const checkout = { ...tag('v2'), service: 'checkout' };
      expectGreen(await step(sim, { ...checkout, promotion: 'manual' }), 'started');
      const testUrl = `${sim.loadBalancers['checkout-test']?.url ?? ''}/health`;
      const asking = { ...checkout, 'test-url': testUrl, ...CANCEL };
      expectLeft(await step(sim, asking, signalAt('status 200', 'SIGINT')));
      expect(accepted(sim, 'StopDeployment')).toEqual([]);
    }));
});

describe('a job that is cancelled while RegisterTaskDefinition is on its way', () => {
  const slow = { action: 'RegisterTaskDefinition', effect: { kind: 'delay', milliseconds: 1_500 } } as const;

  test.each([
    ['rolls nothing out', {}],
    ['runs no pre-deploy task', { 'pre-deploy-command': 'migrate' }],
  ])('%s', (_, inputs) =>
    inAWorld({}, async (sim) => {
      sim.inject(slow);
      const result = await step(sim, { ...tag('v2'), ...inputs }, signalAt('::group::Register', 'SIGINT'));
      expectRed(result, 'cancelled', 'cancelled');
      // It may not become a base of the next run.
      expect(mutations(sim)).toEqual(['RegisterTaskDefinition', 'DeregisterTaskDefinition']);
      expect(production(sim)).toBe('backend:1 COMPLETED');
    }),
  );
});

describe('a job that is cancelled while UpdateService has no answer yet', () => {
  test('sees the update through, and rolls it back where that is asked for', () =>
    inAWorld({}, async (sim) => {
      sim.inject({ action: 'UpdateService', times: 1, effect: { kind: 'reset', when: 'after' } });
      const cancel = { ...tag('v2'), 'on-cancel': 'rollback' };
      const result = await step(sim, cancel, signalAt('rolling out backend:2', 'SIGINT'));
      expectRed(result, 'cancelled', 'cancelled');
      expect(accepted(sim, 'StopServiceDeployment')).toHaveLength(1);
      expect(result.errors[0]).toMatch(/ECS was asked to roll backend:2 back/);
    }));
});

/** The URL answers once well, and then there is time: the deployment is complete, and not proven yet. */
function whileProving(sim: Simulator): Record<string, string> {
  return {
    'health-check-url': `${sim.loadBalancers['web']?.url ?? ''}/health`,
  };
}

const THROTTLE = { kind: 'throttle' } as const;
const ON_CANCEL = { ...tag('v2'), 'on-cancel': 'rollback' };

describe('a rollback request of a cancelled job', () => {
  test('that is throttled is sent again, by this very run', () =>
    inAWorld({}, async (sim) => {
      sim.inject({ action: 'StopServiceDeployment', times: 1, effect: THROTTLE });
      const result = await step(sim, ON_CANCEL, signalAt('::group::Watch', 'SIGINT'));
      expectRed(result, 'cancelled', 'cancelled');
      expect(result.errors[0]).toContain('ECS was asked to roll backend:2 back');
      expect(accepted(sim, 'StopServiceDeployment')).toHaveLength(1);
      expect(result.post.summary).toBe('');
    }));

  test('that could not be sent is sent by the post step', () =>
    inAWorld({}, async (sim) => {
      const disarm = sim.inject({ action: 'StopServiceDeployment', effect: THROTTLE });
      const result = await step(sim, ON_CANCEL, {
        ...signalAt('::group::Watch', 'SIGINT'),
        beforePost: disarm,
      });
      expectRed(result, 'cancelled', 'cancelled');
      expect(result.errors[0]).toContain(
        'rolling backend:2 back could not be asked for (ThrottlingException',
      );
      expect(result.post.summary).toContain('ECS was asked to roll backend:2 back');
      expect(accepted(sim, 'StopServiceDeployment')).toHaveLength(1);
    }));

  test('takes the count back as well', () =>
    inAWorld({}, async (sim) => {
      const inputs = { ...ON_CANCEL, 'desired-count': '3' };
      const result = await step(sim, inputs, signalAt('::group::Watch', 'SIGINT'));
      expectRed(result, 'cancelled', 'cancelled');
      expect(accepted(sim, 'StopServiceDeployment')).toHaveLength(1);
      expect(service(sim).desiredCount).toBe(2);
    }));

  test('says where the count could not be restored, and the post step does it', () =>
    inAWorld({}, async (sim) => {
      const disarm = sim.inject({ action: 'UpdateService', from: 2, effect: { kind: 'denied' } });
      const inputs = { ...ON_CANCEL, 'desired-count': '3' };
      const result = await step(sim, inputs, {
        ...signalAt('::group::Watch', 'SIGINT'),
        beforePost: disarm,
      });
      expect(result.errors[0]).toMatch(
        /asked to roll backend:2 back, but desired-count is still 3, not 2 \(/,
      );
      expect(service(sim).desiredCount).toBe(2);
      expect(result.post.summary).toContain('ECS is rolling backend:2 back');
    }));
});

describe('a job that is cancelled says what ECS does, whatever it was doing itself', () => {
  test('while ECS rolls back: the failure that led to it is not lost', () =>
    inAWorld({}, async (sim) => {
      const result = await step(
        sim,
        tag('crash-1'),
        signalAt('asking ECS to roll', 'SIGINT', 'rollback requested'),
      );
      expectRed(result, 'cancelled', 'cancelled');
      expect(result.errors[0]).toContain('ECS is rolling backend:2 back in service "backend"');
      expect(result.report.evidence[0]).toMatchObject({
        kind: 'first-cause',
        text: expect.stringContaining('app-crashed'),
      });
      expect(result.report.services[0]?.evidence.length).toBeGreaterThan(1);
    }));

  test('while one of several services is rolled back: its failure is not lost', () =>
    inAWorld({ behaviours: { v2: { targetHealth: { kind: 'timeout' } } } }, async (sim) => {
      const inputs = { ...tag('v2'), service: 'backend, worker', 'task-definition': 'backend' };
      const result = await step(sim, inputs, signalAt('asking ECS to roll', 'SIGINT', 'rolling back'));
      expectRed(result, 'cancelled', 'cancelled');
      const backend = result.report.services.find(({ name }) => name === 'backend');
      expect(backend?.evidence[0]).toMatchObject({
        kind: 'first-cause',
        text: expect.stringContaining('target-health-check-failed'),
      });
      expect(backend?.evidence.length).toBeGreaterThan(1);
    }));

  test('while its request to roll back has no answer: the post step reads AWS anew', () =>
    inAWorld({}, async (sim) => {
      // It is taken after the run has ended.
      sim.inject({ action: 'StopServiceDeployment', effect: { kind: 'delay', milliseconds: 15_000 } });
      const result = await step(sim, tag('crash-1'), {
        ...signalAt('asking ECS to roll', 'SIGINT'),
        beforePost: () => {
          sim.world.clock.skip(15);
        },
      });
      expectRed(result, 'cancelled', 'cancelled');
      expect(result.errors[0]).toContain(
        'AWS has not answered what this run asked for last: the post step of this job looks again.',
      );
      expect(result.post.summary).toContain('ECS is rolling backend:2 back');
    }));

  test('while the URL is asked: the deployment is complete', () =>
    inAWorld({}, async (sim) => {
      const inputs = { ...tag('v2'), ...whileProving(sim) };
      const result = await step(sim, inputs, signalAt('1 of 3 good answers', 'SIGINT'));
      expectRed(result, 'cancelled', 'cancelled');
      expect(result.errors[0]).toContain('The deployment of backend:2 to service "backend" is complete');
    }));

  test('while it goes back by an update of its own: that is not another deployment', () =>
    inAWorld({}, async (sim) => {
      sim.inject({ action: 'StopServiceDeployment', effect: { kind: 'denied' } });
      const inputs = { ...tag('crash-1'), 'on-cancel': 'rollback' };
      const result = await step(sim, inputs, signalAt('going back to backend:1', 'SIGINT'));
      expectRed(result, 'cancelled', 'cancelled');
      expect(result.errors[0]).toMatch(
        /Service "backend" has a newer deployment, of backend:3: with it this run goes back to backend:1/,
      );
      expect(accepted(sim, 'UpdateService')).toHaveLength(2);
    }));
});
