import { describe, expect, test } from '@jest/globals';
import type { Task } from '../../simulator/state/model.ts';
import { isHealthy } from '../../simulator/engine/tasks.ts';
import { bench } from './worlds.ts';

describe('a healthy rollout', () => {
  test('takes one to one and a half minutes, and tells it in the words of ECS', () => {
    const { clock, operator, backend, finish, news } = bench();
    const begun = clock.now();
    operator.deploy('backend', 'v2');
    finish();
    const seconds = (clock.now() - begun) / 1000;
    expect(seconds).toBeGreaterThanOrEqual(60);
    expect(seconds).toBeLessThanOrEqual(90);
    expect(backend.deployments).toHaveLength(1);
    expect(backend.deployments[0]).toMatchObject({ rolloutState: 'COMPLETED' });
    expect(backend.serviceDeployments[0]).toMatchObject({
      status: 'SUCCESSFUL',
      breaker: { status: 'MONITORING_COMPLETE', failureCount: 0, threshold: 3 },
    });
    expect(news()).toEqual([
      'has started 2 tasks: (task T) (task T).',
      'registered 1 targets in (target-group backend)',
      'registered 1 targets in (target-group backend)',
      'deregistered 1 targets in (target-group backend)',
      'has begun draining connections on 1 tasks.',
      'has stopped 1 running tasks: (task T).',
      'deregistered 1 targets in (target-group backend)',
      'has begun draining connections on 1 tasks.',
      'has stopped 1 running tasks: (task T).',
      '(deployment ecs-svc/N) deployment completed.',
      'has reached a steady state.',
    ]);
  });

  test('never serves with fewer than the minimum of healthy tasks, nor runs more than the maximum', () => {
    for (const [minimumHealthyPercent, maximumPercent] of [
      [100, 200],
      [50, 100],
      [50, 150],
      [0, 100],
      [66, 134],
    ] as const) {
      const desiredCount = 4;
      const { clock, world, operator, backend } = bench({
        desiredCount,
        minimumHealthyPercent,
        maximumPercent,
      });
      operator.deploy('backend', 'v2');
      const wanted = (): Task[] =>
        world
          .cluster('demo')
          .tasksOf(backend)
          .filter((task) => task.desiredStatus === 'RUNNING');
      clock.skipUntil(() => {
        expect(wanted().filter(isHealthy).length).toBeGreaterThanOrEqual(
          Math.ceil((minimumHealthyPercent * desiredCount) / 100),
        );
        expect(wanted().length).toBeLessThanOrEqual(Math.floor((maximumPercent * desiredCount) / 100));
        return backend.serviceDeployments[0]!.status === 'SUCCESSFUL';
      });
    }
  });

  test('old tasks stop by scaling activity, drain, and then leave', () => {
    const { clock, operator, backend, tasksOf, finish } = bench();
    operator.deploy('backend', 'v2');
    clock.skipUntil(() => tasksOf(1).every((task) => task.lastStatus === 'DEACTIVATING'));
    expect(tasksOf(1)[0]).toMatchObject({
      desiredStatus: 'STOPPED',
      stopCode: 'ServiceSchedulerInitiated',
      stoppedReason: `Scaling activity initiated by (deployment ${backend.deployments[0]!.id})`,
      targets: [{ target: { health: { state: 'draining', reason: 'Target.DeregistrationInProgress' } } }],
    });
    expect(backend.deployments).toHaveLength(2);
    finish();
    expect(tasksOf(1).map((task) => task.lastStatus)).toEqual(['STOPPED', 'STOPPED']);
    clock.skip(3700);
    expect(tasksOf(1)).toEqual([]);
  });

  test('waits for a container health check where the definition has one', () => {
    const { clock, operator, tasksOf, finish } = bench({ containerHealthCheck: true });
    operator.deploy('backend', 'v2');
    clock.skipUntil(() => tasksOf(2).some((task) => task.lastStatus === 'RUNNING'));
    expect(tasksOf(2)[0]!.containers[0]!.healthStatus).toBe('UNKNOWN');
    finish();
    expect(tasksOf(2).map((task) => task.containers[0]!.healthStatus)).toEqual(['HEALTHY', 'HEALTHY']);
  });

  test('a deployment whose old tasks never drain stays underway', () => {
    const { clock, operator, backend } = bench({ behaviours: { v1: { neverDrains: true } } });
    operator.deploy('backend', 'v2');
    clock.skip(7200);
    expect(backend.serviceDeployments[0]!.status).toBe('IN_PROGRESS');
    expect(backend.deployments.map(({ rolloutState }) => rolloutState)).toEqual(['IN_PROGRESS', 'COMPLETED']);
  });

  test('percentages that allow no step are said once, and nothing happens', () => {
    const { clock, operator, backend, news } = bench({
      desiredCount: 1,
      minimumHealthyPercent: 100,
      maximumPercent: 100,
    });
    operator.deploy('backend', 'v2');
    clock.skip(3600);
    expect(backend.serviceDeployments[0]!.status).toBe('IN_PROGRESS');
    expect(news()).toEqual([
      'was unable to stop or start tasks during a deployment because of the service deployment configuration. Update the minimumHealthyPercent or maximumPercent value and try again.',
    ]);
  });

  test('a service without load balancer and health check needs its tasks to stay up for a while', () => {
    const { clock, world, operator } = bench();
    const worker = world.cluster('demo').service('worker');
    operator.deploy('worker', 'crash-1');
    clock.skipUntil(() => worker.serviceDeployments[0]!.finishedAt !== undefined);
    expect(worker.serviceDeployments[0]!.status).toBe('ROLLBACK_SUCCESSFUL');
    operator.deploy('worker', 'v2');
    clock.skipUntil(() => worker.serviceDeployments[0]!.finishedAt !== undefined);
    expect(worker.serviceDeployments[0]!.status).toBe('SUCCESSFUL');
  });

  test('a desired count of 0 completes without a task', () => {
    const { clock, operator, backend, tasksOf, finish } = bench();
    operator.setDesiredCount('backend', 0);
    clock.skip(120);
    operator.deploy('backend', 'crash-1');
    finish();
    expect(backend.serviceDeployments[0]!.status).toBe('SUCCESSFUL');
    expect(tasksOf(2)).toEqual([]);
  });
});

describe('scaling', () => {
  test('a count makes no deployment, and is followed up and down', () => {
    const { clock, operator, backend, tasksOf, news } = bench();
    const deployments = backend.serviceDeployments.length;
    operator.setDesiredCount('backend', 4);
    clock.skip(60);
    expect(tasksOf(1).filter(isHealthy)).toHaveLength(4);
    operator.setDesiredCount('backend', 1);
    clock.skip(60);
    expect(tasksOf(1).filter((task) => task.lastStatus === 'RUNNING')).toHaveLength(1);
    expect(backend.serviceDeployments).toHaveLength(deployments);
    expect(news().filter((event) => event === 'has reached a steady state.')).toHaveLength(2);
  });

  test('a count that changes during a rollout is the count that the rollout ends with', () => {
    const { clock, operator, tasksOf, finish } = bench();
    operator.deploy('backend', 'v2');
    clock.skip(20);
    operator.setDesiredCount('backend', 5);
    finish();
    expect(tasksOf(2).filter(isHealthy)).toHaveLength(5);
  });

  test('a task that somebody stops is replaced', () => {
    const { clock, operator, backend, tasksOf } = bench();
    const [victim] = tasksOf(1);
    operator.stopTask(victim!);
    expect(victim).toMatchObject({ stopCode: 'UserInitiated', stoppedReason: 'Task stopped by user' });
    clock.skip(60);
    expect(tasksOf(1).filter(isHealthy)).toHaveLength(2);
    expect(backend.deployments[0]).toMatchObject({ rolloutState: 'COMPLETED', failedTasks: 0 });
  });

  test('a task that crashes after its deployment completed is replaced, for ever', () => {
    const { clock, operator, backend, tasksOf, finish } = bench();
    operator.deploy('backend', 'latecrash-1');
    finish();
    expect(backend.serviceDeployments[0]!.status).toBe('SUCCESSFUL');
    clock.skip(600);
    expect(tasksOf(2).length).toBeGreaterThan(6);
    expect(backend.deployments[0]).toMatchObject({ rolloutState: 'COMPLETED', failedTasks: 0 });
  });
});

describe('a daemon service', () => {
  test('has one task on each instance, and replaces them in place', () => {
    const { clock, world, operator } = bench();
    const cluster = world.cluster('demo');
    const agent = cluster.service('agent');
    const running = (): number =>
      cluster.tasksOf(agent).filter((task) => task.desiredStatus === 'RUNNING').length;
    expect(running()).toBe(2);
    operator.deploy('agent', 'v2');
    clock.skipUntil(() => {
      expect(running()).toBeLessThanOrEqual(2);
      return agent.serviceDeployments[0]!.status === 'SUCCESSFUL';
    });
    operator.setContainerInstances(3);
    clock.skip(60);
    expect(running()).toBe(3);
    expect(agent.serviceDeployments).toHaveLength(2);
  });

  test('has no desired count to set', () => {
    expect(() => {
      bench().operator.setDesiredCount('agent', 1);
    }).toThrow('The daemon scheduling strategy does not support a desired count');
  });
});

test('version consistency: a moved tag reaches a service only with a new deployment', () => {
  const { clock, operator, backend, tasksOf, finish } = bench();
  const before = backend.revisions[0]!.images.get('backend')!.digest;
  const moved = operator.pushImage('backend', 'v1');
  expect(moved.digest).not.toBe(before);
  operator.setDesiredCount('backend', 3);
  clock.skip(60);
  expect(tasksOf(1).map((task) => task.containers[0]!.digest)).toEqual([before, before, before]);
  operator.updateService('backend', { forceNewDeployment: true });
  finish();
  expect(backend.deployments[0]!.revision.images.get('backend')!.digest).toBe(moved.digest);
});

test('tasks carry the tags that their service asks for', () => {
  const { tasksOf } = bench();
  expect(tasksOf(1)[0]!.tags).toEqual([
    { key: 'aws:ecs:clusterName', value: 'demo' },
    { key: 'aws:ecs:serviceName', value: 'backend' },
    { key: 'team', value: 'demo' },
  ]);
});

test('a target that turns unhealthy later costs its task, though the deployment has completed', () => {
  const { clock, operator, tasksOf, finish } = bench();
  operator.pushImage('backend', 'tired', { targetHealth: { kind: 'healthy', unhealthyAfterSeconds: 120 } });
  operator.deploy('backend', 'tired');
  finish();
  clock.skip(120);
  expect(tasksOf(2)[0]!.stoppedReason).toMatch(/^Task failed ELB health checks/);
});

test('the same seed makes the same world', () => {
  const story = (): unknown => {
    const { operator, backend, finish } = bench();
    operator.deploy('backend', 'crash-1');
    finish();
    return [
      backend.events,
      backend.deployments.map(({ id }) => id),
      backend.serviceDeployments.map(({ arn }) => arn),
    ];
  };
  expect(story()).toEqual(story());
});
