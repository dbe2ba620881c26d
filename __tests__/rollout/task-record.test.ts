import type { Task } from '@aws-sdk/client-ecs';
import { describe, expect, test } from '@jest/globals';
import { viewTask } from '../../src/ecs/task-health.ts';
import type { TaskFailure } from '../../src/ecs/task-failure.ts';
import {
  areStable,
  isConclusive,
  NO_TASKS,
  outliveTheCrashed,
  pastOfComplete,
  recordTasks,
  type Before,
  type TaskRecord,
} from '../../src/rollout/task-record.ts';
import { taskView } from './builders.ts';

/** A task whose program ended with 1 after so many seconds, by AWS's own times. */
function crash(id: string, lifeSeconds: number, changes: Partial<Task> = {}): Task {
  return {
    taskArn: `arn:aws:ecs:eu-west-1:1:task/prod/${id}`,
    lastStatus: 'STOPPED',
    desiredStatus: 'STOPPED',
    stopCode: 'EssentialContainerExited',
    stoppedReason: 'Essential container in task exited',
    startedAt: new Date('2031-05-05T05:00:00Z'),
    executionStoppedAt: new Date(Date.parse('2031-05-05T05:00:00Z') + lifeSeconds * 1000),
    containers: [{ name: 'app', exitCode: 1 }],
    ...changes,
  };
}

const CAPACITY = {
  stopCode: 'TaskFailedToStart' as const,
  stoppedReason: 'Capacity is unavailable at this time.',
};

const AUTO = {
  failedTaskLimit: 'auto',
  breakerThreshold: 3,
  desired: 4,
  isChecked: false,
} as const;
const NONE: Before = { settled: new Set(), preexisting: new Set() };

/** What settles it at this time. */
function conclusiveCrash(
  record: TaskRecord,
  terms: { readonly [Key in keyof typeof AUTO]: (typeof AUTO)[Key] | number | boolean },
  now: number,
): TaskFailure | undefined {
  const { isChecked, failedTaskLimit, breakerThreshold, desired } = terms;
  return isConclusive(
    record,
    {
      failedTaskLimit: failedTaskLimit as 'auto' | number,
      breakerThreshold: Number(breakerThreshold),
      desired: Number(desired),
      resetOnHealthyTask: isChecked === true,
    },
    pastOfComplete(record, isChecked === true, now),
  );
}

/** A look at tasks whose container "app" is the essential one. */
function looking(
  record: TaskRecord,
  look: { readonly running: readonly string[]; readonly stopped: readonly Task[] },
  before: Before,
  now: number,
): TaskRecord {
  const sources = { essentials: ['app'], containerChecks: false, behind: undefined };
  const tasks = look.stopped.map((task) => viewTask(task, sources));
  return recordTasks(record, { running: look.running, tasks, restarted: [], now }, before);
}

describe('tasks that nothing checks', () => {
  test('two crashes settle it, or as many as the request says', () => {
    const one = looking(NO_TASKS, { running: [], stopped: [crash('a', 14)] }, NONE, 0);
    const two = looking(one, { running: [], stopped: [crash('a', 14), crash('b', 15)] }, NONE, 5_000);
    expect(conclusiveCrash(one, AUTO, 5_000)).toBeUndefined();
    expect(conclusiveCrash(one, { ...AUTO, failedTaskLimit: 1 }, 5_000)).toMatchObject({
      cause: 'app-crashed',
      exitCode: 1,
    });
    expect(conclusiveCrash(two, AUTO, 5_000)).toMatchObject({ cause: 'app-crashed' });
    expect(conclusiveCrash(two, { ...AUTO, failedTaskLimit: 3 }, 5_000)).toBeUndefined();
  });

  test('beside one that goes on running, the threshold of the circuit breaker does', () => {
    const stopped = [crash('a', 14), crash('b', 15)];
    const two = looking(NO_TASKS, { running: ['h'], stopped }, NONE, 0);
    expect(conclusiveCrash(two, AUTO, 15_000)).toMatchObject({ cause: 'app-crashed' });
    expect(conclusiveCrash(two, AUTO, 15_001)).toBeUndefined();
    const three = looking(two, { running: ['h'], stopped: [...stopped, crash('c', 15)] }, NONE, 16_000);
    expect(conclusiveCrash(three, AUTO, 16_000)).toMatchObject({ cause: 'app-crashed' });
  });

  test('is of a container that is essential, whatever became of the others', () => {
    const containers = [
      { name: 'metrics', exitCode: 127 },
      { name: 'app', exitCode: 3 },
    ];
    const one = looking(NO_TASKS, { running: [], stopped: [crash('a', 14, { containers })] }, NONE, 0);
    expect([...one.failures.values()]).toMatchObject([
      { container: 'app', exitCode: 3, cause: 'app-crashed' },
    ]);
  });

  test('what had failed before this run began counts no more, nor what is nobody’s fault', () => {
    const stopped = [crash('old', 1), crash('new', 0, CAPACITY)];
    const crashes = looking(
      NO_TASKS,
      { running: ['c'], stopped },
      { ...NONE, preexisting: new Set(['old']) },
      0,
    );
    expect(conclusiveCrash(crashes, { ...AUTO, failedTaskLimit: 1 }, 0)).toBeUndefined();
    expect(outliveTheCrashed(crashes, 0)).toBe(true);
  });

  test('what failed during the rollout counts no more, but has to be outlived', () => {
    const before = { ...NONE, settled: new Set(['a', 'b']) };
    const stopped = [crash('a', 3), crash('b', 3)];
    const crashes = looking(NO_TASKS, { running: ['c'], stopped }, before, 0);
    expect(conclusiveCrash(crashes, AUTO, 0)).toBeUndefined();
    expect(outliveTheCrashed(crashes, 3_000)).toBe(false);
    expect(outliveTheCrashed(crashes, 3_001)).toBe(true);
  });

  test('of tasks that something checks, as many have to crash as trigger the circuit breaker', () => {
    const checked = { ...AUTO, isChecked: true };
    const two = looking(NO_TASKS, { running: ['c'], stopped: [crash('a', 3), crash('b', 3)] }, NONE, 0);
    expect(conclusiveCrash(two, checked, 0)).toBeUndefined();
    const three = looking(two, { running: ['c'], stopped: [crash('d', 3)] }, NONE, 0);
    expect(conclusiveCrash(three, checked, 0)).toMatchObject({ cause: 'app-crashed' });
  });

  test('while none of them runs, two settle it as well', () => {
    const checked = { ...AUTO, isChecked: true };
    const two = looking(NO_TASKS, { running: [], stopped: [crash('a', 3), crash('b', 3)] }, NONE, 0);
    expect(conclusiveCrash(two, checked, 0)).toMatchObject({ cause: 'app-crashed' });
  });

  test.each([
    ['its end', { executionStoppedAt: undefined }],
    ['its start', { startedAt: undefined }],
  ])('a crashed one of which AWS does not tell %s has no life to outlive', (_, changes) => {
    const stopped = [crash('a', 14, changes)];
    const crashes = looking(NO_TASKS, { running: ['b'], stopped }, NONE, 0);
    expect(crashes.longestLifeMs).toBe(0);
    expect(outliveTheCrashed(crashes, 0)).toBe(true);
  });

  test('one that follows a crash has to run for longer than the crashed one did', () => {
    const first = looking(NO_TASKS, { running: ['b'], stopped: [crash('a', 14)] }, NONE, 1_000);
    expect(outliveTheCrashed(first, 1_000)).toBe(false);
    const later = looking(first, { running: ['b'], stopped: [crash('a', 14)] }, NONE, 15_000);
    expect(outliveTheCrashed(later, 15_000)).toBe(false);
    expect(outliveTheCrashed(later, 15_001)).toBe(true);
  });

  test('one that AWS started before has outlived it already, whenever it is first seen', () => {
    const running = (id: string, seconds: number): Task => ({
      taskArn: `arn:aws:ecs:eu-west-1:1:task/prod/${id}`,
      ...{ lastStatus: 'RUNNING', desiredStatus: 'RUNNING' },
      startedAt: new Date(Date.parse('2031-05-05T05:00:00Z') + seconds * 1000),
      containers: [{ name: 'app' }],
    });
    const tasks = [crash('a', 300), running('before', 0), running('after', 310), running('between', 100)];
    const record = looking(
      NO_TASKS,
      { running: ['before', 'after', 'between'], stopped: tasks },
      NONE,
      1_000_000,
    );
    expect([...record.runningSince]).toEqual([
      ['before', 1_000_000 - 310_000],
      ['after', 1_000_000],
      ['between', 1_000_000 - 210_000],
    ]);
    expect(pastOfComplete(record, false, 1_000_000).healthy).toBe(true);
    expect(outliveTheCrashed(record, 1_000_000)).toBe(false);
  });

  test('what is started again in place has run since it was seen to', () => {
    const sources = { essentials: ['app'], containerChecks: false, behind: undefined };
    const restarted = viewTask(
      {
        taskArn: 'arn:aws:ecs:eu-west-1:1:task/prod/r',
        ...{ lastStatus: 'RUNNING', desiredStatus: 'RUNNING' },
        startedAt: new Date('2031-05-05T05:00:00Z'),
        containers: [{ name: 'app', runtimeId: 'one' }],
      },
      sources,
    );
    const tasks = [viewTask(crash('a', 300), sources), restarted];
    const record = recordTasks(NO_TASKS, { running: ['r'], tasks, restarted: ['app'], now: 5_000 }, NONE);
    expect([...record.runningSince]).toEqual([['r', 5_000]]);
  });

  test('one that AWS took away needs not be outlived', () => {
    const taken = crash('a', 14, CAPACITY);
    const record = looking(NO_TASKS, { running: ['b'], stopped: [taken] }, NONE, 0);
    expect(outliveTheCrashed(record, 1)).toBe(true);
  });

  test('another one that starts meanwhile has to do so as well', () => {
    const first = looking(NO_TASKS, { running: ['b'], stopped: [crash('a', 14)] }, NONE, 0);
    const later = looking(first, { running: ['b', 'c'], stopped: [crash('a', 14)] }, NONE, 10_000);
    expect(outliveTheCrashed(later, 20_000)).toBe(false);
    expect(outliveTheCrashed(later, 24_001)).toBe(true);
  });
});

describe('a task whose containers ECS starts again in place', () => {
  const look = (container: { name: string; runtimeId?: string }, record = NO_TASKS, now = 0): TaskRecord => {
    const containers = [
      { digest: undefined, ...container },
      { digest: undefined, name: 'app', runtimeId: 'app-1' },
    ];
    const tasks = [taskView('a', { containers: containers as never })];
    return recordTasks(record, { running: ['a'], tasks, restarted: ['side', 'app'], now }, NONE);
  };
  const side = { name: 'side', runtimeId: 'side-1' };

  test.each([
    [59_999, false],
    [60_000, true],
  ])('is stable once it has run for %i ms: %s', (ms, isStable) => {
    expect(areStable(look(side), ms)).toBe(isStable);
  });

  test('that was started again is not, however long ago', () => {
    const again = look({ name: 'side', runtimeId: 'side-2' }, look(side), 1_000);
    expect([again.failures.size, areStable(again, 900_000)]).toEqual([1, false]);
  });

  test('one of which does not say what runs is not judged by the others', () => {
    expect(look({ name: 'side' }).runtimes.size).toBe(0);
  });
});
