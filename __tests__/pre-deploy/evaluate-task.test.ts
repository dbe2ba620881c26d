import { describe, expect, test } from '@jest/globals';
import type { Task } from '@aws-sdk/client-ecs';
import { isOver, evaluateTask } from '../../src/pre-deploy/follow.ts';

const DONE = 'Essential container in task exited';
const LOG =
  'Fix what the stop reason and the last log lines say; what the command did before it failed is still done.';

function taskOf(exitCode: number | undefined, more: Partial<Task> = {}): Task {
  return {
    lastStatus: 'STOPPED',
    stopCode: 'EssentialContainerExited',
    stoppedReason: DONE,
    containers: [
      { name: 'proxy', exitCode: 143 },
      { name: 'web', ...(exitCode !== undefined && { exitCode }) },
    ],
    ...more,
  };
}

describe('the end of the task', () => {
  test('is good where the container exited with 0, whatever became of its neighbours', () => {
    expect(evaluateTask(taskOf(0), { container: 'web' })).toEqual({ kind: 'good' });
  });

  test.each<[number | undefined, Partial<Task>, string, string | RegExp]>([
    [3, {}, 'container "web" exited with code 3', LOG],
    [127, {}, 'container "web" exited with code 127', /command was not found/],
    [1, { stoppedReason: undefined }, 'container "web" exited with code 1', LOG],
    [
      137,
      {
        containers: [
          { name: 'web', exitCode: 137, reason: 'OutOfMemoryError: Container killed due to memory usage' },
        ],
      },
      'container "web" exited with code 137 (OutOfMemoryError: Container killed due to memory usage)',
      /Raise the memory/,
    ],
    [
      undefined,
      {
        stopCode: 'TaskFailedToStart',
        stoppedReason: 'CannotPullContainerError: pull access denied',
        containers: [{ name: 'web', reason: 'CannotPullContainerError: pull access denied' }],
      },
      'container "web" never ran (CannotPullContainerError: pull access denied)',
      /execution role/,
    ],
    [
      undefined,
      { stopCode: 'TaskFailedToStart', stoppedReason: 'Timeout waiting for network interface provisioning' },
      'container "web" never ran (Timeout waiting for network interface provisioning)',
      LOG,
    ],
    [
      undefined,
      {
        startedAt: new Date(0),
        stopCode: 'TerminationNotice',
        stoppedReason: 'Host EC2 (instance i-0abc) terminated.',
      },
      'container "web" ended without an exit code (Host EC2 (instance i-0abc) terminated.)',
      LOG,
    ],
    [
      0,
      { stopCode: 'UserInitiated', stoppedReason: 'Task stopped by user' },
      'it was stopped while container "web" ran (Task stopped by user)',
      LOG,
    ],
    [
      0,
      { stopCode: 'SpotInterruption', stoppedReason: 'Your Spot Task was interrupted.' },
      'it was stopped while container "web" ran (Your Spot Task was interrupted.)',
      LOG,
    ],
  ])('is bad with exit code %j and %j', (exitCode, more, why, hint) => {
    const hinted = typeof hint === 'string' ? hint : expect.stringMatching(hint);
    expect(evaluateTask(taskOf(exitCode, more), { container: 'web' })).toEqual({
      kind: 'bad',
      why,
      hint: hinted,
    });
  });
});

describe('a task that never ran', () => {
  const never: Partial<Task> = { stopCode: 'TaskFailedToStart', containers: [{ name: 'web' }] };

  test.each([
    'Timeout waiting for network interface provisioning to complete.',
    'CannotPullContainerError: pull image manifest has been retried 5 time(s): dial tcp 10.0.3.17:443: i/o timeout',
    'ResourceInitializationError: unable to retrieve secret from asm: ThrottlingException: Rate exceeded',
    'Capacity is unavailable at this time. Please try again later.',
    'InternalError: The task failed to start due to an internal error',
  ])('met a hiccup: %s', (stoppedReason) => {
    expect(evaluateTask(taskOf(undefined, { ...never, stoppedReason }), { container: 'web' })).toMatchObject({
      isHiccup: true,
    });
  });

  test('says so where no row of the table says more', () => {
    const task = taskOf(undefined, { ...never, stoppedReason: 'InternalError: The task failed to start' });
    expect(evaluateTask(task, { container: 'web' })).toMatchObject({
      hint: 'Nothing of the command ran. What kept the task from starting passes by itself: run this again.',
    });
  });

  test('for a reason that is in no table is none that passes', () => {
    const end = evaluateTask(taskOf(undefined, { ...never, stoppedReason: 'Something new' }), {
      container: 'web',
    });
    expect(end).toMatchObject({ hint: 'Nothing of the command ran: look at the stop reason.' });
    expect(end).not.toHaveProperty('isHiccup');
  });
});

describe('the task', () => {
  test.each<[string, number | undefined, boolean, boolean]>([
    ['STOPPED', undefined, true, true],
    ['DEPROVISIONING', 0, true, false],
    ['RUNNING', 0, true, false],
    ['RUNNING', 0, false, true],
    ['RUNNING', undefined, false, false],
  ])('%s with exit code %j, essential %s: over is %s', (lastStatus, exitCode, essential, over) => {
    expect(isOver(taskOf(exitCode, { lastStatus }), 'web', essential)).toBe(over);
  });
});
