import { describe, expect, test } from '@jest/globals';
import type { Task } from '@aws-sdk/client-ecs';
import type { PreDeployRequest, TaskDefinition } from '../../src/model/index.ts';
import { runPreDeployTask, type PreDeployFacts, type PreRunContext } from '../../src/pre-deploy/run.ts';
import { Cancelled } from '../../src/runtime/cancellation.ts';
import { awsError, denied, expired, throttled, unanswered } from '../fakes/aws-errors.ts';
import { fakeClock, untilDone } from '../fakes/clock.ts';
import { definitionOf, revisionArn, snapshotOf } from '../fakes/literals.ts';
import { fakeLog } from '../fakes/log.ts';

const OPTIONS = { 'awslogs-group': '/ecs/web', 'awslogs-stream-prefix': 'ecs' };
const LOGGING = { logDriver: 'awslogs', options: OPTIONS };

function definitionWith(more: object = {}): TaskDefinition {
  return definitionOf([{ name: 'web', image: 'web:2', logConfiguration: LOGGING, ...more }]);
}

const REQUEST: PreDeployRequest = { command: ['migrate'], container: undefined, timeoutMinutes: 15 };

const FACTS: PreDeployFacts = {
  snapshot: snapshotOf(),
  revisionArn: revisionArn('backend:8'),
  definition: definitionWith(),
  container: 'web',
  pollSeconds: 5,
  logLines: 2,
};

function taskThat(lastStatus: string, exitCode?: number, more: Partial<Task> = {}): Task {
  return { lastStatus, containers: [{ name: 'web', ...(exitCode !== undefined && { exitCode }) }], ...more };
}

const RUNNING = taskThat('RUNNING');
const DONE = taskThat('STOPPED', 0);
const FAILED = taskThat('STOPPED', 3, { stoppedReason: 'Essential container in task exited' });

const NEVER = new Promise<never>(() => undefined);

interface Script {
  /** What each look finds; the last for ever. `undefined`: ECS does not know the task yet. */
  readonly looks: readonly (Task | Error | undefined)[];
  /** Once StopTask is accepted. */
  readonly afterStop?: Task;
  readonly stopping?: Error;
  /** The lines that are there at each pull; the last for ever. */
  readonly lines?: readonly (readonly string[])[];
  /** These never answer. */
  readonly hanging?: readonly ('runTask' | 'describeTasks' | 'getLogEvents')[];
  /** The job is cancelled in this pause. */
  readonly cancelledIn?: number;
}

/** ECS and CloudWatch Logs as the script has them, and a clock that only sleeps move. */
class FakeWorld {
  readonly #script: Script;
  readonly #controller = new AbortController();
  readonly #log = fakeLog();
  readonly stops: unknown[] = [];
  readonly clock = fakeClock({
    during: (pause) => {
      if (pause === this.#script.cancelledIn) this.#controller.abort(new Cancelled('SIGINT'));
    },
  });
  #looks = 0;
  #pulls = 0;
  started = 0;

  constructor(script: Script) {
    this.#script = script;
  }

  get said(): readonly string[] {
    return this.#log.said;
  }

  /** Seconds since the start. */
  get seconds(): number {
    return this.clock.now() / 1000;
  }

  run(request: Partial<PreDeployRequest> = {}, facts: Partial<PreDeployFacts> = {}): Promise<void> {
    const run = runPreDeployTask(this.#ctx(), { ...REQUEST, ...request }, { ...FACTS, ...facts });
    return untilDone(this.clock, run);
  }

  #ctx(): PreRunContext {
    return {
      clock: this.clock,
      signal: this.#controller.signal,
      log: this.#log,
      aws: {
        ecs: {
          describeTasks: () => this.#look(),
          listTasks: () => Promise.resolve({ $metadata: {}, taskArns: [] }),
        },
        logs: { getLogEvents: ({ nextToken }) => this.#page(Number(nextToken ?? '0')) },
        ecsWrites: {
          runTask: () => {
            if (this.#hangs('runTask')) return NEVER;
            this.started += 1;
            return Promise.resolve({ $metadata: {}, tasks: [{ taskArn: `task/prod/t${this.started}` }] });
          },
          stopTask: (input) => {
            this.stops.push(input);
            return this.#script.stopping === undefined
              ? Promise.resolve({ $metadata: {} })
              : Promise.reject(this.#script.stopping);
          },
        },
      },
    };
  }

  #hangs(call: 'runTask' | 'describeTasks' | 'getLogEvents'): boolean {
    return this.#script.hanging?.includes(call) === true;
  }

  #look(): Promise<{ $metadata: object; tasks: Task[] }> {
    if (this.#hangs('describeTasks')) return NEVER;
    const { looks, afterStop } = this.#script;
    const stopped = this.stops.length > 0 ? afterStop : undefined;
    const found = stopped ?? looks[Math.min(this.#looks, looks.length - 1)];
    this.#looks += 1;
    if (found instanceof Error) return Promise.reject(found);
    return Promise.resolve({ $metadata: {}, tasks: found === undefined ? [] : [found] });
  }

  #page(
    from: number,
  ): Promise<{ $metadata: object; events: { message: string }[]; nextForwardToken: string }> {
    if (this.#hangs('getLogEvents')) return NEVER;
    const { lines = [] } = this.#script;
    const all = lines[Math.min(this.#pulls, lines.length - 1)] ?? [];
    if (from === all.length) this.#pulls += 1;
    const events = all.slice(from).map((message) => ({ message }));
    return Promise.resolve({ $metadata: {}, events, nextForwardToken: String(all.length) });
  }
}

describe('a pre-deploy task', () => {
  test('that takes long gives signs of life, ever more seldom', async () => {
    const world = new FakeWorld({ looks: [...Array.from({ length: 24 }, () => RUNNING), DONE] });
    await world.run();
    expect(world.said.filter((line) => line.startsWith('The task is'))).toEqual([
      'The task is RUNNING.',
      'The task is still RUNNING.',
      'The task is still RUNNING.',
      'The task is STOPPED.',
    ]);
  });

  test('is followed until its container has exited with 0', async () => {
    const pending = taskThat('PENDING');
    const world = new FakeWorld({
      looks: [undefined, pending, RUNNING, RUNNING, taskThat('DEPROVISIONING', 0), DONE],
    });
    await world.run();
    expect(world.said).toEqual([
      'Task t1 of backend:8 is started: container "web" runs the command.',
      'The task is PENDING.',
      'The task is RUNNING.',
      'The task is DEPROVISIONING.',
      'The task is STOPPED.',
      'Container "web" exited with 0.',
    ]);
    expect(world.clock.pauses).toEqual([5000, 5000, 5000, 5000, 5000, 5000]);
    expect(world.stops).toEqual([]);
  });

  test('shows its log while it runs, and the lines that come late', async () => {
    const world = new FakeWorld({
      looks: [RUNNING, DONE],
      lines: [['one'], ['one', 'two'], ['one', 'two', 'three']],
    });
    await world.run();
    expect(world.said.slice(1)).toEqual([
      'web: one',
      'The task is RUNNING.',
      'web: two',
      'The task is STOPPED.',
      'web: three',
      'Container "web" exited with 0.',
    ]);
  });

  test('that exits with another code fails, with the reason and the last lines', async () => {
    const world = new FakeWorld({ looks: [RUNNING, FAILED], lines: [['a', 'b', 'c']] });
    await expect(world.run()).rejects.toMatchObject({
      conclusion: {
        cause: 'pre-deploy-task-failed',
        hint: 'Fix what the stop reason and the last log lines say; what the command did before it failed is still done.',
        evidence: [
          {
            kind: 'stopped-task',
            text: 'task t1: container "web" exited with code 3',
          },
          { kind: 'log', text: 'web: b' },
          { kind: 'log', text: 'web: c' },
        ],
      },
      message: 'The pre-deploy task failed: container "web" exited with code 3.',
    });
  });

  test('that never ran fails at once: there is no log to wait for', async () => {
    const stoppedReason = 'CannotPullContainerError: manifest unknown';
    const world = new FakeWorld({ looks: [taskThat('STOPPED', undefined, { stoppedReason })] });
    await expect(world.run()).rejects.toThrow(`container "web" never ran (${stoppedReason})`);
    expect(world.clock.pauses).toEqual([]);
  });

  test('is over with a container that it goes on without, and is stopped then', async () => {
    const world = new FakeWorld({ looks: [RUNNING, taskThat('RUNNING', 0)] });
    await world.run({}, { definition: definitionWith({ essential: false }) });
    expect(world.stops).toMatchObject([{ reason: 'ecs-fargate-deploy: the pre-deploy command is done' }]);
  });

  test('is watched through throttling, which slows the looks down, and lost answers', async () => {
    const world = new FakeWorld({
      looks: [throttled(), throttled(), throttled(), throttled(), unanswered(), RUNNING, DONE],
    });
    await world.run();
    expect(world.clock.pauses).toEqual([10_000, 20_000, 32_000, 32_000, 32_000, 5000, 5000]);
  });

  test.each([
    [denied(), 'access-denied'],
    [expired(), 'credentials-expired'],
    [awsError('ClusterNotFoundException', 'Cluster not found.'), 'pre-deploy-task-failed'],
  ])('that nobody may watch any more is left, and named: %s', async (error, cause) => {
    const world = new FakeWorld({ looks: [RUNNING, error] });
    await expect(world.run()).rejects.toMatchObject({ conclusion: { cause } });
    expect(world.said.at(-1)).toBe(
      'Task t1 was left alone: it may still be running in the cluster. To stop it: aws ecs stop-task --cluster prod --task t1',
    );
    expect(world.stops).toEqual([]);
  });

  test('of a cancelled job is left, and named', async () => {
    const world = new FakeWorld({ looks: [RUNNING], cancelledIn: 3 });
    await expect(world.run()).rejects.toBeInstanceOf(Cancelled);
    expect(world.said.at(-1)).toBe(
      'Task t1 was left alone: it may still be running in the cluster. To stop it: aws ecs stop-task --cluster prod --task t1',
    );
    expect(world.stops).toEqual([]);
  });
});

const ENI = 'Timeout waiting for network interface provisioning to complete.';

/** A task of which no container ever ran. */
function neverRan(stoppedReason: string, more: Partial<Task> = {}): Task {
  return taskThat('STOPPED', undefined, { stopCode: 'TaskFailedToStart', stoppedReason, ...more });
}

describe('a pre-deploy task that could not start', () => {
  test('for a reason that passes is started once more: nothing of it has run', async () => {
    const world = new FakeWorld({ looks: [neverRan(ENI), RUNNING, DONE] });
    const tasks: unknown[] = [];
    await world.run({}, { onTask: (task) => tasks.push(task?.id) });
    expect(world.started).toBe(2);
    expect(tasks).toEqual(['t1', undefined, 't2']);
    expect(world.said).toEqual([
      'Task t1 of backend:8 is started: container "web" runs the command.',
      'The task is STOPPED.',
      `The pre-deploy task failed: container "web" never ran (${ENI}). That passes by itself: it is started once more.`,
      'Task t2 of backend:8 is started: container "web" runs the command.',
      'The task is RUNNING.',
      'The task is STOPPED.',
      'Container "web" exited with 0.',
    ]);
    expect(world.clock.pauses[0]).toBe(10_000);
  });

  test('is not started a third time', async () => {
    const world = new FakeWorld({ looks: [neverRan(ENI)] });
    await expect(world.run()).rejects.toMatchObject({
      conclusion: {
        cause: 'pre-deploy-task-failed',
        hint: 'Nothing of the command ran. What kept the task from starting passes by itself: run this again.',
      },
      message: `The pre-deploy task failed: container "web" never ran (${ENI}).`,
    });
    expect(world.started).toBe(2);
  });

  test.each<[string, Task]>([
    ['for a reason that stays', neverRan('CannotPullContainerError: manifest unknown')],
    ['for a reason that nobody knows', neverRan('Something else')],
    ['where it has run', neverRan(ENI, { startedAt: new Date(0) })],
    [
      'where another container of it has run',
      neverRan(ENI, { containers: [{ name: 'web' }, { name: 'init', exitCode: 0 }] }),
    ],
    [
      'where a container of it was made',
      neverRan(ENI, { containers: [{ name: 'web', runtimeId: 'abc-123' }] }),
    ],
    ['where its containers are not shown', neverRan(ENI, { containers: [] })],
    ['where somebody stopped it', neverRan(ENI, { stopCode: 'UserInitiated' })],
  ])('is not started again %s', async (_why, task) => {
    const world = new FakeWorld({ looks: [task] });
    await expect(world.run()).rejects.toThrow('The pre-deploy task failed: container "web"');
    expect(world.started).toBe(1);
  });

  test('is not started again where its time is over by then', async () => {
    const world = new FakeWorld({ looks: [taskThat('PENDING'), neverRan(ENI)] });
    await expect(world.run({ timeoutMinutes: 0.2 })).rejects.toThrow('never ran');
    expect(world.started).toBe(1);
  });

  test('is over where the job is cancelled before the next one: none goes on', async () => {
    const world = new FakeWorld({ looks: [neverRan(ENI)], cancelledIn: 1 });
    const tasks: unknown[] = [];
    await expect(world.run({}, { onTask: (task) => tasks.push(task?.id) })).rejects.toBeInstanceOf(Cancelled);
    expect(tasks).toEqual(['t1', undefined]);
    expect(world.started).toBe(1);
  });
});

describe('a pre-deploy task at its time-out', () => {
  test('is stopped to the second, seen to its end, and fails though it exits with 0', async () => {
    const world = new FakeWorld({ looks: [RUNNING], afterStop: DONE, lines: [['still migrating']] });
    await expect(world.run({ timeoutMinutes: 0.55 })).rejects.toMatchObject({
      conclusion: {
        cause: 'pre-deploy-task-failed',
        evidence: [
          { kind: 'stopped-task', text: 'task t1: container "web" ran into the time-out' },
          { kind: 'log', text: 'web: still migrating' },
        ],
      },
      message: 'The pre-deploy task did not end within 0.55 minutes and was stopped.',
    });
    expect(world.seconds).toBe(33 + 5);
    expect(world.stops).toEqual([
      {
        cluster: FACTS.snapshot.address.cluster,
        task: 'task/prod/t1',
        reason: 'ecs-fargate-deploy: the pre-deploy command took longer than 0.55 minutes',
      },
    ]);
    expect(world.said.at(-1)).toBe('The task is STOPPED.');
  });

  test('is not waited for without end while it stops', async () => {
    const world = new FakeWorld({ looks: [RUNNING] });
    await expect(world.run({ timeoutMinutes: 1 })).rejects.toThrow('did not end within 1 minute and was');
    expect(world.seconds).toBe(60 + 120);
  });

  test('that may not be stopped says so', async () => {
    const world = new FakeWorld({ looks: [RUNNING], stopping: denied() });
    await expect(world.run()).rejects.toThrow(
      /did not end within 15 minutes, and task t1 could not be stopped \(AccessDeniedException: /,
    );
    expect(world.seconds).toBe(15 * 60);
  });

  test('that ECS does not know any more is not said to run on', async () => {
    const gone = awsError('InvalidParameterException', 'The referenced task was not found.');
    const world = new FakeWorld({ looks: [undefined], stopping: gone });
    await expect(world.run({ timeoutMinutes: 1 })).rejects.toThrow(
      'The pre-deploy task did not end within 1 minute, as far as could be seen; by then ECS did not know task t1 any more.',
    );
    expect(world.seconds).toBe(60);
  });

  test('is stopped to the second though no look is answered', async () => {
    const world = new FakeWorld({ looks: [], hanging: ['describeTasks'] });
    await expect(world.run({ timeoutMinutes: 1 })).rejects.toThrow('did not end within 1 minute and was');
    expect(world.stops).toHaveLength(1);
    expect(world.seconds).toBe(60 + 10);
  });

  test('is not put off by a log that does not come', async () => {
    const world = new FakeWorld({ looks: [RUNNING], afterStop: DONE, hanging: ['getLogEvents'] });
    await expect(world.run({ timeoutMinutes: 1 })).rejects.toThrow('did not end within 1 minute and was');
    expect(world.stops).toHaveLength(1);
    expect(world.seconds).toBeLessThanOrEqual(61 + 10 + 5 + 10);
  });

  test('fails where RunTask was not answered by then, and says what may run all the same', async () => {
    const world = new FakeWorld({ looks: [], hanging: ['runTask'] });
    await expect(world.run({ timeoutMinutes: 0.5 })).rejects.toMatchObject({
      conclusion: {
        cause: 'pre-deploy-task-failed',
        hint: expect.stringContaining('started by "ecs-fargate-deploy"'),
      },
      message: expect.stringContaining('AWS did not answer while starting the pre-deploy task'),
    });
    expect(world.seconds).toBe(30);
  });

  test('includes the time that ECS does not know it, and does not answer', async () => {
    const world = new FakeWorld({ looks: [undefined, unanswered()], afterStop: DONE });
    await expect(world.run()).rejects.toThrow('did not end within 15 minutes and was stopped');
  });
});
