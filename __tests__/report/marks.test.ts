import { describe, expect, test } from '@jest/globals';
import type {
  GateResult,
  Problem,
  RollbackEnd,
  ServiceRun,
  StepMark,
  Waiting,
} from '../../src/model/index.ts';
import { markOfChecks, markOfProof, markOfRollback, problemsSince } from '../../src/report/marks.ts';
import { newRunRecord, type RunRecord } from '../../src/report/run-record.ts';
import { serviceRunOf } from '../fakes/literals.ts';

const PROBLEM: Problem = {
  result: 'failed',
  cause: 'app-crashed',
  reason: 'failed',
  hint: undefined,
  evidence: [],
  recovery: 'roll-back',
};

const PASSED: GateResult = { gate: 'targets', state: 'passed', detail: '2 healthy' };

const WAITING: Waiting = { pause: { hookId: 'x', stage: 'POST_TEST_TRAFFIC_SHIFT' }, why: undefined };

function record(...serviceRuns: readonly ServiceRun[]): RunRecord {
  return { ...newRunRecord(), serviceRuns };
}

describe('the mark of a stage', () => {
  test.each<[string, Partial<Problem> | undefined, StepMark]>([
    ['no problem arose', undefined, 'done'],
    ['the release failed', {}, 'failed'],
    ['it timed out and is rolled back', { result: 'timed-out', recovery: 'roll-back' }, 'failed'],
    ['only old tasks drain at the deadline', { result: 'timed-out', recovery: 'leave' }, 'warning'],
    ['another deployment took over', { result: 'superseded', recovery: 'leave' }, 'warning'],
    ['the run lost sight of it', { cause: 'credentials-expired', recovery: 'leave' }, 'warning'],
    ['its role may not look any more', { cause: 'access-denied', recovery: 'leave' }, 'warning'],
    ['it is left as asked', { recovery: 'leave' }, 'failed'],
    ['ECS had rolled back', { result: 'rolled-back', recovery: 'done' }, 'failed'],
  ])('%s', (_, problem, mark) => {
    const all = record(serviceRunOf({ problem: undefined }));
    const since = problemsSince(all);
    all.serviceRuns = [serviceRunOf({ problem: problem && { ...PROBLEM, ...problem } })];
    expect(since()).toBe(mark);
  });

  test('is not that of a problem that was there before it', () => {
    const all = record(serviceRunOf({ problem: PROBLEM }));
    expect(problemsSince(all)()).toBe('done');
  });

  test.each<[string, Partial<ServiceRun>, StepMark]>([
    ['one passed', { gates: [PASSED] }, 'done'],
    ['no task was desired', { gates: [] }, 'warning'],
    ['each was skipped', { gates: [{ ...PASSED, state: 'skipped' }] }, 'warning'],
    ['a pause waits for a person', { gates: [], waiting: WAITING }, 'done'],
    ['one failed', { gates: [{ ...PASSED, state: 'failed' }], problem: PROBLEM }, 'failed'],
  ])('of the gates: %s', (_, more, mark) => {
    const all = record(serviceRunOf({ gates: [], problem: undefined }));
    const since = markOfProof(all);
    all.serviceRuns = [serviceRunOf({ problem: undefined, ...more })];
    expect(since()).toBe(mark);
  });

  test.each<[RollbackEnd | undefined, StepMark]>([
    [undefined, 'done'],
    [{ kind: 'rolled-back' }, 'done'],
    [{ kind: 'rolled-back', unrestored: 'x' }, 'warning'],
    [{ kind: 'nowhere', why: 'x' }, 'warning'],
    [{ kind: 'superseded', by: 'x' }, 'warning'],
    [{ kind: 'unseen', cause: 'access-denied', why: 'x', hint: undefined }, 'warning'],
    [{ kind: 'failed', why: 'x' }, 'failed'],
  ])('of a rollback: %j', (rollback, mark) => {
    expect(markOfRollback(record(serviceRunOf({ rollback })))).toBe(mark);
  });

  test.each([
    ['OK', 'done'],
    ['WARNING', 'done'],
    ['FAILED', 'warning'],
  ] as const)('of checks that came to their end: %s', (state, mark) => {
    const checks = [{ check: 'image', state, detail: '', denied: false }];
    expect(markOfChecks({ ...newRunRecord(), checks })).toBe(mark);
  });
});
