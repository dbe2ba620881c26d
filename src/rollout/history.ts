import type { TargetView } from '../ecs/targets.ts';
import { describeFailure } from '../ecs/task-failure.ts';
import type { Cause } from '../model/index.ts';
import type { EntryView, Observation, ServiceEvent } from './observe.ts';
import { refusedEvents, unplacedEvents } from './placement.ts';
import { mostFrequent, NO_TASKS, recordTasks, type TaskRecord } from './task-record.ts';

/** What the looks at one rollout taught so far. */
export interface History extends TaskRecord {
  /** ECS found a place for some task of ours. */
  readonly placed: boolean;
  /** Events since the start about tasks that found none, oldest first; an answer holds the last hundred of all alone. */
  readonly unplaced: readonly ServiceEvent[];
  /** What ECS may not do with the load balancer, in its own words. */
  readonly refused: readonly ServiceEvent[];
  readonly unhealthyTargets: UnhealthyTargets;
  /** `id` of the PRIMARY entry with which ECS rolls back (its reason may be gone from a later look). */
  readonly rollbackId: string | undefined;
  /** Ids of tasks that had failed before this run looked for the first time: evidence, and no more. */
  readonly preexisting: ReadonlySet<string> | undefined;
}

export const NO_HISTORY: History = {
  ...NO_TASKS,
  placed: false,
  unplaced: [],
  refused: [],
  unhealthyTargets: new Map(),
  rollbackId: undefined,
  preexisting: undefined,
};

const NONE: ReadonlySet<string> = new Set();

/** Pure: the history with one more look. `beganBefore`: what failed by the first one is of another time. */
export function remember(
  history: History,
  seen: Observation,
  beganBefore = false,
  knownEvents: readonly string[] = [],
): History {
  const isUnanswered = seen.unanswered !== undefined;
  const first = isUnanswered ? undefined : new Set(beganBefore ? failedIn(seen) : []);
  const preexisting = history.preexisting ?? first;
  const withNew = (
    kept: readonly ServiceEvent[],
    find: (known: ReadonlySet<string>) => ServiceEvent[],
  ): ServiceEvent[] => [...kept, ...find(new Set([...knownEvents, ...kept.map(({ id }) => id)]))];
  // What ECS starts again in place is its own affair while it decides.
  const look = { tasks: seen.tasks, running: [], restarted: [], now: 0 };
  return {
    ...recordTasks(history, look, { settled: NONE, preexisting: preexisting ?? NONE }),
    placed: history.placed || isAnyPlaced(seen),
    unplaced: withNew(history.unplaced, (known) => unplacedEvents(seen.events, known)),
    refused: withNew(history.refused, (known) => refusedEvents(seen.events, known)),
    unhealthyTargets: rememberTargets(history.unhealthyTargets, seen.targets),
    rollbackId: saysRollback(seen.primary) ? seen.primary?.id : history.rollbackId,
    preexisting,
  };
}

function isAnyPlaced({ tasks, entry }: Observation): boolean {
  return tasks.length > 0 || (entry?.running ?? 0) + (entry?.pending ?? 0) > 0;
}

function failedIn({ tasks }: Observation): string[] {
  return tasks.filter(({ failure }) => failure !== undefined).map(({ id }) => id);
}

/** ECS rolls back by a new PRIMARY entry of `deployments[]` that says so in its reason. */
export function saysRollback(primary: Pick<EntryView, 'reason'> | undefined): boolean {
  return /roll(ing|ed)?[ -]?back/i.test(primary?.reason ?? '');
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
