import { describe, expect, it } from '@jest/globals';
import { targetsGate, type TargetsTools } from '../../src/gate/targets.ts';
import type { GateResult, Rollout } from '../../src/model.ts';
import { Cancelled } from '../../src/runtime/cancellation.ts';
import { denied, throttled, unanswered } from '../fakes/aws-errors.ts';
import { fakeClock } from '../fakes/clock.ts';
import { definitionOf, rolloutOf, snapshotOf } from '../fakes/literals.ts';
import { fakeLog } from '../fakes/log.ts';

interface FakeTask {
  readonly id: string;
  readonly status?: string;
  readonly health?: string;
  /** State of its target; undefined: it is not registered. */
  readonly target?: string;
  readonly reason?: string;
}
type Look = readonly FakeTask[] | Error;

const GROUP = {
  targetGroupArn: 'tg',
  alternateTargetGroupArn: undefined,
  containerName: 'web',
  containerPort: 80,
};

/** Shows the gate these tasks, one look after the other, the last one for ever. */
async function gate(
  looks: readonly Look[],
  options: { groups?: boolean; containers?: Parameters<typeof definitionOf>[0]; abortAt?: number } = {},
): Promise<GateResult & { seconds: number; said: readonly string[] }> {
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
  });
  let at = -1;
  const look = (): readonly FakeTask[] => {
    const now = looks[Math.min(at, looks.length - 1)] ?? [];
    if (now instanceof Error) throw now;
    return now;
  };
  const ecs = {
    describeServices: async () => Promise.resolve({ services: [{ desiredCount: look().length }] }),
    listTasks: async ({ desiredStatus }: { desiredStatus: string }) => {
      if (desiredStatus === 'STOPPED') return Promise.resolve({ taskArns: [] });
      at += 1;
      return Promise.resolve({ taskArns: look().map(({ id }) => id) });
    },
    describeTasks: async () =>
      Promise.resolve({
        tasks: look().map(({ id, status = 'RUNNING', health }) => ({
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
  const tools = { aws: { ecs, elb }, clock, log, signal: controller.signal } as unknown as TargetsTools;
  const result = await targetsGate(tools, rollout, {
    deadlineSeconds: 60,
    pollSeconds: 5,
    failedTaskLimit: 'auto',
    failFast: true,
    wanted: 1,
  });
  return { ...result, seconds: clock.now() / 1000, said: log.said };
}

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

  it('prove nothing where none of them is ever seen: that is skipped, not failed', async () => {
    expect(await gate([[]])).toMatchObject({
      state: 'skipped',
      detail: expect.stringContaining('recognised'),
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

  it.each<[string, readonly Look[]]>([
    ['may not be read', [denied()]],
    ['are never told of', [throttled()]],
  ])('are not judged where they %s', async (_why, looks) => {
    expect(await gate(looks)).toMatchObject({ gate: 'targets', state: 'skipped' });
  });

  it('are told of once for each change', async () => {
    const { said } = await gate([[], [ILL], [ILL], [WELL]]);
    expect(said).toEqual([
      'backend: no running task of this deployment is visible yet',
      'backend: 0 of 1 tasks proven healthy; waiting: target unhealthy (Target.Timeout)',
    ]);
  });

  it('are left at once when the job is cancelled', async () => {
    await expect(gate([[ILL]], { abortAt: 2 })).rejects.toBeInstanceOf(Cancelled);
  });
});

describe('the tasks of a service without a load balancer', () => {
  const checked = { name: 'web', image: 'i', healthCheck: { command: ['CMD', 'x'] } };

  it.each<[string, FakeTask, Parameters<typeof definitionOf>[0], string]>([
    ['they run', { id: 'a' }, ['web'], 'passed'],
    ['their container health check agrees', { id: 'a', health: 'HEALTHY' }, [checked], 'passed'],
    ['it does not', { id: 'a', health: 'UNHEALTHY' }, [checked], 'failed'],
    ['it has not said', { id: 'a', health: 'UNKNOWN' }, [checked], 'failed'],
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
