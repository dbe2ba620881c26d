import { revisionName } from './aws/partition.ts';
import { isAboutToChange, type Plan } from './delivery.ts';
import type { ServiceRun, Request, ServiceSnapshot } from './model.ts';
import type { Ending, RunRecord } from './report/story.ts';
import { plannedChangeFor } from './rollout/start.ts';

/** Ends a plan: says what a deployment would do with each service. Nothing was changed, and nothing is. */
export function concludePlan(record: RunRecord, request: Request, plans: readonly Plan[]): void {
  record.definitions = plans.map(({ prepared }) => ({
    arn: prepared.existingArn ?? '',
    origin: prepared.origin,
    registered: false,
    deregistered: false,
    changes: prepared.changes,
  }));
  record.wouldChange = plans.some((plan) => isAboutToChange(plan, request));
  record.serviceRuns = plans.flatMap((plan) =>
    plan.services.map((service) => plannedServiceRun(service, plan, request)),
  );
  if (record.serviceRuns.length === 0) record.ending = withoutService(plans);
}

function plannedServiceRun(snapshot: ServiceSnapshot, plan: Plan, request: Request): ServiceRun {
  const arn = plan.prepared.existingArn ?? '';
  return {
    snapshot,
    taskDefinitionArn: arn,
    change: plannedChangeFor(snapshot, arn, request.rollout),
    rollout: undefined,
    desiredCount: request.rollout.desiredCount ?? snapshot.desiredCount,
    problem: undefined,
    gates: [],
    rollback: undefined,
    outcome: {
      result: 'planned',
      cause: undefined,
      message: intention(snapshot, plan, request),
      nowRunning: `Service "${snapshot.address.name}" runs ${revisionName(snapshot.taskDefinitionArn)}; nothing was changed.`,
      hint: undefined,
      evidence: [],
    },
  };
}

/** What a deployment would do, in one sentence. */
function intention(snapshot: ServiceSnapshot, { prepared }: Plan, { rollout }: Request): string {
  const { existingArn, definition, images } = prepared;
  const service = `service "${snapshot.address.name}"`;
  const build = Object.values(images).some((image) => image.toBeBuilt === true) ? 'build an image, ' : '';
  if (existingArn === undefined) {
    return `A deployment would ${build}register a new revision of ${definition.family} and roll it out to ${service}.`;
  }
  const revision = revisionName(existingArn);
  switch (plannedChangeFor(snapshot, existingArn, rollout)) {
    case 'none':
      return `A deployment would change nothing: ${service} already runs ${revision}.`;
    case 'adopt':
      return `A deployment would follow the one of ${revision} to ${service} that is under way.`;
    case 'update':
      return `A deployment would roll ${revision} out to ${service}.`;
  }
}

function withoutService(plans: readonly Plan[]): Ending {
  const [plan] = plans;
  const family = plan?.prepared.definition.family ?? '';
  const existing = plan?.prepared.existingArn;
  return {
    result: 'planned',
    cause: undefined,
    message:
      existing === undefined
        ? `A deployment would register a new revision of ${family}; no service is named, so none would be touched.`
        : `A deployment would change nothing: ${revisionName(existing)} holds this definition already.`,
    hint: undefined,
    evidence: [],
  };
}
