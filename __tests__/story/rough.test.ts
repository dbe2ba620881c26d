/** An AWS that is large, slow, or does not answer: what is seen late is judged as what is seen at once. */
import { describe, expect, test } from '@jest/globals';
import type { FaultEffect } from '../../simulator/scenario/faults.ts';
import type { Simulator } from '../../simulator/simulator.ts';
import { accepted, expectGreen, expectRed, inAWorld, production, service, step, tag } from './world.ts';

/** What a busy region takes for its answers. */
function slowReads(sim: Simulator): void {
  sim.inject({ action: 'ListTasks', effect: { kind: 'delay', milliseconds: 120 } });
  sim.inject({ action: 'DescribeTasks', effect: { kind: 'delay', milliseconds: 250 } });
  sim.inject({ action: 'DescribeTargetHealth', effect: { kind: 'delay', milliseconds: 600 } });
}

describe('a service of 700 tasks whose reads take their time', () => {
  const LARGE = { desiredCount: 700 };

  test('that is healthy at the deadline, with old tasks draining, is left', () =>
    inAWorld({ ...LARGE, deregistrationDelaySeconds: 900 }, async (sim) => {
      slowReads(sim);
      const result = await step(sim, { ...tag('v2'), 'wait-for-minutes': '4' });
      expectRed(result, 'timed-out', 'timeout');
      expect(result.outputs['message']).toContain('the new tasks are all healthy');
      expect(accepted(sim, 'StopServiceDeployment')).toEqual([]);
    }));

  test('that crashes is seen by its tasks, and rolled back long before the deadline', () =>
    inAWorld(LARGE, async (sim) => {
      slowReads(sim);
      const result = await step(sim, tag('crash-1'));
      expectRed(result, 'rolled-back', 'app-crashed');
      const stopped = sim.calls.find(({ action }) => action === 'StopServiceDeployment')?.time ?? 0;
      const updated = sim.calls.find(({ action }) => action === 'UpdateService')?.time ?? 0;
      expect((stopped - updated) / 1000).toBeLessThan(120);
    }));
});

test('1,500 tasks whose reads take their time are judged within a look of when two are', async () => {
  const secondsToJudge = async (desiredCount: number): Promise<number> => {
    let seconds = Number.NaN;
    await inAWorld({ desiredCount, circuitBreaker: false }, async (sim) => {
      slowReads(sim);
      const { report } = await step(sim, tag('crash-1'));
      expect(report.result).toBe('rolled-back');
      expect(accepted(sim, 'StopServiceDeployment')).toHaveLength(1);
      seconds = report.steps.find(({ name }) => name === 'Roll back')?.from ?? Number.NaN;
    });
    return seconds;
  };
  const [two, many] = [await secondsToJudge(2), await secondsToJudge(1500)];
  // A pause between two looks, and the walk over fifteen pages of tasks.
  expect(many - two).toBeLessThanOrEqual(7);
});

describe('tasks that may not be read', () => {
  test('are warned of once; a rollout whose old tasks drain is left at the deadline', () =>
    inAWorld({ deregistrationDelaySeconds: 900 }, async (sim) => {
      for (const action of ['ListTasks', 'DescribeTasks']) sim.inject({ action, effect: { kind: 'denied' } });
      const result = await step(sim, { ...tag('v2'), 'wait-for-minutes': '3' });
      expectRed(result, 'timed-out', 'timeout');
      expect(result.warnings.filter((each) => each.includes('ecs:ListTasks'))).toHaveLength(1);
      expect(accepted(sim, 'StopServiceDeployment')).toEqual([]);
    }));
});

describe('a healthy rollout of which AWS tells nothing until the deadline', () => {
  const LIMIT = { ...tag('v2'), 'wait-for-minutes': '6' };
  const silent = (sim: Simulator, action: string | undefined, effect: FaultEffect): void => {
    sim.at(20, () => {
      sim.inject({ ...(action === undefined ? {} : { action }), effect });
    });
  };

  test.each<[string, string | undefined, FaultEffect]>([
    ['since every call is reset', undefined, { kind: 'reset', when: 'after' }],
    ['since the services have no answer', 'DescribeServices', { kind: 'http-500' }],
    ['since the service deployments are throttled', 'DescribeServiceDeployments', { kind: 'throttle' }],
    ['since the services hang', 'DescribeServices', { kind: 'hang', when: 'before' }],
  ])('%s, is left: nobody knows anything against it', (_, action, effect) =>
    inAWorld({}, async (sim) => {
      silent(sim, action, effect);
      const result = await step(sim, LIMIT);
      expectRed(result, 'timed-out', 'timeout');
      expect(result.outputs['message']).toMatch(/AWS gave no answer about it for the last \d minutes/);
      expect(accepted(sim, 'UpdateService')).toHaveLength(1);
      expect(accepted(sim, 'StopServiceDeployment')).toEqual([]);
    }),
  );

  test('since its tasks have no answer, is judged by the counts of ECS', () =>
    inAWorld({ deregistrationDelaySeconds: 900 }, async (sim) => {
      silent(sim, 'DescribeTasks', { kind: 'http-500' });
      const result = await step(sim, LIMIT);
      expectRed(result, 'timed-out', 'timeout');
      expect(accepted(sim, 'StopServiceDeployment')).toEqual([]);
    }));

  test('is rolled back where the last minute was seen, and it was not well', () =>
    inAWorld({ behaviours: { v2: { pullSeconds: 900 } } }, async (sim) => {
      sim.at(20, () => {
        const heal = sim.inject({ action: 'DescribeServices', effect: { kind: 'http-500' } });
        sim.at(200, heal);
      });
      expectRed(await step(sim, LIMIT), 'rolled-back', 'timeout');
    }));
});

describe('a rollback', () => {
  test('that ECS does not answer is tried by the other call', () =>
    inAWorld({ circuitBreaker: false }, async (sim) => {
      sim.inject({ action: 'StopServiceDeployment', effect: { kind: 'hang', when: 'before' } });
      const result = await step(sim, tag('crash-1'));
      expectRed(result, 'rolled-back', 'app-crashed');
      expect(production(sim)).toMatch(/^backend:\d+ COMPLETED$/);
      expect(accepted(sim, 'UpdateService')).toHaveLength(2);
    }));

  test('that ECS does itself in the end leaves no copy of the last good revision behind', () =>
    inAWorld({ circuitBreaker: false }, async (sim) => {
      sim.inject({ action: 'StopServiceDeployment', times: 1, effect: { kind: 'hang', when: 'before' } });
      sim.inject({ action: 'UpdateService', from: 2, times: 1, effect: { kind: 'http-500' } });
      const result = await step(sim, tag('crash-1'));
      expectRed(result, 'rolled-back', 'app-crashed');
      expect(production(sim)).toBe('backend:1 COMPLETED');
      expect(accepted(sim, 'RegisterTaskDefinition')).toHaveLength(2);
      expect(result.log).toContain('backend:3 is deregistered');
      const active = sim.world.taskDefinitions.all().filter(({ status }) => status === 'ACTIVE');
      expect(active.map(({ arn }) => arn).filter((arn) => /backend:/.test(arn))).toEqual([
        expect.stringMatching(/backend:1$/),
      ]);
    }));

  test('goes on through minutes of server errors', () =>
    inAWorld({}, async (sim) => {
      sim.when(
        () => sim.calls.filter(({ action }) => action === 'UpdateService').length === 1,
        () => {
          const heal = sim.inject({ action: 'UpdateService', effect: { kind: 'http-500' } });
          sim.at(240, heal);
        },
      );
      const url = sim.loadBalancers['web']?.url ?? '';
      const result = await step(sim, { ...tag('error500-1'), 'health-check-url': `${url}/health` });
      expectRed(result, 'rolled-back', 'http-check-failed');
      expect(result.outputs['message']).not.toContain('still not well');
    }));

  test('is not judged by a hiccup of one of its tasks: it is followed to the end', () =>
    inAWorld({ desiredCount: 6 }, async (sim) => {
      const url = sim.loadBalancers['web']?.url ?? '';
      sim.when(
        () =>
          service(sim).deployments[0]?.rolloutState === 'COMPLETED' &&
          service(sim).deployments[0]?.revision.definition.revision === 2,
        () => {
          const v1 = sim.world.registry.repositories.get('backend')?.find({ tag: 'v1', digest: undefined });
          sim.world.images.behaviours.set(v1?.digest ?? '', {
            startReason:
              'CannotPullContainerError: failed to copy: httpReadSeeker: failed open: 403 Forbidden',
            startReasonTimes: 1,
          });
        },
      );
      const result = await step(sim, { ...tag('error500-1'), 'health-check-url': `${url}/health` });
      expectRed(result, 'rolled-back', 'http-check-failed');
      expect(production(sim)).toMatch(/COMPLETED$/);
    }));
});

test('rollback-all stops what is doomed the moment it is known', () =>
  inAWorld({ behaviours: { v2: { pullSeconds: 600 } }, tags: ['crash-1'] }, async (sim) => {
    const files = {
      'shared.json': JSON.stringify({
        family: 'shared',
        networkMode: 'awsvpc',
        requiresCompatibilities: ['FARGATE'],
        cpu: '256',
        memory: '512',
        executionRoleArn: 'arn:aws:iam::123456789012:role/ecs-execution',
        containerDefinitions: [
          { name: 'backend', image: 'placeholder', portMappings: [{ containerPort: 8000 }] },
        ],
      }),
    };
    // Behind its load balancer the one is unhealthy at once; the other, without any, would be well.
    sim.world.images.behaviours.set('backend:v3', {
      targetHealth: { kind: 'status-mismatch', status: 503 },
    });
    const result = await step(
      sim,
      {
        ...tag('v3'),
        service: 'backend, worker',
        'task-definition': 'shared.json',
        'on-failure': 'rollback-all',
      },
      { files },
    );
    expectRed(result, 'rolled-back', 'target-health-check-failed');
    for (const name of ['backend', 'worker']) expect(production(sim, name)).toMatch(/COMPLETED$/);
    expect(service(sim, 'worker').deployments[0]?.revision.definition.family).toBe('worker');
  }));

test('a service that is small and quiet is green as ever where reads take their time', () =>
  inAWorld({}, async (sim) => {
    slowReads(sim);
    expectGreen(await step(sim, tag('v2')), 'succeeded');
  }));
