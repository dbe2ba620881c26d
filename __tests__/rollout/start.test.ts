import { describe, expect, test } from '@jest/globals';
import type { ServiceRun, RolloutRequest, ServiceSnapshot } from '../../src/model/index.ts';
import { plannedChangeFor } from '../../src/pipeline/plan.ts';
import { startServiceRun } from '../../src/rollout/start.ts';
import { updateInput } from '../../src/rollout/update.ts';
import { Cancelled } from '../../src/runtime/cancellation.ts';
import { fakeClock, untilDone } from '../fakes/clock.ts';
import {
  awsError,
  DENIED,
  EXPIRED,
  OLD_ID,
  OLD_REVISION,
  OTHER_ID,
  OTHER_REVISION,
  OUR_REVISION,
  recordedLog,
  RESET,
  rollout,
  rolloutRequest,
  serviceDeploymentArn,
  snapshot,
  THROTTLED,
  TIMEOUT,
} from './builders.ts';
import { FakeEcs, type Fault } from './fake-ecs.ts';

describe('what has to be done so that the service runs the revision', () => {
  test.each<[string, Partial<ServiceSnapshot>, string, Partial<RolloutRequest>, string]>([
    ['another revision: update', {}, OUR_REVISION, {}, 'update'],
    ['the same, complete: nothing', {}, OLD_REVISION, {}, 'none'],
    ['the same, still on its way: adopt it', { rollout: 'in-progress' }, OLD_REVISION, {}, 'adopt'],
    ['the same, which failed: try again', { rollout: 'failed' }, OLD_REVISION, {}, 'update'],
    ['the same, forced: update', {}, OLD_REVISION, { forceNewDeployment: true }, 'update'],
    ['the same, not forced: nothing', {}, OLD_REVISION, { forceNewDeployment: false }, 'none'],
    ['the same with another count: update', {}, OLD_REVISION, { desiredCount: 3 }, 'update'],
    ['the same with the count that it has: nothing', {}, OLD_REVISION, { desiredCount: 2 }, 'none'],
    ['the same with a count of none: update', {}, OLD_REVISION, { desiredCount: 0 }, 'update'],
    ['the same with other tags: update', {}, OLD_REVISION, { propagateTags: 'SERVICE' }, 'update'],
    ['the same with the tags that it has: nothing', {}, OLD_REVISION, { propagateTags: 'NONE' }, 'none'],
    ['managed tags switched on: update', {}, OLD_REVISION, { enableEcsManagedTags: true }, 'update'],
    ['managed tags off already: nothing', {}, OLD_REVISION, { enableEcsManagedTags: false }, 'none'],
  ])('%s', (_, found, revision, asked, change) => {
    expect(plannedChangeFor(snapshot(found), revision, rolloutRequest(asked))).toBe(change);
  });
});

describe('UpdateService carries', () => {
  const bare = { cluster: 'prod', service: 'web', taskDefinition: OUR_REVISION };

  test('the revision alone, where the user set nothing else', () => {
    expect(updateInput(snapshot(), OUR_REVISION, rolloutRequest())).toEqual(bare);
  });

  test('each field that the user set, zero and false included', () => {
    const asked = rolloutRequest({
      desiredCount: 0,
      forceNewDeployment: false,
      enableEcsManagedTags: false,
      propagateTags: 'TASK_DEFINITION',
    });
    expect(updateInput(snapshot(), OUR_REVISION, asked)).toEqual({
      ...bare,
      desiredCount: 0,
      forceNewDeployment: false,
      enableECSManagedTags: false,
      propagateTags: 'TASK_DEFINITION',
    });
  });

  test.each([undefined, false, true])(
    'the force that a revision which failed needs to be tried again (force-new-deployment: %s)',
    (forceNewDeployment) => {
      const found = snapshot({ taskDefinitionArn: OUR_REVISION, rollout: 'failed' });
      expect(updateInput(found, OUR_REVISION, rolloutRequest({ forceNewDeployment }))).toEqual({
        ...bare,
        forceNewDeployment: true,
      });
    },
  );
});

interface Started {
  readonly ecs: FakeEcs;
  readonly serviceRun: ServiceRun;
  readonly seconds: number;
  readonly lines: readonly string[];
}

/** Starts our revision; `setUp` prepares the world, `faults` befall the calls of UpdateService in turn. */
async function start(
  options: {
    revision?: string;
    found?: Partial<ServiceSnapshot>;
    asked?: Partial<RolloutRequest>;
    faults?: readonly Fault[];
    setUp?: (ecs: FakeEcs, abort: () => void) => void;
    during?: (ecs: FakeEcs, pause: number, abort: () => void) => void;
  } = {},
): Promise<Started> {
  const controller = new AbortController();
  const abort = (): void => {
    controller.abort(new Cancelled('SIGINT'));
  };
  const clock = fakeClock({ during: (pause) => options.during?.(ecs, pause, abort) });
  const ecs = new FakeEcs(clock);
  const faults = [...(options.faults ?? [])];
  ecs.fault = (call) => (call === 'updateService' ? faults.shift() : undefined);
  options.setUp?.(ecs, abort);
  const log = recordedLog();
  const revision = options.revision ?? OUR_REVISION;
  const asked = rolloutRequest(options.asked);
  const found = snapshot(options.found);
  const change = plannedChangeFor(found, revision, asked);
  const serviceRun = await untilDone(
    clock,
    startServiceRun(
      { aws: ecs.aws, clock, signal: controller.signal, log },
      { snapshot: found, change, desiredCount: asked.desiredCount ?? found.desiredCount },
      revision,
      rollout().definition,
      asked,
    ),
  );
  return { ecs, serviceRun, seconds: clock.now() / 1000, lines: log.lines };
}

const LOST = { error: RESET(), effect: true };
const NEVER_ARRIVED = { error: RESET(), effect: false };
const REFUSED_FOR_NOW = { error: THROTTLED(), effect: false };

describe('an update that hangs', () => {
  const hanging = (effect: boolean): Fault => ({ error: TIMEOUT(), effect, afterMs: 20_000 });
  const short = { waitMinutes: 0.05 };

  test('does not outlast the wait, is not sent again, and may yet take effect', async () => {
    const { ecs, serviceRun, seconds } = await start({ asked: short, faults: [hanging(false)] });
    expect(serviceRun).toMatchObject({
      rollout: undefined,
      updateUnconfirmed: true,
      problem: { cause: 'unknown' },
    });
    expect(ecs.count('updateService')).toBe(1);
    expect(seconds).toBeLessThanOrEqual(5);
  });

  test('is followed where its effect shows', async () => {
    const { ecs, serviceRun, seconds } = await start({ asked: short, faults: [hanging(true)] });
    expect(serviceRun.rollout?.deploymentId).toBe(ecs.by('us')?.id);
    expect(seconds).toBeLessThanOrEqual(5);
  });

  test('is sent again while there is time', async () => {
    const { ecs, serviceRun } = await start({ asked: { waitMinutes: 1 }, faults: [hanging(false)] });
    expect(serviceRun.rollout?.deploymentId).toBe(ecs.by('us')?.id);
    expect(ecs.count('updateService')).toBe(2);
  });
});

test('an update that is throttled is not sent any more once the wait is over', async () => {
  const throttled = Array.from({ length: 12 }, () => REFUSED_FOR_NOW);
  const { ecs, serviceRun, seconds } = await start({ asked: { waitMinutes: 0.1 }, faults: throttled });
  expect(serviceRun).toMatchObject({
    rollout: undefined,
    updateUnconfirmed: false,
    problem: { cause: 'throttled' },
  });
  expect(ecs.updates).toEqual([]);
  expect(seconds).toBeLessThanOrEqual(8);
});

describe('a rollout starts', () => {
  test('with one UpdateService, and follows the service deployment that this made', async () => {
    const { ecs, serviceRun } = await start();
    expect(ecs.updates).toHaveLength(1);
    expect(serviceRun.rollout).toMatchObject({
      deploymentId: ecs.primary?.id,
      serviceDeploymentArn: ecs.by('us')?.arn,
      replacesTasks: true,
      adopted: false,
    });
    expect(serviceRun.problem).toBeUndefined();
  });

  test.each([
    ['before its update', 'describeServices'],
    ['after an update whose answer was lost', 'updateService'],
  ])('though ECS shows the service as it was before the survey %s, for a moment', async (_, at) => {
    const createdAt = new Date('2031-05-04T00:00:00Z');
    const before = { id: OTHER_ID, status: 'PRIMARY', taskDefinition: OTHER_REVISION, createdAt };
    const { ecs, serviceRun } = await start({
      found: { primarySince: createdAt.getTime() + 1 },
      setUp: (world) => {
        world.fault = (call) => {
          if (call !== at || world.count(call) > 1) return undefined;
          world.shownBefore = before;
          return call === 'updateService' ? NEVER_ARRIVED : undefined;
        };
      },
      during: (world, pause) => {
        if (pause > 1) world.shownBefore = undefined;
      },
    });
    expect(serviceRun.problem).toBeUndefined();
    expect(serviceRun.rollout?.deploymentId).toBe(ecs.by('us')?.id);
    expect(ecs.updates).toHaveLength(1);
  });

  test('without any change where the service has it all', async () => {
    const { ecs, serviceRun } = await start({ revision: OLD_REVISION });
    expect(ecs.count('updateService')).toBe(0);
    expect(serviceRun).toMatchObject({ change: 'none', problem: undefined });
  });

  test('by adopting what is on its way already', async () => {
    const { ecs, serviceRun } = await start({ revision: OLD_REVISION, found: { rollout: 'in-progress' } });
    expect(ecs.count('updateService')).toBe(0);
    expect(serviceRun.rollout).toMatchObject({
      adopted: true,
      replacesTasks: true,
      deploymentId: OLD_ID,
      serviceDeploymentArn: serviceDeploymentArn('old'),
    });
  });

  test('with another count alone, which ECS makes no deployment for', async () => {
    const { ecs, serviceRun } = await start({ revision: OLD_REVISION, asked: { desiredCount: 4 } });
    expect(ecs.desired).toBe(4);
    expect(serviceRun.rollout).toMatchObject({ replacesTasks: false, deploymentId: OLD_ID });
    expect(ecs.count('listServiceDeployments')).toBe(0);
  });

  test('with another count while the same revision is on its way: its deployment is followed, not the count', async () => {
    const { serviceRun } = await start({
      revision: OLD_REVISION,
      found: { rollout: 'in-progress' },
      asked: { desiredCount: 4 },
    });
    expect(serviceRun.rollout).toMatchObject({
      replacesTasks: true,
      serviceDeploymentArn: serviceDeploymentArn('old'),
    });
  });
});

describe('an answer to UpdateService that is lost', () => {
  test('is read back where it had its effect: nothing is sent again', async () => {
    const { ecs, serviceRun } = await start({ faults: [LOST] });
    expect(ecs.count('updateService')).toBe(1);
    expect(serviceRun.rollout).toMatchObject({
      deploymentId: ecs.by('us')?.id,
      serviceDeploymentArn: ecs.by('us')?.arn,
    });
  });

  test('is sent again where it had no effect', async () => {
    const { ecs, serviceRun } = await start({ faults: [NEVER_ARRIVED] });
    expect(ecs.updates).toHaveLength(1);
    expect(ecs.count('updateService')).toBe(2);
    expect(serviceRun.problem).toBeUndefined();
  });

  test('makes one forced deployment of the same revision, not two', async () => {
    const { ecs, serviceRun } = await start({
      revision: OLD_REVISION,
      asked: { forceNewDeployment: true },
      faults: [LOST],
    });
    expect(ecs.updates).toHaveLength(1);
    expect(serviceRun.rollout?.replacesTasks).toBe(true);
  });

  test('of a change of tags alone is not taken for done', async () => {
    const { ecs } = await start({
      revision: OLD_REVISION,
      asked: { propagateTags: 'SERVICE' },
      faults: [NEVER_ARRIVED],
    });
    expect(ecs.updates).toHaveLength(1);
  });

  test("is not sent again over another's deployment that replaced ours meanwhile", async () => {
    const { ecs, serviceRun } = await start({
      faults: [LOST],
      during: (world, pause) => {
        if (pause === 1) world.deployByOther();
      },
    });
    expect(ecs.updates).toHaveLength(1);
    expect(serviceRun.rollout).toMatchObject({ deploymentId: ecs.by('us')?.id });
  });

  test('is read back until AWS answers', async () => {
    const unanswered = [THROTTLED(), RESET(), RESET()];
    const { ecs, serviceRun } = await start({
      faults: [LOST],
      setUp: (world) => {
        const write = world.fault;
        world.fault = (call) => {
          const error = call === 'describeServices' ? unanswered.shift() : undefined;
          return error === undefined ? write(call) : { error, effect: false };
        };
      },
    });
    expect(ecs.updates).toHaveLength(1);
    expect(serviceRun.problem).toBeUndefined();
  });

  test('never comes: the service run says that it could not start', async () => {
    const { ecs, serviceRun } = await start({ faults: Array<Fault>(9).fill(NEVER_ARRIVED) });
    expect(ecs.accepted).toEqual([]);
    expect(serviceRun).toMatchObject({
      rollout: undefined,
      problem: { cause: 'unknown', recovery: 'leave' },
    });
  });
});

test('is not begun once the job is cancelled', async () => {
  const controller = new AbortController();
  controller.abort(new Cancelled('SIGINT'));
  const clock = fakeClock();
  const ecs = new FakeEcs(clock);
  const ctx = { aws: ecs.aws, clock, signal: controller.signal, log: recordedLog() };
  const { definition } = rollout();
  const service = { snapshot: snapshot(), change: 'update', desiredCount: 2 } as const;
  const begun = await startServiceRun(ctx, service, OUR_REVISION, definition, rolloutRequest());
  expect(begun).toMatchObject({ rollout: undefined, problem: undefined, updateUnconfirmed: false });
  expect(ecs.calls).toEqual([]);
});

test.each([
  ['for a new revision, which is one by itself', OUR_REVISION, false],
  ['but for the one that runs', OLD_REVISION, true],
])('an update without an answer that is sent again forces no deployment %s', async (_, to, isForced) => {
  const { ecs } = await start({
    revision: to,
    asked: { forceNewDeployment: true },
    faults: [NEVER_ARRIVED],
  });
  const [sent] = ecs.updates;
  expect(ecs.count('updateService')).toBe(2);
  expect('forceNewDeployment' in (sent?.input ?? {})).toBe(isForced);
});

test('a throttled UpdateService is sent again after a pause', async () => {
  const { ecs, serviceRun, seconds } = await start({ faults: [REFUSED_FOR_NOW, REFUSED_FOR_NOW] });
  expect(ecs.updates).toHaveLength(1);
  expect(serviceRun.problem).toBeUndefined();
  expect(seconds).toBe(3);
});

describe('what AWS refuses is the problem of this service, and nothing else is sent', () => {
  test.each([
    [awsError('ServiceNotActiveException'), 'service-inactive', 'Service "web" is not ACTIVE any more.'],
    [
      awsError('ClientException', 'No.'),
      'update-refused',
      'AWS refused to update service "web": ClientException: No.',
    ],
    [DENIED(), 'access-denied', 'AWS denied access while updating service "web"'],
    [EXPIRED(), 'credentials-expired', 'The AWS credentials expired while updating service "web"'],
  ])('%s', async (error, cause, words) => {
    const { ecs, serviceRun } = await start({ faults: [{ error, effect: false }] });
    expect(ecs.count('updateService')).toBe(1);
    expect(serviceRun.rollout).toBeUndefined();
    expect(serviceRun.problem).toMatchObject({ result: 'failed', cause, recovery: 'leave' });
    expect(serviceRun.problem?.reason).toContain(words);
  });
});

describe('once UpdateService was accepted, the rollout stays in sight', () => {
  test.each([
    ['expired credentials', EXPIRED()],
    ['a refused call', awsError('ClientException', 'no')],
  ])('though the search for its service deployment meets %s', async (_, error) => {
    const { ecs, serviceRun } = await start({
      setUp: (world) => {
        world.fault = (call) => (call === 'listServiceDeployments' ? { error, effect: false } : undefined);
      },
    });
    expect(serviceRun.rollout).toMatchObject({
      deploymentId: ecs.by('us')?.id,
      serviceDeploymentArn: undefined,
    });
  });

  test('though the job is cancelled while its service deployment is looked for', async () => {
    const { ecs, serviceRun } = await start({
      setUp: (world) => {
        world.fault = (call) =>
          call === 'listServiceDeployments' ? { error: THROTTLED(), effect: false } : undefined;
      },
      during: (_, __, abort) => {
        abort();
      },
    });
    expect(serviceRun.rollout).toMatchObject({ deploymentId: ecs.by('us')?.id });
  });
});
