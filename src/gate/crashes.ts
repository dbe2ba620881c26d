import type { Task } from '@aws-sdk/client-ecs';
import { lastSegment } from '../aws/partition.ts';
import { failureOf, type TaskFailure } from '../aws/task-failure.ts';

/**
 * What is known of the crashes of tasks that nothing checks: that one runs is all that speaks for it, so a task that
 * follows a crashed one has to outlive it before it proves anything.
 */
export interface Crashes {
  /** By id, in the order in which they were seen. */
  readonly failures: ReadonlyMap<string, TaskFailure>;
  /** The longest that one of them ran, in milliseconds, by AWS's own times. */
  readonly longestLifeMs: number;
  /** When each running task was first seen to run, in milliseconds of the clock. */
  readonly runningSince: ReadonlyMap<string, number>;
}

export const NO_CRASHES: Crashes = { failures: new Map(), longestLifeMs: 0, runningSince: new Map() };

/** Pure: with one more look. `old`: ids of tasks that had failed before this run began. */
export function withLook(
  crashes: Crashes,
  look: { readonly running: readonly string[]; readonly stopped: readonly Task[] },
  old: readonly string[],
  now: number,
): Crashes {
  const failures = new Map(crashes.failures);
  let { longestLifeMs } = crashes;
  for (const task of look.stopped) {
    const id = lastSegment(task.taskArn ?? '');
    const failure = failureOf(task);
    if (failure === undefined || failure.weight === 'never' || old.includes(id)) continue;
    failures.set(id, failure);
    longestLifeMs = Math.max(longestLifeMs, lifeOf(task));
  }
  const runningSince = new Map(look.running.map((id) => [id, crashes.runningSince.get(id) ?? now]));
  return { failures, longestLifeMs, runningSince };
}

/**
 * Pure: the crash that settles it; undefined while there are too few. The limit is that of the rollout: where it is left
 * to this action, two while no task has outlived the crashed ones, else the circuit breaker's threshold.
 */
export function conclusiveCrash(
  crashes: Crashes,
  terms: { readonly failedTaskLimit: number | 'auto'; readonly breakerThreshold: number },
  now: number,
): TaskFailure | undefined {
  const failures = [...crashes.failures.values()];
  const automatic = survivors(crashes, now) === 0 ? 2 : terms.breakerThreshold;
  const limit = terms.failedTaskLimit === 'auto' ? automatic : terms.failedTaskLimit;
  const atOnce = failures.find(({ weight }) => weight === 'at-once');
  return atOnce ?? (failures.length >= limit ? failures.at(-1) : undefined);
}

/** Pure: every running task has run for longer than any that crashed. */
export function outliveTheCrashed(crashes: Crashes, now: number): boolean {
  return crashes.failures.size === 0 || survivors(crashes, now) === crashes.runningSince.size;
}

function survivors({ longestLifeMs, runningSince }: Crashes, now: number): number {
  return [...runningSince.values()].filter((since) => now - since > longestLifeMs).length;
}

function lifeOf({ startedAt, executionStoppedAt, stoppedAt }: Task): number {
  const end = executionStoppedAt ?? stoppedAt;
  return startedAt === undefined || end === undefined ? 0 : end.getTime() - startedAt.getTime();
}
