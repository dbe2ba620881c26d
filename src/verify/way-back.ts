import { revisionName } from '../aws/partition.ts';
import type { ServiceSnapshot } from '../model.ts';
import { ok, warning, type Check, type Finding } from './check.ts';

/** Every service has a revision that a failed rollout can go back to. */
export const rollbackTarget: Check = {
  name: 'rollback target',
  nothing: 'no service',
  look: (_aws, { services }) => services.map(rollbackTargetFinding),
};

/** Pure. */
export function rollbackTargetFinding({
  address,
  lastGood,
}: Pick<ServiceSnapshot, 'address' | 'lastGood'>): Finding {
  return lastGood === undefined
    ? warning(`${address.name} has no good revision to go back to: a failed rollout would be left as it is`)
    : ok(`${address.name} can go back to ${revisionName(lastGood.taskDefinitionArn)}`);
}
