import { describe, expect, test } from '@jest/globals';
import { Actor, mayHaveTaken, type Act, type ActEnd, type Action } from '../../src/rollout/acts.ts';
import { Cancelled } from '../../src/runtime/cancellation.ts';
import { fakeClock, untilDone } from '../fakes/clock.ts';
import { awsError, DENIED, OUR_DEPLOYMENT, OUR_REVISION, RESET, THROTTLED, TIMEOUT } from './builders.ts';
import { FakeEcs, type Fault } from './fake-ecs.ts';

const STOP: Action = { kind: 'stop', arn: OUR_DEPLOYMENT };
const UPDATE: Action = {
  kind: 'update',
  input: { cluster: 'prod', service: 'web', taskDefinition: OUR_REVISION },
};

function world(fault: Fault | undefined): { actor: Actor; ecs: FakeEcs; cancel: () => void } {
  const clock = fakeClock();
  const ecs = new FakeEcs(clock);
  ecs.fault = () => fault;
  const controller = new AbortController();
  const actor = new Actor({ aws: ecs.aws, clock, signal: controller.signal });
  return {
    actor,
    ecs,
    cancel: () => {
      controller.abort(new Cancelled('SIGINT'));
    },
  };
}

describe('an act', () => {
  test.each<[string, Error, string]>([
    ['denied', DENIED(), 'denied'],
    ['unknown to this endpoint', awsError('UnsupportedFeatureException'), 'denied'],
    ['asked for with expired credentials', awsError('ExpiredTokenException'), 'denied'],
    ['refused', awsError('ConflictException', 'The service deployment is being updated.'), 'refused'],
    ['throttled', THROTTLED(), 'unanswered'],
    ['lost', RESET(), 'unanswered'],
  ])('that is %s is noted with the words of AWS, and sent once', async (_, error, kind) => {
    const { actor, ecs } = world({ error, effect: false });
    expect(await actor.act(UPDATE)).toEqual({ action: UPDATE, at: 0, end: { kind, error } });
    expect(actor.acts).toEqual([{ action: UPDATE, at: 0, end: { kind, error } }]);
    expect(ecs.count('updateService')).toBe(1);
  });

  test('is under way in the record as long as no answer has come', async () => {
    const { actor } = world(undefined);
    const acting = actor.act(UPDATE);
    expect(actor.acts).toEqual([{ action: UPDATE, at: 0, end: { kind: 'under-way' } }]);
    await acting;
    expect(actor.acts).toMatchObject([{ action: UPDATE, end: { kind: 'taken' } }]);
  });

  test('is noted after those before it', async () => {
    const { actor } = world({ error: RESET(), effect: false });
    await actor.act(STOP);
    await actor.act(UPDATE);
    expect(actor.acts.map(({ action }) => action.kind)).toEqual(['stop', 'update']);
  });

  test('begins no more once the job is cancelled', async () => {
    const { actor, ecs, cancel } = world(undefined);
    cancel();
    await expect(actor.act(UPDATE)).rejects.toThrow('cancelled');
    expect(ecs.calls).toEqual([]);
    expect(actor.acts).toEqual([]);
  });

  test('that is under way when the job is cancelled is heard out for three seconds', async () => {
    const clock = fakeClock();
    const ecs = new FakeEcs(clock);
    const controller = new AbortController();
    ecs.fault = () => {
      controller.abort(new Cancelled('SIGINT'));
      return { error: TIMEOUT(), effect: true, afterMs: 20_000 };
    };
    const actor = new Actor({ aws: ecs.aws, clock, signal: controller.signal });
    await expect(untilDone(clock, actor.act(UPDATE))).rejects.toThrow('cancelled');
    expect(clock.now()).toBe(3_000);
    expect(actor.acts).toMatchObject([{ action: UPDATE, end: { kind: 'unanswered' } }]);
  });
});

test.each<[ActEnd, boolean]>([
  [{ kind: 'taken' }, true],
  [{ kind: 'under-way' }, true],
  [{ kind: 'unanswered', error: RESET() }, true],
  [{ kind: 'unanswered', error: THROTTLED() }, false],
  [{ kind: 'refused', error: RESET() }, false],
  [{ kind: 'denied', error: DENIED() }, false],
])('AWS may have done it: %j: %s', (end, may) => {
  const act: Act = { action: STOP, at: 0, end };
  expect(mayHaveTaken(act)).toBe(may);
});
