/**
 * Blue/green deployments of CodeDeploy: what begins them, lets them go on, and stops them. User Guide, "Deployments on an
 * Amazon ECS compute platform".
 */
import { AwsError } from '../../state/errors.ts';
import { flag, objects, text } from '../../state/json.ts';
import type { JsonObject } from '../../state/json.ts';
import type { CodeDeployment, DeploymentGroup } from '../../state/codedeploy.ts';
import type { World } from '../world.ts';
import { findConfig } from './configs.ts';
import {
  after,
  beginSeconds,
  deploymentsOf,
  isOpen,
  newDeployment,
  serviceOf,
  setStatus,
  type DeploymentRequest,
} from './deployment.ts';
import { runEvents } from './events.ts';
import { fail, rollsBackOn, stopByAlarm } from './rollback.ts';

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
    const error = { code: 'MANUAL_STOP', message: 'The deployment was stopped by a user.' };
    fail(world, deployment, error, 'Stopped', rollsBack);
  });
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
