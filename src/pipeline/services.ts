import { describeAwsError } from '../aws/errors.ts';
import type { Problem, ServiceRun } from '../model/index.ts';
import { Cancelled } from '../runtime/cancellation.ts';
import { DeployError } from '../runtime/error.ts';

/**
 * Moves every service some steps on, side by side. `record` hears at once what each has come to. An error that nobody
 * foresaw is the problem of the service in which it arises, and of no other. Rejects once all have come to their ends:
 * with the end of the job, or where a service without a deployment of this run, or one with a problem already, could not
 * be moved on.
 */
export async function forEachService(
  serviceRuns: readonly ServiceRun[],
  record: (serviceRun: ServiceRun, position: number) => void,
  ...steps: Step[]
): Promise<void> {
  const moveOn = async (before: ServiceRun, position: number): Promise<void> => {
    let serviceRun = before;
    for (const step of steps) {
      serviceRun = await moved(serviceRun, step);
      record(serviceRun, position);
    }
  };
  const ends = await Promise.allSettled(serviceRuns.map(moveOn));
  const failed = ends.find((end) => end.status === 'rejected');
  if (failed !== undefined) throw failed.reason as Error;
}

type Step = (serviceRun: ServiceRun) => Promise<ServiceRun> | ServiceRun;

async function moved(serviceRun: ServiceRun, step: Step): Promise<ServiceRun> {
  try {
    return await step(serviceRun);
  } catch (error) {
    const isMendable = serviceRun.rollout !== undefined && serviceRun.problem === undefined;
    if (error instanceof Cancelled || error instanceof DeployError || !isMendable) throw error;
    return { ...serviceRun, problem: unforeseen(serviceRun, error) };
  }
}

/** Nobody can follow it any further: what this run changed goes back. */
export function unforeseen({ change }: ServiceRun, error: unknown): Problem {
  return {
    result: 'failed',
    cause: 'unknown',
    reason: `could not be followed: ${describeAwsError(error)}`,
    hint: 'This may be a fault of this action: please report it.',
    evidence: [],
    recovery: change === 'update' ? 'roll-back' : 'leave',
  };
}
