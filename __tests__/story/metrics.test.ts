/** The input `metrics`: what the load balancer has counted of the new tasks decides whether they stay. */
import { describe, expect, test } from '@jest/globals';
import type { Simulator } from '../../simulator/simulator.ts';
import type { ImageBehaviour } from '../../simulator/state/image-behaviour.ts';
import { accepted, expectGreen, expectRed, inAWorld, mutations, production, step, tag } from './world.ts';

const PAUSE = {
  targetType: 'PAUSE',
  lifecycleStages: ['POST_PRODUCTION_TRAFFIC_SHIFT'],
  timeoutConfiguration: { timeoutInMinutes: 60, action: 'ROLLBACK' },
};

/** A fifth of the traffic for ten minutes, then all of it. */
const CANARY = {
  strategy: 'CANARY',
  canaryConfiguration: { canaryPercent: 20, canaryBakeTimeInMinutes: 10 },
  bakeTimeInMinutes: 5,
};

/** All of it at once, and then a person or a gate is to say so. */
const PAUSED = { strategy: 'BLUE_GREEN', bakeTimeInMinutes: 1, lifecycleHooks: [PAUSE] };

const BLUEGREEN = { service: 'bluegreen' };

const IMAGES: Readonly<Record<string, ImageBehaviour>> = {
  faulty: { version: 'faulty', http: { errorPercent: 10 } },
  doubtful: { version: 'doubtful', http: { errorPercent: 2 } },
  lame: { version: 'lame', http: { latencySeconds: 3 } },
};

function world(blueGreen: object): Parameters<typeof inAWorld>[0] {
  return { blueGreen: blueGreen as never, tags: Object.keys(IMAGES), behaviours: IMAGES };
}

const continued = (sim: Simulator): unknown[] =>
  accepted(sim, 'ContinueServiceDeployment').map(({ body }) => (body as { action?: unknown }).action);

describe('a canary', () => {
  test('that answers too many of its requests with 5xx is rolled back at its step', () =>
    inAWorld(world(CANARY), async (sim) => {
      sim.operator.setRequests('bluegreen', 600);
      const { balancing } = sim.world;
      const most: number[] = [];
      sim.when(
        () => balancing.weightOf([balancing.targetGroups.get('green')?.arn ?? ''], 'production') > 20,
        () => most.push(1),
      );
      const result = await step(sim, { ...tag('faulty'), ...BLUEGREEN, metrics: '5xx-percent < 1' });
      expectRed(result, 'rolled-back', 'metric-check-failed');
      expect(result.outputs['message']).toContain(
        'does not pass the metrics gate while 20 % of the traffic reaches it: 5xx-percent is 10 %, not < 1 %',
      );
      expect(most).toEqual([]);
      expect(production(sim, 'bluegreen')).toBe('bluegreen:1 COMPLETED');
      expect(result.summary).toMatch(/\| ❌ `5xx-percent` \| 10 % \(\d+ requests\) \| `< 1` \|/);
    }));

  test('that is slower than it may be is rolled back', () =>
    inAWorld(world(CANARY), async (sim) => {
      sim.operator.setRequests('bluegreen', 600);
      const result = await step(sim, { ...tag('lame'), ...BLUEGREEN, metrics: 'p99-seconds < 2' });
      expectRed(result, 'rolled-back', 'metric-check-failed');
      expect(result.outputs['message']).toContain('p99-seconds is 3 s, not < 2 s');
    }));

  test('that is well goes on to the end, and the metrics are part of the proof', () =>
    inAWorld(world(CANARY), async (sim) => {
      sim.operator.setRequests('bluegreen', 600);
      const result = await step(sim, {
        ...tag('v2'),
        ...BLUEGREEN,
        metrics: '5xx-percent < 1\np99-seconds <= 1.5x\nrequests >= 100',
      });
      expectGreen(result, 'succeeded');
      expect(result.outputs['message']).toContain('its metrics');
      expect(result.summary).toContain(
        '| ✅ `p99-seconds` | 0.02 s (2400 requests) | 0.02 s | `<= 1.5x` (0.03 s) |',
      );
    }));
});

describe('a comparison with the old tasks', () => {
  const COMPARED = { ...BLUEGREEN, metrics: '5xx-percent < 1.5x' };

  test('fails where the new tasks are worse, though few would mind 2 %', () =>
    inAWorld(world(CANARY), async (sim) => {
      sim.operator.setRequests('bluegreen', 600);
      const result = await step(sim, { ...tag('doubtful'), ...COMPARED });
      expectRed(result, 'rolled-back', 'metric-check-failed');
      expect(result.outputs['message']).toContain(
        'not < 0.15 % (1.5x the 0 % of the old tasks, which count as 0.1 %;',
      );
    }));

  test('passes where the old tasks are as bad', () =>
    inAWorld(world(CANARY), async (sim) => {
      sim.operator.setRequests('bluegreen', 600);
      expectGreen(await step(sim, { ...tag('doubtful'), ...BLUEGREEN }), 'succeeded');
      const result = await step(sim, {
        ...tag('doubtful'),
        ...COMPARED,
        'force-new-deployment': 'true',
      });
      expectGreen(result, 'succeeded');
    }));

  test('of a service that is updated by rolling is refused before anything is touched', () =>
    inAWorld({}, async (sim) => {
      const result = await step(sim, { ...tag('v2'), metrics: '5xx-percent < 1.5x', 'bake-minutes': '5' });
      expectRed(result, 'failed', 'invalid-input');
      expect(result.outputs['message']).toContain('"5xx-percent < 1.5x" compares with the old tasks');
      expect(mutations(sim)).toEqual([]);
    }));
});

describe('a pause', () => {
  test('is answered with CONTINUE by metrics that are well', () =>
    inAWorld(world(PAUSED), async (sim) => {
      sim.operator.setRequests('bluegreen', 600);
      const result = await step(sim, { ...tag('v2'), ...BLUEGREEN, metrics: '5xx-percent < 1' });
      expectGreen(result, 'succeeded');
      expect(continued(sim)).toEqual(['CONTINUE']);
    }));

  test('is rolled back by metrics that are bad', () =>
    inAWorld(world(PAUSED), async (sim) => {
      sim.operator.setRequests('bluegreen', 600);
      const result = await step(sim, { ...tag('faulty'), ...BLUEGREEN, metrics: '5xx-percent < 1' });
      expectRed(result, 'rolled-back', 'metric-check-failed');
      expect(continued(sim)).not.toContain('CONTINUE');
    }));

  test('with too few requests is left to a person, who is told how many there were', () =>
    inAWorld(world(PAUSED), async (sim) => {
      sim.operator.setRequests('bluegreen', 2);
      const result = await step(sim, { ...tag('v2'), ...BLUEGREEN, metrics: '5xx-percent < 1' });
      expectGreen(result, 'started');
      expect(result.warnings.join()).toMatch(/only \d+ requests reached the new tasks, and 50 are needed/);
      expect(continued(sim)).toEqual([]);
    }));
});

describe('ECS bakes', () => {
  const BAKES = { strategy: 'BLUE_GREEN', bakeTimeInMinutes: 10 };

  test('and metrics that are bad bring the old tasks back, which are still there', () =>
    inAWorld(world(BAKES), async (sim) => {
      sim.operator.setRequests('bluegreen', 600);
      const result = await step(sim, { ...tag('faulty'), ...BLUEGREEN, metrics: '5xx-percent < 2x' });
      expectRed(result, 'rolled-back', 'metric-check-failed');
      expect(result.outputs['message']).toContain('while it bakes');
      expect(accepted(sim, 'StopServiceDeployment')).toHaveLength(1);
      expect(accepted(sim, 'UpdateService')).toHaveLength(1);
    }));

  test('for so short that nothing is whole by then: the run goes on until it knows', () =>
    inAWorld(world({ strategy: 'BLUE_GREEN', bakeTimeInMinutes: 0 }), async (sim) => {
      sim.operator.setRequests('bluegreen', 600);
      const inputs = { ...BLUEGREEN, metrics: '5xx-percent < 1' };
      expectGreen(await step(sim, { ...tag('v2'), ...inputs }), 'succeeded');
      expectRed(await step(sim, { ...tag('faulty'), ...inputs }), 'rolled-back', 'metric-check-failed');
      expect(production(sim, 'bluegreen')).toMatch(/COMPLETED/);
    }));
});

describe('mode: promote', () => {
  const MANUAL = { ...tag('v2'), ...BLUEGREEN, promotion: 'manual' };
  const PROMOTE = { ...BLUEGREEN, mode: 'promote', metrics: '5xx-percent < 1' };

  test.each([
    ['v2', 'succeeded', ''],
    ['faulty', 'rolled-back', 'metric-check-failed'],
  ])('%s: asks the metrics first, and ends as %s', (image, outcome, cause) =>
    inAWorld(world(PAUSED), async (sim) => {
      sim.operator.setRequests('bluegreen', 600);
      expectGreen(await step(sim, { ...MANUAL, 'image-tag': image }), 'started');
      const result = await step(sim, PROMOTE);
      if (cause === '') expectGreen(result, outcome);
      else expectRed(result, outcome, cause);
    }),
  );
});

describe('where nothing differs', () => {
  test.each([
    ['v1', 'unchanged', ''],
    ['faulty', 'failed', 'metric-check-failed'],
  ])('%s: the metrics of what runs are judged at once', (image, outcome, cause) =>
    inAWorld(world({ strategy: 'BLUE_GREEN', bakeTimeInMinutes: 0 }), async (sim) => {
      sim.operator.setRequests('bluegreen', 600);
      if (image !== 'v1') expectGreen(await step(sim, { ...tag(image), ...BLUEGREEN }), 'succeeded');
      sim.world.clock.skip(900);
      const result = await step(sim, { ...tag(image), ...BLUEGREEN, metrics: '5xx-percent < 1' });
      if (cause === '') expectGreen(result, outcome);
      else expectRed(result, outcome, cause);
      expect(Number(result.outputs['duration-seconds'])).toBeLessThan(60);
    }),
  );
});

describe('several services', () => {
  const BOTH = {
    ...tag('v2'),
    service: 'backend,worker',
    'task-definition': 'backend',
    'bake-minutes': '5',
  };

  test('are refused by the name of the one that cannot be judged', () =>
    inAWorld({}, async (sim) => {
      const result = await step(sim, { ...BOTH, metrics: '5xx-percent < 1' });
      expectRed(result, 'failed', 'invalid-input');
      expect(result.outputs['message']).toContain('service "worker" is behind none');
      expect(result.outputs['message']).not.toContain('service "backend"');
    }));

  test('go back together by an expression that is bad', () =>
    inAWorld({}, async (sim) => {
      sim.operator.reportMetric('Shop', 'FailedOrders', 9);
      const metrics = 'failed-orders: SELECT SUM(FailedOrders) FROM Shop < 5';
      const result = await step(sim, { ...BOTH, metrics });
      expectRed(result, 'rolled-back', 'metric-check-failed');
      expect(result.report.services.map(({ cause }) => cause)).toEqual([
        'metric-check-failed',
        'metric-check-failed',
      ]);
    }));
});

describe('a service that is updated by rolling', () => {
  const BAKED = { metrics: '5xx-percent < 1\nrequests >= 100', 'bake-minutes': '5' };

  test('is proven by its metrics while it bakes', () =>
    inAWorld({}, async (sim) => {
      sim.operator.setRequests('backend', 300);
      const result = await step(sim, { ...tag('v2'), ...BAKED });
      expectGreen(result, 'succeeded');
      expect(result.outputs['message']).toContain('its metrics');
    }));

  test('is rolled back by metrics that are bad', () =>
    inAWorld({ tags: ['faulty'], behaviours: IMAGES }, async (sim) => {
      sim.operator.setRequests('backend', 300);
      const result = await step(sim, { ...tag('faulty'), ...BAKED });
      expectRed(result, 'rolled-back', 'metric-check-failed');
      expect(production(sim)).toMatch(/COMPLETED/);
    }));

  test('with too few requests is red, says so, and is left', () =>
    inAWorld({}, async (sim) => {
      sim.operator.setRequests('backend', 2);
      const result = await step(sim, { ...tag('v2'), ...BAKED });
      expectRed(result, 'failed', 'metric-check-failed');
      expect(result.outputs['message']).toMatch(
        /only \d+ requests reached the new tasks, and 100 are needed/,
      );
      expect(production(sim)).toBe('backend:2 COMPLETED');
    }));

  test('without any request is green with a warning where requests >= 0 allows it', () =>
    inAWorld({}, async (sim) => {
      const metrics = '5xx-percent < 1\nrequests >= 0';
      const result = await step(sim, { ...tag('v2'), metrics, 'bake-minutes': '5' });
      expectGreen(result, 'succeeded');
      expect(result.warnings.join()).toContain('no request has reached the new tasks');
      expect(result.outputs['message']).not.toContain('its metrics');
    }));

  test('needs a bake of five minutes', () =>
    inAWorld({}, async (sim) => {
      const result = await step(sim, { ...tag('v2'), metrics: '5xx-percent < 1', 'bake-minutes': '4' });
      expectRed(result, 'failed', 'invalid-input');
      expect(result.outputs['message']).toContain('bake-minutes: metrics of service "backend"');
      expect(mutations(sim)).toEqual([]);
    }));
});

test('metrics of a service behind a Network Load Balancer are refused before anything is touched', () =>
  inAWorld({}, async (sim) => {
    const rewrite = (body: string): string => body.replaceAll(':loadbalancer/app/', ':loadbalancer/net/');
    sim.inject({ action: 'DescribeTargetGroups', effect: { kind: 'rewrite', rewrite } });
    const result = await step(sim, { ...tag('v2'), metrics: '5xx-percent < 1', 'bake-minutes': '5' });
    expectRed(result, 'failed', 'invalid-input');
    expect(result.outputs['message']).toContain(
      'is a metric of an Application Load Balancer, and service "backend" is behind none',
    );
    expect(mutations(sim)).toEqual([]);
  }));

describe('an expression of CloudWatch', () => {
  const EXPRESSION = {
    metrics: 'failed-orders: SELECT SUM(FailedOrders) FROM Shop < 5',
    'bake-minutes': '5',
  };

  test('judges a service without a load balancer', () =>
    inAWorld({}, async (sim) => {
      sim.operator.reportMetric('Shop', 'FailedOrders', 1);
      const result = await step(sim, { ...tag('v2'), service: 'worker', ...EXPRESSION });
      expectGreen(result, 'succeeded');
    }));

  test('rolls back where its value is bad', () =>
    inAWorld({}, async (sim) => {
      sim.operator.reportMetric('Shop', 'FailedOrders', 9);
      const result = await step(sim, { ...tag('v2'), ...EXPRESSION });
      expectRed(result, 'rolled-back', 'metric-check-failed');
      expect(result.outputs['message']).toContain('failed-orders is 9, not < 5');
    }));

  test('that CloudWatch does not accept is refused before anything is touched', () =>
    inAWorld({}, async (sim) => {
      const result = await step(sim, { ...tag('v2'), metrics: 'orders: SUMM(x) < 5', 'bake-minutes': '5' });
      expectRed(result, 'failed', 'invalid-input');
      expect(result.outputs['message']).toContain('the expression of orders');
      expect(mutations(sim)).toEqual([]);
    }));

  test('is tried in a plan, too', () =>
    inAWorld({}, async (sim) => {
      const planned = await step(sim, { ...tag('v2'), ...EXPRESSION, mode: 'plan' });
      expectGreen(planned, 'planned');
      const wrong = { metrics: 'orders: SUMM(x) < 5', 'bake-minutes': '5', mode: 'plan' };
      expectRed(await step(sim, { ...tag('v2'), ...wrong }), 'failed', 'invalid-input');
    }));

  test('is needed where a service is behind no load balancer', () =>
    inAWorld({}, async (sim) => {
      const metrics = 'p99-seconds < 2';
      const result = await step(sim, { ...tag('v2'), service: 'worker', metrics, 'bake-minutes': '5' });
      expectRed(result, 'failed', 'invalid-input');
      expect(result.outputs['message']).toContain('service "worker" is behind none');
    }));
});

describe('AWS', () => {
  test('that denies GetMetricData leaves the metrics out, with a warning', () =>
    inAWorld({}, async (sim) => {
      sim.operator.setRequests('backend', 300);
      sim.inject({ action: 'GetMetricData', effect: { kind: 'denied' } });
      const result = await step(sim, { ...tag('v2'), metrics: '5xx-percent < 1', 'bake-minutes': '5' });
      expectGreen(result, 'succeeded');
      expect(result.warnings.join()).toContain('cloudwatch:GetMetricData is denied');
    }));

  test('that does not answer for a while is asked again', () =>
    inAWorld({}, async (sim) => {
      sim.operator.setRequests('backend', 300);
      sim.inject({ action: 'GetMetricData', times: 6, effect: { kind: 'http-500' } });
      const result = await step(sim, { ...tag('v2'), metrics: '5xx-percent < 1', 'bake-minutes': '5' });
      expectGreen(result, 'succeeded');
      expect(result.outputs['message']).toContain('its metrics');
    }));
});
