import type { PlannedChange, RolloutRequest, ServiceSnapshot } from '../model/index.ts';

/** Pure: nothing where the service has it all already, unless a new deployment is forced. */
export function plannedChangeFor(
  snapshot: ServiceSnapshot,
  taskDefinitionArn: string,
  request: RolloutRequest,
): PlannedChange {
  const sameRevision = snapshot.taskDefinitionArn === taskDefinitionArn;
  const sameCount = request.desiredCount === undefined || request.desiredCount === snapshot.desiredCount;
  const sameTags =
    (request.enableEcsManagedTags ?? snapshot.enableEcsManagedTags) === snapshot.enableEcsManagedTags &&
    (request.propagateTags ?? snapshot.propagateTags) === snapshot.propagateTags;
  if (!sameRevision || !sameCount || !sameTags || request.forceNewDeployment === true) return 'update';
  switch (snapshot.rollout) {
    case 'complete':
      return 'none';
    case 'in-progress':
      return 'adopt';
    case 'failed':
      return 'update';
  }
}
