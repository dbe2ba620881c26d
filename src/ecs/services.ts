import type { Deployment, Service, TaskSet } from '@aws-sdk/client-ecs';
import { lastSegment } from '../aws/arn.ts';
import type { EcsReads } from '../aws/clients.ts';
import type { Breaker, Rollout, ServiceAddress } from '../model/index.ts';
import type { Clock } from '../runtime/clock.ts';
import { Deadline, poll } from '../runtime/wait.ts';

export type { Deployment, Service };

/** The service was shown as it had been before a change of this run. */
export class OutdatedAnswer extends Error {
  constructor(name: string) {
    super(`service "${name}" is still shown as it was before the update`);
    this.name = 'OutdatedAnswer';
  }
}

/** ECS shows a deleted service as INACTIVE for a while; one that is missing has only lost sight of itself. */
class ServiceMissing extends Error {
  constructor(name: string) {
    super(`ECS does not show service "${name}" this moment.`);
    this.name = 'ServiceMissing';
  }
}

/**
 * The service as it is now. Rejects, like an unanswered call, where ECS does not show it, or shows it as it was before
 * `since`, by AWS's clock: when what is PRIMARY at the earliest was made.
 */
export async function describeService(
  ecs: Pick<EcsReads, 'describeServices'>,
  address: Pick<ServiceAddress, 'cluster' | 'name'>,
  since?: number,
): Promise<Service> {
  const answer = await ecs.describeServices({ cluster: address.cluster, services: [address.name] });
  const service = answer.services?.[0];
  if (service === undefined) throw new ServiceMissing(address.name);
  if (isBefore(primaryOf(service), { createdAt: since })) throw new OutdatedAnswer(address.name);
  return withTaskSets(service);
}

/** Pause before an old answer is asked for again, in milliseconds; each further one is twice as long. */
const OLD_ANSWER_PAUSE = 1_000;

/** As `describeService`; an answer that is old is asked for again, for so many seconds, and is the answer then. */
export function describeServiceAnew(
  {
    ecs,
    clock,
    signal,
  }: {
    readonly ecs: Pick<EcsReads, 'describeServices'>;
    readonly clock: Clock;
    readonly signal?: AbortSignal;
  },
  address: Pick<ServiceAddress, 'cluster' | 'name'>,
  isOld: (service: Service) => boolean,
  seconds: number,
): Promise<Service> {
  let pause = OLD_ANSWER_PAUSE;
  return poll({ clock, signal }, Deadline.of(clock, seconds * 1000), async () => {
    const service = await describeService(ecs, address);
    if (!isOld(service)) return { kind: 'end', value: service };
    const pauseMs = pause;
    pause *= 2;
    return { kind: 'pause', pauseMs, late: service };
  });
}

/**
 * Pure: the service with its task sets as entries of `deployments[]`, which is empty where CodeDeploy deploys it. A task set
 * is what an entry is: a revision with its count, and tasks that bear its id.
 */
export function withTaskSets(service: Service): Service {
  if (service.deploymentController?.type !== 'CODE_DEPLOY') return service;
  return { ...service, deployments: (service.taskSets ?? []).map(entryOf) };
}

function entryOf(set: TaskSet): Deployment {
  const { id, status, taskDefinition, computedDesiredCount, pendingCount, runningCount } = set;
  const { createdAt, updatedAt, launchType, capacityProviderStrategy, platformVersion } = set;
  return {
    id,
    status,
    taskDefinition,
    desiredCount: computedDesiredCount,
    pendingCount,
    runningCount,
    createdAt,
    updatedAt,
    launchType,
    capacityProviderStrategy,
    platformVersion,
    networkConfiguration: set.networkConfiguration,
  };
}

/** The task set that a deployment of CodeDeploy made. */
export function taskSetOf({ taskSets = [] }: Service, codeDeploymentId: string): TaskSet | undefined {
  return taskSets.find(({ externalId }) => externalId === codeDeploymentId);
}

/** DescribeServices takes as many. */
export const SERVICES_A_CALL = 10;

/**
 * Services of one cluster by name, at most ten; those that ECS does not show are left out. Answers name a service by its
 * ARN, whose last part is its name.
 */
export async function describeServices(
  ecs: Pick<EcsReads, 'describeServices'>,
  cluster: string,
  names: readonly string[],
): Promise<ReadonlyMap<string, Service>> {
  const answer = await ecs.describeServices({ cluster, services: [...names] });
  return new Map((answer.services ?? []).map((service) => [nameOf(service), withTaskSets(service)]));
}

function nameOf({ serviceName, serviceArn = '' }: Service): string {
  return serviceName ?? lastSegment(serviceArn);
}

/** What is thrown where ECS does not show a service. */
export function missing(name: string): Error {
  return new ServiceMissing(name);
}

/** The PRIMARY entry of `deployments[]`: what ECS is moving the service to, or has. */
export function primaryOf(service: Service): Deployment | undefined {
  return service.deployments?.find((deployment) => deployment.status === 'PRIMARY');
}

/**
 * Pure: this entry is older than the one of a rollout, by AWS's own clock, or it was PRIMARY before that. ECS is eventually
 * consistent: an answer in which it is PRIMARY is an old one, and tells of nobody who deployed since.
 */
export function isBefore(
  entry: Pick<Deployment, 'id' | 'createdAt'> | undefined,
  { primaryBefore, createdAt }: { readonly primaryBefore?: string | undefined } & Pick<Rollout, 'createdAt'>,
): boolean {
  const isOlder = (entry?.createdAt?.getTime() ?? Infinity) < (createdAt ?? 0);
  return isOlder || (primaryBefore !== undefined && entry?.id === primaryBefore);
}

/**
 * Failed tasks at which a service's deployment circuit breaker triggers at a desired count: a percentage of it, by
 * default half of it between 3 and 200 tasks, or a count (ECS Developer Guide, "How the Amazon ECS deployment circuit
 * breaker detects failures").
 */
export function breakerThreshold({ rule }: Breaker, desiredCount: number): number {
  const share = Math.ceil((rule.value / 100) * desiredCount);
  switch (rule.type) {
    case 'COUNT':
      return Math.max(rule.value, 1);
    case 'UNBOUNDED_PERCENT':
      return Math.max(share, 1);
    case 'BOUNDED_PERCENT':
      return Math.min(Math.max(share, 3), 200);
  }
}
