import type { ServiceRun, Request, RollbackEnd, Rollout, RolloutRequest, Problem } from '../model.ts';
import { followRollback, rollBack, withoutThrowing, type RollbackContext } from './roll-back.ts';
import { changesSettings, restoreSettings } from './settings.ts';

/** A rollback of ours is called for, one of ECS's is on its way, or ECS left settings that this run changed. */
export function rollbackNeeded({ problem, rollout, rollback }: ServiceRun, request: RolloutRequest): boolean {
  if (problem === undefined || rollout === undefined || rollback !== undefined) return false;
  switch (problem.recovery) {
    case 'follow-ecs':
      return true;
    case 'roll-back':
      return request.onFailure !== 'leave';
    case 'done':
      return changesSettings(request);
    case 'leave':
      return false;
  }
}

/**
 * With `on-failure: rollback-all`, one service that fails takes along every other one that this run changed, those
 * that did well included.
 */
export function failTogether(
  serviceRuns: readonly ServiceRun[],
  request: RolloutRequest,
): readonly ServiceRun[] {
  const failed = serviceRuns.find(concernsAll);
  if (request.onFailure !== 'rollback-all' || failed?.problem === undefined) return serviceRuns;
  const problem: Problem = {
    ...failed.problem,
    result: 'failed',
    reason: `succeeded, but service "${failed.snapshot.address.name}" failed (on-failure: rollback-all)`,
    evidence: [],
    recovery: 'roll-back',
  };
  return serviceRuns.map((serviceRun) =>
    serviceRun.problem === undefined && serviceRun.change === 'update'
      ? { ...serviceRun, problem }
      : serviceRun,
  );
}

/** What this run did not bring about, or cannot undo with its credentials, takes nobody along. */
function concernsAll({ problem, rollout }: ServiceRun): boolean {
  if (problem === undefined) return false;
  const isRefused = rollout === undefined && problem.cause !== 'credentials-expired';
  return problem.recovery !== 'leave' || isRefused;
}

/** Undoes what went wrong with one service, where that is called for, and follows it to its end. */
export async function rollBackIfNeeded(
  ctx: RollbackContext,
  serviceRun: ServiceRun,
  request: Request,
): Promise<ServiceRun> {
  const { problem, rollout } = serviceRun;
  if (rollout === undefined || !rollbackNeeded(serviceRun, request.rollout)) return serviceRun;
  ctx.log.line(`${serviceRun.snapshot.address.name}: ${problem?.cause ?? ''}: it ${problem?.reason ?? ''}`);
  const rollback = await withoutThrowing(async () => {
    const end = await undo(ctx, rollout, problem?.recovery, request.rollout);
    if (end.kind !== 'rolled-back') return end;
    const unrestored = await restoreSettings(ctx, rollout, request.rollout);
    return unrestored === undefined ? end : { ...end, unrestored };
  });
  return { ...serviceRun, rollback };
}

async function undo(
  ctx: RollbackContext,
  rollout: Rollout,
  recovery: Problem['recovery'] | undefined,
  request: RolloutRequest,
): Promise<RollbackEnd> {
  if (recovery === 'done') return { kind: 'rolled-back' };
  return recovery === 'follow-ecs' ? followRollback(ctx, rollout, request) : rollBack(ctx, rollout, request);
}
