import { describe, expect, test } from '@jest/globals';
import { adviceOf, CAUSE_GUIDE, type Cause, type Ending } from '../../src/model/index.ts';
import type { StepResult } from '../../runner/step.ts';
import { expectRed, inAWorld, step, tag } from './world.ts';

/** The hint as Markdown shows it: what could be structure is escaped there. */
function plain(markdown: string): string {
  return markdown.replaceAll('\\', '');
}

function expectGuide(result: StepResult, cause: Cause, ending: Ending): void {
  const hint = adviceOf(cause, ending);
  expect(result.log).toContain(`What to do: ${hint}`);
  expect(result.errors[0]).toContain(hint);
  expect(plain(result.summary).replaceAll('`', '')).toContain(`**What to do:** ${hint}`);
  expect(result.report.hint).toBe(hint);
}

describe('a cause without a hint of its own shows what the guide says', () => {
  test('circuit-breaker', () =>
    inAWorld({}, async (sim) => {
      sim.inject({ action: 'ListTasks', effect: { kind: 'denied' } });
      const result = await step(sim, tag('crash-1'));
      expectRed(result, 'rolled-back', 'circuit-breaker');
      expectGuide(result, 'circuit-breaker', 'undone');
    }));

  test('http-check-failed, where the URL answers wrongly', () =>
    inAWorld({}, async (sim) => {
      const url = sim.loadBalancers['web']?.url ?? '';
      const result = await step(sim, { ...tag('error500-1'), 'health-check-url': `${url}/health` });
      expectRed(result, 'rolled-back', 'http-check-failed');
      expectGuide(result, 'http-check-failed', 'undone');
    }));

  test('invalid-input', () =>
    inAWorld({}, async (sim) => {
      const result = await step(sim, { ...tag('v2'), 'on-failure': 'pray' });
      expectRed(result, 'failed', 'invalid-input');
      // Nothing was asked of AWS by then, which the guide cannot say of every wrong input.
      expect(result.log).toContain('What to do: Correct what the message names. Nothing was called yet.');
    }));

  test('a cause that has one shows its own', () =>
    inAWorld({}, async (sim) => {
      const result = await step(sim, tag('crash-1'));
      expectRed(result, 'rolled-back', 'app-crashed');
      expect(result.report.hint).not.toBe(CAUSE_GUIDE['app-crashed'].hint);
      expect(result.log).toContain('What to do: The program ended by itself');
    }));
});
