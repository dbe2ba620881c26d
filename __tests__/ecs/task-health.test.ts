import type { Task } from '@aws-sdk/client-ecs';
import { describe, expect, test } from '@jest/globals';
import type { Aws } from '../../src/aws/clients.ts';
import type { Observation } from '../../src/rollout/observe.ts';
import { hasContainerChecks, readTaskHealth } from '../../src/ecs/task-health.ts';
import { fakeClock } from '../fakes/clock.ts';
import {
  awsError,
  CLUSTER,
  DENIED,
  EXPIRED,
  OLD_ID,
  OUR_ID,
  RESET,
  rollout,
  snapshot,
  stoppedTask,
  THROTTLED,
} from '../rollout/builders.ts';

type TaskHealth = Awaited<ReturnType<typeof readTaskHealth>>;

const ARN = `arn:aws:ecs:eu-west-1:123456789012:task/${CLUSTER}/`;

/** A running task of ours at an address of its own. */
function running(id: string, changes: Partial<Task> = {}): Task {
  return {
    taskArn: `${ARN}${id}`,
    lastStatus: 'RUNNING',
    desiredStatus: 'RUNNING',
    startedBy: OUR_ID,
    attachments: [{ details: [{ name: 'privateIPv4Address', value: `10.0.0.${id}` }] }],
    ...changes,
  };
}

const theirs = { startedBy: OLD_ID };

const groupOf = (name: string): object => ({
  targetGroupArn: name,
  alternateTargetGroupArn: undefined,
  containerName: 'app',
  containerPort: 80,
});

interface World {
  readonly tasks?: readonly Task[];
  /** For each target group, by address, the states of the targets. */
  readonly groups?: Readonly<Record<string, Readonly<Record<string, string>>>>;
  readonly healthChecks?: readonly boolean[];
  readonly essential?: readonly boolean[];
  /** What AWS says to a call instead of its answer. */
  readonly errors?: Readonly<Record<string, Error>>;
}

function look(world: World): Promise<TaskHealth> {
  const { tasks = [], groups = {}, healthChecks = [false], essential = [], errors = {} } = world;
  const answer = <T>(call: string, value: T): Promise<T> => {
    const error = errors[call];
    return error === undefined ? Promise.resolve(value) : Promise.reject(error);
  };
  const aws = {
    ecs: {
      listTasks: ({ desiredStatus }: { desiredStatus: string }) =>
        answer('listTasks', {
          taskArns: tasks
            .filter((task) => (task.desiredStatus === 'STOPPED') === (desiredStatus === 'STOPPED'))
            .map((task) => task.taskArn),
        }),
      describeTasks: () => answer('describeTasks', { tasks: [...tasks] }),
    },
    elb: {
      describeTargetHealth: ({ TargetGroupArn }: { TargetGroupArn: string }) =>
        answer('describeTargetHealth', {
          TargetHealthDescriptions: Object.entries(groups[TargetGroupArn] ?? {}).map(([Id, State]) => ({
            Target: { Id, Port: 80 },
            TargetHealth: { State },
          })),
        }),
    },
  } as unknown as Pick<Aws, 'ecs' | 'elb'>;
  const containerDefinitions = healthChecks.map((hasOne, at) => ({
    name: `c${at}`,
    image: 'i',
    essential: essential[at] ?? true,
    ...(hasOne ? { healthCheck: { command: ['CMD', 'true'] } } : {}),
  }));
  const ours = rollout({
    snapshot: snapshot({ targetGroups: Object.keys(groups).map(groupOf) as never }),
    definition: { family: 'backend', containerDefinitions },
  });
  return readTaskHealth({ aws, clock: fakeClock() }, ours);
}

const healthy = ({ tasks }: Pick<Observation, 'tasks'>): string[] =>
  tasks.filter((task) => task.healthy).map(({ id }) => id);

describe('a look at the tasks', () => {
  test('tells ours from the others, and of these those that are to stop', async () => {
    const tasks = [
      running('1'),
      stoppedTask({ taskArn: `${ARN}2` }),
      running('3', theirs),
      running('4', { ...theirs, desiredStatus: 'STOPPED' }),
      stoppedTask({ taskArn: `${ARN}5`, ...theirs }),
    ];
    const seen = await look({ tasks });
    expect(seen.tasks.map(({ id, status }) => `${id} ${status}`)).toEqual(['1 RUNNING', '2 STOPPED']);
    expect([seen.oldTasks, seen.drainingTasks]).toEqual([2, 1]);
  });

  test('takes a task that nothing checks for healthy once it runs', async () => {
    const seen = await look({ tasks: [running('1'), running('2', { lastStatus: 'PENDING' })] });
    expect(healthy(seen)).toEqual(['1']);
    expect(seen.tasks.map(({ checked }) => checked)).toEqual([false, false]);
  });

  test.each([
    ['one of two containers has a health check', [false, true]],
    ['both have', [true, true]],
  ])('believes the container health check where %s', async (_, healthChecks) => {
    const tasks = [running('1', { healthStatus: 'HEALTHY' }), running('2', { healthStatus: 'UNKNOWN' })];
    expect(healthy(await look({ tasks, healthChecks }))).toEqual(['1']);
  });

  test.each<[string, object, boolean]>([
    ['a command', { healthCheck: { command: ['CMD', 'true'] } }, true],
    ['null', { healthCheck: null }, false],
    ['an empty object', { healthCheck: {} }, false],
    ["Docker's NONE", { healthCheck: { command: ['NONE'] } }, false],
    ['no command', { healthCheck: { command: [], interval: 5 } }, false],
    ['nothing', {}, false],
  ])('of a health check that is %s', (_what, container, checks) => {
    const containerDefinitions = [{ name: 'web', image: 'i', ...container }];
    expect(hasContainerChecks({ family: 'web', containerDefinitions })).toBe(checks);
  });

  test('has no use for the check of a container that is not essential: ECS says UNKNOWN for ever', async () => {
    const tasks = [running('1', { healthStatus: 'UNKNOWN' })];
    const seen = await look({ tasks, healthChecks: [false, true], essential: [true, false] });
    expect(healthy(seen)).toEqual(['1']);
    expect(seen.tasks.map(({ checked }) => checked)).toEqual([false]);
  });

  test('wants each task healthy in every target group', async () => {
    const tasks = ['1', '2', '3'].map((id) => running(id));
    const groups = {
      web: { '10.0.0.1': 'healthy', '10.0.0.2': 'healthy', '10.0.0.3': 'unhealthy' },
      api: { '10.0.0.1': 'healthy', '10.0.0.2': 'initial', '10.0.0.3': 'healthy' },
    };
    expect(healthy(await look({ tasks, groups }))).toEqual(['1']);
  });

  test('has the targets of our tasks, with their groups, and none of the others', async () => {
    const tasks = [running('1'), running('2', theirs)];
    const groups = {
      web: { '10.0.0.1': 'unhealthy', '10.0.0.2': 'unhealthy' },
      api: { '10.0.0.1': 'initial' },
    };
    const { targets } = await look({ tasks, groups });
    expect(targets.map(({ targetGroupArn, address, state }) => [targetGroupArn, address, state])).toEqual([
      ['web', '10.0.0.1', 'unhealthy'],
      ['api', '10.0.0.1', 'initial'],
    ]);
  });

  test('has no target of a stopped task: its address may be that of another one by now', async () => {
    const tasks = [
      stoppedTask({ taskArn: `${ARN}1`, attachments: running('1').attachments }),
      running('2', { ...theirs, attachments: running('1').attachments }),
    ];
    const { targets } = await look({ tasks: tasks, groups: { web: { '10.0.0.1': 'unhealthy' } } });
    expect(targets).toEqual([]);
  });

  test('knows a task by its IPv6 address as well', async () => {
    const details = [
      { name: 'privateIPv4Address', value: '10.0.0.9' },
      { name: 'ipv6Address', value: '2001:db8::1' },
    ];
    const tasks = [running('1', { attachments: [{ details }] })];
    expect(healthy(await look({ tasks, groups: { web: { '2001:db8::1': 'healthy' } } }))).toEqual(['1']);
    expect(healthy(await look({ tasks, groups: { web: { '10.0.0.9': 'healthy' } } }))).toEqual(['1']);
  });

  test.each([
    ['denied', DENIED()],
    ['unknown', awsError('UnknownOperationException')],
    ['refused', awsError('ClusterNotFoundException')],
  ])('does without tasks that may not be read (%s)', async (_, error) => {
    const seen = await look({ tasks: [running('1')], errors: { listTasks: error } });
    expect(seen).toEqual({
      tasks: [],
      oldTasks: 0,
      drainingTasks: 0,
      targets: [],
      tasksUnread: true,
      unanswered: undefined,
    });
  });

  test('does without targets that may not be read: its running speaks for a task then', async () => {
    const groups = { web: { '10.0.0.1': 'unhealthy' } };
    const seen = await look({ tasks: [running('1')], groups, errors: { describeTargetHealth: DENIED() } });
    expect(healthy(seen)).toEqual(['1']);
    expect(seen).toMatchObject({ targets: [], targetsUnread: true });
  });

  test.each([THROTTLED(), RESET()])('says that AWS gave no answer: %s', async (error) => {
    const seen = await look({ tasks: [running('1')], errors: { describeTasks: error } });
    expect(seen).toMatchObject({ tasks: [], unanswered: error });
  });

  test('rejects where the credentials have ended', async () => {
    const errors = { listTasks: EXPIRED() };
    await expect(look({ errors })).rejects.toMatchObject({ name: 'ExpiredTokenException' });
  });
});

test('a look has more time the more tasks there are, and shows what stopped where it does not do', async () => {
  const clock = fakeClock();
  const stopped = stoppedTask({ taskArn: `${ARN}9` });
  const never = new Promise<never>(() => undefined);
  const aws = {
    ecs: {
      listTasks: ({ desiredStatus }: { desiredStatus: string }) =>
        desiredStatus === 'STOPPED' ? Promise.resolve({ taskArns: [stopped.taskArn] }) : never,
      describeTasks: () => Promise.resolve({ tasks: [stopped] }),
    },
    elb: {},
  } as unknown as Pick<Aws, 'ecs' | 'elb'>;
  const seen = readTaskHealth({ aws, clock }, rollout({ snapshot: snapshot({ desiredCount: 1_100 }) }));
  await new Promise((resolve) => setImmediate(resolve));
  clock.advance(24_000);
  expect(await Promise.race([seen, Promise.resolve('waits')])).toBe('waits');
  clock.advance(2_000);
  expect(await seen).toMatchObject({ tasks: [{ id: '9' }], unanswered: { name: 'TimeoutError' } });
});
