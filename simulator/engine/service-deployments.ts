/** How deployments of a service begin and end. */
import { object, text } from '../state/json.ts';
import type {
  Deployment,
  RolloutState,
  Service,
  ServiceDeployment,
  ServiceDeploymentStatus,
  ServiceRevision,
  TaskDefinition,
} from '../state/model.ts';
import { addEvent } from './events.ts';
import { newAlarms, newBreaker } from './monitors.ts';
import { newLifecycle, shiftsTraffic, shiftTraffic } from './shifting.ts';
import type { World } from './world.ts';

/** What a deployment has met that begins. */
export const NOTHING_YET = {
  failedTasks: 0,
  failedLaunches: 0,
  throttledUntil: 0,
  steadySince: undefined,
  stalled: false,
  blockedEventSent: false,
};

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
    alarms: newAlarms(world, service.settings.deploymentConfiguration),
    lifecycle: newLifecycle(world, service.settings.deploymentConfiguration, sources.length > 0),
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
  return makePrimary(world, service, revision, serviceDeployment, `ecs-svc/${revision.digits}`);
}

/** The deployment reached its steady state. */
export function complete(world: World, service: Service, deployment: Deployment): void {
  const { serviceDeployment, revision } = deployment;
  setRolloutState(world, deployment, 'COMPLETED', `ECS deployment ${deployment.id} completed.`);
  if (!service.completed.includes(revision)) service.completed.push(revision);
  for (const monitor of [serviceDeployment.breaker, serviceDeployment.alarms]) {
    if (monitor.status === 'MONITORING') monitor.status = 'MONITORING_COMPLETE';
  }
  const rolledBack = serviceDeployment.rollback !== undefined;
  endDeployment(
    world,
    serviceDeployment,
    rolledBack ? 'ROLLBACK_SUCCESSFUL' : 'SUCCESSFUL',
    serviceDeployment.statusReason,
  );
  addEvent(world, service, `(deployment ${deployment.id}) deployment completed.`);
}

/** Puts a revision at the head of a service. */
export function makePrimary(
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
    ...NOTHING_YET,
  };
  service.deployments = [deployment, ...service.deployments];
  service.steady = false;
  return deployment;
}

/** The traffic that it had shifted goes back: whatever comes next begins with none. */
function supersede(world: World, serviceDeployment: ServiceDeployment): void {
  const serving = serviceDeployment.service.completed.at(-1);
  if (serviceDeployment.lifecycle !== undefined && serving !== undefined) {
    shiftTraffic(world, serving, 'production');
    shiftTraffic(world, serving, 'test');
  }
  endDeployment(
    world,
    serviceDeployment,
    'STOPPED',
    'Service deployment was stopped because a newer service deployment started.',
  );
}

/** What a deployment, or a task set, begins with. */
export function addRevision(
  world: World,
  service: Service,
  definition: TaskDefinition,
  settings = service.settings,
  groupArns = targetGroupsFor(service),
): ServiceRevision {
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
    settings,
    groupArns,
    images: new Map(images),
    createdAt: world.clock.now(),
  };
  service.revisions.push(revision);
  return revision;
}

/** The target groups that do not serve now, where a service shifts between two; otherwise the only ones. */
function targetGroupsFor(service: Service): string[] {
  const serving = service.completed.at(-1)?.groupArns ?? [];
  const shifts = shiftsTraffic(service.settings.deploymentConfiguration);
  return service.settings.loadBalancers.map((balancer) => {
    const first = text(balancer, 'targetGroupArn') ?? '';
    const second = text(object(balancer, 'advancedConfiguration') ?? {}, 'alternateTargetGroupArn');
    return shifts && second !== undefined && serving.includes(first) ? second : first;
  });
}

/** Moves a service deployment on to a status that is not its last. */
export function setStatus(
  world: World,
  serviceDeployment: ServiceDeployment,
  status: ServiceDeploymentStatus,
  reason?: string,
): void {
  serviceDeployment.status = status;
  serviceDeployment.statusReason = reason ?? serviceDeployment.statusReason;
  serviceDeployment.updatedAt = world.clock.now();
}

/** Ends a service deployment. */
export function endDeployment(
  world: World,
  serviceDeployment: ServiceDeployment,
  status: ServiceDeploymentStatus,
  reason: string | undefined,
): void {
  setStatus(world, serviceDeployment, status, reason);
  const now = world.clock.now();
  serviceDeployment.finishedAt = now;
  if (status === 'STOPPED') serviceDeployment.stoppedAt = now;
}

/** Decides the rollout state of a deployment. */
export function setRolloutState(
  world: World,
  deployment: Deployment,
  state: RolloutState,
  reason: string,
): void {
  deployment.rolloutState = state;
  deployment.rolloutStateReason = reason;
  deployment.updatedAt = world.clock.now();
}
