import type { AwsErrorKind } from '../aws/errors.ts';
import type { ReportedImage } from '../ecs/digests.ts';
import { breakerThreshold } from '../ecs/services.ts';
import { describeFailure, type TaskFailure } from '../ecs/task-failure.ts';
import { hasContainerChecks, restartedContainers, type TaskView } from '../ecs/task-health.ts';
import type { Asked, Measurement, Measurer, TaskLimits } from '../model/analysis.ts';
import type { Cause, GateResult, Rollout } from '../model/index.ts';
import {
  areStable,
  isConclusive,
  NO_TASKS,
  outliveTheCrashed,
  pastOfComplete,
  recordTasks,
  type Before,
  type CountingTerms,
  type TaskRecord,
} from './task-record.ts';
import type { Look as Looked, Looks } from './looks.ts';
import type { Observation } from './observe.ts';
import type { WatchContext } from './watch.ts';

/** What keeps our tasks from being proven healthy, by task. Empty: nothing. */
interface Proven {
  readonly tasks: readonly string[];
  readonly unproven: ReadonlyMap<string, string>;
}

interface Look extends Proven {
  readonly views: readonly TaskView[];
  /** The deployment, or the task set, that the service runs by now. */
  readonly primaryId: string | undefined;
  /** Tasks that the service wants by now: an autoscaler may want fewer than the rollout did. */
  readonly desired: number;
}

/** Pause between the looks of a bake, and looks in a row at which fewer than half of the tasks are healthy that fail it. */
const BAKE_PAUSE_MS = 30_000;

const BAD_LOOKS = 3;

/** Looks in a row that show what was PRIMARY before: one alone may be older than the rollout. */
const OLD_LOOKS = 2;

/**
 * Asks the looks of the run about tasks and targets. Proven are as many tasks of ours as are desired, healthy in every
 * target group; without a target group, running, and their container health checks agree. Tasks that start or stop
 * meanwhile do not count; those that crash are evidence, and where nothing checks the tasks, what follows a crashed one has
 * to outlive it. While a revision bakes it fails as soon as tasks crash as no rollout may, or an outage lasts for several
 * looks. Either ends with another deployment in the place of this one.
 */
export function tasksMeasurer(
  ctx: WatchContext & { readonly looks: Looks },
  rollout: Rollout,
  limits: TaskLimits,
): Measurer {
  const { clock, looks, log } = ctx;
  const { name } = rollout.snapshot.address;
  const terms = termsOf(rollout, limits);
  const by = rollout.replacesTasks && !rollout.adopted ? ('deployment' as const) : ('revision' as const);
  const subject = { rollout, by };
  let known = NOTHING_KNOWN;
  let isAsked = false;
  let old = 0;
  let round = 0;
  let lastLine = '';
  return {
    gate: terms.gate,
    rule: ({ phase }) =>
      phase === 'baking'
        ? { successes: 1, failures: BAD_LOOKS, goodFirst: false, limitMs: Number.POSITIVE_INFINITY }
        : { successes: 1, failures: Infinity, goodFirst: false, limitMs: limits.deadlineSeconds * 1000 },
    everyMs: ({ phase, isOwn }) => {
      if (isOwn !== true) return undefined;
      return phase === 'baking' ? BAKE_PAUSE_MS : limits.pollSeconds * 1000;
    },
    measure: async ({ n, phase }, { leftMs }) => {
      const at = clock.now();
      if (n !== round) known = { ...known, first: [] };
      round = n;
      // What the watch has just seen of the complete rollout is not asked for again.
      const last =
        by === 'deployment' && n === 1 ? looks.lastLook(rollout, limits.pollSeconds * 1000) : undefined;
      const seen = judgeable(isAsked || last === undefined ? await looks.look(subject, leftMs) : last);
      isAsked = true;
      if (typeof seen === 'object') {
        known = knowing(known, seen, terms, clock.now());
        old = seen.primaryId === rollout.snapshot.primaryId ? old + 1 : 0;
        const by =
          isAnother(seen.primaryId, rollout) && (old === 0 || old >= OLD_LOOKS) ? seen.primaryId : undefined;
        if (by !== undefined && phase !== 'rolled-back') {
          const reading = { kind: 'replaced', by } as const;
          const detail = `another deployment, ${by}, has taken its place`;
          return [{ gate: terms.gate, subject: name, round: n, at, evidence: [], reading, detail }];
        }
      }
      const came =
        seen === 'denied' || (seen === 'no-answer' && (known.last === undefined || phase === 'baking'))
          ? unread(seen)
          : phase === 'baking'
            ? whileBaking(known, terms, clock.now())
            : whileProving(known, terms, clock.now());
      const isGood = came.reading.kind === 'good';
      const line = phase === 'baking' ? `while baking: ${came.detail}` : summary(known.last);
      if (!isGood && seen !== 'denied' && (line !== lastLine || phase === 'baking'))
        log.line(`${name}: ${line}`);
      lastLine = line;
      return [{ gate: terms.gate, subject: name, round: n, at, evidence: [], ...came }];
    },
    conclude: (asked) => ({ ...concludeTasks(asked), gate: terms.gate }),
  };
}

/** A change of counts alone has no deployment of its own. */
function isAnother(primaryId: string | undefined, { deploymentId }: Rollout): primaryId is string {
  return primaryId !== undefined && deploymentId !== '' && primaryId !== deploymentId;
}

type Came = Pick<Measurement, 'reading' | 'detail' | 'late' | 'cause' | 'hint' | 'unchecked'>;

function unread(why: 'denied' | 'no-answer'): Came {
  return why === 'denied'
    ? {
        reading: { kind: 'unanswered', forGood: true },
        detail: 'the tasks or targets could not be read',
      }
    : { reading: { kind: 'unanswered', forGood: false }, detail: 'no answer from AWS' };
}

function whileBaking({ last, record }: Known, terms: Terms, now: number): Came {
  const crash = crashThatSettles(record, terms, now);
  if (crash !== undefined) return settledBy(crash);
  const isBad = last !== undefined && last.tasks.length > 0 && last.unproven.size * 2 > last.tasks.length;
  const detail = summary(last);
  return isBad
    ? { reading: { kind: 'bad', cause: causeOf(terms), blames: true }, detail }
    : { reading: { kind: 'good' }, detail };
}

function whileProving(known: Known, terms: Terms, now: number): Came {
  const crash = crashThatSettles(known.record, terms, now);
  if (crash !== undefined) return settledBy(crash);
  const proven = provenBy(known, terms, now);
  if (proven !== undefined) return { reading: { kind: 'good' }, ...proven };
  const { state, detail: late, ...more } = atDeadline(known, terms);
  return {
    reading: { kind: 'inconclusive', atLimit: state, blames: true },
    detail: summary(known.last),
    late,
    ...more,
  };
}

/** The rule is that of the rollout, for what comes after it. */
function crashThatSettles(record: TaskRecord, terms: Terms, now: number): TaskFailure | undefined {
  if (!terms.failFast) return undefined;
  return isConclusive(record, terms, pastOfComplete(record, terms.isChecked, now));
}

function settledBy(failure: TaskFailure): Came {
  const { cause, hint } = failure;
  const reading = { kind: 'bad', cause, blames: true, settles: true } as const;
  return { reading, detail: describeFailure(failure), cause, hint };
}

function causeOf({ gate }: Terms): Cause {
  return gate === 'targets' ? 'target-health-check-failed' : 'container-health-check-failed';
}

function concludeTasks({ standings }: Asked): Omit<GateResult, 'gate'> {
  const [standing] = standings.values();
  const by = standing === undefined || standing.kind === 'open' ? undefined : standing.by;
  if (standing === undefined || standing.kind === 'open' || by === undefined)
    return { state: 'skipped', detail: 'no answer from AWS' };
  const isLate = by.reading.kind === 'inconclusive';
  return {
    state: standing.kind,
    detail: isLate ? (by.late ?? by.detail) : by.detail,
    ...(by.unchecked === true ? { unchecked: true } : {}),
    ...(by.cause === undefined ? {} : { cause: by.cause }),
    ...(by.hint === undefined ? {} : { hint: by.hint }),
  };
}

/** What the gate is for this rollout. */
interface Terms extends CountingTerms {
  readonly failFast: boolean;
  /** Something besides their running says whether tasks are healthy. */
  readonly isChecked: boolean;
  readonly gate: 'tasks' | 'targets';
  readonly behindLattice: boolean;
  readonly desired: number;
  /** Ids of tasks that had failed by the time the rollout was complete; undefined where nobody watched it. */
  readonly failedBefore: readonly string[] | undefined;
  /** Names of the containers that ECS starts again in place. */
  readonly restarted: readonly string[];
}

function termsOf(rollout: Rollout, { failedTaskLimit, failFast, desired }: TaskLimits): Terms {
  const gate = rollout.snapshot.targetGroups.length === 0 ? 'tasks' : 'targets';
  const isChecked = gate === 'targets' || hasContainerChecks(rollout.definition);
  return {
    gate,
    behindLattice: rollout.snapshot.behindLattice === true,
    isChecked,
    failedTaskLimit,
    failFast,
    desired,
    breakerThreshold: breakerThreshold(rollout.snapshot.breaker, desired),
    // One that merely runs is not healthy yet.
    resetOnHealthyTask: isChecked && rollout.snapshot.breaker.resetOnHealthyTask,
    failedBefore: rollout.knownFailures,
    restarted: restartedContainers(rollout.definition),
  };
}

/** All looks so far. */
interface Known {
  readonly last: Look | undefined;
  /** Tasks of the first look of the round that showed any. */
  readonly first: readonly string[];
  readonly record: TaskRecord;
  readonly before: Before | undefined;
}

const NOTHING_KNOWN: Known = { last: undefined, first: [], record: NO_TASKS, before: undefined };

function knowing(known: Known, seen: Look, { failedBefore, restarted }: Terms, now: number): Known {
  // Of a rollout that was not watched, what has stopped by now is of another time.
  const before = known.before ?? {
    settled: new Set(failedBefore),
    preexisting: new Set(
      failedBefore === undefined
        ? seen.views.flatMap(({ id, failure }) => (failure === undefined ? [] : [id]))
        : [],
    ),
  };
  const running = seen.tasks.filter((id) => !seen.unproven.has(id));
  return {
    last: seen,
    first: known.first.length === 0 ? seen.tasks : known.first,
    record: recordTasks(known.record, { tasks: seen.views, running, restarted, now }, before),
    before,
  };
}

function provenBy(
  { last, record }: Known,
  terms: Terms,
  now: number,
): Pick<Came, 'detail' | 'unchecked'> | undefined {
  if (last === undefined || last.tasks.length === 0 || last.unproven.size > 0) return undefined;
  if (last.tasks.length < Math.min(terms.desired, last.desired)) return undefined;
  if (!terms.isChecked && !(outliveTheCrashed(record, now) && areStable(record, now))) return undefined;
  const count = last.tasks.length;
  if (terms.isChecked) return { detail: `${count} of ${count} tasks are healthy` };
  const unasked = terms.behindLattice
    ? 'the targets of its VPC Lattice target groups were not asked'
    : 'nothing checks their health';
  return { detail: `${count} of ${count} tasks run; ${unasked}`, unchecked: true };
}

/** What the containers of running tasks report; undefined where no look showed any. */
export function reportedBy(tasks: readonly TaskView[] | undefined): readonly ReportedImage[] | undefined {
  const reported = tasks?.filter(({ leaving }) => leaving !== true).flatMap((task) => task.containers ?? []);
  return reported?.length === 0 ? undefined : reported;
}

/** The service may not be read: what is not known is not proven. Anything else that ends the looks is thrown. */
const CLOSED: readonly AwsErrorKind[] = ['denied', 'unsupported', 'refused'];

function judgeable(look: Looked): Look | 'denied' | 'no-answer' {
  switch (look.kind) {
    case 'seen':
      return viewLook(look.seen);
    case 'unanswered':
      return 'no-answer';
    case 'access-lost':
      if (!CLOSED.includes(look.because)) throw look.failure;
      return 'denied';
  }
}

function viewLook(seen: Observation): Look | 'denied' | 'no-answer' {
  if (seen.tasksUnread === true || seen.targetsUnread === true) return 'denied';
  if (seen.unanswered !== undefined) return 'no-answer';
  const running = seen.tasks.filter(({ leaving }) => leaving !== true);
  const unproven = running.flatMap(({ id, why }) => (why === undefined ? [] : [[id, why] as const]));
  return {
    views: seen.tasks,
    tasks: running.map(({ id }) => id),
    unproven: new Map(unproven),
    primaryId: seen.primary?.id,
    desired: seen.service.desired,
  };
}

function summary(look: Look | undefined): string {
  if (look === undefined) return 'no answer from AWS about its tasks and targets yet';
  if (look.tasks.length === 0) return 'no running task of this deployment is visible yet';
  const proven = look.tasks.length - look.unproven.size;
  const [why] = look.unproven.values();
  return `${proven} of ${look.tasks.length} tasks proven healthy; waiting: ${why ?? ''}`;
}

/**
 * Tasks that came late do not count, but they cannot stand for those that were there and are gone. A crash of a task
 * that nothing checks counts where it came after the rollout was complete.
 */
function atDeadline(
  { last, first, record }: Known,
  { isChecked }: Terms,
): Pick<GateResult, 'state' | 'detail' | 'cause' | 'unchecked'> & Pick<Came, 'hint'> {
  const crashed = [...record.failures].filter(([, { severity }]) => severity !== 'ignored');
  const crash = crashed.at(-1)?.[1];
  if (crash !== undefined && !isChecked)
    return { state: 'failed', detail: describeFailure(crash), cause: crash.cause, hint: crash.hint };
  if (last === undefined) return { state: 'skipped', detail: 'no answer from AWS' };
  const evaluated = [...last.unproven].filter(([id]) => first.includes(id));
  const hasFailed = first.some((id) => crashed.some(([task]) => task === id));
  if (evaluated.length === 0 && !hasFailed && last.tasks.length > last.unproven.size) {
    return isChecked
      ? { state: 'passed', detail: 'every task that was there from the start is healthy' }
      : { state: 'passed', detail: 'every task that was there from the start runs', unchecked: true };
  }
  const [unhealthy] = [...evaluated, ...last.unproven];
  if (unhealthy === undefined) {
    return { state: 'skipped', detail: 'no running task of this deployment could be recognised' };
  }
  return { state: 'failed', detail: `task ${unhealthy[0]} ${unhealthy[1]}` };
}
