import type { RunContext } from '../context.ts';
import type { RegisteredDefinition, Request } from '../model/index.ts';
import { runPreDeployTask, type StartedTask } from '../pre-deploy/run.ts';
import { Cancelled } from '../runtime/cancellation.ts';
import { deregister } from '../task-definition/register.ts';
import { isAboutToChange } from './plan.ts';
import type { Release } from './release.ts';

/** How the one-off task ended. */
export type PreDeployEnd =
  /** It ended well, or nothing is about to change and it did not run. */
  | { readonly kind: 'done' }
  /** No service gets the revision. */
  | { readonly kind: 'failed'; readonly error: unknown; readonly definition: RegisteredDefinition }
  /** The job ended. `task`: the one that was under way, which goes on, or that may have been started. */
  | { readonly kind: 'cancelled'; readonly error: Cancelled; readonly task: TaskLeft };

type TaskLeft = (Pick<StartedTask, 'cluster'> & Partial<StartedTask>) | undefined;

/**
 * Runs the one-off task on the new revision, beside the first service. Where it fails, the revision is deregistered. Where
 * nothing is about to change, it does not run. `onTask` hears of the task once it is asked for, and again, with its id, once
 * it is started; of none where it never ran and another one is to follow.
 */
export async function preDeploy(
  request: Request,
  ctx: Pick<RunContext, 'aws' | 'clock' | 'signal' | 'log'>,
  releases: readonly Release[],
  onTask: (task: TaskLeft) => void,
): Promise<PreDeployEnd> {
  const release = releases.find(isAboutToChange);
  const [first] = release?.services ?? [];
  if (request.preDeploy === undefined || release?.preDeployContainer === undefined || first === undefined)
    return { kind: 'done' };
  const { services, prepared, revision } = release;
  let task: TaskLeft;
  const hear = (left: TaskLeft): void => {
    task = left;
    onTask(left);
  };
  try {
    await runPreDeployTask(ctx, request.preDeploy, {
      snapshot: first.snapshot,
      revisionArn: revision.arn,
      definition: prepared.definition,
      container: release.preDeployContainer,
      pollSeconds: request.rollout.pollSeconds,
      logLines: request.report.failureLogLines,
      onSend: () => {
        hear({ cluster: first.snapshot.address.cluster });
      },
      onTask: hear,
    });
    return { kind: 'done' };
  } catch (error) {
    if (error instanceof Cancelled) return { kind: 'cancelled', error, task };
    const addresses = services.map(({ snapshot }) => snapshot.address);
    // What the cleaning up meets is no news beside this failure.
    return {
      kind: 'failed',
      error,
      definition: await deregister(ctx, revision, addresses).catch(() => revision),
    };
  }
}
