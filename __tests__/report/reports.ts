import type { RegisteredDefinition } from '../../src/model/index.ts';
import { composeReport, runFacts, type Recorded, type Report } from '../../src/report/report.ts';
import { newRunRecord, type RunRecord } from '../../src/report/run-record.ts';
import { serviceRunOf, digestOf, REPOSITORY, requestOf, revisionArn } from '../fakes/literals.ts';

export const RECORDED: Recorded = {
  startedAt: '2026-01-02T03:04:05.000Z',
  durationSeconds: 61.5,
  steps: [{ name: 'Survey', from: 0, seconds: 1.2, ok: true, mark: 'done' as const }],
  lines: [{ at: 0.5, text: 'seen' }],
  warnings: [],
  notes: [],
  points: [],
};

export const REGISTERED: RegisteredDefinition = {
  arn: revisionArn('backend:8'),
  origin: 'backend:7, the latest revision of its family',
  registered: true,
  deregistered: false,
  changes: [],
};

/** A record in which backend:8 was registered and deployed. */
export function recordOf(more: Partial<RunRecord> = {}): RunRecord {
  return {
    ...newRunRecord(),
    image: {
      reference: `${REPOSITORY}@${digestOf('a')}`,
      digest: digestOf('a'),
      tag: '1.4.2',
      registry: REPOSITORY.split('/')[0],
    },
    definitions: [REGISTERED],
    serviceRuns: [serviceRunOf()],
    url: 'https://api.example.com',
    ...more,
  };
}

/** The report of such a record. */
export function reportOf(record: Partial<RunRecord> = {}, recorded: Partial<Recorded> = {}): Report {
  return composeReport(requestOf(), runFacts({}), recordOf(record), { ...RECORDED, ...recorded });
}
