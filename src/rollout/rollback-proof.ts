/** Where a rollback ended. */
import { lastSegment, revisionName } from '../aws/arn.ts';
import { ANY_AWS_ERROR, attempt } from '../aws/attempt.ts';
import { describeAwsError } from '../aws/errors.ts';
import { proveDigests } from '../ecs/digests.ts';
import { candidatesOf, findRollbackTarget, imagesAfter } from '../ecs/rollback-target.ts';
import {
  describeServiceDeployment,
  describeServiceRevisions,
  listServiceDeployments,
} from '../ecs/service-deployments.ts';
import {
  type Deployment,
  describeServiceAnew,
  isBefore,
  OutdatedAnswer,
  primaryOf,
  type Service,
} from '../ecs/services.ts';
import type { RollbackEnd, Rollout, RolloutRequest } from '../model/index.ts';
import { saysRollback } from './history.ts';
import { rollBack, type RollbackContext } from './rollback.ts';

/**
 * Looks where the rollback ended: on the last good revision, with the digests that it ran with. Where ECS's own ended
 * elsewhere, the service is updated to the target, once. What cannot be read is not held against the rollback.
 */
export async function proveRollback(
  ctx: RollbackContext,
  rollout: Rollout,
  request: RolloutRequest,
  end: RollbackEnd,
): Promise<RollbackEnd> {
  if (end.kind !== 'rolled-back' || !rollout.replacesTasks) return end;
  const proven = await attempt(() => lookWhereItEnded(ctx, rollout, request, end), ANY_AWS_ERROR);
  if (proven.kind === 'answered') return proven.value;
  const { name } = rollout.snapshot.address;
  ctx.log.line(
    `${name}: what runs after the rollback could not be read (${describeAwsError(proven.error)}): it is not proven.`,
  );
  return end;
}

async function lookWhereItEnded(
  ctx: RollbackContext,
  rollout: Rollout,
  request: RolloutRequest,
  end: Extract<RollbackEnd, { kind: 'rolled-back' }>,
): Promise<RollbackEnd> {
  const { aws, log } = ctx;
  const { name } = rollout.snapshot.address;
  const [target, service] = await Promise.all([
    findRollbackTarget(aws.taskDefinitions, candidatesOf(rollout.snapshot)),
    describeServiceAfter(ctx, rollout),
  ]);
  const primary = primaryOf(service);
  if (target === undefined || primary?.taskDefinition === undefined) return end;
  const there: Rollout = {
    ...rollout,
    taskDefinitionArn: primary.taskDefinition,
    deploymentId: primary.id ?? '',
    createdAt: primary.createdAt?.getTime(),
    serviceDeploymentArn: undefined,
    // ECS may have kept tasks of the good revision that an earlier deployment started.
    replacesTasks: false,
    definition: target.definition,
  };
  const isThere = [target.good.taskDefinitionArn, end.to].includes(primary.taskDefinition);
  const proofs = await proveDigests(aws, there, imagesAfter(target));
  const wrong = proofs.flatMap(({ proof }) => (proof.kind === 'differs' ? proof.detail : []));
  for (const { proof } of proofs)
    if (proof.kind === 'unknown') log.line(`${name}: after the rollback: ${proof.detail}`);
  if (isThere && wrong.length === 0) {
    const proven = proofs.filter(({ proof }) => proof.kind === 'equal');
    for (const { container, image } of proven) {
      log.line(`${name}: after the rollback ${container} runs ${image.digest ?? ''}, as it did before.`);
    }
    return { ...end, there };
  }
  const where = isThere ? wrong.join('; ') : `it ended on ${revisionName(primary.taskDefinition)}`;
  const why = `${where}, and the last good revision is ${revisionName(target.good.taskDefinitionArn)}${isThere ? ' with other digests' : ''}`;
  if (end.to !== undefined || request.onFailure === 'leave') return { kind: 'failed', why };
  const author = await whoBrought(ctx, rollout, primary);
  if (author === 'somebody') return { kind: 'superseded', by: primary.id ?? 'another deployment' };
  if (author === 'unknown') return { kind: 'failed', why };
  log.line(`${name}: ${why}: it is updated to that.`);
  const from = { ...there, replacesTasks: true, snapshot: { ...rollout.snapshot, primaryId: primary.id } };
  const again = await attempt(() => rollBack(ctx, from, request), ANY_AWS_ERROR);
  if (again.kind !== 'answered') return { kind: 'failed', why: `${why}; ${describeAwsError(again.error)}` };
  return again.value.kind === 'nowhere'
    ? { kind: 'failed', why }
    : proveRollback(ctx, rollout, request, again.value);
}

/** How long the service is read again, in seconds. */
const OLD_ANSWER_SECONDS = 30;

/**
 * The service after our deployment was undone. An answer that still shows that one as PRIMARY, or what was there before it, is
 * older than its end. Rejects where ECS shows nothing but what was before.
 */
async function describeServiceAfter(
  { aws: { ecs }, clock, signal }: RollbackContext,
  { snapshot, deploymentId, createdAt }: Rollout,
): Promise<Service> {
  const isFromBefore = (service: Service): boolean => isBefore(primaryOf(service), { createdAt });
  const isOld = (service: Service): boolean =>
    primaryOf(service)?.id === deploymentId || isFromBefore(service);
  const ctx = { ecs, clock, signal };
  const service = await describeServiceAnew(ctx, snapshot.address, isOld, OLD_ANSWER_SECONDS);
  if (isFromBefore(service)) throw new OutdatedAnswer(snapshot.address.name);
  return service;
}

/**
 * Who brought about what is PRIMARY now: ECS, which rolled our deployment back, or somebody who deployed since. ECS says
 * which revision it went back to: what runs another definition is somebody's, though lists show it later than the service
 * does. Where it does not say so, nobody deployed while ours is the newest of the list. Unknown where ECS shows neither.
 */
async function whoBrought(
  { aws: { ecs } }: RollbackContext,
  { serviceDeploymentArn, snapshot }: Rollout,
  { id = '', rolloutStateReason, taskDefinition }: Deployment,
): Promise<'ecs' | 'somebody' | 'unknown'> {
  if (saysRollback({ reason: rolloutStateReason })) return 'ecs';
  if (serviceDeploymentArn === undefined) return 'unknown';
  const wentTo = (await describeServiceDeployment(ecs, serviceDeploymentArn))?.rollback?.serviceRevisionArn;
  if (wentTo !== undefined) {
    if (lastSegment(wentTo) === lastSegment(id)) return 'ecs';
    const [revision] = await describeServiceRevisions(ecs, [wentTo]);
    if (revision?.taskDefinition !== undefined && revision.taskDefinition !== taskDefinition)
      return 'somebody';
  }
  const enough = (found: readonly unknown[]): boolean => found.length > 0;
  const [newest] = (await listServiceDeployments(ecs, snapshot.address, { enough })) ?? [];
  if (newest === undefined) return 'unknown';
  return newest.serviceDeploymentArn === serviceDeploymentArn ? 'ecs' : 'somebody';
}
