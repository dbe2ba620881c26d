/** How deployments of a service fail, are stopped, and are rolled back. */
import { AwsError, invalidParameter } from '../state/errors.ts';
import type { Deployment, Hook, Service, ServiceDeployment } from '../state/model.ts';
import { addEvent } from './events.ts';
import {
  endDeployment,
  isUnderway,
  makePrimary,
  primaryOf,
  setRolloutState,
  setStatus,
} from './service-deployments.ts';
import { shiftTraffic } from './shifting.ts';
import type { World } from './world.ts';

/** Who ended a deployment, in the words that ECS has for it. */
interface Failure {
  readonly rolloutReason: string;
  readonly because: string;
  readonly initiator: string;
  readonly rollback: boolean;
}

/** The circuit breaker tripped, or a rollback of its own failed as often as it may. */
export function failByBreaker(world: World, service: Service, deployment: Deployment): void {
  const { breaker } = deployment.serviceDeployment;
  addEvent(world, service, `(deployment ${deployment.id}) deployment failed: tasks failed to start.`);
  fail(world, service, deployment, {
    rolloutReason: 'ECS deployment circuit breaker: tasks failed to start.',
    because: 'the circuit breaker threshold was exceeded',
    initiator: 'ECS deployment circuit breaker',
    rollback: breaker.rollback,
  });
}

/** An alarm that the deployment monitors went into ALARM. */
function failByAlarm(world: World, service: Service, deployment: Deployment, alarmName: string): void {
  const { alarms } = deployment.serviceDeployment;
  alarms.status = 'TRIGGERED';
  alarms.triggered.push(alarmName);
  addEvent(world, service, `(deployment ${deployment.id}) deployment failed: alarm detected.`);
  fail(world, service, deployment, {
    rolloutReason: 'ECS deployment failed: alarm detected.',
    because: `the alarm ${alarmName} was detected`,
    initiator: 'ECS deployment alarm',
    rollback: alarms.rollback,
  });
}

/**
 * A lifecycle hook refused the deployment, or nobody answered it in time. Developer Guide, "Troubleshooting Amazon ECS
 * blue/green deployments", has the words for a function; those for a pause are ours.
 */
export function failByHook(world: World, service: Service, deployment: Deployment, hook: Hook): void {
  const detail =
    hook.targetType === 'PAUSE'
      ? ''
      : `. Lifecycle hook target ${hook.targetArn ?? ''} returned ${hook.status} status`;
  addEvent(world, service, `(deployment ${deployment.id}) deployment failed: lifecycle hook failed.`);
  fail(world, service, deployment, {
    rolloutReason: 'ECS deployment failed: lifecycle hook failed.',
    because: `${hook.stage} lifecycle hook(s) failed${detail}`,
    initiator: 'ECS deployment lifecycle hook',
    rollback: true,
  });
}

/** What ECS finds wrong with the load balancers, or may not do to them. */
export function failByNetworking(
  world: World,
  service: Service,
  deployment: Deployment,
  because: string,
): void {
  addEvent(world, service, `(deployment ${deployment.id}) deployment failed: ${because.replace(/^of /, '')}`);
  fail(world, service, deployment, {
    rolloutReason: `ECS deployment failed: ${because.replace(/^of /, '')}`,
    because,
    initiator: 'ECS deployment',
    rollback: true,
  });
}

/** Carries out what StopServiceDeployment asked for. */
export function stopAsRequested(world: World, service: Service, deployment: Deployment): void {
  fail(world, service, deployment, {
    rolloutReason: `ECS deployment ${deployment.id} was stopped by a user.`,
    because: 'of a user request',
    initiator: 'ECS deployment stopped by a user',
    rollback: deployment.serviceDeployment.status === 'ROLLBACK_REQUESTED',
  });
}

/** Ends a deployment that failed: by a rollback where that is wanted and possible; otherwise it stalls. */
function fail(world: World, service: Service, deployment: Deployment, failure: Failure): void {
  const { serviceDeployment } = deployment;
  const nothingToGoBackTo = service.completed.length === 0;
  const asked = serviceDeployment.status === 'ROLLBACK_REQUESTED';
  if (failure.rollback && nothingToGoBackTo && !asked && serviceDeployment.rollback === undefined) {
    // Developer Guide: without a deployment in the COMPLETED state no new tasks are launched and it stalls.
    deployment.stalled = true;
    return;
  }
  setRolloutState(world, deployment, 'FAILED', failure.rolloutReason);
  if (serviceDeployment.rollback !== undefined) {
    stall(world, deployment, 'ROLLBACK_FAILED', `The rollback failed because ${failure.because}.`);
  } else if (!failure.rollback) {
    stall(world, deployment, 'STOPPED', `Service deployment stopped because ${failure.because}.`);
  } else if (nothingToGoBackTo) {
    stall(world, deployment, 'ROLLBACK_FAILED', 'There is no completed service revision to roll back to.');
  } else {
    rollBack(world, service, deployment, failure);
  }
}

function stall(
  world: World,
  deployment: Deployment,
  status: 'STOPPED' | 'ROLLBACK_FAILED',
  reason: string,
): void {
  deployment.stalled = true;
  endDeployment(world, deployment.serviceDeployment, status, reason);
}

/** Returns the service to its last completed revision, whose running tasks are kept. */
function rollBack(world: World, service: Service, failed: Deployment, failure: Failure): void {
  const revision = service.completed.at(-1);
  if (revision === undefined) return;
  const { serviceDeployment } = failed;
  const reason = `Service deployment rolled back because ${failure.because.replace(/\.$/, '')}.`;
  serviceDeployment.rollback = { reason, startedAt: world.clock.now(), revision };
  setStatus(world, serviceDeployment, 'ROLLBACK_IN_PROGRESS', reason);
  service.deployments = service.deployments.filter((deployment) => deployment.revision !== revision);
  service.settings = {
    ...revision.settings,
    deploymentConfiguration: service.settings.deploymentConfiguration,
  };
  if (serviceDeployment.lifecycle !== undefined) {
    shiftTraffic(world, revision, 'production');
    shiftTraffic(world, revision, 'test');
  }
  const back = makePrimary(world, service, revision, serviceDeployment, `ecs-svc/${world.ids.digits()}`);
  back.rolloutStateReason = `${failure.initiator}: rolling back to deploymentId ecs-svc/${revision.digits}.`;
  addEvent(
    world,
    service,
    `(deployment ${failed.id}) rolling back to deployment ecs-svc/${revision.digits}.`,
  );
}

/** Answers a hook that awaits it. API reference, ContinueServiceDeployment. */
export function answerHook(
  world: World,
  deployment: ServiceDeployment,
  hookId: string,
  action: 'CONTINUE' | 'ROLLBACK',
): void {
  const hook = deployment.lifecycle?.hooks.find(({ id }) => id === hookId);
  if (hook?.status !== 'AWAITING_ACTION' || deployment.status !== 'IN_PROGRESS') {
    throw new AwsError('ConflictException', 'The lifecycle hook does not await an action.');
  }
  hook.status = action === 'CONTINUE' ? 'SUCCEEDED' : 'FAILED';
  const primary = primaryOf(deployment.service);
  if (action === 'ROLLBACK' && primary !== undefined) failByHook(world, deployment.service, primary, hook);
  world.changed(deployment.service);
}

/**
 * Asks a deployment that is underway to stop. API reference, StopServiceDeployment: ROLLBACK is accepted in PENDING,
 * IN_PROGRESS, STOP_REQUESTED, ROLLBACK_REQUESTED and ROLLBACK_IN_PROGRESS, and does nothing where it already happens.
 */
export function stopServiceDeployment(world: World, deployment: ServiceDeployment, stopType: string): void {
  if (stopType !== 'ROLLBACK' && stopType !== 'ABORT')
    throw invalidParameter(`Invalid stopType: ${stopType}.`);
  if (!isUnderway(deployment)) {
    throw new AwsError(
      'ConflictException',
      `The service deployment cannot be stopped: its status is ${deployment.status}.`,
    );
  }
  if (deployment.status === 'ROLLBACK_REQUESTED' || deployment.status === 'ROLLBACK_IN_PROGRESS') return;
  setStatus(world, deployment, stopType === 'ROLLBACK' ? 'ROLLBACK_REQUESTED' : 'STOP_REQUESTED');
  world.changed(deployment.service);
}

/**
 * Fails a deployment underway as soon as one of the alarms that it monitors goes into ALARM. Developer Guide, "How
 * CloudWatch alarms detect Amazon ECS deployment failures".
 */
export function watchAlarms(world: World): void {
  world.alarms.onChange((alarm) => {
    if (alarm.state !== 'ALARM') return;
    for (const service of world.services().filter((one) => isMonitoring(one, alarm.name))) {
      const primary = primaryOf(service);
      if (primary === undefined) continue;
      failByAlarm(world, service, primary, alarm.name);
      world.changed(service);
    }
  });
}

function isMonitoring(service: Service, alarmName: string): boolean {
  const deployment = primaryOf(service)?.serviceDeployment;
  if (deployment === undefined || !isUnderway(deployment) || deployment.rollback !== undefined) return false;
  return deployment.alarms.status === 'MONITORING' && deployment.alarms.names.includes(alarmName);
}
