import { describe, expect, test } from '@jest/globals';
import type { Cause, RunningRevision, ServiceOutcome, ServiceRun } from '../../src/model/index.ts';
import { alertKind, grade, headline } from '../../src/report/headline.ts';
import type { Report } from '../../src/report/report.ts';
import { endingOf } from '../../src/report/run-record.ts';
import { DeployError } from '../../src/runtime/error.ts';
import { outcomeOf, revisionArn, serviceRunOf, snapshotOf } from '../fakes/literals.ts';
import { reportOf } from './reports.ts';

function running(name: string, more: Partial<RunningRevision> = {}): RunningRevision {
  return {
    taskDefinitionArn: revisionArn(name),
    tag: undefined,
    commit: undefined,
    since: undefined,
    isPrimary: true,
    desired: 2,
    running: 2,
    healthy: 2,
    draining: false,
    ...more,
  };
}

function ended(
  outcome: Partial<ServiceOutcome>,
  more: Partial<ServiceRun> = {},
  name = 'backend',
): ServiceRun {
  const snapshot = snapshotOf();
  const named = { ...snapshot, address: { ...snapshot.address, name } };
  return serviceRunOf({ snapshot: named, outcome: outcomeOf(outcome), ...more });
}

function of(...serviceRuns: readonly ServiceRun[]): Report {
  return reportOf({ serviceRuns });
}

const NEW = { serving: 'yes', revisions: [running('backend:8')] } as const;
const OLD = { serving: 'yes', revisions: [running('backend:7')] } as const;
const failed = (cause: Cause, state?: ServiceOutcome['state']): Partial<ServiceOutcome> => ({
  result: 'failed',
  cause,
  ...(state === undefined ? {} : { state }),
});

describe('the heading grades', () => {
  test.each<[string, Report]>([
    ['✅ Deployed', of(ended({ state: NEW }))],
    ['⚠️ Scaled to zero, nothing proven', of(ended({}, { desiredCount: 0 }))],
    [
      '↩️ Failed and rolled back to backend:7',
      of(ended({ result: 'rolled-back', cause: 'alarm', state: OLD })),
    ],
    [
      '↩️ Failed and rolled back to backend:9',
      of(
        ended({
          result: 'rolled-back',
          cause: 'alarm',
          state: { serving: 'yes', revisions: [running('backend:9')] },
        }),
      ),
    ],
    [
      '↩️ Failed and rolled back to backend:9, a copy of backend:7',
      of(
        ended(
          {
            result: 'rolled-back',
            cause: 'alarm',
            state: { serving: 'yes', revisions: [running('backend:9')] },
          },
          {
            rollback: {
              kind: 'rolled-back',
              to: revisionArn('backend:9'),
              copyOf: revisionArn('backend:7'),
            },
          },
        ),
      ),
    ],
    [
      '↩️ Failed and rolled back to backend:7, and the URL still fails',
      of(
        ended(
          { result: 'rolled-back', cause: 'http-check-failed', state: OLD },
          {
            rollback: {
              kind: 'rolled-back',
              gates: [
                { gate: 'targets', state: 'passed', detail: '2 healthy' },
                { gate: 'http', state: 'failed', detail: 'status 500' },
              ],
            },
          },
        ),
      ),
    ],
    ['⚠️ Live, not proven', of(ended(failed('http-check-failed', NEW)))],
    ['❌ Failed, and nothing is serving', of(ended(failed('http-check-failed', { ...NEW, serving: 'no' })))],
    ['❌ Failed, and what ran before still serves', of(ended(failed('app-crashed', OLD)))],
    ['❌ Failed', of(ended(failed('app-crashed')))],
    [
      '❌ Failed, and what ran before still serves',
      of(
        ended(
          failed('app-crashed', {
            serving: 'yes',
            revisions: [
              running('backend:8', { healthy: 1 }),
              running('backend:7', { isPrimary: false, desired: 1, running: 1, healthy: 1 }),
            ],
          }),
        ),
      ),
    ],
    [
      '❌ Failed, and only some tasks are serving',
      of(ended(failed('app-crashed', { ...NEW, serving: 'partly' }))),
    ],
    [
      '❌ Failed',
      of(
        ended(failed('app-crashed', { ...NEW, serving: 'no' })),
        ended(failed('app-crashed', { ...NEW, serving: 'partly' }), {}, 'worker'),
      ),
    ],
    [
      '↩️ Stopped and rolled back to backend:7',
      of(ended({ result: 'rolled-back', cause: 'deployment-stopped', state: OLD })),
    ],
    ['⚠️ Live, not finished', of(ended({ result: 'timed-out', cause: 'timeout', state: NEW }))],
    [
      '❌ Timed out, and only some tasks are serving',
      of(ended({ result: 'timed-out', cause: 'timeout', state: { ...NEW, serving: 'partly' } })),
    ],
    ['⚠️ Not followed to its end, ECS goes on', of(ended(failed('credentials-expired')))],
    ['⚠️ Not followed to its end, ECS goes on', of(ended(failed('no-credentials')))],
    [
      '🚨 The rollback failed, and nothing is serving',
      of(ended(failed('rollback-failed', { ...OLD, serving: 'no' }))),
    ],
    [
      '🚨 The rollback failed, and two revisions run',
      of(
        ended(
          failed('rollback-failed', {
            serving: 'yes',
            revisions: [running('backend:7'), running('backend:8', { isPrimary: false })],
          }),
        ),
      ),
    ],
    [
      '🚨 The rollback failed, and backend:7 runs',
      of(
        ended(
          failed('rollback-failed', {
            serving: 'yes',
            revisions: [running('backend:7'), running('backend:8', { isPrimary: false, draining: true })],
          }),
        ),
      ),
    ],
    ['🚨 The rollback failed', of(ended(failed('rollback-failed')))],
    [
      '⚠️ Services on different versions: worker is on the new one, backend is not',
      of(ended({ result: 'rolled-back', cause: 'alarm' }), ended({}, {}, 'worker')),
    ],
    [
      '↩️ Failed and rolled back',
      of(
        ended({ result: 'rolled-back', cause: 'alarm' }),
        ended({ result: 'rolled-back', cause: 'alarm' }, {}, 'worker'),
      ),
    ],
    ['🚀 Deployment started', of(ended({ result: 'started' }))],
    [
      '⏸️ Waits for a decision',
      {
        ...of(ended({ result: 'started' })),
        services: of(ended({ result: 'started' })).services.map((each) => ({
          ...each,
          stage: 'POST_TEST_TRAFFIC_SHIFT',
        })),
      },
    ],
    ['✅ Deployed', of(ended({}), ended({}, {}, 'worker'))],
    ['↩️ Rolled back on purpose to backend:7', { ...of(ended({ state: OLD })), mode: 'rollback' }],
    ...(
      [
        ['invalid-input', 'wrong input'],
        ['no-credentials', 'no AWS credentials'],
        ['preflight-failed', 'a check failed'],
        ['build-failed', 'the build failed'],
        ['access-denied', 'AWS denied access'],
        ['credentials-expired', 'the AWS credentials have expired'],
      ] as const
    ).map(([cause, words]): [string, Report] => [
      `✋ Not started: ${words}`,
      reportOf({ serviceRuns: [], ending: endingOf(new DeployError(cause, 'x')) }),
    ]),
  ])('%s', (words, report) => {
    expect(grade(report)).toBe(words);
    expect(headline(report)).toMatch(/(?:^[^:]*: [\w, ]+ in prod|:.* — [\w, ]+ in prod| \(prod\))$/);
  });
});

describe('the box around the message', () => {
  test.each<[string, 'CAUTION' | 'WARNING' | undefined, Report]>([
    ['of what is well', undefined, of(ended({ state: NEW }))],
    ['of what is live, and not proven', 'WARNING', of(ended(failed('http-check-failed', NEW)))],
    [
      'of a rollback that failed, though what runs is healthy',
      'CAUTION',
      of(ended(failed('rollback-failed', NEW))),
    ],
    ['of what the run lost sight of', 'WARNING', of(ended(failed('credentials-expired')))],
    [
      'of what the run lost sight of while it went back',
      'CAUTION',
      of(ended(failed('rollback-failed')), ended(failed('access-denied'))),
    ],
    ['of what failed', 'CAUTION', of(ended(failed('app-crashed', OLD)))],
  ])('%s', (_, kind, report) => {
    expect(alertKind(report)).toBe(kind);
  });
});
