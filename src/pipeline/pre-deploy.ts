import type { RunContext } from '../context.ts';
import type { RegisteredDefinition, Request } from '../model/index.ts';
import { runPreDeployTask, type StartedTask } from '../pre-deploy/run.ts';
import { Cancelled } from '../runtime/cancellation.ts';
import { deregister } from '../task-definition/register.ts';
import { isAboutToChange } from './plan.ts';
import { destinations, type Release } from './release.ts';
import { packState } from './saved-state.ts';

/** How the one-off task ended. */
export type PreDeployEnd =
  /** It ended well, or nothing is about to change and it did not run. */
  | { readonly kind: 'done' }
  /** No service gets the revision. */
  | { readonly kind: 'failed'; readonly error: unknown; readonly definition: RegisteredDefinition }
  /** The job ended. `task`: the one that was under way, which goes on. */
  | { readonly kind: 'cancelled'; readonly error: Cancelled; readonly task: StartedTask | undefined };

/**
 * Runs the one-off task on the new revision, beside the first service. Where it fails, the revision is deregistered. Where
 * nothing is about to change, it does not run.
 */
export async function preDeploy(
  request: Request,
  ctx: Pick<RunContext, 'aws' | 'clock' | 'signal' | 'log' | 'saveForPost'>,
  releases: readonly Release[],
): Promise<PreDeployEnd> {
  const [release] = releases.filter((each) => isAboutToChange(each, request));
  const [snapshot] = release?.services ?? [];
  if (request.preDeploy === undefined || release === undefined || snapshot === undefined)
    return { kind: 'done' };
  const { services, prepared, revision } = release;
  let task: StartedTask | undefined;
  try {
    await runPreDeployTask(ctx, request.preDeploy, {
      snapshot,
      revisionArn: revision.arn,
      definition: prepared.definition,
      withImage: Object.keys(prepared.images),
      pollSeconds: request.rollout.pollSeconds,
      logLines: request.report.failureLogLines,
      onStart: (started) => {
        task = started;
        ctx.saveForPost(packState(ctx.aws.region, request, destinations(releases), [], started));
      },
    });
    return { kind: 'done' };
  } catch (error) {
    if (error instanceof Cancelled) return { kind: 'cancelled', error, task };
    const addresses = services.map(({ address }) => address);
    // What the cleaning up meets is no news beside this failure.
    return {
      kind: 'failed',
      error,
      definition: await deregister(ctx, revision, addresses).catch(() => revision),
    };
  }
}
