import { describe, expect, test } from '@jest/globals';
import { createService } from '../../simulator/engine/services.ts';
import { failureThreshold } from '../../simulator/engine/monitors.ts';
import { bench } from './worlds.ts';

test.each([
  [undefined, 1, 3],
  [undefined, 25, 13],
  [undefined, 400, 200],
  [undefined, 800, 200],
  [{ type: 'BOUNDED_PERCENT', value: 10 }, 100, 10],
  [{ type: 'UNBOUNDED_PERCENT', value: 50 }, 800, 400],
  [{ type: 'COUNT', value: 1 }, 100, 1],
])('the breaker %p trips a service of %d tasks at %d failures', (configuration, desired, threshold) => {
  expect(failureThreshold(configuration, desired)).toBe(threshold);
});

describe('with the circuit breaker', () => {
  test('rolls back to the last completed revision, under a new PRIMARY', () => {
    const { clock, operator, backend, finish, news } = bench();
    const good = backend.deployments[0]!.revision;
    operator.deploy('backend', 'crash-1');
    const failed = backend.deployments[0]!;
    clock.skipUntil(() => backend.serviceDeployments[0]!.status === 'ROLLBACK_IN_PROGRESS');
    expect(backend.deployments).toMatchObject([
      {
        rolloutState: 'IN_PROGRESS',
        rolloutStateReason: `ECS deployment circuit breaker: rolling back to deploymentId ecs-svc/${good.digits}.`,
      },
      {
        rolloutState: 'FAILED',
        rolloutStateReason: 'ECS deployment circuit breaker: tasks failed to start.',
      },
    ]);
    expect(backend.deployments[0]!.revision).toBe(good);
    expect(backend.serviceDeployments[0]!.rollback?.revision).toBe(good);
    finish();
    expect(backend.serviceDeployments[0]).toMatchObject({
      status: 'ROLLBACK_SUCCESSFUL',
      target: failed.revision,
      breaker: { status: 'TRIGGERED', failureCount: 3, threshold: 3 },
    });
    expect(backend.deployments).toHaveLength(1);
    expect(news()).toEqual(
      expect.arrayContaining([
        '(deployment ecs-svc/N) deployment failed: tasks failed to start.',
        '(deployment ecs-svc/N) rolling back to deployment ecs-svc/N.',
        '(deployment ecs-svc/N) deployment completed.',
        'has reached a steady state.',
      ]),
    );
  });

  test('keeps the old tasks: the rollback starts none where none was stopped', () => {
    const { operator, tasksOf, finish } = bench();
    operator.deploy('backend', 'crash-1');
    finish();
    expect(tasksOf(1)).toHaveLength(2);
    expect(tasksOf(1).every((task) => task.lastStatus === 'RUNNING')).toBe(true);
  });

  test('without rollback the deployment is FAILED, the service deployment STOPPED, and the old tasks serve on', () => {
    const { clock, operator, backend, tasksOf, finish } = bench({ circuitBreaker: { rollback: false } });
    operator.deploy('backend', 'crash-1');
    finish();
    expect(backend.serviceDeployments[0]).toMatchObject({ status: 'STOPPED', rollback: undefined });
    clock.skip(600);
    expect(backend.deployments.map(({ rolloutState }) => rolloutState)).toEqual(['FAILED', 'COMPLETED']);
    expect(tasksOf(1).filter((task) => task.lastStatus === 'RUNNING')).toHaveLength(2);
    expect(tasksOf(2).length).toBeLessThanOrEqual(4);
  });

  test('a rollback whose own tasks fail ends as ROLLBACK_FAILED', () => {
    const { clock, world, operator, backend, finish } = bench({
      minimumHealthyPercent: 0,
      maximumPercent: 100,
    });
    operator.deploy('backend', 'crash-1');
    clock.skip(30);
    world.images.behaviours.set('v1', { exit: { afterSeconds: 2, code: 1 } });
    finish();
    expect(backend.serviceDeployments[0]!.status).toBe('ROLLBACK_FAILED');
    expect(backend.deployments[0]!.rolloutState).toBe('FAILED');
  });

  test('a first deployment has nothing to go back to and stalls', () => {
    const { clock, world, operator } = bench();
    const cluster = world.cluster('demo');
    const bad = world.taskDefinitions.find('worker:1')!;
    const image = `${world.registry.host}/backend:denied-1`;
    const containers = bad.containers.map((container) => ({ ...container, image }));
    operator.registerTaskDefinition({ ...bad.body, family: 'young', containerDefinitions: containers });
    const service = createService(world, cluster, 'young', {
      taskDefinition: 'young',
      desiredCount: 1,
      networkConfiguration: { awsvpcConfiguration: { subnets: ['subnet-1'] } },
      deploymentConfiguration: { deploymentCircuitBreaker: { enable: true, rollback: true } },
    });
    clock.skip(1800);
    expect(service.serviceDeployments[0]).toMatchObject({
      status: 'IN_PROGRESS',
      breaker: { status: 'TRIGGERED' },
    });
    expect(service.deployments[0]).toMatchObject({ rolloutState: 'IN_PROGRESS', failedTasks: 3 });
    expect(cluster.tasksOf(service)).toHaveLength(3);
  });

  test('a task that becomes healthy resets the count, unless the service counts all failures', () => {
    for (const [resetOnHealthyTask, failureCount] of [
      [true, 0],
      [false, 1],
    ] as const) {
      const { clock, operator, backend, tasksOf } = bench({ circuitBreaker: { resetOnHealthyTask } });
      operator.deploy('backend', 'v2');
      clock.skipUntil(
        () => tasksOf(2).every((task) => task.lastStatus === 'ACTIVATING') && tasksOf(2).length === 2,
      );
      const { breaker } = backend.serviceDeployments[0]!;
      breaker.failureCount = 1;
      clock.skipUntil(() => tasksOf(2).some((task) => task.wasHealthy));
      expect(breaker.failureCount).toBe(failureCount);
    }
  });
});

test('without a breaker ECS tries for ever, ever more slowly', () => {
  const { clock, operator, backend, tasksOf, news } = bench({ circuitBreaker: false });
  operator.deploy('backend', 'denied-1');
  clock.skip(7200);
  expect(backend.serviceDeployments[0]).toMatchObject({
    status: 'IN_PROGRESS',
    breaker: { status: 'DISABLED' },
  });
  expect(backend.deployments[0]!.failedTasks).toBeGreaterThan(10);
  const starts = tasksOf(2).map((task) => task.createdAt);
  expect(starts.at(-1)! - starts.at(-3)!).toBeGreaterThan(890_000);
  expect(news()).toContain('is unable to consistently start tasks successfully.');
});

describe('why a task stopped', () => {
  test.each([
    ['missing-9', 'TaskFailedToStart', /^CannotPullContainerError: .*backend:missing-9: not found$/],
    ['denied-1', 'TaskFailedToStart', /^CannotPullContainerError: .*403 Forbidden$/],
    ['ratelimited-1', 'TaskFailedToStart', /toomanyrequests/],
    ['unreachable-1', 'TaskFailedToStart', /i\/o timeout$/],
    ['nospace-1', 'TaskFailedToStart', /no space left on device$/],
    ['arm-1', 'TaskFailedToStart', /does not contain descriptor matching platform 'linux\/amd64'$/],
    ['wrongplatform-1', 'TaskFailedToStart', /does not contain descriptor matching platform/],
    ['secretless-1', 'TaskFailedToStart', /^ResourceInitializationError: unable to pull secrets/],
    ['logless-1', 'TaskFailedToStart', /The specified log group does not exist/],
    ['noexec-1', 'TaskFailedToStart', /executable file not found in \$PATH/],
    ['crash-1', 'EssentialContainerExited', /^Essential container in task exited$/],
    ['oom-1', 'EssentialContainerExited', /^Essential container in task exited$/],
    ['badcommand-1', 'EssentialContainerExited', /^Essential container in task exited$/],
    ['execformat-1', 'EssentialContainerExited', /^Essential container in task exited$/],
    [
      'unhealthy-1',
      'ServiceSchedulerInitiated',
      /^Task failed ELB health checks in \(target-group arn:.*\/backend\/\w+\)$/,
    ],
    ['silent-1', 'ServiceSchedulerInitiated', /^Task failed ELB health checks/],
    ['sick-1', 'ServiceSchedulerInitiated', /^Task failed container health checks$/],
  ])('%s: %s', (tag, stopCode, stoppedReason) => {
    const { clock, operator, tasksOf } = bench({ containerHealthCheck: true });
    operator.deploy('backend', tag);
    clock.skipUntil(() => tasksOf(2).some((task) => task.desiredStatus === 'STOPPED'));
    const [task] = tasksOf(2);
    expect(task).toMatchObject({ stopCode, stoppedReason: expect.stringMatching(stoppedReason) });
    const neverRan = stopCode === 'TaskFailedToStart';
    expect(task!.startedAt === undefined).toBe(neverRan);
    if (neverRan) expect(task!.containers[0]!.exitCode).toBeUndefined();
  });

  test('memory: exit code 137 and the container says so', () => {
    const { clock, operator, tasksOf } = bench();
    operator.deploy('backend', 'oom-1');
    clock.skip(40);
    expect(tasksOf(2)[0]!.containers[0]).toMatchObject({
      exitCode: 137,
      reason: 'OutOfMemoryError: Container killed due to memory usage',
    });
  });

  test('an unknown secret and an unknown log group are facts of the definition', () => {
    for (const [change, reason] of [
      [
        { secrets: [{ name: 'KEY', valueFrom: '/none' }] },
        /unable to retrieve secrets from ssm: .*invalid parameters: \/none$/,
      ],
      [
        {
          logConfiguration: {
            logDriver: 'awslogs',
            options: { 'awslogs-group': '/none', 'awslogs-region': 'r', 'awslogs-stream-prefix': 'b' },
          },
        },
        /The specified log group does not exist/,
      ],
    ] as const) {
      const { clock, world, operator, tasksOf } = bench();
      const { body, containers } = world.taskDefinitions.find('backend:1')!;
      operator.registerTaskDefinition({
        ...body,
        containerDefinitions: containers.map((container) => ({ ...container, ...structuredClone(change) })),
      } as unknown as Parameters<typeof operator.registerTaskDefinition>[0]);
      operator.updateService('backend', { taskDefinition: 'backend' });
      clock.skip(30);
      expect(tasksOf(2)[0]!.stoppedReason).toMatch(reason);
    }
  });

  test('the grace period delays the verdict of health checks', () => {
    const { clock, operator, tasksOf } = bench({ healthCheckGracePeriodSeconds: 300 });
    operator.deploy('backend', 'unhealthy-1');
    clock.skip(280);
    expect(tasksOf(2)[0]!.targets[0]!.target.health).toMatchObject({
      state: 'unhealthy',
      reason: 'Target.ResponseCodeMismatch',
    });
    expect(tasksOf(2)[0]!.desiredStatus).toBe('RUNNING');
    clock.skip(60);
    expect(tasksOf(2)[0]!.desiredStatus).toBe('STOPPED');
  });
});

describe('interventions', () => {
  test('a newer deployment stops the one underway', () => {
    const { clock, operator, backend, finish } = bench();
    operator.deploy('backend', 'slow-1');
    clock.skip(40);
    operator.deploy('backend', 'v2');
    expect(backend.serviceDeployments).toMatchObject([{ status: 'PENDING' }, { status: 'STOPPED' }, {}]);
    finish();
    expect(backend.serviceDeployments[0]!.status).toBe('SUCCESSFUL');
    expect(backend.deployments).toHaveLength(1);
    expect(backend.deployments[0]!.revision.definition.revision).toBe(3);
  });

  test('a stop with rollback works even where rollback is not configured', () => {
    const { clock, operator, backend, finish } = bench({ circuitBreaker: false });
    operator.deploy('backend', 'slow-1');
    clock.skip(40);
    operator.stopServiceDeployment('backend');
    expect(backend.serviceDeployments[0]!.status).toBe('ROLLBACK_REQUESTED');
    clock.skip(4);
    expect(backend.serviceDeployments[0]!.status).toBe('ROLLBACK_IN_PROGRESS');
    finish();
    expect(backend.serviceDeployments[0]!.status).toBe('ROLLBACK_SUCCESSFUL');
    expect(backend.deployments[0]!.revision.definition.revision).toBe(1);
  });

  test('an abort leaves things as they are', () => {
    const { clock, operator, backend, finish } = bench();
    operator.deploy('backend', 'slow-1');
    clock.skip(40);
    operator.stopServiceDeployment('backend', 'ABORT');
    expect(backend.serviceDeployments[0]!.status).toBe('STOP_REQUESTED');
    finish();
    expect(backend.serviceDeployments[0]!.status).toBe('STOPPED');
    expect(backend.deployments[0]!.rolloutState).toBe('FAILED');
  });
});

test('without capacity nothing is placed, and the event says why', () => {
  const { clock, world, operator, tasksOf, finish, news } = bench();
  world.capacityAvailable = false;
  operator.deploy('backend', 'v2');
  clock.skip(300);
  expect(tasksOf(2)).toEqual([]);
  expect(news()[0]).toMatch(/^was unable to place a task\. Reason: Capacity is unavailable at this time/);
  world.capacityAvailable = true;
  finish();
  expect(tasksOf(2)).toHaveLength(2);
});
