import { ServiceDeploymentStatus } from '@aws-sdk/client-ecs';
import { describe, expect, test } from '@jest/globals';
import { NO_HISTORY, remember } from '../../src/rollout/history.ts';
import { evaluate, type Evaluation } from '../../src/rollout/evaluate.ts';
import {
  deployment,
  entry,
  failure,
  historyOf,
  observation,
  OTHER_ID,
  othersEntry,
  OLD_ID,
  OLD_REVISION,
  OUR_ID,
  OUR_REVISION,
  terms,
} from './builders.ts';

/** What each status means while nothing else is known. */
const STATUSES: Readonly<Record<string, Evaluation['kind']>> = {
  PENDING: 'progressing',
  IN_PROGRESS: 'progressing',
  SUCCESSFUL: 'completed',
  STOP_REQUESTED: 'progressing',
  STOPPED: 'failed',
  ROLLBACK_REQUESTED: 'failed',
  ROLLBACK_IN_PROGRESS: 'failed',
  ROLLBACK_SUCCESSFUL: 'rolled-back-by-ecs',
  ROLLBACK_FAILED: 'rollback-failed',
};

const BREAKER_WORDS = 'Service deployment rolled back because the circuit breaker threshold was exceeded.';

const NEVER = { forBreaker: false, forAlarms: false };

describe('the status of our service deployment decides', () => {
  test.each(Object.entries(STATUSES))('%s: %s', (status, kind) => {
    expect(evaluate(observation({ deployment: deployment({ status }) }), NO_HISTORY, terms()).kind).toBe(
      kind,
    );
  });

  test('every status that the SDK knows has its meaning here', () => {
    expect(Object.values(ServiceDeploymentStatus).sort()).toEqual(Object.keys(STATUSES).sort());
  });

  test('a status that this version does not know is neither good nor bad, and is named', () => {
    const seen = observation({
      deployment: deployment({ status: 'PAUSED' }),
      primary: entry({ rolloutState: 'COMPLETED' }),
    });
    expect(evaluate(seen, historyOf(failure(), failure()), terms())).toEqual({
      kind: 'progressing',
      unknownStatus: 'PAUSED',
    });
  });

  test.each(Object.keys(STATUSES).filter((status) => status !== 'SUCCESSFUL'))(
    '%s is never green, however good everything else looks',
    (status) => {
      const seen = observation({
        deployment: deployment({ status }),
        entry: entry({ rolloutState: 'COMPLETED', running: 2 }),
        primary: entry({ rolloutState: 'COMPLETED', running: 2 }),
        entries: 1,
        service: { status: 'ACTIVE', desired: 2, running: 2 },
      });
      expect(evaluate(seen, NO_HISTORY, terms()).kind).not.toBe('completed');
    },
  );

  test('SUCCESSFUL is green, whatever failed on the way', () => {
    const seen = observation({ deployment: deployment({ status: 'SUCCESSFUL', breaker: 'TRIGGERED' }) });
    expect(evaluate(seen, historyOf(failure({ severity: 'conclusive' })), terms())).toEqual({
      kind: 'completed',
    });
  });
});

describe('STOPPED means one of three things', () => {
  const stopped = (changes: Parameters<typeof observation>[0] = {}, statusReason?: string): Evaluation =>
    evaluate(
      observation({ deployment: deployment({ status: 'STOPPED', statusReason }), ...changes }),
      NO_HISTORY,
      terms(),
    );

  test("another's deployment replaced it: the service's PRIMARY is not ours", () => {
    expect(stopped({ primary: othersEntry() })).toEqual({
      kind: 'superseded',
      by: `${OTHER_ID} (backend:9)`,
    });
  });

  test("another's deployment replaced it while ECS rolled it back: superseded, not a failed rollback", () => {
    const seen = observation({
      deployment: deployment({ status: 'ROLLBACK_FAILED' }),
      newer: 'PuwNZhBhYzL0nNBC',
    });
    expect(evaluate(seen, NO_HISTORY, terms())).toEqual({ kind: 'superseded', by: 'PuwNZhBhYzL0nNBC' });
  });

  test("another's deployment replaced it: only a newer service deployment is visible yet", () => {
    expect(stopped({ newer: 'PuwNZhBhYzL0nNBC' })).toEqual({ kind: 'superseded', by: 'PuwNZhBhYzL0nNBC' });
  });

  test('the circuit breaker gave up and leaves things as they are', () => {
    const reason = 'Service deployment stopped because the circuit breaker threshold was exceeded.';
    expect(stopped({}, reason)).toEqual({
      kind: 'failed',
      ecs: 'ended',
      cause: 'circuit-breaker',
      reason,
    });
  });

  test('somebody stopped it by hand', () => {
    expect(stopped({}, 'Stopped by the user.')).toMatchObject({
      kind: 'failed',
      ecs: 'ended',
      cause: 'deployment-stopped',
    });
  });
});

test.each([
  'a lifecycle hook failed.',
  'PRE_PRODUCTION_TRAFFIC_SHIFT lifecycle hook(s) failed. Lifecycle hook target arn:aws:lambda:us-east-1:123456789012:function:check returned FAILED status.',
  'TEST_TRAFFIC_SHIFT lifecycle hook(s) failed. ECS was unable to invoke hook target arn:aws:lambda:us-east-1:123456789012:function:check due to User: x is not authorized to perform: lambda:InvokeFunction',
])('a lifecycle hook that fails is nobody who stopped it: %s', (words) => {
  const rollbackReason = `Service deployment rolled back because ${words}`;
  const seen = observation({ deployment: deployment({ status: 'ROLLBACK_IN_PROGRESS', rollbackReason }) });
  expect(evaluate(seen, NO_HISTORY, terms())).toEqual({
    kind: 'failed',
    ecs: 'rolling-back',
    cause: 'lifecycle-hook-failed',
    reason: rollbackReason,
  });
});

test.each([
  'of invalid networking configuration.',
  'TEST_TRAFFIC_SHIFT lifecycle hook(s) failed. User: x is not authorized to perform: elasticloadbalancing:ModifyListener on resource: y',
])('traffic that could not be shifted has a cause of its own: %s', (words) => {
  const rollbackReason = `Service deployment rolled back because ${words}`;
  const seen = observation({ deployment: deployment({ status: 'ROLLBACK_IN_PROGRESS', rollbackReason }) });
  expect(evaluate(seen, NO_HISTORY, terms())).toMatchObject({ cause: 'traffic-shift-failed' });
});

describe('a detector that triggered while the deployment is IN_PROGRESS', () => {
  test.each([
    [{ forBreaker: true, forAlarms: true }, 'rolling-back'],
    [{ forBreaker: true, forAlarms: false }, 'rolling-back'],
    [{ forBreaker: false, forAlarms: true }, 'failing'],
    [{ forBreaker: false, forAlarms: false }, 'failing'],
  ] as const)('the circuit breaker, with ECS set to roll back: %j', (ecsRollsBack, ecs) => {
    const seen = observation({ deployment: deployment({ breaker: 'TRIGGERED' }) });
    expect(evaluate(seen, NO_HISTORY, terms({ ecsRollsBack }))).toMatchObject({
      kind: 'failed',
      ecs,
      cause: 'circuit-breaker',
    });
  });

  test.each([
    [{ forBreaker: true, forAlarms: true }, 'rolling-back'],
    [{ forBreaker: true, forAlarms: false }, 'failing'],
    [{ forBreaker: false, forAlarms: true }, 'rolling-back'],
    [{ forBreaker: false, forAlarms: false }, 'failing'],
  ] as const)('an alarm, with ECS set to roll back: %j', (ecsRollsBack, ecs) => {
    const seen = observation({ deployment: deployment({ triggeredAlarms: ['web-5xx', 'web-slow'] }) });
    expect(evaluate(seen, NO_HISTORY, terms({ ecsRollsBack }))).toEqual({
      kind: 'failed',
      ecs,
      cause: 'alarm',
      reason: 'alarm in ALARM: web-5xx, web-slow',
    });
  });

  test('one alarm is enough', () => {
    const seen = observation({ deployment: deployment({ triggeredAlarms: ['web-5xx'] }) });
    expect(evaluate(seen, NO_HISTORY, terms())).toMatchObject({ kind: 'failed', cause: 'alarm' });
  });

  test('both: it is enough that one of them does', () => {
    const seen = observation({
      deployment: deployment({ breaker: 'TRIGGERED', triggeredAlarms: ['web-5xx'] }),
    });
    const told = (forBreaker: boolean, forAlarms: boolean): unknown =>
      evaluate(seen, NO_HISTORY, terms({ ecsRollsBack: { forBreaker, forAlarms } }));
    expect(told(true, false)).toMatchObject({ ecs: 'rolling-back' });
    expect(told(false, true)).toMatchObject({ ecs: 'rolling-back' });
    expect(told(false, false)).toMatchObject({ ecs: 'failing' });
  });

  test.each([
    ['ECS deployment circuit breaker: tasks failed to start.', { forBreaker: true, forAlarms: false }],
    ['ECS deployment failed: alarm detected.', { forBreaker: false, forAlarms: true }],
  ])('told by the entry alone (%s), it is the one that the entry names', (reason, ecsRollsBack) => {
    const failed = entry({ rolloutState: 'FAILED', reason });
    const seen = observation({ entry: failed, primary: failed });
    expect(evaluate(seen, NO_HISTORY, terms({ ecsRollsBack }))).toMatchObject({ ecs: 'rolling-back' });
    const other = { forBreaker: !ecsRollsBack.forBreaker, forAlarms: !ecsRollsBack.forAlarms };
    expect(evaluate(seen, NO_HISTORY, terms({ ecsRollsBack: other }))).toMatchObject({ ecs: 'failing' });
  });

  test('what the failed tasks say is a better cause than "circuit breaker"', () => {
    const seen = observation({ deployment: deployment({ breaker: 'TRIGGERED' }) });
    const evaluation = evaluate(seen, historyOf(failure({ cause: 'out-of-memory', exitCode: 137 })), terms());
    expect(evaluation).toMatchObject({ cause: 'out-of-memory' });
  });
});

describe('ECS rolls back', () => {
  test('because of its circuit breaker: the failed tasks name the cause', () => {
    const seen = observation({
      deployment: deployment({ status: 'ROLLBACK_SUCCESSFUL', rollbackReason: BREAKER_WORDS }),
      primary: othersEntry({ taskDefinitionArn: OLD_REVISION }),
    });
    expect(evaluate(seen, historyOf(failure()), terms())).toMatchObject({
      kind: 'rolled-back-by-ecs',
      cause: 'app-crashed',
    });
  });

  test('because somebody asked for it: that is the cause, whatever failed before', () => {
    const seen = observation({
      deployment: deployment({
        status: 'ROLLBACK_IN_PROGRESS',
        rollbackReason: 'Service deployment rollback was requested by a user.',
      }),
    });
    expect(evaluate(seen, historyOf(failure()), terms())).toMatchObject({
      kind: 'failed',
      ecs: 'rolling-back',
      cause: 'deployment-stopped',
    });
  });
});

describe('failing fast', () => {
  test('evidence that is conclusive ends it while ECS still tries', () => {
    expect(evaluate(observation(), historyOf(failure(), failure()), terms())).toEqual({
      kind: 'failed',
      ecs: 'in-progress',
      cause: 'app-crashed',
      reason: 'container "app" exited with code 1',
    });
  });

  test('without fail-fast ECS alone decides', () => {
    expect(evaluate(observation(), historyOf(failure(), failure()), terms({ failFast: false })).kind).toBe(
      'progressing',
    );
  });
});

describe('where service deployments cannot be read, our entry of deployments[] decides', () => {
  const unread = { deployment: undefined };

  test.each([
    ['COMPLETED', { kind: 'completed' }],
    ['IN_PROGRESS', { kind: 'progressing' }],
  ])('%s', (rolloutState, evaluation) => {
    expect(
      evaluate(observation({ ...unread, primary: entry({ rolloutState }) }), NO_HISTORY, terms()),
    ).toEqual(evaluation);
  });

  test('FAILED: ECS gave up', () => {
    const reason = 'ECS deployment circuit breaker: tasks failed to start.';
    const primary = entry({ rolloutState: 'FAILED', reason });
    expect(evaluate(observation({ ...unread, primary }), NO_HISTORY, terms())).toEqual({
      kind: 'failed',
      ecs: 'ended',
      cause: 'circuit-breaker',
      reason,
    });
  });

  test('FAILED because of an alarm has the cause alarm', () => {
    const primary = entry({ rolloutState: 'FAILED', reason: 'ECS deployment alarm: alarm detected.' });
    expect(evaluate(observation({ ...unread, primary }), historyOf(failure()), terms())).toMatchObject({
      kind: 'failed',
      cause: 'alarm',
    });
  });

  test("what was PRIMARY before our update is an old view of the service, not another's deployment", () => {
    const primary = entry({ id: OLD_ID, taskDefinitionArn: OLD_REVISION, rolloutState: 'COMPLETED' });
    const seen = observation({ ...unread, entry: undefined, primary });
    expect(evaluate(seen, NO_HISTORY, terms()).kind).toBe('progressing');
    const stopped = observation({ deployment: deployment({ status: 'STOPPED' }), primary });
    expect(evaluate(stopped, NO_HISTORY, terms())).toMatchObject({ kind: 'failed', ecs: 'ended' });
  });

  test.each([
    ['older than ours, whatever brought it', -1, 'progressing', 'failed'],
    ['younger', 1, 'superseded', 'superseded'],
  ])('a PRIMARY that is %s', (_, ms, kind, stoppedKind) => {
    const primary = othersEntry({ createdAt: new Date(1_767_690_000_000 + ms) });
    const known = terms({ createdAt: 1_767_690_000_000 });
    const seen = observation({ ...unread, entry: undefined, primary });
    expect(evaluate(seen, NO_HISTORY, known).kind).toBe(kind);
    const stopped = observation({ deployment: deployment({ status: 'STOPPED' }), primary });
    expect(evaluate(stopped, NO_HISTORY, known).kind).toBe(stoppedKind);
    const counts = observation({ ...unread, entry: undefined, primary });
    expect(evaluate(counts, NO_HISTORY, { ...known, replacesTasks: false }).kind).toBe(kind);
  });

  test.each([
    ['is known by the tasks that had failed', historyOf(failure()), 'rolled-back-by-ecs'],
    ['is not known where none had', NO_HISTORY, 'superseded'],
  ])('a rollback that was over before it was seen %s', (_, history, kind) => {
    const primary = othersEntry({
      taskDefinitionArn: OLD_REVISION,
      rolloutState: 'COMPLETED',
      reason: undefined,
    });
    expect(evaluate(observation({ ...unread, entry: undefined, primary }), history, terms()).kind).toBe(kind);
  });

  test.each([
    ['told ECS to roll it back', OUR_ID, OLD_REVISION, NEVER, 'rolled-back-by-ecs', 'deployment-stopped'],
    ['or ECS did by itself', OUR_ID, OLD_REVISION, undefined, 'rolled-back-by-ecs', 'circuit-breaker'],
    ['rolled another one back', 'ecs-svc/7', OLD_REVISION, NEVER, 'superseded', undefined],
    ['deployed since', OUR_ID, OUR_REVISION, NEVER, 'superseded', undefined],
  ])(
    'a rollback that was over before it was seen is known by its event: somebody %s',
    (_, id, taskDefinitionArn, ecsRollsBack, kind, cause) => {
      const primary = othersEntry({ taskDefinitionArn, rolloutState: 'COMPLETED', reason: undefined });
      const message = `(service web) (deployment ${id}) rolling back to deployment ecs-svc/1.`;
      const seen = observation({ ...unread, entry: undefined, primary, events: [{ id: '1', message }] });
      const given = terms(ecsRollsBack === undefined ? {} : { ecsRollsBack });
      const evaluation = evaluate(seen, NO_HISTORY, given);
      expect(evaluation).toMatchObject({ kind, ...(cause === undefined ? {} : { cause }) });
    },
  );

  test.each([
    ['on the failed one', OUR_ID, OUR_REVISION, 'ended'],
    ['and rolled back', OTHER_ID, OLD_REVISION, 'rolling-back'],
  ])(
    'stopped by a person, it says so %s, whatever a task had failed for',
    (_, id, taskDefinitionArn, ecs) => {
      const ours = entry({ rolloutState: 'FAILED', reason: 'ECS deployment was stopped by a user.' });
      const reason = 'ECS deployment stopped by a user: rolling back to deploymentId ecs-svc/1.';
      const primary = id === OUR_ID ? ours : othersEntry({ taskDefinitionArn, reason });
      expect(
        evaluate(observation({ ...unread, entry: ours, primary }), historyOf(failure()), terms()),
      ).toMatchObject({
        kind: 'failed',
        ecs,
        cause: 'deployment-stopped',
      });
    },
  );

  test("COMPLETED of another's deployment is not green: ours was superseded", () => {
    const seen = observation({
      ...unread,
      entry: undefined,
      primary: othersEntry({ rolloutState: 'COMPLETED' }),
    });
    expect(evaluate(seen, NO_HISTORY, terms())).toEqual({
      kind: 'superseded',
      by: `${OTHER_ID} (backend:9)`,
    });
  });

  const rollback = (rolloutState: string): ReturnType<typeof observation> =>
    observation({
      ...unread,
      entry: entry({
        rolloutState: 'FAILED',
        reason: 'ECS deployment circuit breaker: tasks failed to start.',
      }),
      primary: othersEntry({
        taskDefinitionArn: OLD_REVISION,
        rolloutState,
        reason: 'ECS deployment circuit breaker: rolling back to deploymentId ecs-svc/1.',
      }),
    });

  test.each([
    ['IN_PROGRESS', 'failed'],
    ['COMPLETED', 'rolled-back-by-ecs'],
    ['FAILED', 'rollback-failed'],
  ])('a new PRIMARY that says that it rolls back, %s: %s', (state, kind) => {
    expect(evaluate(rollback(state), NO_HISTORY, terms())).toMatchObject({ kind, cause: 'circuit-breaker' });
  });

  test('the rollback is known again when its reason is gone from a later look', () => {
    const history = remember(NO_HISTORY, rollback('IN_PROGRESS'));
    const later = rollback('COMPLETED');
    const silent = {
      ...later,
      entry: undefined,
      primary: later.primary && { ...later.primary, reason: undefined },
    };
    expect(evaluate(silent, history, terms()).kind).toBe('rolled-back-by-ecs');
  });

  test("another's deployment that replaces the rollback is not the rollback: ours was superseded", () => {
    const history = remember(NO_HISTORY, rollback('IN_PROGRESS'));
    const seen = observation({
      ...unread,
      entry: undefined,
      primary: othersEntry({ id: 'ecs-svc/4', rolloutState: 'COMPLETED' }),
    });
    expect(evaluate(seen, history, terms())).toMatchObject({ kind: 'superseded' });
  });

  test('an entry of ours that nobody ever saw was not rolled back: it was superseded', () => {
    const primary = othersEntry({ taskDefinitionArn: OLD_REVISION, reason: 'rolling back to ecs-svc/1.' });
    const seen = observation({ ...unread, entry: undefined, primary });
    expect(evaluate(seen, historyOf(failure()), terms({ deploymentId: '' })).kind).toBe('superseded');
  });

  test("another's fix after our failure is not a rollback where ECS does not roll back", () => {
    const seen = observation({
      ...unread,
      entry: entry({ rolloutState: 'FAILED' }),
      primary: othersEntry({ rolloutState: 'COMPLETED' }),
    });
    expect(evaluate(seen, NO_HISTORY, terms({ ecsRollsBack: NEVER })).kind).toBe('superseded');
  });

  test.each(['IN_PROGRESS', 'COMPLETED', 'FAILED'])(
    'nor is it where ECS does, and it brings another revision than the last good one: %s',
    (rolloutState) => {
      const history = remember(NO_HISTORY, rollback('IN_PROGRESS'));
      const seen = observation({
        ...unread,
        entry: entry({ rolloutState: 'FAILED' }),
        primary: othersEntry({ id: 'ecs-svc/4', rolloutState }),
      });
      expect(evaluate(seen, history, terms()).kind).toBe('superseded');
    },
  );

  test.each([
    { forBreaker: true, forAlarms: false },
    { forBreaker: false, forAlarms: true },
  ])('the last good revision after our failure is one where ECS rolls back: %j', (ecsRollsBack) => {
    const seen = observation({
      ...unread,
      entry: entry({ rolloutState: 'FAILED' }),
      primary: othersEntry({ rolloutState: 'COMPLETED', taskDefinitionArn: OLD_REVISION }),
    });
    expect(evaluate(seen, NO_HISTORY, terms({ ecsRollsBack })).kind).toBe('rolled-back-by-ecs');
  });

  describe('counts decide only where there is no rolloutState either', () => {
    const stateless = entry({ rolloutState: undefined, running: 2 });
    const full = { status: 'ACTIVE', desired: 2, running: 2 };

    test.each([
      ['one entry and every task running: green', { entries: 1, service: full }, 'completed'],
      ['old tasks are still there', { entries: 2, service: full }, 'progressing'],
      ['a task is missing', { entries: 1, service: { ...full, running: 1 } }, 'progressing'],
    ])('%s', (_, changes, kind) => {
      const seen = observation({ ...unread, primary: stateless, entry: stateless, ...changes });
      expect(evaluate(seen, NO_HISTORY, terms()).kind).toBe(kind);
    });

    test('full counts beside an IN_PROGRESS state prove nothing', () => {
      const seen = observation({ ...unread, entries: 1, service: full });
      expect(evaluate(seen, NO_HISTORY, terms()).kind).toBe('progressing');
    });
  });

  test('failing fast works as well', () => {
    expect(
      evaluate(observation(unread), historyOf(failure({ severity: 'conclusive' })), terms()),
    ).toMatchObject({
      kind: 'failed',
      ecs: 'in-progress',
    });
  });
});

describe('a change of the count alone makes no deployment', () => {
  const countOnly = terms({ replacesTasks: false });

  test.each([
    [2, 4, 'progressing'],
    [4, 4, 'completed'],
    [5, 4, 'progressing'],
    [0, 0, 'completed'],
  ])('%d of %d tasks run: %s', (running, desired, kind) => {
    const seen = observation({ deployment: undefined, service: { status: 'ACTIVE', desired, running } });
    expect(evaluate(seen, NO_HISTORY, countOnly).kind).toBe(kind);
  });

  test('a look that still shows the count before is older than the update', () => {
    const seen = observation({
      deployment: undefined,
      service: { status: 'ACTIVE', desired: 2, running: 2 },
    });
    const of = (countBefore: number): string =>
      evaluate(seen, NO_HISTORY, terms({ replacesTasks: false, countBefore })).kind;
    expect([of(2), of(3)]).toEqual(['progressing', 'completed']);
  });

  test("another's deployment in between supersedes it", () => {
    const seen = observation({
      primary: othersEntry(),
      service: { status: 'ACTIVE', desired: 2, running: 2 },
    });
    expect(evaluate(seen, NO_HISTORY, countOnly).kind).toBe('superseded');
  });
});

test.each(['DRAINING', 'INACTIVE'])('a service that is deleted meanwhile (%s) ends the watch', (status) => {
  const seen = observation({ service: { status, desired: 2, running: 0 }, primary: undefined });
  expect(evaluate(seen, NO_HISTORY, terms())).toMatchObject({ kind: 'failed', cause: 'service-inactive' });
});

test('a rollback for an alarm is told by its words where the alarm does not show yet', () => {
  const seen = observation({
    deployment: deployment({ status: 'IN_PROGRESS' }),
    entry: entry({ rolloutState: 'FAILED', reason: 'ECS deployment failed: alarm detected.' }),
  });
  expect(evaluate(seen, NO_HISTORY, terms())).toMatchObject({ kind: 'failed', cause: 'alarm' });
});
