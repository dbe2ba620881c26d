import { describe, expect, test } from '@jest/globals';
import { causeOf, NO_HISTORY, remember, type History } from '../../src/rollout/history.ts';
import { countedFailures, isConclusive, mostFrequent } from '../../src/rollout/task-record.ts';
import type { TaskView } from '../../src/ecs/task-health.ts';
import { failedTask, failure, healthyTask, historyOf, observation, taskView } from './builders.ts';

const AUTO = { failedTaskLimit: 'auto', breakerThreshold: 4, desired: 8, resetOnHealthyTask: true } as const;

/** The history of several looks, each of which shows these tasks. */
function looks(...seen: readonly (readonly TaskView[])[]): History {
  return seen.reduce((history, tasks) => remember(history, observation({ tasks })), NO_HISTORY);
}

describe('failed-task-limit: auto', () => {
  test('one failed task is not conclusive', () => {
    expect(isConclusive(looks([failedTask('a')]), AUTO)).toBeUndefined();
  });

  test('two failed tasks are, while no task of ours was ever healthy', () => {
    expect(isConclusive(looks([failedTask('a')], [failedTask('a'), failedTask('b')]), AUTO)).toMatchObject({
      cause: 'app-crashed',
    });
  });

  test('the same failed task is counted once, however often it is seen', () => {
    expect(
      isConclusive(looks([failedTask('a')], [failedTask('a')], [failedTask('a')]), AUTO),
    ).toBeUndefined();
  });

  test('once a task was healthy, the threshold of the circuit breaker is the limit', () => {
    const three = [failedTask('a'), failedTask('b'), failedTask('c')];
    expect(isConclusive(looks([healthyTask('h')], three), AUTO)).toBeUndefined();
    expect(isConclusive(looks([healthyTask('h')], [...three, failedTask('d')]), AUTO)).toBeDefined();
  });

  test('a task that becomes healthy resets the count', () => {
    const three = [failedTask('a'), failedTask('b'), failedTask('c')];
    const history = looks(
      [healthyTask('h')],
      three,
      [...three, healthyTask('i')],
      [...three, failedTask('d')],
    );
    expect(isConclusive(history, AUTO)).toBeUndefined();
  });

  test('a task that goes on being healthy does not reset it again', () => {
    const four = ['a', 'b', 'c', 'd'].map((id) => failedTask(id));
    const history = looks(
      [healthyTask('h')],
      [healthyTask('h'), ...four.slice(0, 2)],
      [healthyTask('h'), ...four.slice(0, 3)],
      [healthyTask('h'), ...four],
    );
    expect(isConclusive(history, AUTO)).toBeDefined();
  });

  test('a task that failed after it had been healthy counts', () => {
    const history = looks([healthyTask('a')], [failedTask('a')]);
    expect(countedFailures(history)).toHaveLength(1);
  });
});

describe('where nothing checks the tasks, and each runs for a while before it crashes', () => {
  const running = (id: string): TaskView => taskView(id, { healthy: true, checked: false });
  const crashed = (id: string): TaskView => ({ ...failedTask(id), checked: false });

  test('two of them are conclusive: none was ever healthy, only slow to crash', () => {
    const one = looks([running('a')], [crashed('a')], [crashed('a'), running('b')]);
    expect(isConclusive(one, AUTO)).toBeUndefined();
    expect(isConclusive(remember(one, observation({ tasks: [crashed('b')] })), AUTO)).toMatchObject({
      cause: 'app-crashed',
    });
  });

  test('one that goes on running counts as healthy', () => {
    const history = looks([running('a'), running('h')], [crashed('a'), running('h'), crashed('b')]);
    expect(isConclusive(history, AUTO)).toBeUndefined();
  });

  test('one that a check had found healthy was healthy, whatever came later', () => {
    const history = looks([healthyTask('a')], [failedTask('a')], [failedTask('b')]);
    expect(isConclusive(history, AUTO)).toBeUndefined();
  });
});

describe('what had failed before this run looked for the first time', () => {
  const first = observation({ tasks: [failedTask('a'), failedTask('b'), healthyTask('h')] });
  const second = observation({ tasks: [failedTask('a'), failedTask('b'), failedTask('c')] });

  test('counts where the deployment is of this run', () => {
    expect(countedFailures(remember(NO_HISTORY, first))).toHaveLength(2);
  });

  test('does not where it is older, and is no cause where there is another', () => {
    const history = remember(NO_HISTORY, first, true);
    expect(countedFailures(history)).toHaveLength(0);
    expect(isConclusive(history, { ...AUTO, failedTaskLimit: 1 })).toBeUndefined();
    expect([...history.failures.values()].map(({ severity }) => severity)).toEqual(['ignored', 'ignored']);
  });

  test('is known by the first look that AWS answers', () => {
    const silent = observation({ tasks: [], unanswered: new Error('Rate exceeded') });
    const history = remember(remember(NO_HISTORY, silent, true), first, true);
    expect(countedFailures(history)).toHaveLength(0);
  });

  test('what fails later counts all the same', () => {
    const history = remember(remember(NO_HISTORY, first, true), second, true);
    expect(countedFailures(history)).toHaveLength(1);
    expect(isConclusive(history, { ...AUTO, failedTaskLimit: 1 })).toBeDefined();
  });
});

test('a failure that is nobody’s fault does not count', () => {
  const history = looks([failedTask('a', { cause: 'capacity', severity: 'ignored' }), failedTask('b')]);
  expect(countedFailures(history)).toHaveLength(1);
});

describe('failed-task-limit as a number fixes the limit for both', () => {
  const one = { ...AUTO, failedTaskLimit: 1 };
  const three = { ...AUTO, failedTaskLimit: 3 };

  test.each([
    ['1: the first failure is conclusive', one, [], ['a'], true],
    ['1: also after a task was healthy', one, ['h'], ['a'], true],
    ['3: two are not, though nothing was ever healthy', three, [], ['a', 'b'], false],
    ['3: three are, though the circuit breaker would wait for four', three, ['h'], ['a', 'b', 'c'], true],
  ])('%s', (_, terms, healthy, failed, conclusive) => {
    const history = looks(
      healthy.map(healthyTask),
      failed.map((id) => failedTask(id)),
    );
    expect(isConclusive(history, terms) !== undefined).toBe(conclusive);
  });
});

describe('weights', () => {
  test('one failure that no retry can help is conclusive at once', () => {
    const history = looks([failedTask('a', { cause: 'image-not-found', severity: 'conclusive' })]);
    expect(isConclusive(history, AUTO)).toMatchObject({ cause: 'image-not-found' });
  });

  test('failures that are nobody’s fault are never conclusive, however many', () => {
    const tasks = ['a', 'b', 'c', 'd', 'e', 'f'].map((id) =>
      failedTask(id, { cause: 'capacity', severity: 'ignored' }),
    );
    expect(isConclusive(looks(tasks), { ...AUTO, failedTaskLimit: 1 })).toBeUndefined();
  });

  test('a task that still runs proves nothing', () => {
    expect(looks([taskView('a'), taskView('b')]).failures.size).toBe(0);
  });
});

describe('the cause', () => {
  const crash = failure();
  const memory = failure({ cause: 'out-of-memory', exitCode: 137 });
  const unknown = failure({
    cause: 'unknown',
    container: undefined,
    exitCode: undefined,
    reason: 'who knows',
  });
  const capacity = failure({ cause: 'capacity', severity: 'ignored' });

  test('is the most frequent one', () => {
    expect(causeOf(historyOf(crash, memory, crash))?.cause).toBe('app-crashed');
  });

  test('is told in the words of its latest task', () => {
    const first = failure({ reason: 'first' });
    const last = failure({ reason: 'last' });
    expect(mostFrequent([first, memory, last])).toBe(last);
  });

  test('is a known one, though unknown ones are more frequent', () => {
    expect(causeOf(historyOf(unknown, unknown, memory))?.cause).toBe('out-of-memory');
  });

  test('is unknown where nothing better is known', () => {
    expect(causeOf(historyOf(unknown))).toEqual({ cause: 'unknown', reason: 'who knows' });
  });

  test('is not known where no task failed', () => {
    expect(causeOf(historyOf())).toBeUndefined();
  });

  test('is capacity where all that is known is that AWS had no room', () => {
    expect(causeOf(historyOf(capacity))).toMatchObject({ cause: 'capacity' });
  });

  test('gets better as a stopping task shows more: its exit code comes after its stop', () => {
    const before = failedTask('a', { exitCode: undefined });
    const after = failedTask('a', { cause: 'bad-command', severity: 'conclusive', exitCode: 127 });
    const history = looks([before], [after]);
    expect(countedFailures(history)).toHaveLength(1);
    expect(isConclusive(history, AUTO)).toMatchObject({ cause: 'bad-command', exitCode: 127 });
  });

  test('stays known when ECS forgets the task', () => {
    expect(causeOf(looks([failedTask('a')], []))?.cause).toBe('app-crashed');
  });
});

describe('a hiccup is no verdict', () => {
  const timeOut = { cause: 'network-unreachable', stopCode: 'TaskFailedToStart', passes: true } as const;
  const denied = { cause: 'image-pull-denied', severity: 'conclusive', started: false } as const;
  const missing = { cause: 'bad-command', severity: 'conclusive', exitCode: 127, started: true } as const;
  const failing = (count: number, changes: Parameters<typeof failure>[0] = {}): TaskView[] =>
    Array.from({ length: count }, (_, index) => failedTask(`f${index}`, changes));

  test.each([
    [2, 1, false],
    [2, 2, true],
    [20, 2, true],
    [21, 2, false],
    [50, 4, false],
    [50, 5, true],
    [200, 9, false],
    [200, 10, true],
    [2000, 10, true],
  ])('of %i tasks %i that crash before any was healthy settle it: %s', (desired, failed, settles) => {
    const terms = { ...AUTO, desired, breakerThreshold: 100 };
    expect(isConclusive(looks(failing(failed)), terms) !== undefined).toBe(settles);
  });

  test('reasons that pass by nature settle it at the threshold of the circuit breaker alone', () => {
    expect(isConclusive(looks(failing(3, timeOut)), AUTO)).toBeUndefined();
    expect(isConclusive(looks(failing(4, timeOut)), AUTO)).toMatchObject({ cause: 'network-unreachable' });
  });

  test('and are no help to fewer others than would settle it alone', () => {
    const one = looks([...failing(2, timeOut), failedTask('crashed')]);
    expect(isConclusive(one, AUTO)).toBeUndefined();
  });

  test('a limit that is set and higher holds for them as well', () => {
    expect(isConclusive(looks(failing(5, timeOut)), { ...AUTO, failedTaskLimit: 6 })).toBeUndefined();
    expect(isConclusive(looks(failing(6, timeOut)), { ...AUTO, failedTaskLimit: 6 })).toBeDefined();
  });

  test.each([
    ['a pull that is denied', denied, taskView('up'), false],
    ['a pull that is denied', denied, taskView('pulling', { status: 'PENDING' }), true],
    ['a pull that is denied', denied, failedTask('crashed', { started: true }), false],
    ['a command that is not there', missing, taskView('up'), true],
    ['a command that is not there', missing, healthyTask('h'), false],
  ])('%s is refuted by a task that got past it (%#)', (_, reason, other, settles) => {
    const history = looks([other], [failedTask('f', reason)]);
    expect(isConclusive(history, { ...AUTO, desired: 30 }) !== undefined).toBe(settles);
  });

  test('where a healthy task takes nothing back, all failures count', () => {
    const history = looks(failing(3), [...failing(3), healthyTask('h')], [...failing(4)]);
    expect(isConclusive(history, AUTO)).toBeUndefined();
    expect(isConclusive(history, { ...AUTO, resetOnHealthyTask: false })).toBeDefined();
  });

  test('tasks that were healthy and died by themselves are not taken back by the next that is', () => {
    const rounds = ['a', 'b', 'c', 'd'].flatMap((id) => [[healthyTask(id)], [failedTask(id)]]);
    expect(isConclusive(looks(...rounds.slice(0, 7)), AUTO)).toBeUndefined();
    expect(isConclusive(looks(...rounds, [healthyTask('e')]), AUTO)).toMatchObject({ cause: 'app-crashed' });
  });
});
