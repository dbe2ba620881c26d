/** Whether a rollback is called for, and what becomes of it. */
import type { Aws } from '../aws/clients.ts';
import { awsErrorKind, deployErrorOf, describeAwsError } from '../aws/errors.ts';
import type { Problem, Request, RollbackEnd, Rollout, RolloutRequest, ServiceRun } from '../model/index.ts';
import { Cancelled } from '../runtime/cancellation.ts';
import { DeployError } from '../runtime/error.ts';
import { diagnoseRollback, diagnoseRollbackOfEcs, logEvidence } from './diagnose.ts';
import { proveRollback } from './rollback-proof.ts';
import { followRollback, rollBack, type RollbackContext } from './rollback.ts';
import { restoreSettings } from './settings.ts';

/** One that may read what containers wrote, too. */
export interface ExplainingContext extends RollbackContext {
  readonly aws: RollbackContext['aws'] & Pick<Aws, 'logs'>;
}

/** A rollback of ours is called for, one of ECS's is on its way, or ECS left settings that this run changed. */
export function rollbackNeeded({ problem, rollout, rollback }: ServiceRun, request: RolloutRequest): boolean {
  if (problem === undefined || rollout === undefined || rollback !== undefined) return false;
  switch (problem.recovery) {
    case 'follow-ecs':
      return true;
    case 'roll-back':
      return request.onFailure !== 'leave';
    case 'done':
      return true;
    case 'leave':
      return false;
  }
}

/** How a rollback is made, and how much of a log is shown of it. */
type RollbackRequest = Pick<Request, 'rollout' | 'report'>;

/** Undoes what went wrong with one service, where that is called for, and follows it to its end. */
export async function rollBackIfNeeded(
  run: ExplainingContext,
  serviceRun: ServiceRun,
  request: RollbackRequest,
): Promise<ServiceRun> {
  const { problem, rollout } = serviceRun;
  if (rollout === undefined || !rollbackNeeded(serviceRun, request.rollout)) return serviceRun;
  const { failureLogLines } = request.report;
  const ctx: RollbackContext = {
    ...run,
    explain: (back, seen) => diagnoseRollback(run, back, seen, failureLogLines),
  };
  ctx.log.line(`${serviceRun.snapshot.address.name}: ${problem?.cause ?? ''}: it ${problem?.reason ?? ''}`);
  const rollback = await withoutThrowing(async () => {
    const undone = await undoDeployment(ctx, rollout, problem?.recovery, request.rollout);
    const end = await proveRollback(ctx, rollout, request.rollout, undone);
    if (end.kind !== 'rolled-back') return end;
    const unrestored = await restoreSettings(ctx, rollout, request.rollout);
    return unrestored === undefined ? end : { ...end, unrestored };
  });
  return { ...serviceRun, rollback: await withEvidence(run, rollout, rollback, failureLogLines) };
}

/** Rolls back, as a person asked for, what waits at a pause, or is under way: that is the good end of the run. */
export async function rollBackShifting(
  ctx: ExplainingContext,
  serviceRun: ServiceRun,
  request: RollbackRequest,
): Promise<ServiceRun> {
  const asked: Problem = {
    result: 'failed',
    cause: 'deployment-stopped',
    reason: `${serviceRun.promoted === undefined ? 'was under way' : 'waited for an answer'}, and was to be rolled back (mode: rollback)`,
    hint: undefined,
    evidence: [],
    recovery: 'roll-back',
  };
  const rollout = { ...request.rollout, onFailure: 'rollback' as const };
  const after = await rollBackIfNeeded(ctx, { ...serviceRun, problem: asked }, { ...request, rollout });
  return after.rollback?.kind === 'rolled-back' ? { ...after, problem: undefined } : after;
}

/** Why the rollback failed, as far as its tasks say. */
async function withEvidence(
  ctx: ExplainingContext,
  rollout: Rollout,
  end: RollbackEnd,
  logLines: number,
): Promise<RollbackEnd> {
  if (end.kind !== 'failed') return end;
  const evidence = end.evidence ?? (await diagnoseRollbackOfEcs(ctx, rollout, logLines));
  logEvidence(ctx.log, rollout.snapshot.address.name, evidence);
  return { ...end, evidence };
}

async function undoDeployment(
  ctx: RollbackContext,
  rollout: Rollout,
  recovery: Problem['recovery'] | undefined,
  request: RolloutRequest,
): Promise<RollbackEnd> {
  if (recovery === 'done') return { kind: 'rolled-back' };
  return recovery === 'follow-ecs' ? followRollback(ctx, rollout, request) : rollBack(ctx, rollout, request);
}

/**
 * A rollback that AWS refuses is a failed one, in its own words; so is one that ends by an error that nobody foresaw: the
 * other services go on. Rejects with the end of the job alone.
 */
export async function withoutThrowing(rollback: () => Promise<RollbackEnd>): Promise<RollbackEnd> {
  try {
    return await rollback();
  } catch (error) {
    if (error instanceof Cancelled) throw error;
    return { kind: 'failed', why: describeAwsError(error), ...hintOf(error) };
  }
}

/** What the role lacks keeps the service where it is: that comes first. */
function hintOf(error: unknown): { hint?: string } {
  const known = awsErrorKind(error) === 'denied' ? deployErrorOf(error, 'rolling back') : undefined;
  const hint = known instanceof DeployError ? known.conclusion.hint : undefined;
  return hint === undefined ? {} : { hint };
}
