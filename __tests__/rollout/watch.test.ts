import { describe, expect, test } from '@jest/globals';
import type { Aws } from '../../src/aws/clients.ts';
import type { ServiceRun, Rollout, RolloutRequest } from '../../src/model/index.ts';
import type { Watched } from '../../src/rollout/failure.ts';
import { termsOf, watch, watchServiceRun, type Until } from '../../src/rollout/watch.ts';
import { Cancelled } from '../../src/runtime/cancellation.ts';
import { fakeClock, type FakeClock } from '../fakes/clock.ts';
import {
  serviceRun,
  DENIED,
  EXPIRED,
  OLD_ID,
  OUR_REVISION,
  recordedLog,
  request,
  RESET,
  rollout,
  rolloutRequest,
  SERVER_ERROR,
  snapshot,
  THROTTLED,
  type RecordedLog,
} from './builders.ts';
import { FakeEcs } from './fake-ecs.ts';

interface Options {
  readonly asked?: Partial<RolloutRequest>;
  /** What happens in each pause, by its number from 1. */
  readonly during?: (ecs: FakeEcs, pause: number, abort: () => void) => void;
  readonly before?: (ecs: FakeEcs, abort: () => void, clock: FakeClock) => void;
  readonly rollout?: Partial<Rollout>;
  readonly until?: Until;
  readonly random?: () => number;
  readonly elb?: Aws['elb'];
}

interface Seen {
  readonly watched: Watched;
  readonly ecs: FakeEcs;
  readonly log: RecordedLog;
  /** In seconds. */
  readonly pauses: readonly number[];
}

function world(options: Options): {
  ecs: FakeEcs;
  log: RecordedLog;
  clock: FakeClock;
  abort: () => void;
  ctx: Parameters<typeof watchServiceRun>[0];
  ours: Rollout;
} {
  const controller = new AbortController();
  const abort = (): void => {
    controller.abort(new Cancelled('SIGINT'));
  };
  const clock = fakeClock({ during: (pause) => options.during?.(ecs, pause, abort) });
  const ecs = new FakeEcs(clock);
  void ecs.aws.ecsWrites.updateService({ service: 'web', taskDefinition: OUR_REVISION });
  const log = recordedLog();
  const ctx = {
    aws: { ...ecs.aws, ...(options.elb === undefined ? {} : { elb: options.elb }) },
    clock,
    signal: controller.signal,
    log,
    random: options.random ?? ((): number => 0.5),
  };
  return { ecs, log, clock, abort, ctx, ours: rollout(options.rollout) };
}

/** Watches our rollout of backend:8, which was just accepted. */
async function see(options: Options = {}): Promise<Seen> {
  const { ecs, log, clock, abort, ctx, ours } = world(options);
  await Promise.resolve();
  options.before?.(ecs, abort, clock);
  const us = ecs.by('us');
  const followed = {
    ...ours,
    deploymentId: us?.id ?? '',
    ...('serviceDeploymentArn' in (options.rollout ?? {}) ? {} : { serviceDeploymentArn: us?.arn }),
  };
  const watched = await watch(ctx, followed, rolloutRequest(options.asked), options.until);
  return { watched, ecs, log, pauses: clock.pauses.map((pause) => pause / 1000) };
}

const TARGET_GROUP = {
  targetGroupArn: 'arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/backend/0123456789abcdef',
  alternateTargetGroupArn: undefined,
  containerName: 'app',
  containerPort: 8000,
};

const NETWORK = {
  attachments: [
    { type: 'ElasticNetworkInterface', details: [{ name: 'privateIPv4Address', value: '10.0.1.5' }] },
  ],
};

const TASK_ARN = 'arn:aws:ecs:eu-west-1:123456789012:task/prod/0000000000000000000000000000000';

/** A load balancer with one target, which is in this state. `closed`: its groups may not be described. */
function balancer(state: () => string, closed = false): Aws['elb'] {
  const description = 'Health checks failed with these codes: [502]';
  return {
    describeTargetHealth: () => {
      const State = state();
      const why =
        State === 'unhealthy' ? { Reason: 'Target.ResponseCodeMismatch', Description: description } : {};
      return Promise.resolve({
        TargetHealthDescriptions: [
          { Target: { Id: '10.0.1.5', Port: 8000 }, TargetHealth: { State, ...why } },
        ],
      });
    },
    describeTargetGroups: () =>
      closed
        ? Promise.reject(DENIED())
        : Promise.resolve({
            TargetGroups: [
              {
                TargetGroupArn: TARGET_GROUP.targetGroupArn,
                TargetGroupName: 'backend',
                HealthCheckProtocol: 'HTTP',
                HealthCheckPath: '/health',
                HealthCheckPort: 'traffic-port',
                Matcher: { HttpCode: '200' },
              },
            ],
          }),
  } as unknown as Aws['elb'];
}

const total = (pauses: readonly number[]): number => pauses.reduce((sum, pause) => sum + pause, 0);

describe('a watch ends within one poll of the first terminal sign', () => {
  test.each<[string, (ecs: FakeEcs) => void, string]>([
    [
      'success',
      (ecs) => {
        ecs.succeed();
      },
      'completed',
    ],
    [
      'the circuit breaker',
      (ecs) => {
        ecs.trigger();
      },
      'failed',
    ],
    [
      'a stop by hand',
      (ecs) => {
        ecs.stopByHand();
      },
      'failed',
    ],
    [
      "another's deployment",
      (ecs) => {
        ecs.deployByOther();
      },
      'superseded',
    ],
    [
      'a failure that no retry can help',
      (ecs) => {
        ecs.crash({ stopCode: 'TaskFailedToStart', stoppedReason: 'CannotPullContainerError: x: not found' });
      },
      'failed',
    ],
  ])('%s', async (_, happens, kind) => {
    const { watched, pauses } = await see({
      during: (ecs, pause) => {
        if (pause === 3) happens(ecs);
      },
    });
    expect(watched.end.kind).toBe(kind);
    expect(pauses).toEqual([5, 5, 5]);
  });

  test('the first look comes at once', async () => {
    const { watched, pauses } = await see({
      before: (ecs) => {
        ecs.succeed();
      },
    });
    expect(watched.end.kind).toBe('completed');
    expect(pauses).toEqual([]);
  });
});

describe('the deadline is honoured to the second', () => {
  test.each([
    [1, 60],
    [0.2, 12],
    [1.05, 63],
  ])('%d minutes are %d seconds, though no multiple of the poll', async (waitMinutes, seconds) => {
    const { watched, pauses } = await see({ asked: { waitMinutes } });
    expect(watched.end.kind).toBe('deadline');
    expect(total(pauses)).toBeCloseTo(seconds, 6);
  });

  test('success in the last moment is still seen', async () => {
    const { watched } = await see({
      asked: { waitMinutes: 0.2 },
      during: (ecs, pause) => {
        if (pause === 3) ecs.succeed();
      },
    });
    expect(watched.end.kind).toBe('completed');
  });

  test('it holds while AWS throttles without end', async () => {
    const { watched, pauses } = await see({
      asked: { waitMinutes: 2 },
      before: (ecs) => {
        ecs.fault = () => ({ error: THROTTLED(), effect: false });
      },
    });
    expect(watched).toMatchObject({ end: { kind: 'deadline' }, last: undefined });
    expect(total(pauses)).toBeCloseTo(120, 6);
  });
});

describe('the pause between two looks', () => {
  test.each([
    [0, 4.5],
    [0.5, 5],
    [1, 5.5],
  ])('strays by a tenth at most: random %d, %d seconds', async (random, seconds) => {
    const { pauses } = await see({ random: () => random, asked: { waitMinutes: 1 } });
    expect(pauses[0]).toBeCloseTo(seconds, 6);
  });

  test('doubles while AWS throttles, up to 32 seconds, and is back after the first answer', async () => {
    let throttled = 5;
    const { pauses } = await see({
      before: (ecs) => {
        ecs.fault = (call) =>
          call === 'describeServiceDeployments' && throttled-- > 0
            ? { error: THROTTLED(), effect: false }
            : undefined;
      },
      asked: { waitMinutes: 3 },
    });
    expect(pauses.slice(0, 7)).toEqual([10, 20, 32, 32, 32, 5, 5]);
  });

  test('does not grow for errors that are no throttling', async () => {
    let failing = 2;
    const { pauses } = await see({
      before: (ecs) => {
        ecs.fault = () => (failing-- > 0 ? { error: SERVER_ERROR(), effect: false } : undefined);
      },
      asked: { waitMinutes: 0.5 },
    });
    expect(pauses.slice(0, 3)).toEqual([5, 5, 5]);
  });
});

describe('errors of AWS', () => {
  test.each([
    ['server errors', SERVER_ERROR],
    ['resets', RESET],
    ['throttling', THROTTLED],
  ])('%s never end a watch', async (_, error) => {
    let left = 4;
    const { watched } = await see({
      before: (ecs) => {
        ecs.fault = (call) =>
          call === 'describeServices' && left-- > 0 ? { error: error(), effect: false } : undefined;
      },
      during: (ecs) => {
        ecs.succeed();
      },
    });
    expect(watched.end.kind).toBe('completed');
  });

  test.each([
    ['expired credentials', EXPIRED, 'credentials-expired'],
    ['denied access to the service', DENIED, 'access-denied'],
  ])('%s end it at once, with what was seen last', async (_, error, cause) => {
    const { watched, pauses } = await see({
      during: (ecs, pause) => {
        if (pause === 2) {
          ecs.fault = (call) => (call === 'describeServices' ? { error: error(), effect: false } : undefined);
        }
      },
    });
    expect(watched.end).toMatchObject({ kind: 'access-lost', failure: { conclusion: { cause } } });
    expect(watched.last).toBeDefined();
    expect(pauses).toEqual([5, 5]);
  });

  test('tasks that may not be read are done without', async () => {
    const { watched } = await see({
      before: (ecs) => {
        ecs.fault = (call) => (call === 'listTasks' ? { error: DENIED(), effect: false } : undefined);
      },
      during: (ecs) => {
        ecs.succeed();
      },
    });
    expect(watched.end.kind).toBe('completed');
  });

  test.each(['listTasks', 'describeTasks'])(
    'throttled evidence (%s) does not hide the end',
    async (throttled) => {
      const { watched, pauses } = await see({
        before: (ecs) => {
          ecs.start();
          ecs.fault = (call) => (call === throttled ? { error: THROTTLED(), effect: false } : undefined);
        },
        during: (ecs, pause) => {
          if (pause === 1) ecs.succeed();
        },
      });
      expect(watched.end.kind).toBe('completed');
      expect(pauses).toHaveLength(1);
      expect(pauses[0]).toBe(10);
    },
  );
});

describe('tasks that could not be read any more', () => {
  test.each([
    ['for longer than a minute say nothing of how things stand', 1, 0],
    ['in the last seconds are as they were', 33, 1],
  ])('%s', async (_, from, known) => {
    const { watched } = await see({
      asked: { waitMinutes: 3 },
      before: (ecs) => {
        ecs.start();
      },
      during: (ecs, pause) => {
        if (pause !== from) return;
        ecs.fault = (call) => (call === 'describeTasks' ? { error: RESET(), effect: false } : undefined);
      },
    });
    expect(watched.end.kind).toBe('deadline');
    expect(watched.last?.tasks).toHaveLength(known);
  });
});

describe('tasks that had failed before this run looked for the first time', () => {
  const failAtFirst = (ecs: FakeEcs): void => {
    for (let count = 0; count < 5; count += 1) ecs.crash();
  };

  test('do not end the watch of a deployment that somebody had begun', async () => {
    const { watched } = await see({
      rollout: { adopted: true },
      before: failAtFirst,
      during: (ecs) => {
        ecs.succeed();
      },
    });
    expect(watched.end.kind).toBe('completed');
  });

  test('do not end that of a change of counts', async () => {
    const { watched } = await see({
      rollout: { replacesTasks: false },
      asked: { desiredCount: 4 },
      before: (ecs) => {
        failAtFirst(ecs);
        ecs.desired = 4;
      },
      during: (ecs) => {
        ecs.running = 4;
      },
    });
    expect(watched.end.kind).toBe('completed');
  });

  test('end that of a deployment of its own', async () => {
    const { watched } = await see({ before: failAtFirst });
    expect(watched.end.kind).toBe('failed');
  });
});

test('the look on the deadline has a second, though no time is left', async () => {
  const { watched } = await see({
    asked: { waitMinutes: 0.5 },
    before: (ecs, _, clock) => {
      // Each look takes half a second, the last one included.
      ecs.fault = (call) => {
        if (call !== 'describeServiceDeployments') return undefined;
        clock.advance(500);
        if (clock.now() >= 30_000) ecs.succeed();
        return undefined;
      };
    },
  });
  expect(watched.end.kind).toBe('completed');
});

test('a cancelled job ends the watch in the pause that it falls into', async () => {
  let looks = 0;
  const watching = see({
    during: (ecs, pause, abort) => {
      looks = ecs.count('describeServices');
      if (pause === 2) abort();
    },
  });
  await expect(watching).rejects.toBeInstanceOf(Cancelled);
  expect(looks).toBe(2);
});

describe('where service deployments are denied, deployments[] is followed', () => {
  test.each<[string, (ecs: FakeEcs) => void, string]>([
    [
      'success',
      (ecs) => {
        ecs.succeed();
      },
      'completed',
    ],
    [
      "another's deployment",
      (ecs) => {
        ecs.deployByOther();
      },
      'superseded',
    ],
    [
      'a rollback by ECS',
      (ecs) => {
        ecs.trigger();
      },
      'failed',
    ],
  ])('%s', async (_, happens, kind) => {
    const { watched } = await see({
      rollout: { serviceDeploymentArn: undefined },
      before: (ecs) => {
        ecs.closed = true;
      },
      during: (ecs) => {
        happens(ecs);
      },
    });
    expect(watched.end.kind).toBe(kind);
  });
});

describe('the rollback of ECS is followed to its end, not to its beginning', () => {
  test('done', async () => {
    const { watched } = await see({
      until: 'rolled-back',
      before: (ecs) => {
        ecs.trigger();
      },
      during: (ecs) => {
        ecs.advanceRollback();
      },
    });
    expect(watched.end.kind).toBe('rolled-back-by-ecs');
  });

  test('failed', async () => {
    const { watched } = await see({
      until: 'rolled-back',
      before: (ecs) => {
        ecs.trigger();
      },
      during: (ecs) => {
        ecs.failRollback();
      },
    });
    expect(watched.end.kind).toBe('rollback-failed');
  });

  test("replaced by another's deployment", async () => {
    const { watched } = await see({
      until: 'rolled-back',
      before: (ecs) => {
        ecs.trigger();
      },
      during: (ecs) => {
        ecs.deployByOther();
      },
    });
    expect(watched.end.kind).toBe('superseded');
  });
});

describe('the log', () => {
  test('has a line only when something changed', async () => {
    const { log } = await see({
      asked: { waitMinutes: 1 },
      during: (ecs, pause) => {
        if (pause === 4) ecs.begin();
        if (pause === 8) ecs.start();
      },
    });
    expect(log.lines).toEqual([
      'web: ██████████ new 2/2 running, pending',
      'web: ██████████ new 2/2 running, in progress',
      'web: █████░░░░░ new 1/2 running, 1 healthy, in progress',
    ]);
  });

  test('tells each service event once, oldest first, and none that was there before', async () => {
    const { log } = await see({
      asked: { waitMinutes: 0.5 },
      rollout: { snapshot: snapshot({ knownEvents: ['e0'] }) },
      before: (ecs) => ecs.events.push({ id: 'e0', message: '(service web) has reached a steady state.' }),
      during: (ecs, pause) => {
        if (pause !== 2) return;
        ecs.events.push({ id: 'e1', message: '(service web) has started 1 tasks: (task abc).' });
        ecs.events.push({ id: 'e2', message: '(service web) registered 1 targets.' });
      },
    });
    expect(log.lines.filter((line) => line.includes('ECS: '))).toEqual([
      'web: ECS: (service web) has started 1 tasks: (task abc).',
      'web: ECS: (service web) registered 1 targets.',
    ]);
  });

  test('warns once of a status that this version does not know, and the watch goes on', async () => {
    const { log, watched } = await see({
      before: (ecs) => {
        const ours = ecs.by('us');
        if (ours !== undefined) ours.status = 'PAUSED' as never;
      },
      asked: { waitMinutes: 0.5 },
    });
    expect(watched.end.kind).toBe('deadline');
    expect(log.warnings).toHaveLength(1);
    expect(log.warnings[0]).toContain('PAUSED');
  });
});

describe('the service run that is watched', () => {
  async function go(
    options: Options & { change?: 'none' } = {},
  ): Promise<ServiceRun & { readonly log: RecordedLog }> {
    const { ecs, log, abort, clock, ctx, ours } = world(options);
    await Promise.resolve();
    options.before?.(ecs, abort, clock);
    const us = ecs.by('us');
    const followed = { ...ours, deploymentId: us?.id ?? '', serviceDeploymentArn: us?.arn };
    const begun = serviceRun({
      rollout: followed,
      ...(options.change === undefined ? {} : { change: options.change }),
    });
    return { ...(await watchServiceRun(ctx, begun, request(options.asked))), log };
  }

  test('has no problem after success, and the count that the service has now', async () => {
    const after = await go({
      before: (ecs) => {
        ecs.desired = 6;
        ecs.succeed();
      },
    });
    expect(after).toMatchObject({ problem: undefined, desiredCount: 6 });
  });

  test('has its problem with the evidence of the stopped tasks', async () => {
    const after = await go({
      before: (ecs) => {
        ecs.crash();
        ecs.crash();
      },
    });
    expect(after.problem).toMatchObject({ result: 'failed', cause: 'app-crashed', recovery: 'roll-back' });
    expect(after.problem?.evidence[0]).toEqual({
      kind: 'stopped-task',
      text: 'container "app" exited with code 1 (x2)',
    });
  });

  describe('has what its target group said of its tasks', () => {
    const REASON = 'Target.ResponseCodeMismatch: Health checks failed with these codes: [502]';
    const evidenceOf = async (
      targets: (pause: number) => string,
      denied = false,
    ): Promise<readonly string[]> => {
      let pause = 0;
      const after = await go({
        rollout: { snapshot: snapshot({ targetGroups: [TARGET_GROUP] }) },
        before: (ecs) => {
          ecs.start({ ...NETWORK, taskArn: `${TASK_ARN}1` });
        },
        during: (ecs, number) => {
          pause = number;
          if (number === 2) ecs.trigger();
        },
        elb: balancer(() => targets(pause), denied),
      });
      return (after.problem?.evidence ?? []).filter(({ kind }) => kind === 'target').map(({ text }) => text);
    };

    test('with the check that they fail, though ECS has taken the targets out by then', async () => {
      expect(await evidenceOf((pause) => (pause < 2 ? 'unhealthy' : 'draining'))).toEqual([
        'target group backend asks HTTP /health on port traffic-port and expects 200',
        `unhealthy: ${REASON} (10.0.1.5:8000)`,
      ]);
    });

    test('but not what was over by then', async () => {
      expect(await evidenceOf((pause) => (pause === 0 ? 'unhealthy' : 'healthy'))).toEqual([]);
    });

    test('even where the group itself may not be read', async () => {
      expect(await evidenceOf(() => 'unhealthy', true)).toEqual([
        'target group backend',
        `unhealthy: ${REASON} (10.0.1.5:8000)`,
      ]);
    });

    test('and nothing of the tasks of others', async () => {
      const after = await go({
        rollout: { snapshot: snapshot({ targetGroups: [TARGET_GROUP] }) },
        before: (ecs) => {
          ecs.start({ ...NETWORK, startedBy: OLD_ID });
        },
        during: (ecs) => {
          ecs.trigger();
        },
        elb: balancer(() => 'unhealthy'),
      });
      expect(after.problem?.evidence.filter(({ kind }) => kind === 'target')).toEqual([]);
    });
  });

  test('has the events that came with the tasks that settle it', async () => {
    const message = '(service web) (port 8000) is unhealthy in (target-group backend) due to (reason X).';
    const after = await go({
      during: (ecs) => {
        // The service is read, and then, beside it, the tasks: by then two more have failed.
        ecs.fault = (call) => {
          if (call === 'listTasks' && ecs.tasks.length < 2) {
            ecs.crash();
            ecs.crash();
          }
          if (call === 'describeTasks') ecs.events.push({ id: 'late', message });
          return undefined;
        };
      },
    });
    expect(after.problem?.evidence).toContainEqual({ kind: 'event', text: message });
  });

  test('keeps its problem where the job is cancelled while the evidence is gathered', async () => {
    const after = await go({
      before: (ecs, abort) => {
        ecs.crash();
        ecs.crash();
        ecs.fault = (call) => {
          if (call !== 'describeServices' || ecs.count(call) < 2) return undefined;
          abort();
          return { error: new Cancelled('SIGINT'), effect: false };
        };
      },
    });
    expect(after.problem).toMatchObject({ cause: 'app-crashed', evidence: [{ kind: 'stopped-task' }] });
  });

  test('has no events of the deployment that took its place', async () => {
    const after = await go({
      during: (ecs) => {
        ecs.deployByOther();
        ecs.events.push({ id: 'e9', message: '(service web) was unable to place a task.' });
      },
    });
    expect(after.problem).toMatchObject({ cause: 'superseded' });
    expect(after.problem?.evidence.filter(({ kind }) => kind === 'event')).toEqual([]);
  });

  test('shows what its container wrote as output, and the rest as lines of its own', async () => {
    const { log } = await go({
      before: (ecs) => {
        ecs.crash();
        ecs.crash();
      },
    });
    expect(log.outputs).toEqual([
      expect.stringContaining('web: log: Container "app" logs through no log driver'),
    ]);
    expect(log.lines.filter((line) => line.includes('web: stopped task: '))).toHaveLength(1);
  });

  test('is not watched where nothing moved', async () => {
    const after = await go({
      change: 'none',
      before: (ecs) => {
        ecs.fault = () => ({ error: DENIED(), effect: false });
      },
    });
    expect(after.problem).toBeUndefined();
  });
});

describe('the terms of the evaluation', () => {
  test.each([
    ['the service keeps its count', undefined, { breakerThreshold: 3, countBefore: undefined }],
    ['the run asks for the count that is there', 2, { breakerThreshold: 3, countBefore: undefined }],
    ['the run raises it: the threshold goes with it', 20, { breakerThreshold: 10, countBefore: 2 }],
  ])('%s', (_, desiredCount, told) => {
    expect(termsOf(rollout(), rolloutRequest({ desiredCount }))).toMatchObject(told);
  });

  const ALARMS = { ...snapshot().deployment, alarms: ['web-5xx'], alarmsRollBack: true };
  const GIVES_UP = { ...snapshot().breaker, rollsBack: false };

  test.each([
    ['the circuit breaker rolls back', {}, { forBreaker: true, forAlarms: false }],
    ['alarms do', { breaker: GIVES_UP, deployment: ALARMS }, { forBreaker: false, forAlarms: true }],
    ['both do', { deployment: ALARMS }, { forBreaker: true, forAlarms: true }],
    ['neither does', { breaker: GIVES_UP }, { forBreaker: false, forAlarms: false }],
    [
      'both would, and there is nowhere to go back to',
      { deployment: ALARMS, lastGood: undefined },
      { forBreaker: false, forAlarms: false },
    ],
  ])('%s', (_, before, ecsRollsBack) => {
    const ours = rollout({ snapshot: snapshot(before) });
    expect(termsOf(ours, rolloutRequest()).ecsRollsBack).toEqual(ecsRollsBack);
  });
});
