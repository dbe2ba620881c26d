/** A deployment of others that this run takes up is judged as its own, and what the run changed beside it as well. */
import { expect, test } from '@jest/globals';
import { expectRed, inAWorld, production, service, step, tag } from './world.ts';

test('the count that a run set on a deployment that it took up goes back with it', () =>
  inAWorld({ circuitBreaker: false }, async (sim) => {
    sim.operator.deploy('backend', 'crash-1');
    const result = await step(sim, { ...tag('crash-1'), 'task-definition': 'running', 'desired-count': '1' });
    expectRed(result, 'rolled-back', 'app-crashed');
    expect(result.log).toContain('backend: restoring desired-count.');
    expect(service(sim).desiredCount).toBe(2);
    expect(production(sim)).toMatch(/^backend:1 /);
  }));
