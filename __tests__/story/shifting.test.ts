/** Worlds in which something moves while a deployment is followed: traffic in steps, the desired count. */
import { describe, expect, test } from '@jest/globals';
import {
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

/** The weights of the new revision that a summary tells, in their order; each row has a stage and a time. */
function weightsIn(summary: string): (string | undefined)[] {
  return [...summary.matchAll(/^\| (\d+ %) \| [a-z ]+ \| [\d:]+ \|$/gm)].map(([, weight]) => weight);
}

describe('traffic that shifts in steps', () => {
  test('LINEAR: followed to its end, stage by stage', () =>
    inAWorld(
      {
        blueGreen: {
          strategy: 'LINEAR',
          linearConfiguration: { stepPercent: 50, stepBakeTimeInMinutes: 1 },
        },
      },
      async (sim) => {
        const url = sim.loadBalancers['bluegreen']?.url ?? '';
        const result = await step(sim, {
          ...tag('v2'),
          service: 'bluegreen',
          'health-check-url': `${url}/version`,
          'health-check-json': 'version=v2',
        });
        expectGreen(result, 'succeeded');
        const stages = ['scale up', 'production traffic shift, 50 %', 'bake time'];
        const places = stages.map((stage) => result.log.indexOf(`in progress (${stage})`));
        expect(places.every((place) => place >= 0)).toBe(true);
        expect(places).toEqual([...places].sort((one, other) => one - other));
        expect(weightsIn(result.summary)).toEqual(['50 %', '100 %']);
        expect(production(sim, 'bluegreen')).toBe('bluegreen:2 COMPLETED');
        expect(service(sim, 'bluegreen').serviceDeployments[0]?.lifecycle).toMatchObject({
          stage: 'CLEAN_UP',
          steps: 2,
        });
      },
    ));

  test('CANARY: an alarm that goes into ALARM while few users see the new revision rolls back, and is the cause', () =>
    inAWorld(
      {
        alarms: { errors: 'OK' },
        blueGreen: {
          strategy: 'CANARY',
          canaryConfiguration: { canaryPercent: 10, canaryBakeTimeInMinutes: 10 },
          alarms: { alarmNames: ['errors'], enable: true, rollback: true },
        },
      },
      async (sim) => {
        const { balancing } = sim.world;
        const weightOfNew = (): number =>
          balancing.weightOf([balancing.targetGroups.get('green')?.arn ?? ''], 'production');
        const seen: number[] = [];
        sim.when(
          () => weightOfNew() > 0,
          () => {
            seen.push(weightOfNew());
            sim.at(30, () => {
              sim.operator.setAlarm('errors', 'ALARM');
            });
          },
        );
        const result = await step(sim, { ...tag('v2'), service: 'bluegreen' });
        expectRed(result, 'rolled-back', 'alarm');
        expect(result.log).toContain('production traffic shift');
        expect(seen).toEqual([10]);
        expect(weightsIn(result.summary)).toEqual(['10 %', '0 %']);
        expect(weightOfNew()).toBe(0);
        expect(production(sim, 'bluegreen')).toBe('bluegreen:1 COMPLETED');
      },
    ));
});

describe('gates while both revisions are there', () => {
  const BAKE = { strategy: 'BLUE_GREEN', bakeTimeInMinutes: 20 };

  test('a URL that answers 500 while ECS bakes is seen at once, and the way back is that of ECS', () =>
    inAWorld({ blueGreen: BAKE, tags: ['error500'] }, async (sim) => {
      const url = sim.loadBalancers['bluegreen']?.url ?? '';
      const result = await step(sim, {
        ...tag('error500'),
        service: 'bluegreen',
        'health-check-url': `${url}/health`,
      });
      expectRed(result, 'rolled-back', 'http-check-failed');
      expect(result.outputs['message']).toMatch(
        /does not pass the http gate while .* traffic reaches it|while it bakes/,
      );
      expect(mutations(sim)).toEqual([
        'RegisterTaskDefinition',
        'UpdateService',
        'StopServiceDeployment',
        'DeregisterTaskDefinition',
      ]);
      expect(production(sim, 'bluegreen')).toBe('bluegreen:1 COMPLETED');
      expect(Number(result.outputs['duration-seconds'])).toBeLessThan(300);
    }));

  test('an alarm of the run that goes into ALARM while ECS bakes rolls back', () =>
    inAWorld({ blueGreen: BAKE, alarms: { errors: 'OK' } }, async (sim) => {
      sim.when(
        () => service(sim, 'bluegreen').serviceDeployments[0]?.lifecycle?.stage === 'BAKE_TIME',
        () => {
          sim.at(40, () => {
            sim.operator.setAlarm('errors', 'ALARM');
          });
        },
      );
      const result = await step(sim, { ...tag('v2'), service: 'bluegreen', alarms: 'errors' });
      expectRed(result, 'rolled-back', 'alarm');
      expect(result.outputs['message']).toContain('does not pass the alarms gate while it bakes');
      expect(Number(result.outputs['duration-seconds'])).toBeLessThan(300);
    }));

  test("ECS's own bake is part of bake-minutes", () =>
    inAWorld({ blueGreen: { strategy: 'BLUE_GREEN', bakeTimeInMinutes: 5 } }, async (sim) => {
      const url = sim.loadBalancers['bluegreen']?.url ?? '';
      const inputs = { ...tag('v2'), service: 'bluegreen', 'health-check-url': `${url}/health` };
      const result = await step(sim, { ...inputs, 'bake-minutes': '6' });
      expectGreen(result, 'succeeded');
      const seconds = Number(result.outputs['duration-seconds']);
      expect(seconds).toBeGreaterThan(360);
      expect(seconds).toBeLessThan(560);
    }));

  test('what the URL answered badly before is no evidence while ECS bakes: it is judged at the end, and left', () =>
    inAWorld({ blueGreen: { strategy: 'BLUE_GREEN', bakeTimeInMinutes: 2 } }, async (sim) => {
      const url = sim.loadBalancers['bluegreen']?.url ?? '';
      const result = await step(sim, {
        ...tag('v2'),
        service: 'bluegreen',
        'health-check-url': `${url}/nowhere`,
      });
      expectRed(result, 'failed', 'http-check-failed');
      expect(production(sim, 'bluegreen')).toBe('bluegreen:2 COMPLETED');
    }));
});

test('an autoscaler that raises the desired count during a rollout has the last word', () =>
  inAWorld({ autoscaling: { backend: { min: 2, max: 6, cpuTarget: 50 } } }, async (sim) => {
    const during: string[] = [];
    onceUnderway(sim, () => {
      sim.operator.setLoad('backend', 230);
      sim.at(61, () => {
        during.push(`${String(service(sim).desiredCount)} ${production(sim)}`);
      });
    });
    expectGreen(await step(sim, tag('slow-1')), 'succeeded');
    expect(during).toEqual(['5 backend:2 IN_PROGRESS']);
    expect(service(sim).desiredCount).toBe(5);
    expect(production(sim)).toBe('backend:2 COMPLETED');
  }));
