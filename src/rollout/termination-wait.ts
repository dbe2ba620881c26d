import type { Aws } from '../aws/clients.ts';
import { writeOnce } from '../aws/writes.ts';
import { isOpen, isShifted } from '../codedeploy/history.ts';
import type { RunContext } from '../context.ts';
import { Deadline, poll } from '../runtime/wait.ts';
import { readInfo } from './observe-codedeploy.ts';

interface EndWaitContext extends Pick<RunContext, 'clock'>, Partial<Pick<RunContext, 'signal'>> {
  readonly aws: Pick<Aws, 'codeDeploy'>;
}

/** How long CodeDeploy takes to call a deployment ended whose wait is over. */
const ENDS_MS = 60_000;

const PAUSE_MS = 2_000;

/** Lets a deployment that only keeps its old tasks end now. Rejects where AWS refuses. */
export async function endTerminationWait(
  { aws, clock, signal }: EndWaitContext,
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
