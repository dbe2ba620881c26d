import { describe, expect, test } from '@jest/globals';
import { evaluate } from '../../src/rollout/evaluate.ts';
import { problemOf, type Watched } from '../../src/rollout/failure.ts';
import { NO_HISTORY, remember, type History } from '../../src/rollout/history.ts';
import type { Observation, ServiceEvent } from '../../src/rollout/observe.ts';
import { entry, failedTask, healthyTask, observation, snapshot, taskView, terms } from './builders.ts';

const PORT =
  '(service web) was unable to place a task because no container instance met all of its requirements. The closest matching (container-instance 1a2b) is already using a port required by your task.';
const PERCENTS =
  '(service web) was unable to stop or start tasks during a deployment because of the service deployment configuration. Update the minimumHealthyPercent or maximumPercent value and try again.';
const FARGATE = '(service web) was unable to place a task. Reason: Capacity is unavailable at this time.';

const REFUSED =
  '(service web) failed to register targets in target-group green with (error User: arn:aws:sts::123456789012:assumed-role/elb/ecs-service-scheduler is not authorized to perform: elasticloadbalancing:RegisterTargets on resource: x)';
const GONE =
  '(service web) failed to register targets in (target-group green) with (error The specified target group does not exist.)';

const NOTHING_PLACED = { entry: entry({ running: 0, pending: 0 }) };

function event(minute: number, message: string): ServiceEvent {
  return { id: `event-${minute}`, message, at: minute * 60_000 };
}

/** ECS shows the newest event first. */
function seen(events: readonly ServiceEvent[], more: Partial<Observation> = {}): History {
  const look = observation({ ...NOTHING_PLACED, events: events.toReversed(), ...more });
  return remember(NO_HISTORY, look, false, ['event-0']);
}

describe('targets that ECS may not register', () => {
  const running = { tasks: [taskView('a')] };

  test.each<[string, string, readonly number[], boolean]>([
    ['three times in five minutes, though tasks run', REFUSED, [1, 2, 3], true],
    ['two times', REFUSED, [1, 2], false],
    ['three times, one of them before this run', REFUSED, [0, 1, 2], false],
    ['for another reason, which is no refusal', GONE, [1, 2, 3], false],
  ])('%s', (_, message, minutes, isOver) => {
    const history = seen(
      minutes.map((minute) => event(minute, message)),
      running,
    );
    expect(evaluate(observation(running), history, terms())).toMatchObject(
      isOver
        ? { kind: 'failed', cause: 'traffic-shift-failed', ecs: 'in-progress' }
        : { kind: 'progressing' },
    );
    expect(evaluate(observation(running), history, terms({ failFast: false }))).toMatchObject({
      kind: 'progressing',
    });
  });
});

describe('an event that no waiting helps, while nothing was ever placed', () => {
  const endOf = (history: History): unknown => evaluate(observation(NOTHING_PLACED), history, terms());
  const at = (message: string, ...minutes: number[]): ServiceEvent[] =>
    minutes.map((minute) => event(minute, message));

  test.each<[string, readonly ServiceEvent[], Partial<Observation>, boolean]>([
    ['a port in use, three times in five minutes', at(PORT, 1, 3, 6), {}, true],
    ['percents that allow no move, so too', at(PERCENTS, 1, 2, 3), {}, true],
    ['two times', at(PORT, 1, 3), {}, false],
    ['three times, one of them before this run', at(PORT, 0, 1, 3), {}, false],
    ['three times in more than five minutes', at(PORT, 1, 3, 7), {}, false],
    ['later on, three times in five minutes', at(PORT, 1, 8, 10, 12), {}, true],
    ['where Fargate has no room, which passes', at(FARGATE, 1, 2, 3), {}, false],
    ['where some task found a place', at(PORT, 1, 2, 3), { tasks: [taskView('a')] }, false],
    ['where one is being placed', at(PORT, 1, 2, 3), { entry: entry({ running: 0, pending: 1 }) }, false],
  ])('%s', (_, events, more, isOver) => {
    expect(endOf(seen(events, more))).toMatchObject(
      isOver ? { kind: 'failed', cause: 'capacity', ecs: 'in-progress' } : { kind: 'progressing' },
    );
  });

  test('is none where a task had a place before, and is gone', () => {
    const first = seen([], { tasks: [taskView('a')] });
    const look = observation({ ...NOTHING_PLACED, events: at(PORT, 1, 2, 3).toReversed() });
    expect(endOf(remember(first, look))).toMatchObject({ kind: 'progressing' });
  });

  test('is remembered from look to look', () => {
    const first = seen(at(PORT, 1));
    const second = remember(first, observation({ ...NOTHING_PLACED, events: at(PORT, 1, 2).toReversed() }));
    const third = remember(second, observation({ ...NOTHING_PLACED, events: at(PORT, 2, 3).toReversed() }));
    expect(endOf(second)).toMatchObject({ kind: 'progressing' });
    expect(endOf(third)).toMatchObject({
      cause: 'capacity',
      reason: expect.stringContaining('using a port'),
    });
  });
});

describe('at the deadline', () => {
  const noRoom = (id: string) =>
    failedTask(id, {
      cause: 'capacity',
      severity: 'ignored',
      reason: 'Capacity is unavailable at this time.',
    });
  const after = (look: Partial<Observation>, minimumHealthyPercent = 100) => {
    const last = observation(look);
    const history = remember(NO_HISTORY, last);
    const watched: Watched = { end: { kind: 'deadline' }, last, history };
    const { deployment } = snapshot();
    return problemOf(watched, 3, undefined, { deployment: { ...deployment, minimumHealthyPercent } });
  };

  test('a release that lacks one task alone is left: going back needs more room', () => {
    const found = after({ tasks: [healthyTask('a'), noRoom('b')] });
    expect(found).toMatchObject({ result: 'timed-out', cause: 'capacity', recovery: 'leave' });
    expect(found?.reason).toContain('Capacity is unavailable');
  });

  test('one of which a task that ran was not healthy is not', () => {
    expect(after({ tasks: [healthyTask('a'), taskView('c'), noRoom('b')] })).toMatchObject({
      cause: 'capacity',
      recovery: 'roll-back',
    });
  });

  test('one of which nothing was ever placed says why, and goes back', () => {
    const found = after({ ...NOTHING_PLACED, events: [event(1, PORT)] });
    expect(found).toMatchObject({ result: 'timed-out', cause: 'capacity', recovery: 'roll-back' });
    expect(found?.reason).toContain('already using a port');
  });

  test('one whose tasks all run, and are not healthy, lacks nothing any more', () => {
    const tasks = [taskView('a'), taskView('b')];
    const found = after({ entry: entry({ running: 2, pending: 0 }), tasks, events: [event(1, PORT)] });
    expect(found).toMatchObject({ cause: 'timeout', recovery: 'roll-back' });
  });

  test('one whose tasks were healthy, and were all taken away, is left, and none of them is called healthy', () => {
    const taken = (id: string) =>
      failedTask(id, { cause: 'capacity', severity: 'ignored', started: true, reason: 'Spot interruption' });
    const well = remember(NO_HISTORY, observation({ tasks: [healthyTask('a'), healthyTask('b')] }));
    const last = observation({ ...NOTHING_PLACED, tasks: [taken('a'), taken('b')] });
    const watched: Watched = { end: { kind: 'deadline' }, last, history: remember(well, last) };
    const found = problemOf(watched, 3, undefined, { deployment: snapshot().deployment });
    expect(found).toMatchObject({ result: 'timed-out', cause: 'capacity', recovery: 'leave' });
    expect(found?.reason).toContain('0 of 2 new tasks were healthy, all that ran were taken away: ');
  });

  test('one whose tasks crash is no lack of capacity', () => {
    expect(after({ tasks: [failedTask('a'), noRoom('b')] })).toMatchObject({ cause: 'timeout' });
  });

  const full = { entry: entry({ running: 2, pending: 0 }), tasks: [] };

  test.each([
    ['that wants none of the old ones any more', { others: { desired: 0, running: 2 } }, 100, 'leave'],
    ['that has none of the old ones any more', { others: { desired: 2, running: 0 } }, 100, 'leave'],
    [
      'that has started a task which does not run yet',
      { others: { desired: 0, running: 0 }, entry: entry({ running: 2, pending: 1 }) },
      100,
      'roll-back',
    ],
    ['that still wants old ones', { others: { desired: 2, running: 2 } }, 100, 'roll-back'],
    ['that may stop old ones first', { others: { desired: 0, running: 0 } }, 50, 'roll-back'],
  ])(
    'ECS’s own counts are believed where tasks may not be read, of a service %s',
    (_, others, percent, recovery) => {
      expect(after({ ...full, ...others }, percent)).toMatchObject({ cause: 'timeout', recovery });
    },
  );
});
