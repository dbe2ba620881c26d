/** What goes wrong with one service may concern all. */
import type { Problem, RolloutRequest, ServiceRun } from '../model/index.ts';

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
    reason: `was well so far, but service "${failed.snapshot.address.name}" failed (on-failure: rollback-all)`,
    evidence: [],
    recovery: 'roll-back',
  };
  return serviceRuns.map((serviceRun) =>
    serviceRun.problem === undefined && serviceRun.change === 'update'
      ? { ...serviceRun, problem }
      : serviceRun,
  );
}

/** One of these services failed, and takes the others along. */
export function failsTogether(serviceRuns: readonly ServiceRun[], request: RolloutRequest): boolean {
  return request.onFailure === 'rollback-all' && serviceRuns.some(concernsAll);
}

/** What this run did not bring about, or cannot roll back with its credentials, takes nobody along. */
function concernsAll({ problem, rollout }: ServiceRun): boolean {
  if (problem === undefined) return false;
  const isRefused = rollout === undefined && problem.cause !== 'credentials-expired';
  return problem.recovery !== 'leave' || isRefused;
}
