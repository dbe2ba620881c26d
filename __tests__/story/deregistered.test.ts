/** DeregisterTaskDefinition whose answer is lost: what is said of the revision is what AWS made of it. */
import { describe, expect, test } from '@jest/globals';
import type { FaultEffect } from '../../simulator/scenario/faults.ts';
import type { Simulator } from '../../simulator/simulator.ts';
import { expectRed, inAWorld, signalAt, step, tag } from './world.ts';

const DONE = 'backend:2 is deregistered: no service is on it, and it is no base for the next run.';

function lost(sim: Simulator, effect: FaultEffect, times = 1): void {
  sim.inject({ action: 'DeregisterTaskDefinition', times, effect });
}

describe('a failed revision whose deregistration has no answer', () => {
  test('but took effect is deregistered', () =>
    inAWorld({}, async (sim) => {
      lost(sim, { kind: 'reset', when: 'after' });
      const result = await step(sim, tag('crash-1'));
      expectRed(result, 'rolled-back', 'app-crashed');
      expect(result.log).toContain(DONE);
      expect(result.log).not.toContain('stays registered');
    }));

  test.each<[string, FaultEffect]>([
    ['a reset', { kind: 'reset', when: 'before' }],
    ['an error of the server', { kind: 'http-500' }],
  ])('and had no effect is deregistered by another request, after %s', (_, effect) =>
    inAWorld({}, async (sim) => {
      lost(sim, effect);
      const result = await step(sim, tag('crash-1'));
      expectRed(result, 'rolled-back', 'app-crashed');
      expect(result.log).toContain(DONE);
    }),
  );

  test('at all is not said to stay', () =>
    inAWorld({}, async (sim) => {
      lost(sim, { kind: 'hang', when: 'after' });
      const result = await step(sim, tag('crash-1'));
      expectRed(result, 'rolled-back', 'app-crashed');
      expect(result.log).toContain('backend:2 may stay registered');
      expect(result.log).not.toContain('backend:2 stays registered');
    }));
});

describe('in the post step', () => {
  test('what the run has deregistered, though it heard no answer, is deregistered', () =>
    inAWorld({}, async (sim) => {
      lost(sim, { kind: 'hang', when: 'after' });
      const onCancel = { ...tag('v2'), 'on-cancel': 'rollback' };
      const result = await step(sim, onCancel, signalAt('::group::Watch', 'SIGINT'));
      expectRed(result, 'cancelled', 'cancelled');
      expect(result.post.log).not.toContain('stays registered');
    }));

  test('a request without an answer is sent again', () =>
    inAWorld({}, async (sim) => {
      lost(sim, { kind: 'reset', when: 'after' }, 2);
      const onCancel = { ...tag('v2'), 'on-cancel': 'rollback' };
      const result = await step(sim, onCancel, signalAt('::group::Watch', 'SIGKILL'));
      expect(result.post.log).toContain(DONE);
    }));
});
