import type { Deployment, DeploymentConfiguration, Service } from '@aws-sdk/client-ecs';
import { parseArn } from '../aws/arn.ts';
import type { EcsReads } from '../aws/clients.ts';
import {
  describeServiceRevisions,
  listServiceDeployments,
  timeOf,
  type ServiceDeploymentBrief,
  type ServiceRevision,
} from '../ecs/service-deployments.ts';
import { primaryOf } from '../ecs/services.ts';
import type {
  Breaker,
  DeploymentSettings,
  GoodRevision,
  Placement,
  RunningImage,
  ServiceAddress,
  ServiceSnapshot,
} from '../model/index.ts';

type SnapshotReads = Pick<EcsReads, 'listServiceDeployments' | 'describeServiceRevisions'>;

/** Completes a described service with its history: what runs by digest, and where a rollback would go. */
export async function takeSnapshot(
  ecs: SnapshotReads,
  cluster: string,
  service: Service,
): Promise<ServiceSnapshot> {
  const address = addressOf(cluster, service);
  const history = await listServiceDeployments(ecs, address, { enough: hasSuccess });
  const revisions = await describeServiceRevisions(ecs, revisionsWorthKnowing(service, history ?? []));
  return snapshotOf(address, service, history, revisions);
}

/** Pure: the snapshot that these answers amount to. */
export function snapshotOf(
  address: ServiceAddress,
  service: Service,
  history: readonly ServiceDeploymentBrief[] | undefined,
  revisions: readonly ServiceRevision[],
): ServiceSnapshot {
  const primary = primaryOf(service);
  const taskDefinitionArn = primary?.taskDefinition ?? service.taskDefinition ?? '';
  const current = currentDeployment(history ?? [], revisions, taskDefinitionArn);
  const lastGood = lastGoodRevision(service, history, revisions);
  return {
    address,
    desiredCount: service.desiredCount ?? 0,
    schedulingStrategy: service.schedulingStrategy ?? 'REPLICA',
    primaryId: primary?.id,
    rollout: rolloutState(primary, current, isSteady(service)),
    taskDefinitionArn,
    currentServiceDeploymentArn: current?.serviceDeploymentArn,
    knownServiceDeployments: (history ?? []).flatMap((each) => each.serviceDeploymentArn ?? []),
    lastGood,
    running: runningImages(revisions, service, taskDefinitionArn, lastGood),
    targetGroups: (service.loadBalancers ?? []).flatMap((each) =>
      each.targetGroupArn === undefined
        ? []
        : [
            {
              targetGroupArn: each.targetGroupArn,
              alternateTargetGroupArn: each.advancedConfiguration?.alternateTargetGroupArn,
              containerName: each.containerName,
              containerPort: each.containerPort,
            },
          ],
    ),
    placement: placementOf(service),
    enableEcsManagedTags: service.enableECSManagedTags,
    propagateTags: service.propagateTags,
    breaker: breakerOf(service),
    deployment: settingsOf(service),
    ...(isBehindLattice(service) ? { behindLattice: true } : {}),
    strategyMinutes: strategyMinutes(service.deploymentConfiguration),
    knownEvents: (service.events ?? []).flatMap((event) => event.id ?? []),
  };
}

/** ECS API, Deployment: the service itself does not show them. */
function isBehindLattice({ deployments = [] }: Service): boolean {
  const primary = deployments.find(({ status }) => status === 'PRIMARY');
  return (primary?.vpcLatticeConfigurations ?? []).length > 0;
}

function placementOf(service: Service): Placement {
  const { networkConfiguration, launchType, capacityProviderStrategy, platformVersion } = service;
  return { networkConfiguration, launchType, capacityProviderStrategy, platformVersion };
}

function breakerOf(service: Service): Breaker {
  const configured = service.deploymentConfiguration?.deploymentCircuitBreaker;
  const { type = 'BOUNDED_PERCENT', value = 50 } = configured?.thresholdConfiguration ?? {};
  return {
    enabled: configured?.enable ?? false,
    rollsBack: configured?.enable === true && configured.rollback === true,
    resetOnHealthyTask: configured?.resetOnHealthyTask ?? true,
    rule: { type, value },
  };
}

/** ECS API, DeploymentConfiguration, with the defaults that ECS documents for each scheduling strategy. */
function settingsOf(service: Service): DeploymentSettings {
  const { strategy, minimumHealthyPercent, maximumPercent, alarms } = service.deploymentConfiguration ?? {};
  const daemon = service.schedulingStrategy === 'DAEMON';
  return {
    strategy: strategy ?? 'ROLLING',
    minimumHealthyPercent: minimumHealthyPercent ?? (daemon ? 0 : 100),
    maximumPercent: maximumPercent ?? (daemon ? 100 : 200),
    alarms: alarms?.enable === true ? (alarms.alarmNames ?? []) : [],
    alarmsRollBack: alarms?.enable === true && alarms.rollback === true,
  };
}

/** ECS API, DeploymentConfiguration: bake time, and the bake times of the steps of LINEAR and CANARY. */
function strategyMinutes(configuration: DeploymentConfiguration | undefined): number {
  const { strategy, bakeTimeInMinutes = 0, linearConfiguration, canaryConfiguration } = configuration ?? {};
  switch (strategy) {
    case 'BLUE_GREEN':
      return bakeTimeInMinutes;
    case 'LINEAR': {
      const { stepPercent = 10, stepBakeTimeInMinutes = 6 } = linearConfiguration ?? {};
      return bakeTimeInMinutes + (Math.ceil(100 / stepPercent) - 1) * stepBakeTimeInMinutes;
    }
    case 'CANARY':
      return bakeTimeInMinutes + (canaryConfiguration?.canaryBakeTimeInMinutes ?? 10);
    case 'ROLLING':
    case undefined:
      return 0;
  }
}

function addressOf(cluster: string, service: Service): ServiceAddress {
  const arn = service.serviceArn ?? '';
  const parts = parseArn(arn);
  return {
    cluster: service.clusterArn ?? cluster,
    name: service.serviceName ?? '',
    arn,
    region: parts?.region ?? '',
    partition: parts?.partition ?? 'aws',
    accountId: parts?.accountId ?? '',
  };
}

/** Enough of a history: AWS promises no order, so pages may end only where they come newest first. */
function hasSuccess(found: readonly ServiceDeploymentBrief[]): boolean {
  const isNewestFirst = found.length > 1 && timeOf(found[0]?.createdAt) >= timeOf(found.at(-1)?.createdAt);
  return isNewestFirst && found.some((each) => each.status === 'SUCCESSFUL');
}

/** Those with tasks now, the newest deployment's, and the last good one's. */
function revisionsWorthKnowing(service: Service, history: readonly ServiceDeploymentBrief[]): string[] {
  const good = history.find((each) => each.status === 'SUCCESSFUL');
  return [
    ...new Set([
      ...(service.currentServiceRevisions ?? []).flatMap((each) => each.arn ?? []),
      ...(history[0]?.targetServiceRevisionArn === undefined ? [] : [history[0].targetServiceRevisionArn]),
      ...(good?.targetServiceRevisionArn === undefined ? [] : [good.targetServiceRevisionArn]),
    ]),
  ];
}

/** The newest service deployment, if it is the one that brought the revision that the service names now. */
function currentDeployment(
  history: readonly ServiceDeploymentBrief[],
  revisions: readonly ServiceRevision[],
  taskDefinitionArn: string,
): ServiceDeploymentBrief | undefined {
  const newest = history[0];
  const target = revisions.find((each) => each.serviceRevisionArn === newest?.targetServiceRevisionArn);
  return target?.taskDefinition === taskDefinitionArn ? newest : undefined;
}

/** All that a service tells that reports no states: one deployment, and as many tasks as are wanted. */
function isSteady({ deployments = [], runningCount, desiredCount }: Service): boolean {
  return deployments.length <= 1 && (runningCount ?? desiredCount) === desiredCount;
}

function rolloutState(
  primary: Deployment | undefined,
  current: ServiceDeploymentBrief | undefined,
  isSteady: boolean,
): ServiceSnapshot['rollout'] {
  if (current?.status === 'SUCCESSFUL') return 'complete';
  if (current === undefined && primary?.rolloutState === undefined && !isSteady) return 'in-progress';
  if (current?.status === 'PENDING' || current?.status === 'IN_PROGRESS') return 'in-progress';
  if (primary?.rolloutState === 'FAILED') return 'failed';
  if (primary?.rolloutState === 'IN_PROGRESS') return current === undefined ? 'in-progress' : 'failed';
  return 'complete';
}

/**
 * The revision of the last SUCCESSFUL service deployment. Where service deployments cannot be read, or ECS kept
 * none of them, the entry of `deployments[]` that completed.
 */
function lastGoodRevision(
  service: Service,
  history: readonly ServiceDeploymentBrief[] | undefined,
  revisions: readonly ServiceRevision[],
): GoodRevision | undefined {
  const success = history?.find((each) => each.status === 'SUCCESSFUL');
  const revision = revisions.find((each) => each.serviceRevisionArn === success?.targetServiceRevisionArn);
  if (revision?.taskDefinition !== undefined) {
    return {
      taskDefinitionArn: revision.taskDefinition,
      serviceDeploymentArn: success?.serviceDeploymentArn,
      serviceRevisionArn: revision.serviceRevisionArn,
    };
  }
  const completed = service.deployments?.find((each) => each.rolloutState === 'COMPLETED');
  return completed?.taskDefinition === undefined
    ? undefined
    : {
        taskDefinitionArn: completed.taskDefinition,
        serviceDeploymentArn: undefined,
        serviceRevisionArn: undefined,
      };
}

/**
 * Images of the revision that serves: the current one, or the last good one while the current is on its way. Of
 * several service revisions of one task definition, the one that succeeded counts: a forced deployment that ECS took
 * back left a newer one behind, with images that do not run.
 */
function runningImages(
  revisions: readonly ServiceRevision[],
  service: Service,
  taskDefinitionArn: string,
  lastGood: GoodRevision | undefined,
): RunningImage[] {
  const completed = (service.deployments ?? []).find((each) => each.rolloutState === 'COMPLETED');
  const serving = completed?.taskDefinition ?? taskDefinitionArn;
  const current = (service.currentServiceRevisions ?? []).map((each) => each.arn);
  const revision =
    revisions.find(
      (each) => each.taskDefinition === serving && each.serviceRevisionArn === lastGood?.serviceRevisionArn,
    ) ??
    newestOf(
      revisions.filter((each) => current.includes(each.serviceRevisionArn)),
      serving,
    ) ??
    newestOf(revisions, serving) ??
    newestOf(revisions, taskDefinitionArn);
  return (revision?.containerImages ?? []).flatMap((each) =>
    each.containerName === undefined || each.image === undefined
      ? []
      : [{ container: each.containerName, image: each.image, digest: each.imageDigest }],
  );
}

function newestOf(
  revisions: readonly ServiceRevision[],
  taskDefinitionArn: string,
): ServiceRevision | undefined {
  return revisions
    .filter((each) => each.taskDefinition === taskDefinitionArn)
    .sort((a, b) => (b.createdAt?.getTime() ?? 0) - (a.createdAt?.getTime() ?? 0))[0];
}
