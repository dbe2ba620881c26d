import { describe, expect, test } from '@jest/globals';
import type { RollbackEnd, Rollout, RolloutRequest, ServiceSnapshot } from '../../src/model/index.ts';
import { Actors } from '../../src/rollout/acts.ts';
import { followRollback, rollBack } from '../../src/rollout/rollback.ts';
import { rollBackIfNeeded, withoutThrowing } from '../../src/rollout/rollback-needed.ts';
import { restoringInput } from '../../src/rollout/choose-act.ts';
import { fakeClock, untilDone } from '../fakes/clock.ts';
import {
  awsError,
  serviceRun,
  DENIED,
  OLD_REVISION,
  OTHER_ID,
  OTHER_REVISION,
  OUR_REVISION,
  recordedLog,
  request,
  RESET,
  revision,
  rollout,
  rolloutRequest,
  snapshot,
  THROTTLED,
  TIMEOUT,
  problem,
} from './builders.ts';
import { FakeEcs, type Fault } from './fake-ecs.ts';

interface Options {
  /** What happened before the rollback begins, after our UpdateService. */
  readonly before?: (ecs: FakeEcs) => void;
  /** What happens in each pause, by its number from 1. */
  readonly during?: (ecs: FakeEcs, pause: number) => void;
  /** The faults of each call, in turn. */
  readonly faults?: Readonly<Record<string, readonly (Fault | undefined)[]>>;
  /** What happens right before ECS hears of our first request to stop. */
  readonly atTheSameMoment?: (ecs: FakeEcs) => void;
  readonly asked?: Partial<RolloutRequest>;
  readonly found?: Partial<ServiceSnapshot>;
  readonly rollout?: Partial<Rollout>;
  readonly how?: typeof rollBack;
}

interface Done {
  readonly end: RollbackEnd;
  readonly ecs: FakeEcs;
  readonly seconds: number;
}

/** Our deployment of backend:8 is IN_PROGRESS and is to be rolled back. */
async function undo(options: Options = {}): Promise<Done> {
  const clock = fakeClock({ during: (pause) => options.during?.(ecs, pause) });
  const ecs = new FakeEcs(clock);
  await ecs.aws.ecsWrites.updateService({ service: 'web', cluster: 'prod', taskDefinition: OUR_REVISION });
  ecs.begin();
  ecs.accepted.length = 0;
  ecs.calls.length = 0;
  const us = ecs.by('us');
  options.before?.(ecs);
  const faults = Object.fromEntries(
    Object.entries(options.faults ?? {}).map(([call, list]) => [call, [...list]]),
  );
  let moments = 0;
  ecs.fault = (call) => {
    if (call === 'stopServiceDeployment' && moments++ === 0) options.atTheSameMoment?.(ecs);
    return faults[call]?.shift();
  };
  const ours = rollout({
    snapshot: snapshot(options.found),
    deploymentId: us?.id ?? '',
    serviceDeploymentArn: us?.arn,
    ...options.rollout,
  });
  const ctx = {
    aws: ecs.aws,
    clock,
    signal: new AbortController().signal,
    log: recordedLog(),
    actors: new Actors(),
    random: (): number => 0.5,
  };
  const end = await (options.how ?? rollBack)(ctx, ours, rolloutRequest(options.asked));
  return { end, ecs, seconds: clock.now() / 1000 };
}

const NO_EFFECT = (error: Error): Fault => ({ error, effect: false });
const LOST: Fault = { error: RESET(), effect: true };

const goesWell = (ecs: FakeEcs): void => {
  ecs.begin();
  ecs.succeed();
  ecs.advanceRollback();
};

describe("another's deployment is never rolled back", () => {
  test('where it replaced ours already: nothing is touched', async () => {
    const { end, ecs } = await undo({
      before: (world) => {
        world.deployByOther();
      },
    });
    expect(end).toEqual({ kind: 'superseded', by: ecs.by('other')?.id });
    expect(ecs.accepted).toEqual([]);
  });

  test('where it comes while our request to go back waits to be sent again', async () => {
    const { end, ecs } = await undo({
      before: (world) => {
        world.stopByHand();
      },
      faults: { updateService: [NO_EFFECT(THROTTLED())] },
      during: (world, pause) => {
        if (pause === 1) world.deployByOther();
      },
    });
    expect(end).toMatchObject({ kind: 'superseded' });
    expect(ecs.accepted).toEqual([]);
  });

  test('where it replaces our rollback, which is not sent again', async () => {
    const { end, ecs } = await undo({
      before: (world) => {
        world.stopByHand();
      },
      during: (world, pause) => {
        if (pause === 2) world.deployByOther();
      },
    });
    expect(end).toMatchObject({ kind: 'superseded' });
    expect(ecs.updates).toHaveLength(1);
  });

  test('where it replaces the rollback of ECS', async () => {
    const { end, ecs } = await undo({
      during: (world, pause) => {
        if (pause === 1) world.deployByOther();
      },
    });
    expect(end).toMatchObject({ kind: 'superseded' });
    expect(ecs.updates).toEqual([]);
  });
});

describe('without a revision to go back to nothing is touched', () => {
  test('no deployment ever succeeded', async () => {
    const { end, ecs } = await undo({ found: { lastGood: undefined } });
    expect(end).toMatchObject({ kind: 'nowhere' });
    expect(ecs.accepted).toEqual([]);
  });

  test('the last good revision is the one that failed now', async () => {
    const good = {
      taskDefinitionArn: OUR_REVISION,
      serviceDeploymentArn: undefined,
      serviceRevisionArn: undefined,
      images: [],
    };
    const { end, ecs } = await undo({
      found: { lastGood: good },
      before: (world) => {
        world.stopByHand();
      },
    });
    expect(end).toEqual({ kind: 'nowhere', why: 'the last good revision is backend:8 itself' });
    expect(ecs.accepted).toEqual([]);
  });
});

describe('while our deployment runs, ECS is asked to roll it back', () => {
  test('with one StopServiceDeployment, followed to its end', async () => {
    const { end, ecs } = await undo({ during: goesWell });
    expect(end).toEqual({ kind: 'rolled-back' });
    expect(ecs.stops.map(({ input }) => input)).toEqual([
      { serviceDeploymentArn: ecs.by('us')?.arn, stopType: 'ROLLBACK' },
    ]);
    expect(ecs.updates).toEqual([]);
  });

  test('a lost answer is read back: it is not asked twice', async () => {
    const { end, ecs } = await undo({ faults: { stopServiceDeployment: [LOST] }, during: goesWell });
    expect(end).toEqual({ kind: 'rolled-back' });
    expect(ecs.count('stopServiceDeployment')).toBe(1);
  });

  test('ECS began to roll back at the same moment (ConflictException): that is followed as ours', async () => {
    const { end, ecs } = await undo({
      atTheSameMoment: (world) => {
        world.trigger();
      },
      during: goesWell,
    });
    expect(end).toEqual({ kind: 'rolled-back' });
    expect(ecs.accepted).toEqual([]);
  });

  test('a ConflictException that nothing explains yet is looked at again after a pause', async () => {
    const conflict = NO_EFFECT(awsError('ConflictException', 'The service deployment is being updated.'));
    const { end, ecs } = await undo({
      faults: { stopServiceDeployment: [conflict, conflict] },
      during: (world, pause) => {
        if (pause > 2) goesWell(world);
      },
    });
    expect(end).toEqual({ kind: 'rolled-back' });
    expect(ecs.stops.map(({ at }) => at)).toEqual([10_000]);
  });

  test('it succeeded before the request arrived: the service is updated back', async () => {
    const { end, ecs } = await undo({
      atTheSameMoment: (world) => {
        world.succeed();
      },
      during: goesWell,
    });
    expect(ecs.by('us')?.status).toBe('SUCCESSFUL');
    expect(end).toEqual({ kind: 'rolled-back', to: OLD_REVISION });
    expect(ecs.stops).toEqual([]);
    expect(ecs.updates).toHaveLength(1);
  });

  const notFound = NO_EFFECT(awsError('ServiceDeploymentNotFoundException', 'It was not found.'));

  test('where ECS does not find the deployment this moment, it is asked again', async () => {
    const { end, ecs } = await undo({
      faults: { stopServiceDeployment: [notFound] },
      during: (world, pause) => {
        if (pause > 1) goesWell(world);
      },
    });
    expect(end).toEqual({ kind: 'rolled-back' });
    expect(ecs.stops).toHaveLength(1);
    expect(ecs.updates).toEqual([]);
  });

  test.each([
    ['find the deployment', notFound],
    ['take the request', NO_EFFECT(awsError('InvalidParameterException', 'No.'))],
    ['agree', NO_EFFECT(awsError('ConflictException', 'The service deployment is being updated.'))],
  ])('where ECS will not %s, however often it is asked, the service is updated instead', async (_, fault) => {
    const { end, ecs } = await undo({
      faults: { stopServiceDeployment: Array.from({ length: 9 }, () => fault) },
      during: (world, pause) => {
        if (pause > 3) goesWell(world);
      },
    });
    expect(end).toEqual({ kind: 'rolled-back', to: OLD_REVISION });
    expect(ecs.stops).toEqual([]);
    expect(ecs.updates).toHaveLength(1);
  });

  test.each([
    ['denied', DENIED()],
    ['unknown to this endpoint', awsError('UnsupportedFeatureException')],
  ])('where the call is %s, the service is updated instead', async (_, error) => {
    const { end, ecs } = await undo({
      faults: { stopServiceDeployment: [NO_EFFECT(error)] },
      during: goesWell,
    });
    expect(end).toEqual({ kind: 'rolled-back', to: OLD_REVISION });
    expect(ecs.updates.map(({ input }) => input)).toMatchObject([{ taskDefinition: OLD_REVISION }]);
    // At once: waiting would help nobody.
    expect(ecs.updates[0]?.at).toBe(0);
  });
});

describe('afterwards the service is updated to the last good revision', () => {
  const stopped = (ecs: FakeEcs): void => {
    ecs.stopByHand();
  };

  test('with one UpdateService, followed to its end', async () => {
    const { end, ecs } = await undo({ before: stopped, during: goesWell });
    expect(end).toEqual({ kind: 'rolled-back', to: OLD_REVISION });
    expect(ecs.updates.map(({ input }) => input)).toEqual([
      { cluster: 'prod', service: 'web', taskDefinition: OLD_REVISION },
    ]);
  });

  test('a lost answer is read back: it is not sent twice', async () => {
    const { end, ecs } = await undo({ before: stopped, faults: { updateService: [LOST] }, during: goesWell });
    expect(end).toEqual({ kind: 'rolled-back', to: OLD_REVISION });
    expect(ecs.count('updateService')).toBe(1);
  });

  test('lost and throttled reads in between only cost time', async () => {
    const { end } = await undo({
      before: stopped,
      faults: {
        describeServiceDeployments: [NO_EFFECT(THROTTLED()), NO_EFFECT(RESET())],
        describeServices: [NO_EFFECT(THROTTLED()), NO_EFFECT(RESET())],
      },
      during: (world, pause) => {
        if (pause > 4) goesWell(world);
      },
    });
    expect(end).toEqual({ kind: 'rolled-back', to: OLD_REVISION });
  });

  test('it fails when its own rollout fails', async () => {
    const { end } = await undo({
      before: stopped,
      during: (world) => {
        world.begin();
        world.trigger();
      },
    });
    expect(end).toMatchObject({ kind: 'failed' });
  });

  test('it fails when its time is up, which is as long as the rollout had', async () => {
    const { end, seconds } = await undo({ before: stopped, asked: { waitMinutes: 1 } });
    expect(end).toMatchObject({ kind: 'failed' });
    expect(seconds).toBeCloseTo(60, 0);
  });
});

describe('the time of a rollback is not spent twice', () => {
  test('where ECS takes most of it and then gives up', async () => {
    const { end, seconds } = await undo({
      asked: { waitMinutes: 1 },
      during: (world, pause) => {
        const us = world.by('us');
        if (pause === 10 && us !== undefined) {
          us.status = 'STOPPED';
          world.entries.shift();
        }
      },
    });
    expect(end).toMatchObject({ kind: 'failed' });
    expect(seconds).toBeLessThanOrEqual(65);
  });
});

describe('ECS rolls back by itself', () => {
  const triggered = (ecs: FakeEcs): void => {
    ecs.trigger();
  };

  test('and nothing of ours is sent', async () => {
    const { end, ecs } = await undo({ how: followRollback, before: triggered, during: goesWell });
    expect(end).toEqual({ kind: 'rolled-back' });
    expect(ecs.accepted).toEqual([]);
  });

  test('and fails', async () => {
    const { end, ecs } = await undo({
      how: followRollback,
      before: triggered,
      during: (world) => {
        world.failRollback();
      },
    });
    expect(end).toMatchObject({ kind: 'failed' });
    expect(ecs.accepted).toEqual([]);
  });

  const givesUp = (ecs: FakeEcs): void => {
    ecs.rollsBack = false;
    ecs.trigger();
  };

  test('or gives up, and then it is done by us', async () => {
    const { end, ecs } = await undo({ how: followRollback, before: givesUp, during: goesWell });
    expect(end).toEqual({ kind: 'rolled-back', to: OLD_REVISION });
    expect(ecs.updates).toHaveLength(1);
  });

  test('or gives up, and on-failure: leave leaves it', async () => {
    const { end, ecs } = await undo({
      how: followRollback,
      before: givesUp,
      during: goesWell,
      asked: { onFailure: 'leave' },
    });
    expect(end).toMatchObject({ kind: 'failed' });
    expect(ecs.accepted).toEqual([]);
  });
});

test('a service that is shown as it was before our update is read again, not taken for superseded', async () => {
  const { end, ecs } = await undo({
    before: (world) => {
      world.keepOld();
    },
    during: (world) => {
      world.isLate = false;
      world.advanceRollback();
    },
  });
  expect(end).toEqual({ kind: 'rolled-back' });
  expect(ecs.stops).toHaveLength(1);
});

test('a service that is shown with a PRIMARY older than ours, by whomever, is read again before anything is done', async () => {
  const { end, ecs } = await undo({
    // Service deployments cannot be read: the service alone says whose turn it is.
    before: (world) => {
      world.closed = true;
      world.shownBefore = {
        id: OTHER_ID,
        status: 'PRIMARY',
        taskDefinition: OTHER_REVISION,
        createdAt: new Date(0),
      };
    },
    during: (world, pause) => {
      world.shownBefore = undefined;
      if (pause > 1) world.succeed();
    },
    rollout: { serviceDeploymentArn: undefined, createdAt: 1 },
  });
  expect(end).toMatchObject({ kind: 'rolled-back' });
  expect(ecs.updates).toHaveLength(1);
});

test('a service that is shown as it was before our update while our own way back is followed is read again', async () => {
  const { end, ecs } = await undo({
    // Service deployments cannot be read: deployments[] is followed.
    before: (world) => {
      world.closed = true;
    },
    during: (world, pause) => {
      world.isLate = false;
      if (pause === 1) world.keepOld();
      else world.succeed();
    },
    rollout: { serviceDeploymentArn: undefined },
  });
  expect(end).toMatchObject({ kind: 'rolled-back' });
  expect(ecs.updates).toHaveLength(1);
});

describe('a rollback whose write has no answer', () => {
  test.each(['stop', 'update'])('is looked for no longer than it is waited for: %s', async (kind) => {
    const clock = fakeClock();
    const ecs = new FakeEcs(clock);
    await ecs.aws.ecsWrites.updateService({ service: 'web', taskDefinition: OUR_REVISION });
    const us = ecs.by('us');
    if (kind === 'stop') ecs.begin();
    else ecs.succeed();
    let isSent = false;
    ecs.fault = (call) => {
      if (call === 'stopServiceDeployment' || call === 'updateService') {
        isSent = true;
        return { error: RESET(), effect: false };
      }
      return isSent && call.startsWith('describeService')
        ? { error: TIMEOUT(), effect: false, afterMs: 80_000 }
        : undefined;
    };
    const ctx = {
      aws: ecs.aws,
      clock,
      signal: new AbortController().signal,
      log: recordedLog(),
      actors: new Actors(),
      random: (): number => 0.5,
    };
    const ours = rollout({ deploymentId: us?.id ?? '', serviceDeploymentArn: us?.arn });
    const undoing = withoutThrowing(() => rollBack(ctx, ours, rolloutRequest({ waitMinutes: 1 })));
    expect(await untilDone(clock, undoing)).toMatchObject({ kind: 'failed' });
    expect(clock.now()).toBeLessThanOrEqual(60_000 + 20_000);
  });
});

describe('what this run changed is restored, and nothing else is sent', () => {
  const target = {
    taskDefinitionArn: OLD_REVISION,
    serviceDeploymentArn: undefined,
    serviceRevisionArn: undefined,
    images: [],
  };
  const bare = { cluster: 'prod', service: 'web', taskDefinition: OLD_REVISION };

  test.each<[string, Partial<RolloutRequest>, object]>([
    ['nothing but the revision', {}, bare],
    ['the count', { desiredCount: 5 }, { ...bare, desiredCount: 2 }],
    ['managed tags', { enableEcsManagedTags: true }, { ...bare, enableECSManagedTags: false }],
    ['propagated tags', { propagateTags: 'SERVICE' }, { ...bare, propagateTags: 'NONE' }],
    ['no force: that was for the way forward', { forceNewDeployment: true }, bare],
  ])('%s', (_, asked, input) => {
    expect(restoringInput(rollout(), rolloutRequest(asked), target)).toEqual(input);
  });

  test('a count that was changed again since, by an autoscaler for one, is left alone', () => {
    const asked = rolloutRequest({ desiredCount: 5 });
    expect(restoringInput(rollout(), asked, target, 7)).toEqual(bare);
    expect(restoringInput(rollout(), asked, target, 5)).toEqual({ ...bare, desiredCount: 2 });
  });

  test('tags of which the survey knew nothing are left alone', () => {
    const unread = rollout({
      snapshot: snapshot({ enableEcsManagedTags: undefined, propagateTags: undefined }),
    });
    const asked = rolloutRequest({ enableEcsManagedTags: true, propagateTags: 'SERVICE' });
    expect(restoringInput(unread, asked, target)).toEqual(bare);
  });

  test('after a change of the count alone, the revision stays as it was found, good or not', () => {
    const countOnly = rollout({
      replacesTasks: false,
      taskDefinitionArn: revision(9),
      snapshot: snapshot({ taskDefinitionArn: revision(9) }),
    });
    expect(restoringInput(countOnly, rolloutRequest({ desiredCount: 5 }), target)).toEqual({
      ...bare,
      taskDefinition: revision(9),
      desiredCount: 2,
    });
  });
});

/** The end without the rollout that runs since, which has tests of its own. */
function withoutPlace(end: RollbackEnd | undefined): object | undefined {
  return end?.kind === 'rolled-back' ? { ...end, there: undefined } : end;
}

describe('a service run with a problem', () => {
  async function recovery(
    asked: Partial<RolloutRequest>,
    found: Parameters<typeof problem>[0] = {},
    happens: (ecs: FakeEcs) => void = goesWell,
    fault: (call: string) => Fault | undefined = () => undefined,
  ): Promise<{ ecs: FakeEcs; rollback: RollbackEnd | undefined }> {
    const clock = fakeClock({
      during: () => {
        happens(ecs);
      },
    });
    const ecs = new FakeEcs(clock);
    await ecs.aws.ecsWrites.updateService({
      taskDefinition: OUR_REVISION,
      service: 'web',
      ...(asked.desiredCount === undefined ? {} : { desiredCount: asked.desiredCount }),
    });
    ecs.accepted.length = 0;
    ecs.fault = fault;
    const us = ecs.by('us');
    const ctx = {
      aws: ecs.aws,
      clock,
      signal: new AbortController().signal,
      log: recordedLog(),
      actors: new Actors(),
      random: (): number => 0.5,
    };
    const broken = serviceRun({
      rollout: rollout({ deploymentId: us?.id ?? '', serviceDeploymentArn: us?.arn }),
      problem: problem(found),
    });
    const after = await rollBackIfNeeded(ctx, broken, request(asked));
    return { ecs, rollback: after.rollback };
  }

  test('on-failure: rollback rolls it back', async () => {
    expect(withoutPlace((await recovery({})).rollback)).toEqual({ kind: 'rolled-back' });
  });

  test('on-failure: leave touches nothing', async () => {
    const { ecs, rollback } = await recovery({ onFailure: 'leave' });
    expect(rollback).toBeUndefined();
    expect(ecs.accepted).toEqual([]);
  });

  test.each(['superseded', 'access-denied', 'deployment-stopped'] as const)(
    '%s is not ours to roll back',
    async (cause) => {
      const { ecs, rollback } = await recovery({}, { cause, recovery: 'leave' });
      expect(rollback).toBeUndefined();
      expect(ecs.accepted).toEqual([]);
    },
  );

  test('the count that this run set is restored, too, where ECS put only the revision back', async () => {
    const { ecs, rollback } = await recovery({ desiredCount: 5 });
    expect(withoutPlace(rollback)).toEqual({ kind: 'rolled-back' });
    expect(ecs.desired).toBe(2);
  });

  test('the rollback stands where the count may not be restored, and says so', async () => {
    const { ecs, rollback } = await recovery({ desiredCount: 5 }, {}, goesWell, (call) =>
      call === 'updateService' ? NO_EFFECT(DENIED()) : undefined,
    );
    expect(withoutPlace(rollback)).toEqual({
      kind: 'rolled-back',
      unrestored: expect.stringMatching(/^desired-count is still 5, not 2 \(AccessDeniedException: /),
    });
    expect(ecs.desired).toBe(5);
  });

  test('what AWS refuses makes a failed rollback, in its own words', async () => {
    const clock = fakeClock();
    const ecs = new FakeEcs(clock);
    ecs.fault = () => ({ error: DENIED(), effect: false });
    const ctx = {
      aws: ecs.aws,
      clock,
      signal: new AbortController().signal,
      log: recordedLog(),
      actors: new Actors(),
      random: (): number => 0,
    };
    const after = await rollBackIfNeeded(ctx, serviceRun({ problem: problem() }), request());
    expect(after.rollback).toMatchObject({ kind: 'failed' });
    expect(JSON.stringify(after.rollback)).toContain('AccessDeniedException');
  });
});
