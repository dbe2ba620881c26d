import { settling, type FailedTaskTerms, type Past } from '../ecs/failed-tasks.ts';
import type { TargetView } from '../ecs/targets.ts';
import { describeFailure, type TaskFailure } from '../ecs/task-failure.ts';
import type { Cause } from '../model/index.ts';
import type { EntryView, Observation, ServiceEvent } from './observe.ts';
import { refusedEvents, unplacedEvents } from './placement.ts';

/** What the looks at one rollout taught so far. */
export interface History {
  /** Our tasks that became healthy, or failed, each once, in the order in which that was seen. */
  readonly transitions: readonly TaskTransition[];
  /** ECS found a place for some task of ours. */
  readonly placed: boolean;
  /** Events since the start about tasks that found none, oldest first; an answer holds the last hundred of all alone. */
  readonly unplaced: readonly ServiceEvent[];
  /** What ECS may not do with the load balancer, in its own words. */
  readonly refused: readonly ServiceEvent[];
  /** Some task of ours started its containers. */
  readonly started: boolean;
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
  | { readonly task: string; readonly became: 'failed' };

export const NO_HISTORY: History = {
  transitions: [],
  placed: false,
  unplaced: [],
  refused: [],
  started: false,
  failures: new Map(),
  unhealthyTargets: new Map(),
  rollbackId: undefined,
  preexisting: undefined,
};

/** Pure: the history with one more look. `beganBefore`: what failed by the first one is of another time. */
export function remember(
  history: History,
  seen: Observation,
  beganBefore = false,
  knownEvents: readonly string[] = [],
): History {
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
  const withNew = (
    kept: readonly ServiceEvent[],
    find: (known: ReadonlySet<string>) => ServiceEvent[],
  ): ServiceEvent[] => [...kept, ...find(new Set([...knownEvents, ...kept.map(({ id }) => id)]))];
  return {
    transitions: [
      ...history.transitions.filter((transition) => !isBelied(transition, failures)),
      ...newlyHealthy.map(({ id, checked }) => ({ task: id, became: 'healthy' as const, checked })),
      ...newlyFailed.map(({ id }) => ({ task: id, became: 'failed' as const })),
    ],
    placed: history.placed || isAnyPlaced(seen),
    unplaced: withNew(history.unplaced, (known) => unplacedEvents(seen.events, known)),
    refused: withNew(history.refused, (known) => refusedEvents(seen.events, known)),
    started: history.started || seen.tasks.some(hasStarted),
    failures,
    unhealthyTargets: rememberTargets(history.unhealthyTargets, seen.targets),
    rollbackId: saysRollback(seen.primary) ? seen.primary?.id : history.rollbackId,
    preexisting: known,
  };
}

function isAnyPlaced({ tasks, entry }: Observation): boolean {
  return tasks.length > 0 || (entry?.running ?? 0) + (entry?.pending ?? 0) > 0;
}

function hasStarted({ status, failure }: Observation['tasks'][number]): boolean {
  return failure === undefined ? status === 'RUNNING' : failure.started === true;
}

function failedIn({ tasks }: Observation): string[] {
  return tasks.filter(({ failure }) => failure !== undefined).map(({ id }) => id);
}

/** Nothing but its running spoke for the task, and then it failed: it was never healthy, only slow to crash. */
function isBelied(transition: TaskTransition, failures: ReadonlyMap<string, TaskFailure>): boolean {
  const failure = failures.get(transition.task);
  const isCrash = failure !== undefined && failure.severity !== 'ignored';
  return transition.became === 'healthy' && !transition.checked && isCrash;
}

/** ECS rolls back by a new PRIMARY entry of `deployments[]` that says so in its reason. */
export function saysRollback(primary: Pick<EntryView, 'reason'> | undefined): boolean {
  return /roll(ing|ed)?[ -]?back/i.test(primary?.reason ?? '');
}

/** How failed tasks are counted. */
export interface CountingTerms extends FailedTaskTerms {
  /** A task that becomes healthy takes back the failures before it (ECS API, DeploymentCircuitBreaker). */
  readonly resetOnHealthyTask: boolean;
}

/**
 * Pure: the failures that count: those since a task last became healthy, and those of tasks that had been healthy and died
 * by themselves, which no other task takes back.
 */
export function countedFailures(history: History, resetOnHealthyTask = true): TaskFailure[] {
  const { transitions, failures } = history;
  const last = resetOnHealthyTask ? transitions.findLastIndex(({ became }) => became === 'healthy') : -1;
  const wereHealthy = new Set(
    transitions.flatMap(({ task, became }) => (became === 'healthy' ? [task] : [])),
  );
  const counted = transitions.filter(
    ({ task, became }, index) => became === 'failed' && (index > last || wereHealthy.has(task)),
  );
  return counted.flatMap(({ task }) => {
    const failure = failures.get(task);
    return failure === undefined || failure.severity === 'ignored' ? [] : [failure];
  });
}

/** The failure that settles it, if the evidence is conclusive: one that no retry can help, or enough of the others. */
export function isConclusive(history: History, terms: CountingTerms): TaskFailure | undefined {
  return mostFrequent(settling(countedFailures(history, terms.resetOnHealthyTask), pastOf(history), terms));
}

function pastOf({ started, transitions }: History): Past {
  return { started, healthy: transitions.some(({ became }) => became === 'healthy') };
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
