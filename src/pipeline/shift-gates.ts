import { revisionName } from '../aws/arn.ts';
import type { RunContext } from '../context.ts';
import { StageGates } from '../gates/stage-gates.ts';
import type { Before } from '../gates/survey.ts';
import type { Request, ServiceRun, ServiceSnapshot } from '../model/index.ts';
import type { RunRecord } from '../report/run-record.ts';
import type { Actors } from '../rollout/acts.ts';
import { answering } from '../rollout/answer-hook.ts';

/**
 * The gates of each service while ECS shifts its traffic. A URL that several services share is asked once the traffic of
 * all of them has been shifted, and no more once one of them has failed.
 */
export function stagesOf(
  ctx: RunContext & { readonly actors: Actors },
  record: Readonly<RunRecord>,
  request: Request,
  before: Before,
): { readonly of: (serviceRun: ServiceRun) => StageGates } {
  const watched = new Map<ServiceSnapshot, StageGates>();
  const mayAskUrl = (snapshot: ServiceSnapshot): boolean => {
    const changed = record.serviceRuns.filter(
      ({ change, rollout, isToGoBack }) => change !== 'none' && rollout !== undefined && isToGoBack !== true,
    );
    if (changed.some(({ problem }) => problem !== undefined)) return false;
    const isBehind = (each: ServiceSnapshot): boolean => each.targetGroups.length > 0;
    // The URL is that of a load balancer, where any of them has one.
    if (!isBehind(snapshot) && changed.some((each) => isBehind(each.snapshot))) return false;
    return (
      changed.length === 1 ||
      changed.every((each) => watched.get(each.snapshot)?.allTrafficSince !== undefined)
    );
  };
  return {
    of: ({ snapshot, rollout, promoted, isApproved, taskDefinitionArn }) => {
      const gates = new StageGates(ctx, {
        gate: request.gate,
        before,
        rollout,
        mayAskUrl: () => mayAskUrl(snapshot),
        continueAt: rollout === undefined ? () => Promise.resolve({ kind: 'done' }) : answering(ctx, rollout),
        promoted,
        approved: isApproved === true ? revisionName(taskDefinitionArn) : undefined,
      });
      watched.set(snapshot, gates);
      return gates;
    },
  };
}
