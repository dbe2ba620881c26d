import type { Deployment, Service } from '@aws-sdk/client-ecs';
import { lastSegment } from '../aws/arn.ts';
import { ANY_AWS_ERROR, attempt, valueOr } from '../aws/attempt.ts';
import type { EcsReads } from '../aws/clients.ts';
import {
  describeServiceRevisions,
  listServiceDeployments,
  timeOf,
  type ServiceDeploymentBrief,
  type ServiceRevision,
} from '../ecs/service-deployments.ts';
import { primaryOf } from '../ecs/services.ts';
import { describeTasks, listServiceTasks, type Task } from '../ecs/tasks.ts';
import type {
  Breaker,
  DeploymentSettings,
  GoodRevision,
  PastDeployment,
  Placement,
  RunningImage,
  ServiceAddress,
  ServiceSnapshot,
} from '../model/index.ts';
import { strategyOf } from './strategy.ts';

type SnapshotReads = Pick<
  EcsReads,
  'listServiceDeployments' | 'describeServiceRevisions' | 'listTasks' | 'describeTasks'
>;

/** The deployments of a service, newest first, down to one that succeeded; undefined where they may not be listed. */
export function readHistory(
  ecs: Pick<EcsReads, 'listServiceDeployments'>,
  address: Pick<ServiceAddress, 'cluster' | 'name'>,
): Promise<ServiceDeploymentBrief[] | undefined> {
  return listServiceDeployments(ecs, address, { enough: hasSuccess });
}

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

/** Tasks that are looked at for what a service revision does not tell. */
const TASKS = 100;

/** What the running tasks of the revision report, where all of them report the same; nothing where tasks cannot be read. */
export async function imagesOfTasks(
  ecs: Pick<EcsReads, 'listTasks' | 'describeTasks'>,
  { address, taskDefinitionArn }: ServiceSnapshot,
): Promise<RunningImage[]> {
  const read = async (): Promise<Task[]> => {
    const arns = await listServiceTasks(ecs, address, 'RUNNING');
    return describeTasks(ecs, address.cluster, arns.slice(0, TASKS));
  };
  const containers = valueOr(await attempt(read, ANY_AWS_ERROR), [])
    .filter((task) => task.taskDefinitionArn === taskDefinitionArn)
    .flatMap((task) => task.containers ?? []);
  return containers.flatMap(({ name, image, imageDigest }, at) => {
    const same = containers.filter((each) => each.name === name);
    const isFirst = containers.findIndex((each) => each.name === name) === at;
    const agree = same.every((each) => each.imageDigest === imageDigest);
    if (name === undefined || image === undefined || imageDigest === undefined || !isFirst || !agree)
      return [];
    return { container: name, image, digest: imageDigest };
  });
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
  const past = pastDeployments(history ?? [], revisions);
  const lastGood = lastGoodRevision(service, past, revisions);
  return {
    address,
    desiredCount: service.desiredCount ?? 0,
    schedulingStrategy: service.schedulingStrategy ?? 'REPLICA',
    primaryId: primary?.id,
    primarySince: primary?.createdAt?.getTime(),
    rollout: rolloutState(primary, current, isSteady(service)),
    taskDefinitionArn,
    currentServiceDeploymentArn: current?.serviceDeploymentArn,
    knownServiceDeployments: (history ?? []).flatMap((each) => each.serviceDeploymentArn ?? []),
    lastGood,
    past,
    running: runningImages(revisions, service, taskDefinitionArn, lastGood),
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

/** Enough of a history: AWS promises no order, so pages may end only where they come newest first. */
function hasSuccess(found: readonly ServiceDeploymentBrief[]): boolean {
  const isNewestFirst = found.length > 1 && timeOf(found[0]?.createdAt) >= timeOf(found.at(-1)?.createdAt);
  return isNewestFirst && found.some((each) => each.status === 'SUCCESSFUL');
}

/** Deployments of the past whose revisions are read: two calls. */
const REMEMBERED = 40;

/** Those with tasks now, those of the newest deployments, and the last good one's. */
function revisionsWorthKnowing(service: Service, history: readonly ServiceDeploymentBrief[]): string[] {
  const good = history.find((each) => each.status === 'SUCCESSFUL');
  const deployments = [...history.slice(0, REMEMBERED), ...(good === undefined ? [] : [good])];
  return [
    ...new Set([
      ...(service.currentServiceRevisions ?? []).flatMap((each) => each.arn ?? []),
      ...deployments.flatMap((each) => each.targetServiceRevisionArn ?? []),
    ]),
  ];
}

/** Pure: what became of each deployment whose revision is known, newest first. */
export function pastDeployments(
  history: readonly ServiceDeploymentBrief[],
  revisions: readonly ServiceRevision[],
): PastDeployment[] {
  return history.flatMap((each, at) => {
    const revision = revisions.find(
      ({ serviceRevisionArn }) => serviceRevisionArn === each.targetServiceRevisionArn,
    );
    if (revision?.taskDefinition === undefined) return [];
    return {
      taskDefinitionArn: revision.taskDefinition,
      serviceDeploymentArn: each.serviceDeploymentArn,
      serviceRevisionArn: revision.serviceRevisionArn,
      images: imagesOf(revision),
      verdict: verdictOf(each, history[at - 1]),
      rolledBack: each.status?.startsWith('ROLLBACK_') === true,
      finishedAt: each.finishedAt?.getTime(),
    };
  });
}

/** A newer one that began by the time that one was stopped took its place; the reason that ECS gives says so, too. */
function verdictOf(
  {
    status,
    statusReason = '',
    finishedAt,
    stoppedAt,
  }: ServiceDeploymentBrief & { readonly stoppedAt?: Date },
  newer: ServiceDeploymentBrief | undefined,
): PastDeployment['verdict'] {
  switch (status) {
    case 'SUCCESSFUL':
      return 'good';
    case 'PENDING':
    case 'IN_PROGRESS':
      return 'open';
    case 'STOPPED':
    case 'STOP_REQUESTED': {
      const end = timeOf(finishedAt ?? stoppedAt);
      const isReplaced = newer !== undefined && Math.abs(timeOf(newer.createdAt) - end) <= SAME_MOMENT_MS;
      return isReplaced || /newer service deployment|superseded/i.test(statusReason)
        ? 'superseded'
        : 'failed';
    }
    case 'ROLLBACK_REQUESTED':
    case 'ROLLBACK_IN_PROGRESS':
    case 'ROLLBACK_SUCCESSFUL':
    case 'ROLLBACK_FAILED':
    case undefined:
      return 'failed';
  }
}

const SAME_MOMENT_MS = 2_000;

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

/** All that a service tells that reports no states: one deployment, and as many tasks as are desired. */
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
  past: readonly PastDeployment[],
  revisions: readonly ServiceRevision[],
): GoodRevision | undefined {
  const success = past.find(({ verdict }) => verdict === 'good');
  if (success !== undefined) return goodOf(success);
  const completed = service.deployments?.find((each) => each.rolloutState === 'COMPLETED');
  if (completed?.taskDefinition === undefined) return undefined;
  const revision = revisionOf(completed, revisions);
  return {
    taskDefinitionArn: completed.taskDefinition,
    serviceDeploymentArn: undefined,
    serviceRevisionArn: undefined,
    images: revision === undefined ? [] : imagesOf(revision),
  };
}

function goodOf({
  taskDefinitionArn,
  serviceDeploymentArn,
  serviceRevisionArn,
  images,
}: GoodRevision): GoodRevision {
  return { taskDefinitionArn, serviceDeploymentArn, serviceRevisionArn, images };
}

/** ECS numbers a service revision like the deployment that it belongs to: `.../4980306466373577095`. */
function revisionOf(
  deployment: Deployment | undefined,
  revisions: readonly ServiceRevision[],
): ServiceRevision | undefined {
  const number = lastSegment(deployment?.id ?? '');
  return revisions.find(
    ({ serviceRevisionArn = '' }) => number !== '' && lastSegment(serviceRevisionArn) === number,
  );
}

/**
 * Images of the revision that counts as what runs: the PRIMARY's, unless it failed. Of several service revisions of one
 * task definition, the one that succeeded counts: a forced deployment that ECS took back left a newer one behind, with
 * images that do not run.
 */
function runningImages(
  revisions: readonly ServiceRevision[],
  service: Service,
  taskDefinitionArn: string,
  lastGood: GoodRevision | undefined,
): RunningImage[] {
  const primary = primaryOf(service);
  const completed = (service.deployments ?? []).find((each) => each.rolloutState === 'COMPLETED');
  const counts = primary?.rolloutState === 'FAILED' ? (completed ?? primary) : primary;
  const serving = counts?.taskDefinition ?? taskDefinitionArn;
  const current = (service.currentServiceRevisions ?? []).map((each) => each.arn);
  const revision =
    revisionOf(counts, revisions) ??
    revisions.find(
      (each) => each.taskDefinition === serving && each.serviceRevisionArn === lastGood?.serviceRevisionArn,
    ) ??
    newestOf(
      revisions.filter((each) => current.includes(each.serviceRevisionArn)),
      serving,
    ) ??
    newestOf(revisions, serving) ??
    newestOf(revisions, taskDefinitionArn);
  return revision === undefined ? [] : imagesOf(revision);
}

function imagesOf({ containerImages = [] }: ServiceRevision): RunningImage[] {
  return containerImages.flatMap((each) =>
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
