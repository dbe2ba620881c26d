import { describe, expect, test } from '@jest/globals';
import type { Problem } from '../../src/model/index.ts';
import { NO_HISTORY, type History } from '../../src/rollout/history.ts';
import { betterKnown, evidenceOf, problemOf, type Watched } from '../../src/rollout/failure.ts';
import { DeployError } from '../../src/runtime/error.ts';
import {
  deployment,
  entry,
  failedTask,
  failure,
  healthyTask,
  historyOf,
  observation,
  problem,
} from './builders.ts';

function problemAfter(
  end: Watched['end'],
  more: Partial<Omit<Watched, 'end'>> = {},
  waitMinutes = 30,
): Problem | undefined {
  return problemOf({ end, last: observation(), history: NO_HISTORY, ...more }, waitMinutes);
}

const UNHEALTHY = {
  targetGroupArn: 'arn',
  address: '10.0.0.1',
  port: 80,
  state: 'unhealthy',
  reason: 'Target.Timeout',
  description: undefined,
};

const CRASH = 'container "app" exited with code 1';

describe('how a watch ended, and what can be done about it', () => {
  test('completed: no problem', () => {
    expect(problemAfter({ kind: 'completed' })).toBeUndefined();
  });

  test.each<[string, Watched['end'], Partial<Problem>]>([
    [
      'conclusive evidence: roll back',
      { kind: 'failed', ecs: 'in-progress', cause: 'app-crashed', reason: CRASH },
      {
        result: 'failed',
        cause: 'app-crashed',
        reason: `failed: ${CRASH}`,
        recovery: 'roll-back',
        isOver: false,
      },
    ],
    [
      'ECS gave up: roll back',
      { kind: 'failed', ecs: 'ended', cause: 'circuit-breaker', reason: 'tasks failed to start.' },
      {
        result: 'failed',
        cause: 'circuit-breaker',
        reason: 'failed: tasks failed to start',
        recovery: 'roll-back',
        isOver: true,
      },
    ],
    [
      'ECS is about to give up, and will not roll back',
      { kind: 'failed', ecs: 'failing', cause: 'circuit-breaker', reason: '' },
      { result: 'failed', recovery: 'roll-back', isOver: true },
    ],
    [
      'ECS rolls back: follow it',
      { kind: 'failed', ecs: 'rolling-back', cause: 'alarm', reason: 'alarm in ALARM: web-5xx' },
      { result: 'failed', cause: 'alarm', recovery: 'follow-ecs' },
    ],
    [
      'a lifecycle hook failed: nobody stopped it',
      {
        kind: 'failed',
        ecs: 'rolling-back',
        cause: 'unknown',
        reason: 'rolled back because a lifecycle hook failed.',
      },
      { reason: 'failed: rolled back because a lifecycle hook failed', recovery: 'follow-ecs' },
    ],
    [
      'ECS rolled back: done',
      { kind: 'rolled-back-by-ecs', cause: 'circuit-breaker', reason: '' },
      { result: 'rolled-back', cause: 'circuit-breaker', reason: 'failed', recovery: 'done' },
    ],
    [
      'stopped by hand: left',
      { kind: 'failed', ecs: 'ended', cause: 'deployment-stopped', reason: 'Stopped by the user.' },
      { result: 'failed', reason: 'was stopped: Stopped by the user', recovery: 'leave' },
    ],
    [
      'stopped by hand, with a reason that says nothing of it: left out',
      {
        kind: 'failed',
        ecs: 'ended',
        cause: 'deployment-stopped',
        reason: 'ECS deployment ecs-svc/1 in progress.',
      },
      { result: 'failed', reason: 'was stopped', recovery: 'leave' },
    ],
    [
      'rolled back by hand: followed',
      { kind: 'failed', ecs: 'rolling-back', cause: 'deployment-stopped', reason: '' },
      { result: 'failed', cause: 'deployment-stopped', reason: 'was stopped', recovery: 'follow-ecs' },
    ],
    [
      'superseded: left',
      { kind: 'superseded', by: 'ecs-svc/3 (backend:9)' },
      {
        result: 'superseded',
        cause: 'superseded',
        reason: 'was replaced by another deployment, ecs-svc/3 (backend:9)',
        recovery: 'leave',
      },
    ],
    [
      'access lost: left, in the words of the failure',
      {
        kind: 'access-lost',
        failure: new DeployError('credentials-expired', 'The AWS credentials expired.', { hint: 'Longer.' }),
      },
      { result: 'failed', cause: 'credentials-expired', hint: 'Longer.', recovery: 'leave' },
    ],
  ])('%s', (_, end, expected) => {
    expect(problemAfter(end)).toMatchObject(expected);
  });

  test("ECS's rollback failed, too: the evidence begins with the first cause, whose hint is given", () => {
    const found = problemAfter(
      { kind: 'rollback-failed', cause: 'app-crashed', reason: CRASH },
      { history: historyOf(failure({ hint: 'Read its log.' })) },
    );
    expect(found).toMatchObject({
      result: 'failed',
      cause: 'rollback-failed',
      reason: `failed (app-crashed: ${CRASH}), and so did ECS's rollback`,
      hint: 'Read its log.',
      recovery: 'leave',
    });
    expect(found?.evidence[0]).toEqual({ kind: 'first-cause', text: `app-crashed: ${CRASH}` });
  });
});

describe('at the deadline', () => {
  const at = (last: Watched['last'], minutes = 30): Problem | undefined =>
    problemAfter({ kind: 'deadline' }, { last }, minutes);

  test('tasks are missing: by on-failure', () => {
    expect(at(observation({ tasks: [healthyTask('a')] }))).toMatchObject({
      result: 'timed-out',
      cause: 'timeout',
      reason: 'had not finished after 30 minutes: 1 of 2 new tasks were healthy',
      recovery: 'roll-back',
    });
  });

  test.each<[string, Partial<History>, RegExp | undefined]>([
    [
      'targets were unhealthy',
      { unhealthyTargets: new Map([['x', UNHEALTHY]]) },
      /^Check path, port and matcher/,
    ],
    ['tasks crashed', historyOf(failure({ hint: 'Set PORT.' })), /^Set PORT\./],
    ['nothing says why', {}, undefined],
  ])('%s: what to do is about that, and not about the time first', (_, known, hint) => {
    const history = { ...NO_HISTORY, ...known };
    const last = observation({ tasks: [healthyTask('a')] });
    const found = problemOf({ end: { kind: 'deadline' }, last, history }, 30);
    expect(found).toMatchObject({ result: 'timed-out', cause: 'timeout', recovery: 'roll-back' });
    if (hint === undefined) expect(found?.hint).toBeUndefined();
    else expect(found?.hint).toMatch(hint);
    if (hint !== undefined)
      expect(found?.hint).toMatch(/ Raise wait-for-minutes only if that is as it should be\.$/);
  });

  test('the new tasks are healthy at their count, only old ones drain: left', () => {
    const last = observation({ tasks: [healthyTask('a'), healthyTask('b')], oldTasks: 1 });
    expect(at(last)).toMatchObject({
      result: 'timed-out',
      cause: 'timeout',
      reason:
        'had not finished after 30 minutes: the new tasks are all healthy, old tasks are still draining',
      hint: expect.stringMatching(/^Nothing speaks against the new revision: .*Run this job again/),
      recovery: 'leave',
    });
  });

  test('the new tasks are healthy at their count, and nothing drains: left, and not said to drain', () => {
    expect(at(observation({ tasks: [healthyTask('a'), healthyTask('b')] }))).toMatchObject({
      reason:
        'had not finished after 30 minutes: the new tasks are all healthy, ECS has not called it complete',
      recovery: 'leave',
    });
  });

  test('a count that this run asked for was changed again: left, and said to be', () => {
    const last = observation({ tasks: [healthyTask('a'), healthyTask('b')] });
    expect(problemOf({ end: { kind: 'deadline' }, last, history: NO_HISTORY }, 30, 1)).toMatchObject({
      result: 'timed-out',
      reason:
        'had not finished after 30 minutes: the service wants 2 tasks again, not 1: something else sets its count',
      recovery: 'leave',
    });
    expect(problemOf({ end: { kind: 'deadline' }, last, history: NO_HISTORY }, 30, 2)?.reason).toContain(
      'healthy',
    );
  });

  test('their targets may not be read, so that nothing shows that they are healthy: by on-failure', () => {
    const tasks = [healthyTask('a'), healthyTask('b')];
    expect(at(observation({ tasks, targetsUnread: true }))).toMatchObject({
      reason:
        'had not finished after 30 minutes: 2 of 2 new tasks ran, and whether they were healthy could not be read',
      recovery: 'roll-back',
    });
  });

  test.each([
    [2, '2 of 2 new tasks ran, and whether they were healthy could not be read'],
    [1, '1 of 2 new tasks ran, and whether they were healthy could not be read'],
    [0, '0 of 2 new tasks were healthy'],
  ])('tasks may not be read, and %d run: nothing shows that they are healthy', (running, state) => {
    expect(at(observation({ entry: entry({ desired: 2, running }) }))).toMatchObject({
      reason: `had not finished after 30 minutes: ${state}`,
      recovery: 'roll-back',
    });
  });

  test('tasks may not be read, and there is no entry: by on-failure', () => {
    expect(
      at(observation({ entry: undefined, service: { status: 'ACTIVE', desired: 1, running: 1 } })),
    ).toMatchObject({ recovery: 'roll-back' });
  });

  test('no task is wanted, so none shows that it is well: by on-failure', () => {
    expect(at(observation({ entry: entry({ desired: 0, running: 0 }) }))).toMatchObject({
      recovery: 'roll-back',
    });
  });

  test('nothing was ever seen: by on-failure', () => {
    expect(at(undefined)).toMatchObject({
      reason: 'had not finished after 30 minutes',
      recovery: 'roll-back',
    });
  });

  test.each([
    [1, '1 minute'],
    [0.05, '3 s'],
    [1.5, '90 s'],
  ])('after %d minutes it says %s', (minutes, time) => {
    expect(at(undefined, minutes)?.reason).toBe(`had not finished after ${time}`);
  });

  test.each([
    ['RECONCILE_SERVICE', 'roll-back'],
    ['PRE_SCALE_UP', 'leave'],
    ['SCALE_UP', 'roll-back'],
    ['POST_SCALE_UP', 'leave'],
    ['POST_TEST_TRAFFIC_SHIFT', 'leave'],
    ['PRODUCTION_TRAFFIC_SHIFT', 'leave'],
    ['BAKE_TIME', 'leave'],
    ['CLEAN_UP', 'leave'],
  ])('a native strategy in the stage %s: %s', (lifecycleStage, recovery) => {
    const last = observation({ deployment: deployment({ lifecycleStage }), tasks: [failedTask('a')] });
    expect(at(last)?.recovery).toBe(recovery);
  });

  test('a hook that waits for an answer is no failure, in any stage', () => {
    const awaiting = [{ id: 'approve', expiresAt: '2026-11-25T00:00:00.000Z', then: 'ROLLBACK' }];
    const last = observation({ deployment: deployment({ lifecycleStage: 'SCALE_UP', awaiting }) });
    expect(at(last)).toMatchObject({
      reason:
        'had not finished after 30 minutes: it is in the stage SCALE_UP, and hook approve waits for an answer until 2026-11-25 00:00 UTC, then ECS rolls back',
      recovery: 'leave',
    });
  });
});

describe('evidence', () => {
  const texts = (history: History, last = observation()): string[] =>
    evidenceOf(last, history).map(({ text }) => text);

  test('folds failures that differ by ids alone', () => {
    const history = historyOf(
      failure({ reason: 'no such key (request id: 1-2)', exitCode: undefined }),
      failure({ reason: 'no such key (request id: 3-4)', exitCode: undefined }),
      failure({ reason: 'task 0123456789abcdef0123456789abcdef is gone', exitCode: undefined }),
    );
    expect(texts(history)).toEqual([
      'no such key … (EssentialContainerExited) (x2)',
      'task … is gone (EssentialContainerExited)',
    ]);
  });

  test('is bounded, however many tasks failed in however many ways', () => {
    const many = Array.from({ length: 50 }, (_, index) => failure({ reason: `reason ${index}` }));
    expect(texts(historyOf(...many))).toHaveLength(10);
  });

  test('says nothing of a deployment that is under way as it should be', () => {
    expect(texts(NO_HISTORY)).toEqual([]);
  });

  test('begins with the tasks that stopped, and says one reason of ECS once', () => {
    const last = observation({
      deployment: deployment({
        status: 'ROLLBACK_IN_PROGRESS',
        statusReason: 'Service deployment rolled back because the circuit breaker threshold was exceeded',
        rollbackReason: 'Service deployment rolled back because the circuit breaker threshold was exceeded.',
      }),
    });
    expect(texts(historyOf(failure({ reason: 'boom', exitCode: 1, container: 'app' })), last)).toEqual([
      'container "app" exited with code 1: boom',
      'service deployment ROLLBACK_IN_PROGRESS: Service deployment rolled back because the circuit breaker threshold was exceeded',
    ]);
  });

  test('holds the words of ECS for the deployment, its rollback and its entry', () => {
    const last = observation({
      deployment: deployment({
        status: 'ROLLBACK_SUCCESSFUL',
        statusReason: 'The threshold was exceeded.',
        rollbackReason: 'circuit breaker',
      }),
      entry: entry({ rolloutState: 'FAILED', reason: 'tasks failed to start.' }),
    });
    expect(texts(NO_HISTORY, last)).toEqual([
      'service deployment ROLLBACK_SUCCESSFUL: The threshold was exceeded',
      'rollback: circuit breaker',
      'ecs-svc/2000000000000000002: tasks failed to start.',
    ]);
  });
});

test('a native strategy that shifts traffic at the deadline is said to, although its new tasks are all healthy', () => {
  const last = observation({
    deployment: deployment({ lifecycleStage: 'PRODUCTION_TRAFFIC_SHIFT' }),
    tasks: [healthyTask('a'), healthyTask('b')],
  });
  const left = problemAfter({ kind: 'deadline' }, { last });
  expect(left).toMatchObject({ result: 'timed-out', recovery: 'leave' });
  expect(left?.reason).toContain('PRODUCTION_TRAFFIC_SHIFT');
});

describe('the last log lines of a crash', () => {
  const crash = problem({ cause: 'app-crashed' });

  test('that name a program for another CPU have its cause and its hint', () => {
    const evidence = [{ kind: 'log', text: 'app: exec /usr/local/bin/uvicorn: exec format error' }] as const;
    expect(betterKnown({ ...crash, evidence })).toMatchObject({
      cause: 'image-wrong-platform',
      hint: expect.stringContaining('another CPU'),
    });
  });

  test('that say nothing of the kind change nothing', () => {
    const evidence = [{ kind: 'log', text: 'app: RuntimeError: DATABASE_URL is not set' }] as const;
    expect(betterKnown({ ...crash, evidence })).toEqual({ ...crash, evidence });
  });

  test('do not overrule another cause', () => {
    const other = problem({ cause: 'out-of-memory', evidence: [{ kind: 'log', text: 'exec format error' }] });
    expect(betterKnown(other)).toEqual(other);
  });
});
