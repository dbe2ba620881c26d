import { settling, type FailedTaskTerms, type Past } from '../ecs/failed-tasks.ts';
import type { TaskFailure } from '../ecs/task-failure.ts';
import type { TaskView } from '../ecs/task-health.ts';
import type { Cause } from '../model/index.ts';

/** What the looks at one rollout taught of its tasks, while it rolls and while it is proven. */
export interface TaskRecord {
  /** Our tasks that became healthy, or failed, each once, in the order in which that was seen. */
  readonly transitions: readonly TaskTransition[];
  /** Some task of ours started its containers. */
  readonly started: boolean;
  /** Failed tasks of ours by id, and restarts in place by the id and what runs since, in the order in which they were seen. */
  readonly failures: ReadonlyMap<string, TaskFailure>;
  /** The longest that a task ran which then failed, in milliseconds, by AWS's own times. */
  readonly longestLifeMs: number;
  /**
   * Since when each running task is known to run, in milliseconds of the clock: since it was first seen to, or earlier where
   * AWS's own times tell; since its last restart in place.
   */
  readonly runningSince: ReadonlyMap<string, number>;
  /** What runs in the containers that ECS starts again in place, by task. */
  readonly runtimes: ReadonlyMap<string, string>;
}

/** A task's turn for the better or the worse. */
export type TaskTransition =
  /** `checked`: something besides its running says so. */
  | { readonly kind: 'healthy'; readonly task: string; readonly checked: boolean }
  | { readonly kind: 'failed'; readonly task: string };

export const NO_TASKS: TaskRecord = {
  transitions: [],
  started: false,
  failures: new Map(),
  longestLifeMs: 0,
  runningSince: new Map(),
  runtimes: new Map(),
};

/** Ids of tasks that had failed before: evidence, and no more. */
export interface Before {
  /** During the rollout: they count no more, though what follows them has to outlive them. */
  readonly settled: ReadonlySet<string>;
  /** Before this run: they prove nothing about it. */
  readonly preexisting: ReadonlySet<string>;
}

/** What one look shows of the tasks. */
export interface TaskLook {
  readonly tasks: readonly TaskView[];
  /** Tasks that nothing keeps from being proven. */
  readonly running: readonly string[];
  /** Names of the containers that ECS starts again in place. */
  readonly restarted: readonly string[];
  /** A reading of the clock. */
  readonly now: number;
}

/** Pure: with one more look. */
export function recordTasks(record: TaskRecord, look: TaskLook, before: Before): TaskRecord {
  const { tasks, now } = look;
  const failures = new Map(record.failures);
  const since = new Map(record.runningSince);
  const runtimes = new Map(record.runtimes);
  let { longestLifeMs } = record;
  const wereHealthy = healthyIn(record);
  const newlyHealthy = tasks.filter(({ id, healthy }) => healthy && !wereHealthy.has(id));
  const newlyFailed = tasks.filter(({ id, failure }) => failure !== undefined && !failures.has(id));
  // Those known already too: exit codes and reasons come after the stop.
  for (const { id, failure, lifeMs = 0 } of tasks) {
    if (failure === undefined) continue;
    const isOld = before.preexisting.has(id);
    failures.set(id, isOld || before.settled.has(id) ? { ...failure, severity: 'ignored' } : failure);
    if (!isOld && failure.severity !== 'ignored') longestLifeMs = Math.max(longestLifeMs, lifeMs);
  }
  const restarts = tasks.flatMap((task) => {
    const runtime = runtimeOf(task, look.restarted);
    const known = runtimes.get(task.id);
    if (runtime === undefined) return [];
    runtimes.set(task.id, runtime.id);
    if (known === undefined || known === runtime.id) return [];
    longestLifeMs = Math.max(longestLifeMs, now - (since.get(task.id) ?? now));
    since.delete(task.id);
    const id = `${task.id} ${runtime.id}`;
    failures.set(id, restartedInPlace(runtime));
    return [id];
  });
  return {
    transitions: [
      ...record.transitions.filter((transition) => !isBelied(transition, failures)),
      ...newlyHealthy.map(({ id, checked }) => ({ task: id, kind: 'healthy' as const, checked })),
      ...[...newlyFailed.map(({ id }) => id), ...restarts].map((task) => ({
        task,
        kind: 'failed' as const,
      })),
    ],
    started: record.started || tasks.some(hasStarted),
    failures,
    longestLifeMs,
    runningSince: new Map(
      look.running.map((id) => [id, since.get(id) ?? now - ranBefore(id, tasks, runtimes)]),
    ),
    runtimes,
  };
}

/**
 * How long a task had run by the latest time that AWS tells in the same look, in milliseconds: no clock of ours is compared
 * with AWS's. Of what is started again in place AWS tells the first start only.
 */
function ranBefore(id: string, tasks: readonly TaskView[], runtimes: ReadonlyMap<string, string>): number {
  const { startedAt } = tasks.find((task) => task.id === id) ?? {};
  if (startedAt === undefined || runtimes.has(id)) return 0;
  const times = tasks.map(({ startedAt: at = startedAt, lifeMs = 0 }) => at + lifeMs);
  return Math.max(...times) - startedAt;
}

function hasStarted({ status, failure }: TaskView): boolean {
  return failure === undefined ? status === 'RUNNING' : failure.started === true;
}

function healthyIn({ transitions }: Pick<TaskRecord, 'transitions'>): ReadonlySet<string> {
  return new Set(transitions.flatMap(({ task, kind }) => (kind === 'healthy' ? [task] : [])));
}

/** Nothing but its running spoke for the task, and then it failed: it was never healthy, only slow to crash. */
function isBelied(transition: TaskTransition, failures: ReadonlyMap<string, TaskFailure>): boolean {
  const failure = failures.get(transition.task);
  const isCrash = failure !== undefined && failure.severity !== 'ignored';
  return transition.kind === 'healthy' && !transition.checked && isCrash;
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

/**
 * Pure: the failures that count: those since a task last became healthy, and those of tasks that had been healthy and died
 * by themselves, which no other task takes back (ECS API, DeploymentCircuitBreaker).
 */
export function countedFailures(
  record: Pick<TaskRecord, 'transitions' | 'failures'>,
  resetOnHealthyTask = true,
): TaskFailure[] {
  const { transitions, failures } = record;
  const last = resetOnHealthyTask ? transitions.findLastIndex(({ kind }) => kind === 'healthy') : -1;
  const wereHealthy = healthyIn(record);
  const counted = transitions.filter(
    ({ task, kind }, index) => kind === 'failed' && (index > last || wereHealthy.has(task)),
  );
  return counted.flatMap(({ task }) => {
    const failure = failures.get(task);
    return failure === undefined || failure.severity === 'ignored' ? [] : [failure];
  });
}

/** How failed tasks are counted. */
export interface CountingTerms extends FailedTaskTerms {
  /** A task that becomes healthy takes back the failures before it. */
  readonly resetOnHealthyTask: boolean;
}

/** Pure: the failure that settles it, if the evidence is conclusive: one that no retry can help, or enough of the others. */
export function isConclusive(
  record: TaskRecord,
  terms: CountingTerms,
  past: Past = pastOf(record),
): TaskFailure | undefined {
  return mostFrequent(settling(countedFailures(record, terms.resetOnHealthyTask), past, terms));
}

function pastOf({ started, transitions }: TaskRecord): Past {
  return { started, healthy: transitions.some(({ kind }) => kind === 'healthy') };
}

/**
 * Pure: what the tasks of a complete rollout have got past. Where nothing checks them, that one runs is all that speaks
 * for it: healthy is what outlived the crashed ones.
 */
export function pastOfComplete(record: TaskRecord, isChecked: boolean, now: number): Past {
  const runs = record.runningSince.size > 0;
  return { started: runs, healthy: isChecked ? runs : survivors(record, now) > 0 };
}

/** The latest of the failures whose cause is the most frequent one. */
export function mostFrequent(failures: readonly TaskFailure[]): TaskFailure | undefined {
  const counts = new Map<Cause, number>();
  for (const { cause } of failures) counts.set(cause, (counts.get(cause) ?? 0) + 1);
  const most = Math.max(...counts.values());
  return failures.findLast((failure) => counts.get(failure.cause) === most);
}

/** A container that ECS starts again in place has to run for so long before it proves anything: ECS's shortest period. */
const RESTART_MS = 60_000;

/** Pure: tasks with containers that are started again in place have run for a while, and none was started again. */
export function areStable({ failures, runtimes, runningSince }: TaskRecord, now: number): boolean {
  const restarted = new Set([...failures.keys()].map((key) => key.split(' ')[0]));
  return [...runningSince].every(
    ([id, since]) => !runtimes.has(id) || (now - since >= RESTART_MS && !restarted.has(id)),
  );
}

/** Pure: every running task has run for longer than any that crashed. */
export function outliveTheCrashed(record: TaskRecord, now: number): boolean {
  return survivors(record, now) === record.runningSince.size;
}

function survivors({ longestLifeMs, runningSince }: TaskRecord, now: number): number {
  return [...runningSince.values()].filter((since) => longestLifeMs === 0 || now - since > longestLifeMs)
    .length;
}
