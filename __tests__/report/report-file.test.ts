import { describe, expect, it } from '@jest/globals';
import type { Evidence } from '../../src/model/index.ts';
import { composeReport, runFacts, type Report } from '../../src/report/report.ts';
import { reportForFile } from '../../src/report/publish.ts';
import { serviceRunOf, outcomeOf, requestOf } from '../fakes/literals.ts';
import { RECORDED, recordOf } from './reports.ts';

const STATUS: Evidence = { kind: 'status', text: 'FAILED' };
const LONG = 'x'.repeat(100_000);

function reportWith(evidence: readonly Evidence[], lines: string[] = []): Report {
  const outcome = outcomeOf({ result: 'failed', cause: 'app-crashed', evidence });
  const recorded = { ...RECORDED, lines: lines.map((text) => ({ at: 1, text })) };
  return composeReport(
    requestOf(),
    runFacts({}),
    recordOf({ serviceRuns: [serviceRunOf({ outcome })] }),
    recorded,
  );
}

describe('the report file', () => {
  it('holds no line that a container wrote', () => {
    const report = reportForFile(reportWith([STATUS, { kind: 'log', text: 'app: password=hunter2' }]));
    expect(report.evidence).toEqual([STATUS]);
    expect(report.services[0]?.evidence).toEqual([STATUS]);
    expect(JSON.stringify(report)).not.toContain('hunter2');
  });

  it('is bounded: each text is cut at 2,000 characters, and says so', () => {
    const error: Evidence = { kind: 'error', text: LONG };
    const report = reportForFile(reportWith([error], [LONG]));
    const text = `${'x'.repeat(2_000)}… (98000 more characters)`;
    expect(report.evidence).toEqual([{ kind: 'error', text }]);
    expect(report.observations).toEqual([{ at: 1, text }]);
  });

  it('is otherwise the report', () => {
    const report = reportWith([STATUS], ['seen']);
    expect(reportForFile(report)).toEqual(JSON.parse(JSON.stringify(report)));
  });
});
