import type { DescribeServicesCommandInput } from '@aws-sdk/client-ecs';
import { describe, expect, test } from '@jest/globals';
import { Looks, type Look, type LooksContext } from '../../src/rollout/looks.ts';
import type { Rollout } from '../../src/model/index.ts';
import { Deadline } from '../../src/runtime/wait.ts';
import { fakeClock } from '../fakes/clock.ts';
import { DENIED, rollout, serviceDeploymentArn, snapshot, THROTTLED } from './builders.ts';

interface Shown {
  running: number;
  status: string;
  failed?: number;
  error?: Error | undefined;
}

/** So many services of one cluster, of one task each. */
function world(count: number): {
  ctx: LooksContext;
  rollouts: Rollout[];
  shown: Map<string, Shown>;
  calls: string[];
  clock: ReturnType<typeof fakeClock>;
} {
  const names = Array.from({ length: count }, (_, at) => `s${at}`);
  const shown = new Map<string, Shown>(names.map((name) => [name, { running: 0, status: 'IN_PROGRESS' }]));
  const calls: string[] = [];
  const clock = fakeClock();
  const base = snapshot();
  const rollouts = names.map((name) =>
    rollout({
      snapshot: { ...base, targetGroups: [], address: { ...base.address, name, arn: name } },
      deploymentId: `ecs-svc/${name}`,
      serviceDeploymentArn: serviceDeploymentArn(name),
    }),
  );
  const ecs = {
    describeServiceDeployments: ({ serviceDeploymentArns = [] }: { serviceDeploymentArns?: string[] }) => {
      calls.push(`deployments ${serviceDeploymentArns.length}`);
      return Promise.resolve({
        serviceDeployments: serviceDeploymentArns.map((arn) => ({
          serviceDeploymentArn: arn,
          status: shown.get(arn.split('/').at(-1) ?? '')?.status ?? 'IN_PROGRESS',
        })),
      });
    },
    describeServices: ({ services = [] }: DescribeServicesCommandInput) => {
      calls.push(`services ${services.length}`);
      const error = services.map((name) => shown.get(name)?.error).find((each) => each !== undefined);
      if (error !== undefined) return Promise.reject(error);
      return Promise.resolve({
        services: services.map((serviceName) => ({
          serviceName,
          status: 'ACTIVE',
          desiredCount: 1,
          deployments: [
            {
              id: `ecs-svc/${serviceName}`,
              status: 'PRIMARY',
              runningCount: shown.get(serviceName)?.running,
              failedTasks: shown.get(serviceName)?.failed,
            },
          ],
        })),
      });
    },
    listTasks: () => {
      calls.push('tasks');
      return Promise.resolve({ taskArns: [] });
    },
    describeTasks: () => Promise.resolve({ tasks: [] }),
  };
  const signal = new AbortController().signal;
  const ctx = { aws: { ecs, elb: {} }, clock, signal, random: () => 0.5 } as unknown as LooksContext;
  return { ctx, rollouts, shown, calls, clock };
}

/** Looks so often at each, and gathers what came. */
function lookAt(ctx: LooksContext, rollouts: readonly Rollout[], times: number): Promise<Look[][]> {
  const looks = new Looks(ctx);
  return Promise.all(
    rollouts.map((each) => {
      const seen: Look[] = [];
      return looks.follow<Look[]>(each, Deadline.at(ctx.clock, 600_000), (look) => {
        seen.push(look);
        return seen.length === times
          ? { kind: 'end', value: seen }
          : { kind: 'pause', pauseMs: 5_000, late: seen };
      });
    }),
  );
}

describe('one look for all services', () => {
  test('asks for twenty service deployments and ten services a call', async () => {
    const { ctx, rollouts, calls } = world(25);
    await lookAt(ctx, rollouts, 1);
    expect(calls.filter((call) => call !== 'tasks').sort()).toEqual(
      ['deployments 20', 'deployments 5', 'services 10', 'services 10', 'services 5'].sort(),
    );
  });

  test('walks tasks only where a count, a status or an event is another', async () => {
    const { ctx, rollouts, shown, calls, clock } = world(8);
    const looks = new Looks(ctx);
    let heard = 0;
    const walks: number[] = [];
    await Promise.all(
      rollouts.map((each) =>
        looks.follow<null>(each, Deadline.at(ctx.clock, 600_000), () => {
          heard += 1;
          if (heard % 8 === 0) {
            walks.push(calls.splice(0).filter((call) => call === 'tasks').length);
            if (heard === 16) shown.set('s3', { running: 1, status: 'IN_PROGRESS' });
          }
          return heard > 16 + 8 - 1
            ? { kind: 'end', value: null }
            : { kind: 'pause', pauseMs: 5_000, late: null };
        }),
      ),
    ).catch(() => undefined);
    expect(walks[0]).toBe(16);
    expect(walks[1]).toBe(0);
    expect(walks[2]).toBeGreaterThan(0);
    expect(walks[2]).toBeLessThanOrEqual(2);
    expect(clock.now()).toBeLessThan(60_000);
  });

  test('walks the few tasks of small services at every look', async () => {
    const { ctx, rollouts, calls } = world(3);
    await lookAt(ctx, rollouts, 2);
    expect(calls.filter((call) => call === 'tasks')).toHaveLength(2 * 3 * 2);
  });

  test.each([
    ['one runs', { running: 2, status: 'IN_PROGRESS' }, 1],
    ['one runs no more', { running: 0, status: 'IN_PROGRESS' }, 2],
    ['one has failed', { running: 1, status: 'IN_PROGRESS', failed: 1 }, 2],
  ])('with many tasks walks those that stopped only where counts say so: %s', async (_, now, walks) => {
    const { ctx, rollouts, shown, calls } = world(25);
    for (const each of shown.values()) each.running = 1;
    const looks = new Looks(ctx);
    await Promise.all(
      rollouts.map((each) => {
        let heard = 0;
        return looks.follow<null>(each, Deadline.at(ctx.clock, 600_000), () => {
          heard += 1;
          if (heard === 1) shown.set('s3', now);
          if (heard === 2) return { kind: 'end', value: null };
          calls.length = 0;
          return { kind: 'pause', pauseMs: 5_000, late: null };
        });
      }),
    );
    expect(calls.filter((call) => call === 'tasks')).toHaveLength(walks);
  });

  test.each([
    ['denied', DENIED()],
    ['throttled for all', THROTTLED()],
  ])(
    'where the answer for one is %s, its neighbours are read by themselves or all wait',
    async (kind, error) => {
      const { ctx, rollouts, shown } = world(3);
      shown.set('s1', { running: 0, status: 'IN_PROGRESS', error });
      const looks = await lookAt(ctx, rollouts, 1);
      const kinds = looks.map(([look]) => look?.kind);
      expect(kinds).toEqual(
        kind === 'denied' ? ['seen', 'access-lost', 'seen'] : ['unanswered', 'unanswered', 'unanswered'],
      );
    },
  );

  test('ends for one follower by its own signal, and goes on for the others', async () => {
    const { ctx, rollouts } = world(2);
    const looks = new Looks(ctx);
    const over = new AbortController();
    const [one, other] = rollouts;
    if (one === undefined || other === undefined) throw new Error('There are two.');
    const first = looks.follow<null>(
      one,
      Deadline.at(ctx.clock, 600_000),
      () => ({ kind: 'pause', pauseMs: 5_000, late: null }),
      {
        by: 'deployment',
        signal: over.signal,
      },
    );
    let count = 0;
    const second = looks.follow<string>(other, Deadline.at(ctx.clock, 600_000), () => {
      count += 1;
      if (count === 2) over.abort(new Error('enough'));
      return count === 4 ? { kind: 'end', value: 'done' } : { kind: 'pause', pauseMs: 5_000, late: 'late' };
    });
    await expect(first).rejects.toThrow('enough');
    expect(await second).toBe('done');
  });

  test('an error of one judge is its own', async () => {
    const { ctx, rollouts } = world(2);
    const looks = new Looks(ctx);
    const ends = await Promise.allSettled(
      rollouts.map((each, at) =>
        looks.follow<string>(each, Deadline.at(ctx.clock, 600_000), () => {
          if (at === 0) throw new TypeError('unforeseen');
          return { kind: 'end', value: 'done' };
        }),
      ),
    );
    expect(ends.map(({ status }) => status)).toEqual(['rejected', 'fulfilled']);
  });
});

describe('two target groups that take turns', () => {
  /** What a look finds of the only task, whose address the old group calls healthy. */
  async function healthIn(green: string): Promise<{ healthy: boolean | undefined; asked: string[] }> {
    const asked: string[] = [];
    const base = snapshot();
    const ours = rollout({
      snapshot: {
        ...base,
        targetGroups: [
          {
            targetGroupArn: 'blue',
            alternateTargetGroupArn: 'green',
            containerName: 'app',
            containerPort: 80,
          },
        ],
      },
      deploymentId: 'ecs-svc/1',
      serviceDeploymentArn: serviceDeploymentArn('one'),
    });
    const answer =
      <T>(value: T) =>
      (): Promise<T> =>
        Promise.resolve(value);
    const task = {
      taskArn: 'arn:aws:ecs:eu-central-1:123456789012:task/prod/t1',
      startedBy: 'ecs-svc/1',
      lastStatus: 'RUNNING',
      desiredStatus: 'RUNNING',
      taskDefinitionArn: ours.taskDefinitionArn,
      attachments: [
        { type: 'ElasticNetworkInterface', details: [{ name: 'privateIPv4Address', value: '10.0.0.1' }] },
      ],
    };
    const ecs = {
      describeServiceDeployments: answer({
        serviceDeployments: [
          {
            serviceDeploymentArn: ours.serviceDeploymentArn,
            status: 'IN_PROGRESS',
            targetServiceRevision: { arn: 'revision-2' },
          },
        ],
      }),
      describeServiceRevisions: answer({
        serviceRevisions: [
          {
            serviceRevisionArn: 'revision-2',
            resolvedConfiguration: { loadBalancers: [{ targetGroupArn: 'green' }] },
          },
        ],
      }),
      describeServices: answer({
        services: [
          {
            serviceName: base.address.name,
            status: 'ACTIVE',
            desiredCount: 1,
            deployments: [{ id: 'ecs-svc/1', status: 'PRIMARY', runningCount: 1 }],
          },
        ],
      }),
      listTasks: ({ desiredStatus }: { desiredStatus?: string }) =>
        Promise.resolve({ taskArns: desiredStatus === 'STOPPED' ? [] : [task.taskArn] }),
      describeTasks: answer({ tasks: [task] }),
    };
    const elb = {
      describeTargetHealth: ({ TargetGroupArn = '' }: { TargetGroupArn?: string }) => {
        asked.push(TargetGroupArn);
        const State = TargetGroupArn === 'green' ? green : 'healthy';
        return Promise.resolve({
          TargetHealthDescriptions: [{ Target: { Id: '10.0.0.1', Port: 80 }, TargetHealth: { State } }],
        });
      },
    };
    const clock = fakeClock();
    const ctx = { aws: { ecs, elb }, clock, signal: new AbortController().signal, random: () => 0.5 };
    const [[look] = []] = await lookAt(ctx as unknown as LooksContext, [ours], 1);
    return { healthy: look?.kind === 'seen' ? look.seen.tasks[0]?.healthy : undefined, asked };
  }

  test.each([
    ['healthy', true],
    ['unhealthy', false],
  ])('that of the target revision is asked, and no other: %s', async (green, healthy) => {
    expect(await healthIn(green)).toEqual({ healthy, asked: ['green'] });
  });
});
