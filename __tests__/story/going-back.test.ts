import { describe, expect, test } from '@jest/globals';
import { createService } from '../../simulator/engine/services.ts';
import type { World } from '../../simulator/engine/world.ts';
import type { Simulator } from '../../simulator/simulator.ts';
import { accepted, expectGreen, expectRed, inAWorld, mutations, production, step, tag } from './world.ts';

const ROLLBACK = { mode: 'rollback' };

/** A rollback that has just ended is what the next one asks for; half an hour later it is not. */
function later(sim: Simulator): void {
  sim.world.clock.skip(1800);
}

describe('mode: rollback', () => {
  test('goes back to the last good revision below the current one, and further each time', () =>
    inAWorld({}, async (sim) => {
      await step(sim, tag('v2'));
      await step(sim, tag('v3'));
      const once = await step(sim, ROLLBACK);
      expectGreen(once, 'succeeded');
      expect(production(sim)).toBe('backend:2 COMPLETED');
      later(sim);
      expectGreen(await step(sim, ROLLBACK), 'succeeded');
      // The first revision names a tag: its content is registered again with the digest that ran.
      expect(production(sim)).toBe('backend:4 COMPLETED');
      expect(accepted(sim, 'RegisterTaskDefinition')).toHaveLength(3);
    }));

  test('never goes back to a deployment that failed', () =>
    inAWorld({}, async (sim) => {
      await step(sim, tag('v2'));
      await step(sim, { ...tag('crash-1'), 'on-failure': 'rollback' });
      expectGreen(await step(sim, ROLLBACK), 'unchanged');
      expect(production(sim)).toBe('backend:2 COMPLETED');
      later(sim);
      expectGreen(await step(sim, ROLLBACK), 'succeeded');
      expect(production(sim)).toBe('backend:4 COMPLETED');
    }));

  test('registers a deregistered revision again', () =>
    inAWorld({}, async (sim) => {
      await step(sim, tag('v2'));
      const first = sim.world.taskDefinitions.find('backend:1');
      if (first !== undefined) sim.world.taskDefinitions.deregister(first);
      const result = await step(sim, ROLLBACK);
      expectGreen(result, 'succeeded');
      expect(production(sim)).toBe('backend:3 COMPLETED');
    }));

  test('says how to name a revision where history holds none', () =>
    inAWorld({}, async (sim) => {
      const result = await step(sim, ROLLBACK);
      expectRed(result, 'failed', 'no-rollback-target');
      expect(result.errors[0]).toContain('task-definition: backend:<revision>');
      expect(mutations(sim)).toEqual([]);
    }));

  test('takes each of several services back to a revision of its own', () =>
    inAWorld({}, async (sim) => {
      await step(sim, tag('v2'));
      await step(sim, { ...tag('v2'), service: 'worker' });
      const result = await step(sim, { ...ROLLBACK, service: 'backend, worker' });
      expectGreen(result, 'succeeded');
      expect([production(sim), production(sim, 'worker')]).toEqual([
        'backend:3 COMPLETED',
        'worker:3 COMPLETED',
      ]);
    }));
});

/** Image v2 runs, but not behind a load balancer. */
const behindTheLoadBalancerItFails = {
  behaviours: { v2: { targetHealth: { kind: 'status-mismatch', status: 503 } } },
} as const;

/** A third service: no load balancer, and the definition of `worker`. */
function addJobs(world: World): void {
  const { networkConfiguration } = world.cluster('demo').service('worker').settings;
  createService(world, world.cluster('demo'), 'jobs', {
    taskDefinition: 'worker',
    launchType: 'FARGATE',
    desiredCount: 1,
    networkConfiguration,
  });
}

describe('several services, one of which fails', () => {
  const three = { service: 'backend, worker, jobs', 'task-definition': 'shared.json' };
  const files = { 'shared.json': JSON.stringify(shared()) };

  test("each ends with its own outcome, and the worst is the step's", () =>
    inAWorld({ ...behindTheLoadBalancerItFails, more: addJobs }, async (sim) => {
      const result = await step(sim, { ...tag('v2'), ...three }, { files });
      expectRed(result, 'rolled-back', 'target-health-check-failed');
      expect(result.report.services.map(({ name, result: each }) => [name, each])).toEqual([
        ['backend', 'rolled-back'],
        ['worker', 'succeeded'],
        ['jobs', 'succeeded'],
      ]);
      expect(production(sim, 'worker')).toBe('shared:1 COMPLETED');
      expect(accepted(sim, 'DeregisterTaskDefinition')).toEqual([]);
    }));

  test('with on-failure: rollback-all every service goes back', () =>
    inAWorld({ ...behindTheLoadBalancerItFails, more: addJobs }, async (sim) => {
      const result = await step(sim, { ...tag('v2'), ...three, 'on-failure': 'rollback-all' }, { files });
      expectRed(result, 'rolled-back', 'target-health-check-failed');
      expect([production(sim), production(sim, 'worker')]).toEqual([
        'backend:1 COMPLETED',
        'worker:1 COMPLETED',
      ]);
      expect(accepted(sim, 'DeregisterTaskDefinition')).toHaveLength(1);
    }));
});

/** A definition that any of the services can run: its container has the name and port that target groups expect. */
function shared(): object {
  return {
    family: 'shared',
    networkMode: 'awsvpc',
    requiresCompatibilities: ['FARGATE'],
    cpu: '512',
    memory: '1024',
    executionRoleArn: 'arn:aws:iam::123456789012:role/ecs-execution',
    containerDefinitions: [
      { name: 'backend', image: 'placeholder', portMappings: [{ containerPort: 8000 }] },
    ],
  };
}

describe('a rollback that ECS or the account makes hard', () => {
  test('is asked for again where ECS does not find the deployment this moment', () =>
    inAWorld({}, async (sim) => {
      const effect = {
        kind: 'error',
        code: 'ServiceDeploymentNotFoundException',
        message: 'The service deployment was not found.',
      } as const;
      sim.inject({ action: 'StopServiceDeployment', times: 1, effect });
      expectRed(await step(sim, tag('crash-1')), 'rolled-back', 'app-crashed');
      expect(production(sim)).toBe('backend:1 COMPLETED');
      expect(accepted(sim, 'StopServiceDeployment')).toHaveLength(1);
    }));

  test('stands where the count may not be restored, and the message says so', () =>
    inAWorld({}, async (sim) => {
      sim.inject({ action: 'UpdateService', from: 2, effect: { kind: 'denied' } });
      const result = await step(sim, { ...tag('crash-1'), 'desired-count': '3' });
      expectRed(result, 'rolled-back', 'app-crashed');
      expect(production(sim)).toBe('backend:1 COMPLETED');
      expect(result.outputs['message']).toMatch(/it was rolled back, but desired-count is still 3, not 2 \(/);
      expect(result.outputs['changed']).toBe('true');
    }));
});
