/** How deployments of a service begin, end, fail and are undone. */
import { text } from '../protocol/fields.ts';
import type { World } from '../world.ts';
import { newBreaker } from './breaker.ts';
import { tell } from './events.ts';
import type {
  Deployment,
  RolloutState,
  Service,
  ServiceDeployment,
  ServiceDeploymentStatus,
  ServiceRevision,
  TaskDefinition,
} from './model.ts';

const underway: readonly ServiceDeploymentStatus[] = [
  'PENDING',
  'IN_PROGRESS',
  'STOP_REQUESTED',
  'ROLLBACK_REQUESTED',
  'ROLLBACK_IN_PROGRESS',
];

export function isUnderway({ status }: ServiceDeployment): boolean {
  return underway.includes(status);
}

/** The deployment that ECS is to bring to its desired count; undefined before the first one. */
export function primaryOf(service: Service): Deployment | undefined {
  return service.deployments[0];
}

/** Begins the deployment of a task definition; one that is still underway is stopped by it. */
export function startDeployment(world: World, service: Service, definition: TaskDefinition): Deployment {
  const now = world.clock.now();
  for (const previous of service.serviceDeployments.filter(isUnderway)) supersede(world, previous);
  const revision = addRevision(world, service, definition);
  const sources = service.deployments.map((deployment) => deployment.revision);
  const serviceDeployment: ServiceDeployment = {
    arn: world.arn(
      'ecs',
      `service-deployment/${service.cluster.name}/${service.name}/${world.ids.serviceDeployment()}`,
    ),
    service,
    target: revision,
    sources,
    configuration: service.settings.deploymentConfiguration,
    breaker: newBreaker(service.settings.deploymentConfiguration, service.desiredCount),
    createdAt: now,
    startedAt: undefined,
    finishedAt: undefined,
    stoppedAt: undefined,
    updatedAt: now,
    status: 'PENDING',
    statusReason: undefined,
    rollback: undefined,
  };
  service.serviceDeployments = [serviceDeployment, ...service.serviceDeployments];
  return lead(world, service, revision, serviceDeployment, `ecs-svc/${revision.digits}`);
}

/** The deployment reached its steady state. */
export function complete(world: World, service: Service, deployment: Deployment): void {
  const { serviceDeployment, revision } = deployment;
  settle(world, deployment, 'COMPLETED', `ECS deployment ${deployment.id} completed.`);
  if (!service.completed.includes(revision)) service.completed.push(revision);
  if (serviceDeployment.breaker.status === 'MONITORING')
    serviceDeployment.breaker.status = 'MONITORING_COMPLETE';
  const rolledBack = serviceDeployment.rollback !== undefined;
  finish(
    world,
    serviceDeployment,
    rolledBack ? 'ROLLBACK_SUCCESSFUL' : 'SUCCESSFUL',
    serviceDeployment.statusReason,
  );
  tell(world, service, `(deployment ${deployment.id}) deployment completed.`);
}

/** The circuit breaker tripped, or a rollback of its own failed as often as it may. */
export function failByBreaker(world: World, service: Service, deployment: Deployment): void {
  const { serviceDeployment } = deployment;
  const reason = 'ECS deployment circuit breaker: tasks failed to start.';
  tell(world, service, `(deployment ${deployment.id}) deployment failed: tasks failed to start.`);
  if (serviceDeployment.rollback !== undefined) {
    settle(world, deployment, 'FAILED', reason);
    deployment.stalled = true;
    finish(
      world,
      serviceDeployment,
      'ROLLBACK_FAILED',
      'The rollback failed: tasks of the earlier revision failed to start.',
    );
    return;
  }
  if (!serviceDeployment.breaker.rollback) {
    settle(world, deployment, 'FAILED', reason);
    deployment.stalled = true;
    finish(
      world,
      serviceDeployment,
      'STOPPED',
      'Service deployment stopped because the circuit breaker threshold was exceeded.',
    );
    return;
  }
  if (service.completed.length === 0) {
    // "If no deployment is in the COMPLETED state, the circuit breaker does not launch new tasks and is stalled."
    deployment.stalled = true;
    return;
  }
  settle(world, deployment, 'FAILED', reason);
  rollBack(
    world,
    service,
    deployment,
    'Service deployment rolled back because the circuit breaker threshold was exceeded.',
    'ECS deployment circuit breaker',
  );
}

/** Carries out what StopServiceDeployment asked for. */
export function carryOutStop(world: World, service: Service, deployment: Deployment): void {
  const { serviceDeployment } = deployment;
  if (serviceDeployment.status === 'STOP_REQUESTED') {
    settle(world, deployment, 'FAILED', `ECS deployment ${deployment.id} was stopped by a user.`);
    deployment.stalled = true;
    finish(world, serviceDeployment, 'STOPPED', 'Service deployment was stopped by a user request.');
    return;
  }
  settle(world, deployment, 'FAILED', `ECS deployment ${deployment.id} was stopped by a user.`);
  if (service.completed.length === 0) {
    deployment.stalled = true;
    finish(
      world,
      serviceDeployment,
      'ROLLBACK_FAILED',
      'There is no completed service revision to roll back to.',
    );
    return;
  }
  rollBack(
    world,
    service,
    deployment,
    'Service deployment rolled back because of a user request.',
    'ECS deployment stopped by a user',
  );
}

function rollBack(
  world: World,
  service: Service,
  failed: Deployment,
  reason: string,
  initiator: string,
): void {
  const revision = service.completed.at(-1);
  if (revision === undefined) return;
  const { serviceDeployment } = failed;
  serviceDeployment.rollback = { reason, startedAt: world.clock.now(), revision };
  move(world, serviceDeployment, 'ROLLBACK_IN_PROGRESS', reason);
  service.deployments = service.deployments.filter((deployment) => deployment.revision !== revision);
  service.settings = {
    ...revision.settings,
    deploymentConfiguration: service.settings.deploymentConfiguration,
  };
  const back = lead(world, service, revision, serviceDeployment, `ecs-svc/${world.ids.digits()}`);
  back.rolloutStateReason = `${initiator}: rolling back to deploymentId ecs-svc/${revision.digits}.`;
  tell(world, service, `(deployment ${failed.id}) rolling back to deployment ecs-svc/${revision.digits}.`);
}

/** Puts a revision at the head of a service. */
function lead(
  world: World,
  service: Service,
  revision: ServiceRevision,
  serviceDeployment: ServiceDeployment,
  id: string,
): Deployment {
  const now = world.clock.now();
  const deployment: Deployment = {
    id,
    revision,
    serviceDeployment,
    createdAt: now,
    updatedAt: now,
    rolloutState: 'IN_PROGRESS',
    rolloutStateReason: `ECS deployment ${id} in progress.`,
    failedTasks: 0,
    failedLaunches: 0,
    noLaunchBefore: 0,
    stalled: false,
    toldBlocked: false,
  };
  service.deployments = [deployment, ...service.deployments];
  service.steady = false;
  return deployment;
}

function supersede(world: World, serviceDeployment: ServiceDeployment): void {
  finish(
    world,
    serviceDeployment,
    'STOPPED',
    'Service deployment was stopped because a newer service deployment started.',
  );
}

function addRevision(world: World, service: Service, definition: TaskDefinition): ServiceRevision {
  const digits = world.ids.digits();
  const images = definition.containers.map((container) => {
    const image = text(container, 'image') ?? '';
    const pinned = text(container, 'versionConsistency') !== 'disabled';
    const digest = pinned ? world.images.find(image)?.digest : undefined;
    return [text(container, 'name') ?? '', { image, digest }] as const;
  });
  const revision: ServiceRevision = {
    arn: world.arn('ecs', `service-revision/${service.cluster.name}/${service.name}/${digits}`),
    digits,
    definition,
    settings: service.settings,
    images: new Map(images),
    createdAt: world.clock.now(),
  };
  service.revisions.push(revision);
  return revision;
}

/** Moves a service deployment on to a status that is not its last. */
export function move(
  world: World,
  serviceDeployment: ServiceDeployment,
  status: ServiceDeploymentStatus,
  reason?: string,
): void {
  serviceDeployment.status = status;
  serviceDeployment.statusReason = reason ?? serviceDeployment.statusReason;
  serviceDeployment.updatedAt = world.clock.now();
}

function finish(
  world: World,
  serviceDeployment: ServiceDeployment,
  status: ServiceDeploymentStatus,
  reason: string | undefined,
): void {
  move(world, serviceDeployment, status, reason);
  const now = world.clock.now();
  serviceDeployment.finishedAt = now;
  if (status === 'STOPPED') serviceDeployment.stoppedAt = now;
}

function settle(world: World, deployment: Deployment, state: RolloutState, reason: string): void {
  deployment.rolloutState = state;
  deployment.rolloutStateReason = reason;
  deployment.updatedAt = world.clock.now();
}
