/** What stands in the way of a plan, looked for before anything is touched. */
import type { ReadContext } from '../context.ts';
import type { CheckResult, DeployedImage, Request, RolloutRequest, ServiceSnapshot } from '../model/index.ts';
import { CHECKS, CHECKS_AFTER_BUILD, CHECKS_OF_ADOPTED, refusalOf, runChecks } from '../preflight/index.ts';
import { describePlatform, platformOf } from '../preflight/image.ts';
import { DeployError } from '../runtime/error.ts';
import { SILENCE } from '../runtime/log.ts';
import { isAboutToChange, isToBeChecked, plan, snapshotsOf, type Plan } from './plan.ts';

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
    plans.filter(isToBeChecked).map((each) => {
      const { definition, images, existingArn, heldByAws } = each.prepared;
      const services = snapshotsOf(each.services);
      const checks = isAboutToChange(each) ? ofUpdate : CHECKS_OF_ADOPTED;
      return runChecks(ctx, { request, services, definition, images, existingArn, heldByAws }, checks);
    }),
  );
  const fresh = results.flat();
  const names = new Set(fresh.map((result) => result.check));
  const all = [...fresh, ...before.filter((earlier) => !names.has(earlier.check))];
  return { checks: all, problem: refusalOf(all, request.rollout.preflight) };
}

/**
 * Before an image is built: renders and checks as if it were there already, so that nobody waits for a build to learn of
 * a log group that is missing. Resolves to the platforms to build for: those of the input, else the task's own.
 */
export async function checkBeforeBuild(
  request: Request,
  ctx: ReadContext,
  snapshots: readonly ServiceSnapshot[],
  image: DeployedImage,
): Promise<Checked & { readonly platforms: readonly string[] }> {
  // The same is logged once the image is there.
  const quiet = { ...ctx, log: SILENCE };
  const { plans } = await plan(request, quiet, snapshots, { kind: 'one', image });
  const checked = await check(request, ctx, plans);
  const [first] = plans;
  const { platforms } = request.build;
  if (checked.problem !== undefined || platforms.length > 0 || first === undefined)
    return { ...checked, platforms };
  const platform = platformOf({
    definition: first.prepared.definition,
    services: snapshotsOf(first.services),
  });
  return { ...checked, platforms: platform === undefined ? [] : [describePlatform(platform)] };
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
