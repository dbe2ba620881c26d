import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { RESULTS } from '../../src/model.ts';
import { renderSummary, headlineOf } from '../../src/report/summary.ts';
import { hostileText } from '../fakes/hostile.ts';
import { courseOf, outcomeOf } from '../fakes/literals.ts';
import { REGISTERED, reportOf } from './reports.ts';

describe('the job summary', () => {
  it('leads with the result and its sentence', () => {
    expect(renderSummary(reportOf())).toMatch(
      /^## ✅ Deployed\n\nbackend:8 is deployed to backend and proven healthy\.\n/,
    );
  });

  it('has a headline of its own for every result', () => {
    expect(new Set(RESULTS.map(headlineOf)).size).toBe(RESULTS.length);
  });

  it('says cause, remedy and evidence of a failure before anything else', () => {
    const outcome = outcomeOf({
      result: 'rolled-back',
      cause: 'app-crashed',
      message: 'It failed.',
      hint: 'Look at the log.',
      evidence: [
        { kind: 'stopped-task', text: 'task abc exited with 1' },
        { kind: 'log', text: 'boom' },
      ],
    });
    const summary = renderSummary(reportOf({ courses: [courseOf({ outcome })] }));
    const order = [
      '**Cause:** `app-crashed`',
      '**What to do:** Look at the log.',
      '- stopped task: task abc exited with 1',
      '```\nboom\n```',
      '| Service |',
    ].map((part) => summary.indexOf(part));
    expect(order).not.toContain(-1);
    expect(order).toEqual(order.toSorted((a, b) => a - b));
  });

  it('shows a hidden change by its path alone', () => {
    const changes = [
      { path: 'containerDefinitions[web].environment[PASSWORD]', kind: 'changed' },
      { path: 'cpu', kind: 'changed', before: '256', after: '' },
    ] as const;
    const summary = renderSummary(reportOf({ definitions: [{ ...REGISTERED, changes }] }));
    expect(summary).toContain('Task definition: 2 differences to what ran');
    expect(summary).toContain('| `containerDefinitions[web].environment[PASSWORD]` | changed |  |  |');
    expect(summary).toContain('| `cpu` | changed | `256` | ` ` |');
  });

  it('has no table without rows', () => {
    const summary = renderSummary(reportOf({ courses: [] }, { steps: [] }));
    expect(summary).not.toContain('| --- |');
  });

  it('keeps the last 200 lines of a container that said more', () => {
    const evidence = Array.from({ length: 500 }, (_, at) => ({ kind: 'log', text: `line ${at};` }) as const);
    const outcome = outcomeOf({ result: 'failed', cause: 'app-crashed', evidence });
    const summary = renderSummary(reportOf({ courses: [courseOf({ outcome })] }));
    expect(summary).not.toContain('line 299;');
    expect(summary).toContain('line 300;');
    expect(summary).toContain('line 499;');
  });

  it('stays under the 1 MiB that GitHub takes, however long and wide the lines are', () => {
    const evidence = Array.from({ length: 500 }, () => ({ kind: 'log', text: '漢'.repeat(9000) }) as const);
    const outcome = outcomeOf({ result: 'failed', cause: 'app-crashed', evidence });
    const summary = renderSummary(reportOf({ courses: [courseOf({ outcome })] }));
    expect(Buffer.byteLength(summary)).toBeLessThan(1024 * 1024);
  });

  it('keeps its own structure, whatever the texts from outside are', () => {
    fc.assert(
      fc.property(hostileText, (text) => {
        const outcome = outcomeOf({
          result: 'failed',
          cause: 'unknown',
          message: text,
          hint: text,
          production: text,
          evidence: [{ kind: 'event', text }],
        });
        const report = reportOf({ courses: [courseOf({ outcome })] }, { warnings: [text] });
        const lines = renderSummary(report).split('\n');
        expect(lines.filter((line) => line.startsWith('#'))).toEqual(['## ❌ Failed']);
        expect(lines.filter((line) => line.startsWith('- '))).toHaveLength(1);
        expect(lines.filter((line) => line.startsWith('> '))).toHaveLength(1);
        const rows = lines.filter((line) => line.startsWith('| '));
        const cells = rows.map((row) => row.replaceAll(/\\[\\|]/g, '').split('|').length - 2);
        expect(cells).toEqual([5, 5, 5, 4, 4, 4]);
      }),
      { numRuns: 300 },
    );
  });
});
