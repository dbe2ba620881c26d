/** What stands in the way of a plan, looked for before anything is touched. */
import type { ReadContext } from '../context.ts';
import type { CheckResult, Request, RolloutRequest } from '../model/index.ts';
import { CHECKS, CHECKS_AFTER_BUILD, CHECKS_OF_ADOPTED, refusalOf, runChecks } from '../preflight/index.ts';
import { DeployError } from '../runtime/error.ts';
import { isAboutToChange, isToBeChecked, snapshotsOf, type Plan } from './plan.ts';

/** What the preflight checks found, and what they refuse. */
export interface Checked {
  readonly checks: readonly CheckResult[];
  readonly problem: DeployError | undefined;
}

/**
 * Looks for whatever is known to go wrong, where anything is about to change, before anything is touched. `before`: what
 * was found earlier; what is looked at again takes its place.
 */
export async function check(
  request: Request,
  ctx: ReadContext,
  plans: readonly Plan[],
  which: 'all' | 'after-build' = 'all',
  before: readonly CheckResult[] = [],
): Promise<Checked> {
  const ofUpdate = which === 'all' ? CHECKS : CHECKS_AFTER_BUILD;
  const results = await Promise.all(
    plans.filter(isToBeChecked).map((plan) => {
      const { definition, images, existingArn, heldByAws } = plan.prepared;
      const services = snapshotsOf(plan.services);
      const checks = isAboutToChange(plan) ? ofUpdate : CHECKS_OF_ADOPTED;
      return runChecks(ctx, { request, services, definition, images, existingArn, heldByAws }, checks);
    }),
  );
  const fresh = results.flat();
  const names = new Set(fresh.map((result) => result.check));
  const all = [...fresh, ...before.filter((earlier) => !names.has(earlier.check))];
  return { checks: all, problem: refusalOf(all, request.rollout.preflight) };
}

/**
 * A group of CodeDeploy takes one deployment at a time: where one is in the way, nothing is registered for nothing. One that
 * only keeps its old tasks is ended by force-new-deployment. Throws `update-refused`.
 */
export function refuseBusyGroups(
  plans: readonly Plan[],
  { forceNewDeployment }: Pick<RolloutRequest, 'forceNewDeployment'>,
): void {
  for (const { services } of plans) {
    for (const { snapshot, change } of services) {
      const { address, codeDeploy } = snapshot;
      const { open } = codeDeploy ?? {};
      if (open === undefined || change !== 'update') continue;
      if (open.isShifted && forceNewDeployment === true) continue;
      const state = open.isShifted
        ? `${open.id} has shifted its traffic, and keeps the old tasks for ${codeDeploy?.terminationMinutes ?? 0} minutes`
        : `${open.id} is under way (${open.status})`;
      throw new DeployError(
        'update-refused',
        `Service "${address.name}" takes no deployment now: CodeDeploy takes one at a time, and ${state}. Nothing was touched.`,
        {
          hint: open.isShifted
            ? `Run this again after that. To end the wait: force-new-deployment: true, or aws deploy continue-deployment --deployment-id ${open.id} --deployment-wait-type TERMINATION_WAIT.`
            : `Run this again once it has ended, or end it: mode: rollback with service-deployment-arn: ${open.id}.`,
        },
      );
    }
  }
}
