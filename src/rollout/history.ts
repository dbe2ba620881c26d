import type { Cause } from '../model.ts';
import type { EntryView, Observation } from './observation.ts';
import { describeFailure, type TaskFailure } from '../aws/task-failure.ts';
import { rememberTargets, type SickTargets } from './sick-targets.ts';

/** What the looks at one rollout taught so far. */
export interface History {
  /** Our tasks that became healthy, or failed, each once, in the order in which that was seen. */
  readonly turns: readonly Turn[];
  /** Failed tasks of ours by id, in the order in which they were seen. */
  readonly failures: ReadonlyMap<string, TaskFailure>;
  readonly sickTargets: SickTargets;
  /** `id` of the PRIMARY entry with which ECS rolls back (its reason may be gone from a later look). */
  readonly rollbackId: string | undefined;
  /** Ids of tasks that had failed before this run looked for the first time: evidence, and no more. */
  readonly foreign: ReadonlySet<string> | undefined;
}

/** A task's turn for the better or the worse. */
export type Turn =
  /** `checked`: something besides its running says so. */
  | { readonly task: string; readonly became: 'healthy'; readonly checked: boolean }
  /** `counts`: towards `failed-task-limit`. */
  | { readonly task: string; readonly became: 'failed'; readonly counts: boolean };

export const NO_HISTORY: History = {
  turns: [],
  failures: new Map(),
  sickTargets: new Map(),
  rollbackId: undefined,
  foreign: undefined,
};

/** Pure: the history with one more look. `beganBefore`: what failed by the first one is of another time. */
export function remember(history: History, seen: Observation, beganBefore = false): History {
  const isBlind = seen.unanswered !== undefined;
  const first = isBlind ? undefined : new Set(beganBefore ? failedIn(seen) : []);
  const known = history.foreign ?? first;
  const foreign = known ?? new Set<string>();
  const failures = new Map(history.failures);
  const wereHealthy = new Set(
    history.turns.filter(({ became }) => became === 'healthy').map(({ task }) => task),
  );
  const newlyHealthy = seen.tasks.filter((task) => task.healthy && !wereHealthy.has(task.id));
  const newlyFailed = seen.tasks.filter((task) => task.failure !== undefined && !failures.has(task.id));
  // Those known already too: exit codes and reasons come after the stop.
  for (const { id, failure } of seen.tasks) {
    if (failure !== undefined) failures.set(id, foreign.has(id) ? { ...failure, weight: 'never' } : failure);
  }
  return {
    turns: [
      ...history.turns.filter((turn) => !isBelied(turn, failures)),
      ...newlyHealthy.map(({ id, checked }) => ({ task: id, became: 'healthy' as const, checked })),
      ...newlyFailed.map(({ id, failure }) => ({
        task: id,
        became: 'failed' as const,
        counts: failure?.weight === 'after-limit' && !foreign.has(id),
      })),
    ],
    failures,
    sickTargets: rememberTargets(history.sickTargets, seen.targets),
    rollbackId: saysRollback(seen.primary) ? seen.primary?.id : history.rollbackId,
    foreign: known,
  };
}

function failedIn({ tasks }: Observation): string[] {
  return tasks.filter(({ failure }) => failure !== undefined).map(({ id }) => id);
}

/** Nothing but its running spoke for the task, and then it failed: it was never healthy, only slow to crash. */
function isBelied(turn: Turn, failures: ReadonlyMap<string, TaskFailure>): boolean {
  return turn.became === 'healthy' && !turn.checked && failures.has(turn.task);
}

/** ECS rolls back by a new PRIMARY entry of `deployments[]` that says so in its reason. */
export function saysRollback(primary: Pick<EntryView, 'reason'> | undefined): boolean {
  return /roll(ing|ed)?[ -]?back/i.test(primary?.reason ?? '');
}

/** Pure: how many failed tasks count since a task last became healthy. */
export function failedSinceHealthy({ turns }: History): number {
  const last = turns.findLastIndex(({ became }) => became === 'healthy');
  return turns.slice(last + 1).filter((turn) => turn.became === 'failed' && turn.counts).length;
}

/** The failure that settles it, if the evidence is conclusive: one that no retry can help, or enough of the others. */
export function isConclusive(
  history: History,
  terms: { readonly failedTaskLimit: number | 'auto'; readonly breakerThreshold: number },
): TaskFailure | undefined {
  const failures = [...history.failures.values()];
  const atOnce = failures.find((failure) => failure.weight === 'at-once');
  if (atOnce !== undefined) return atOnce;
  return failedSinceHealthy(history) >= limitOf(history, terms)
    ? mostFrequent(failures.filter((failure) => failure.weight === 'after-limit'))
    : undefined;
}

/** `auto`: two while nothing of ours was ever healthy; from then on the circuit breaker's own threshold. */
function limitOf(
  history: History,
  terms: { readonly failedTaskLimit: number | 'auto'; readonly breakerThreshold: number },
): number {
  if (terms.failedTaskLimit !== 'auto') return terms.failedTaskLimit;
  return history.turns.some(({ became }) => became === 'healthy') ? terms.breakerThreshold : 2;
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
