/** How pauses come to their end: they expire, a person answers them by hand, a gate cannot judge, or blames nobody. */
import { describe, expect, test } from '@jest/globals';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { answerHook } from '../../simulator/engine/deployment-failures.ts';
import type { Simulator } from '../../simulator/simulator.ts';
import { accepted, expectGreen, expectRed, inAWorld, production, service, step, tag } from './world.ts';

const BLUEGREEN = { service: 'bluegreen' };

function pausing(stage: string, minutes: number, action: 'CONTINUE' | 'ROLLBACK'): { blueGreen: never } {
  const hook = {
    targetType: 'PAUSE',
    lifecycleStages: [stage],
    timeoutConfiguration: { timeoutInMinutes: minutes, action },
  };
  return { blueGreen: { strategy: 'BLUE_GREEN', bakeTimeInMinutes: 1, lifecycleHooks: [hook] } as never };
}

const AFTER_PRODUCTION = 'POST_PRODUCTION_TRAFFIC_SHIFT';

const urlOf = (sim: Simulator, path = 'health'): string =>
  `${sim.loadBalancers['bluegreen']?.url ?? ''}/${path}`;

const testUrlOf = (sim: Simulator): string => `${sim.loadBalancers['bluegreen-test']?.url ?? ''}/health`;

/** A person answers the pause, so many seconds after it began. */
function byHand(sim: Simulator, action: 'CONTINUE' | 'ROLLBACK', seconds: number): void {
  const hook = (): { id: string } | undefined =>
    service(sim, 'bluegreen').serviceDeployments[0]?.lifecycle?.hooks.find(
      ({ status }) => status === 'AWAITING_ACTION',
    );
  sim.when(
    () => hook() !== undefined,
    () => {
      sim.at(seconds, () => {
        const [deployment] = service(sim, 'bluegreen').serviceDeployments;
        if (deployment !== undefined) answerHook(sim.world, deployment, hook()?.id ?? '', action);
      });
    },
  );
}

describe('a pause that is about to expire', () => {
  test.each([
    ['ROLLBACK', 'rolls back'],
    ['CONTINUE', 'goes on'],
  ] as const)('is left to a person a minute before, with what ECS does by itself then: %s', (action, then) =>
    inAWorld(pausing(AFTER_PRODUCTION, 4, action), async (sim) => {
      const result = await step(sim, {
        ...tag('v2'),
        ...BLUEGREEN,
        metrics: '5xx-percent < 1',
        'bake-minutes': '10',
      });
      expectGreen(result, 'started');
      expect(result.outputs['message']).toContain(`when ECS ${then} by itself`);
      expect(result.warnings.join()).toContain(`ECS ${then} by itself`);
      const left = Date.parse(result.outputs['stage-expires'] ?? '') - sim.world.clock.now();
      expect(left / 1000).toBeGreaterThan(45);
      expect(left / 1000).toBeLessThanOrEqual(60);
      expect(accepted(sim, 'ContinueServiceDeployment')).toEqual([]);
      expect(accepted(sim, 'StopServiceDeployment')).toEqual([]);
    }),
  );

  test('at a URL that still answers with the old version goes back by then', () =>
    inAWorld(pausing('POST_TEST_TRAFFIC_SHIFT', 2, 'CONTINUE'), async (sim) => {
      const result = await step(sim, {
        ...tag('stale-1'),
        ...BLUEGREEN,
        'test-url': `${sim.loadBalancers['bluegreen-test']?.url ?? ''}/version`,
        'health-check-json': 'version=stale-1',
      });
      expectRed(result, 'rolled-back', 'http-check-failed');
      expect(production(sim, 'bluegreen')).toBe('bluegreen:1 COMPLETED');
    }));
});

describe('a person who answers by hand', () => {
  test('CONTINUE: the run follows, and answers nothing any more', () =>
    inAWorld(pausing(AFTER_PRODUCTION, 60, 'ROLLBACK'), async (sim) => {
      byHand(sim, 'CONTINUE', 3);
      const result = await step(sim, { ...tag('v2'), ...BLUEGREEN, 'health-check-url': urlOf(sim) });
      expectGreen(result, 'succeeded');
      expect(accepted(sim, 'ContinueServiceDeployment')).toEqual([]);
    }));

  test('ROLLBACK: it was stopped, which is no fault of a hook', () =>
    inAWorld(pausing(AFTER_PRODUCTION, 60, 'ROLLBACK'), async (sim) => {
      byHand(sim, 'ROLLBACK', 3);
      const result = await step(sim, {
        ...tag('v2'),
        ...BLUEGREEN,
        'health-check-url': urlOf(sim),
        'health-check-successes': '9',
      });
      expectRed(result, 'rolled-back', 'deployment-stopped');
      expect(result.outputs['message']).toContain('somebody answered its pause with ROLLBACK');
      expect(production(sim, 'bluegreen')).toBe('bluegreen:1 COMPLETED');
    }));
});

describe('a way back by a deployment of its own', () => {
  const AFTER_TEST = pausing('POST_TEST_TRAFFIC_SHIFT', 60, 'ROLLBACK');
  const BAKED = { ...BLUEGREEN, ...tag('v2'), alarms: 'errors', 'bake-minutes': '5' };

  /** Goes into ALARM once ECS has called the deployment successful. */
  const late = (sim: Simulator): void => {
    const isOver = (): boolean => {
      const [newest, ...before] = service(sim, 'bluegreen').serviceDeployments;
      return before.length > 0 && newest?.status === 'SUCCESSFUL';
    };
    sim.when(isOver, () => {
      sim.operator.setAlarm('errors', 'ALARM');
    });
  };

  test('waits for nobody: each of its pauses is answered once', () =>
    inAWorld({ ...AFTER_TEST, alarms: { errors: 'OK' } }, async (sim) => {
      late(sim);
      const result = await step(sim, { ...BAKED, 'test-url': testUrlOf(sim) });
      expectRed(result, 'rolled-back', 'alarm');
      expect(production(sim, 'bluegreen')).toBe('bluegreen:3 COMPLETED');
      const hooks = accepted(sim, 'ContinueServiceDeployment').map(({ body }) => body);
      expect(hooks).toMatchObject([{ action: 'CONTINUE' }, { action: 'CONTINUE' }]);
      expect(new Set(hooks.map((each) => (each as { hookId: string }).hookId)).size).toBe(2);
      expect(Number(result.outputs['duration-seconds'])).toBeLessThan(600);
    }));

  test('that this run may not let go on ends there, and says where it waits and until when', () =>
    inAWorld({ ...AFTER_TEST, alarms: { errors: 'OK' } }, async (sim) => {
      late(sim);
      sim.inject({ action: 'ContinueServiceDeployment', from: 2, effect: { kind: 'denied' } });
      const result = await step(sim, { ...BAKED, 'test-url': testUrlOf(sim) });
      expectRed(result, 'failed', 'rollback-failed');
      expect(result.outputs['message']).toMatch(
        /it waits in the stage POST_TEST_TRAFFIC_SHIFT for an answer until .*, when ECS rolls back by itself, which this run could not give \(AccessDenied/,
      );
      expect(Number(result.outputs['duration-seconds'])).toBeLessThan(600);
    }));

  test('leads back from a pause, too, where ECS may not be asked to stop', () =>
    inAWorld({ ...AFTER_TEST, tags: ['error500'] }, async (sim) => {
      sim.inject({ action: 'StopServiceDeployment', effect: { kind: 'denied' } });
      const result = await step(sim, { ...tag('error500'), ...BLUEGREEN, 'test-url': testUrlOf(sim) });
      expectRed(result, 'rolled-back', 'http-check-failed');
      expect(production(sim, 'bluegreen')).toBe('bluegreen:3 COMPLETED');
    }));
});

describe('a gate that fails without a fault of the new tasks', () => {
  test.each([
    [
      'the time of the gates is up',
      { 'health-check-successes': '30' },
      /http: status 200, \d+ of 30 good answers in a row, still after 120 s \(health-check-deadline-seconds\)/,
    ],
    [
      'the pause is about to expire',
      { 'health-check-successes': '90', 'health-check-deadline-seconds': '600' },
      /http: status 200, and that is not enough before the pause expires/,
    ],
  ])('leaves it to a person, and says why it does not answer: %s', (_, inputs, why) =>
    inAWorld(pausing(AFTER_PRODUCTION, 4, 'ROLLBACK'), async (sim) => {
      const asking = { ...tag('v2'), ...BLUEGREEN, 'health-check-url': urlOf(sim) };
      const result = await step(sim, { ...asking, ...inputs });
      expectGreen(result, 'started');
      expect(result.warnings.join()).toMatch(why);
    }),
  );

  test('leaves the pause to a person, at once: the URL was wrong before', () =>
    inAWorld(pausing(AFTER_PRODUCTION, 60, 'ROLLBACK'), async (sim) => {
      const result = await step(sim, {
        ...tag('v2'),
        ...BLUEGREEN,
        'health-check-url': urlOf(sim, 'nowhere'),
      });
      expectGreen(result, 'started');
      expect(result.warnings.join()).toContain('the gates do not answer for it: http: status 404');
      expect(Number(result.outputs['duration-seconds'])).toBeLessThan(120);
    }));
});

test('on-failure: leave at a pause says what ECS does when it expires', () =>
  inAWorld({ ...pausing(AFTER_PRODUCTION, 60, 'CONTINUE'), tags: ['error500'] }, async (sim) => {
    const result = await step(sim, {
      ...tag('error500'),
      ...BLUEGREEN,
      'health-check-url': urlOf(sim),
      'on-failure': 'leave',
    });
    expectRed(result, 'failed', 'http-check-failed');
    expect(result.outputs['message']).toMatch(/its pause waits on until .*, when ECS goes on by itself/);
  }));

test('an answer to a pause that AWS never takes is said once, and not with each try', () =>
  inAWorld(pausing('POST_TEST_TRAFFIC_SHIFT', 60, 'ROLLBACK'), async (sim) => {
    const effect = {
      kind: 'error',
      code: 'ServerException',
      message: 'Service Unavailable',
      status: 500,
    } as const;
    sim.inject({ action: 'ContinueServiceDeployment', effect });
    const inputs = { ...tag('v2'), ...BLUEGREEN, 'test-url': testUrlOf(sim), 'wait-for-minutes': '10' };
    const result = await step(sim, inputs);
    expectRed(result, 'timed-out', 'timeout');
    expect(sim.calls.filter(({ action }) => action === 'ContinueServiceDeployment').length).toBeGreaterThan(
      20,
    );
    expect(result.log.match(/going on from the stage POST_TEST_TRAFFIC_SHIFT/g)).toHaveLength(1);
    expect(result.log.match(/AWS has not answered .*ServerException.*asking again/g)).toHaveLength(1);
    expect(result.log.match(/test-url gate passed/g)).toHaveLength(1);
  }));

test.each(['DescribeServiceDeployments', 'ListServiceDeployments'])(
  'a pause that nobody can see, without %s, is not taken for old tasks that drain',
  (action) =>
    inAWorld(pausing('POST_TEST_TRAFFIC_SHIFT', 60, 'ROLLBACK'), async (sim) => {
      sim.inject({ action, effect: { kind: 'denied' } });
      const result = await step(sim, { ...tag('v2'), ...BLUEGREEN, 'wait-for-minutes': '5' });
      expectRed(result, 'timed-out', 'timeout');
      expect(result.outputs['message']).toContain('a pause waits for an answer cannot be seen (ecs:List');
      expect(result.outputs['message']).not.toContain('drain');
      expect(production(sim, 'bluegreen')).toBe('bluegreen:2 IN_PROGRESS');
    }),
);

test.each(['DescribeServiceDeployments', 'ListServiceDeployments'])(
  'promote of what may not be read, without %s, is a matter of the role, and not of the inputs',
  (action) =>
    inAWorld(pausing('POST_TEST_TRAFFIC_SHIFT', 60, 'ROLLBACK'), async (sim) => {
      const first = await step(sim, { ...tag('v2'), ...BLUEGREEN, promotion: 'manual' });
      const named = { 'service-deployment-arn': first.outputs['service-deployment-arn'] ?? '' };
      sim.inject({ action, effect: { kind: 'denied' } });
      for (const deployment of [{}, named]) {
        const result = await step(sim, { ...BLUEGREEN, mode: 'promote', ...deployment });
        expectRed(result, 'failed', 'access-denied');
        expect(result.errors[0]).toContain(`"Action":"ecs:${action}"`);
      }
      expect(production(sim, 'bluegreen')).toBe('bluegreen:2 IN_PROGRESS');
    }),
);

test('promote of what has expired says how it ended', () =>
  inAWorld(pausing(AFTER_PRODUCTION, 5, 'ROLLBACK'), async (sim) => {
    const first = await step(sim, { ...tag('v2'), ...BLUEGREEN, promotion: 'manual' });
    const arn = first.outputs['service-deployment-arn'] ?? '';
    sim.world.clock.skip(900);
    const named = await step(sim, { ...BLUEGREEN, mode: 'promote', 'service-deployment-arn': arn });
    expectRed(named, 'superseded', 'superseded');
    expect(named.outputs['message']).toContain('has ended: it failed, or was rolled back');
    const any = await step(sim, { ...BLUEGREEN, mode: 'promote' });
    expectRed(any, 'failed', 'invalid-input');
    expect(any.outputs['message']).toContain('its last deployment failed, or was rolled back');
  }));

test('one bad answer in the first moment of a step is a hiccup, however long the steps before it took', () => {
  let bad = 0;
  const server = createServer((_request, answer) => {
    answer.writeHead(bad > 0 ? 502 : 200);
    bad = Math.max(bad - 1, 0);
    answer.end('ok');
  });
  const STEPS = {
    strategy: 'LINEAR',
    linearConfiguration: { stepPercent: 50, stepBakeTimeInMinutes: 5 },
    bakeTimeInMinutes: 5,
  };
  return inAWorld({ blueGreen: STEPS }, async (sim) => {
    const { balancing } = sim.world;
    sim.when(
      () => balancing.weightOf([balancing.targetGroups.get('green')?.arn ?? ''], 'production') === 100,
      () => {
        bad = 1;
      },
    );
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve);
    });
    const { port } = server.address() as AddressInfo;
    const url = `http://127.0.0.1:${port}/`;
    try {
      const result = await step(sim, { ...tag('v2'), ...BLUEGREEN, 'health-check-url': url });
      expectGreen(result, 'succeeded');
      expect(bad).toBe(0);
    } finally {
      server.close();
    }
  });
});
