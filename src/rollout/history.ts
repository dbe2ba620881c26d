import type { Cause } from '../model.ts';
import type { EntryView, Observation } from './observation.ts';
import { describeFailure, type TaskFailure, type TaskView } from './task-view.ts';

/** What the looks at one rollout taught so far. */
export interface History {
  /** Ids of our tasks that were healthy once. */
  readonly everHealthy: ReadonlySet<string>;
  /** Failed tasks of ours, in the order in which they were seen. */
  readonly failures: ReadonlyMap<string, TaskFailure>;
  /** Of these, how many since a task last became healthy. */
  readonly sinceHealthy: number;
  /** `id` of the PRIMARY entry with which ECS rolls back (its reason may be gone from a later look). */
  readonly rollbackId: string | undefined;
}

export const NO_HISTORY: History = {
  everHealthy: new Set(),
  failures: new Map(),
  sinceHealthy: 0,
  rollbackId: undefined,
};

/** Pure: the history with one more look. */
export function remember(history: History, seen: Observation): History {
  const everHealthy = new Set(history.everHealthy);
  const failures = new Map(history.failures);
  const newlyHealthy = seen.tasks.filter((task) => task.healthy && !everHealthy.has(task.id));
  for (const task of newlyHealthy) everHealthy.add(task.id);
  const newlyFailed = seen.tasks.filter((task) => task.failure !== undefined && !failures.has(task.id));
  // Those known already too: exit codes and reasons come after the stop.
  for (const task of seen.tasks) if (task.failure !== undefined) failures.set(task.id, task.failure);
  return {
    everHealthy,
    failures,
    sinceHealthy: (newlyHealthy.length > 0 ? 0 : history.sinceHealthy) + countable(newlyFailed),
    rollbackId: saysRollback(seen.primary) ? seen.primary?.id : history.rollbackId,
  };
}

/** ECS rolls back by a new PRIMARY entry of `deployments[]` that says so in its reason. */
export function saysRollback(primary: Pick<EntryView, 'reason'> | undefined): boolean {
  return /roll(ing|ed)?[ -]?back/i.test(primary?.reason ?? '');
}

function countable(tasks: readonly TaskView[]): number {
  return tasks.filter((task) => task.failure?.weight === 'after-limit').length;
}

/** The failure that settles it, if the evidence is conclusive: one that no retry can help, or enough of the others. */
export function isConclusive(
  history: History,
  terms: { readonly failedTaskLimit: number | 'auto'; readonly breakerThreshold: number },
): TaskFailure | undefined {
  const failures = [...history.failures.values()];
  const atOnce = failures.find((failure) => failure.weight === 'at-once');
  if (atOnce !== undefined) return atOnce;
  return history.sinceHealthy >= limitOf(history, terms)
    ? mostFrequent(failures.filter((failure) => failure.weight === 'after-limit'))
    : undefined;
}

/** `auto`: two while nothing of ours was ever healthy; from then on the circuit breaker's own threshold. */
function limitOf(
  history: History,
  terms: { readonly failedTaskLimit: number | 'auto'; readonly breakerThreshold: number },
): number {
  if (terms.failedTaskLimit !== 'auto') return terms.failedTaskLimit;
  return history.everHealthy.size === 0 ? 2 : terms.breakerThreshold;
}

/** The cause that most failed tasks share; undefined where no task says anything. */
export function causeOf(history: History): { cause: Cause; reason: string } | undefined {
  const failures = [...history.failures.values()];
  const telling = failures.filter((failure) => failure.weight !== 'never');
  const best =
    mostFrequent(telling.filter((failure) => failure.cause !== 'unknown')) ??
    mostFrequent(telling) ??
    mostFrequent(failures);
  return best === undefined ? undefined : { cause: best.cause, reason: describeFailure(best) };
}

/** The latest of the failures whose cause is the most frequent one. */
export function mostFrequent(failures: readonly TaskFailure[]): TaskFailure | undefined {
  const counts = new Map<Cause, number>();
  for (const { cause } of failures) counts.set(cause, (counts.get(cause) ?? 0) + 1);
  const most = Math.max(...counts.values());
  return failures.findLast((failure) => counts.get(failure.cause) === most);
}
