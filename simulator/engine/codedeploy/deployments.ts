/**
 * Blue/green deployments of CodeDeploy: their lifecycle events, waits, alarms, stops and rollbacks. User Guide,
 * "Deployments on an Amazon ECS compute platform".
 */
import { createHash } from 'node:crypto';
import { AwsError } from '../../state/errors.ts';
import { flag, list, number, object, objects, text, texts } from '../../state/json.ts';
import type { JsonObject } from '../../state/json.ts';
import type {
  CodeDeployment,
  CodeDeployStatus,
  DeploymentConfig,
  DeploymentGroup,
  LifecycleEvent,
} from '../../state/codedeploy.ts';
import type { Deployment as TaskSet, Service } from '../../state/model.ts';
import { behindGroup, createTaskSet, deleteTaskSet, hasPort, makePrimaryTaskSet } from '../task-sets.ts';
import { isHealthy } from '../tasks.ts';
import type { World } from '../world.ts';
import { parseAppSpec } from './app-spec.ts';
import { findConfig, weightsOf } from './configs.ts';

const beginSeconds = 2;
const longestHookSeconds = 3600;
const longestInstallSeconds = 3600;
const lookSeconds = 2;
const rollbackSeconds = 12;

const open: readonly CodeDeployStatus[] = ['Created', 'Queued', 'InProgress', 'Baking', 'Ready'];

export function isOpen({ status }: CodeDeployment): boolean {
  return open.includes(status);
}

/** The deployments of a group, newest first. */
export function deploymentsOf({ codeDeploy }: World, group: DeploymentGroup): CodeDeployment[] {
  return codeDeploy.deployments.filter((each) => each.group === group).toReversed();
}

export function deploymentById({ codeDeploy }: World, id: string): CodeDeployment | undefined {
  return codeDeploy.deployments.find((each) => each.id === id);
}

export interface DeploymentRequest {
  readonly content: string;
  readonly description: string | undefined;
  readonly configName: string | undefined;
  readonly autoRollback: JsonObject | undefined;
  /** In the place of those of its group. */
  readonly alarms: JsonObject | undefined;
}

/** Begins a deployment. Throws what CreateDeployment answers where it cannot be. */
export function createDeployment(
  world: World,
  group: DeploymentGroup,
  request: DeploymentRequest,
): CodeDeployment {
  const running = deploymentsOf(world, group).find(isOpen);
  if (running !== undefined) {
    throw new AwsError(
      'DeploymentLimitExceededException',
      `The Deployment Group '${group.name}' already has an active Deployment '${running.id}'`,
    );
  }
  const configName = request.configName ?? group.configName;
  const config = findConfig(world, configName);
  if (config === undefined) {
    throw new AwsError(
      'DeploymentConfigDoesNotExistException',
      `No Deployment Configuration found for name: ${configName}`,
    );
  }
  if (config.computePlatform !== 'ECS') {
    throw new AwsError(
      'InvalidDeploymentConfigNameException',
      `The deployment configuration ${configName} is not compatible with the compute platform ECS`,
    );
  }
  if (serviceOf(world, group) === undefined) {
    throw new AwsError('InvalidECSServiceException', 'The Amazon ECS service identifier is not valid.');
  }
  const deployment = newDeployment(world, group, config, {
    ...request,
    creator: 'user',
    autoRollback: request.autoRollback ?? group.autoRollback,
    alarms: request.alarms ?? group.alarms,
  });
  const { alarms } = deployment;
  after(world, deployment, beginSeconds, () => {
    deployment.startedAt = world.clock.now();
    setStatus(world, deployment, 'InProgress');
    const active = alarmNames(alarms).filter((name) => world.alarms.isInAlarm(name));
    if (active.length > 0) stopByAlarm(world, deployment, active);
    else runEvents(world, deployment);
  });
  return deployment;
}

function newDeployment(
  world: World,
  group: DeploymentGroup,
  config: DeploymentConfig,
  about: DeploymentRequest & {
    readonly creator: CodeDeployment['creator'];
    readonly rollbackOf?: CodeDeployment;
  },
): CodeDeployment {
  const now = world.clock.now();
  const sha256 = createHash('sha256').update(about.content).digest('hex');
  const spec = parseAppSpec(about.content);
  group.application.revisions.set(sha256, about.content);
  const service = serviceOf(world, group);
  const deployment: CodeDeployment = {
    id: world.ids.codeDeployment(),
    group,
    config,
    creator: about.creator,
    description: about.description,
    content: about.content,
    sha256,
    spec,
    autoRollback: about.autoRollback ?? {},
    alarms: about.alarms ?? {},
    createdAt: now,
    rollbackOf: about.rollbackOf,
    events: eventNames(group, about.rollbackOf !== undefined).map((name) => ({
      name,
      status: 'Pending',
      startedAt: undefined,
      endedAt: undefined,
      diagnostics: undefined,
    })),
    startedAt: undefined,
    completedAt: undefined,
    updatedAt: now,
    status: 'Created',
    error: undefined,
    rollback: undefined,
    rollbackMessage: undefined,
    terminationWaitStarted: false,
    blue: service?.deployments[0],
    green: undefined,
    cancel: () => undefined,
    proceed: undefined,
  };
  world.codeDeploy.deployments.push(deployment);
  return deployment;
}

function eventNames(group: DeploymentGroup, isRollback: boolean): string[] {
  if (isRollback) return ['AllowTraffic'];
  const test = testRoute(group) === undefined ? [] : ['AllowTestTraffic', 'AfterAllowTestTraffic'];
  return ['BeforeInstall', 'Install', 'AfterInstall', ...test, ...trafficEvents];
}

const trafficEvents = ['BeforeAllowTraffic', 'AllowTraffic', 'AfterAllowTraffic'];

export function serviceOf(world: World, group: DeploymentGroup): Service | undefined {
  return world.findCluster(group.clusterName)?.find(group.serviceName);
}

/** Goes through the events that are left, and through the waits between them. */
function runEvents(world: World, deployment: CodeDeployment, isContinued = false): void {
  const event = deployment.events.find(({ status }) => status === 'Pending');
  if (event === undefined) {
    waitForTermination(world, deployment);
    return;
  }
  if (event.name === 'BeforeAllowTraffic' && !isContinued && mustBeContinued(deployment)) {
    waitUntilReady(world, deployment);
    return;
  }
  event.status = 'InProgress';
  event.startedAt = world.clock.now();
  touch(world, deployment);
  const done = (): void => {
    event.status = 'Succeeded';
    event.endedAt = world.clock.now();
    touch(world, deployment);
    runEvents(world, deployment);
  };
  switch (event.name) {
    case 'Install':
      install(world, deployment, done);
      return;
    case 'AllowTestTraffic':
      shift(world, deployment.green, 'test', 100);
      after(world, deployment, 1, done);
      return;
    case 'AllowTraffic':
      allowTraffic(world, deployment, done, 0);
      return;
    default:
      runHook(world, deployment, event, done);
  }
}

function runHook(world: World, deployment: CodeDeployment, event: LifecycleEvent, done: () => void): void {
  const target = deployment.spec.hooks.get(event.name);
  if (target === undefined) {
    done();
    return;
  }
  const { ends, afterSeconds, message: words } = world.functions.behaviourOf(target);
  const seconds = ends === 'never' ? longestHookSeconds : afterSeconds;
  after(world, deployment, seconds, () => {
    if (ends === 'Succeeded') {
      done();
      return;
    }
    const message =
      ends === 'never'
        ? `The Lambda function ${target} did not report a status within one hour.`
        : (words ?? `The Lambda function ${target} reported the status Failed.`);
    failEvent(world, event, 'UnknownError', message);
    fail(world, deployment, {
      code: ends === 'never' ? 'TIMEOUT' : 'HOOK_EXECUTION_FAILURE',
      message: `The deployment failed because the lifecycle event hook ${event.name} failed: ${message}`,
    });
  });
}

/** Makes the replacement task set, and waits until it is steady. */
function install(world: World, deployment: CodeDeployment, done: () => void): void {
  const { group, spec, events } = deployment;
  const service = serviceOf(world, group);
  const event = events.find(({ name }) => name === 'Install');
  const refuse = (code: string, message: string): void => {
    if (event !== undefined) failEvent(world, event, 'UnknownError', message);
    fail(world, deployment, { code, message });
  };
  if (service?.status !== 'ACTIVE') {
    refuse('INVALID_ECS_SERVICE', 'The ECS service cannot be found, or it is not ACTIVE.');
    return;
  }
  const definition = world.taskDefinitions.find(spec.taskDefinition);
  if (definition?.status !== 'ACTIVE') {
    const said = definition === undefined ? 'TaskDefinition not found.' : 'TaskDefinition is inactive';
    refuse('ECS_UPDATE_ERROR', `The ECS service cannot be updated due to an unexpected error: ${said}`);
    return;
  }
  if (!hasPort(definition, spec.containerName, spec.containerPort)) {
    refuse(
      'ECS_UPDATE_ERROR',
      `The ECS service cannot be updated due to an unexpected error: The container ${spec.containerName} does not exist in the task definition, or did not have a container port ${spec.containerPort} defined.`,
    );
    return;
  }
  const primary = service.deployments[0];
  // What a deployment without a rollback left behind goes now.
  for (const set of service.deployments.filter((each) => each !== primary))
    deleteTaskSet(world, service, set);
  deployment.blue = primary;
  const green = createTaskSet(
    world,
    service,
    definition,
    {
      loadBalancers: [behindGroup(freeGroup(world, group), spec.containerName, spec.containerPort)],
      ...(spec.platformVersion === undefined ? {} : { platformVersion: spec.platformVersion }),
      ...(spec.networkConfiguration === undefined ? {} : { networkConfiguration: spec.networkConfiguration }),
    },
    deployment.id,
  );
  deployment.green = green;
  const until = world.clock.now() + longestInstallSeconds * 1000;
  const look = (): void => {
    if (isSteady(service, green)) {
      done();
      return;
    }
    if (world.clock.now() < until) {
      after(world, deployment, lookSeconds, look);
      return;
    }
    refuse(
      'TIMEOUT',
      'The deployment timed out while waiting for the replacement task set to become healthy. This time out period is 60 minutes.',
    );
  };
  after(world, deployment, lookSeconds, look);
}

function isSteady(service: Service, set: TaskSet): boolean {
  const tasks = service.cluster
    .tasksOf(service)
    .filter((task) => task.revision === set.revision && task.desiredStatus === 'RUNNING');
  return tasks.length === service.desiredCount && tasks.every(isHealthy);
}

/** Of the two target groups the one that does not serve the PRIMARY task set. */
function freeGroup(world: World, group: DeploymentGroup): string {
  const [pair = {}] = objects(group.loadBalancerInfo, 'targetGroupPairInfoList');
  const arns = objects(pair, 'targetGroups').flatMap(
    (each) => world.balancing.targetGroups.get(text(each, 'name') ?? '')?.arn ?? [],
  );
  const serving = serviceOf(world, group)?.deployments[0]?.revision.groupArns ?? [];
  return arns.find((arn) => !serving.includes(arn)) ?? arns[0] ?? '';
}

function allowTraffic(world: World, deployment: CodeDeployment, done: () => void, step: number): void {
  const { config, green } = deployment;
  const weights = weightsOf(config.routing);
  shift(world, green, 'production', weights[step] ?? 100);
  touch(world, deployment);
  if (step < weights.length - 1) {
    const minutes = config.routing.type === 'AllAtOnce' ? 0 : config.routing.minutes;
    after(world, deployment, minutes * 60, () => {
      allowTraffic(world, deployment, done, step + 1);
    });
    return;
  }
  const service = serviceOf(world, deployment.group);
  if (service !== undefined && green !== undefined) makePrimaryTaskSet(world, service, green);
  after(world, deployment, 1, done);
}

function shift(
  world: World,
  set: TaskSet | undefined,
  listener: 'production' | 'test',
  percent: number,
): void {
  for (const arn of set?.revision.groupArns ?? []) world.balancing.setWeight(arn, listener, percent);
}

/** API reference, DeploymentReadyOption. */
function mustBeContinued({ group }: CodeDeployment): boolean {
  return (
    text(object(group.blueGreen, 'deploymentReadyOption') ?? {}, 'actionOnTimeout') === 'STOP_DEPLOYMENT'
  );
}

function waitUntilReady(world: World, deployment: CodeDeployment): void {
  const ready = object(deployment.group.blueGreen, 'deploymentReadyOption') ?? {};
  setStatus(world, deployment, 'Ready');
  deployment.proceed = (): void => {
    deployment.proceed = undefined;
    deployment.cancel();
    setStatus(world, deployment, 'InProgress');
    runEvents(world, deployment, true);
  };
  after(world, deployment, (number(ready, 'waitTimeInMinutes') ?? 0) * 60, () => {
    fail(
      world,
      deployment,
      {
        code: 'TIMEOUT',
        message: 'The deployment was stopped because it was not continued within the wait time.',
      },
      'Stopped',
    );
  });
}

function waitForTermination(world: World, deployment: CodeDeployment): void {
  const { group, blue } = deployment;
  const wait = object(group.blueGreen, 'terminateBlueInstancesOnDeploymentSuccess') ?? {};
  const finish = (): void => {
    const service = serviceOf(world, group);
    if (service !== undefined && blue !== undefined) deleteTaskSet(world, service, blue);
    deployment.proceed = undefined;
    end(world, deployment, 'Succeeded');
  };
  deployment.terminationWaitStarted = true;
  touch(world, deployment);
  deployment.proceed = (): void => {
    deployment.cancel();
    finish();
  };
  after(world, deployment, Math.max(1, (number(wait, 'terminationWaitTimeInMinutes') ?? 0) * 60), finish);
}

/** Lets a deployment go on that waits. API reference, ContinueDeployment. */
export function continueDeployment(deployment: CodeDeployment, waitType: string): void {
  if (!isOpen(deployment)) {
    throw new AwsError('DeploymentAlreadyCompletedException', 'The deployment is already complete.');
  }
  const isAsked =
    waitType === 'TERMINATION_WAIT' ? deployment.terminationWaitStarted : deployment.status === 'Ready';
  if (!isAsked || deployment.proceed === undefined) {
    throw new AwsError(
      'DeploymentIsNotInReadyStateException',
      "The deployment does not have a status of Ready and can't continue yet.",
    );
  }
  deployment.proceed();
}

/** API reference, StopDeployment. */
export function stopDeployment(
  world: World,
  deployment: CodeDeployment,
  autoRollbackEnabled: boolean | undefined,
): void {
  if (!isOpen(deployment)) {
    throw new AwsError('DeploymentAlreadyCompletedException', 'The deployment is already complete.');
  }
  const rollsBack = autoRollbackEnabled ?? rollsBackOn(deployment, 'DEPLOYMENT_STOP_ON_REQUEST');
  after(world, deployment, 1, () => {
    skipRest(world, deployment);
    deployment.error = { code: 'MANUAL_STOP', message: 'The deployment was stopped by a user.' };
    end(world, deployment, 'Stopped');
    if (rollsBack) rollBack(world, deployment);
  });
}

function fail(
  world: World,
  deployment: CodeDeployment,
  error: { readonly code: string; readonly message: string },
  status: 'Failed' | 'Stopped' = 'Failed',
): void {
  deployment.error = error;
  skipRest(world, deployment);
  end(world, deployment, status);
  if (rollsBackOn(deployment, 'DEPLOYMENT_FAILURE')) rollBack(world, deployment);
}

function stopByAlarm(world: World, deployment: CodeDeployment, names: readonly string[]): void {
  deployment.error = {
    code: 'ALARM_ACTIVE',
    message: `One or more alarms have been activated according to the Amazon CloudWatch metrics you selected, and the affected deployments have been stopped. Activated alarms: <${names.join(', ')}>`,
  };
  skipRest(world, deployment);
  end(world, deployment, 'Stopped');
  if (rollsBackOn(deployment, 'DEPLOYMENT_STOP_ON_ALARM')) rollBack(world, deployment);
}

function rollsBackOn({ autoRollback }: CodeDeployment, event: string): boolean {
  return flag(autoRollback, 'enabled') === true && texts(autoRollback, 'events').includes(event);
}

/** A rollback is a deployment of its own, of what ran before: the traffic goes back, and the new task set is deleted. */
function rollBack(world: World, failed: CodeDeployment): void {
  const { group } = failed;
  const service = serviceOf(world, group);
  const blue = failed.blue;
  if (service === undefined || blue === undefined) return;
  const before = JSON.parse(JSON.stringify(appSpecOf(failed, blue))) as JsonObject;
  const config = findConfig(world, 'CodeDeployDefault.ECSAllAtOnce') ?? failed.config;
  const rollback = newDeployment(world, group, config, {
    content: JSON.stringify(before),
    description: undefined,
    configName: undefined,
    autoRollback: {},
    alarms: {},
    creator: 'codeDeployRollback',
    rollbackOf: failed,
  });
  failed.rollback = rollback;
  failed.rollbackMessage = `Deployment ${failed.id} will be rolled back with deployment ${rollback.id}.`;
  after(world, rollback, beginSeconds, () => {
    rollback.startedAt = world.clock.now();
    setStatus(world, rollback, 'InProgress');
    const [event] = rollback.events;
    if (event !== undefined) Object.assign(event, { status: 'InProgress', startedAt: world.clock.now() });
    for (const listener of ['production', 'test'] as const) shift(world, blue, listener, 100);
    makePrimaryTaskSet(world, service, blue);
    if (failed.green !== undefined) deleteTaskSet(world, service, failed.green);
    after(world, rollback, rollbackSeconds, () => {
      if (event !== undefined) Object.assign(event, { status: 'Succeeded', endedAt: world.clock.now() });
      failed.rollbackMessage = `Deployment ${failed.id} was rolled back with deployment ${rollback.id}.`;
      end(world, rollback, 'Succeeded');
    });
  });
}

/** What ran before, as an AppSpec. */
function appSpecOf({ spec }: CodeDeployment, { revision }: TaskSet): object {
  const properties = {
    TaskDefinition: revision.definition.arn,
    LoadBalancerInfo: { ContainerName: spec.containerName, ContainerPort: spec.containerPort },
  };
  return {
    version: 0,
    Resources: [{ TargetService: { Type: 'AWS::ECS::Service', Properties: properties } }],
  };
}

/** Stops deployments whose alarms go into ALARM. */
export function watchCodeDeployAlarms(world: World): void {
  world.alarms.onChange((alarm) => {
    if (alarm.state !== 'ALARM') return;
    for (const deployment of world.codeDeploy.deployments.filter(isOpen)) {
      if (deployment.creator === 'codeDeployRollback' || deployment.startedAt === undefined) continue;
      if (alarmNames(deployment.alarms).includes(alarm.name)) stopByAlarm(world, deployment, [alarm.name]);
    }
  });
}

function alarmNames(alarms: JsonObject): string[] {
  if (flag(alarms, 'enabled') !== true) return [];
  return objects(alarms, 'alarms').flatMap((each) => text(each, 'name') ?? []);
}

function testRoute(group: DeploymentGroup): JsonObject | undefined {
  const [pair = {}] = objects(group.loadBalancerInfo, 'targetGroupPairInfoList');
  const route = object(pair, 'testTrafficRoute');
  return route !== undefined && list(route, 'listenerArns').length > 0 ? route : undefined;
}

function failEvent(world: World, event: LifecycleEvent, errorCode: string, message: string): void {
  event.status = 'Failed';
  event.endedAt = world.clock.now();
  event.diagnostics = { errorCode, message };
}

function skipRest(world: World, deployment: CodeDeployment): void {
  for (const event of deployment.events) {
    if (event.status === 'InProgress') event.endedAt = world.clock.now();
    if (event.status === 'InProgress' || event.status === 'Pending') event.status = 'Skipped';
  }
}

function end(world: World, deployment: CodeDeployment, status: CodeDeployStatus): void {
  deployment.cancel();
  deployment.completedAt = world.clock.now();
  setStatus(world, deployment, status);
}

function setStatus(world: World, deployment: CodeDeployment, status: CodeDeployStatus): void {
  deployment.status = status;
  touch(world, deployment);
}

function touch(world: World, deployment: CodeDeployment): void {
  deployment.updatedAt = world.clock.now();
}

/** One thing is waited for at a time. */
function after(world: World, deployment: CodeDeployment, seconds: number, then: () => void): void {
  deployment.cancel();
  deployment.cancel = world.clock.after(seconds, then);
}
