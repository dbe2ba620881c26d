/** What a stage of the run came to, by what it left in the record. */
import { isWell, LOST_SIGHT, type ServiceRun, type StepMark } from '../model/index.ts';
import type { RunRecord } from './run-record.ts';

/**
 * The mark of a stage that begins now, once it has come to its end: that of the worst problem that arose meanwhile. A
 * service that somebody else's deployment took over, that is left to finish, or that the run lost sight of, has not failed.
 */
export function problemsSince(record: RunRecord): () => StepMark {
  const before = record.serviceRuns;
  return () => worst(record.serviceRuns.map((serviceRun) => markOfProblem(serviceRun, before)));
}

/** Of the gates: where a service that is well passed none, nothing was proven, and that is a warning. */
export function markOfProof(record: RunRecord): () => StepMark {
  const since = problemsSince(record);
  return () =>
    worst([
      since(),
      ...record.serviceRuns.map((serviceRun): StepMark =>
        isWell(serviceRun) && !serviceRun.gates.some(({ state }) => state === 'passed') ? 'warning' : 'done',
      ),
    ]);
}

function markOfProblem({ snapshot, problem, rollout }: ServiceRun, before: readonly ServiceRun[]): StepMark {
  const was = before.find((each) => each.snapshot.address.arn === snapshot.address.arn);
  if (problem === undefined || was?.problem !== undefined) return 'done';
  // What was refused has begun nothing that could go on.
  const goesOn = rollout !== undefined && LOST_SIGHT.includes(problem.cause);
  const isOpen = ['superseded', 'timed-out'].includes(problem.result) || goesOn;
  const isLeft = problem.recovery === 'leave' && isOpen;
  return isLeft ? 'warning' : 'failed';
}

/** Of the rollback: that of the worst service, of those that had to be rolled back. */
export function markOfRollback({ serviceRuns }: RunRecord): StepMark {
  return worst(
    serviceRuns.map(({ rollback }) => {
      switch (rollback?.kind) {
        case 'failed':
          return 'failed';
        case 'nowhere':
        case 'superseded':
        case 'unseen':
          return 'warning';
        case 'rolled-back':
          return rollback.unrestored === undefined ? 'done' : 'warning';
        case undefined:
          return 'done';
      }
    }),
  );
}

/** Of the checks: one that failed and was passed over, as `preflight: warn` wants, is a warning. */
export function markOfChecks({ checks }: RunRecord): StepMark {
  return checks.some(({ state }) => state === 'FAILED') ? 'warning' : 'done';
}

/** Of the conclusion: what runs now, and could not be read, is a warning. */
export function markOfConclusion({ serviceRuns }: RunRecord): StepMark {
  return serviceRuns.some(({ outcome }) => outcome?.state === undefined) ? 'warning' : 'done';
}

const FROM_BAD: readonly StepMark[] = ['failed', 'warning', 'done'];

function worst(marks: readonly StepMark[]): StepMark {
  return FROM_BAD.find((mark) => marks.includes(mark)) ?? 'done';
}
