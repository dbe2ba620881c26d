/** An autoscaler that follows a scripted load. */
import { afterEach, describe, expect, test } from '@jest/globals';
import { ApplicationAutoScaling } from '@aws-sdk/client-application-auto-scaling';
import { ManualClock } from '../../simulator/clock.ts';
import { parseScenario } from '../../simulator/scenario/scenario.ts';
import { seedWorld } from '../../simulator/scenario/seed.ts';
import type { ScalingPlan } from '../../simulator/scenario/seed.ts';
import { startSimulator } from '../../simulator/simulator.ts';
import type { SimulatorOptions } from '../../simulator/simulator.ts';

const open: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const close of open.splice(0)) await close();
});

const about = { ServiceNamespace: 'ecs', ResourceId: 'service/demo/backend' } as const;

async function begin(options: SimulatorOptions) {
  const clock = new ManualClock();
  const sim = await startSimulator({ ...options, clock });
  const scaling = new ApplicationAutoScaling({
    endpoint: sim.url,
    region: sim.env.AWS_REGION,
    maxAttempts: 1,
    credentials: { accessKeyId: 'simulated', secretAccessKey: 'simulated' },
  });
  open.push(async () => {
    scaling.destroy();
    await sim.close();
  });
  return { clock, sim, scaling, service: sim.world.cluster('demo').service('backend') };
}

function beginWith(plan: ScalingPlan) {
  return begin({ world: seedWorld({ autoscaling: { backend: plan } }) });
}

test('a range alone scales nothing', async () => {
  const { clock, scaling, service } = await beginWith({ min: 3, max: 4 });
  clock.skip(600);
  expect(service.desiredCount).toBe(2);
  expect((await scaling.describeScalingPolicies(about)).ScalingPolicies).toEqual([]);
});

describe('a load', () => {
  test.each([
    [100, 2],
    [101, 3],
    [250, 5],
    [900, 6],
    [0, 1],
  ])('of %i percent of one task takes %i tasks that are half busy', async (load, count) => {
    const { clock, sim, service } = await beginWith({ min: 1, max: 6 });
    sim.operator.setLoad('backend', load);
    clock.skip(59);
    expect(service.desiredCount).toBe(2);
    clock.skip(1);
    expect(service.desiredCount).toBe(count);
    clock.skip(120);
    const running = service.cluster.tasksOf(service).filter(({ lastStatus }) => lastStatus === 'RUNNING');
    expect(running).toHaveLength(count);
    expect(service.deployments).toHaveLength(1);
  });

  test('that changes is followed each minute, without another deployment', async () => {
    const { clock, sim, service } = await beginWith({ min: 1, max: 10, cpuTarget: 80 });
    for (const [load, count] of [
      [320, 4],
      [640, 8],
      [80, 1],
    ] as const) {
      sim.operator.setLoad('demo/backend', load);
      clock.skip(60);
      expect(service.desiredCount).toBe(count);
    }
    expect(service.serviceDeployments).toHaveLength(1);
  });

  test('that falls during a deployment waits for its end; one that rises does not', async () => {
    const { clock, sim, service } = await beginWith({ min: 1, max: 6 });
    sim.operator.deploy('backend', 'slow-1');
    sim.operator.setLoad('backend', 200);
    clock.skip(60);
    expect(service.desiredCount).toBe(4);
    sim.operator.setLoad('backend', 10);
    clock.skip(60);
    expect([service.serviceDeployments[0]!.status, service.desiredCount]).toEqual(['IN_PROGRESS', 4]);
    clock.skipUntil(() => service.desiredCount === 1, 900);
    expect(service.serviceDeployments[0]!.status).toBe('SUCCESSFUL');
  });

  test('of a service that is no scalable target is a mistake', async () => {
    const { sim } = await beginWith({ min: 1, max: 6 });
    expect(() => {
      sim.operator.setLoad('worker', 10);
    }).toThrow('Service "worker" is not a scalable target.');
  });
});

test('what the autoscaler does can be read', async () => {
  const { clock, sim, scaling } = await beginWith({ min: 1, max: 6, cpuTarget: 60 });
  sim.operator.setLoad('backend', 200);
  clock.skip(60);
  const read = async () => (await scaling.describeScalingActivities(about)).ScalingActivities;
  expect(await read()).toEqual([
    expect.objectContaining({
      Description: 'Setting desired count to 4.',
      Cause:
        'monitor alarm TargetTracking-service/demo/backend-AlarmHigh in state ALARM triggered policy backend-cpu',
      StatusCode: 'InProgress',
      StatusMessage: 'Successfully set desired count to 4. Waiting for change to be fulfilled by ecs.',
    }),
  ]);
  clock.skip(120);
  expect(await read()).toMatchObject([
    {
      StatusCode: 'Successful',
      StatusMessage: 'Successfully set desired count to 4. Change successfully fulfilled by ecs.',
      EndTime: expect.any(Date),
    },
  ]);
  expect((await scaling.describeScalingPolicies(about)).ScalingPolicies).toMatchObject([
    { PolicyType: 'TargetTrackingScaling', TargetTrackingScalingPolicyConfiguration: { TargetValue: 60 } },
  ]);
  expect((await scaling.describeScalableTargets({ ServiceNamespace: 'ecs' })).ScalableTargets).toMatchObject([
    { ResourceId: about.ResourceId, MinCapacity: 1, MaxCapacity: 6 },
  ]);
});

describe('a scenario', () => {
  test('scripts the load from the end of the seed on', async () => {
    const content = `
autoscaling:
  backend: { min: 1, max: 6, load: [{ percent: 90 }, { afterSeconds: 90, percent: 260 }] }
`;
    const { clock, service } = await begin(parseScenario(content, 'a.yml'));
    clock.skip(119);
    expect(service.desiredCount).toBe(2);
    clock.skip(1);
    expect(service.desiredCount).toBe(6);
  });

  test('names what is wrong with a plan', () => {
    const content = 'autoscaling: { backend: { min: 1, mx: 6, load: [90] }, worker: 3 }';
    expect(() => parseScenario(content, 'a.yml')).toThrow(
      /^a\.yml: autoscaling\.backend\.max is missing; autoscaling\.backend\.mx is not a key \(known: .*\); autoscaling\.backend\.load has the wrong type; autoscaling\.worker must be a table\.$/,
    );
  });
});
