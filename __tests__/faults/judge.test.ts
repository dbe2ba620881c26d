import { expect, test } from '@jest/globals';
import { doubled } from './judge.ts';

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
