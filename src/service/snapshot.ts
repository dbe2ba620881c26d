import type { Service } from '@aws-sdk/client-ecs';
import type { EcsReads } from '../aws/clients.ts';
import {
  describeServiceRevisions,
  type ServiceDeploymentBrief,
  type ServiceRevision,
} from '../ecs/service-deployments.ts';
import { primaryOf } from '../ecs/services.ts';
import type {
  Breaker,
  DeploymentSettings,
  Placement,
  ServiceAddress,
  ServiceSnapshot,
} from '../model/index.ts';
import { readHistory, revisionsWorthKnowing, toldByHistory } from './history.ts';
import { imagesOfTasks, runningImages } from './running-images.ts';
import { strategyOf } from './strategy.ts';

type SnapshotReads = Pick<
  EcsReads,
  'listServiceDeployments' | 'describeServiceRevisions' | 'listTasks' | 'describeTasks'
>;

/**
 * Completes a described service with its history: what runs by digest, and where a rollback would go. `asked`: its
 * history, where that is being read already.
 */
export async function takeSnapshot(
  ecs: SnapshotReads,
  address: ServiceAddress,
  service: Service,
  asked?: ReturnType<typeof readHistory>,
): Promise<ServiceSnapshot> {
  const history = await (asked ?? readHistory(ecs, address));
  const revisions = await describeServiceRevisions(ecs, revisionsWorthKnowing(service, history ?? []));
  const snapshot = snapshotOf(address, service, history, revisions);
  const isKnown = snapshot.running.length > 0 && snapshot.running.every(({ digest }) => digest !== undefined);
  if (isKnown || (service.runningCount ?? 0) === 0) return snapshot;
  const byTasks = await imagesOfTasks(ecs, snapshot);
  const known = new Set(
    snapshot.running.flatMap(({ container, digest }) => (digest === undefined ? [] : container)),
  );
  const others = byTasks.filter(({ container }) => !known.has(container));
  const told = new Set(others.map(({ container }) => container));
  return {
    ...snapshot,
    running: [...snapshot.running.filter(({ container }) => !told.has(container)), ...others],
  };
}

/** Pure: the snapshot that these answers amount to. */
export function snapshotOf(
  address: ServiceAddress,
  service: Service,
  history?: readonly ServiceDeploymentBrief[],
  revisions: readonly ServiceRevision[] = [],
): ServiceSnapshot {
  const primary = primaryOf(service);
  const taskDefinitionArn = primary?.taskDefinition ?? service.taskDefinition ?? '';
  const told = toldByHistory(service, history, revisions);
  return {
    address,
    desiredCount: service.desiredCount ?? 0,
    schedulingStrategy: service.schedulingStrategy ?? 'REPLICA',
    primaryId: primary?.id,
    primarySince: primary?.createdAt?.getTime(),
    taskDefinitionArn,
    ...told,
    running: runningImages(revisions, service, taskDefinitionArn, told.lastGood),
    targetGroups: targetGroupsOf(service),
    placement: placementOf(service),
    enableEcsManagedTags: service.enableECSManagedTags,
    propagateTags: service.propagateTags,
    breaker: breakerOf(service),
    deployment: settingsOf(service),
    ...(isBehindLattice(service) ? { behindLattice: true } : {}),
    ...strategyOf(service),
    knownEvents: (service.events ?? []).flatMap((event) => event.id ?? []),
  };
}

/** The target groups of a service, in its own order. */
export function targetGroupsOf({ loadBalancers = [] }: Service): ServiceSnapshot['targetGroups'] {
  return loadBalancers.flatMap(({ targetGroupArn, advancedConfiguration, containerName, containerPort }) =>
    targetGroupArn === undefined
      ? []
      : [
          {
            targetGroupArn,
            alternateTargetGroupArn: advancedConfiguration?.alternateTargetGroupArn,
            containerName,
            containerPort,
          },
        ],
  );
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
  const {
    strategy,
    minimumHealthyPercent,
    maximumPercent,
    alarms,
    earlySuccessCriteria: early,
  } = service.deploymentConfiguration ?? {};
  const daemon = service.schedulingStrategy === 'DAEMON';
  return {
    strategy: strategy ?? 'ROLLING',
    minimumHealthyPercent: minimumHealthyPercent ?? (daemon ? 0 : 100),
    maximumPercent: maximumPercent ?? (daemon ? 100 : 200),
    alarms: alarms?.enable === true ? (alarms.alarmNames ?? []) : [],
    alarmsRollBack: alarms?.enable === true && alarms.rollback === true,
    ...(early?.enable === true ? { earlySuccess: true } : {}),
  };
}
