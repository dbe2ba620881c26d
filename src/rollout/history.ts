import type { TargetView } from '../ecs/targets.ts';
import { describeFailure, type TaskFailure } from '../ecs/task-failure.ts';
import type { Cause } from '../model/index.ts';
import type { EntryView, Observation } from './observe.ts';

/** What the looks at one rollout taught so far. */
export interface History {
  /** Our tasks that became healthy, or failed, each once, in the order in which that was seen. */
  readonly transitions: readonly TaskTransition[];
  /** Failed tasks of ours by id, in the order in which they were seen. */
  readonly failures: ReadonlyMap<string, TaskFailure>;
  readonly unhealthyTargets: UnhealthyTargets;
  /** `id` of the PRIMARY entry with which ECS rolls back (its reason may be gone from a later look). */
  readonly rollbackId: string | undefined;
  /** Ids of tasks that had failed before this run looked for the first time: evidence, and no more. */
  readonly preexisting: ReadonlySet<string> | undefined;
}

/** A task's turn for the better or the worse. */
export type TaskTransition =
  /** `checked`: something besides its running says so. */
  | { readonly task: string; readonly became: 'healthy'; readonly checked: boolean }
  /** `counts`: towards `failed-task-limit`. */
  | { readonly task: string; readonly became: 'failed'; readonly counts: boolean };

export const NO_HISTORY: History = {
  transitions: [],
  failures: new Map(),
  unhealthyTargets: new Map(),
  rollbackId: undefined,
  preexisting: undefined,
};

/** Pure: the history with one more look. `beganBefore`: what failed by the first one is of another time. */
export function remember(history: History, seen: Observation, beganBefore = false): History {
  const isUnanswered = seen.unanswered !== undefined;
  const first = isUnanswered ? undefined : new Set(beganBefore ? failedIn(seen) : []);
  const known = history.preexisting ?? first;
  const preexisting = known ?? new Set<string>();
  const failures = new Map(history.failures);
  const wereHealthy = new Set(
    history.transitions.filter(({ became }) => became === 'healthy').map(({ task }) => task),
  );
  const newlyHealthy = seen.tasks.filter((task) => task.healthy && !wereHealthy.has(task.id));
  const newlyFailed = seen.tasks.filter((task) => task.failure !== undefined && !failures.has(task.id));
  // Those known already too: exit codes and reasons come after the stop.
  for (const { id, failure } of seen.tasks) {
    if (failure !== undefined)
      failures.set(id, preexisting.has(id) ? { ...failure, severity: 'ignored' } : failure);
  }
  return {
    transitions: [
      ...history.transitions.filter((transition) => !isBelied(transition, failures)),
      ...newlyHealthy.map(({ id, checked }) => ({ task: id, became: 'healthy' as const, checked })),
      ...newlyFailed.map(({ id, failure }) => ({
        task: id,
        became: 'failed' as const,
        counts: failure?.severity === 'counts' && !preexisting.has(id),
      })),
    ],
    failures,
    unhealthyTargets: rememberTargets(history.unhealthyTargets, seen.targets),
    rollbackId: saysRollback(seen.primary) ? seen.primary?.id : history.rollbackId,
    preexisting: known,
  };
}

function failedIn({ tasks }: Observation): string[] {
  return tasks.filter(({ failure }) => failure !== undefined).map(({ id }) => id);
}

/** Nothing but its running spoke for the task, and then it failed: it was never healthy, only slow to crash. */
function isBelied(transition: TaskTransition, failures: ReadonlyMap<string, TaskFailure>): boolean {
  return transition.became === 'healthy' && !transition.checked && failures.has(transition.task);
}

/** ECS rolls back by a new PRIMARY entry of `deployments[]` that says so in its reason. */
export function saysRollback(primary: Pick<EntryView, 'reason'> | undefined): boolean {
  return /roll(ing|ed)?[ -]?back/i.test(primary?.reason ?? '');
}

/** Pure: how many failed tasks count since a task last became healthy. */
export function failedSinceHealthy({ transitions }: History): number {
  const last = transitions.findLastIndex(({ became }) => became === 'healthy');
  return transitions
    .slice(last + 1)
    .filter((transition) => transition.became === 'failed' && transition.counts).length;
}

/** The failure that settles it, if the evidence is conclusive: one that no retry can help, or enough of the others. */
export function isConclusive(
  history: History,
  terms: { readonly failedTaskLimit: number | 'auto'; readonly breakerThreshold: number },
): TaskFailure | undefined {
  const failures = [...history.failures.values()];
  const atOnce = failures.find((failure) => failure.severity === 'conclusive');
  if (atOnce !== undefined) return atOnce;
  return failedSinceHealthy(history) >= limitOf(history, terms)
    ? mostFrequent(failures.filter((failure) => failure.severity === 'counts'))
    : undefined;
}

/** `auto`: two while nothing of ours was ever healthy; from then on the circuit breaker's own threshold. */
function limitOf(
  history: History,
  terms: { readonly failedTaskLimit: number | 'auto'; readonly breakerThreshold: number },
): number {
  if (terms.failedTaskLimit !== 'auto') return terms.failedTaskLimit;
  return history.transitions.some(({ became }) => became === 'healthy') ? terms.breakerThreshold : 2;
}

/** The cause that most failed tasks share; undefined where no task says anything. */
export function causeOf(history: History): { cause: Cause; reason: string } | undefined {
  const failures = [...history.failures.values()];
  const telling = failures.filter((failure) => failure.severity !== 'ignored');
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

/** Targets of our tasks, as they were when a look last found them unhealthy, by group, address and port. */
export type UnhealthyTargets = ReadonlyMap<string, TargetView>;

/**
 * Pure: with one more look. One that is healthy again is forgotten; one that drains or is gone stays: ECS takes out a
 * task whose checks fail, often before anybody can ask why.
 */
export function rememberTargets(unhealthy: UnhealthyTargets, seen: readonly TargetView[]): UnhealthyTargets {
  const next = new Map(unhealthy);
  for (const target of seen) {
    const key = `${target.targetGroupArn} ${target.address}:${target.port ?? ''}`;
    // One that drains as well says nothing any more of why.
    if (target.state === 'unhealthy' || (target.state.startsWith('unhealthy') && !next.has(key)))
      next.set(key, target);
    else if (target.state === 'healthy') next.delete(key);
  }
  return next;
}
