import type { ServiceRun } from '../model/index.ts';
import type { RunRecord } from '../report/run-record.ts';

/**
 * Moves every service some steps on, side by side. What each has come to is in the record at once. Where one of them
 * rejects, so does this, once the others have come to their ends: a cancellation ends them all, anything else is no reason
 * to leave them half-way.
 */
export async function forEachService(
  record: RunRecord,
  ...steps: ((serviceRun: ServiceRun) => Promise<ServiceRun> | ServiceRun)[]
): Promise<void> {
  const moveOn = async (before: ServiceRun, position: number): Promise<void> => {
    let serviceRun = before;
    for (const step of steps) {
      serviceRun = await step(serviceRun);
      record.serviceRuns = record.serviceRuns.with(position, serviceRun);
    }
  };
  const ends = await Promise.allSettled(record.serviceRuns.map(moveOn));
  const failed = ends.find((end) => end.status === 'rejected');
  if (failed !== undefined) throw failed.reason as Error;
}
