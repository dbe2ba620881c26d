import { WITHHELD } from '../aws/attempt.ts';
import type { ReportedImage } from '../ecs/digests.ts';
import { breakerThreshold, isBefore } from '../ecs/services.ts';
import { describeFailure, type TaskFailure } from '../ecs/task-failure.ts';
import { hasContainerChecks, restartedContainers, type TaskView } from '../ecs/task-health.ts';
import type { Asked, Measurement, Measurer, TaskLimits } from '../model/analysis.ts';
import type { GateResult, Rollout } from '../model/index.ts';
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
import { isDeleted } from './evaluate.ts';
import type { Look as Looked, Looks } from './looks.ts';
import type { Observation } from './observe.ts';
import { eventText, hasStartedSince, unplacedEvents } from './placement.ts';
import { failureText } from './progress.ts';
import type { WatchContext } from './watch.ts';

/** What keeps our tasks from being proven healthy, by task. Empty: nothing. */
interface Proven {
  readonly tasks: readonly string[];
  readonly unproven: ReadonlyMap<string, string>;
}

interface Look extends Proven {
  readonly kind: 'seen';
  readonly isDeleted: boolean;
  readonly views: readonly TaskView[];
  /** The deployment, or the task set, that the service runs by now. */
  readonly primaryId: string | undefined;
  /** Tasks that the service wants by now: an autoscaler may want fewer than the rollout did. */
  readonly desired: number;
  /** Tasks of ours that run by ECS's own count, also where they cannot be told from others. */
  readonly running: number;
  /** What ECS says last of tasks that found no place since the rollout was complete. */
  readonly unplaced: string | undefined;
}

/** A look that shows no tasks: they may not be read, or AWS did not answer. */
interface NoLook {
  readonly kind: 'denied' | 'no-answer';
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
 * to outlive it. While a revision bakes it fails as soon as tasks crash as no rollout may (with `fail-fast: false` at its
 * end), or an outage lasts for several looks: fewer than half of the tasks are there and healthy. Either ends with another deployment in the place of this one.
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
  const subject = { rollout, by, isPatient: true };
  let known = NOTHING_KNOWN;
  let isAsked = false;
  let old = 0;
  let round = 0;
  let lastLine = '';
  let hasBaked = false;
  let told: ReadonlySet<string> = new Set();
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
    measure: async ({ n, phase, areOthersRolling }, { leftMs }) => {
      const at = clock.now();
      // What an earlier round showed proves nothing in this one.
      if (n !== round) known = { ...known, first: [], last: undefined };
      round = n;
      hasBaked ||= phase === 'baking';
      // What the watch has just seen of the complete rollout is not asked for again.
      const last =
        by === 'deployment' && n === 1 ? looks.lastLook(rollout, limits.pollSeconds * 1000) : undefined;
      const seen = judgeable(
        isAsked || last === undefined ? await looks.look(subject, leftMs) : last,
        rollout,
      );
      isAsked = true;
      if (seen.kind === 'seen') {
        known = knowing(known, seen, terms, clock.now());
        if (seen.isDeleted)
          return [{ gate: terms.gate, subject: name, round: n, at, evidence: [], ...DELETED }];
        const failures = newFailures(known);
        for (const text of failures.difference(told)) log.line(`${name}: a task failed: ${text}`);
        told = told.union(failures);
        old = seen.primaryId === rollout.snapshot.primaryId ? old + 1 : 0;
        const by =
          isAnother(seen.primaryId, rollout) && (old === 0 || old >= OLD_LOOKS) ? seen.primaryId : undefined;
        if (by !== undefined) {
          const reading = { kind: 'replaced', by } as const;
          const detail = `another deployment, ${by}, has taken its place`;
          return [{ gate: terms.gate, subject: name, round: n, at, evidence: [], reading, detail }];
        }
      }
      const came =
        seen.kind === 'denied' ||
        (seen.kind === 'no-answer' && (known.last === undefined || phase === 'baking'))
          ? unread(seen.kind)
          : phase === 'baking'
            ? whileBaking(known, terms, clock.now())
            : unlessGood(
                seen,
                whileProving(known, { ...terms, failFast: terms.failFast || hasBaked }, clock.now()),
              );
      const isGood = came.reading.kind === 'good';
      const meanwhile = areOthersRolling === true ? 'while others roll out' : 'while baking';
      const line = phase === 'baking' ? `${meanwhile}: ${came.detail}` : summary(known.last, terms);
      if (!isGood && seen.kind !== 'denied' && (line !== lastLine || phase === 'baking'))
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

/** There is nothing left to prove, and nothing to go back on. */
const DELETED = {
  reading: { kind: 'bad', cause: 'service-inactive', blames: false, settles: true },
  cause: 'service-inactive',
  detail: 'somebody deleted the service meanwhile',
} as const;

type Came = Pick<Measurement, 'reading' | 'detail' | 'late' | 'cause' | 'hint' | 'unchecked'>;

function unread(why: NoLook['kind']): Came {
  return why === 'denied'
    ? {
        reading: { kind: 'unanswered', forGood: true },
        detail: 'the tasks or targets could not be read',
      }
    : { reading: { kind: 'unanswered', forGood: false }, detail: 'no answer from AWS' };
}

/** Time passes for what was seen before, too: only what a look shows now proves anything. */
function unlessGood({ kind }: Look | NoLook, came: Came): Came {
  return kind === 'no-answer' && came.reading.kind === 'good' ? unread(kind) : came;
}

function whileBaking(known: Known, terms: Terms, now: number): Came {
  const crash = crashThatSettles(known.record, terms, now);
  if (crash !== undefined) return settledBy(crash);
  const detail = summary(known.last, terms);
  if (!isOutage(known.last, terms)) return { reading: { kind: 'good' }, detail };
  const lack = lackOf(known, terms);
  return lack === undefined
    ? { ...blamed(known, terms), detail }
    : { reading: { kind: 'bad', cause: 'capacity', blames: false }, cause: 'capacity', detail: lack };
}

/** Fewer than half of the tasks that are wanted are there and healthy. Those that run and cannot be recognised may be. */
function isOutage(last: Look | undefined, terms: Terms): boolean {
  if (last === undefined || (last.tasks.length === 0 && last.running > 0)) return false;
  return (last.tasks.length - last.unproven.size) * 2 < wantedOf(last, terms);
}

function wantedOf(last: Look, { desired }: Terms): number {
  return Math.min(desired, last.desired);
}

/** Why tasks are missing, where nothing but room is lacking: no fault of the revision, and none that going back helps. */
function lackOf({ last, record }: Known, terms: Terms): string | undefined {
  if (last === undefined || last.tasks.length >= wantedOf(last, terms)) return undefined;
  const failures = [...record.failures.values()];
  const isFaultless = failures.every(({ severity }) => severity === 'ignored');
  if (!isFaultless || last.views.some(({ failing }) => failing === true)) return undefined;
  const taken = failures.findLast(({ cause }) => cause === 'capacity');
  const why = last.unplaced ?? (taken === undefined ? undefined : describeFailure(taken));
  return why === undefined ? undefined : `${summary(last, terms)}: ${why}`;
}

/**
 * All tasks are there, and the load balancer does not list some of them; nothing else is wrong. ECS has counted them as
 * healthy, which it does by their targets: either the answer is an old one, or somebody took the targets away.
 */
function areUnlisted({ last, record }: Known, terms: Terms): boolean {
  if (last === undefined || last.unproven.size === 0 || last.tasks.length < wantedOf(last, terms))
    return false;
  const isFaultless = [...record.failures.values()].every(({ severity }) => severity === 'ignored');
  return isFaultless && last.views.every(({ id, unlisted }) => unlisted === true || !last.unproven.has(id));
}

/** The ways in which tasks failed since the rollout was complete. */
function newFailures({ record, before }: Known): ReadonlySet<string> {
  const fresh = [...record.failures].filter(
    ([id]) => before?.settled.has(id) !== true && before?.preexisting.has(id) !== true,
  );
  return new Set(fresh.map(([, failure]) => failureText(failure)));
}

function whileProving(known: Known, terms: Terms, now: number): Came {
  const crash = crashThatSettles(known.record, terms, now);
  if (crash !== undefined) return settledBy(crash);
  if (known.last?.desired === 0 && known.last.tasks.length === 0)
    return { reading: { kind: 'unanswered', forGood: true }, detail: 'the service wants no task any more' };
  const proven = provenBy(known, terms, now);
  if (proven !== undefined) return { reading: { kind: 'good' }, ...proven };
  const { state, detail: late, ...more } = atDeadline(known, terms, now);
  return {
    reading: { kind: 'inconclusive', atLimit: state, blames: !areUnlisted(known, terms) },
    detail: summary(known.last, terms),
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

/** What is wrong where tasks are missing: where nothing checks their health, what ended them. */
function blamed(known: Known, terms: Terms): Pick<Came, 'reading' | 'cause' | 'hint'> {
  const blames = !areUnlisted(known, terms);
  const own = causeWithoutCheck(known, terms);
  const cause =
    own.cause ?? (terms.gate === 'targets' ? 'target-health-check-failed' : 'container-health-check-failed');
  return { reading: { kind: 'bad', cause, blames }, ...own };
}

/** What ended tasks of a service that nothing checks; none where a check of health says what is wrong. */
function causeWithoutCheck({ record }: Known, { isChecked }: Terms): Pick<Came, 'cause' | 'hint'> {
  if (isChecked) return {};
  const crash = [...record.failures.values()].findLast(({ severity }) => severity !== 'ignored');
  return crash === undefined ? {} : { cause: crash.cause, hint: crash.hint };
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
    : UNCHECKED;
  return { detail: `${count} of ${count} tasks run; ${unasked}`, unchecked: true };
}

const UNCHECKED = 'nothing checks their health';

/** All run again, and some for longer than any that crashed: what one of them met was a hiccup. */
function isOutlived({ last, record }: Known, terms: Terms, now: number): boolean {
  if (last === undefined || last.unproven.size > 0 || last.tasks.length < wantedOf(last, terms)) return false;
  return areStable(record, now) && pastOfComplete(record, terms.isChecked, now).healthy;
}

/** What the containers of running tasks report; undefined where no look showed any. */
export function reportedBy(tasks: readonly TaskView[] | undefined): readonly ReportedImage[] | undefined {
  const reported = tasks?.filter(({ leaving }) => leaving !== true).flatMap((task) => task.containers ?? []);
  return reported?.length === 0 ? undefined : reported;
}

/**
 * What a look shows of the tasks. Where the service may not be read, what is not known is not proven; anything else that ends
 * the looks is thrown.
 */
function judgeable(look: Looked, rollout: Rollout): Look | NoLook {
  switch (look.kind) {
    case 'seen':
      return viewLook(look.seen, rollout);
    case 'unanswered':
      return { kind: 'no-answer' };
    case 'access-lost':
      if (!WITHHELD.includes(look.because)) throw look.failure;
      return { kind: 'denied' };
  }
}

function viewLook(seen: Observation, { snapshot, createdAt }: Rollout): Look | NoLook {
  if (seen.tasksUnread === true || seen.targetsUnread === true) return { kind: 'denied' };
  if (seen.unanswered !== undefined || isBefore(seen.primary, { createdAt })) return { kind: 'no-answer' };
  const running = seen.tasks.filter(({ leaving }) => leaving !== true);
  const unplaced = unplacedEvents(seen.events, new Set(snapshot.knownEvents)).at(-1);
  const unproven = running.flatMap(({ id, why }) => (why === undefined ? [] : [[id, why] as const]));
  return {
    kind: 'seen',
    isDeleted: isDeleted(seen),
    views: seen.tasks,
    tasks: running.map(({ id }) => id),
    unproven: new Map(unproven),
    primaryId: seen.primary?.id,
    desired: seen.service.desired,
    running: seen.entry?.running ?? seen.service.running,
    unplaced:
      unplaced === undefined || hasStartedSince(unplaced, seen.events) ? undefined : eventText(unplaced),
  };
}

function summary(last: Look | undefined, terms: Terms): string {
  if (last === undefined) return 'no answer from AWS about its tasks and targets yet';
  const wanted = wantedOf(last, terms);
  const none = last.tasks.length === 0;
  if (none && (last.running > 0 || wanted === 0)) return 'no running task of this deployment is visible yet';
  const of = `${last.tasks.length - last.unproven.size} of ${Math.max(last.tasks.length, wanted)} tasks`;
  const [why] = last.unproven.values();
  return why === undefined ? `${of} run` : `${of} proven healthy; waiting: ${why}`;
}

/**
 * Tasks that came late do not count, but they cannot stand for those that were there and are gone. A crash of a task
 * that nothing checks counts where it came after the rollout was complete: unless all run again, and some have run for
 * longer than it did.
 */
function atDeadline(
  known: Known,
  terms: Terms,
  now: number,
): Pick<GateResult, 'state' | 'detail' | 'cause' | 'unchecked'> & Pick<Came, 'hint'> {
  const { last, first, record } = known;
  const { isChecked } = terms;
  const crashed = [...record.failures].filter(([, { severity }]) => severity !== 'ignored');
  const crash = crashed.at(-1)?.[1];
  if (crash !== undefined && !isChecked && isOutlived(known, terms, now))
    return { state: 'passed', detail: `${summary(last, terms)}; ${UNCHECKED}`, unchecked: true };
  if (crash !== undefined && !isChecked)
    return { state: 'failed', detail: describeFailure(crash), cause: crash.cause, hint: crash.hint };
  if (last === undefined) return { state: 'skipped', detail: 'no answer from AWS' };
  const isOut = isOutage(last, terms);
  const lack = isOut ? lackOf(known, terms) : undefined;
  if (lack !== undefined) return { state: 'failed', detail: lack, cause: 'capacity' };
  const evaluated = [...last.unproven].filter(([id]) => first.includes(id));
  const hasFailed = first.some((id) => crashed.some(([task]) => task === id));
  if (evaluated.length === 0 && !hasFailed && !isOut && last.tasks.length > last.unproven.size) {
    return isChecked
      ? { state: 'passed', detail: 'every task that was there from the start is healthy' }
      : { state: 'passed', detail: 'every task that was there from the start runs', unchecked: true };
  }
  const [unhealthy] = [...evaluated, ...last.unproven];
  const own = causeWithoutCheck(known, terms);
  if (unhealthy === undefined && isOut) return { state: 'failed', detail: summary(last, terms), ...own };
  if (unhealthy === undefined) {
    const none = 'no running task of this deployment could be recognised';
    return { state: 'skipped', detail: last.tasks.length === 0 ? none : summary(last, terms) };
  }
  return { state: 'failed', detail: `task ${unhealthy[0]} ${unhealthy[1]}`, ...own };
}
