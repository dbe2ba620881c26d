import { describe, expect, test } from '@jest/globals';
import { Analysis } from '../../src/gates/analysis.ts';
import type { Measurement, Measurer, Rule, Stage } from '../../src/model/analysis.ts';
import { fakeClock } from '../fakes/clock.ts';

const STAGE = { phase: 'shifting', deploymentId: 'd', traffic: 'part' } as const;

/** Asks each minute for ten, with another share of the traffic from the fourth on: how it stands after each answer. */
async function standingsWith(
  limits: Pick<Rule, 'limitMs'>,
  more: Pick<Stage, 'pause'> = {},
): Promise<string[]> {
  const signal = new AbortController().signal;
  const seen: string[] = [];
  const clock = fakeClock({
    during: (pause) => {
      if (pause === 3) analysis.begin({ ...STAGE, weight: 50 });
      if (pause === 9) analysis.stop();
    },
  });
  const measurer: Measurer = {
    gate: 'metrics',
    rule: () => ({ successes: 1, failures: 1, goodFirst: false, ...limits }),
    everyMs: () => 60_000,
    measure: ({ n }): Promise<readonly Measurement[]> =>
      Promise.resolve([
        {
          gate: 'metrics',
          subject: 'requests >= 1',
          round: n,
          at: clock.now(),
          reading: { kind: 'inconclusive', atLimit: 'skipped', blames: false },
          detail: 'none',
          evidence: [],
        },
      ]),
    conclude: () => ({ gate: 'metrics', state: 'skipped', detail: '' }),
  };
  const analysis = new Analysis({ clock, signal }, [measurer], {
    answered: () => {
      seen.push(...[...(analysis.asked(measurer)?.standings.values() ?? [])].map(({ kind }) => kind));
    },
    broken: (_, error) => {
      throw error as Error;
    },
  });
  analysis.begin({ ...STAGE, weight: 10, ...more });
  await analysis.done();
  return seen;
}

describe('the limit of a gate', () => {
  const FIVE_MINUTES = 5 * 60_000;

  test('counts from the beginning of each round: what is counted comes from its traffic alone', async () => {
    const standings = await standingsWith({ limitMs: FIVE_MINUTES });
    expect(standings.indexOf('skipped')).toBe(8);
  });

  test('ends a minute before a pause expires', async () => {
    const pause = { hookId: 'h', stage: 's', leftMs: 3 * 60_000 };
    const standings = await standingsWith({ limitMs: 10 * FIVE_MINUTES }, { pause });
    expect(standings.indexOf('skipped')).toBe(2);
  });
});
