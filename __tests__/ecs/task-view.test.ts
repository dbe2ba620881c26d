import type { Task } from '@aws-sdk/client-ecs';
import { describe, expect, test } from '@jest/globals';
import { describeFailure, failureOf } from '../../src/ecs/task-failure.ts';
import { viewTask, type HealthSources } from '../../src/ecs/task-health.ts';
import type { TargetView } from '../../src/ecs/targets.ts';
import { failure, stoppedTask, unstartedTask } from '../rollout/builders.ts';

const NO_SOURCES = { containerChecks: false, behind: undefined, essentials: ['app'] };

describe('the exit code of the container that failed', () => {
  test.each([
    [1, 'app-crashed', 'counts'],
    [255, 'app-crashed', 'counts'],
    [0, 'app-crashed', 'counts'],
    [126, 'bad-command', 'conclusive'],
    [127, 'bad-command', 'conclusive'],
    [137, 'out-of-memory', 'counts'],
    [139, 'app-crashed', 'counts'],
  ] as const)('%d means %s, conclusive %s', (exitCode, cause, severity) => {
    const task = stoppedTask({ containers: [{ name: 'app', exitCode }] });
    expect(failureOf(task)).toMatchObject({ cause, severity, container: 'app', exitCode });
  });

  test("says nothing where the scheduler killed the container: it may only have ignored ECS's SIGTERM", () => {
    const task = stoppedTask({
      stopCode: 'ServiceSchedulerInitiated',
      stoppedReason: 'Amazon ECS service is INACTIVE',
      containers: [{ name: 'app', exitCode: 137 }],
    });
    expect(failureOf(task)).toBeUndefined();
  });
});

describe('a task with containers that are not essential', () => {
  const essentials = ['app'];
  const oom = { reason: 'OutOfMemoryError: Container killed due to memory usage' };

  test.each<[string, NonNullable<Task['containers']>, object]>([
    [
      'the essential one ended by itself, not the sidecar that had to be killed after it',
      [
        { name: 'log-router', exitCode: 137 },
        { name: 'app', exitCode: 0 },
      ],
      { container: 'app', exitCode: 0, cause: 'app-crashed' },
    ],
    [
      'the task went on without the sidecar that had ended with 1',
      [
        { name: 'metrics', exitCode: 1 },
        { name: 'app', exitCode: 3 },
      ],
      { container: 'app', exitCode: 3, cause: 'app-crashed' },
    ],
    [
      'and without the one that had no memory',
      [
        { name: 'metrics', exitCode: 137, ...oom },
        { name: 'app', exitCode: 3 },
      ],
      { container: 'app', exitCode: 3, cause: 'app-crashed', reason: 'Essential container in task exited' },
    ],
    [
      'and without the one whose command was not found',
      [
        { name: 'init', exitCode: 127 },
        { name: 'app', exitCode: 1 },
      ],
      { container: 'app', exitCode: 1, cause: 'app-crashed', severity: 'counts' },
    ],
  ])('is evaluated by the essential ones: %s', (_, containers, expected) => {
    expect(failureOf(stoppedTask({ containers }), essentials)).toMatchObject(expected);
  });

  test.each<[string, NonNullable<Task['containers']>, object]>([
    [
      'killed',
      [
        { name: 'app', exitCode: 137 },
        { name: 'ecs-service-connect-x4Ab9', exitCode: 1 },
      ],
      { container: 'ecs-service-connect-x4Ab9', exitCode: 1, cause: 'app-crashed' },
    ],
    [
      'asked to end',
      [
        { name: 'app', exitCode: 143 },
        { name: 'ecs-service-connect-x4Ab9', exitCode: 1 },
      ],
      { container: 'ecs-service-connect-x4Ab9', exitCode: 1, cause: 'app-crashed' },
    ],
    [
      'not at fault of',
      [
        { name: 'app', exitCode: 3 },
        { name: 'aws-guardduty-agent-AbC', exitCode: 1 },
        { name: 'ecs-service-connect-x4Ab9', exitCode: 143 },
      ],
      { container: 'app', exitCode: 3, cause: 'app-crashed' },
    ],
    [
      'killed for its memory, whatever became of the proxy by',
      [
        { name: 'app', exitCode: 137, ...oom },
        { name: 'ecs-service-connect-x4Ab9', exitCode: 1 },
      ],
      { container: 'app', cause: 'out-of-memory' },
    ],
  ])('was %s what Service Connect’s proxy did, which no definition knows', (_, containers, expected) => {
    expect(failureOf(stoppedTask({ containers }), essentials)).toMatchObject(expected);
  });

  test('a kill beside an essential container that ended with 0 is the one of ECS, and no lack of memory', () => {
    const containers = [
      { name: 'app', exitCode: 137 },
      { name: 'worker', exitCode: 0 },
    ];
    expect(failureOf(stoppedTask({ containers }), ['app', 'worker'])).toMatchObject({
      container: 'worker',
      cause: 'app-crashed',
    });
  });

  test('is evaluated by all of them where it never started: what one depends on may have failed', () => {
    const reason =
      'DependencyError: container ordering dependency [migrate] for target [app] has exited with an error';
    const task = unstartedTask('Task failed to start', {
      containers: [
        { name: 'migrate', exitCode: 1 },
        { name: 'app', reason },
      ],
    });
    expect(failureOf(task, essentials)).toMatchObject({
      container: 'migrate',
      exitCode: 1,
      cause: 'app-crashed',
      severity: 'counts',
    });
  });

  test('is evaluated by all of them where AWS tells of none that is essential', () => {
    expect(failureOf(stoppedTask({ containers: [{ name: 'x', exitCode: 1 }] }), essentials)).toMatchObject({
      container: 'x',
    });
  });
});

describe('which of several containers failed', () => {
  const failing = (...containers: NonNullable<Task['containers']>): unknown =>
    failureOf(stoppedTask({ containers }));

  test('the main container that crashed, not the sidecar that ended on SIGTERM after it (143)', () => {
    expect(failing({ name: 'proxy', exitCode: 143 }, { name: 'app', exitCode: 1 })).toMatchObject({
      container: 'app',
      exitCode: 1,
      cause: 'app-crashed',
    });
  });

  test('the main container that crashed, not the sidecar that had to be killed after it (137)', () => {
    expect(failing({ name: 'proxy', exitCode: 137 }, { name: 'app', exitCode: 1 })).toMatchObject({
      container: 'app',
      exitCode: 1,
      cause: 'app-crashed',
    });
  });

  test('the container that ran out of memory, not the sidecar that ended with 1 after it', () => {
    const reason = 'OutOfMemoryError: Container killed due to memory usage';
    expect(failing({ name: 'proxy', exitCode: 1 }, { name: 'app', exitCode: 137, reason })).toMatchObject({
      container: 'app',
      exitCode: 137,
      cause: 'out-of-memory',
    });
  });

  test('the main container that ended with 0 though it should run on, not the sidecar with 143', () => {
    expect(failing({ name: 'proxy', exitCode: 143 }, { name: 'app', exitCode: 0 })).toMatchObject({
      container: 'app',
      exitCode: 0,
    });
  });

  test('an essential sidecar that crashed, though the main container ended well', () => {
    expect(failing({ name: 'app', exitCode: 0 }, { name: 'proxy', exitCode: 2 })).toMatchObject({
      container: 'proxy',
      exitCode: 2,
    });
  });

  test('the container whose image could not be pulled, which has no exit code', () => {
    const reason = 'CannotPullContainerError: pull image manifest has been retried 7 time(s): x:1: not found';
    const task = unstartedTask('Task failed to start', {
      containers: [{ name: 'proxy' }, { name: 'app', reason }],
    });
    expect(failureOf(task)).toMatchObject({ container: 'app', cause: 'image-not-found' });
  });
});

describe('a task that stopped for reasons that are none of the new revision', () => {
  test.each([
    ['UserInitiated', 'Task stopped by user'],
    ['TerminationNotice', 'The instance is about to be terminated'],
    ['InfrastructureHealth', 'The infrastructure of the task is unhealthy'],
    ['ServiceSchedulerInitiated', 'Scaling activity initiated by (deployment ecs-svc/4980306466373577095)'],
  ] as const)('%s does not count, whatever its containers exited with', (stopCode, stoppedReason) => {
    const task = stoppedTask({
      stopCode,
      stoppedReason,
      containers: [
        { name: 'app', exitCode: 137, reason: 'OutOfMemoryError: Container killed due to memory usage' },
        { name: 'proxy', exitCode: 127 },
      ],
    });
    expect(failureOf(task)).toBeUndefined();
  });

  test('a stop without any reason does not count', () => {
    expect(
      failureOf(stoppedTask({ stopCode: undefined, stoppedReason: undefined, containers: [] })),
    ).toBeUndefined();
  });
});

describe('on EC2 capacity one bad instance proves nothing about the revision', () => {
  const DISK = 'CannotPullContainerError: write /var/lib/docker/tmp/x: no space left on device';
  const PLATFORM =
    "CannotPullContainerError: image Manifest does not contain descriptor matching platform 'linux/amd64'";
  const SECRET =
    'ResourceInitializationError: unable to pull secrets: unable to retrieve secret from asm: AccessDeniedException';

  test.each([
    [DISK, 'storage', 'counts'],
    [PLATFORM, 'image-wrong-platform', 'counts'],
    [SECRET, 'secret-unavailable', 'conclusive'],
  ])('%s', (text, cause, severity) => {
    expect(failureOf(unstartedTask(text, { launchType: 'EC2' }))).toMatchObject({ cause, severity });
  });

  test.each(['EC2', 'EXTERNAL', 'MANAGED_INSTANCES'] as const)(
    'a full disk is not conclusive at once on %s',
    (launchType) => {
      expect(failureOf(unstartedTask(DISK, { launchType }))?.severity).toBe('counts');
    },
  );

  test('on Fargate every task has a disk of its own: a full one is conclusive at once', () => {
    expect(failureOf(unstartedTask(DISK))?.severity).toBe('conclusive');
  });
});

describe('a task is healthy', () => {
  const ARN = 'arn:aws:ecs:eu-west-1:1:task/prod/abc';

  /** Behind target groups, in which its address has these states. */
  const behind = (...groups: readonly (readonly string[])[]): HealthSources => ({
    ...NO_SOURCES,
    behind: {
      places: new Map([[ARN, { names: ['10.0.0.1'], ports: undefined }]]),
      groups: groups.map((states) => new Map([['10.0.0.1', states.map(target)]])),
    },
  });
  const target = (state: string): TargetView => ({
    targetGroupArn: '',
    address: '10.0.0.1',
    port: 80,
    state,
    reason: undefined,
    description: undefined,
  });

  const running: Task = {
    taskArn: ARN,
    lastStatus: 'RUNNING',
    desiredStatus: 'RUNNING',
  };

  test.each<[string, Task, Omit<HealthSources, 'essentials'>, boolean]>([
    ['when it runs and nothing checks it', running, NO_SOURCES, true],
    ['not while it starts', { ...running, lastStatus: 'PENDING' }, NO_SOURCES, false],
    ['not while it is being stopped', { ...running, desiredStatus: 'STOPPED' }, NO_SOURCES, false],
    [
      'not before its container check passed',
      { ...running, healthStatus: 'UNKNOWN' },
      { ...NO_SOURCES, containerChecks: true },
      false,
    ],
    [
      'once its container check passed',
      { ...running, healthStatus: 'HEALTHY' },
      { ...NO_SOURCES, containerChecks: true },
      true,
    ],
    ['not before it is a target', running, behind([]), false],
    ['not before its target is healthy', running, behind(['initial']), false],
    ['once its target is healthy', running, behind(['healthy']), true],
    [
      'where its group knows it twice and one of the two is healthy',
      running,
      behind(['draining', 'healthy']),
      true,
    ],
    ['where it is healthy in both of its groups', running, behind(['healthy'], ['healthy']), true],
    ['not where it is healthy in one of two groups only', running, behind(['healthy'], ['unhealthy']), false],
    ['not while one of two groups still checks it', running, behind(['initial'], ['healthy']), false],
  ])('%s', (_, task, sources, healthy) => {
    expect(viewTask(task, { ...NO_SOURCES, ...sources })).toMatchObject({
      id: 'abc',
      healthy,
      failure: undefined,
    });
  });

  test('a task that is being stopped for its failed target check shows the failure before it has stopped', () => {
    const task = {
      ...running,
      desiredStatus: 'STOPPED',
      stopCode: 'ServiceSchedulerInitiated' as const,
      stoppedReason: 'Task failed ELB health checks in (target-group arn:x)',
    };
    expect(viewTask(task, NO_SOURCES).failure?.cause).toBe('target-health-check-failed');
  });
});

describe('in one line', () => {
  test('the container, its exit code and the reason', () => {
    expect(describeFailure(failure())).toBe('container "app" exited with code 1');
  });

  test('only the reason where no container ran', () => {
    expect(describeFailure(failure({ exitCode: undefined, reason: 'Capacity is unavailable' }))).toBe(
      'Capacity is unavailable',
    );
  });

  test('line breaks and target-group ARNs are gone from the reason', () => {
    const task = unstartedTask(
      'Task failed ELB health checks in\n (target-group arn:aws:elasticloadbalancing:us-east-1:111122223333:targetgroup/backend/0123456789abcdef)',
    );
    expect(failureOf(task)?.reason).toBe('Task failed ELB health checks in (target-group backend)');
  });
});

test('a task whose Spot capacity AWS took back is a lack of capacity, and no failure of the revision', () => {
  const task = stoppedTask({
    stopCode: 'SpotInterruption',
    stoppedReason: 'Your Spot Task was interrupted.',
    containers: [{ name: 'app', exitCode: 143 }],
  });
  expect(failureOf(task)).toMatchObject({ cause: 'capacity', severity: 'ignored' });
});
