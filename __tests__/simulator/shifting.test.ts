/** LINEAR and CANARY: production traffic goes over in steps. */
import { afterEach, describe, expect, test } from '@jest/globals';
import { DescribeServiceDeploymentsCommand } from '@aws-sdk/client-ecs';
import type { ServiceDeployment } from '@aws-sdk/client-ecs';
import { DescribeRulesCommand } from '@aws-sdk/client-elastic-load-balancing-v2';
import type { Action } from '@aws-sdk/client-elastic-load-balancing-v2';
import { ManualClock } from '../../simulator/clock.ts';
import { trafficSteps } from '../../simulator/engine/shifting.ts';
import type { JsonObject } from '../../simulator/state/json.ts';
import { seedWorld } from '../../simulator/scenario/seed.ts';
import { startSimulator } from '../../simulator/simulator.ts';
import { clientsOf } from './clients.ts';

const open: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const close of open.splice(0)) await close();
});

async function stage(blueGreen: JsonObject) {
  const clock = new ManualClock();
  const sim = await startSimulator({ clock, world: seedWorld({ blueGreen, alarms: { errors: 'OK' } }) });
  const clients = clientsOf(sim);
  open.push(async () => {
    clients.close();
    await sim.close();
  });
  const service = sim.world.cluster('demo').service('bluegreen');
  const latest = () => service.serviceDeployments[0]!;
  const describeIt = async (): Promise<ServiceDeployment> => {
    const command = new DescribeServiceDeploymentsCommand({ serviceDeploymentArns: [latest().arn] });
    return (await clients.ecs.send(command)).serviceDeployments![0]!;
  };
  /** Source and target weight, as DescribeServiceDeployments has them. */
  const weights = async (): Promise<(number | undefined)[]> => {
    const { sourceServiceRevisions = [], targetServiceRevision } = await describeIt();
    return [sourceServiceRevisions[0], targetServiceRevision].map(
      (revision) => revision?.requestedProductionTrafficWeight,
    );
  };
  /** How many of a hundred requests each version answers. */
  const answers = async (): Promise<Record<string, number>> => {
    const counts: Record<string, number> = {};
    for (let request = 0; request < 100; request += 1) {
      const response = await fetch(`${sim.loadBalancers['bluegreen']!.url}/version`);
      const { version } = (await response.json()) as { version: string };
      counts[version] = (counts[version] ?? 0) + 1;
    }
    return counts;
  };
  /** Where the rule of the production listener forwards to. */
  const forward = async (): Promise<Action> => {
    const ListenerArn = sim.world.balancing.loadBalancers.get('bluegreen')!.production.arn;
    const { Rules = [] } = await clients.elbv2.send(new DescribeRulesCommand({ ListenerArn }));
    return Rules[0]!.Actions![0]!;
  };
  const reach = (wanted: string): void => {
    clock.skipUntil(() => latest().lifecycle?.stage === wanted, 900);
  };
  const finish = (): void => {
    clock.skipUntil(() => latest().finishedAt !== undefined);
  };
  return { clock, sim, latest, describeIt, weights, answers, forward, reach, finish };
}

const linear = (stepPercent: number, stepBakeTimeInMinutes: number): JsonObject => ({
  strategy: 'LINEAR',
  linearConfiguration: { stepPercent, stepBakeTimeInMinutes },
});
const canary = (canaryPercent: number, canaryBakeTimeInMinutes: number): JsonObject => ({
  strategy: 'CANARY',
  canaryConfiguration: { canaryPercent, canaryBakeTimeInMinutes },
});

describe('the steps of a strategy', () => {
  test.each<[JsonObject, number[], number]>([
    [{}, [100], 0],
    [{ strategy: 'BLUE_GREEN' }, [100], 0],
    [{ strategy: 'LINEAR' }, [10, 20, 30, 40, 50, 60, 70, 80, 90, 100], 6],
    [linear(50, 0), [50, 100], 0],
    [linear(33.3, 2), [33.3, 66.6, 99.9, 100], 2],
    [linear(100, 2), [100], 2],
    [{ strategy: 'CANARY' }, [5, 100], 10],
    [canary(0.1, 3), [0.1, 100], 3],
    [canary(100, 3), [100], 3],
  ])('%j', (configuration, percents, bakeMinutes) => {
    expect(trafficSteps(configuration)).toEqual({ percents, bakeMinutes });
  });
});

test('steps out of their range are refused', async () => {
  const { sim } = await stage({ strategy: 'LINEAR' });
  for (const deploymentConfiguration of [linear(2.9, 1), linear(10, 1441), canary(0, 1), canary(101, 1)]) {
    expect(() => {
      sim.operator.updateService('bluegreen', { deploymentConfiguration });
    }).toThrow(/Configuration\.\w+ must be between/);
  }
});

describe('LINEAR', () => {
  test('shifts by its percentage, pauses after each step but the last, bakes, and cleans up', async () => {
    const { sim, clock, latest, describeIt, weights, answers, forward, reach, finish } = await stage(
      linear(40, 2),
    );
    sim.operator.deploy('bluegreen', 'v2');
    reach('POST_TEST_TRAFFIC_SHIFT');
    expect(await weights()).toEqual([100, 0]);
    for (const [source, target] of [
      [60, 40],
      [20, 80],
    ] as const) {
      clock.skipUntil(() => latest().lifecycle!.steps === target / 40, 180);
      expect(await describeIt()).toMatchObject({
        status: 'IN_PROGRESS',
        lifecycleStage: 'PRODUCTION_TRAFFIC_SHIFT',
        sourceServiceRevisions: [{ runningTaskCount: 2 }],
        targetServiceRevision: { runningTaskCount: 2, requestedTestTrafficWeight: 100 },
      });
      expect(await weights()).toEqual([source, target]);
      expect(await answers()).toEqual({ v1: source, v2: target });
      const { TargetGroupArn, ForwardConfig } = await forward();
      expect(TargetGroupArn).toBeUndefined();
      expect(ForwardConfig!.TargetGroups!.map(({ Weight }) => Weight)).toEqual([source, target]);
      clock.skip(110);
      expect(await weights()).toEqual([source, target]);
    }
    reach('BAKE_TIME');
    expect(await weights()).toEqual([0, 100]);
    expect(await answers()).toEqual({ v2: 100 });
    finish();
    expect(await describeIt()).toMatchObject({ status: 'SUCCESSFUL', lifecycleStage: 'CLEAN_UP' });
    // The other group stays on the rule, without requests: a rule that ECS manages has no target group of its own.
    const rule = await forward();
    expect(rule.TargetGroupArn).toBeUndefined();
    expect(rule).toMatchObject({
      ForwardConfig: {
        TargetGroups: [
          { TargetGroupArn: sim.world.balancing.targetGroups.get('blue')!.arn, Weight: 0 },
          { TargetGroupArn: sim.world.balancing.targetGroups.get('green')!.arn, Weight: 100 },
        ],
      },
    });
    const { startedAt, finishedAt } = latest();
    const minutes = (finishedAt! - startedAt!) / 60_000;
    expect(minutes).toBeGreaterThan(2 + 2 + 1);
    expect(minutes).toBeLessThan(2 + 2 + 1 + 2.5);
  });

  test('alternates: the next deployment goes back to the first group', async () => {
    const { sim, latest, answers, finish } = await stage(linear(50, 0));
    for (const [name, group] of [
      ['v2', 'green'],
      ['v3', 'blue'],
    ] as const) {
      sim.operator.deploy('bluegreen', name);
      finish();
      expect(latest().status).toBe('SUCCESSFUL');
      expect(await answers()).toEqual({ [name]: 100 });
      expect(sim.world.balancing.targetGroups.get(group)!.targets).toHaveLength(2);
    }
  });

  test('runs a hook of the production traffic shift at each step', async () => {
    const hook = {
      hookTargetArn: 'arn:aws:lambda:us-east-1:123456789012:function:check',
      roleArn: 'arn:aws:iam::123456789012:role/functions',
      lifecycleStages: ['PRODUCTION_TRAFFIC_SHIFT'],
    };
    const { sim, latest, finish } = await stage({ ...linear(25, 0), lifecycleHooks: [hook] });
    sim.operator.deploy('bluegreen', 'v2');
    finish();
    expect(latest().lifecycle!.hooks.map(({ status }) => status)).toEqual(Array(4).fill('SUCCEEDED'));
  });

  test('whose alarm rings during a step goes back to its source at once', async () => {
    const alarms = { alarmNames: ['errors'], enable: true, rollback: true };
    const { sim, clock, latest, describeIt, weights, answers, reach, finish } = await stage({
      ...linear(25, 5),
      alarms,
    });
    sim.operator.deploy('bluegreen', 'v2');
    reach('PRODUCTION_TRAFFIC_SHIFT');
    clock.skipUntil(() => latest().lifecycle!.steps === 2);
    expect(await weights()).toEqual([50, 50]);
    sim.operator.setAlarm('errors', 'ALARM');
    expect(latest().status).toBe('ROLLBACK_IN_PROGRESS');
    expect(await weights()).toEqual([100, 0]);
    expect(await answers()).toEqual({ v1: 100 });
    finish();
    expect(await describeIt()).toMatchObject({
      status: 'ROLLBACK_SUCCESSFUL',
      alarms: { status: 'TRIGGERED', triggeredAlarmNames: ['errors'] },
    });
    expect(sim.world.balancing.targetGroups.get('green')!.targets).toEqual([]);
  });
});

describe('CANARY', () => {
  test('shows the new revision to few, waits, and gives it the rest', async () => {
    const { sim, clock, describeIt, weights, answers, reach, finish } = await stage(canary(5, 3));
    sim.operator.deploy('bluegreen', 'v2');
    reach('PRODUCTION_TRAFFIC_SHIFT');
    expect(await weights()).toEqual([95, 5]);
    expect(await answers()).toEqual({ v1: 95, v2: 5 });
    clock.skip(170);
    expect(await weights()).toEqual([95, 5]);
    reach('BAKE_TIME');
    expect(await weights()).toEqual([0, 100]);
    finish();
    expect((await describeIt()).status).toBe('SUCCESSFUL');
  });

  test('stopped during the canary goes back to its source', async () => {
    const { sim, latest, weights, answers, reach, finish } = await stage(canary(10, 60));
    sim.operator.deploy('bluegreen', 'v2');
    reach('PRODUCTION_TRAFFIC_SHIFT');
    sim.operator.stopServiceDeployment('bluegreen');
    finish();
    expect(latest().status).toBe('ROLLBACK_SUCCESSFUL');
    expect(await weights()).toEqual([100, 0]);
    expect(await answers()).toEqual({ v1: 100 });
  });

  test('that is superseded hands its share back: the next deployment begins with none', async () => {
    const { sim, latest, describeIt, answers, reach, finish } = await stage(canary(10, 1));
    sim.operator.deploy('bluegreen', 'v2');
    reach('PRODUCTION_TRAFFIC_SHIFT');
    sim.operator.deploy('bluegreen', 'v3');
    expect(await describeIt()).toMatchObject({
      // Of v2, which was superseded, and of v1, which serves.
      sourceServiceRevisions: [
        { requestedProductionTrafficWeight: 0 },
        { requestedProductionTrafficWeight: 100 },
      ],
      targetServiceRevision: { requestedProductionTrafficWeight: 0 },
    });
    expect(await answers()).toEqual({ v1: 100 });
    finish();
    expect(latest().status).toBe('SUCCESSFUL');
    expect(await answers()).toEqual({ v3: 100 });
  });

  test('bakes once, its alarms watched to the end of it', async () => {
    const alarms = { alarmNames: ['errors'], enable: true, rollback: true };
    const { sim, clock, latest, reach, finish } = await stage({
      ...canary(10, 0),
      bakeTimeInMinutes: 10,
      alarms,
    });
    sim.operator.deploy('bluegreen', 'v2');
    reach('BAKE_TIME');
    const began = clock.now();
    finish();
    expect(latest()).toMatchObject({ status: 'SUCCESSFUL', alarms: { status: 'MONITORING_COMPLETE' } });
    expect(clock.now() - began).toBeLessThan(11 * 60_000);
  });
});
