import { describe, expect, test } from '@jest/globals';
import { expectRed, inAWorld, onceUnderway, production, service, step, tag } from './world.ts';

const HOST = '123456789012.dkr.ecr.us-east-1.amazonaws.com';

describe('causes that need a world of their own', () => {
  test('image-not-found: the tag is gone, and ECR could not be asked before', () =>
    inAWorld({}, async (sim) => {
      sim.inject({ action: 'DescribeImages', effect: { kind: 'denied' } });
      sim.inject({ action: 'BatchGetImage', effect: { kind: 'denied' } });
      const result = await step(sim, { image: `${HOST}/backend:v99` });
      expectRed(result, 'rolled-back', 'image-not-found');
      expect(result.warnings.join()).toContain('ecr:DescribeImages');
      expect(production(sim)).toBe('backend:1 COMPLETED');
    }));

  test('digest-mismatch: what runs is not what was named', () =>
    inAWorld({}, async (sim) => {
      onceUnderway(sim, () => {
        const images = service(sim).revisions.at(-1)?.images as Map<string, object>;
        images.set('backend', { image: `${HOST}/backend`, digest: `sha256:${'b'.repeat(64)}` });
      });
      // What the tasks report comes first; the service revision speaks where they do not.
      sim.when(
        () => production(sim) === 'backend:2 COMPLETED',
        () => {
          sim.inject({ action: 'DescribeTasks', effect: { kind: 'denied' } });
        },
      );
      const result = await step(sim, tag('v2'));
      expectRed(result, 'rolled-back', 'digest-mismatch');
      expect(result.outputs['message']).toContain(`sha256:${'b'.repeat(64)}`);
      expect(production(sim)).toBe('backend:3 COMPLETED');
    }));

  test('circuit-breaker: only where the tasks may not be read and nothing better is known', () =>
    inAWorld({}, async (sim) => {
      sim.inject({ action: 'ListTasks', effect: { kind: 'denied' } });
      expectRed(await step(sim, tag('crash-1')), 'rolled-back', 'circuit-breaker');
    }));

  test('capacity is shown and never fatal before the deadline', () =>
    inAWorld({ circuitBreaker: false }, async (sim) => {
      sim.world.capacityAvailable = false;
      const result = await step(sim, { ...tag('v2'), 'wait-for-minutes': '2' });
      expectRed(result, 'rolled-back', 'capacity');
      expect(Number(result.outputs['duration-seconds'])).toBeGreaterThan(120);
      expect(result.log).toMatch(/capacity is unavailable/i);
    }));

  test.each<[string, string, RegExp]>([
    [
      'capacity',
      'Capacity is unavailable at this time. Please try again later or in a different availability zone',
      /Capacity is unavailable/,
    ],
    [
      'unknown',
      'ECS was unable to assume the role arn:aws:iam::123456789012:role/backend-task that was provided for this task.',
      /unable to assume the role/,
    ],
    ['unknown', 'Quantum decoherence in rack 7.', /Quantum decoherence in rack 7/],
    [
      'storage',
      'ResourceInitializationError: failed to invoke EFS utils commands to set up EFS volumes: stderr: mount.nfs4: Connection timed out',
      /EFS utils/,
    ],
    [
      'network-unreachable',
      'ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed: unable to retrieve ecr registry auth: service call has been retried 3 time(s): RequestError: send request failed: dial tcp 10.0.0.1:443: i/o timeout',
      /ecr registry auth/,
    ],
  ])('%s, by its words: %s', (cause, reason, evidence) =>
    inAWorld({}, async (sim) => {
      const v2 = sim.world.registry.repositories.get('backend')?.find({ tag: 'v2', digest: undefined });
      sim.world.images.behaviours.set(v2?.digest ?? '', { startReason: reason });
      const result = await step(sim, tag('v2'));
      expectRed(result, 'rolled-back', cause);
      const shown = result.report.services[0]?.evidence.map(({ text }) => text).join('\n');
      expect(shown).toMatch(evidence);
    }),
  );

  test('throttled: AWS answers nothing else for a long time', () =>
    inAWorld({}, async (sim) => {
      sim.inject({ action: 'DescribeServices', effect: { kind: 'throttle' } });
      expectRed(await step(sim, tag('v2')), 'failed', 'throttled');
    }));

  test('rollback-failed: the good revision does not start any more either', () =>
    inAWorld({}, async (sim) => {
      const v1 = sim.world.registry.repositories.get('backend')?.find({ tag: 'v1', digest: undefined });
      sim.world.images.behaviours.set(v1?.digest ?? '', { exit: { afterSeconds: 2, code: 1 } });
      const url = sim.loadBalancers['web']?.url ?? '';
      const result = await step(sim, { ...tag('error500-1'), 'health-check-url': `${url}/health` });
      expectRed(result, 'failed', 'rollback-failed');
      expect(result.report.services[0]?.evidence[0]?.text).toContain('http-check-failed');
    }));
});
