/** Deployments of CodeDeploy in the simulator, by the unmodified SDK. */
import { afterEach, describe, expect, test } from '@jest/globals';
import {
  BatchGetDeploymentTargetsCommand,
  CodeDeployClient,
  ContinueDeploymentCommand,
  CreateDeploymentCommand,
  GetApplicationRevisionCommand,
  GetDeploymentCommand,
  GetDeploymentConfigCommand,
  GetDeploymentGroupCommand,
  ListDeploymentsCommand,
  StopDeploymentCommand,
  type DeploymentInfo,
  type ECSTarget,
} from '@aws-sdk/client-codedeploy';
import { DescribeServicesCommand, UpdateServiceCommand } from '@aws-sdk/client-ecs';
import { ManualClock } from '../../simulator/clock.ts';
import type { CodeDeploySeed } from '../../simulator/scenario/codedeploy.ts';
import { seedWorld } from '../../simulator/scenario/seed.ts';
import { startSimulator } from '../../simulator/simulator.ts';
import { text } from '../../simulator/state/json.ts';
import { clientsOf } from './clients.ts';

const open: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const close of open.splice(0)) await close();
});

const WHERE = { applicationName: 'AppECS-demo-checkout', deploymentGroupName: 'DgpECS-demo-checkout' };

async function stage(codeDeploy: CodeDeploySeed = {}) {
  const clock = new ManualClock();
  const sim = await startSimulator({ clock, world: seedWorld({ codeDeploy, alarms: { errors: 'OK' } }) });
  const clients = clientsOf(sim);
  const { ecs } = clients;
  const credentials = { accessKeyId: 'simulated', secretAccessKey: 'simulated' };
  const client = new CodeDeployClient({
    endpoint: sim.url,
    region: 'us-east-1',
    maxAttempts: 1,
    credentials,
  });
  open.push(async () => {
    clients.close();
    client.destroy();
    await sim.close();
  });
  const service = sim.world.cluster('demo').service('checkout');
  const spec = (definition: string, more: object = {}): object => ({
    version: 0,
    Resources: [
      {
        TargetService: {
          Type: 'AWS::ECS::Service',
          Properties: {
            TaskDefinition: definition,
            LoadBalancerInfo: { ContainerName: 'checkout', ContainerPort: 8000 },
          },
        },
      },
    ],
    ...more,
  });
  const next = (): string => {
    const { body, containers } = service.deployments[0]!.revision.definition;
    const [first = {}] = containers;
    const image = (text(first, 'image') ?? '').replace(/:[^:]*$/, ':v2');
    return sim.operator.registerTaskDefinition({ ...body, containerDefinitions: [{ ...first, image }] }).arn;
  };
  const createWith = async (content: string, more: object = {}): Promise<string> => {
    const revision = { revisionType: 'AppSpecContent' as const, appSpecContent: { content } };
    const answer = await client.send(new CreateDeploymentCommand({ ...WHERE, revision, ...more }));
    return answer.deploymentId ?? '';
  };
  const create = (more: object = {}): Promise<string> => createWith(JSON.stringify(spec(next(), more)));
  const info = async (deploymentId: string): Promise<DeploymentInfo> =>
    (await client.send(new GetDeploymentCommand({ deploymentId }))).deploymentInfo!;
  const target = async (deploymentId: string): Promise<ECSTarget> => {
    const targetIds = ['demo:checkout'];
    const answer = await client.send(new BatchGetDeploymentTargetsCommand({ deploymentId, targetIds }));
    return answer.deploymentTargets![0]!.ecsTarget!;
  };
  const deployment = (id: string) => sim.world.codeDeploy.deployments.find((each) => each.id === id)!;
  const reach = (id: string, status: string): void => {
    clock.skipUntil(() => deployment(id).status === status, 7200);
  };
  const versionAt = async (listener = 'checkout'): Promise<string> => {
    const response = await fetch(`${sim.loadBalancers[listener]!.url}/version`);
    return ((await response.json()) as { version: string }).version;
  };
  const shares = async (requests: number): Promise<number> => {
    let fresh = 0;
    for (let at = 0; at < requests; at += 1) if ((await versionAt()) === 'v2') fresh += 1;
    return fresh;
  };
  const taskSets = async () =>
    (await ecs.send(new DescribeServicesCommand({ cluster: 'demo', services: ['checkout'] }))).services![0]!
      .taskSets!;
  return { clock, sim, client, ecs, service, spec, next, create, createWith, info, target, deployment, reach, versionAt, shares, taskSets }; // prettier-ignore
}

describe('a deployment', () => {
  test('installs a task set, shows it to the test listener, shifts, keeps the old one, ends', async () => {
    const { create, reach, clock, info, target, versionAt, taskSets, deployment, client } = await stage();
    const id = await create();
    expect(id).toMatch(/^d-[A-Z0-9]{9}$/);
    await expect(target(id)).rejects.toMatchObject({ name: 'DeploymentNotStartedException' });
    reach(id, 'InProgress');
    expect(await versionAt('checkout-test')).toBe('v1');
    clock.skipUntil(() => deployment(id).terminationWaitStarted, 600);
    expect(await info(id)).toMatchObject({ status: 'InProgress', instanceTerminationWaitTimeStarted: true });
    expect(await versionAt()).toBe('v2');
    const { lifecycleEvents, taskSetsInfo } = await target(id);
    expect(
      lifecycleEvents!.map(({ lifecycleEventName, status }) => `${lifecycleEventName} ${status}`),
    ).toEqual(
      [
        'BeforeInstall',
        'Install',
        'AfterInstall',
        'AllowTestTraffic',
        'AfterAllowTestTraffic',
        'BeforeAllowTraffic',
        'AllowTraffic',
        'AfterAllowTraffic',
      ].map((name) => `${name} Succeeded`),
    );
    expect(taskSetsInfo).toMatchObject([
      { taskSetLabel: 'Blue', trafficWeight: 0, status: 'ACTIVE' },
      { taskSetLabel: 'Green', trafficWeight: 100, status: 'PRIMARY', runningCount: 2 },
    ]);
    expect(await taskSets()).toMatchObject([
      { status: 'PRIMARY', externalId: id, startedBy: 'CODE_DEPLOY', stabilityStatus: 'STEADY_STATE' },
      { status: 'ACTIVE' },
    ]);
    await client.send(
      new ContinueDeploymentCommand({ deploymentId: id, deploymentWaitType: 'TERMINATION_WAIT' }),
    );
    clock.skip(60);
    expect((await info(id)).status).toBe('Succeeded');
    expect(await taskSets()).toHaveLength(1);
  });

  test('a canary of 10 % gets a tenth of the requests', async () => {
    const { create, clock, shares, target, deployment } = await stage({
      config: 'CodeDeployDefault.ECSCanary10Percent5Minutes',
    });
    const id = await create();
    clock.skipUntil(
      () => deployment(id).events.find(({ name }) => name === 'AllowTraffic')!.status === 'InProgress',
    );
    expect(await shares(200)).toBe(20);
    expect((await target(id)).taskSetsInfo).toMatchObject([{ trafficWeight: 90 }, { trafficWeight: 10 }]);
    clock.skip(310);
    expect(await shares(20)).toBe(20);
  });

  test('waits in Ready to be continued, and is stopped where nobody does', async () => {
    const { create, reach, clock, info, versionAt, client } = await stage({ readyMinutes: 10 });
    const id = await create();
    await expect(client.send(new ContinueDeploymentCommand({ deploymentId: id }))).rejects.toMatchObject({
      name: 'DeploymentIsNotInReadyStateException',
    });
    reach(id, 'Ready');
    expect([await versionAt(), await versionAt('checkout-test')]).toEqual(['v1', 'v2']);
    await client.send(new ContinueDeploymentCommand({ deploymentId: id, deploymentWaitType: 'READY_WAIT' }));
    clock.skip(20);
    expect(await versionAt()).toBe('v2');
    reach(id, 'Succeeded');
    const other = await create();
    reach(other, 'Ready');
    clock.skip(620);
    const { status, rollbackInfo } = await info(other);
    expect([status, rollbackInfo?.rollbackDeploymentId]).toEqual(['Stopped', expect.stringMatching(/^d-/)]);
    await expect(client.send(new ContinueDeploymentCommand({ deploymentId: other }))).rejects.toMatchObject({
      name: 'DeploymentAlreadyCompletedException',
    });
  });

  test.each([
    ['Failed', 'HOOK_EXECUTION_FAILURE'],
    ['never', 'TIMEOUT'],
  ] as const)('a hook that ends %s rolls back by a deployment of its own', async (ends, code) => {
    const { create, reach, info, target, versionAt } = await stage({ hooks: { smoke: { ends } } });
    const id = await create({ Hooks: [{ AfterAllowTestTraffic: 'smoke' }] });
    reach(id, 'Failed');
    const { errorInformation, rollbackInfo } = await info(id);
    expect(errorInformation?.code).toBe(code);
    const event = (await target(id)).lifecycleEvents!.find(({ status }) => status === 'Failed');
    expect(event).toMatchObject({
      lifecycleEventName: 'AfterAllowTestTraffic',
      diagnostics: { scriptName: 'smoke' },
    });
    const rollback = rollbackInfo!.rollbackDeploymentId!;
    reach(rollback, 'Succeeded');
    expect(await info(rollback)).toMatchObject({
      creator: 'codeDeployRollback',
      rollbackInfo: { rollbackTriggeringDeploymentId: id },
    });
    expect([await versionAt(), await versionAt('checkout-test')]).toEqual(['v1', 'v1']);
  });

  test('a stop rolls back where that is asked for, and leaves all as it is where not', async () => {
    const { create, reach, info, client, clock, taskSets, versionAt, deployment } = await stage();
    const first = await create();
    clock.skipUntil(() => deployment(first).terminationWaitStarted, 600);
    await client.send(new StopDeploymentCommand({ deploymentId: first, autoRollbackEnabled: true }));
    reach(first, 'Stopped');
    reach((await info(first)).rollbackInfo!.rollbackDeploymentId!, 'Succeeded');
    expect(await versionAt()).toBe('v1');
    const second = await create();
    clock.skip(60);
    await client.send(new StopDeploymentCommand({ deploymentId: second }));
    reach(second, 'Stopped');
    expect((await info(second)).rollbackInfo).toBeUndefined();
    clock.skip(60);
    expect((await taskSets()).length).toBe(2);
  });

  test('an alarm stops it and rolls back, up to the end of the termination wait', async () => {
    const { create, reach, info, clock, sim, deployment, versionAt } = await stage({ alarms: ['errors'] });
    const id = await create();
    clock.skipUntil(() => deployment(id).terminationWaitStarted, 600);
    sim.operator.setAlarm('errors', 'ALARM');
    const { status, errorInformation, rollbackInfo } = await info(id);
    expect([status, errorInformation?.code]).toEqual(['Stopped', 'ALARM_ACTIVE']);
    reach(rollbackInfo!.rollbackDeploymentId!, 'Succeeded');
    expect(await versionAt()).toBe('v1');
  });

  test('tasks that never get healthy fail the installation after an hour', async () => {
    const { createWith, spec, service, sim, reach, info, clock } = await stage({ autoRollback: [] });
    const { body, containers } = service.deployments[0]!.revision.definition;
    const [first = {}] = containers;
    const image = (text(first, 'image') ?? '').replace(/:[^:]*$/, ':crash-1');
    const bad = sim.operator.registerTaskDefinition({ ...body, containerDefinitions: [{ ...first, image }] });
    const id = await createWith(JSON.stringify(spec(bad.arn)));
    clock.skip(3500);
    expect((await info(id)).status).toBe('InProgress');
    reach(id, 'Failed');
    expect((await info(id)).errorInformation?.code).toBe('TIMEOUT');
  });
});

describe('what AWS shows', () => {
  test('no content of an AppSpec but by GetApplicationRevision', async () => {
    const { create, info, client } = await stage();
    const { revision } = await info(await create());
    expect(revision?.appSpecContent?.content).toBeUndefined();
    const { applicationName } = WHERE;
    const answer = await client.send(new GetApplicationRevisionCommand({ applicationName, revision }));
    expect(answer.revision?.appSpecContent?.content).toContain('checkout:2');
  });

  test('the group with its last deployments, and the configuration', async () => {
    const { create, client } = await stage({ readyMinutes: 30 });
    const id = await create();
    const { deploymentGroupInfo } = await client.send(new GetDeploymentGroupCommand(WHERE));
    expect(deploymentGroupInfo).toMatchObject({
      computePlatform: 'ECS',
      ecsServices: [{ clusterName: 'demo', serviceName: 'checkout' }],
      lastAttemptedDeployment: { deploymentId: id },
    });
    const { deployments } = await client.send(
      new ListDeploymentsCommand({ ...WHERE, includeOnlyStatuses: ['Created'] }),
    );
    expect(deployments).toEqual([id]);
    const name = 'CodeDeployDefault.ECSLinear10PercentEvery3Minutes';
    const config = await client.send(new GetDeploymentConfigCommand({ deploymentConfigName: name }));
    expect(config.deploymentConfigInfo?.trafficRoutingConfig).toEqual({
      type: 'TimeBasedLinear',
      timeBasedLinear: { linearPercentage: 10, linearInterval: 3 },
    });
  });
});

describe('what AWS refuses', () => {
  test('a second deployment of a group, the termination wait included', async () => {
    const { create, clock, deployment } = await stage();
    const id = await create();
    clock.skipUntil(() => deployment(id).terminationWaitStarted, 600);
    await expect(create()).rejects.toMatchObject({
      name: 'DeploymentLimitExceededException',
      message: `The Deployment Group 'DgpECS-demo-checkout' already has an active Deployment '${id}'`,
    });
  });

  test.each([
    ['an unknown application', { applicationName: 'x' }, 'ApplicationDoesNotExistException'],
    ['an unknown group', { deploymentGroupName: 'x' }, 'DeploymentGroupDoesNotExistException'],
    ['an unknown configuration', { deploymentConfigName: 'x' }, 'DeploymentConfigDoesNotExistException'],
    [
      'a configuration for servers',
      { deploymentConfigName: 'CodeDeployDefault.OneAtATime' },
      'InvalidDeploymentConfigNameException',
    ],
    ['a long description', { description: 'x'.repeat(513) }, 'DescriptionTooLongException'],
  ])('%s', async (_, more, name) => {
    const { createWith, spec, next } = await stage();
    await expect(createWith(JSON.stringify(spec(next())), more)).rejects.toMatchObject({ name });
  });

  test.each([
    ['{{', 'neither'],
    ['version: 1.0', 'version'],
    ['version: 0.0\nResources: []', 'Resources'],
    ['{"version":0,"Resources":[{"a":{"Type":"AWS::Lambda::Function"}}]}', 'Type'],
  ])('the AppSpec %s', async (content, said) => {
    const { createWith } = await stage();
    const refusal = createWith(content);
    await expect(refusal).rejects.toMatchObject({ name: 'InvalidRevisionException' });
    await expect(refusal).rejects.toThrow(said);
  });

  test('a hash that is another one', async () => {
    const { client, spec, next, create } = await stage();
    const appSpecContent = { content: JSON.stringify(spec(next())), sha256: 'f'.repeat(64) };
    const revision = { revisionType: 'AppSpecContent' as const, appSpecContent };
    const sent = client.send(new CreateDeploymentCommand({ ...WHERE, revision }));
    await expect(sent).rejects.toMatchObject({ name: 'InvalidRevisionException' });
    await expect(create()).resolves.toMatch(/^d-/);
  });

  test('YAML is read as well', async () => {
    const { createWith, next } = await stage();
    const content = `version: 0.0\nResources:\n  - TargetService:\n      Type: AWS::ECS::Service\n      Properties:\n        TaskDefinition: ${next()}\n        LoadBalancerInfo: { ContainerName: checkout, ContainerPort: 8000 }\n`;
    await expect(createWith(content)).resolves.toMatch(/^d-/);
  });

  test.each([{ taskDefinition: 'checkout' }, { platformVersion: '1.4.0' }])(
    'UpdateService with %j',
    async (change) => {
      const { ecs } = await stage();
      const sent = ecs.send(new UpdateServiceCommand({ cluster: 'demo', service: 'checkout', ...change }));
      await expect(sent).rejects.toThrow('Use AWS CodeDeploy to trigger a new deployment.');
    },
  );
});
