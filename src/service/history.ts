/** The service deployments of a service, as far as ECS keeps them: what became of each, and where a rollback would go. */
import type { Deployment, Service } from '@aws-sdk/client-ecs';
import type { EcsReads } from '../aws/clients.ts';
import {
  listServiceDeployments,
  timeOf,
  type ServiceDeploymentBrief,
  type ServiceRevision,
} from '../ecs/service-deployments.ts';
import { primaryOf } from '../ecs/services.ts';
import type { GoodRevision, PastDeployment, ServiceAddress, ServiceSnapshot } from '../model/index.ts';
import { imagesOf, revisionOf } from './running-images.ts';

/** The deployments of a service, newest first, down to one that succeeded; undefined where they may not be listed. */
export function readHistory(
  ecs: Pick<EcsReads, 'listServiceDeployments'>,
  address: Pick<ServiceAddress, 'cluster' | 'name'>,
): Promise<ServiceDeploymentBrief[] | undefined> {
  return listServiceDeployments(ecs, address, { enough: hasSuccess });
}

/** Enough of a history: AWS promises no order, so pages may end only where they come newest first. */
function hasSuccess(found: readonly ServiceDeploymentBrief[]): boolean {
  const isNewestFirst = found.length > 1 && timeOf(found[0]?.createdAt) >= timeOf(found.at(-1)?.createdAt);
  return isNewestFirst && found.some((each) => each.status === 'SUCCESSFUL');
}

/** Deployments of the past whose revisions are read: two calls. */
const REMEMBERED = 40;

/** The revisions with tasks now, those of the newest deployments, and the last good one's. */
export function revisionsWorthKnowing(
  service: Service,
  history: readonly ServiceDeploymentBrief[],
): string[] {
  const good = history.find((each) => each.status === 'SUCCESSFUL');
  const deployments = [...history.slice(0, REMEMBERED), ...(good === undefined ? [] : [good])];
  return [
    ...new Set([
      ...(service.currentServiceRevisions ?? []).flatMap((each) => each.arn ?? []),
      ...deployments.flatMap((each) => each.targetServiceRevisionArn ?? []),
    ]),
  ];
}

/** What the deployments of a service tell of it. */
type Told = Pick<
  ServiceSnapshot,
  'rollout' | 'currentServiceDeploymentArn' | 'knownServiceDeployments' | 'lastGood' | 'past'
>;

/** Pure: the deployment that is under way, and those before it. `history`: undefined where it may not be read. */
export function toldByHistory(
  service: Service,
  history: readonly ServiceDeploymentBrief[] = [],
  revisions: readonly ServiceRevision[] = [],
): Told {
  const primary = primaryOf(service);
  const taskDefinitionArn = primary?.taskDefinition ?? service.taskDefinition ?? '';
  const current = currentDeployment(history, revisions, taskDefinitionArn);
  const past = pastDeployments(history, revisions);
  return {
    rollout: rolloutState(primary, current, isSteady(service)),
    currentServiceDeploymentArn: current?.serviceDeploymentArn,
    knownServiceDeployments: history.flatMap((each) => each.serviceDeploymentArn ?? []),
    lastGood: lastGoodRevision(service, past, revisions),
    past,
  };
}

/** Pure: what became of each deployment whose revision is known, newest first. */
function pastDeployments(
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

/**
 * A newer one that began by the time that one was stopped took its place; the reason that ECS gives says so, too. What ECS
 * itself found to fail has failed, though a rollback of ours began at once.
 */
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
      if (/circuit breaker|alarm/i.test(statusReason)) return 'failed';
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
