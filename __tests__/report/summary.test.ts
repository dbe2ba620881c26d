import { describe, expect, it } from '@jest/globals';
import { RESULTS } from '../../src/model/index.ts';
import { headlineOf } from '../../src/report/headline.ts';
import { renderSummary } from '../../src/report/summary.ts';
import { serviceRunOf, outcomeOf } from '../fakes/literals.ts';
import { REGISTERED, reportOf } from './reports.ts';

describe('the job summary', () => {
  it('leads with the result and its sentence', () => {
    expect(renderSummary(reportOf())).toMatch(
      /^## ✅ Deployed: backend in prod\n\nbackend:8 is deployed to backend and proven healthy\.\n/,
    );
  });

  it('has a headline of its own for every result', () => {
    expect(new Set(RESULTS.map(headlineOf)).size).toBe(RESULTS.length);
  });

  it('says cause, hint, log lines and evidence of a failure before anything else', () => {
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
    const summary = renderSummary(reportOf({ serviceRuns: [serviceRunOf({ outcome })] }));
    const order = [
      '> [!CAUTION]\n> `app-crashed` It failed.',
      '**What to do:** Look at the log.',
      '**What runs now:** backend runs backend:8.',
      '```\nboom\n```',
      '- stopped task: task abc exited with 1',
      '| Service | ',
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
    expect(summary).toContain(
      '! containerDefinitions[web].environment[PASSWORD]: changed (values not shown)',
    );
    expect(summary).toContain('- cpu: 256\n+ cpu: ');
  });

  it('has no timeline without steps', () => {
    const summary = renderSummary(reportOf({ serviceRuns: [] }, { steps: [] }));
    expect(summary).not.toContain('Timeline');
  });

  it('keeps the last 200 lines of a container that said more', () => {
    const evidence = Array.from({ length: 500 }, (_, at) => ({ kind: 'log', text: `line ${at};` }) as const);
    const outcome = outcomeOf({ result: 'failed', cause: 'app-crashed', evidence });
    const summary = renderSummary(reportOf({ serviceRuns: [serviceRunOf({ outcome })] }));
    expect(summary).not.toContain('line 299;');
    expect(summary).toContain('line 300;');
    expect(summary).toContain('line 499;');
  });

  it('stays under the 1 MiB that GitHub takes, however long and wide the lines are', () => {
    const evidence = Array.from({ length: 500 }, () => ({ kind: 'log', text: '漢'.repeat(9000) }) as const);
    const outcome = outcomeOf({ result: 'failed', cause: 'app-crashed', evidence });
    const summary = renderSummary(reportOf({ serviceRuns: [serviceRunOf({ outcome })] }));
    expect(Buffer.byteLength(summary)).toBeLessThan(1024 * 1024);
    expect(summary).toContain('Last log lines');
  });

  it('stays under it however much else there is to say', () => {
    const long = 'x'.repeat(1900);
    const changes = Array.from(
      { length: 2000 },
      (_, at) => ({ path: `cpu${at}`, kind: 'added', after: long }) as const,
    );
    const checks = Array.from(
      { length: 2000 },
      () => ({ check: 'image', state: 'FAILED', detail: long, denied: false }) as const,
    );
    const report = reportOf(
      { checks, definitions: [{ ...REGISTERED, changes }] },
      { warnings: checks.map(({ detail }) => detail) },
    );
    const summary = renderSummary(report);
    expect(Buffer.byteLength(summary)).toBeLessThan(1024 * 1024);
    expect(summary).toContain('## ✅ Deployed: backend in prod');
  });

  it('shows the first of many differences rather than none', () => {
    const changes = Array.from(
      { length: 900 },
      (_, at) => ({ path: `cpu${at}`, kind: 'added', after: 'x'.repeat(1500) }) as const,
    );
    const summary = renderSummary(reportOf({ definitions: [{ ...REGISTERED, changes }] }));
    expect(summary).toContain('… and 700 more differences');
  });
});
