/** Services that CodeDeploy deploys, where AWS, an operator or the job itself is in the way. */
import { describe, expect, test } from '@jest/globals';
import { CODEDEPLOY_POLICY } from '../../scripts/readme-policy.ts';
import { ManualClock } from '../../simulator/clock.ts';
import { stopDeployment } from '../../simulator/engine/codedeploy/deployments.ts';
import type { CodeDeploySeed } from '../../simulator/scenario/codedeploy.ts';
import type { Simulator } from '../../simulator/simulator.ts';
import type { CodeDeployment } from '../../simulator/state/codedeploy.ts';
import {
  accepted,
  expectGreen,
  expectRed,
  inAWorld,
  mutations,
  production,
  service,
  signalAt,
  step,
  tag,
} from './world.ts';

const SERVICE = { service: 'checkout' };

const CANARY = 'CodeDeployDefault.ECSCanary10Percent5Minutes';

const deployTo = (name: string, more: Readonly<Record<string, string>> = {}): Record<string, string> => ({
  ...tag(name),
  ...SERVICE,
  ...more,
});

const urlOf = (sim: Simulator, path = '/health', listener = 'checkout'): string =>
  `${sim.loadBalancers[listener]?.url ?? ''}${path}`;

const running = (sim: Simulator): string => production(sim, 'checkout').split(' ')[0] ?? '';

const deployments = (sim: Simulator): readonly CodeDeployment[] => sim.world.codeDeploy.deployments;

const acts = (sim: Simulator): string[] =>
  accepted(sim, 'CreateDeployment', 'ContinueDeployment', 'StopDeployment').map(({ action }) => action);

const share = (sim: Simulator): number =>
  sim.world.balancing.weightOf(deployments(sim).at(-1)?.green?.revision.groupArns ?? [], 'production');

const withWorld = (
  codeDeploy: CodeDeploySeed,
  run: (sim: Simulator) => Promise<void>,
  more: object = {},
): Promise<void> => inAWorld({ codeDeploy, tags: ['error500'], ...more }, run);

function skip(sim: Simulator, seconds: number): void {
  if (sim.world.clock instanceof ManualClock) sim.world.clock.skip(seconds);
}

/** The service, as a person or a program deploys it beside this run. */
function deployAside(sim: Simulator, act: (first: CodeDeployment) => void, when: () => boolean): void {
  sim.when(when, () => {
    const [first] = deployments(sim);
    if (first !== undefined) act(first);
  });
}

describe('an answer that is lost', () => {
  test.each(['reset', 'hang'] as const)(
    'of CreateDeployment (%s): one deployment, and it is followed',
    (kind) =>
      withWorld({}, async (sim) => {
        sim.inject({ action: 'CreateDeployment', times: 1, effect: { kind, when: 'after' } });
        expectGreen(await step(sim, deployTo('v2')), 'succeeded');
        expect(deployments(sim)).toHaveLength(1);
      }),
  );

  test('of CreateDeployment that had no effect: it is sent again', () =>
    withWorld({}, async (sim) => {
      sim.inject({ action: 'CreateDeployment', times: 1, effect: { kind: 'reset', when: 'before' } });
      expectGreen(await step(sim, deployTo('v2')), 'succeeded');
      expect(deployments(sim)).toHaveLength(1);
    }));

  test.each(['before', 'after'] as const)('of StopDeployment, %s it took effect', (when) =>
    withWorld({ readyMinutes: 60 }, async (sim) => {
      sim.inject({ action: 'StopDeployment', times: 1, effect: { kind: 'reset', when } });
      const result = await step(
        sim,
        deployTo('error500', { 'test-url': urlOf(sim, '/health', 'checkout-test') }),
      );
      expectRed(result, 'rolled-back', 'http-check-failed');
      expect(running(sim)).toBe('checkout:1');
    }),
  );

  test.each(['before', 'after'] as const)('of ContinueDeployment, %s it took effect', (when) =>
    withWorld({ readyMinutes: 60 }, async (sim) => {
      sim.inject({ action: 'ContinueDeployment', times: 1, effect: { kind: 'reset', when } });
      const result = await step(sim, deployTo('v2', { 'test-url': urlOf(sim, '/health', 'checkout-test') }));
      expectGreen(result, 'succeeded');
    }),
  );

  test.each(['GetDeployment', 'BatchGetDeploymentTargets', 'GetDeploymentGroup'])(
    'of %s, for a while: throttled and broken answers only cost time',
    (action) =>
      withWorld({ config: CANARY }, async (sim) => {
        sim.inject({ action, from: 2, times: 6, effect: { kind: 'throttle' } });
        sim.inject({ action, from: 12, times: 3, effect: { kind: 'http-500' } });
        expectGreen(await step(sim, deployTo('v2')), 'succeeded');
      }),
  );
});

describe('what may not be asked', () => {
  test('none of what may be left out is needed', () =>
    withWorld({ config: CANARY }, async (sim) => {
      const optional = CODEDEPLOY_POLICY.flatMap(({ permissions }) => permissions).filter(
        ({ without }) => without !== undefined,
      );
      expect(optional.length).toBeGreaterThan(3);
      for (const { action } of optional)
        sim.inject({ action: action.split(':')[1] ?? '', effect: { kind: 'denied' } });
      expectGreen(await step(sim, deployTo('v2')), 'succeeded');
      expect(running(sim)).toBe('checkout:2');
    }));

  test('to stop: the rollback failed, and the run says what goes on', () =>
    withWorld({ readyMinutes: 60 }, async (sim) => {
      sim.inject({ action: 'StopDeployment', effect: { kind: 'denied' } });
      const result = await step(
        sim,
        deployTo('error500', { 'test-url': urlOf(sim, '/health', 'checkout-test') }),
      );
      expectRed(result, 'failed', 'rollback-failed');
      expect(result.outputs['message']).toContain('AccessDenied');
    }));

  test.each([
    ['denied', 'access-denied'],
    ['expired-token', 'credentials-expired'],
  ] as const)('while it is watched (%s): left, and taken up again by the next run', (kind, cause) =>
    withWorld({ config: CANARY }, async (sim) => {
      const arm = sim.inject({ action: 'GetDeployment', from: 5, effect: { kind } });
      const result = await step(sim, deployTo('v2'));
      expectRed(result, 'failed', cause);
      expect(result.outputs['message']).toContain('CodeDeploy goes on with it');
      arm();
      expectGreen(await step(sim, deployTo('v2')), 'succeeded');
      expect(acts(sim)).toEqual(['CreateDeployment']);
    }),
  );

  test('the group: said before anything is touched', () =>
    withWorld({}, async (sim) => {
      sim.inject({ action: 'GetDeploymentGroup', effect: { kind: 'denied' } });
      expectRed(await step(sim, deployTo('v2')), 'failed', 'access-denied');
      expect(mutations(sim)).toEqual([]);
    }));
});

describe('Ready', () => {
  test('that expires while nobody answers: stopped, rolled back, and nothing to promote', () =>
    withWorld({ readyMinutes: 10 }, async (sim) => {
      expectGreen(await step(sim, deployTo('v2', { promotion: 'manual' })), 'started');
      skip(sim, 700);
      const late = await step(sim, { ...SERVICE, mode: 'promote' });
      expectRed(late, 'failed', 'invalid-input');
      expect(running(sim)).toBe('checkout:1');
      const back = await step(sim, { ...SERVICE, mode: 'rollback' });
      expectGreen(back, 'unchanged');
      expect(acts(sim)).toEqual(['CreateDeployment']);
    }));

  test('promoted by the id of another deployment: superseded', () =>
    withWorld({ readyMinutes: 60 }, async (sim) => {
      expectGreen(await step(sim, deployTo('v2', { promotion: 'manual' })), 'started');
      const other = { 'service-deployment-arn': 'd-ABCDEF123' };
      expectRed(await step(sim, { ...SERVICE, mode: 'promote', ...other }), 'superseded', 'superseded');
      expectRed(await step(sim, { ...SERVICE, mode: 'rollback', ...other }), 'superseded', 'superseded');
      expect(acts(sim)).toEqual(['CreateDeployment']);
    }));

  test('without a test listener it is for a person', () =>
    withWorld({ readyMinutes: 60, test: false }, async (sim) => {
      const result = await step(sim, deployTo('v2', { 'health-check-url': urlOf(sim) }));
      expectGreen(result, 'started');
      expect(result.warnings.join()).toContain('no gate is given that its traffic could answer');
    }));

  test.each(['BatchGetDeployments', 'ListDeployments'])(
    'promoted without %s: that is a matter of the role, and not of the inputs',
    (action) =>
      withWorld({ readyMinutes: 60 }, async (sim) => {
        expectGreen(await step(sim, deployTo('v2', { promotion: 'manual' })), 'started');
        sim.inject({ action, effect: { kind: 'denied' } });
        const result = await step(sim, { ...SERVICE, mode: 'promote' });
        if (action === 'ListDeployments') {
          // The group names the one that is under way.
          expectGreen(result, 'succeeded');
        } else {
          expectRed(result, 'failed', 'access-denied');
          expect(result.errors[0]).toContain('"Action":"codedeploy:BatchGetDeployments"');
          expect(acts(sim)).toEqual(['CreateDeployment']);
        }
      }),
  );

  test('a person who stops it', () =>
    withWorld({ readyMinutes: 60 }, async (sim) => {
      expectGreen(await step(sim, deployTo('v2', { promotion: 'manual' })), 'started');
      const [first] = deployments(sim);
      if (first !== undefined) stopDeployment(sim.world, first, true);
      skip(sim, 60);
      expectRed(await step(sim, { ...SERVICE, mode: 'promote' }), 'failed', 'invalid-input');
    }));

  test('mode: promote whose gate fails rolls back', () =>
    withWorld({ readyMinutes: 60 }, async (sim) => {
      expectGreen(await step(sim, deployTo('error500', { promotion: 'manual' })), 'started');
      const test = { 'test-url': urlOf(sim, '/health', 'checkout-test') };
      const result = await step(sim, { ...SERVICE, mode: 'promote', ...test });
      expectRed(result, 'rolled-back', 'http-check-failed');
      expect(acts(sim)).toEqual(['CreateDeployment', 'StopDeployment']);
      expect(running(sim)).toBe('checkout:1');
    }));
});

describe('while this run bakes', () => {
  test('an alarm of the group rolls it back: the run says so', () =>
    withWorld(
      { alarms: ['errors'], terminationMinutes: 60 },
      async (sim) => {
        deployAside(
          sim,
          () => {
            sim.at(120, () => {
              sim.operator.setAlarm('errors', 'ALARM');
            });
          },
          () => deployments(sim)[0]?.terminationWaitStarted === true,
        );
        const result = await step(sim, deployTo('v2', { 'bake-minutes': '10' }));
        expectRed(result, 'rolled-back', 'alarm');
        expect(result.outputs['message']).toContain('errors');
        expect(acts(sim)).toEqual(['CreateDeployment']);
        expect(running(sim)).toBe('checkout:1');
      },
      { alarms: { errors: 'OK' } },
    ));

  test('an alarm of the run is judged, and the old tasks get their traffic back', () =>
    withWorld(
      { terminationMinutes: 60 },
      async (sim) => {
        deployAside(
          sim,
          () => {
            sim.at(120, () => {
              sim.operator.setAlarm('errors', 'ALARM');
            });
          },
          () => deployments(sim)[0]?.terminationWaitStarted === true,
        );
        const result = await step(sim, deployTo('v2', { 'bake-minutes': '10', alarms: 'errors' }));
        expectRed(result, 'rolled-back', 'alarm');
        expect(acts(sim)).toEqual(['CreateDeployment', 'StopDeployment']);
        expect(running(sim)).toBe('checkout:1');
      },
      { alarms: { errors: 'OK' } },
    ));

  test('the wait is over before the gate fails: a deployment of the last good revision, which is not waited for', () =>
    withWorld(
      { terminationMinutes: 1, readyMinutes: 60 },
      async (sim) => {
        deployAside(
          sim,
          () => {
            sim.at(240, () => {
              sim.operator.setAlarm('errors', 'ALARM');
            });
          },
          () => deployments(sim)[0]?.terminationWaitStarted === true,
        );
        const inputs = deployTo('v2', {
          'bake-minutes': '10',
          alarms: 'errors',
          'test-url': urlOf(sim, '/health', 'checkout-test'),
        });
        const result = await step(sim, inputs);
        expectRed(result, 'rolled-back', 'alarm');
        expect(acts(sim)).toEqual([
          'CreateDeployment',
          'ContinueDeployment',
          'CreateDeployment',
          'ContinueDeployment',
        ]);
        expect(
          service(sim, 'checkout').deployments[0]?.revision.definition.containers[0]?.['image'],
        ).toContain('backend');
        expect(share(sim)).toBe(100);
      },
      { alarms: { errors: 'OK' } },
    ));
});

describe('the job', () => {
  test('that does not wait ends as started', () =>
    withWorld({}, async (sim) => {
      const result = await step(sim, deployTo('v2', { 'wait-for-service-stability': 'false' }));
      expectGreen(result, 'started');
      expect(result.outputs['codedeploy-deployment-id']).toMatch(/^d-/);
    }));

  test('with on-failure: leave leaves it as it is, and says what CodeDeploy does', () =>
    withWorld({ terminationMinutes: 60 }, async (sim) => {
      const inputs = deployTo('error500', { 'health-check-url': urlOf(sim), 'on-failure': 'leave' });
      const result = await step(sim, inputs);
      expectRed(result, 'failed', 'http-check-failed');
      expect(result.outputs['message']).toContain('CodeDeploy will not roll it back by itself');
      expect(acts(sim)).toEqual(['CreateDeployment']);
      expect(running(sim)).toBe('checkout:2');
    }));

  test('cancelled before CodeDeploy has answered: the post step finds the deployment, and rolls it back', () =>
    withWorld({}, async (sim) => {
      sim.inject({ action: 'CreateDeployment', times: 1, effect: { kind: 'hang', when: 'after' } });
      const result = await step(
        sim,
        deployTo('v2', { 'on-cancel': 'rollback' }),
        signalAt('rolling out checkout:2', 'SIGTERM'),
      );
      expect(result.outputs['result']).toBe('cancelled');
      expect(acts(sim)).toContain('StopDeployment');
      skip(sim, 120);
      expect(running(sim)).toBe('checkout:1');
    }));

  test('cancelled before CodeDeploy has answered, on-cancel: leave: the deployment goes on with its revision', () =>
    withWorld({}, async (sim) => {
      sim.inject({ action: 'CreateDeployment', times: 1, effect: { kind: 'hang', when: 'after' } });
      const result = await step(sim, deployTo('v2'), signalAt('rolling out checkout:2', 'SIGTERM'));
      expect(result.outputs['result']).toBe('cancelled');
      expect(accepted(sim, 'DeregisterTaskDefinition', 'StopDeployment')).toEqual([]);
      skip(sim, 600);
      expect(running(sim)).toBe('checkout:2');
    }));

  test('cancelled while it waits in Ready, on-cancel: leave: its revision stays', () =>
    withWorld({ readyMinutes: 60 }, async (sim) => {
      const inputs = deployTo('error500', {
        'test-url': urlOf(sim, '/health', 'checkout-test'),
        'health-check-failures': '100',
      });
      const result = await step(sim, inputs, signalAt('(Ready)', 'SIGINT'));
      expect(result.outputs['result']).toBe('cancelled');
      expect(accepted(sim, 'DeregisterTaskDefinition', 'StopDeployment')).toEqual([]);
    }));

  test('whose deployment was rolled back deregisters its revision once the old one is PRIMARY', () =>
    withWorld({ terminationMinutes: 60 }, async (sim) => {
      const result = await step(sim, deployTo('error500', { 'health-check-url': urlOf(sim) }));
      expectRed(result, 'rolled-back', 'http-check-failed');
      expect(accepted(sim, 'DeregisterTaskDefinition')).toHaveLength(1);
    }));

  test('cancelled with on-cancel: rollback after the traffic has shifted', () =>
    withWorld({ terminationMinutes: 60 }, async (sim) => {
      const result = await step(
        sim,
        deployTo('v2', { 'on-cancel': 'rollback', 'bake-minutes': '10' }),
        signalAt('targets gate passed', 'SIGINT'),
      );
      expect(result.outputs['result']).toBe('cancelled');
      expect(acts(sim)).toEqual(['CreateDeployment', 'StopDeployment']);
      skip(sim, 120);
      expect(running(sim)).toBe('checkout:1');
    }));

  test('of a service that wants no task: nothing is proven', () =>
    withWorld({ desiredCount: 0 }, async (sim) => {
      const result = await step(sim, deployTo('v2'));
      expectGreen(result, 'succeeded');
      expect(result.outputs['message']).toContain('nothing was proven');
    }));

  test('with a revision that CodeDeploy refuses in the end: its own words', () =>
    withWorld({}, async (sim) => {
      const files = {
        'appspec.yaml': `version: 0.0
Resources:
  - TargetService:
      Type: AWS::ECS::Service
      Properties:
        TaskDefinition: <TASK_DEFINITION>
        LoadBalancerInfo: { ContainerName: other, ContainerPort: 8000 }
`,
      };
      const result = await step(sim, deployTo('v2'), { files });
      expectRed(result, 'rolled-back', 'update-refused');
      expect(result.outputs['message']).toContain('The container other does not exist');
      expect(running(sim)).toBe('checkout:1');
    }));

  test.each([
    ['version: 0.0', 'Resources'],
    ['{{', 'neither YAML nor JSON'],
    ['hello', 'holds no keys'],
  ])('with an AppSpec that is none: %s', (text, said) =>
    withWorld({}, async (sim) => {
      const result = await step(sim, deployTo('v2'), { files: { 'appspec.yaml': text } });
      expectRed(result, 'failed', 'invalid-input');
      expect(result.outputs['message']).toContain(said);
      expect(mutations(sim)).toEqual([]);
    }),
  );

  test('an appspec.yaml of something else does not concern a service of ECS', () =>
    inAWorld({}, async (sim) => {
      expectGreen(await step(sim, tag('v2'), { files: { 'appspec.yaml': 'hello' } }), 'succeeded');
    }));

  test('several services, one of CodeDeploy and one of ECS: rollback-all takes both back', () =>
    withWorld({ terminationMinutes: 60 }, async (sim) => {
      const inputs = {
        ...tag('crash-1'),
        service: 'checkout,worker',
        'task-definition': 'checkout',
        'on-failure': 'rollback-all',
      };
      const result = await step(sim, inputs);
      expectRed(result, 'rolled-back', 'app-crashed');
      expect([running(sim), production(sim, 'worker')]).toEqual(['checkout:1', 'worker:1 COMPLETED']);
    }));
});

describe('an alarm of the group that stays in ALARM, where CodeDeploy does not roll back', () => {
  const RINGING = { alarms: ['errors'], autoRollback: [], config: CANARY };
  const WAS_OK = { alarms: { errors: 'OK' } };
  const ringAfter = (sim: Simulator, seconds: number): void => {
    sim.at(seconds, () => {
      sim.operator.setAlarm('errors', 'ALARM');
    });
  };

  test('does not stop the way back, which is without the alarms of the group', () =>
    withWorld(
      RINGING,
      async (sim) => {
        ringAfter(sim, 120);
        const result = await step(sim, deployTo('v2'));
        expectRed(result, 'rolled-back', 'alarm');
        expect(accepted(sim, 'CreateDeployment').map(({ body }) => body)).toEqual([
          expect.not.objectContaining({ overrideAlarmConfiguration: expect.anything() }),
          expect.objectContaining({ overrideAlarmConfiguration: { enabled: false, alarms: [] } }),
        ]);
      },
      WAS_OK,
    ));

  test('does not stop mode: rollback either', () =>
    withWorld(
      RINGING,
      async (sim) => {
        expectGreen(await step(sim, deployTo('v2')), 'succeeded');
        skip(sim, 3600);
        sim.operator.setAlarm('errors', 'ALARM');
        const result = await step(sim, { ...SERVICE, mode: 'rollback', 'task-definition': 'checkout:1' });
        expectGreen(result, 'succeeded');
        expect(result.warnings.join()).toContain(
          'alarm "errors" is in ALARM before the deployment: CodeDeploy would stop a new revision; going back is without the alarms of the group',
        );
      },
      WAS_OK,
    ));

  test('stops a new revision at once: that is said before anything is touched', () =>
    withWorld(
      RINGING,
      async (sim) => {
        const result = await step(sim, deployTo('v2'));
        expectRed(result, 'failed', 'preflight-failed');
        expect(result.outputs['message']).toContain(
          'alarm "errors" is in ALARM, and CodeDeploy stops each deployment to checkout as long as it is',
        );
        expect(acts(sim)).toEqual([]);
      },
      { alarms: { errors: 'ALARM' } },
    ));
});

test('an alarm that stops the way back as well: that has failed, and nobody else has deployed', () =>
  withWorld(
    { alarms: ['errors'], autoRollback: [], config: CANARY },
    async (sim) => {
      sim.at(120, () => {
        sim.operator.setAlarm('errors', 'ALARM');
      });
      const message =
        'User: arn:aws:sts::123456789012:assumed-role/deploy/ci is not authorized to perform: codedeploy:UpdateDeploymentGroup on resource: * because no identity-based policy allows the codedeploy:UpdateDeploymentGroup action';
      const effect = { kind: 'error', code: 'AccessDeniedException', message } as const;
      sim.inject({ action: 'CreateDeployment', from: 2, times: 1, effect });
      const result = await step(sim, deployTo('v2'));
      expectRed(result, 'failed', 'rollback-failed');
      expect(result.warnings.join()).toContain('codedeploy:UpdateDeploymentGroup');
      expect(result.outputs['message']).toContain('the rollback failed as well: alarm: One or more alarms');
      expect(result.outputs['message']).not.toContain('another deployment');
    },
    { alarms: { errors: 'OK' } },
  ));

test('mode: rollback of what shifts its traffic says just that', () =>
  withWorld({ config: CANARY }, async (sim) => {
    expectGreen(await step(sim, deployTo('v2', { 'wait-for-service-stability': 'false' })), 'started');
    sim.world.clock.skip(120);
    const back = await step(sim, { service: 'checkout', mode: 'rollback' });
    expectGreen(back, 'succeeded');
    expect(back.outputs['message']).toContain('which was under way, was rolled back');
    expect(running(sim)).toBe('checkout:1');
  }));

describe('a canary in numbers', () => {
  test('metrics compare the new tasks with the old ones', () =>
    withWorld({ config: CANARY }, async (sim) => {
      sim.operator.setRequests('checkout', 6000);
      const result = await step(sim, deployTo('v2', { metrics: '5xx-percent < 1\np99-seconds <= 1.5x' }));
      expectGreen(result, 'succeeded');
      expect(result.log).toContain('metrics gate passed');
    }));

  test('metrics that are bad while a tenth of the traffic reaches it', () =>
    withWorld(
      { config: CANARY },
      async (sim) => {
        sim.operator.setRequests('checkout', 6000);
        const result = await step(sim, deployTo('broken', { metrics: '5xx-percent < 1' }));
        expectRed(result, 'rolled-back', 'metric-check-failed');
        expect(running(sim)).toBe('checkout:1');
      },
      { tags: ['broken'], behaviours: { broken: { http: { errorPercent: 20 } } } },
    ));
});
