/** What this run asks of a deployment of CodeDeploy: to go on, to end its wait, to go back. */
import type { Aws } from '../aws/clients.ts';
import { awsErrorKind, describeAwsError } from '../aws/errors.ts';
import { writeOnce } from '../aws/writes.ts';
import { isOpen, isShifted } from '../codedeploy/history.ts';
import type { HookAnswer } from '../model/analysis.ts';
import type { Rollout } from '../model/index.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Log } from '../runtime/log.ts';
import { readInfo } from './observe-codedeploy.ts';

export interface ActContext {
  readonly aws: Pick<Aws, 'codeDeploy'>;
  readonly clock: Clock;
  readonly signal?: AbortSignal;
}

/**
 * Lets a deployment shift its traffic. It is read right before: one that waits no more, because somebody continued or
 * stopped it, is left alone.
 */
export async function continueWhenReady(
  { aws, log }: { readonly aws: Pick<Aws, 'codeDeploy'>; readonly log: Log },
  { snapshot, codeDeploymentId: deploymentId = '' }: Rollout,
): Promise<HookAnswer> {
  try {
    const info = await readInfo(aws, deploymentId);
    if (info.status !== 'Ready') return { kind: 'done' };
    log.line(`${snapshot.address.name}: ${deploymentId} goes on: traffic shifts.`);
    await aws.codeDeploy.continueDeployment({ deploymentId, deploymentWaitType: 'READY_WAIT' });
    return { kind: 'done' };
  } catch (error) {
    switch (awsErrorKind(error)) {
      case 'throttled':
      case 'transient':
        return { kind: 'unanswered' };
      case 'refused':
        return { kind: 'done' };
      case 'denied':
      case 'unsupported':
      case 'expired':
        return { kind: 'denied', why: describeAwsError(error) };
      case 'not-aws':
        throw error;
    }
  }
}

/** How long CodeDeploy takes to call a deployment ended whose wait is over. */
const ENDS_MS = 60_000;

const PAUSE_MS = 2_000;

/** Lets a deployment that only keeps its old tasks end now. Rejects where AWS refuses. */
export async function endTerminationWait(
  { aws, clock, signal }: ActContext,
  deploymentId: string,
): Promise<void> {
  const until = clock.now() + ENDS_MS;
  await writeOnce<unknown>(
    clock,
    () => aws.codeDeploy.continueDeployment({ deploymentId, deploymentWaitType: 'TERMINATION_WAIT' }),
    async () => (isShifted(await readInfo(aws, deploymentId)) ? undefined : {}),
    signal,
    until,
  );
  while (isOpen(await readInfo(aws, deploymentId)) && clock.now() < until)
    await clock.sleep(PAUSE_MS, signal);
}

/**
 * Asks CodeDeploy to stop a deployment and to roll it back, at most once. `refused`: it has ended this very moment.
 * Rejects where the call is denied, or never answered.
 */
export async function stopAndRollBack(
  { aws, clock, signal }: ActContext,
  deploymentId: string,
  until = clock.now() + ENDS_MS,
): Promise<'asked' | 'refused'> {
  try {
    await writeOnce<unknown>(
      clock,
      () => aws.codeDeploy.stopDeployment({ deploymentId, autoRollbackEnabled: true }),
      async () => {
        const info = await readInfo(aws, deploymentId);
        return info.rollbackInfo?.rollbackDeploymentId === undefined ? undefined : {};
      },
      signal,
      until,
    );
    return 'asked';
  } catch (error) {
    if (awsErrorKind(error) === 'refused') return 'refused';
    throw error;
  }
}
