import { describe, expect, test } from '@jest/globals';
import type { StepOptions } from '../../runner/step.ts';
import { accepted, expectRed, inAWorld, mutations, step, tag } from './world.ts';

/** No answer ever comes: without a limit of its own, each of these would last until the SDK gives the calls up. */
const NEVER = { kind: 'hang', when: 'before' } as const;

function interruptAt(text: string): StepOptions {
  let sent = false;
  return {
    onOutput: (log, kill) => {
      if (sent || !log.includes(text)) return;
      sent = true;
      kill('SIGINT');
    },
  };
}

describe('an AWS that does not answer', () => {
  test.concurrent(
    'to UpdateService does not outlast it either, and the revision stays: it may yet take effect',
    () =>
      inAWorld({}, async (sim) => {
        sim.inject({ action: 'UpdateService', effect: NEVER });
        const result = await step(sim, { ...tag('v2'), 'wait-for-minutes': '0.05' });
        expectRed(result, 'failed', 'unknown');
        expect(result.outputs['message']).toContain('it may still take effect');
        expect(sim.calls.filter(({ action }) => action === 'UpdateService')).toHaveLength(1);
        expect(mutations(sim)).toEqual(['RegisterTaskDefinition']);
      }),
  );
});

describe('a job that is cancelled while AWS does not answer', () => {
  test.concurrent(
    'UpdateService: it ends in time, and the post step finds out and asks for the rollback',
    () =>
      inAWorld({ speed: 2 }, async (sim) => {
        sim.inject({ action: 'UpdateService', times: 1, effect: { kind: 'hang', when: 'after' } });
        const cancel = { ...tag('v2'), 'on-cancel': 'rollback' };
        const result = await step(sim, cancel, interruptAt('rolling out backend:2'));
        expectRed(result, 'cancelled', 'cancelled');
        expect(result.errors[0]).toContain('ECS has not answered whether it takes the update');
        expect(accepted(sim, 'StopServiceDeployment')).toHaveLength(1);
        expect(result.post.summary).toContain('ECS was asked to roll backend:2 back');
      }),
  );
});
