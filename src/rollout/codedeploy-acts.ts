/** What this run asks of a deployment of CodeDeploy: to go on, to end its wait, to go back. */
import { ANY_AWS_ERROR, attempt, REFUSED } from '../aws/attempt.ts';
import type { Aws } from '../aws/clients.ts';
import { describeAwsError } from '../aws/errors.ts';
import { writeOnce } from '../aws/writes.ts';
import { isOpen, isShifted } from '../codedeploy/history.ts';
import type { RunContext } from '../context.ts';
import type { HookAnswer } from '../model/analysis.ts';
import type { Rollout } from '../model/index.ts';
import type { Log } from '../runtime/log.ts';
import { Deadline, poll } from '../runtime/wait.ts';
import { readInfo } from './observe-codedeploy.ts';

export interface ActContext extends Pick<RunContext, 'clock'>, Partial<Pick<RunContext, 'signal'>> {
  readonly aws: Pick<Aws, 'codeDeploy'>;
}

/**
 * Lets a deployment shift its traffic. It is read right before: one that waits no more, because somebody continued or
 * stopped it, is left alone.
 */
export async function continueWhenReady(
  { aws, log }: { readonly aws: Pick<Aws, 'codeDeploy'>; readonly log: Pick<Log, 'line'> },
  { snapshot, codeDeploymentId: deploymentId = '' }: Rollout,
): Promise<HookAnswer> {
  return hookAnswerOf(async () => {
    const info = await readInfo(aws, deploymentId);
    if (info.status !== 'Ready') return;
    log.line(`${snapshot.address.name}: ${deploymentId} goes on: traffic shifts.`);
    await aws.codeDeploy.continueDeployment({ deploymentId, deploymentWaitType: 'READY_WAIT' });
  });
}

/** What came of letting a deployment go on. One that refuses moved on this very moment; the next look shows where. */
export async function hookAnswerOf(goOn: () => Promise<void>): Promise<HookAnswer> {
  const answer = await attempt(goOn, ANY_AWS_ERROR);
  switch (answer.kind) {
    case 'answered':
      return { kind: 'done' };
    case 'unanswered':
      return { kind: 'unanswered', why: describeAwsError(answer.error) };
    case 'forbidden':
      return answer.because === 'refused'
        ? { kind: 'done' }
        : { kind: 'denied', why: describeAwsError(answer.error) };
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
  const deadline = Deadline.of(clock, ENDS_MS);
  await writeOnce<unknown>(
    clock,
    () => aws.codeDeploy.continueDeployment({ deploymentId, deploymentWaitType: 'TERMINATION_WAIT' }),
    async () => (isShifted(await readInfo(aws, deploymentId)) ? undefined : {}),
    signal,
    deadline,
  );
  await poll({ clock, signal }, deadline, async () =>
    isOpen(await readInfo(aws, deploymentId))
      ? { kind: 'pause', pauseMs: PAUSE_MS, late: undefined }
      : { kind: 'end', value: undefined },
  );
}

/**
 * Asks CodeDeploy to stop a deployment and to roll it back, at most once. `refused`: it has ended this very moment.
 * Rejects where the call is denied, or never answered.
 */
export async function stopAndRollBack(
  { aws, clock, signal }: ActContext,
  deploymentId: string,
  deadline: Deadline,
): Promise<'asked' | 'refused'> {
  const stop = (): Promise<unknown> =>
    writeOnce<unknown>(
      clock,
      () => aws.codeDeploy.stopDeployment({ deploymentId, autoRollbackEnabled: true }),
      async () => {
        const info = await readInfo(aws, deploymentId);
        return info.rollbackInfo?.rollbackDeploymentId === undefined ? undefined : {};
      },
      signal,
      deadline,
    );
  return (await attempt(stop, REFUSED)).kind === 'answered' ? 'asked' : 'refused';
}
