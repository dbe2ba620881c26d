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

/** A service as AWS has it, whose every call takes so long until it is taken. */
class SlowService {
  readonly now = { waits: true, goesBack: false };
  /** The calls that are under way when another begins, and what is read. */
  readonly log: string[] = [];
  readonly clock = fakeClock();
  readonly ctx: ActContext;
  readonly #job = new AbortController();
  readonly #underWay = new Set<string>();

  constructor(slowMs = 4_000) {
    const call = (name: string, take: () => void) => async (): Promise<object> => {
      this.#underWay.add(name);
      this.log.push([...this.#underWay].join(' beside '));
      await new Promise<void>((resolve) => {
        this.clock.alarm(slowMs, resolve);
      });
      take();
      this.#underWay.delete(name);
      return {};
    };
    const ecsWrites = {
      continueServiceDeployment: call('CONTINUE', () => {
        this.now.waits = false;
      }),
      stopServiceDeployment: call('STOP', () => {
        this.now.goesBack = true;
      }),
      updateService: call('UPDATE', () => undefined),
    };
    const aws = { ecsWrites } as unknown as ActContext['aws'];
    this.ctx = { aws, clock: this.clock, signal: this.#job.signal };
  }

  cancel(): void {
    this.#job.abort(new Cancelled('SIGINT', this.clock.now()));
  }
}

describe('of one service there is one act at a time', () => {
  type Chosen = ToAct | { readonly kind: 'none' };
  const none: Chosen = { kind: 'none' };
  const CONTINUE: Action = { kind: 'continue', arn: OUR_DEPLOYMENT, hookId: 'hook' };

  /** Each reads the service, and chooses by that. */
  const deciders = {
    'a gate that lets it go on': ({ now, log }: SlowService): Chosen => {
      log.push('read for CONTINUE');
      return now.waits && !now.goesBack ? { kind: 'act', action: CONTINUE } : none;
    },
    'a rollback': ({ now, log }: SlowService): Chosen => {
      log.push('read for STOP');
      return now.goesBack ? none : { kind: 'act', action: STOP };
    },
    'settings that are restored': ({ log }: SlowService): Chosen => {
      log.push('read for UPDATE');
      return { kind: 'act', action: UPDATE };
    },
  };
  type Decider = keyof typeof deciders;

  test.each<[Decider, Decider, string[]]>([
    ['a gate that lets it go on', 'a rollback', ['read for CONTINUE', 'CONTINUE', 'read for STOP', 'STOP']],
    // It goes back by then: no pause of it is answered any more.
    ['a rollback', 'a gate that lets it go on', ['read for STOP', 'STOP', 'read for CONTINUE']],
    ['a rollback', 'a rollback', ['read for STOP', 'STOP', 'read for STOP']],
    ['a rollback', 'settings that are restored', ['read for STOP', 'STOP', 'read for UPDATE', 'UPDATE']],
  ])('%s, and %s while that has no answer', async (first, second, log) => {
    const service = new SlowService();
    const actor = new Actor();
    const acting = [first, second].map((each) =>
      actor.act(service.ctx, () => Promise.resolve(deciders[each](service))),
    );
    await untilDone(service.clock, Promise.all(acting));
    expect(service.log).toEqual(log);
  });

  test('what rejects in its turn, or is no act, keeps nobody waiting', async () => {
    const { ctx, clock } = new SlowService();
    const actor = new Actor();
    const broken = actor.act(ctx, () => Promise.reject(new Error('It cannot be read.')));
    const idle = actor.act(ctx, () => Promise.resolve(none));
    const acted = actor.act(ctx, choosing(STOP));
    await expect(broken).rejects.toThrow('It cannot be read.');
    expect(await idle).toBe(none);
    expect(await untilDone(clock, acted)).toMatchObject({ kind: 'acted', end: { kind: 'taken' } });
  });

  test('what waits for its turn when the job is cancelled begins no more, and lets nobody pass', async () => {
    const service = new SlowService();
    const actor = new Actor();
    const first = actor.act(service.ctx, choosing(UPDATE));
    const second = actor.act(service.ctx, choosing(STOP));
    await new Promise((resolve) => setImmediate(resolve));
    service.cancel();
    await expect(second).rejects.toBeInstanceOf(Cancelled);
    const last = new AbortController().signal;
    const third = actor.act({ ...service.ctx, signal: last }, choosing(STOP));
    await untilDone(service.clock, Promise.all([first, third]));
    expect(service.log).toEqual(['UPDATE', 'STOP']);
  });

  test('an act that is not heard out has its turn until it has ended, and its late answer is noted', async () => {
    const service = new SlowService(6_000);
    const actor = new Actor();
    const first = actor.act(service.ctx, choosing(UPDATE));
    await new Promise((resolve) => setImmediate(resolve));
    service.cancel();
    await expect(untilDone(service.clock, first)).rejects.toBeInstanceOf(CancelledUnanswered);
    expect(service.clock.now()).toBe(5_000);
    const last = { ...service.ctx, signal: new AbortController().signal };
    await untilDone(service.clock, actor.act(last, choosing(STOP)));
    expect(service.log).toEqual(['UPDATE', 'STOP']);
    expect(actor.acts).toMatchObject([
      { action: UPDATE, at: 0, end: { kind: 'taken' } },
      { action: STOP, at: 6_000, end: { kind: 'taken' } },
    ]);
  });

  test('of two services neither waits for the other', async () => {
    const service = new SlowService();
    const actors = new Actors();
    const at = (arn: string): Actor => actors.of({ address: { arn } });
    expect(at('web')).toBe(at('web'));
    const both = [at('web'), at('api')].map((actor) => actor.act(service.ctx, choosing(STOP)));
    await untilDone(service.clock, Promise.all(both));
    expect([service.log, service.clock.now()]).toEqual([['STOP', 'STOP'], 4_000]);
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
