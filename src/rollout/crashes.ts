import { settling, type FailedTaskTerms } from '../ecs/failed-tasks.ts';
import type { TaskFailure } from '../ecs/task-failure.ts';
import type { TaskView } from '../ecs/task-health.ts';

/**
 * What is known of tasks that crashed. Where nothing checks the tasks, that one runs is all that speaks for it: one that
 * follows a crashed one has to outlive it before it proves anything.
 */
export interface Crashes {
  /** Since the rollout was complete, by id, in the order in which they were seen. */
  readonly failures: ReadonlyMap<string, TaskFailure>;
  /** The longest that one of them ran, in milliseconds, by AWS's own times. */
  readonly longestLifeMs: number;
  /** When each running task was first seen to run, in milliseconds of the clock. */
  readonly runningSince: ReadonlyMap<string, number>;
}

export const NO_CRASHES: Crashes = { failures: new Map(), longestLifeMs: 0, runningSince: new Map() };

/** Ids of tasks that had failed before. */
export interface Before {
  /** During the rollout: they count no more, though what follows them has to outlive them. */
  readonly settled: readonly string[];
  /** Before this run: they prove nothing about it. */
  readonly preexisting: readonly string[];
}

/** Pure: with one more look. `running`: tasks that nothing keeps from being proven. */
export function withLook(
  crashes: Crashes,
  look: { readonly running: readonly string[]; readonly tasks: readonly TaskView[] },
  before: Before,
  now: number,
): Crashes {
  const failures = new Map(crashes.failures);
  let { longestLifeMs } = crashes;
  for (const { id, failure, lifeMs = 0 } of look.tasks) {
    if (failure === undefined || failure.severity === 'ignored' || before.preexisting.includes(id)) continue;
    longestLifeMs = Math.max(longestLifeMs, lifeMs);
    if (!before.settled.includes(id)) failures.set(id, failure);
  }
  const runningSince = new Map(look.running.map((id) => [id, crashes.runningSince.get(id) ?? now]));
  return { failures, longestLifeMs, runningSince };
}

export interface CrashTerms extends FailedTaskTerms {
  readonly failFast: boolean;
  /** Something besides their running says whether tasks are healthy. */
  readonly isChecked: boolean;
}

/**
 * Pure: the crash that settles it; undefined while there are too few. The rule is that of the rollout; a task counts as
 * healthy where a check says so, or else where it outlived the crashed ones.
 */
export function conclusiveCrash(crashes: Crashes, terms: CrashTerms, now: number): TaskFailure | undefined {
  if (!terms.failFast) return undefined;
  const healthy = terms.isChecked ? crashes.runningSince.size > 0 : survivors(crashes, now) > 0;
  const started = crashes.runningSince.size > 0;
  return settling([...crashes.failures.values()], { started, healthy }, terms).at(-1);
}

/** Pure: every running task has run for longer than any that crashed. */
export function outliveTheCrashed(crashes: Crashes, now: number): boolean {
  return survivors(crashes, now) === crashes.runningSince.size;
}

function survivors({ longestLifeMs, runningSince }: Crashes, now: number): number {
  return [...runningSince.values()].filter((since) => longestLifeMs === 0 || now - since > longestLifeMs)
    .length;
}
