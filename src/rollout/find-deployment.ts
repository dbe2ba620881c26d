import type { Deployment, ServiceDeploymentBrief } from '@aws-sdk/client-ecs';
import { lastSegment, revisionName } from '../aws/arn.ts';
import { attempt, LOST, valueOr } from '../aws/attempt.ts';
import type { EcsReads } from '../aws/clients.ts';
import { describeServiceRevisions, listServiceDeployments } from '../ecs/service-deployments.ts';
import type { ServiceSnapshot } from '../model/index.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Log } from '../runtime/log.ts';
import { withTimeout } from '../runtime/wait.ts';

export interface FindContext {
  readonly aws: { readonly ecs: Pick<EcsReads, 'listServiceDeployments' | 'describeServiceRevisions'> };
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly log: Log;
}

/** Pauses while a new service deployment becomes visible, in seconds: ECS is eventually consistent. */
const PAUSES = [0.5, 1, 1, 2, 3, 5, 8];

/** A call that is begun is given as long. */
const LEAST_MS = 1_000;

/** A limit for a read. */
type InTime = <T>(read: () => Promise<T>) => Promise<T>;

/** How long the search lasts at most, calls without an answer included. */
const LIMIT_MS = 60_000;

/**
 * The service deployment of a PRIMARY deployment: created after it (by AWS's own clock, with five seconds to spare),
 * unknown to the survey, with our task definition as its target. Undefined where service deployments cannot be read.
 * `until`: a reading of the clock, at which the search ends.
 */
export async function findServiceDeployment(
  ctx: FindContext,
  snapshot: ServiceSnapshot,
  primary: Pick<Deployment, 'id' | 'createdAt'> | undefined,
  taskDefinitionArn: string,
  until = ctx.clock.now() + LIMIT_MS,
): Promise<string | undefined> {
  for (const pause of PAUSES) {
    const inTime = <T>(read: () => Promise<T>): Promise<T> =>
      withTimeout(ctx.clock, Math.max(until - ctx.clock.now(), LEAST_MS), read);
    const candidates = await freshDeployments(ctx, snapshot, primary?.createdAt, inTime);
    if (candidates === 'closed') {
      ctx.log.line(
        'Service deployments cannot be read (ecs:ListServiceDeployments): following deployments[] of the service instead.',
      );
      return undefined;
    }
    const ours = await pickOurs(ctx, candidates, primary?.id, taskDefinitionArn, inTime);
    if (ours !== undefined) return ours;
    const left = until - ctx.clock.now();
    if (left <= 0) break;
    await ctx.clock.sleep(Math.min(pause * 1000, left), ctx.signal);
  }
  ctx.log.warn(
    `The service deployment of ${revisionName(taskDefinitionArn)} did not appear: following deployments[] of the service instead.`,
  );
  return undefined;
}

async function freshDeployments(
  { aws }: FindContext,
  snapshot: ServiceSnapshot,
  since: Date | undefined,
  inTime: InTime,
): Promise<ServiceDeploymentBrief[] | 'closed'> {
  const options = since === undefined ? {} : { createdAfter: new Date(since.getTime() - 5_000) };
  const listed = await whereAnswered(
    () => inTime(() => listServiceDeployments(aws.ecs, snapshot.address, options)),
    [],
  );
  if (listed === undefined) return 'closed';
  return listed.filter((each) => !snapshot.knownServiceDeployments.includes(each.serviceDeploymentArn ?? ''));
}

/** The oldest with our target: a later one with the same revision is somebody's forced redeployment. */
async function pickOurs(
  { aws }: FindContext,
  candidates: readonly ServiceDeploymentBrief[],
  deploymentId: string | undefined,
  taskDefinitionArn: string,
  inTime: InTime,
): Promise<string | undefined> {
  const targets = candidates.flatMap((each) => each.targetServiceRevisionArn ?? []);
  const revisions = await whereAnswered(() => inTime(() => describeServiceRevisions(aws.ecs, targets)), []);
  const withOurTarget = candidates.filter((each) =>
    revisions.some(
      (revision) =>
        revision.serviceRevisionArn === each.targetServiceRevisionArn &&
        revision.taskDefinition === taskDefinitionArn,
    ),
  );
  const ours =
    candidates.find(
      (each) =>
        deploymentId !== undefined && numberOf(each.targetServiceRevisionArn) === numberOf(deploymentId),
    ) ?? withOurTarget.at(-1);
  return ours?.serviceDeploymentArn;
}

/** ECS numbers a service revision like the deployment that it belongs to: `.../4980306466373577095`. */
function numberOf(name: string | undefined): string | undefined {
  return name === undefined ? undefined : lastSegment(name);
}

/** Throttled and unanswered reads are asked again after the next pause. */
async function whereAnswered<T>(read: () => Promise<T>, otherwise: T): Promise<T> {
  return valueOr(await attempt(read, LOST), otherwise);
}
