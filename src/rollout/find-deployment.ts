import type { Deployment, ServiceDeploymentBrief } from '@aws-sdk/client-ecs';
import { lastSegment, revisionName } from '../aws/arn.ts';
import { attempt, LOST, valueOr } from '../aws/attempt.ts';
import type { EcsReads } from '../aws/clients.ts';
import type { StepContext } from '../context.ts';
import { describeServiceRevisions, listServiceDeployments } from '../ecs/service-deployments.ts';
import type { ServiceSnapshot } from '../model/index.ts';
import { Deadline, poll } from '../runtime/wait.ts';

export interface FindContext extends StepContext {
  readonly aws: { readonly ecs: Pick<EcsReads, 'listServiceDeployments' | 'describeServiceRevisions'> };
}

/** Pauses while a new service deployment becomes visible, in seconds: ECS is eventually consistent. */
const PAUSES = [0.5, 1, 1, 2, 3, 5, 8];

/** How long a call is given. */
const LIMITS = { least: 1_000 };

/** How long the search lasts at most, calls without an answer included. */
const LIMIT_MS = 60_000;

/**
 * The service deployment of a PRIMARY deployment: created after it (by AWS's own clock, with five seconds to spare),
 * unknown to the survey, with our task definition as its target. Undefined where service deployments cannot be read, and
 * where it has not appeared by the deadline.
 */
export async function findServiceDeployment(
  ctx: FindContext,
  snapshot: ServiceSnapshot,
  primary: Pick<Deployment, 'id' | 'createdAt'> | undefined,
  taskDefinitionArn: string,
  deadline = Deadline.of(ctx.clock, LIMIT_MS),
): Promise<string | undefined> {
  const pauses = PAUSES.values();
  const search = await poll<Search>(ctx, deadline, async () => {
    const candidates = await freshDeployments(ctx, snapshot, primary?.createdAt, deadline);
    if (candidates === undefined) return { kind: 'end', value: { kind: 'unreadable' } };
    const arn = await pickOurs(ctx, candidates, primary?.id, taskDefinitionArn, deadline);
    if (arn !== undefined) return { kind: 'end', value: { kind: 'found', arn } };
    const pause = pauses.next().value;
    return pause === undefined
      ? { kind: 'end', value: MISSING }
      : { kind: 'pause', pauseMs: pause * 1000, late: MISSING };
  });
  switch (search.kind) {
    case 'found':
      return search.arn;
    case 'unreadable':
      ctx.log.line(
        'Service deployments cannot be read (ecs:ListServiceDeployments): following deployments[] of the service instead.',
      );
      return undefined;
    case 'missing':
      ctx.log.warn(
        `The service deployment of ${revisionName(taskDefinitionArn)} did not appear: following deployments[] of the service instead.`,
      );
      return undefined;
  }
}

/** What became of the search for a service deployment. */
type Search =
  | { readonly kind: 'found'; readonly arn: string }
  | { readonly kind: 'missing' }
  | { readonly kind: 'unreadable' };

const MISSING: Search = { kind: 'missing' };

/** Undefined where service deployments cannot be read. */
async function freshDeployments(
  { aws }: FindContext,
  snapshot: ServiceSnapshot,
  since: Date | undefined,
  deadline: Deadline,
): Promise<ServiceDeploymentBrief[] | undefined> {
  const options = since === undefined ? {} : { createdAfter: new Date(since.getTime() - 5_000) };
  const list = (): ReturnType<typeof listServiceDeployments> =>
    listServiceDeployments(aws.ecs, snapshot.address, options);
  const listed = await whereAnswered(() => deadline.within(LIMITS, list), []);
  return listed?.filter(
    (each) => !snapshot.knownServiceDeployments.includes(each.serviceDeploymentArn ?? ''),
  );
}

/** The oldest with our target: a later one with the same revision is somebody's forced redeployment. */
async function pickOurs(
  { aws }: FindContext,
  candidates: readonly ServiceDeploymentBrief[],
  deploymentId: string | undefined,
  taskDefinitionArn: string,
  deadline: Deadline,
): Promise<string | undefined> {
  const targets = candidates.flatMap((each) => each.targetServiceRevisionArn ?? []);
  const read = (): ReturnType<typeof describeServiceRevisions> => describeServiceRevisions(aws.ecs, targets);
  const revisions = await whereAnswered(() => deadline.within(LIMITS, read), []);
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
