import { expect, test } from '@jest/globals';
import type { ServiceDeployment, ServiceRevision } from '../../simulator/state/model.ts';
import { doubled, isBackOn, verdictOf } from './judge.ts';

const NEVER_RAN = { arn: 'task/a', createdAt: 0, startedAt: undefined, stoppedAt: 20 };
const RAN = { arn: 'task/b', createdAt: 30, startedAt: 50, stoppedAt: 90 };

test.each([
  ['one that ran', [RAN], []],
  ['one that ran after one that never did', [NEVER_RAN, RAN], []],
  ['two that never ran', [NEVER_RAN, { ...NEVER_RAN, arn: 'task/c', createdAt: 30 }], []],
  ['two that ran', [RAN, { ...RAN, arn: 'task/c', createdAt: 100 }], ['2 tasks ran: task/b, task/c']],
  [
    'one beside another that had not ended',
    [NEVER_RAN, { ...RAN, createdAt: 10 }],
    ['task/b was started beside another one'],
  ],
  [
    'one beside another that never ended',
    [{ ...NEVER_RAN, stoppedAt: undefined }, RAN],
    ['task/b was started beside another one'],
  ],
])('one-off tasks of a run: %s', (_, tasks, wrong) => {
  expect(doubled(tasks)).toEqual(wrong);
});

/** A revision whose only image has this digest. */
function on(digest: string): ServiceRevision {
  return { images: new Map([['web', { digest }]]) } as unknown as ServiceRevision;
}

const OURS = { arn: 'ours' } as ServiceDeployment;
const THEIRS = { arn: 'theirs' } as ServiceDeployment;

test.each<[string, ServiceRevision, boolean, ServiceDeployment, boolean]>([
  ['is complete', on('good'), true, OURS, true],
  ['is under way', on('good'), false, OURS, false],
  ['is of others, who deploy the same once more', on('good'), false, THEIRS, true],
  ['is of others, and something else', on('bad'), true, THEIRS, false],
])('a service is back where its deployment %s', (_, revision, isComplete, primary, isBack) => {
  expect(isBackOn({ revision, isComplete, primary }, on('good'), new Set([THEIRS]))).toBe(isBack);
});

const STOPPED = {
  status: 'STOPPED',
  statusReason: 'by a user',
  rollback: undefined,
  finishedAt: 20,
} as const;
const BACK = {
  status: 'ROLLBACK_SUCCESSFUL',
  statusReason: undefined,
  rollback: { reason: 'x', startedAt: 20, revision: on('good') },
  finishedAt: 90,
} as const;

test.each<[string, Parameters<typeof verdictOf>[0], number, ReturnType<typeof verdictOf>]>([
  ['that were stopped before', [STOPPED], 30, 'failed'],
  ['that were stopped after', [STOPPED], 10, 'none'],
  ['that began to go back before', [BACK], 30, 'failed'],
  ['that began to go back after', [BACK], 10, 'none'],
  ['that a newer one ended', [{ ...STOPPED, statusReason: 'a newer service deployment' }], 30, 'none'],
  ['of which one succeeded', [STOPPED, { ...STOPPED, status: 'SUCCESSFUL' }], 30, 'good'],
])('the verdict by a time on deployments %s', (_, deployments, by, verdict) => {
  expect(verdictOf(deployments, by)).toBe(verdict);
});
