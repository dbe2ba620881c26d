import { describe, expect, test } from '@jest/globals';
import { expectGreen, expectRed, inAWorld, production, step, tag } from './world.ts';

describe('what is called proven', () => {
  test.each([
    ['was in ALARM all the time', 'ALARM'],
    ['has no data', 'INSUFFICIENT_DATA'],
  ] as const)('is no alarm that %s: skipped with a warning', (_, state) =>
    inAWorld({ alarms: { errors: state } }, async (sim) => {
      const result = await step(sim, { ...tag('v2'), alarms: 'errors', 'bake-minutes': '1' });
      expectGreen(result, 'succeeded');
      expect(result.outputs['message']).not.toContain('its alarms');
      expect(result.warnings.join()).toContain('alarms gate skipped');
    }),
  );

  test('names each gate once, however often it was asked', () =>
    inAWorld({ alarms: { errors: 'OK' } }, async (sim) => {
      const result = await step(sim, { ...tag('v2'), alarms: 'errors', 'bake-minutes': '1' });
      expectGreen(result, 'succeeded');
      expect(result.outputs['message']).toContain(
        'proven healthy by its image digest, its targets and its alarms.',
      );
    }));

  test('is no bake without alarms', () =>
    inAWorld({}, async (sim) => {
      const result = await step(sim, { ...tag('v2'), 'bake-minutes': '1' });
      expectGreen(result, 'succeeded');
      expect(result.outputs['message']).not.toContain('its alarms');
    }));

  test('is no health of a worker that nothing checks: it runs', () =>
    inAWorld({}, async (sim) => {
      const result = await step(sim, { ...tag('v2'), service: 'worker' });
      expectGreen(result, 'succeeded');
      expect(result.outputs['message']).not.toContain('healthy');
      expect(result.warnings.join()).toContain('nothing checks their health');
    }));
});

describe('while the new revision bakes', () => {
  test('an outage of its targets fails it at once', () =>
    inAWorld(
      {
        behaviours: { v2: { targetHealth: { kind: 'healthy', afterSeconds: 5, unhealthyAfterSeconds: 60 } } },
      },
      async (sim) => {
        const result = await step(sim, { ...tag('v2'), 'bake-minutes': '10' });
        expect([result.outputs['result'], result.exitCode]).toEqual(['rolled-back', 1]);
        expect(production(sim)).toBe('backend:3 COMPLETED');
        expect(Number(result.outputs['duration-seconds'])).toBeLessThan(500);
      },
    ));
});

describe('the URL of a service that failed', () => {
  test('judges no other: the healthy one stays', () =>
    inAWorld({}, async (sim) => {
      const url = `${sim.loadBalancers['web']?.url ?? ''}/version`;
      const result = await step(sim, {
        ...tag('unhealthy-1'),
        service: 'backend,worker',
        'task-definition': 'backend',
        'health-check-url': url,
        'health-check-json': 'version=unhealthy-1',
      });
      expectRed(result, 'rolled-back', 'target-health-check-failed');
      expect(production(sim)).toBe('backend:1 COMPLETED');
      expect(production(sim, 'worker')).toBe('backend:2 COMPLETED');
      expect(result.warnings.join()).toContain('http gate skipped');
    }));
});

describe('with rollback-all', () => {
  test('the others go back as well', () =>
    inAWorld({}, async (sim) => {
      const result = await step(sim, {
        ...tag('unhealthy-1'),
        service: 'backend,worker',
        'task-definition': 'backend',
        'on-failure': 'rollback-all',
      });
      expectRed(result, 'rolled-back', 'target-health-check-failed');
      expect(production(sim)).toBe('backend:1 COMPLETED');
      // It had completed by then; worker:1 names a tag, and is registered again by its digest.
      expect(production(sim, 'worker')).toBe('worker:2 COMPLETED');
    }));
});
