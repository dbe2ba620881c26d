import { describe, expect, test } from '@jest/globals';
import {
  Actor,
  Actors,
  mayHaveTaken,
  type Act,
  type ActContext,
  type ActEnd,
  type Action,
  type ToAct,
} from '../../src/rollout/acts.ts';
import { Cancelled, CancelledUnanswered } from '../../src/runtime/cancellation.ts';
import { fakeClock, untilDone, type FakeClock } from '../fakes/clock.ts';
import { awsError, DENIED, OUR_DEPLOYMENT, OUR_REVISION, RESET, THROTTLED, TIMEOUT } from './builders.ts';
import { FakeEcs, type Fault } from './fake-ecs.ts';

const STOP: Action = { kind: 'stop', arn: OUR_DEPLOYMENT };
const UPDATE: Action = {
  kind: 'update',
  input: { cluster: 'prod', service: 'web', taskDefinition: OUR_REVISION },
};

const choosing = (action: Action) => (): Promise<ToAct> => Promise.resolve({ kind: 'act', action });

interface World {
  readonly actor: Actor;
  readonly ecs: FakeEcs;
  readonly clock: FakeClock;
  readonly ctx: ActContext;
  readonly cancel: () => void;
}

function world(fault: Fault | undefined): World {
  const clock = fakeClock();
  const ecs = new FakeEcs(clock);
  ecs.fault = () => fault;
  const controller = new AbortController();
  return {
    actor: new Actor(),
    ecs,
    clock,
    ctx: { aws: ecs.aws, clock, signal: controller.signal },
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
    const { actor, ctx, ecs } = world({ error, effect: false });
    const choice = { kind: 'act', action: UPDATE };
    expect(await actor.act(ctx, choosing(UPDATE))).toEqual({ kind: 'acted', choice, end: { kind, error } });
    expect(actor.acts).toEqual([{ action: UPDATE, at: 0, end: { kind, error } }]);
    expect(ecs.count('updateService')).toBe(1);
  });

  test('is under way in the record as long as no answer has come', async () => {
    const { actor, ctx, ecs } = world(undefined);
    const seen: (readonly Act[])[] = [];
    ecs.fault = () => {
      seen.push(actor.acts);
      return undefined;
    };
    await actor.act(ctx, choosing(UPDATE));
    expect(seen).toEqual([[{ action: UPDATE, at: 0, end: { kind: 'under-way' } }]]);
    expect(actor.acts).toMatchObject([{ action: UPDATE, end: { kind: 'taken' } }]);
  });

  test('is noted after those before it', async () => {
    const { actor, ctx } = world({ error: RESET(), effect: false });
    await actor.act(ctx, choosing(STOP));
    await actor.act(ctx, choosing(UPDATE));
    expect(actor.acts.map(({ action }) => action.kind)).toEqual(['stop', 'update']);
  });

  test('begins no more once the job is cancelled', async () => {
    const { actor, ctx, ecs, cancel } = world(undefined);
    cancel();
    await expect(actor.act(ctx, choosing(UPDATE))).rejects.toThrow('cancelled');
    expect(ecs.calls).toEqual([]);
    expect(actor.acts).toEqual([]);
  });

  test('that is under way when the job is cancelled is heard out for five seconds', async () => {
    const { actor, ctx, ecs, clock, cancel } = world(undefined);
    ecs.fault = () => {
      cancel();
      return { error: TIMEOUT(), effect: true, afterMs: 20_000 };
    };
    await expect(untilDone(clock, actor.act(ctx, choosing(UPDATE)))).rejects.toThrow('cancelled');
    expect(clock.now()).toBe(5_000);
    expect(actor.acts).toMatchObject([{ action: UPDATE, end: { kind: 'unanswered' } }]);
  });
});

/** A service as AWS has it, whose every call takes five seconds until it is taken, or as long as it is told. */
function slowService(): {
  readonly now: { pause: 'waits' | 'answered'; deployment: 'under way' | 'going back' };
  readonly underWay: string[];
  readonly log: string[];
  readonly ctx: ActContext;
  readonly clock: FakeClock;
  readonly cancel: () => void;
  slowMs: number;
} {
  const clock = fakeClock();
  const controller = new AbortController();
  const service = {
    now: { pause: 'waits', deployment: 'under way' } as const as ReturnType<typeof slowService>['now'],
    underWay: [] as string[],
    log: [] as string[],
    slowMs: 4_000,
    clock,
    cancel: () => {
      controller.abort(new Cancelled('SIGINT', clock.now()));
    },
  };
  const call = (name: string, take: () => void) => async (): Promise<object> => {
    service.underWay.push(name);
    service.log.push(service.underWay.join(' beside '));
    await new Promise<void>((resolve) => {
      clock.alarm(service.slowMs, resolve);
    });
    take();
    service.underWay.splice(service.underWay.indexOf(name), 1);
    return {};
  };
  const ecsWrites = {
    continueServiceDeployment: call('CONTINUE', () => {
      service.now.pause = 'answered';
    }),
    stopServiceDeployment: call('STOP', () => {
      service.now.deployment = 'going back';
    }),
    updateService: call('UPDATE', () => undefined),
  };
  const aws = { ecsWrites } as unknown as ActContext['aws'];
  return Object.assign(service, { ctx: { aws, clock, signal: controller.signal } });
}

describe('of one service there is one act at a time', () => {
  type World = ReturnType<typeof slowService>;
  type Chosen = ToAct | { readonly kind: 'none' };
  const none: Chosen = { kind: 'none' };

  /** Each reads the service, and sees at what moment it does. */
  const deciders: Readonly<Record<string, (world: World) => () => Promise<Chosen>>> = {
    'a gate that lets it go on': (world) => () => {
      world.log.push('read for CONTINUE');
      const waits = world.now.pause === 'waits' && world.now.deployment === 'under way';
      const action = { kind: 'continue', arn: OUR_DEPLOYMENT, hookId: 'hook' } as const;
      return Promise.resolve(waits ? { kind: 'act', action } : none);
    },
    'a rollback': (world) => () => {
      world.log.push('read for STOP');
      return Promise.resolve(world.now.deployment === 'going back' ? none : { kind: 'act', action: STOP });
    },
    'settings that are restored': (world) => () => {
      world.log.push('read for UPDATE');
      return Promise.resolve({ kind: 'act', action: UPDATE });
    },
  };

  test.each([
    ['a gate that lets it go on', 'a rollback', ['read for CONTINUE', 'CONTINUE', 'read for STOP', 'STOP']],
    // The pause that is answered now is one of a deployment that goes back.
    ['a rollback', 'a gate that lets it go on', ['read for STOP', 'STOP', 'read for CONTINUE']],
    ['a rollback', 'a rollback', ['read for STOP', 'STOP', 'read for STOP']],
    ['a rollback', 'settings that are restored', ['read for STOP', 'STOP', 'read for UPDATE', 'UPDATE']],
  ])('%s, and %s while that has no answer', async (first, second, log) => {
    const world = slowService();
    const actor = new Actor();
    const acting = [first, second].map((each) =>
      actor.act(world.ctx, deciders[each]?.(world) ?? choosing(STOP)),
    );
    await untilDone(world.clock, Promise.all(acting));
    expect(world.log).toEqual(log);
  });

  test('what rejects in its turn, or is no act, keeps nobody waiting', async () => {
    const { ctx, clock } = slowService();
    const actor = new Actor();
    const broken = actor.act(ctx, () => Promise.reject(new Error('It cannot be read.')));
    const idle = actor.act(ctx, () => Promise.resolve(none));
    const acted = actor.act(ctx, choosing(STOP));
    await expect(broken).rejects.toThrow('It cannot be read.');
    expect(await idle).toBe(none);
    expect(await untilDone(clock, acted)).toMatchObject({ kind: 'acted', end: { kind: 'taken' } });
  });

  test('what waits for its turn when the job is cancelled begins no more, and lets nobody pass', async () => {
    const world = slowService();
    const actor = new Actor();
    const first = actor.act(world.ctx, choosing(UPDATE));
    const second = actor.act(world.ctx, choosing(STOP));
    await new Promise((resolve) => setImmediate(resolve));
    world.cancel();
    await expect(second).rejects.toBeInstanceOf(Cancelled);
    const last = new AbortController().signal;
    const third = actor.act({ ...world.ctx, signal: last }, choosing(STOP));
    await untilDone(world.clock, Promise.all([first, third]));
    expect(world.log).toEqual(['UPDATE', 'STOP']);
  });

  test('an act that is not heard out has its turn until it has ended, and its late answer is noted', async () => {
    const world = slowService();
    world.slowMs = 6_000;
    const actor = new Actor();
    const first = actor.act(world.ctx, choosing(UPDATE));
    await new Promise((resolve) => setImmediate(resolve));
    world.cancel();
    await expect(untilDone(world.clock, first)).rejects.toBeInstanceOf(CancelledUnanswered);
    expect(world.clock.now()).toBe(5_000);
    const last = { ...world.ctx, signal: new AbortController().signal };
    await untilDone(world.clock, actor.act(last, choosing(STOP)));
    expect(world.log).toEqual(['UPDATE', 'STOP']);
    expect(actor.acts).toMatchObject([
      { action: UPDATE, at: 0, end: { kind: 'taken' } },
      { action: STOP, at: 6_000, end: { kind: 'taken' } },
    ]);
  });

  test('of two services neither waits for the other', async () => {
    const world = slowService();
    const actors = new Actors();
    const at = (arn: string): Actor => actors.of({ address: { arn } });
    expect(at('web')).toBe(at('web'));
    const both = [at('web'), at('api')].map((actor) => actor.act(world.ctx, choosing(STOP)));
    await untilDone(world.clock, Promise.all(both));
    expect(world.log).toEqual(['STOP', 'STOP beside STOP']);
  });
});

test.each<[ActEnd, boolean]>([
  [{ kind: 'taken' }, true],
  [{ kind: 'under-way' }, true],
  [{ kind: 'unanswered', error: RESET() }, true],
  [{ kind: 'unanswered', error: new CancelledUnanswered('SIGINT') }, true],
  [{ kind: 'unanswered', error: THROTTLED() }, false],
  [{ kind: 'refused', error: RESET() }, false],
  [{ kind: 'denied', error: DENIED() }, false],
])('AWS may have done it: %j: %s', (end, may) => {
  const act: Act = { action: STOP, at: 0, end };
  expect(mayHaveTaken(act)).toBe(may);
});
