import type { Task } from '@aws-sdk/client-ecs';
import { describe, expect, it } from '@jest/globals';
import { Looks } from '../../src/rollout/looks.ts';
import { tasksMeasurer } from '../../src/rollout/task-proof.ts';
import type { WatchContext } from '../../src/rollout/watch.ts';
import type { Phase } from '../../src/model/analysis.ts';
import type { GateResult, Rollout } from '../../src/model/index.ts';
import { Cancelled } from '../../src/runtime/cancellation.ts';
import { awsError, denied, throttled, unanswered } from '../fakes/aws-errors.ts';
import { fakeClock } from '../fakes/clock.ts';
import { definitionOf, rolloutOf, snapshotOf } from '../fakes/literals.ts';
import { fakeLog } from '../fakes/log.ts';
import { settle } from '../gates/asking.ts';

interface FakeTask {
  readonly id: string;
  readonly status?: string;
  readonly health?: string;
  /** State of its target; undefined: it is not registered. */
  readonly target?: string;
  readonly reason?: string;
}
type Look = readonly FakeTask[] | Error;

/** A task whose program ended with 1 after so many seconds, by AWS's own times. */
interface Crash {
  readonly id: string;
  readonly life: number;
}

const STARTED = Date.parse('2031-05-05T05:00:00Z');

function crashed({ id, life }: Crash): Task {
  return {
    taskArn: `arn:aws:ecs:x:1:task/prod/${id}`,
    lastStatus: 'STOPPED',
    desiredStatus: 'STOPPED',
    stopCode: 'EssentialContainerExited',
    stoppedReason: 'Essential container in task exited',
    startedAt: new Date(STARTED),
    executionStoppedAt: new Date(STARTED + life * 1000),
    containers: [{ name: 'web', exitCode: 1 }],
  };
}

const GROUP = {
  targetGroupArn: 'tg',
  alternateTargetGroupArn: undefined,
  containerName: 'web',
  containerPort: 80,
};

interface Seen {
  readonly seconds: number;
  readonly said: readonly string[];
  readonly replacedBy: string | undefined;
  /** Whether its last answer, where that is no good one, blames the revision. */
  readonly blames: boolean | undefined;
}

/** Shows the gate these tasks, one look after the other, the last one for ever. */
async function gate(
  looks: readonly Look[],
  options: {
    groups?: boolean;
    containers?: Parameters<typeof definitionOf>[0];
    abortAt?: number;
    /** Tasks that crashed, as every look shows them. */
    crashed?: readonly Crash[];
    /** Those of them that the watch has seen; undefined: nobody watched. */
    knownFailures?: readonly string[];
    /** How many tasks the run wants, and how many the service does. */
    desired?: number;
    serviceDesired?: number;
    /** How many run by ECS's own count, where that is another number than of those that are seen. */
    serviceRunning?: number;
    failFast?: boolean;
    /** How long AWS takes to list the tasks, in milliseconds. */
    slow?: number;
    phase?: Phase;
    /** What is PRIMARY, one look after the other, the last one for ever. */
    primaries?: readonly string[];
    /** When our deployment was made, where that is known; all others are older. */
    createdAt?: number;
  } = {},
): Promise<GateResult & Seen> {
  const controller = new AbortController();
  const clock = fakeClock({
    during: (pause) => {
      if (pause === options.abortAt) controller.abort(new Cancelled('SIGINT'));
    },
  });
  const log = fakeLog();
  const rollout: Rollout = rolloutOf({
    snapshot: snapshotOf({ targetGroups: options.groups === false ? [] : [GROUP] }),
    definition: definitionOf(options.containers),
    serviceDeploymentArn: undefined,
    createdAt: options.createdAt,
    ...(options.knownFailures === undefined ? {} : { knownFailures: options.knownFailures }),
  });
  let at = -1;
  const look = (): readonly FakeTask[] => {
    const now = looks[Math.min(at, looks.length - 1)] ?? [];
    if (now instanceof Error) throw now;
    return now;
  };
  const gone = (options.crashed ?? []).map((each) => ({
    ...crashed(each),
    startedBy: rollout.deploymentId,
    taskDefinitionArn: rollout.taskDefinitionArn,
  }));
  const isGone = (arns: readonly string[]): boolean =>
    gone.some(({ taskArn = '' }) => arns.includes(taskArn));
  const ecs = {
    // The first call of a look.
    describeServices: async () => {
      at += 1;
      const id = options.primaries?.[Math.min(at, options.primaries.length - 1)];
      const createdAt = id === OURS ? new Date(2_000) : new Date(1_000);
      const deployments = id === undefined ? [] : [{ id, status: 'PRIMARY', createdAt }];
      const desiredCount = options.serviceDesired ?? Math.max(look().length, 1);
      return Promise.resolve({
        services: [{ desiredCount, runningCount: options.serviceRunning ?? look().length, deployments }],
      });
    },
    listTasks: async ({ desiredStatus }: { desiredStatus: string }) => {
      if (desiredStatus === 'STOPPED')
        return Promise.resolve({ taskArns: gone.map(({ taskArn }) => taskArn) });
      clock.advance(options.slow ?? 0);
      return Promise.resolve({ taskArns: look().map(({ id }) => id) });
    },
    describeTasks: async ({ tasks = [] }: { tasks?: string[] }) =>
      Promise.resolve({
        tasks: isGone(tasks)
          ? gone
          : look().map(({ id, status = 'RUNNING', health }) => ({
              taskArn: `arn:aws:ecs:x:1:task/prod/${id}`,
              startedBy: rollout.deploymentId,
              taskDefinitionArn: rollout.taskDefinitionArn,
              lastStatus: status,
              desiredStatus: 'RUNNING',
              healthStatus: health,
              attachments: [{ details: [{ name: 'privateIPv4Address', value: id }] }],
            })),
      }),
  };
  const elb = {
    describeTargetHealth: async () =>
      Promise.resolve({
        TargetHealthDescriptions: look().flatMap(({ id, target, reason }) =>
          target === undefined
            ? []
            : [{ Target: { Id: id }, TargetHealth: { State: target, Reason: reason } }],
        ),
      }),
  };
  const random = (): number => 0.5;
  const ctx = { aws: { ecs, elb }, clock, log, random, signal: controller.signal } as unknown as WatchContext;
  const measurer = tasksMeasurer({ ...ctx, looks: new Looks(ctx) }, rollout, {
    deadlineSeconds: 60,
    pollSeconds: 5,
    failedTaskLimit: 'auto',
    failFast: options.failFast ?? true,
    desired: options.desired ?? 1,
  });
  const { result, asked } = await settle(ctx, measurer, options.phase);
  const replaced = asked?.answers.flatMap(({ reading }) => (reading.kind === 'replaced' ? [reading.by] : []));
  const reading = asked?.answers.at(-1)?.reading;
  const blames = reading?.kind === 'bad' || reading?.kind === 'inconclusive' ? reading.blames : undefined;
  return { ...result, blames, replacedBy: replaced?.at(-1), seconds: clock.now() / 1000, said: log.said };
}

const OURS = rolloutOf().deploymentId;

const WELL: FakeTask = { id: 'a', target: 'healthy' };
const ILL: FakeTask = { id: 'a', target: 'unhealthy', reason: 'Target.Timeout' };

describe('the targets of a deployment', () => {
  it.each<[string, readonly Look[], number]>([
    ['every task is healthy', [[WELL, { id: 'b', target: 'healthy' }]], 0],
    ['they became healthy', [[ILL], [{ id: 'a', target: 'initial' }], [WELL]], 10],
    [
      'their health checks are disabled',
      [[{ id: 'a', target: 'unavailable', reason: 'Target.HealthCheckDisabled' }]],
      0,
    ],
    ['AWS gave no answer for a while', [throttled(), unanswered(), [WELL]], 10],
  ])('pass where %s', async (_why, looks, seconds) => {
    expect(await gate(looks)).toMatchObject({ gate: 'targets', state: 'passed', seconds });
  });

  it('prove nothing where they run, and none of them is ever seen: that is skipped, not failed', async () => {
    expect(await gate([[]], { serviceRunning: 1 })).toMatchObject({
      state: 'skipped',
      detail: expect.stringContaining('recognised'),
    });
  });

  it("fail at the end of their time where none runs by ECS's own count", async () => {
    expect(await gate([[]])).toMatchObject({ state: 'failed', detail: '0 of 1 tasks run', seconds: 60 });
  });

  it('fail at the end of their time where fewer than half of those that are wanted run', async () => {
    expect(await gate([[WELL]], { desired: 4, serviceDesired: 4 })).toMatchObject({
      state: 'failed',
      detail: '1 of 4 tasks run',
      seconds: 60,
      said: ['backend: 1 of 4 tasks run'],
    });
  });

  it('prove nothing, at once, where the service wants none any more', async () => {
    expect(await gate([[]], { desired: 2, serviceDesired: 0 })).toMatchObject({
      state: 'skipped',
      detail: 'the service wants no task any more',
      seconds: 0,
    });
  });

  it('pass at the end of their time where only tasks that came late are not healthy', async () => {
    const both = [WELL, { id: 'late', target: 'initial' }];
    expect(await gate([[WELL, { id: 'b', target: 'initial' }], both])).toMatchObject({
      state: 'passed',
      seconds: 60,
      detail: 'every task that was there from the start is healthy',
    });
  });

  it('fail at the end of their time where one that was there from the start has failed, and another does', async () => {
    const later = [WELL, { ...ILL, id: 'new' }];
    const end = await gate([[WELL, { ...ILL, id: 'x' }], later], {
      knownFailures: [],
      crashed: [{ id: 'x', life: 14 }],
      desired: 2,
      serviceDesired: 2,
    });
    expect(end).toMatchObject({
      state: 'failed',
      detail: 'task new target unhealthy (Target.Timeout)',
      seconds: 60,
    });
  });

  it.each<[string, readonly Look[], string]>([
    ['one stays unhealthy', [[WELL, { ...ILL, id: 'b' }]], 'task b target unhealthy (Target.Timeout)'],
    ['one is never registered', [[{ id: 'a' }]], 'task a is not registered as a target yet'],
    ['one is not running', [[{ ...WELL, status: 'PENDING' }]], 'task a is PENDING'],
    [
      'the first look found none and all that came are unhealthy',
      [[], [ILL]],
      'task a target unhealthy (Target.Timeout)',
    ],
    [
      'the first look had no answer and all that came are unhealthy',
      [throttled(), [ILL]],
      'task a target unhealthy (Target.Timeout)',
    ],
    [
      'they are replaced again and again, and none becomes healthy',
      Array.from({ length: 20 }, (_, at) => [{ ...ILL, id: `t${at}` }]),
      'task t12 target unhealthy (Target.Timeout)',
    ],
    [
      'the last look has no answer, after an unhealthy one',
      [[ILL], unanswered()],
      'task a target unhealthy (Target.Timeout)',
    ],
  ])('fail after their whole time where %s', async (_why, looks, detail) => {
    expect(await gate(looks)).toMatchObject({ gate: 'targets', state: 'failed', detail, seconds: 60 });
  });

  it('are seen in the look on the deadline, though no time is left for it', async () => {
    const looks = [...Array.from({ length: 11 }, () => [ILL]), [WELL]];
    expect(await gate(looks, { slow: 500 })).toMatchObject({ state: 'passed', seconds: 60.5 });
  });

  it.each<[string, readonly Look[]]>([
    ['may not be read', [denied()]],
    ['are in a group that is gone', [awsError('TargetGroupNotFoundException', 'gone')]],
    ['are never told of', [throttled()]],
  ])('are not evaluated where they %s', async (_why, looks) => {
    expect(await gate(looks)).toMatchObject({ gate: 'targets', state: 'skipped' });
  });

  it('are told of once for each change', async () => {
    const { said } = await gate([[], [ILL], [ILL], [WELL]], { serviceRunning: 1 });
    expect(said).toEqual([
      'backend: no running task of this deployment is visible yet',
      'backend: 0 of 1 tasks proven healthy; waiting: target unhealthy (Target.Timeout)',
    ]);
  });

  it('are left at once when the job is cancelled', async () => {
    await expect(gate([[ILL]], { abortAt: 2 })).rejects.toBeInstanceOf(Cancelled);
  });
});

describe('tasks that run, and that no target group lists', () => {
  const unlisted = { id: 'a' };

  it.each<[string, readonly Look[], object, boolean]>([
    ['are no fault of theirs', [[unlisted, { ...WELL, id: 'b' }]], {}, false],
    ['are while another is unhealthy', [[unlisted, { ...ILL, id: 'b' }]], {}, true],
    ['are while another starts', [[unlisted, { ...WELL, id: 'b', status: 'PENDING' }]], {}, true],
    ['are where too few of them are there', [[unlisted]], { desired: 3, serviceDesired: 3 }, true],
    ['are where others crashed', [[unlisted]], { knownFailures: [], crashed: [{ id: 'x', life: 14 }] }, true],
    ['are not while baking', [[unlisted]], { phase: 'baking' }, false],
    ['are not while baking, and are where one is unhealthy', [[ILL]], { phase: 'baking' }, true],
  ])('%s', async (_why, looks, options, blames) => {
    expect(await gate(looks, options)).toMatchObject({ state: 'failed', blames });
  });
});

describe('how many tasks are to be proven', () => {
  const two = [WELL, { id: 'b', target: 'healthy' }];

  it('is what the run wants', async () => {
    const end = await gate([[WELL], two], { desired: 2, serviceDesired: 2 });
    expect(end).toMatchObject({ state: 'passed', seconds: 5, detail: '2 of 2 tasks are healthy' });
  });

  it('is less where the service has been scaled in meanwhile', async () => {
    expect(await gate([[WELL]], { desired: 2, serviceDesired: 1 })).toMatchObject({
      state: 'passed',
      seconds: 0,
    });
  });

  it('is no more where it has been scaled out', async () => {
    expect(await gate([[WELL]], { desired: 1, serviceDesired: 4 })).toMatchObject({
      state: 'passed',
      seconds: 0,
    });
  });
});

describe('tasks that crashed', () => {
  const unchecked = { groups: false, knownFailures: [] };
  const one = [{ id: 'x', life: 14 }];
  const two = [...one, { id: 'y', life: 14 }];

  it('have to be outlived by those that nothing checks', async () => {
    expect(await gate([[{ id: 'a' }]], { ...unchecked, crashed: one })).toMatchObject({
      gate: 'tasks',
      state: 'passed',
      seconds: 15,
    });
  });

  it('do not where a target group speaks for the others', async () => {
    expect(await gate([[WELL]], { knownFailures: [], crashed: one })).toMatchObject({
      state: 'passed',
      seconds: 0,
    });
  });

  it('do not where a container health check does', async () => {
    const containers = [{ name: 'web', image: 'i', healthCheck: { command: ['CMD', 'x'] } }];
    const end = await gate([[{ id: 'a', health: 'HEALTHY' }]], { ...unchecked, containers, crashed: one });
    expect(end).toMatchObject({ state: 'passed', seconds: 0 });
  });

  it('are of another time where nobody watched and they are there at the first look', async () => {
    const end = await gate([[{ id: 'a' }]], { groups: false, crashed: two });
    expect(end).toMatchObject({ state: 'passed', seconds: 0 });
  });

  it('settle it where there are two and none of the others is healthy', async () => {
    const end = await gate([[ILL]], { knownFailures: [], crashed: two });
    expect(end).toMatchObject({ state: 'failed', cause: 'app-crashed', seconds: 0 });
  });

  it('settle nothing with fail-fast: false: the targets have their whole time', async () => {
    const end = await gate([[ILL]], { knownFailures: [], crashed: two, failFast: false });
    expect(end).toMatchObject({ state: 'failed', seconds: 60 });
  });

  it('do not settle it beside one that is', async () => {
    const end = await gate([[WELL]], { knownFailures: [], crashed: two });
    expect(end).toMatchObject({ state: 'passed', seconds: 0 });
  });

  it('are what is wrong at the deadline, where nothing checks the tasks and one is missing', async () => {
    const end = await gate([[{ id: 'a' }]], { ...unchecked, crashed: one, desired: 2, serviceDesired: 2 });
    expect(end).toMatchObject({ state: 'failed', cause: 'app-crashed', seconds: 60 });
  });

  it('are not where something does: its word counts', async () => {
    const end = await gate([[ILL]], { knownFailures: [], crashed: one });
    expect(end).toMatchObject({
      state: 'failed',
      detail: 'task a target unhealthy (Target.Timeout)',
      seconds: 60,
    });
  });
});

describe('the tasks of a service without a load balancer', () => {
  const checked = { name: 'web', image: 'i', healthCheck: { command: ['CMD', 'x'] } };

  it.each<[string, FakeTask, Parameters<typeof definitionOf>[0], string]>([
    ['they run', { id: 'a' }, ['web'], 'passed'],
    ['their container health check agrees', { id: 'a', health: 'HEALTHY' }, [checked], 'passed'],
    ['it does not', { id: 'a', health: 'UNHEALTHY' }, [checked], 'failed'],
    ['it has not said', { id: 'a', health: 'UNKNOWN' }, [checked], 'failed'],
    ['only one of two containers has one', { id: 'a', health: 'UNHEALTHY' }, [checked, 'app'], 'failed'],
    [
      'only a container that is not essential has one, so that ECS says UNKNOWN for ever',
      { id: 'a', health: 'UNKNOWN' },
      ['web', { ...checked, name: 'side', essential: false }],
      'passed',
    ],
  ])('%#: where %s', async (_why, task, containers, state) => {
    const looks = [[task]];
    expect(await gate(looks, { groups: false, containers: containers! })).toMatchObject({
      gate: 'tasks',
      state,
    });
  });
});

describe('tasks that bake', () => {
  const well: FakeTask = { id: 'b', target: 'healthy' };
  const half = [ILL, well];
  const most = [ILL, { ...ILL, id: 'c' }, well];

  it.each([
    ['half of them are ill', [half], 'passed'],
    ['two looks in a row find most of them ill', [most, most, half], 'passed'],
    ['three do', [most, most, most, half], 'failed'],
  ])('where %s', async (_, looks, state) => {
    expect(await gate(looks, { phase: 'baking', desired: 3 })).toMatchObject({ gate: 'targets', state });
  });
});

it.each([
  ['was PRIMARY before is an old answer in one look', ['ecs-svc/1', OURS], undefined],
  ['was PRIMARY before is PRIMARY again in two', ['ecs-svc/1', 'ecs-svc/1'], 'ecs-svc/1'],
  ['is of somebody else has taken its place at once', [OURS, 'ecs-svc/9'], 'ecs-svc/9'],
])('a deployment that %s', async (_, primaries, replacedBy) => {
  expect(await gate([[ILL]], { primaries })).toMatchObject({ replacedBy });
});

it('a PRIMARY that is older than the deployment, by its time, is an old answer in any number of looks', async () => {
  const primaries = ['ecs-svc/1', 'ecs-svc/1', 'ecs-svc/9', OURS];
  const well = { id: 'a', target: 'healthy' };
  const end = await gate([[ILL], [ILL], [ILL], [well]], { primaries, createdAt: 2_000 });
  expect(end).toMatchObject({ gate: 'targets', state: 'passed', replacedBy: undefined });
});
