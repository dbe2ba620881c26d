import { describe, expect, test } from '@jest/globals';
import { createService } from '../../simulator/engine/services.ts';
import { registerTaskDefinition } from '../../simulator/engine/task-definitions.ts';
import { addLoadBalancer } from '../../simulator/scenario/load-balancers.ts';
import type { Seed } from '../../simulator/scenario/seed.ts';
import {
  accepted,
  expectGreen,
  expectRed,
  inAWorld,
  mutations,
  onceUnderway,
  production,
  service,
  step,
  tag,
} from './world.ts';

/** Two tasks on EC2 instances, in bridge mode, behind a target group of instances. */
const sharedInstances: Seed = (world) => {
  const { production: listener } = addLoadBalancer(world, {
    name: 'shared',
    groups: ['shared'],
    port: 8000,
    deregistrationDelaySeconds: 5,
    targetType: 'instance',
  });
  registerTaskDefinition(world, {
    family: 'shared',
    networkMode: 'bridge',
    containerDefinitions: [
      {
        name: 'shared',
        image: `${world.registry.host}/backend:v1`,
        memory: 256,
        portMappings: [{ containerPort: 8000, hostPort: 0 }],
      },
    ],
  });
  createService(world, world.cluster('demo'), 'shared', {
    taskDefinition: 'shared',
    launchType: 'EC2',
    desiredCount: 2,
    deploymentConfiguration: { deploymentCircuitBreaker: { enable: true, rollback: true } },
    loadBalancers: [
      { targetGroupArn: listener.forwards[0].group.arn, containerName: 'shared', containerPort: 8000 },
    ],
  });
};

/** A program that runs for half a minute, and then is gone. */
const slowToCrash: Seed = (world) => {
  world.registry.push('backend', 'dies-1', { behaviour: { exit: { afterSeconds: 14, code: 1 } } });
};

describe('services as they are in the wild', () => {
  test('blue/green: deployed twice, each time the group that serves is evaluated', () =>
    inAWorld({}, async (sim) => {
      const url = sim.loadBalancers['bluegreen']?.url ?? '';
      for (const name of ['v2', 'v3']) {
        const result = await step(sim, {
          ...tag(name),
          service: 'bluegreen',
          'health-check-url': `${url}/version`,
          'health-check-json': `version=${name}`,
        });
        expectGreen(result, 'succeeded');
        expect(result.report.services[0]?.gates.map(({ state }) => state)).toEqual([
          'passed',
          'passed',
          'passed',
        ]);
      }
      expect(production(sim, 'bluegreen')).toBe('bluegreen:3 COMPLETED');
    }));

  test('blue/green: what never becomes healthy is rolled back before it gets traffic', () =>
    inAWorld({}, async (sim) => {
      const result = await step(sim, { ...tag('unhealthy-1'), service: 'bluegreen' });
      expectRed(result, 'rolled-back', 'target-health-check-failed');
      expect(production(sim, 'bluegreen')).toBe('bluegreen:1 COMPLETED');
    }));

  test('blue/green: a hook that awaits an action before any traffic is left to a person, and said', () =>
    inAWorld(
      { blueGreen: { lifecycleHooks: [{ targetType: 'PAUSE', lifecycleStages: ['POST_SCALE_UP'] }] } },
      async (sim) => {
        const result = await step(sim, { ...tag('v2'), service: 'bluegreen', 'wait-for-minutes': '3' });
        expectGreen(result, 'started');
        expect(result.log).toMatch(/post scale up\), hook \S+ waits for an answer until /);
        expect(result.outputs['stage']).toBe('POST_SCALE_UP');
        expect(accepted(sim, 'StopServiceDeployment', 'ContinueServiceDeployment')).toEqual([]);
      },
    ));

  test('tasks in bridge mode are proven at the ports of their instances', () =>
    inAWorld({ more: sharedInstances }, async (sim) => {
      const result = await step(sim, { ...tag('v2'), service: 'shared' });
      expectGreen(result, 'succeeded');
      expect(result.report.services[0]?.gates).toContainEqual({
        gate: 'targets',
        state: 'passed',
        detail: '2 of 2 tasks are healthy',
      });
      expectRed(
        await step(sim, { ...tag('unhealthy-1'), service: 'shared' }),
        'rolled-back',
        'target-health-check-failed',
      );
    }));

  test('where instances may not be read, the proof by targets is skipped with a warning', () =>
    inAWorld({ more: sharedInstances }, async (sim) => {
      sim.inject({ action: 'DescribeContainerInstances', effect: { kind: 'denied' } });
      const result = await step(sim, { ...tag('v2'), service: 'shared' });
      expectGreen(result, 'succeeded');
      expect(result.warnings).toContainEqual(expect.stringContaining('targets gate skipped'));
    }));

  test('a worker that nothing checks and that crashes after a while is found out', () =>
    inAWorld({ more: slowToCrash, desiredCount: 1, minimumHealthyPercent: 0 }, async (sim) => {
      const result = await step(sim, { ...tag('dies-1'), service: 'worker' });
      expectRed(result, 'rolled-back', 'app-crashed');
    }));

  test('a service may be named by its ARN of the time before clusters were part of it', () =>
    inAWorld({}, async (sim) => {
      const arn = 'arn:aws:ecs:us-east-1:123456789012:service/backend';
      expectGreen(await step(sim, { ...tag('v2'), service: arn }), 'succeeded');
    }));

  test('a daemon has no desired count of its own', () =>
    inAWorld({}, async (sim) => {
      expectGreen(await step(sim, { ...tag('v2'), service: 'agent' }), 'succeeded');
      expect(production(sim, 'agent')).toMatch(/:2 COMPLETED$/);
    }));

  test('autoscaling may move the desired count during the rollout', () =>
    inAWorld({}, async (sim) => {
      onceUnderway(sim, () => {
        sim.operator.setDesiredCount('backend', 3);
      });
      expectGreen(await step(sim, tag('v2')), 'succeeded');
      expect(service(sim).desiredCount).toBe(3);
    }));

  test('a change of the count alone makes no deployment and is done when as many tasks run', () =>
    inAWorld({}, async (sim) => {
      const result = await step(sim, { 'desired-count': '3' });
      expectGreen(result, 'succeeded');
      expect(mutations(sim)).toEqual(['UpdateService']);
      expect(service(sim).desiredCount).toBe(3);
      expect(result.outputs['changed']).toBe('true');
    }));

  test('a rollback restores the count that this run changed', () =>
    inAWorld({}, async (sim) => {
      const result = await step(sim, { ...tag('crash-1'), 'desired-count': '4' });
      expectRed(result, 'rolled-back', 'app-crashed');
      expect(service(sim).desiredCount).toBe(2);
    }));

  test("another's deployment in progress is warned of and superseded by ours", () =>
    inAWorld({}, async (sim) => {
      sim.operator.deploy('backend', 'slow-1');
      const result = await step(sim, { ...tag('v3'), 'task-definition': 'running' });
      expectGreen(result, 'succeeded');
      expect(result.warnings.join()).toContain('in progress');
    }));

  test('a rollback of ours goes to the last good revision, not to the unfinished one before it', () =>
    inAWorld({}, async (sim) => {
      sim.operator.deploy('backend', 'slow-1');
      const result = await step(sim, tag('crash-1'));
      expectRed(result, 'rolled-back', 'app-crashed');
      expect(production(sim)).toBe('backend:1 COMPLETED');
    }));

  test('a service that was rolled back can be deployed and found unchanged', () =>
    inAWorld({}, async (sim) => {
      await step(sim, tag('crash-1'));
      expectGreen(await step(sim, tag('v1')), 'unchanged');
      expectGreen(await step(sim, tag('v2')), 'succeeded');
    }));
});

describe('where service deployments may not be read', () => {
  test('supersession is still told from a rollback', () =>
    inAWorld({}, async (sim) => {
      sim.inject({ action: 'ListServiceDeployments', effect: { kind: 'denied' } });
      onceUnderway(sim, () => {
        sim.operator.deploy('backend', 'v3');
      });
      expectRed(await step(sim, tag('v2')), 'superseded', 'superseded');
      expect(mutations(sim)).toEqual(['RegisterTaskDefinition', 'UpdateService']);
    }));

  test("ECS's own rollback is followed to its end", () =>
    inAWorld({}, async (sim) => {
      sim.inject({ action: 'ListServiceDeployments', effect: { kind: 'denied' } });
      const result = await step(sim, { ...tag('crash-1'), 'fail-fast': 'false' });
      expectRed(result, 'rolled-back', 'app-crashed');
      expect(accepted(sim, 'UpdateService')).toHaveLength(1);
      expect(production(sim)).toBe('backend:1 COMPLETED');
    }));
});

describe('AWS on a bad day', () => {
  test('real throttling buckets and late lists do not fail a healthy rollout', () =>
    inAWorld({ throttling: true, lagSeconds: 5 }, async (sim) => {
      expectGreen(await step(sim, tag('v2')), 'succeeded');
    }));

  test('a race of two registrations is tried again', () =>
    inAWorld({}, async (sim) => {
      sim.inject({
        action: 'RegisterTaskDefinition',
        times: 1,
        effect: {
          kind: 'error',
          code: 'ClientException',
          message: 'Too many concurrent attempts to create a new revision of the specified family.',
        },
      });
      expectGreen(await step(sim, tag('v2')), 'succeeded');
    }));

  test('a lost answer to RegisterTaskDefinition registers no second revision', () =>
    inAWorld({}, async (sim) => {
      sim.inject({ action: 'RegisterTaskDefinition', times: 1, effect: { kind: 'reset', when: 'after' } });
      expectGreen(await step(sim, tag('v2')), 'succeeded');
      expect(production(sim)).toBe('backend:2 COMPLETED');
    }));

  test('a lost answer to StopServiceDeployment is read back', () =>
    inAWorld({}, async (sim) => {
      sim.inject({ action: 'StopServiceDeployment', times: 1, effect: { kind: 'reset', when: 'after' } });
      expectRed(await step(sim, tag('crash-1')), 'rolled-back', 'app-crashed');
      expect(sim.calls.filter((call) => call.action === 'StopServiceDeployment')).toHaveLength(1);
    }));
});

describe('alarms', () => {
  const watched = { alarms: 'errors', 'bake-minutes': '2' };

  test('that stay ok while the new revision bakes pass', () =>
    inAWorld({ alarms: { errors: 'OK' } }, async (sim) => {
      const result = await step(sim, { ...tag('v2'), ...watched });
      expectGreen(result, 'succeeded');
      expect(result.report.services[0]?.gates).toContainEqual(
        expect.objectContaining({ gate: 'alarms', state: 'passed' }),
      );
    }));

  test('that go into ALARM while the new revision bakes roll it back', () =>
    inAWorld({ alarms: { errors: 'OK' } }, async (sim) => {
      sim.when(
        () => production(sim) === 'backend:2 COMPLETED',
        () => {
          sim.operator.setAlarm('errors', 'ALARM');
        },
      );
      expectRed(await step(sim, { ...tag('v2'), ...watched }), 'rolled-back', 'alarm');
      // backend:1 names a tag: what ran is registered again by its digest.
      expect(production(sim)).toBe('backend:3 COMPLETED');
    }));

  test('that are in ALARM already are warned of and ignored', () =>
    inAWorld({ alarms: { errors: 'ALARM' } }, async (sim) => {
      const result = await step(sim, { ...tag('v2'), ...watched });
      expectGreen(result, 'succeeded');
      expect(result.warnings.join()).toContain('in ALARM before the deployment');
    }));

  test('that do not exist are refused before anything is touched', () =>
    inAWorld({}, async (sim) => {
      const result = await step(sim, { ...tag('v2'), alarms: 'eror' });
      expectRed(result, 'failed', 'preflight-failed');
      expect(mutations(sim)).toEqual([]);
    }));

  test("of the service's own deployment configuration roll back by ECS, with the alarm as the cause", () =>
    inAWorld(
      {
        alarms: { errors: 'OK' },
        deploymentConfiguration: { alarms: { alarmNames: ['errors'], enable: true, rollback: true } },
      },
      async (sim) => {
        onceUnderway(sim, () => {
          sim.operator.setAlarm('errors', 'ALARM');
        });
        expectRed(await step(sim, tag('v2')), 'rolled-back', 'alarm');
        expect(production(sim)).toBe('backend:1 COMPLETED');
      },
    ));
});

describe('a container that ECS starts again in place', () => {
  /** The definition of `worker`, with a restart policy of the shortest period. */
  const definition = {
    family: 'worker',
    networkMode: 'awsvpc',
    requiresCompatibilities: ['FARGATE'],
    cpu: '256',
    memory: '512',
    executionRoleArn: 'arn:aws:iam::123456789012:role/ecs-execution',
    containerDefinitions: [
      { name: 'worker', image: 'placeholder', restartPolicy: { enabled: true, restartAttemptPeriod: 60 } },
    ],
  };
  const files = { 'task.json': JSON.stringify(definition) };
  const inputs = { service: 'worker', 'task-definition': 'task.json' };

  test('for ever is no proof of its tasks, though each of them stays RUNNING', () =>
    inAWorld({}, async (sim) => {
      const result = await step(sim, { ...tag('latecrash-1'), ...inputs }, { files });
      expectRed(result, 'rolled-back', 'app-crashed');
      expect(result.outputs['message']).toContain('exited with code 1: its restart policy started it again');
    }));

  test('never is proven by its running, once it has run for a while', () =>
    inAWorld({}, async (sim) => {
      const result = await step(sim, { ...tag('v2'), ...inputs }, { files });
      expectGreen(result, 'succeeded');
      expect(Number(result.outputs['duration-seconds'])).toBeGreaterThan(60);
    }));
});
