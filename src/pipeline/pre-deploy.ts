import type { RunContext } from '../context.ts';
import type { Request } from '../model/index.ts';
import { runPreDeployTask } from '../pre-deploy/run.ts';
import type { RunRecord } from '../report/run-record.ts';
import { Cancelled } from '../runtime/cancellation.ts';
import { deregister } from '../task-definition/register.ts';
import { isAboutToChange } from './plan.ts';
import { destinations, type Release } from './release.ts';
import { packState } from './saved-state.ts';

/**
 * Runs the one-off task on the new revision, beside the first service. Where it fails, no service gets the revision,
 * which is deregistered. Where nothing is about to change, it does not run.
 */
export async function preDeploy(
  record: RunRecord,
  request: Request,
  ctx: RunContext,
  releases: readonly Release[],
): Promise<void> {
  const [release] = releases.filter((each) => isAboutToChange(each, request));
  const [snapshot] = release?.services ?? [];
  if (request.preDeploy === undefined || release === undefined || snapshot === undefined) return;
  const { services, prepared, revision } = release;
  try {
    await runPreDeployTask(ctx, request.preDeploy, {
      snapshot,
      revisionArn: revision.arn,
      definition: prepared.definition,
      withImage: Object.keys(prepared.images),
      pollSeconds: request.rollout.pollSeconds,
      logLines: request.report.failureLogLines,
      onStart: (task) => {
        record.preDeployTask = task;
        ctx.saveForPost(packState(ctx.aws.region, request, destinations(releases), [], task));
      },
    });
    record.preDeployTask = undefined;
  } catch (error) {
    if (error instanceof Cancelled) throw error;
    record.preDeployTask = undefined;
    const addresses = services.map(({ address }) => address);
    // What the cleaning up meets is no news beside this failure.
    record.definitions = [await deregister(ctx, revision, addresses).catch(() => revision)];
    throw error;
  }
}
