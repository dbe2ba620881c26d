import { describe, expect, test } from '@jest/globals';
import { expectGreen, expectRed, inAWorld, production, step, tag } from './world.ts';

const RESOURCES =
  'ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed:';
const TIMED_OUT =
  'CannotPullContainerError: pull image manifest has been retried 5 time(s): failed to do request: dial tcp 10.0.3.17:443: i/o timeout';
const DENIED =
  'CannotPullContainerError: failed to copy: httpReadSeeker: failed open: unexpected status code https://prod.s3.amazonaws.com/layer: 403 Forbidden';
const THROTTLED = `${RESOURCES} unable to retrieve secret from asm: ThrottlingException: Rate exceeded`;

describe('a few tasks of many that fail once', () => {
  test.each([
    ['two of 40 for a time-out', 2, TIMED_OUT],
    ['two of 40 for throttled secrets', 2, THROTTLED],
    ['three of 40 for throttled secrets', 3, THROTTLED],
  ])('do not condemn the release: %s', (_, startReasonTimes, startReason) =>
    inAWorld(
      { desiredCount: 40, behaviours: { v2: { startReason, startReasonTimes, pullSeconds: 30 } } },
      async (sim) => {
        expectGreen(await step(sim, tag('v2')), 'succeeded');
        expect(production(sim)).toBe('backend:2 COMPLETED');
      },
    ),
  );
});

describe('a reason that passes by nature', () => {
  test('settles it where every task meets it, under its own name', () =>
    inAWorld({ behaviours: { v2: { startReason: THROTTLED } } }, async (sim) => {
      expectRed(await step(sim, tag('v2')), 'rolled-back', 'throttled');
      expect(production(sim)).toBe('backend:1 COMPLETED');
    }));
});

describe('a reason that no retry can help', () => {
  test('settles it at once where no task has got past it', () =>
    inAWorld({ behaviours: { v2: { startReason: DENIED } } }, async (sim) => {
      expectRed(await step(sim, tag('v2')), 'rolled-back', 'image-pull-denied');
    }));
});

describe('a container that AWS adds, and no definition names', () => {
  test('is blamed where it ended first, and not the program that AWS stopped with it', () => {
    const addedContainers = [{ name: 'ecs-service-connect-x4Ab9', exit: { afterSeconds: 5, code: 1 } }];
    return inAWorld({ behaviours: { v2: { addedContainers } } }, async (sim) => {
      const result = await step(sim, tag('v2'));
      expectRed(result, 'rolled-back', 'app-crashed');
      expect(result.outputs['message']).toContain('container "ecs-service-connect-x4Ab9" exited with code 1');
    });
  });

  test('is none of the images that are proven', () =>
    inAWorld(
      { behaviours: { v2: { addedContainers: [{ name: 'aws-guardduty-agent-AbC' }] } } },
      async (sim) => {
        expectGreen(await step(sim, tag('v2')), 'succeeded');
      },
    ));
});
