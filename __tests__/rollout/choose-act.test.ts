import { describe, expect, test } from '@jest/globals';
import type { Answer } from '../../src/aws/attempt.ts';
import { targetOf, type RollbackTarget } from '../../src/ecs/rollback-target.ts';
import type { ServiceDeployment } from '../../src/ecs/service-deployments.ts';
import type { Deployment, Service } from '../../src/ecs/services.ts';
import { Actors, type Act, type ActEnd, type Action } from '../../src/rollout/acts.ts';
import {
  answering,
  chooseAnswer,
  chooseCodeDeployAnswer,
  type AnswerHookContext,
} from '../../src/rollout/answer-hook.ts';
import { chooseAct, type ActTerms, type Choice, type CurrentState } from '../../src/rollout/choose-act.ts';
import { chooseCodeDeployAct, type CodeDeployState } from '../../src/rollout/choose-codedeploy-act.ts';
import { chooseRestoring } from '../../src/rollout/settings.ts';
import { TimedOut } from '../../src/runtime/wait.ts';
import { fakeClock } from '../fakes/clock.ts';
import {
  awsError,
  DENIED,
  OLD_ID,
  OLD_REVISION,
  OTHER_ID,
  OUR_DEPLOYMENT,
  OUR_ID,
  OUR_REVISION,
  recordedLog,
  RESET,
  revision,
  rollout,
  rolloutRequest,
  serviceRevisionArn,
  snapshot,
  THROTTLED,
} from './builders.ts';

const COPY = revision(12);

function answered<T>(value: T): Answer<T> {
  return { kind: 'answered', value };
}

function lost(error: unknown = RESET()): Answer<never> {
  return { kind: 'unanswered', because: 'transient', error };
}

function ours(status: ServiceDeployment['status']): Answer<ServiceDeployment> {
  return answered({ serviceDeploymentArn: OUR_DEPLOYMENT, status });
}

/** A service whose PRIMARY entry is this one. */
function service(primary: Partial<Deployment>, changes: Partial<Service> = {}): Answer<Service> {
  return answered({ desiredCount: 2, deployments: [{ status: 'PRIMARY', ...primary }], ...changes });
}

const OURS = { id: OUR_ID, taskDefinition: OUR_REVISION };
const ANOTHERS = { id: OTHER_ID, taskDefinition: revision(9) };

const GOOD = {
  taskDefinitionArn: OLD_REVISION,
  serviceDeploymentArn: undefined,
  serviceRevisionArn: serviceRevisionArn(OLD_ID),
  images: [],
};

function target(isActive = true, good = GOOD): RollbackTarget {
  return targetOf(good, { family: 'backend', containerDefinitions: [] }, isActive);
}

/** Our deployment of backend:8 is under way, PRIMARY, and backend:7 was good before. */
function state(changes: Partial<CurrentState> = {}): CurrentState {
  return {
    deployment: ours('IN_PROGRESS'),
    service: service(OURS),
    target: answered(target()),
    ...changes,
  };
}

function terms(changes: Partial<ActTerms> = {}): ActTerms {
  return {
    rollout: rollout(),
    request: rolloutRequest(),
    refusals: { stop: 3, others: 1 },
    ...changes,
  };
}

const STOP: Action = { kind: 'stop', arn: OUR_DEPLOYMENT };
const CONTINUE: Action = { kind: 'continue', arn: OUR_DEPLOYMENT, hookId: 'hook' };
const REGISTER: Action = { kind: 'register', target: target(false) };

function update(taskDefinition = OLD_REVISION, settings: object = {}): Action {
  return { kind: 'update', input: { cluster: 'prod', service: 'web', taskDefinition, ...settings } };
}

function act(action: Action, end: ActEnd): Act {
  return { action, at: 0, end };
}

const CONFLICT = awsError('ConflictException', 'The service deployment is being updated.');
const REFUSED: ActEnd = { kind: 'refused', error: CONFLICT };
const NO: ActEnd = { kind: 'denied', error: DENIED() };
const SILENT: ActEnd = { kind: 'unanswered', error: RESET() };
const BUSY: ActEnd = { kind: 'unanswered', error: THROTTLED() };

function doing(action: Action): Choice {
  return { kind: 'act', action };
}

function superseded(by: string): Choice {
  return { kind: 'end', end: { kind: 'superseded', by } };
}

function nowhere(why: RegExp): object {
  return { kind: 'end', end: { kind: 'nowhere', why: expect.stringMatching(why) } };
}

interface Row {
  readonly state?: Partial<CurrentState>;
  readonly acts?: readonly Act[];
  readonly terms?: Partial<ActTerms>;
  readonly then: object;
}

const AFTER = { deployment: ours('STOPPED') };
const AGAIN = { kind: 'look-again' };

const ROWS: Readonly<Record<string, Row>> = {
  'ours runs: ECS is asked to roll it back': { then: doing(STOP) },
  'ours is PENDING': { state: { deployment: ours('PENDING') }, then: doing(STOP) },
  'a stop without a rollback was asked for': {
    state: { deployment: ours('STOP_REQUESTED') },
    then: doing(STOP),
  },
  'ours has succeeded: the service is updated back': {
    state: { deployment: ours('SUCCESSFUL') },
    then: doing(update()),
  },
  'ours was stopped': { state: AFTER, then: doing(update()) },
  'service deployments cannot be read, and ours is PRIMARY': {
    state: { deployment: answered(undefined) },
    then: doing(update()),
  },
  'ECS rolls back: ROLLBACK_REQUESTED': {
    state: { deployment: ours('ROLLBACK_REQUESTED') },
    then: { kind: 'follow' },
  },
  'ECS rolls back: ROLLBACK_IN_PROGRESS, whoever is PRIMARY': {
    state: { deployment: ours('ROLLBACK_IN_PROGRESS'), service: service(ANOTHERS) },
    then: { kind: 'follow' },
  },
  'ECS has rolled back, and the service is not shown': {
    state: { deployment: ours('ROLLBACK_SUCCESSFUL'), service: lost() },
    then: { kind: 'follow' },
  },
  'the PRIMARY of ECS says that it rolls back, where service deployments cannot be read': {
    state: {
      deployment: answered(undefined),
      service: service({
        ...ANOTHERS,
        rolloutStateReason: 'ECS deployment circuit breaker: rolling back to deploymentId x.',
      }),
    },
    then: { kind: 'follow' },
  },
  "another's is PRIMARY": { state: { service: service(ANOTHERS) }, then: superseded(OTHER_ID) },
  "another's is PRIMARY, after ours was asked to stop": {
    state: { ...AFTER, service: service(ANOTHERS) },
    acts: [act(STOP, { kind: 'taken' })],
    then: superseded(OTHER_ID),
  },
  'the service is shown as it was before our update': {
    state: { service: service({ id: OLD_ID, taskDefinition: OLD_REVISION }) },
    then: { ...AGAIN, error: expect.objectContaining({ name: 'OutdatedAnswer' }) },
  },

  'once refused, ECS is asked to stop again': { acts: [act(STOP, REFUSED)], then: doing(STOP) },
  'refused twice': { acts: [act(STOP, REFUSED), act(STOP, REFUSED)], then: doing(STOP) },
  'refused three times: the other call': {
    acts: [act(STOP, REFUSED), act(STOP, REFUSED), act(STOP, REFUSED)],
    then: doing(update()),
  },
  'denied: the other call at once, and for good': {
    acts: [act(STOP, NO), act(update(), BUSY)],
    then: doing(update()),
  },
  'the answer to the stop is lost, and ours runs on: the other call': {
    acts: [act(STOP, SILENT)],
    then: doing(update()),
  },
  'the answer to the stop is lost, and it took effect': {
    state: { deployment: ours('ROLLBACK_REQUESTED') },
    acts: [act(STOP, SILENT)],
    then: { kind: 'follow' },
  },
  'the stop is throttled: the other call has another quota': {
    acts: [act(STOP, BUSY)],
    then: doing(update()),
  },
  'both are throttled in turn': { acts: [act(STOP, BUSY), act(update(), BUSY)], then: doing(STOP) },
  'the stop is lost and the update denied: the stop once more': {
    acts: [act(STOP, SILENT), act(update(), NO), act(STOP, SILENT)],
    then: doing(STOP),
  },
  'both ways are denied': {
    acts: [act(STOP, NO), act(update(), NO)],
    then: { kind: 'give-up', error: expect.objectContaining({ name: 'AccessDeniedException' }) },
  },
  'the update is refused': {
    state: AFTER,
    acts: [act(update(), REFUSED)],
    then: { kind: 'give-up', error: CONFLICT },
  },
  'the update is refused once of two times': {
    state: AFTER,
    acts: [act(update(), REFUSED)],
    terms: { refusals: { stop: 2, others: 2 } },
    then: doing(update()),
  },

  'an update that had no answer has taken effect': {
    state: { ...AFTER, service: service({ id: 'ecs-svc/4', taskDefinition: OLD_REVISION }) },
    acts: [act(update(), SILENT)],
    then: { kind: 'follow-update', to: OLD_REVISION, service: expect.objectContaining({ desiredCount: 2 }) },
  },
  'an update that had no answer has not taken effect yet': {
    state: AFTER,
    acts: [act(update(), SILENT)],
    then: doing(update()),
  },
  'an update that had no answer, and another deployment since': {
    state: { ...AFTER, service: service(ANOTHERS) },
    acts: [act(update(), SILENT)],
    then: superseded(OTHER_ID),
  },
  'ours is no update of this run that had no answer, though it brings the same revision': {
    state: {
      ...AFTER,
      service: service({ id: OUR_ID, taskDefinition: OLD_REVISION }),
    },
    acts: [act(update(), BUSY)],
    terms: { rollout: rollout({ taskDefinitionArn: OLD_REVISION }) },
    then: nowhere(/itself$/),
  },
  'an update that was answered is not looked for: what is there now is of somebody else': {
    state: { ...AFTER, service: service({ id: 'ecs-svc/4', taskDefinition: OLD_REVISION }) },
    acts: [act(update(), { kind: 'taken' })],
    then: superseded('ecs-svc/4'),
  },

  'the last good revision is INACTIVE: it is registered again first': {
    state: { ...AFTER, target: answered(target(false)) },
    then: doing(REGISTER),
  },
  'and then the service is updated to the copy': {
    state: { ...AFTER, target: answered(target(false)) },
    acts: [act(REGISTER, { kind: 'taken', made: COPY })],
    then: doing(update(COPY)),
  },
  'the registration had no answer': {
    state: { ...AFTER, target: answered(target(false)) },
    acts: [act(REGISTER, SILENT)],
    then: doing(REGISTER),
  },
  'what a gate may not let go on closes no way back': {
    state: AFTER,
    acts: [act(CONTINUE, NO), act(CONTINUE, REFUSED)],
    then: doing(update()),
  },
  'the stop is lost, whatever a gate has sent since: the other call is next': {
    acts: [act(STOP, SILENT), act(CONTINUE, REFUSED)],
    then: doing(update()),
  },
  'the registration is denied': {
    state: { ...AFTER, target: answered(target(false)) },
    acts: [act(REGISTER, NO)],
    then: { kind: 'give-up', error: expect.objectContaining({ name: 'AccessDeniedException' }) },
  },
  'while ours runs ECS itself needs no copy': {
    state: { target: answered(target(false)) },
    then: doing(STOP),
  },
  'ECS would go to another revision than the last good one': {
    state: { target: answered(target(true, { ...GOOD, serviceRevisionArn: serviceRevisionArn('x/1') })) },
    then: doing(update()),
  },

  'no deployment was ever good': {
    state: { target: answered(undefined) },
    terms: { rollout: rollout({ snapshot: snapshot({ lastGood: undefined }) }) },
    then: nowhere(/^no deployment of this service ever succeeded/),
  },
  'all that was good is marked as failed': {
    state: { target: answered(undefined) },
    then: nowhere(/marked as failed/),
  },
  'the last good revision is the one that failed': {
    state: { ...AFTER, target: answered(target(true, { ...GOOD, taskDefinitionArn: OUR_REVISION })) },
    then: nowhere(/^the last good revision is backend:8 itself$/),
  },

  'the service is not shown, and ours runs: the request names ours alone': {
    state: { service: lost() },
    then: doing(STOP),
  },
  'the service is not shown, and ours runs no more': { state: { ...AFTER, service: lost() }, then: AGAIN },
  'the service is not shown, nor where it would go to': {
    state: { service: lost(), target: lost() },
    then: AGAIN,
  },
  'the last good revision is not shown': { state: { target: lost() }, then: AGAIN },
  'our deployment is not shown': { state: { deployment: lost(new TimedOut(5_000)) }, then: AGAIN },
  'our deployment is not shown in time, and nobody follows': {
    state: { deployment: lost(new TimedOut(5_000)) },
    terms: { isShort: true },
    then: doing(update()),
  },
  'our deployment is throttled, and nobody follows': {
    state: { deployment: lost(THROTTLED()) },
    terms: { isShort: true },
    then: AGAIN,
  },
  'our deployment is not shown in time after a request that may have been taken': {
    state: { deployment: lost(new TimedOut(5_000)) },
    acts: [act(STOP, SILENT)],
    terms: { isShort: true },
    then: AGAIN,
  },
  'the stop is throttled, and nobody follows: ECS is asked again': {
    acts: [act(STOP, BUSY)],
    terms: { isShort: true },
    then: doing(STOP),
  },

  'this run changed the count, too': {
    state: { ...AFTER, service: service(OURS, { desiredCount: 5 }) },
    terms: { request: rolloutRequest({ desiredCount: 5 }) },
    then: doing(update(OLD_REVISION, { desiredCount: 2 })),
  },
  'an autoscaler has changed the count since': {
    state: { ...AFTER, service: service(OURS, { desiredCount: 7 }) },
    terms: { request: rolloutRequest({ desiredCount: 5 }) },
    then: doing(update()),
  },
};

describe('the act that follows', () => {
  test.each(Object.entries(ROWS))('%s', (_, row) => {
    expect(chooseAct(state(row.state), row.acts ?? [], terms(row.terms))).toEqual(
      expect.objectContaining(row.then),
    );
  });
});

describe('of settings alone', () => {
  const alone = terms({
    rollout: rollout({ replacesTasks: false, serviceDeploymentArn: undefined }),
    request: rolloutRequest({ desiredCount: 4, enableEcsManagedTags: true }),
  });
  const sent = update(OUR_REVISION, { desiredCount: 2, enableECSManagedTags: false });
  const seen = (desiredCount: number, enableECSManagedTags: boolean): CurrentState =>
    state({
      deployment: answered(undefined),
      service: service(OURS, { desiredCount, enableECSManagedTags }),
    });

  test('the revision stays, and they go back', () => {
    expect(chooseAct(seen(4, true), [], alone)).toEqual(doing(sent));
  });

  test.each([
    ['is looked for: it took effect', seen(2, false), 'follow-update'],
    ['is sent again where a part of it is missing', seen(2, true), 'act'],
  ])('an update that had no answer %s', (_, now, kind) => {
    expect(chooseAct(now, [act(sent, SILENT)], alone)).toMatchObject({ kind });
  });
});

describe('the settings that this run sent, once the revision is back', () => {
  const asked = {
    rollout: rollout(),
    request: rolloutRequest({ desiredCount: 5, propagateTags: 'SERVICE' }),
    isLate: false,
  };
  const back = { id: 'ecs-svc/4', taskDefinition: OLD_REVISION };
  const sent: Action = {
    kind: 'restore-settings',
    input: { cluster: 'prod', service: 'web', desiredCount: 2, propagateTags: 'NONE' },
  };
  const changed = service(back, { desiredCount: 5, propagateTags: 'SERVICE' });

  test.each<[string, Answer<Service>, readonly Act[], Partial<typeof asked>, object]>([
    ['go back', changed, [], {}, { kind: 'act', action: sent }],
    [
      'are as they were',
      service(back, { desiredCount: 2, propagateTags: 'NONE' }),
      [],
      {},
      { kind: 'end', unrestored: undefined },
    ],
    [
      'are as they were after a lost answer',
      service(back, { desiredCount: 2, propagateTags: 'NONE' }),
      [act(sent, SILENT)],
      {},
      { kind: 'end', unrestored: undefined },
    ],
    [
      'go back once more after a lost answer',
      changed,
      [act(sent, SILENT)],
      {},
      { kind: 'act', action: sent },
    ],
    [
      'stay when it is late',
      changed,
      [act(sent, SILENT)],
      { isLate: true },
      { kind: 'end', unrestored: expect.stringContaining('desired-count is still 5, not 2') },
    ],
    [
      'stay where that is denied',
      changed,
      [act(sent, NO)],
      {},
      { kind: 'end', unrestored: expect.stringContaining('AccessDeniedException') },
    ],
    [
      'stay where somebody has deployed since',
      service(ANOTHERS, { desiredCount: 5, propagateTags: 'SERVICE' }),
      [],
      {},
      { kind: 'end', unrestored: expect.stringContaining('the service runs another deployment') },
    ],
    [
      'stay where the user wants that',
      changed,
      [],
      { request: rolloutRequest({ desiredCount: 5, onFailure: 'leave' }) },
      { kind: 'end', unrestored: expect.stringContaining('on-failure: leave') },
    ],
    [
      'are named where the service cannot be read',
      lost(),
      [],
      {},
      { kind: 'end', unrestored: expect.stringContaining('could not be read') },
    ],
  ])('%s', (_, seen, acts, changes, then) => {
    expect(chooseRestoring(seen, acts, { ...asked, ...changes })).toMatchObject(then);
  });
});

describe('a pause', () => {
  const paused = (status: 'AWAITING_ACTION' | 'SUCCEEDED'): ServiceDeployment => ({
    status: 'IN_PROGRESS',
    lifecycleHookDetails: [{ hookId: 'h1', status }],
  });

  test.each<[string, ServiceDeployment | undefined, string, Action | undefined]>([
    ['that waits', paused('AWAITING_ACTION'), 'h1', { kind: 'continue', arn: OUR_DEPLOYMENT, hookId: 'h1' }],
    ['that somebody has answered', paused('SUCCEEDED'), 'h1', undefined],
    ['of another hook', paused('AWAITING_ACTION'), 'h2', undefined],
    [
      'of a deployment that goes back',
      { ...paused('AWAITING_ACTION'), status: 'ROLLBACK_IN_PROGRESS' },
      'h1',
      undefined,
    ],
    ['of a deployment that ECS does not show', undefined, 'h1', undefined],
  ])('%s', (_, deployment, hookId, then) => {
    expect(chooseAnswer(deployment, OUR_DEPLOYMENT, hookId)).toEqual(then);
  });

  test.each([
    ['that is still to go on', true, ['CONTINUE']],
    ['whose deployment has failed while it was read', false, []],
  ])('%s is answered', async (_, isWanted, sent) => {
    const continued: (string | undefined)[] = [];
    const aws = {
      ecs: {
        describeServiceDeployments: () =>
          Promise.resolve({
            serviceDeployments: [{ serviceDeploymentArn: OUR_DEPLOYMENT, ...paused('AWAITING_ACTION') }],
          }),
      },
      ecsWrites: {
        continueServiceDeployment: ({ action }: { action: string | undefined }) => {
          continued.push(action);
          return Promise.resolve({});
        },
      },
    } as unknown as AnswerHookContext['aws'];
    const signal = new AbortController().signal;
    const ctx = { aws, clock: fakeClock(), signal, log: recordedLog(), actors: new Actors() };
    const ours = rollout({ serviceDeploymentArn: OUR_DEPLOYMENT });
    expect(await answering(ctx, ours)('h1', () => isWanted)).toEqual({ kind: 'done' });
    expect([continued, ctx.log.lines.length]).toEqual([sent, sent.length]);
  });

  test('of CodeDeploy is answered in Ready alone', () => {
    expect(chooseCodeDeployAnswer({ status: 'Ready' }, 'd-1')).toEqual({
      kind: 'continue-codedeploy',
      id: 'd-1',
    });
    expect(chooseCodeDeployAnswer({ status: 'InProgress' }, 'd-1')).toBeUndefined();
  });
});

describe('by CodeDeploy', () => {
  const settings = {
    application: 'app',
    group: 'group',
    config: 'CodeDeployDefault.ECSAllAtOnce',
    routing: undefined,
    readyMinutes: undefined,
    terminationMinutes: 5,
    rollsBackOn: [],
    hooks: [],
    order: { config: undefined, description: undefined, appSpec: undefined },
    lastId: 'd-1',
    open: undefined,
  };
  const ofUs = terms({ rollout: rollout({ codeDeploymentId: 'd-1' }) });
  const stop: Action = { kind: 'stop-codedeploy', id: 'd-1' };
  const green = { taskSetsInfo: [{ taskSetLabel: 'Green' as const, identifer: OUR_ID, trafficWeight: 100 }] };
  const ended = (
    after: Partial<NonNullable<CodeDeployState['after']>>,
    changes: Partial<CodeDeployState> = {},
  ): CodeDeployState => ({
    info: { status: 'Succeeded' },
    target: green,
    after: { primary: OURS, settings, to: target(), ...after },
    ...changes,
  });
  const before = { ...ofUs.rollout.snapshot, primaryId: OUR_ID };
  const back = { ...settings, order: { ...settings.order, leadsBack: true } };
  const deploy = (to: string): object => ({
    kind: 'act',
    action: { kind: 'deploy', snapshot: before, settings: back, revision: to },
  });
  const old = { id: OLD_ID, taskDefinition: OLD_REVISION };
  const untouched = {
    taskSetsInfo: [{ taskSetLabel: 'Green' as const, identifer: OUR_ID, trafficWeight: 0 }],
  };

  test.each<[string, CodeDeployState, readonly Act[], object]>([
    ['it is under way', { info: { status: 'InProgress' }, target: green }, [], doing(stop)],
    ['it waits in Ready', { info: { status: 'Ready' }, target: green }, [], doing(stop)],
    [
      'it is rolled back by now',
      { info: { status: 'Stopped', rollbackInfo: { rollbackDeploymentId: 'd-2' } }, target: green },
      [act(stop, SILENT)],
      { kind: 'follow' },
    ],
    [
      'the stop was refused',
      { info: { status: 'InProgress' }, target: green },
      [act(stop, REFUSED)],
      doing(stop),
    ],
    [
      'the stop was refused six times',
      { info: { status: 'InProgress' }, target: green },
      Array.from({ length: 6 }, () => act(stop, REFUSED)),
      { kind: 'give-up', error: CONFLICT },
    ],
    [
      'the stop is denied',
      { info: { status: 'InProgress' }, target: green },
      [act(stop, NO)],
      { kind: 'give-up', error: expect.objectContaining({ name: 'AccessDeniedException' }) },
    ],
    ['it has ended: a deployment of the last good revision leads back', ended({}), [], deploy(OLD_REVISION)],
    [
      'the last good revision is INACTIVE',
      ended({ to: target(false) }),
      [],
      { kind: 'act', action: { kind: 'register' } },
    ],
    [
      'the copy is there',
      ended({ to: target(false) }),
      [act(REGISTER, { kind: 'taken', made: COPY })],
      deploy(COPY),
    ],
    ["another's is PRIMARY", ended({ primary: ANOTHERS }), [], superseded(OTHER_ID)],
    [
      'another deployment of the group is under way',
      ended({
        settings: {
          ...settings,
          open: {
            id: 'd-9',
            status: 'InProgress',
            taskDefinitionArn: undefined,
            isShifted: false,
            before: undefined,
          },
        },
      }),
      [],
      superseded('d-9'),
    ],
    [
      'its traffic never left the old tasks',
      ended({ primary: old }, { info: { status: 'Stopped' }, target: untouched }),
      [],
      { kind: 'end', end: { kind: 'rolled-back' } },
    ],
    [
      'a part of its traffic still reaches the new tasks',
      ended({ primary: old }),
      [],
      { kind: 'act', action: { kind: 'deploy', revision: OLD_REVISION } },
    ],
    ['there is no good revision', ended({ to: undefined }), [], nowhere(/ever succeeded/)],
    [
      'the last good revision is the one that failed',
      ended({ to: target(true, { ...GOOD, taskDefinitionArn: OUR_REVISION }) }),
      [],
      nowhere(/itself$/),
    ],
    [
      'its group is not known',
      { info: { status: 'Stopped' }, target: green },
      [],
      nowhere(/^its group is not known$/),
    ],
  ])('%s', (_, now, acts, then) => {
    expect(chooseCodeDeployAct(now, acts, ofUs)).toMatchObject(then);
  });
});
