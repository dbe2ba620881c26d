/** What happens to a deployment of the run while the run itself bakes it, after its deployer had called it done. */
import { describe, expect, test } from '@jest/globals';
import { stopDeployment } from '../../simulator/engine/codedeploy/deployments.ts';
import type { Simulator } from '../../simulator/simulator.ts';
import { accepted, expectRed, inAWorld, service, step, tag } from './world.ts';
import type { StepResult } from '../../runner/step.ts';

const BAKE = { 'bake-minutes': '30' };

/** Acts two minutes after the deployment of the run was done. */
function duringTheBake(sim: Simulator, isDone: () => boolean, act: () => void): void {
  sim.when(isDone, () => {
    sim.at(120, act);
  });
}

const ecsIsDone = (sim: Simulator) => (): boolean =>
  service(sim).serviceDeployments.length > 1 && service(sim).serviceDeployments[0]?.status === 'SUCCESSFUL';

const codeDeployIsDone = (sim: Simulator) => (): boolean =>
  sim.world.codeDeploy.deployments[0]?.terminationWaitStarted === true;

/** The bake would have lasted for half an hour. */
function expectSoon(result: StepResult): void {
  expect(Number(result.outputs['duration-seconds'])).toBeLessThan(600);
}

describe('ECS', () => {
  test('somebody deploys another revision: superseded, at the next look', () =>
    inAWorld({}, async (sim) => {
      duringTheBake(sim, ecsIsDone(sim), () => {
        sim.operator.deploy('backend', 'v3');
      });
      const result = await step(sim, { ...tag('v2'), ...BAKE });
      expectRed(result, 'superseded', 'superseded');
      expectSoon(result);
    }));
});

describe('CodeDeploy', () => {
  const SERVICE = { ...tag('v2'), service: 'checkout', ...BAKE };

  test('an alarm of its group rolls it back: said at the next look, with the alarm as the cause', () =>
    inAWorld(
      { codeDeploy: { alarms: ['errors'], terminationMinutes: 60 }, alarms: { errors: 'OK' } },
      async (sim) => {
        duringTheBake(sim, codeDeployIsDone(sim), () => {
          sim.operator.setAlarm('errors', 'ALARM');
        });
        const result = await step(sim, SERVICE);
        expectRed(result, 'rolled-back', 'alarm');
        expectSoon(result);
      },
    ));

  test('a person stops it and rolls it back', () =>
    inAWorld({ codeDeploy: { terminationMinutes: 60 } }, async (sim) => {
      duringTheBake(sim, codeDeployIsDone(sim), () => {
        const [deployment] = sim.world.codeDeploy.deployments;
        if (deployment !== undefined) stopDeployment(sim.world, deployment, true);
      });
      const result = await step(sim, SERVICE);
      expectRed(result, 'rolled-back', 'deployment-stopped');
      expectSoon(result);
      expect(accepted(sim, 'StopDeployment')).toEqual([]);
    }));
});
