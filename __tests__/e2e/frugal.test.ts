import { expect, test } from '@jest/globals';
import { fetchedCredentials, openGate } from '../../bench/program.ts';
import { runStep } from '../../runner/step.ts';
import { expectGreen, inAWorld, tag } from './world.ts';

test.concurrent('a run fetches its credentials once, and has two connections to a host at most', () =>
  inAWorld({}, async (sim) => {
    const gate = await openGate(sim);
    try {
      const inputs = {
        cluster: 'demo',
        service: 'backend',
        mode: 'plan',
        'pr-comment': 'false',
        ...tag('v2'),
      };
      expectGreen(await runStep(inputs, fetchedCredentials(gate)), 'planned');
      expect(gate.seen.calls).toBeGreaterThan(10);
      expect(gate.seen.credentials).toBe(1);
      expect(Math.max(...gate.seen.connections.values())).toBe(2);
    } finally {
      await gate.close();
    }
  }),
);
