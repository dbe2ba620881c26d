import { describe, expect, test } from '@jest/globals';
import type { RolloutRequest } from '../../src/model/index.ts';
import { Actors } from '../../src/rollout/acts.ts';
import { carriesSettings, restoreSettings } from '../../src/rollout/settings.ts';
import { Cancelled } from '../../src/runtime/cancellation.ts';
import { fakeClock, untilDone, type FakeClock } from '../fakes/clock.ts';
import {
  DENIED,
  OTHER_ID,
  OTHER_REVISION,
  OUR_REVISION,
  recordedLog,
  rollout,
  rolloutRequest,
  snapshot,
  THROTTLED,
} from './builders.ts';
import { FakeEcs, type Fault } from './fake-ecs.ts';

interface Restored {
  readonly ecs: FakeEcs;
  readonly left: string | undefined;
  readonly clock: FakeClock;
}

/** ECS has rolled our deployment back, which had a count of 3; the service wanted 2 before. */
async function restore(
  options: {
    asked?: Partial<RolloutRequest>;
    fault?: (call: string, clock: FakeClock) => Fault | undefined;
    before?: (ecs: FakeEcs) => void;
    signal?: AbortSignal;
  } = {},
): Promise<Restored> {
  const clock = fakeClock();
  const ecs = new FakeEcs(clock);
  await ecs.aws.ecsWrites.updateService({
    cluster: 'prod',
    service: 'web',
    taskDefinition: OUR_REVISION,
    desiredCount: 3,
  });
  const createdAt = ecs.primary?.createdAt;
  ecs.begin();
  ecs.trigger();
  ecs.advanceRollback();
  ecs.advanceRollback();
  options.before?.(ecs);
  ecs.accepted.length = 0;
  const { fault } = options;
  if (fault !== undefined) ecs.fault = (call) => fault(call, clock);
  const us = ecs.by('us');
  const ours = rollout({
    snapshot: snapshot(),
    deploymentId: us?.id ?? '',
    serviceDeploymentArn: us?.arn,
    createdAt,
  });
  const signal = options.signal ?? new AbortController().signal;
  const asked = rolloutRequest({ desiredCount: 3, ...options.asked });
  const left = await untilDone(
    clock,
    restoreSettings({ aws: ecs.aws, clock, signal, log: recordedLog(), actors: new Actors() }, ours, asked),
  );
  return { ecs, left, clock };
}

const denied = (call: string): Fault | undefined =>
  call === 'updateService' ? { error: DENIED(), effect: false } : undefined;

describe('what this run changed beside the revision', () => {
  test('is restored with one UpdateService that carries nothing else', async () => {
    const { ecs, left } = await restore();
    expect(left).toBeUndefined();
    expect(ecs.updates.map(({ input }) => input)).toEqual([
      { cluster: 'prod', service: 'web', desiredCount: 2 },
    ]);
  });

  test.each<[string, Parameters<typeof restore>[0], RegExp]>([
    [
      'may not be restored',
      { fault: denied },
      /^desired-count is still 3, not 2 \(AccessDeniedException: .*\)$/,
    ],
    [
      'is to be left',
      { asked: { onFailure: 'leave' } },
      /^desired-count is still 3, not 2 \(on-failure: leave\)$/,
    ],
    [
      "is another's by now",
      {
        before: (ecs) => {
          ecs.deployByOther();
        },
      },
      /^desired-count is still 3, not 2 \(the service runs another deployment, of backend:9\)$/,
    ],
    [
      'cannot be seen',
      {
        fault: (call) => (call === 'describeServices' ? { error: DENIED(), effect: false } : undefined),
      },
      /^whether desired-count should be restored could not be read \(AccessDeniedException: .*\)$/,
    ],
  ])('is named where it %s', async (_, options, text) => {
    const { ecs, left } = await restore(options);
    expect(left).toMatch(text);
    expect(ecs.updates).toEqual([]);
  });

  test("is another's where somebody deploys while a throttled update waits to be sent again", async () => {
    let world: FakeEcs | undefined;
    const { ecs, left } = await restore({
      before: (each) => {
        world = each;
      },
      fault: (call) => {
        if (call !== 'updateService' || world === undefined) return undefined;
        world.deployByOther();
        world = undefined;
        return { error: THROTTLED(), effect: false };
      },
    });
    expect(left).toMatch(/^desired-count is still 3, not 2 \(the service runs another deployment/);
    expect(ecs.accepted.filter(({ kind }) => kind === 'update')).toEqual([]);
  });

  test("is nobody else's where an answer shows the service as it was before our deployment: it is read again", async () => {
    let reads = 0;
    const { ecs, left } = await restore({
      before: (world) => {
        world.shownBefore = {
          id: OTHER_ID,
          status: 'PRIMARY',
          taskDefinition: OTHER_REVISION,
          createdAt: new Date(0),
        };
        world.fault = (call) => {
          if (call === 'describeServices' && (reads += 1) > 1) world.shownBefore = undefined;
          return undefined;
        };
      },
    });
    expect(left).toBeUndefined();
    expect(ecs.updates).toHaveLength(1);
  });

  test('is left where it was changed again since, by an autoscaler for one, and said to be', async () => {
    const { ecs, left } = await restore({
      before: (world) => {
        world.desired = 6;
      },
    });
    expect(left).toBe('desired-count is 6, not 2 (it was changed while this run deployed)');
    expect(ecs.updates).toEqual([]);
  });

  test('is restored but for the count that was changed again since', async () => {
    const { ecs, left } = await restore({
      asked: { enableEcsManagedTags: true },
      before: (world) => {
        world.desired = 6;
        world.managedTags = true;
      },
    });
    expect(left).toBe('desired-count is 6, not 2 (it was changed while this run deployed)');
    expect(ecs.updates.map(({ input }) => input)).toEqual([
      { cluster: 'prod', service: 'web', enableECSManagedTags: false },
    ]);
  });

  test('that is as it was already needs nothing', async () => {
    const { ecs, left } = await restore({
      before: (world) => {
        world.desired = 2;
      },
    });
    expect(left).toBeUndefined();
    expect(ecs.updates).toEqual([]);
  });

  test('is not waited for once the job is cancelled', async () => {
    const controller = new AbortController();
    const run = restore({
      signal: controller.signal,
      fault: (call) => {
        if (call !== 'updateService') return undefined;
        controller.abort(new Cancelled('SIGINT'));
        return { error: THROTTLED(), effect: false };
      },
    });
    await expect(run).rejects.toBeInstanceOf(Cancelled);
  });
});

test.each([
  ['what this run sent, and was another before', { desiredCount: 4 }, 4, true],
  ['what it was before', { desiredCount: 4 }, 2, false],
  ['what neither is', { desiredCount: 4 }, 3, false],
  ['what nobody asked for', {}, 2, false],
])('a service that wants %s carries the settings of this run: %#', (_, asked, desiredCount, isOurs) => {
  const service = { desiredCount, enableECSManagedTags: undefined, propagateTags: undefined };
  expect(carriesSettings(service, snapshot({ desiredCount: 2 }), rolloutRequest(asked))).toBe(isOurs);
});
