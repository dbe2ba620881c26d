import { describe, expect, it } from '@jest/globals';
import type { StepMark } from '../../src/model/index.ts';
import { timeline } from '../../src/report/timeline.ts';
import { OUTCOMES } from './outcomes.ts';
import { reportOf } from './reports.ts';

const POINT = {
  service: 'backend',
  desired: 2,
  running: 0,
  healthy: 0,
  old: 2,
  draining: 0,
  failed: 0,
  stage: 'in progress',
};
const STEP = { name: 'Watch', from: 0, seconds: 100, ok: true, mark: 'done' as StepMark };

/** The bars of the chart, below their sections. */
function bars(
  points: readonly (Partial<typeof POINT> & { at: number; back?: true })[],
  steps = [STEP],
): string[] {
  const report = reportOf({}, { steps, points: points.map((point) => ({ ...POINT, ...point })) });
  const chart = timeline(report).find((block) => block.startsWith('```mermaid')) ?? '';
  return chart
    .split('\n')
    .slice(5, -1)
    .map((line) => line.trim());
}

describe('the timeline', () => {
  it('shows what a rollout goes through, each phase until the next', () => {
    expect(
      bars([
        { at: 0 },
        { at: 10, running: 1 },
        { at: 20, running: 2 },
        { at: 40, running: 2, healthy: 2 },
        { at: 90, running: 2, healthy: 2, old: 0 },
      ]),
    ).toEqual([
      'section Steps',
      'Watch :done, 0, 100000',
      'section Rollout',
      'starting tasks :0, 20000',
      'becoming healthy :20000, 40000',
      'draining old tasks :40000, 90000',
    ]);
  });

  it('shows failing tasks and the rollback in red', () => {
    expect(
      bars([{ at: 0 }, { at: 30, failed: 2 }, { at: 50, failed: 2, stage: 'rollback in progress' }]).slice(3),
    ).toEqual([
      'starting tasks :0, 30000',
      'tasks fail :crit, 30000, 50000',
      'rolling back :crit, 50000, 100000',
    ]);
  });

  it('tells a deployment with which the run goes back from the one that failed', () => {
    const back = { ...STEP, name: 'Roll back', from: 60, seconds: 40 };
    const healthy = { running: 2, healthy: 2, old: 0 };
    expect(
      bars(
        [
          { at: 0 },
          { at: 30, ...healthy },
          { at: 60, back: true },
          { at: 70, failed: 1, back: true },
          { at: 80, ...healthy, back: true },
        ],
        [{ ...STEP, seconds: 60 }, back],
      ).slice(4),
    ).toEqual([
      'starting tasks :0, 30000',
      'rollback - starting tasks :60000, 70000',
      'rollback - tasks fail :crit, 70000, 80000',
    ]);
  });

  it('has no fault to show where it goes back on purpose', () => {
    const back = { ...POINT, at: 0, stage: 'rollback in progress' };
    const report = { ...reportOf({}, { steps: [STEP], points: [back] }), mode: 'rollback' as const };
    expect(timeline(report).join('\n')).toContain('rolling back :0, 100000');
  });

  it('shows the stages of a native strategy by their names', () => {
    const stage = (name: string): { stage: string } => ({ stage: `in progress (${name})` });
    expect(
      bars([
        { at: 0, ...stage('scale up') },
        { at: 50, ...stage('bake time') },
      ]).slice(3),
    ).toEqual(['scale up :0, 50000', 'bake time :50000, 100000']);
  });

  it('gives a step that failed another colour, and a short one a width that can be seen', () => {
    expect(bars([], [STEP, { name: 'Gate', from: 100, seconds: 0, ok: false, mark: 'failed' }])).toEqual([
      'section Steps',
      'Watch :done, 0, 100000',
      'Gate :crit, 100000, 101000',
    ]);
  });

  it('gives a step that ended in a warning neither', () => {
    expect(bars([], [{ ...STEP, mark: 'warning' }])).toEqual(['section Steps', 'Watch :0, 100000']);
  });

  it('shortens the stages of traffic, since there is little room beside a bar', () => {
    const shifting = { at: 0, stage: 'in progress (production traffic shift, 20 %)' };
    expect(bars([shifting]).slice(3)).toEqual(['production traffic  20 % :0, 100000']);
  });

  it('has no letter that means something to Mermaid', () => {
    const [, bar = ''] = bars([], [{ ...STEP, name: 'a:b;c#d,e%%f\n"g"' }]);
    expect(bar).toBe('a b c d e  f  g  :done, 0, 100000');
    const [, weight = ''] = bars([], [{ ...STEP, name: 'production traffic shift, 2.5 %' }]);
    expect(weight).toBe('production traffic shift  2.5 % :done, 0, 100000');
  });

  it.each([
    ['a quick run', [{ ...STEP, seconds: 0.4 }]],
    ['a run of too many steps', Array.from({ length: 41 }, (_, at) => ({ ...STEP, from: at }))],
  ])('is a table for %s', (_what, steps) => {
    const [, table = ''] = timeline(reportOf({}, { steps }));
    expect(table).toMatch(/^\| Step \| At \| Took \|/);
  });

  it('counts seconds, at most seven of them on the axis', () => {
    const report = { ...OUTCOMES['proven healthy']!, rollout: [], steps: [{ ...STEP, seconds: 1800 }] };
    expect(timeline(report)[1]).toContain('    axisFormat %s s\n    tickInterval 5minute\n');
    const longer = { ...report, steps: [{ ...STEP, seconds: 2200 }] };
    expect(timeline(longer)[1]).toContain('    tickInterval 10minute\n');
  });
});
