import { describe, expect, test } from '@jest/globals';
import type {
  ServiceRun,
  RollbackEnd,
  RolloutRequest,
  ServiceOutcome,
  Problem,
} from '../../src/model/index.ts';
import { conclude, concludeServiceRun } from '../../src/rollout/outcome.ts';
import {
  blindAws,
  serviceRun,
  DENIED,
  NO_BREAKER,
  OLD_ID,
  OTHER_ID,
  OTHER_REVISION,
  recordedLog,
  rollout,
  rolloutRequest,
  snapshot,
  problem,
} from './builders.ts';
import { fakeClock } from '../fakes/clock.ts';

const PRODUCTION = 'Service "web" now runs backend:8: 2 of 2 tasks running.';

function end(changes: Partial<ServiceRun> = {}, asked: Partial<RolloutRequest> = {}): ServiceOutcome {
  return conclude(serviceRun(changes), rolloutRequest(asked), PRODUCTION);
}

const GATES: ServiceRun['gates'] = [
  { gate: 'digest', state: 'passed', detail: 'sha256:1' },
  { gate: 'targets', state: 'passed', detail: '2 healthy' },
  { gate: 'http', state: 'skipped', detail: 'no URL' },
];

const NOT_BY_ITSELF = 'ECS will not roll it back by itself.';

const GIVES_UP = { ...snapshot().breaker, rollsBack: false };

const ALARMS_ROLL_BACK = { ...snapshot().deployment, alarms: ['web-5xx'], alarmsRollBack: true };

describe('a deployment that somebody has replaced by the end', () => {
  const FAILED_GATE: Partial<ServiceRun> = {
    gates: [{ gate: 'http', state: 'failed', detail: 'x' }],
    problem: problem({ cause: 'http-check-failed' }),
  };
  const outcomeOf = async (
    changes: Partial<ServiceRun>,
    primary: string,
    asked: Partial<RolloutRequest> = {},
  ): Promise<string | undefined> => {
    const deployments = [{ id: primary, status: 'PRIMARY', taskDefinition: OTHER_REVISION }];
    const answer = { $metadata: {}, services: [{ deployments }] };
    const ecs = { describeServices: () => Promise.resolve(answer) };
    const ctx = { aws: blindAws(ecs), clock: fakeClock(), log: recordedLog() };
    const { outcome } = await concludeServiceRun(ctx, serviceRun(changes), rolloutRequest(asked));
    return outcome?.result;
  };

  test.each<[string, Partial<ServiceRun>, Partial<RolloutRequest>, string]>([
    ['is superseded where it was well', {}, {}, 'superseded'],
    ['is superseded where a gate failed and nothing was rolled back', FAILED_GATE, {}, 'superseded'],
    [
      'is rolled back where that was done before',
      { ...FAILED_GATE, rollback: { kind: 'rolled-back' } },
      {},
      'rolled-back',
    ],
    ['has failed where that was before it was complete', { problem: problem() }, {}, 'failed'],
    ['has started where nobody waits for its end', {}, { wait: false }, 'started'],
    ['is superseded where nothing was deployed', { change: 'none' }, {}, 'superseded'],
    [
      'is superseded where nothing was deployed, though nobody waits',
      { change: 'none' },
      { wait: false },
      'superseded',
    ],
  ])('%s', async (_, changes, asked, result) => {
    expect(await outcomeOf(changes, OTHER_ID, asked)).toBe(result);
  });

  test.each<[string, Partial<ServiceRun>, string]>([
    ['it is ours that runs', {}, 'succeeded'],
    ['nothing was begun', { rollout: undefined, problem: problem() }, 'failed'],
  ])('is nobody’s where %s', async (_, changes, result) => {
    expect(await outcomeOf(changes, rollout().deploymentId)).toBe(result);
  });

  test('is superseded by the deployment of before as well: nothing is green that does not run', async () => {
    expect(await outcomeOf({}, OLD_ID)).toBe('superseded');
  });

  test('is not where this run never had one', async () => {
    expect(await outcomeOf({ rollout: undefined }, OTHER_ID)).toBe('succeeded');
  });
});

test('an update that nobody answered may still take effect', () => {
  const { message } = end({ updateUnconfirmed: true, problem: problem({ reason: 'has no answer' }) });
  expect(message).toMatch(/; it may still take effect\.$/);
});

test('a problem that calls for no rollback says nothing of one, whatever on-failure says', () => {
  const unrestored = { problem: problem({ recovery: 'leave' }) };
  expect(end(unrestored, { onFailure: 'leave' }).message).toBe(end(unrestored).message);
});

describe('without a problem', () => {
  test.each<[string, Partial<ServiceRun>, Partial<RolloutRequest>, string, string]>([
    [
      'proven healthy, by the gates that passed and no others',
      { gates: GATES },
      {},
      'succeeded',
      'Service "web" runs backend:8, proven healthy by its image digest and its targets.',
    ],
    [
      'by its digest alone, where nothing of its health could be asked',
      {
        gates: [
          { gate: 'digest', state: 'passed', detail: '' },
          { gate: 'targets', state: 'skipped', detail: 'no answer' },
        ],
      },
      {},
      'succeeded',
      'Service "web" runs backend:8, proven by its image digest; nothing told whether it is healthy.',
    ],
    [
      'successful, with every gate skipped',
      { gates: [{ gate: 'digest', state: 'skipped', detail: 'denied' }] },
      {},
      'succeeded',
      'Service "web" runs backend:8, as ECS says; nothing was proven beyond that.',
    ],
    [
      'nothing differed',
      { change: 'none' },
      {},
      'unchanged',
      'Service "web" already runs backend:8: nothing to do.',
    ],
    [
      'nobody waits',
      {},
      { wait: false },
      'started',
      'The deployment of backend:8 to service "web" has started; this run does not wait for its end.',
    ],
    [
      'no task wanted',
      { desiredCount: 0 },
      {},
      'succeeded',
      'Service "web" is on backend:8 with a desired count of 0: no task ran, nothing was proven.',
    ],
  ])('%s', (_, changes, asked, result, message) => {
    expect(end(changes, asked)).toEqual({
      result,
      cause: undefined,
      message,
      nowRunning: PRODUCTION,
      hint: undefined,
      evidence: [],
    });
  });
});

const FAILED = 'The deployment of backend:8 to service "web" failed: container "app" exited with code 1';

describe('with a problem', () => {
  const TIMED_OUT: Partial<Problem> = {
    result: 'timed-out',
    cause: 'timeout',
    reason: 'had not finished after 30 minutes',
  };

  test.each<[string, Partial<Problem>, RollbackEnd | undefined, string, string, string]>([
    [
      'rolled back by us',
      {},
      { kind: 'rolled-back' },
      'rolled-back',
      'app-crashed',
      `${FAILED}; it was rolled back.`,
    ],
    [
      'rolled back by ECS before anybody asked',
      { result: 'rolled-back', recovery: 'done' },
      undefined,
      'rolled-back',
      'app-crashed',
      `${FAILED}; ECS rolled it back.`,
    ],
    [
      'nowhere to go back to',
      {},
      { kind: 'nowhere', why: 'no deployment ever succeeded' },
      'failed',
      'app-crashed',
      `${FAILED}; it was not rolled back: no deployment ever succeeded.`,
    ],
    [
      'the rollback failed, too',
      {},
      { kind: 'failed', why: 'AWS said no.' },
      'failed',
      'rollback-failed',
      `${FAILED}; the rollback failed as well: AWS said no.`,
    ],
    [
      "another's deployment came before the rollback",
      {},
      { kind: 'superseded', by: 'ecs-svc/3' },
      'superseded',
      'superseded',
      `${FAILED}; by then the service ran another deployment (ecs-svc/3), which was not touched.`,
    ],
    [
      'timed out, rolled back',
      TIMED_OUT,
      { kind: 'rolled-back' },
      'rolled-back',
      'timeout',
      'The deployment of backend:8 to service "web" had not finished after 30 minutes; it was rolled back.',
    ],
    [
      'timed out, left to finish',
      { ...TIMED_OUT, recovery: 'leave' },
      undefined,
      'timed-out',
      'timeout',
      'The deployment of backend:8 to service "web" had not finished after 30 minutes.',
    ],
    [
      'superseded',
      {
        result: 'superseded',
        cause: 'superseded',
        reason: 'was replaced by another deployment, x',
        recovery: 'leave',
      },
      undefined,
      'superseded',
      'superseded',
      'The deployment of backend:8 to service "web" was replaced by another deployment, x.',
    ],
    [
      'access-lost',
      {
        cause: 'access-denied',
        reason: 'could not be watched any longer: AWS denied access while watching service "web" (x).',
        recovery: 'leave',
      },
      undefined,
      'failed',
      'access-denied',
      'The deployment of backend:8 to service "web" could not be watched any longer: AWS denied access while watching service "web" (x); ECS goes on with it, and nobody rolls it back: run this job again and it takes the deployment up.',
    ],
  ])('%s', (_, found, rollback, result, cause, message) => {
    expect(end({ problem: problem(found), rollback })).toMatchObject({
      result,
      cause,
      message,
      nowRunning: PRODUCTION,
    });
  });

  test('refused before it began: the service was not touched', () => {
    const refused = problem({
      cause: 'unknown',
      reason: 'could not start: AWS refused it.',
      recovery: 'leave',
    });
    expect(end({ rollout: undefined, problem: refused }).message).toBe(
      'The deployment of backend:8 to service "web" could not start: AWS refused it; the service was not touched.',
    );
  });

  test('unchanged, but a gate fails: failed, and it says that nothing was deployed', () => {
    const gate = problem({ cause: 'http-check-failed', reason: 'did not answer', recovery: 'leave' });
    expect(end({ change: 'none', problem: gate })).toMatchObject({
      result: 'failed',
      cause: 'http-check-failed',
      message: 'Service "web" already ran backend:8, but it did not answer.',
    });
  });

  test.each([
    ['the circuit breaker does', snapshot(), {}, 'and the circuit breaker may still roll it back.'],
    ['nothing does', snapshot({ breaker: NO_BREAKER }), {}, `and ${NOT_BY_ITSELF}`],
    [
      'alarms alone do',
      snapshot({ breaker: GIVES_UP, deployment: ALARMS_ROLL_BACK }),
      {},
      'and ECS rolls it back by itself only where one of its alarms goes into ALARM.',
    ],
    [
      'alarms alone do, and the circuit breaker has given up',
      snapshot({ breaker: GIVES_UP, deployment: ALARMS_ROLL_BACK }),
      { isOver: true },
      `and ${NOT_BY_ITSELF}`,
    ],
    ['there is nowhere to go back to', snapshot({ lastGood: undefined }), {}, `and ${NOT_BY_ITSELF}`],
  ])('left by on-failure: leave, it says whether ECS will roll back: %s', (_, before, more, words) => {
    const unrestored = { snapshot: before, problem: problem(more) };
    const { result, message } = end(unrestored, { onFailure: 'leave' });
    expect(result).toBe('failed');
    expect(message).toBe(`${FAILED}; it is left as it is (on-failure: leave), ${words}`);
  });

  test.each<RollbackEnd>([
    { kind: 'failed', why: 'x' },
    { kind: 'superseded', by: 'x' },
  ])('the first cause is the first evidence where the end has another cause: %j', (rollback) => {
    const seen = { kind: 'status', text: 'what was seen' } as const;
    const { evidence } = end({ problem: problem({ evidence: [seen] }), rollback });
    expect(evidence).toEqual([{ kind: 'first-cause', text: `app-crashed: ${problem().reason}` }, seen]);
  });
});

describe('the service run is concluded', () => {
  const serving = {
    describeServices: () =>
      Promise.resolve({
        $metadata: {},
        services: [
          {
            deployments: [
              { status: 'PRIMARY', taskDefinition: 'backend:8', runningCount: 2, desiredCount: 2 },
            ],
          },
        ],
      }),
  };

  test('with what runs now, in the log and in the outcome', async () => {
    const log = recordedLog();
    const { outcome } = await concludeServiceRun(
      { aws: blindAws(serving), clock: fakeClock(), log },
      serviceRun(),
      rolloutRequest(),
    );
    expect(outcome).toMatchObject({ result: 'succeeded', nowRunning: PRODUCTION });
    expect(log.lines).toEqual([PRODUCTION]);
    expect(log.warnings).toEqual([]);
  });

  test('with a warning where no task ran', async () => {
    const log = recordedLog();
    await concludeServiceRun(
      { aws: blindAws(serving), clock: fakeClock(), log },
      serviceRun({ desiredCount: 0 }),
      rolloutRequest(),
    );
    expect(log.warnings).toEqual([
      'Service "web" is on backend:8 with a desired count of 0: no task ran, nothing was proven.',
    ]);
  });

  test('though what runs now may not be read', async () => {
    const ecs = { describeServices: () => Promise.reject(DENIED()) };
    const { outcome } = await concludeServiceRun(
      { aws: blindAws(ecs), clock: fakeClock(), log: recordedLog() },
      serviceRun(),
      rolloutRequest(),
    );
    expect(outcome).toMatchObject({
      result: 'succeeded',
      nowRunning: 'What service "web" runs now could not be read.',
    });
  });
});
