/** No secret is seen of the bundle; `story/canary` has the ways in which a run ends. */
import { describe, expect, test } from '@jest/globals';
import { canariesOf, secretInputs } from '../story/canaries.ts';
import { inAWorld, tag } from './world.ts';

describe('no secret is seen', () => {
  test.concurrent('of a deployment that succeeds', () =>
    inAWorld({}, async (sim) => {
      const { shown, result } = await canariesOf(sim, { ...tag('v2'), ...secretInputs(sim) });
      expect(result.outputs['result']).toBe('succeeded');
      expect(shown).toEqual({});
    }),
  );

  test.concurrent('of a job that is killed, in the post step', () =>
    inAWorld({ speed: 2 }, async (sim) => {
      let isSent = false;
      const { shown, result } = await canariesOf(
        sim,
        { ...tag('v2'), ...secretInputs(sim), 'on-cancel': 'rollback' },
        {
          onOutput: (log, kill) => {
            if (isSent || !log.includes('in progress')) return;
            isSent = true;
            kill('SIGKILL');
          },
        },
      );
      expect(result.exitCode).toBeNull();
      expect(shown).toEqual({});
    }),
  );
});
