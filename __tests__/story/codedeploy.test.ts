/** Services that CodeDeploy deploys, from the first look to the last. */
import { describe, expect, test } from '@jest/globals';
import type { StepResult } from '../../runner/step.ts';
import type { CodeDeploySeed } from '../../simulator/scenario/codedeploy.ts';
import type { Simulator } from '../../simulator/simulator.ts';
import type { CodeDeployment } from '../../simulator/state/codedeploy.ts';
import {
  accepted,
  expectGreen,
  expectRed,
  inAWorld,
  production,
  service,
  signalAt,
  step,
  tag,
} from './world.ts';

const SERVICE = { service: 'checkout' };

const deployTo = (name: string, more: Readonly<Record<string, string>> = {}): Record<string, string> => ({
  ...tag(name),
  ...SERVICE,
  ...more,
});

const urlOf = (sim: Simulator, path = '/health'): string =>
  `${sim.loadBalancers['checkout']?.url ?? ''}${path}`;

const testUrlOf = (sim: Simulator, path = '/health'): string =>
  `${sim.loadBalancers['checkout-test']?.url ?? ''}${path}`;

const running = (sim: Simulator): string => production(sim, 'checkout').split(' ')[0] ?? '';

function deployments(sim: Simulator): readonly CodeDeployment[] {
  return sim.world.codeDeploy.deployments;
}

const statuses = (sim: Simulator): string[] => deployments(sim).map(({ status }) => status);

/** Accepted calls that change anything in CodeDeploy. */
const acts = (sim: Simulator): string[] =>
  accepted(sim, 'CreateDeployment', 'ContinueDeployment', 'StopDeployment').map(({ action }) => action);

const share = (sim: Simulator, listener: 'production' | 'test' = 'production'): number => {
  const groups = deployments(sim).at(-1)?.green?.revision.groupArns ?? [];
  return sim.world.balancing.weightOf(groups, listener);
};

const withWorld = (
  codeDeploy: CodeDeploySeed,
  run: (sim: Simulator) => Promise<void>,
  more: object = {},
): Promise<void> => inAWorld({ codeDeploy, tags: ['error500', 'later'], ...more }, run);

describe('a deployment', () => {
  test('is done when all traffic has shifted, not when the old tasks are gone', () =>
    withWorld({ terminationMinutes: 60 }, async (sim) => {
      const from = sim.world.clock.now();
      const result = await step(sim, deployTo('v2', { 'health-check-url': urlOf(sim) }));
      expectGreen(result, 'succeeded');
      expect(result.outputs['codedeploy-deployment-id']).toMatch(/^d-[A-Z0-9]{9}$/);
      expect(result.outputs['service-deployment-arn']).toBe('');
      expect(result.outputs['message']).toContain(
        'proven healthy by its image digest, its targets and its URL',
      );
      // The old tasks that are kept are named where people read it.
      expect(result.summary).toMatch(/\*\*What runs now:\*\* .*checkout:2 .*; checkout:1 /);
      expect(result.summary).toContain(
        'CodeDeploy keeps the tasks of checkout:1, without traffic, to go back to.',
      );
      expect(running(sim)).toBe('checkout:2');
      expect(statuses(sim)).toEqual(['InProgress']);
      expect(service(sim, 'checkout').deployments).toHaveLength(2);
      expect(sim.world.clock.now() - from).toBeLessThan(10 * 60_000);
      expect(acts(sim)).toEqual(['CreateDeployment']);
    }));

  test('carries an AppSpec that is made of the load balancer, with its hash, and nothing that was not asked for', () =>
    withWorld({}, async (sim) => {
      expectGreen(await step(sim, deployTo('v2')), 'succeeded');
      const [{ body } = { body: {} }] = accepted(sim, 'CreateDeployment');
      const { revision, ...rest } = body as { revision: { appSpecContent: { content: string } } };
      expect(rest).toEqual({
        applicationName: 'AppECS-demo-checkout',
        deploymentGroupName: 'DgpECS-demo-checkout',
      });
      expect(JSON.parse(revision.appSpecContent.content)).toEqual({
        version: 0,
        Resources: [
          {
            TargetService: {
              Type: 'AWS::ECS::Service',
              Properties: {
                TaskDefinition: expect.stringContaining('task-definition/checkout:2'),
                LoadBalancerInfo: { ContainerName: 'checkout', ContainerPort: 8000 },
              },
            },
          },
        ],
      });
    }));

  test('takes the AppSpec of the user, its hooks and unknown fields kept, with the names and the configuration asked for', () =>
    withWorld(
      { application: 'shop', group: 'shop-prod', hooks: { smoke: { ends: 'Succeeded' } } },
      async (sim) => {
        const files = {
          'appspec.yml':
            'version: 0.0\nresources:\n  - TargetService:\n      Type: AWS::ECS::Service\n      properties:\n        TaskDefinition: <TASK_DEFINITION>\n        LoadBalancerInfo:\n          ContainerName: checkout\n          ContainerPort: 8000\n        PlatformVersion: "1.4.0"\n        Future: kept\nHooks:\n  - BeforeAllowTraffic: smoke\n',
        };
        const inputs = deployTo('v2', {
          'codedeploy-application': 'shop',
          'codedeploy-deployment-group': 'shop-prod',
          'codedeploy-appspec': 'appspec.yml',
          'codedeploy-deployment-config': 'CodeDeployDefault.ECSCanary10Percent5Minutes',
          'codedeploy-deployment-description': 'x'.repeat(600),
        });
        const result = await step(sim, inputs, { files });
        expectGreen(result, 'succeeded');
        expect(result.log).toContain('calls the hooks of BeforeAllowTraffic');
        const [{ body } = { body: {} }] = accepted(sim, 'CreateDeployment');
        expect(body).toMatchObject({ deploymentConfigName: 'CodeDeployDefault.ECSCanary10Percent5Minutes' });
        const { description, revision } = body as {
          description: string;
          revision: { appSpecContent: { content: string } };
        };
        expect([description.length, description.at(-1)]).toEqual([512, '…']);
        expect(revision.appSpecContent.content).toContain('"Future":"kept"');
      },
    ));

  test('a canary goes its way, with the time that its configuration takes', () =>
    withWorld({ config: 'CodeDeployDefault.ECSCanary10Percent15Minutes' }, async (sim) => {
      const seen: number[] = [];
      sim.when(
        () => share(sim) > 0,
        () => seen.push(share(sim)),
      );
      const result = await step(sim, deployTo('v2'));
      expectGreen(result, 'succeeded');
      expect(seen).toEqual([10]);
      expect(result.log).toContain('AllowTraffic');
      expect(running(sim)).toBe('checkout:2');
    }));

  test('what runs already is no deployment, also while the old tasks are kept', () =>
    withWorld({ terminationMinutes: 60 }, async (sim) => {
      expectGreen(await step(sim, deployTo('v2')), 'succeeded');
      const again = await step(sim, deployTo('v2'));
      expectGreen(again, 'unchanged');
      expect(acts(sim)).toEqual(['CreateDeployment']);
    }));
});

describe('a failure', () => {
  test('of a hook is rolled back by CodeDeploy, whose rollback is followed to its end', () =>
    withWorld({ hooks: { smoke: { ends: 'Failed', message: 'checkout answers 500' } } }, async (sim) => {
      const result = await step(sim, deployTo('v2', { 'codedeploy-appspec': 'appspec.yaml' }), {
        files: withHook('AfterAllowTestTraffic', 'smoke'),
      });
      expectRed(result, 'rolled-back', 'lifecycle-hook-failed');
      expect(result.outputs['message']).toContain('AfterAllowTestTraffic');
      expect(result.outputs['message']).toContain('; it was rolled back.');
      expect(statuses(sim)).toEqual(['Failed', 'Succeeded']);
      expect(acts(sim)).toEqual(['CreateDeployment']);
      expect(running(sim)).toBe('checkout:1');
    }));

  test('of a hook, where CodeDeploy does not roll back: the traffic never left the old tasks', () =>
    withWorld({ autoRollback: [], hooks: { smoke: { ends: 'Failed' } } }, async (sim) => {
      const result = await step(sim, deployTo('v2', { 'codedeploy-appspec': 'appspec.yaml' }), {
        files: withHook('AfterInstall', 'smoke'),
      });
      expectRed(result, 'rolled-back', 'lifecycle-hook-failed');
      expect(acts(sim)).toEqual(['CreateDeployment']);
      expect(running(sim)).toBe('checkout:1');
    }));

  test('after the traffic has shifted, where CodeDeploy does not roll back: a deployment of the last good revision', () =>
    withWorld(
      { autoRollback: [], readyMinutes: undefined, hooks: { smoke: { ends: 'Failed' } } } as never,
      async (sim) => {
        const result = await step(sim, deployTo('v2', { 'codedeploy-appspec': 'appspec.yaml' }), {
          files: withHook('AfterAllowTraffic', 'smoke'),
        });
        // Its own AppSpec has the hook, too: it fails again, and the run says so.
        expect(acts(sim)).toEqual(['CreateDeployment', 'CreateDeployment']);
        expect(result.exitCode).toBe(1);
        expect(result.log).toContain(
          'going back to checkout:3 by a deployment of it, which calls the hooks of AfterAllowTraffic as well.',
        );
      },
    ));

  test('of the tasks ends it at once, long before CodeDeploy gives up', () =>
    withWorld({}, async (sim) => {
      const from = sim.world.clock.now();
      const result = await step(sim, deployTo('crash-1'));
      expectRed(result, 'rolled-back', 'app-crashed');
      expect(sim.world.clock.now() - from).toBeLessThan(10 * 60_000);
      expect(acts(sim)).toEqual(['CreateDeployment', 'StopDeployment']);
      expect(statuses(sim)).toEqual(['Stopped', 'Succeeded']);
      expect(running(sim)).toBe('checkout:1');
    }));

  test('an alarm of the group while traffic shifts', () =>
    withWorld(
      { alarms: ['errors'], config: 'CodeDeployDefault.ECSCanary10Percent5Minutes' },
      async (sim) => {
        sim.when(
          () => share(sim) > 0,
          () => {
            sim.operator.setAlarm('errors', 'ALARM');
          },
        );
        const result = await step(sim, deployTo('v2'));
        expectRed(result, 'rolled-back', 'alarm');
        expect(result.outputs['message']).toContain('errors');
        expect(running(sim)).toBe('checkout:1');
      },
      { alarms: { errors: 'OK' } },
    ));

  test('the URL while a part of the traffic reaches it', () =>
    withWorld({ config: 'CodeDeployDefault.ECSLinear10PercentEvery3Minutes' }, async (sim) => {
      const result = await step(
        sim,
        deployTo('error500', { 'health-check-url': urlOf(sim), 'health-check-interval-seconds': '1' }),
      );
      expectRed(result, 'rolled-back', 'http-check-failed');
      expect(acts(sim)).toEqual(['CreateDeployment', 'StopDeployment']);
      expect(running(sim)).toBe('checkout:1');
    }));

  test('the URL after all traffic has shifted: the old tasks are still there, and have it back in seconds', () =>
    withWorld({ terminationMinutes: 60 }, async (sim) => {
      const result = await step(sim, deployTo('error500', { 'health-check-url': urlOf(sim) }));
      expectRed(result, 'rolled-back', 'http-check-failed');
      expect(acts(sim)).toEqual(['CreateDeployment', 'StopDeployment']);
      expect(statuses(sim)).toEqual(['Stopped', 'Succeeded']);
      expect(running(sim)).toBe('checkout:1');
    }));
});

describe('in Ready', () => {
  test('a test URL that answers well lets it go on', () =>
    withWorld({ readyMinutes: 60 }, async (sim) => {
      const result = await step(sim, deployTo('v2', { 'test-url': testUrlOf(sim) }));
      expectGreen(result, 'succeeded');
      expect(result.outputs['message']).toContain('its test URL');
      expect(acts(sim)).toEqual(['CreateDeployment', 'ContinueDeployment']);
      expect(accepted(sim, 'ContinueDeployment')[0]?.body).toMatchObject({
        deploymentWaitType: 'READY_WAIT',
      });
    }));

  test('a test URL that answers badly rolls back before any user is reached', () =>
    withWorld({ readyMinutes: 60 }, async (sim) => {
      const seen: number[] = [];
      sim.when(
        () => share(sim) > 0,
        () => seen.push(share(sim)),
      );
      const result = await step(sim, deployTo('error500', { 'test-url': testUrlOf(sim) }));
      expectRed(result, 'rolled-back', 'http-check-failed');
      expect(result.outputs['message']).toContain(
        'does not pass the test-url gate while test traffic reaches it',
      );
      expect(seen).toEqual([]);
      expect(acts(sim)).toEqual(['CreateDeployment', 'StopDeployment']);
      expect(running(sim)).toBe('checkout:1');
    }));

  test.each([
    ['manual', { promotion: 'manual' }],
    ['auto, without a gate', {}],
  ])('promotion: %s ends as started, and mode: promote goes on', (_, more) =>
    withWorld({ readyMinutes: 60 }, async (sim) => {
      const first = await step(sim, deployTo('v2', more));
      expectGreen(first, 'started');
      expect(first.outputs).toMatchObject({ stage: 'Ready' });
      expect(first.outputs['message']).toMatch(
        /, when CodeDeploy stops it by itself; users still reach checkout:1 alone\.$/,
      );
      expect(first.outputs['stage-expires']).toMatch(/^\d{4}-\d\d-\d\dT/);
      expect(acts(sim)).toEqual(['CreateDeployment']);
      const id = first.outputs['codedeploy-deployment-id'] ?? '';
      expect(first.log).toContain(id);
      const second = await step(sim, { ...SERVICE, mode: 'promote', 'service-deployment-arn': id });
      expectGreen(second, 'succeeded');
      expect(second.outputs['codedeploy-deployment-id']).toBe(id);
      expect(acts(sim)).toEqual(['CreateDeployment', 'ContinueDeployment']);
      expect(running(sim)).toBe('checkout:2');
    }),
  );

  test('mode: rollback takes it back', () =>
    withWorld({ readyMinutes: 60 }, async (sim) => {
      expectGreen(await step(sim, deployTo('v2', { promotion: 'manual' })), 'started');
      const back = await step(sim, { ...SERVICE, mode: 'rollback' });
      expectGreen(back, 'succeeded');
      expect(back.outputs['message']).toContain('is back on checkout:1');
      expect(acts(sim)).toEqual(['CreateDeployment', 'StopDeployment']);
      expect(running(sim)).toBe('checkout:1');
    }));

  test('a person who continues meanwhile: the run goes along', () =>
    withWorld({ readyMinutes: 60 }, async (sim) => {
      sim.when(
        () => deployments(sim)[0]?.status === 'Ready',
        () => {
          deployments(sim)[0]?.proceed?.();
        },
      );
      const result = await step(sim, deployTo('v2', { 'test-url': testUrlOf(sim) }));
      expectGreen(result, 'succeeded');
      expect(running(sim)).toBe('checkout:2');
    }));

  test('a role that may not continue leaves it to a person', () =>
    withWorld({ readyMinutes: 60 }, async (sim) => {
      sim.inject({ action: 'ContinueDeployment', effect: { kind: 'denied' } });
      const result = await step(sim, deployTo('v2', { 'test-url': testUrlOf(sim) }));
      expectGreen(result, 'started');
      expect(result.warnings.join()).toContain('AccessDenied');
    }));

  test('mode: promote where nothing waits', () =>
    withWorld({ readyMinutes: 60 }, async (sim) => {
      const result = await step(sim, { ...SERVICE, mode: 'promote' });
      expectRed(result, 'failed', 'invalid-input');
      expect(acts(sim)).toEqual([]);
    }));
});

describe('others', () => {
  test('a deployment that is under way is in the way, and nothing is registered', () =>
    withWorld({ readyMinutes: 60 }, async (sim) => {
      expectGreen(await step(sim, deployTo('v2', { promotion: 'manual' })), 'started');
      const other = await step(sim, deployTo('v3'));
      expectRed(other, 'failed', 'update-refused');
      expect(other.outputs['message']).toContain('CodeDeploy takes one at a time');
      expect(accepted(sim, 'RegisterTaskDefinition')).toHaveLength(1);
    }));

  test('one that keeps its old tasks is in the way, unless force-new-deployment ends that', () =>
    withWorld({ terminationMinutes: 60 }, async (sim) => {
      expectGreen(await step(sim, deployTo('v2')), 'succeeded');
      const refused = await step(sim, deployTo('v3'));
      expectRed(refused, 'failed', 'update-refused');
      const forced = await step(sim, deployTo('v3', { 'force-new-deployment': 'true' }));
      expectGreen(forced, 'succeeded');
      expect(acts(sim)).toEqual(['CreateDeployment', 'ContinueDeployment', 'CreateDeployment']);
      expect(running(sim)).toBe('checkout:3');
    }));

  test('one that begins meanwhile supersedes this run', () =>
    withWorld({}, async (sim) => {
      sim.inject({
        action: 'CreateDeployment',
        effect: {
          kind: 'error',
          code: 'DeploymentLimitExceededException',
          message:
            "The Deployment Group 'DgpECS-demo-checkout' already has an active Deployment 'd-OTHER0001'",
        },
      });
      const result = await step(sim, deployTo('v2'));
      expectRed(result, 'superseded', 'superseded');
      expect(result.outputs['message']).toContain('d-OTHER0001');
    }));

  test('the same revision under way is taken up', () =>
    withWorld({ readyMinutes: 60 }, async (sim) => {
      expectGreen(await step(sim, deployTo('v2', { promotion: 'manual' })), 'started');
      const again = await step(sim, deployTo('v2', { 'test-url': testUrlOf(sim) }));
      expectGreen(again, 'succeeded');
      expect(acts(sim)).toEqual(['CreateDeployment', 'ContinueDeployment']);
    }));

  test.each([
    [true, 'rolled-back'],
    [false, 'failed'],
  ])('an operator who stops it (and rolls back: %s)', (rollsBack, outcome) =>
    withWorld({ config: 'CodeDeployDefault.ECSCanary10Percent5Minutes', autoRollback: [] }, async (sim) => {
      const { stopDeployment } = await import('../../simulator/engine/codedeploy/deployments.ts');
      sim.when(
        () => share(sim) > 0,
        () => {
          const [first] = deployments(sim);
          if (first !== undefined) stopDeployment(sim.world, first, rollsBack);
        },
      );
      const result = await step(sim, deployTo('v2'));
      expectRed(result, outcome, 'deployment-stopped');
      expect(acts(sim)).toEqual(['CreateDeployment']);
    }),
  );
});

describe('going back', () => {
  test('mode: rollback while the old tasks are kept: they have the traffic back in seconds', () =>
    withWorld({ terminationMinutes: 60 }, async (sim) => {
      expectGreen(await step(sim, deployTo('v2')), 'succeeded');
      const back = await step(sim, { ...SERVICE, mode: 'rollback' });
      expectGreen(back, 'succeeded');
      expect(acts(sim)).toEqual(['CreateDeployment', 'StopDeployment']);
      expect(running(sim)).toBe('checkout:1');
    }));

  test('mode: rollback afterwards: by a deployment of the last good revision', () =>
    withWorld({ terminationMinutes: 0 }, async (sim) => {
      expectGreen(await step(sim, deployTo('v2')), 'succeeded');
      sim.world.clock.settle();
      await settle(sim);
      expectGreen(await step(sim, deployTo('v3')), 'succeeded');
      await settle(sim);
      const back = await step(sim, { ...SERVICE, mode: 'rollback' });
      expectGreen(back, 'succeeded');
      expect(acts(sim)).toEqual(['CreateDeployment', 'CreateDeployment', 'CreateDeployment']);
      expect(running(sim)).toBe('checkout:2');
    }));

  test('mode: rollback to what ran well waits in Ready for nobody', () =>
    withWorld({ readyMinutes: 60, terminationMinutes: 0 }, async (sim) => {
      const test = { 'test-url': testUrlOf(sim, '/health') };
      for (const name of ['v2', 'v3']) {
        expectGreen(await step(sim, deployTo(name, test)), 'succeeded');
        await settle(sim);
      }
      const back = await step(sim, { ...SERVICE, mode: 'rollback' });
      expectGreen(back, 'succeeded');
      expect(back.log).toContain(
        'checkout: no gate answers for this pause, and none has to: checkout:2 ran well',
      );
      expect(running(sim)).toBe('checkout:2');
    }));

  test('mode: rollback past the first deployment of the group has to be told the revision', () =>
    withWorld({ terminationMinutes: 0 }, async (sim) => {
      expectGreen(await step(sim, deployTo('v2')), 'succeeded');
      await settle(sim);
      const back = await step(sim, { ...SERVICE, mode: 'rollback' });
      expectRed(back, 'failed', 'no-rollback-target');
      expect(back.outputs['message']).toContain('among the deployments of its group');
      const named = await step(sim, { ...SERVICE, mode: 'rollback', 'task-definition': 'checkout:1' });
      expectGreen(named, 'succeeded');
      expect(running(sim)).not.toBe('checkout:2');
    }));

  test.each(['leave', 'rollback'])('a job that is cancelled, on-cancel: %s', (onCancel) =>
    withWorld({ config: 'CodeDeployDefault.ECSCanary10Percent5Minutes' }, async (sim) => {
      const result = await step(
        sim,
        deployTo('v2', { 'on-cancel': onCancel }),
        signalAt('AllowTraffic', 'SIGINT'),
      );
      expect(result.outputs).toMatchObject({ result: 'cancelled', cause: 'cancelled' });
      expect(acts(sim)).toEqual(
        onCancel === 'leave' ? ['CreateDeployment'] : ['CreateDeployment', 'StopDeployment'],
      );
    }),
  );
});

describe('what is wrong is said before anything is touched', () => {
  const WRONG: [string, CodeDeploySeed, Readonly<Record<string, string>>, string][] = [
    ['no such application', { application: 'other' }, {}, 'codedeploy-application'],
    ['no such group', { group: 'other' }, {}, 'codedeploy-deployment-group'],
    ['no such configuration', {}, { 'codedeploy-deployment-config': 'x' }, 'codedeploy-deployment-config'],
    ['a count', {}, { 'desired-count': '3' }, 'desired-count'],
    ['no such AppSpec', {}, { 'codedeploy-appspec': 'nowhere.yaml' }, 'codedeploy-appspec'],
    [
      'too little time',
      { config: 'CodeDeployDefault.ECSCanary10Percent15Minutes' },
      { 'wait-for-minutes': '10' },
      'wait-for-minutes',
    ],
    [
      'a test URL without a test listener',
      { test: false },
      { 'test-url': 'http://127.0.0.1:1/' },
      'test-url',
    ],
  ];

  test.each(WRONG)('%s', (_, seed, more, input) =>
    withWorld(seed, async (sim) => {
      const result: StepResult = await step(sim, deployTo('v2', more));
      expectRed(result, 'failed', 'invalid-input');
      expect(result.outputs['message']).toContain(input);
      expect(accepted(sim, 'RegisterTaskDefinition', 'CreateDeployment')).toEqual([]);
    }),
  );

  test('the names of CodeDeploy for a service of ECS', () =>
    inAWorld({}, async (sim) => {
      const result = await step(sim, { ...tag('v2'), 'codedeploy-application': 'shop' });
      expectRed(result, 'failed', 'invalid-input');
    }));

  test('plan knows what was deployed before', () =>
    withWorld({ terminationMinutes: 0 }, async (sim) => {
      expectGreen(await step(sim, deployTo('v2')), 'succeeded');
      await settle(sim);
      const result = await step(sim, deployTo('v2', { mode: 'plan' }));
      expectGreen(result, 'planned');
      expect(result.outputs['changed']).toBe('false');
    }));

  test('plan says how it goes', () =>
    withWorld(
      { readyMinutes: 30, config: 'CodeDeployDefault.ECSLinear10PercentEvery1Minutes' },
      async (sim) => {
        const result = await step(sim, deployTo('v2', { mode: 'plan' }));
        expectGreen(result, 'planned');
        expect(result.outputs['message']).toContain('10 % every 1 minutes');
        expect(result.outputs['message']).toContain('waits for up to 30 minutes to be continued');
        expect(acts(sim)).toEqual([]);
      },
    ));
});

/** An AppSpec whose hook calls a function. */
function withHook(event: string, name: string): Record<string, string> {
  return {
    'appspec.yaml': `version: 0.0
Resources:
  - TargetService:
      Type: AWS::ECS::Service
      Properties:
        TaskDefinition: <TASK_DEFINITION>
        LoadBalancerInfo:
          ContainerName: checkout
          ContainerPort: 8000
Hooks:
  - ${event}: ${name}
`,
  };
}

/** Until the deployment of CodeDeploy has ended. */
function settle(sim: Simulator): Promise<void> {
  const { clock } = sim.world as never as { clock: { skip(seconds: number): void } };
  clock.skip(120);
  return Promise.resolve();
}
