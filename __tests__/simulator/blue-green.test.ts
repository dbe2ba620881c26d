import { afterEach, expect, test } from '@jest/globals';
import {
  ContinueServiceDeploymentCommand,
  DescribeServiceDeploymentsCommand,
  DescribeServiceRevisionsCommand,
} from '@aws-sdk/client-ecs';
import type { ServiceDeployment } from '@aws-sdk/client-ecs';
import { ManualClock } from '../../simulator/clock.ts';
import type { JsonObject } from '../../simulator/state/json.ts';
import { seedWorld } from '../../simulator/scenario/seed.ts';
import { startSimulator } from '../../simulator/simulator.ts';
import { clientsOf } from './clients.ts';

const open: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const close of open.splice(0)) await close();
});

async function stage(blueGreen: JsonObject = {}) {
  const clock = new ManualClock();
  const sim = await startSimulator({ clock, world: seedWorld({ blueGreen }) });
  const clients = clientsOf(sim);
  open.push(async () => {
    clients.close();
    await sim.close();
  });
  const service = sim.world.cluster('demo').service('bluegreen');
  const describe = async (): Promise<ServiceDeployment> => {
    const serviceDeploymentArns = [service.serviceDeployments[0]!.arn];
    const answer = await clients.ecs.send(new DescribeServiceDeploymentsCommand({ serviceDeploymentArns }));
    return answer.serviceDeployments![0]!;
  };
  const versionAt = async (listener: string): Promise<string> => {
    const response = await fetch(`${sim.loadBalancers[listener]!.url}/version`);
    return ((await response.json()) as { version: string }).version;
  };
  const reach = (wanted: string): void => {
    clock.skipUntil(() => service.serviceDeployments[0]!.lifecycle?.stage === wanted, 900);
  };
  const finish = (): void => {
    clock.skipUntil(() => service.serviceDeployments[0]!.finishedAt !== undefined);
  };
  return { clock, sim, clients, service, describe, versionAt, reach, finish };
}

const pause = (minutes: number, action?: string): JsonObject => ({
  lifecycleHooks: [
    {
      targetType: 'PAUSE',
      lifecycleStages: ['POST_TEST_TRAFFIC_SHIFT'],
      timeoutConfiguration: { timeoutInMinutes: minutes, ...(action === undefined ? {} : { action }) },
    },
  ],
});

test('new tasks are tested beside the old ones, then get the traffic, bake, and the old ones go', async () => {
  const { sim, service, clients, describe, versionAt, reach, finish } = await stage();
  sim.operator.deploy('bluegreen', 'v2');
  reach('POST_TEST_TRAFFIC_SHIFT');
  expect([await versionAt('bluegreen'), await versionAt('bluegreen-test')]).toEqual(['v1', 'v2']);
  expect((await describe()).targetServiceRevision).toMatchObject({
    requestedProductionTrafficWeight: 0,
    requestedTestTrafficWeight: 100,
    runningTaskCount: 2,
  });
  reach('BAKE_TIME');
  expect(await versionAt('bluegreen')).toBe('v2');
  expect(await describe()).toMatchObject({
    status: 'IN_PROGRESS',
    lifecycleStage: 'BAKE_TIME',
    sourceServiceRevisions: [{ runningTaskCount: 2, requestedProductionTrafficWeight: 0 }],
    targetServiceRevision: { requestedProductionTrafficWeight: 100 },
  });
  finish();
  expect(await describe()).toMatchObject({ status: 'SUCCESSFUL', lifecycleStage: 'CLEAN_UP' });
  expect(service.deployments).toHaveLength(1);
  const { serviceRevisions } = await clients.ecs.send(
    new DescribeServiceRevisionsCommand({ serviceRevisionArns: [service.deployments[0]!.revision.arn] }),
  );
  const [resolved] = serviceRevisions![0]!.resolvedConfiguration!.loadBalancers!;
  expect(resolved!.targetGroupArn).toBe(sim.world.balancing.targetGroups.get('green')!.arn);
});

test('a second deployment goes back to the first target group', async () => {
  const { sim, service, versionAt, finish } = await stage();
  for (const [tag, group] of [
    ['v2', 'green'],
    ['v3', 'blue'],
  ] as const) {
    sim.operator.deploy('bluegreen', tag);
    finish();
    expect(service.serviceDeployments[0]!.status).toBe('SUCCESSFUL');
    expect(await versionAt('bluegreen')).toBe(tag);
    expect(sim.world.balancing.targetGroups.get(group)!.targets).toHaveLength(2);
  }
});

test('a pause waits for its answer', async () => {
  for (const [action, status, version] of [
    ['CONTINUE', 'SUCCESSFUL', 'v2'],
    ['ROLLBACK', 'ROLLBACK_SUCCESSFUL', 'v1'],
  ] as const) {
    const { clock, sim, clients, service, describe, versionAt, reach, finish } = await stage(pause(60));
    sim.operator.deploy('bluegreen', 'v2');
    reach('POST_TEST_TRAFFIC_SHIFT');
    clock.skip(600);
    const { lifecycleStage, lifecycleHookDetails, serviceDeploymentArn } = await describe();
    expect(lifecycleStage).toBe('POST_TEST_TRAFFIC_SHIFT');
    expect(lifecycleHookDetails).toMatchObject([
      {
        targetType: 'PAUSE',
        status: 'AWAITING_ACTION',
        timeoutAction: 'ROLLBACK',
        expiresAt: expect.any(Date),
      },
    ]);
    const { hookId } = lifecycleHookDetails![0]!;
    const answer = new ContinueServiceDeploymentCommand({ serviceDeploymentArn, hookId, action });
    await clients.ecs.send(answer);
    await expect(clients.ecs.send(answer)).rejects.toMatchObject({ name: 'ConflictException' });
    finish();
    expect(service.serviceDeployments[0]!.status).toBe(status);
    expect(await versionAt('bluegreen')).toBe(version);
  }
});

test.each([
  ['CONTINUE', 'SUCCESSFUL'],
  ['ROLLBACK', 'ROLLBACK_SUCCESSFUL'],
])('a pause that nobody answers ends by its time-out action %s', async (action, status) => {
  const { sim, service, finish } = await stage(pause(5, action));
  sim.operator.deploy('bluegreen', 'v2');
  finish();
  expect(service.serviceDeployments[0]!.status).toBe(status);
});

test('a stop after the traffic shifted brings the traffic back', async () => {
  const { sim, service, versionAt, reach, finish } = await stage();
  sim.operator.deploy('bluegreen', 'v2');
  reach('BAKE_TIME');
  sim.operator.stopServiceDeployment('bluegreen');
  finish();
  expect(service.serviceDeployments[0]!.status).toBe('ROLLBACK_SUCCESSFUL');
  expect(await versionAt('bluegreen')).toBe('v1');
  expect(sim.world.balancing.targetGroups.get('green')!.targets).toEqual([]);
});
