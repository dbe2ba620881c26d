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
  /** When each running task was first seen to run, in milliseconds of the clock; since its last restart in place. */
  readonly runningSince: ReadonlyMap<string, number>;
  /** What runs in the containers that ECS starts again in place, by task. */
  readonly runtimes: ReadonlyMap<string, string>;
}

export const NO_CRASHES: Crashes = {
  failures: new Map(),
  longestLifeMs: 0,
  runningSince: new Map(),
  runtimes: new Map(),
};

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
  look: {
    readonly running: readonly string[];
    readonly tasks: readonly TaskView[];
    /** Names of the containers that ECS starts again in place. */
    readonly restarted?: readonly string[];
  },
  before: Before,
  now: number,
): Crashes {
  const failures = new Map(crashes.failures);
  const runtimes = new Map(crashes.runtimes);
  const since = new Map(crashes.runningSince);
  let { longestLifeMs } = crashes;
  for (const { id, failure, lifeMs = 0 } of look.tasks) {
    if (failure === undefined || failure.severity === 'ignored' || before.preexisting.includes(id)) continue;
    longestLifeMs = Math.max(longestLifeMs, lifeMs);
    if (!before.settled.includes(id)) failures.set(id, failure);
  }
  for (const task of look.tasks) {
    const runtime = runtimeOf(task, look.restarted ?? []);
    if (runtime === undefined) continue;
    const known = runtimes.get(task.id);
    runtimes.set(task.id, runtime.id);
    if (known === undefined || known === runtime.id) continue;
    failures.set(`${task.id} ${runtime.id}`, restartedInPlace(runtime));
    longestLifeMs = Math.max(longestLifeMs, now - (since.get(task.id) ?? now));
    since.delete(task.id);
  }
  const runningSince = new Map(look.running.map((id) => [id, since.get(id) ?? now]));
  return { failures, longestLifeMs, runningSince, runtimes };
}

interface Runtime {
  readonly id: string;
  readonly container: string;
  readonly exitCode: number | undefined;
}

/** Undefined where nothing of the task is started again in place, or it does not say what runs. */
function runtimeOf({ containers = [] }: TaskView, restarted: readonly string[]): Runtime | undefined {
  const concerned = containers.filter(({ name }) => restarted.includes(name));
  const ids = concerned.flatMap(({ runtimeId }) => runtimeId ?? []);
  if (ids.length === 0 || ids.length < concerned.length) return undefined;
  const ended = concerned.find(({ exitCode }) => exitCode !== undefined) ?? concerned[0];
  return { id: ids.join(' '), container: ended?.name ?? '', exitCode: ended?.exitCode };
}

function restartedInPlace({ container, exitCode }: Runtime): TaskFailure {
  return {
    cause: 'app-crashed',
    severity: 'counts',
    hint: 'The container ends again and again, and its restart policy starts it again inside of the task: its log says why.',
    container,
    exitCode,
    stopCode: undefined,
    started: true,
    reason: 'its restart policy started it again',
  };
}

/** A container that ECS starts again in place has to run for so long before it proves anything: ECS's shortest period. */
const RESTART_MS = 60_000;

/** Pure: tasks with containers that are started again in place have run for a while, and none was started again. */
export function areStable({ failures, runtimes, runningSince }: Crashes, now: number): boolean {
  const restarted = new Set([...failures.keys()].map((key) => key.split(' ')[0]));
  return [...runningSince].every(
    ([id, since]) => !runtimes.has(id) || (now - since >= RESTART_MS && !restarted.has(id)),
  );
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
