/** Services, deployments and service deployments as ECS shows them. */
import type { World } from '../../engine/world.ts';
import { epochSeconds, object, text } from '../../state/json.ts';
import type { JsonObject } from '../../state/json.ts';
import type {
  Deployment,
  Hook,
  Service,
  ServiceDeployment,
  ServiceRevision,
  Task,
} from '../../state/model.ts';

/** Whether something made at an instant shows up yet in what is read. */
export function isVisible({ clock, lagSeconds }: World, createdAt: number): boolean {
  return createdAt + lagSeconds * 1000 <= clock.now();
}

interface Counts {
  readonly running: number;
  readonly pending: number;
}

const runningStatuses: readonly Task['lastStatus'][] = ['RUNNING', 'DEACTIVATING', 'STOPPING'];
const pendingStatuses: readonly Task['lastStatus'][] = ['PROVISIONING', 'PENDING', 'ACTIVATING'];

/** A task that drains still runs: it is counted until it has stopped. */
function countTasks(tasks: readonly Task[]): Counts {
  return {
    running: tasks.filter((task) => task.startedAt !== undefined && runningStatuses.includes(task.lastStatus))
      .length,
    pending: tasks.filter((task) => pendingStatuses.includes(task.lastStatus)).length,
  };
}

function ofRevision(service: Service, revision: ServiceRevision): Task[] {
  return service.cluster.tasksOf(service).filter((task) => task.revision === revision);
}

function desiredCountOf(service: Service, revision: ServiceRevision): number {
  return service.deployments[0]?.revision === revision
    ? service.desiredCount
    : ofRevision(service, revision).filter((task) => task.desiredStatus === 'RUNNING').length;
}

function revisionSummary(service: Service, revision: ServiceRevision): JsonObject {
  const { running, pending } = countTasks(ofRevision(service, revision));
  return {
    arn: revision.arn,
    requestedTaskCount: desiredCountOf(service, revision),
    runningTaskCount: running,
    pendingTaskCount: pending,
  };
}

export function serviceView(world: World, service: Service, includeTags = false): JsonObject {
  const { settings } = service;
  const counts = countTasks(service.cluster.tasksOf(service));
  const primary = service.deployments[0];
  const byEcs = service.controller === 'ECS';
  return {
    serviceArn: service.arn,
    serviceName: service.name,
    clusterArn: service.cluster.arn,
    loadBalancers: [...settings.loadBalancers],
    serviceRegistries: [...settings.serviceRegistries],
    status: service.status,
    desiredCount: service.desiredCount,
    runningCount: counts.running,
    pendingCount: counts.pending,
    ...launchSettings(primary?.revision),
    taskDefinition: (primary?.revision ?? service.revisions.at(-1))?.definition.arn,
    deploymentConfiguration: settings.deploymentConfiguration,
    deploymentController: byEcs ? undefined : { type: service.controller },
    ...(byEcs ? {} : { taskSets: service.deployments.map((one) => taskSetView(service, one)) }),
    deployments: byEcs ? service.deployments.map((one) => deploymentView(service, one)) : [],
    roleArn: settings.loadBalancers.length > 0 ? serviceRole(service) : undefined,
    events: service.events.map(({ id, createdAt, message }) => ({
      id,
      createdAt: epochSeconds(createdAt),
      message,
    })),
    createdAt: epochSeconds(service.createdAt),
    currentServiceDeployment: byEcs
      ? service.serviceDeployments.find(({ createdAt }) => isVisible(world, createdAt))?.arn
      : undefined,
    currentServiceRevisions: byEcs
      ? service.deployments.map(({ revision }) => revisionSummary(service, revision))
      : [],
    placementConstraints: [...settings.placementConstraints],
    placementStrategy: [...settings.placementStrategy],
    networkConfiguration: settings.networkConfiguration,
    healthCheckGracePeriodSeconds:
      settings.healthCheckGracePeriodSeconds ?? (settings.loadBalancers.length > 0 ? 0 : undefined),
    schedulingStrategy: service.schedulingStrategy,
    createdBy: serviceRole(service).replace(/:role\/.*/, ':role/Admin'),
    enableECSManagedTags: settings.enableECSManagedTags,
    propagateTags: settings.propagateTags ?? 'NONE',
    enableExecuteCommand: settings.enableExecuteCommand,
    availabilityZoneRebalancing: settings.availabilityZoneRebalancing,
    ...(includeTags ? { tags: service.tags } : {}),
  };
}

function serviceRole(service: Service): string {
  const [arn = '', partition = 'aws', , , account = ''] = service.arn.split(':');
  return `${arn}:${partition}:iam::${account}:role/aws-service-role/ecs.amazonaws.com/AWSServiceRoleForECS`;
}

function launchSettings(revision: ServiceRevision | undefined): JsonObject {
  const settings = revision?.settings;
  if (settings === undefined) return {};
  const { launchType, capacityProviderStrategy } = settings;
  const fargate = launchType === 'FARGATE' || capacityProviderStrategy !== undefined;
  return {
    launchType: capacityProviderStrategy === undefined ? launchType : undefined,
    capacityProviderStrategy,
    ...(fargate ? { platformVersion: settings.platformVersion ?? 'LATEST', platformFamily: 'Linux' } : {}),
  };
}

function deploymentView(service: Service, deployment: Deployment): JsonObject {
  const { revision } = deployment;
  const { running, pending } = countTasks(ofRevision(service, revision));
  return {
    id: deployment.id,
    status: deployment === service.deployments[0] ? 'PRIMARY' : 'ACTIVE',
    taskDefinition: revision.definition.arn,
    desiredCount: desiredCountOf(service, revision),
    pendingCount: pending,
    runningCount: running,
    failedTasks: deployment.failedTasks,
    createdAt: epochSeconds(deployment.createdAt),
    updatedAt: epochSeconds(deployment.updatedAt),
    ...launchSettings(revision),
    networkConfiguration: revision.settings.networkConfiguration,
    rolloutState: deployment.rolloutState,
    rolloutStateReason: deployment.rolloutStateReason,
    serviceConnectConfiguration: revision.settings.serviceConnectConfiguration,
    volumeConfigurations: revision.settings.volumeConfigurations,
    ...(revision.settings.vpcLatticeConfigurations.length === 0
      ? {}
      : { vpcLatticeConfigurations: [...revision.settings.vpcLatticeConfigurations] }),
  };
}

function taskSetView(service: Service, set: Deployment): JsonObject {
  const { id, revision, createdAt, updatedAt, taskSet } = set;
  const { running, pending } = countTasks(ofRevision(service, revision));
  const scale = taskSet?.scale ?? 100;
  const desired = Math.ceil((service.desiredCount * scale) / 100);
  const isSteady = running === desired && pending === 0;
  const isPrimary = set === service.deployments[0];
  return {
    id,
    taskSetArn: service.arn.replace(':service/', ':task-set/') + `/${id}`,
    serviceArn: service.arn,
    clusterArn: service.cluster.arn,
    ...(taskSet?.externalId === undefined
      ? {}
      : { externalId: taskSet.externalId, startedBy: 'CODE_DEPLOY' }),
    status: isPrimary ? 'PRIMARY' : scale === 0 ? 'DRAINING' : 'ACTIVE',
    taskDefinition: revision.definition.arn,
    computedDesiredCount: desired,
    runningCount: running,
    pendingCount: pending,
    createdAt: epochSeconds(createdAt),
    updatedAt: epochSeconds(updatedAt),
    ...launchSettings(revision),
    networkConfiguration: revision.settings.networkConfiguration,
    loadBalancers: [...revision.settings.loadBalancers],
    scale: { value: scale, unit: 'PERCENT' },
    stabilityStatus: isSteady ? 'STEADY_STATE' : 'STABILIZING',
  };
}

export function serviceDeploymentBrief(deployment: ServiceDeployment): JsonObject {
  return { ...commonView(deployment), targetServiceRevisionArn: deployment.target.arn };
}

function commonView(deployment: ServiceDeployment): JsonObject {
  return {
    serviceDeploymentArn: deployment.arn,
    serviceArn: deployment.service.arn,
    clusterArn: deployment.service.cluster.arn,
    startedAt: epochSeconds(deployment.startedAt),
    createdAt: epochSeconds(deployment.createdAt),
    finishedAt: epochSeconds(deployment.finishedAt),
    status: deployment.status,
    statusReason: deployment.statusReason,
  };
}

export function serviceDeploymentView(world: World, deployment: ServiceDeployment): JsonObject {
  const { service, breaker, alarms, lifecycle, rollback } = deployment;
  const summary = (revision: ServiceRevision): JsonObject => ({
    ...revisionSummary(service, revision),
    ...(lifecycle === undefined ? {} : trafficWeights(world, revision)),
  });
  return {
    ...commonView(deployment),
    stoppedAt: epochSeconds(deployment.stoppedAt),
    updatedAt: epochSeconds(deployment.updatedAt),
    sourceServiceRevisions: deployment.sources.map(summary),
    targetServiceRevision: summary(deployment.target),
    lifecycleStage: lifecycle?.stage,
    lifecycleHookDetails: lifecycle?.hooks.map(hookView),
    deploymentConfiguration: deployment.configuration,
    deploymentCircuitBreaker: {
      status: breaker.status,
      failureCount: breaker.failureCount,
      threshold: breaker.threshold,
    },
    alarms: {
      status: alarms.status,
      alarmNames: [...alarms.names],
      triggeredAlarmNames: [...alarms.triggered],
    },
    rollback:
      rollback === undefined
        ? undefined
        : {
            reason: rollback.reason,
            startedAt: epochSeconds(rollback.startedAt),
            serviceRevisionArn: rollback.revision.arn,
          },
  };
}

/** Which percentage of the requests a revision is to get. */
function trafficWeights({ balancing }: World, { groupArns }: ServiceRevision): JsonObject {
  return {
    requestedProductionTrafficWeight: balancing.weightOf(groupArns, 'production'),
    requestedTestTrafficWeight: balancing.weightOf(groupArns, 'test'),
  };
}

function hookView({ id, targetType, targetArn, status, expiresAt, timeoutAction }: Hook): JsonObject {
  return { hookId: id, targetType, targetArn, status, expiresAt: epochSeconds(expiresAt), timeoutAction };
}

export function serviceRevisionView(service: Service, revision: ServiceRevision): JsonObject {
  const { settings } = revision;
  const groups = settings.loadBalancers.map((balancer, index) => ({
    targetGroupArn: revision.groupArns[index],
    productionListenerRule: text(object(balancer, 'advancedConfiguration') ?? {}, 'productionListenerRule'),
  }));
  return {
    serviceRevisionArn: revision.arn,
    serviceArn: service.arn,
    clusterArn: service.cluster.arn,
    taskDefinition: revision.definition.arn,
    ...launchSettings(revision),
    loadBalancers: [...settings.loadBalancers],
    serviceRegistries: [...settings.serviceRegistries],
    networkConfiguration: settings.networkConfiguration,
    containerImages: [...revision.images].map(([containerName, { image, digest }]) => ({
      containerName,
      image,
      imageDigest: digest,
    })),
    guardDutyEnabled: false,
    serviceConnectConfiguration: settings.serviceConnectConfiguration,
    volumeConfigurations: settings.volumeConfigurations,
    createdAt: epochSeconds(revision.createdAt),
    resolvedConfiguration: { loadBalancers: groups },
  };
}
