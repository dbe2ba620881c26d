import type { AwsErrorKind } from '../aws/errors.ts';
import type { ReportedImage } from '../ecs/digests.ts';
import { breakerThreshold } from '../ecs/services.ts';
import { describeFailure, type TaskFailure } from '../ecs/task-failure.ts';
import { hasContainerChecks, restartedContainers, type TaskView } from '../ecs/task-health.ts';
import type { BakeEnd, GateResult, Rollout } from '../model/index.ts';
import type { PollStep } from '../runtime/wait.ts';
import {
  areStable,
  conclusiveCrash,
  NO_CRASHES,
  outliveTheCrashed,
  withLook,
  type Before,
  type Crashes,
  type CrashTerms,
} from './crashes.ts';
import { Looks } from './looks.ts';
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

export interface TargetsLimits {
  readonly deadlineSeconds: number;
  readonly pollSeconds: number;
  /** Of tasks that crash after the rollout was complete. */
  readonly failedTaskLimit: number | 'auto';
  readonly failFast: boolean;
  /** Tasks that the service desired when it was last seen. */
  readonly desired: number;
}

/**
 * Waits until as many tasks of ours as are desired are healthy in every target group; without a target group, until they
 * run and their container health checks agree. Tasks that start or stop meanwhile do not count; those that crash are
 * evidence, and where nothing checks the tasks, what follows a crashed one has to outlive it.
 */
export function proveTasks(ctx: WatchContext, rollout: Rollout, limits: TargetsLimits): Promise<GateResult> {
  const { clock, log } = ctx;
  const terms = termsOf(rollout, limits);
  const deadline = clock.now() + limits.deadlineSeconds * 1000;
  let known = NOTHING_KNOWN;
  let lastLine = '';
  return follow<GateResult>(ctx, rollout, deadline, (seen) => {
    if (seen === 'denied') {
      const detail = 'the tasks or targets could not be read';
      return { kind: 'end', value: { gate: terms.gate, state: 'skipped', detail } };
    }
    // Without an answer, what was seen last still stands.
    if (seen !== 'no-answer') known = knowing(known, seen, terms, clock.now());
    const end = conclude(known, terms, clock.now());
    if (end !== undefined) return { kind: 'end', value: end };
    const line = summary(known.last);
    if (line !== lastLine) log.line(`${rollout.snapshot.address.name}: ${line}`);
    lastLine = line;
    return { kind: 'pause', pauseMs: limits.pollSeconds * 1000, late: atDeadline(known, terms) };
  });
}

/** Pause between the looks of a bake, and looks in a row at which fewer than half of the tasks are healthy that fail it. */
const BAKE_PAUSE_MS = 30_000;

const BAD_LOOKS = 3;

/** Looks in a row that show what was PRIMARY before: one alone may be older than the rollout. */
const OLD_LOOKS = 2;

/**
 * Looks at the tasks and their targets while the new revision bakes, until `until`, a reading of the clock. Resolves to a
 * failure as soon as tasks crash as no rollout may, or an outage lasts for several looks, and to the deployment that took
 * the place of this one; undefined where none of that happens.
 */
export function watchTasks(
  ctx: WatchContext,
  rollout: Rollout,
  limits: TargetsLimits,
  until: number,
): Promise<BakeEnd | undefined> {
  const { clock, log } = ctx;
  const terms = termsOf(rollout, limits);
  let known = NOTHING_KNOWN;
  let bad = 0;
  let old = 0;
  const failed = (result: GateResult): PollStep<BakeEnd> => ({
    kind: 'end',
    value: { kind: 'failed', result },
  });
  return follow<BakeEnd | undefined>(ctx, rollout, until, (seen) => {
    if (seen === 'denied') return { kind: 'end', value: undefined };
    if (seen !== 'no-answer') {
      known = knowing(known, seen, terms, clock.now());
      const crash = conclusiveCrash(known.crashes, terms, clock.now());
      if (crash !== undefined) return failed(crashed(terms.gate, crash));
      const by = seen.primaryId;
      old = by === rollout.snapshot.primaryId ? old + 1 : 0;
      if (isAnother(by, rollout) && (old === 0 || old >= OLD_LOOKS))
        return { kind: 'end', value: { kind: 'replaced', by } };
      const isBad = seen.tasks.length > 0 && seen.unproven.size * 2 > seen.tasks.length;
      bad = isBad ? bad + 1 : 0;
      if (isBad) log.line(`${rollout.snapshot.address.name}: while baking: ${summary(seen)}`);
      if (bad >= BAD_LOOKS) return failed({ gate: terms.gate, state: 'failed', detail: summary(seen) });
    }
    return { kind: 'pause', pauseMs: BAKE_PAUSE_MS, late: undefined };
  });
}

/** A change of counts alone has no deployment of its own. */
function isAnother(primaryId: string | undefined, { deploymentId }: Rollout): primaryId is string {
  return primaryId !== undefined && deploymentId !== '' && primaryId !== deploymentId;
}

/** What the gate is for this rollout. */
interface Terms extends CrashTerms {
  readonly gate: 'tasks' | 'targets';
  readonly behindLattice: boolean;
  readonly desired: number;
  /** Ids of tasks that had failed by the time the rollout was complete; undefined where nobody watched it. */
  readonly failedBefore: readonly string[] | undefined;
  /** Names of the containers that ECS starts again in place. */
  readonly restarted: readonly string[];
}

function termsOf(rollout: Rollout, { failedTaskLimit, failFast, desired }: TargetsLimits): Terms {
  const gate = rollout.snapshot.targetGroups.length === 0 ? 'tasks' : 'targets';
  return {
    gate,
    behindLattice: rollout.snapshot.behindLattice === true,
    isChecked: gate === 'targets' || hasContainerChecks(rollout.definition),
    failedTaskLimit,
    failFast,
    desired,
    breakerThreshold: breakerThreshold(rollout.snapshot.breaker, desired),
    failedBefore: rollout.knownFailures,
    restarted: restartedContainers(rollout.definition),
  };
}

/** All looks so far. */
interface Known {
  readonly last: Look | undefined;
  /** Tasks of the first look that showed any. */
  readonly first: readonly string[];
  readonly crashes: Crashes;
  readonly before: Before | undefined;
}

const NOTHING_KNOWN: Known = { last: undefined, first: [], crashes: NO_CRASHES, before: undefined };

function knowing(known: Known, seen: Look, { failedBefore, restarted }: Terms, now: number): Known {
  // Of a rollout that was not watched, what has stopped by now is of another time.
  const before = known.before ?? {
    settled: failedBefore ?? [],
    preexisting:
      failedBefore === undefined
        ? seen.views.flatMap(({ id, failure }) => (failure === undefined ? [] : [id]))
        : [],
  };
  const running = seen.tasks.filter((id) => !seen.unproven.has(id));
  return {
    last: seen,
    first: known.first.length === 0 ? seen.tasks : known.first,
    crashes: withLook(known.crashes, { tasks: seen.views, running, restarted }, before, now),
    before,
  };
}

function conclude({ last, crashes }: Known, terms: Terms, now: number): GateResult | undefined {
  const crash = conclusiveCrash(crashes, terms, now);
  if (crash !== undefined) return crashed(terms.gate, crash);
  if (last === undefined || last.tasks.length === 0 || last.unproven.size > 0) return undefined;
  if (last.tasks.length < Math.min(terms.desired, last.desired)) return undefined;
  if (!terms.isChecked && !(outliveTheCrashed(crashes, now) && areStable(crashes, now))) return undefined;
  const count = last.tasks.length;
  if (terms.isChecked) {
    return { gate: terms.gate, state: 'passed', detail: `${count} of ${count} tasks are healthy` };
  }
  const unasked = terms.behindLattice
    ? 'the targets of its VPC Lattice target groups were not asked'
    : 'nothing checks their health';
  const detail = `${count} of ${count} tasks run; ${unasked}`;
  return { gate: terms.gate, state: 'passed', detail, unchecked: true };
}

function crashed(gate: GateResult['gate'], failure: TaskFailure): GateResult {
  const { cause, hint } = failure;
  return { gate, state: 'failed', detail: describeFailure(failure), cause, hint };
}

/** What the containers of running tasks report; undefined where no look showed any. */
export function reportedBy(tasks: readonly TaskView[] | undefined): readonly ReportedImage[] | undefined {
  const reported = tasks?.filter(({ leaving }) => leaving !== true).flatMap((task) => task.containers ?? []);
  return reported?.length === 0 ? undefined : reported;
}

/** The service may not be read: what is not known is not proven. Anything else that ends the looks is thrown. */
const CLOSED: readonly AwsErrorKind[] = ['denied', 'unsupported', 'refused'];

/** Follows the service by the looks of the run. */
function follow<T>(
  ctx: WatchContext,
  rollout: Rollout,
  deadline: number,
  judge: (seen: Look | 'denied' | 'no-answer') => PollStep<T>,
): Promise<T> {
  const looks = ctx.looks ?? new Looks(ctx);
  const by = rollout.replacesTasks && !rollout.adopted ? 'deployment' : 'revision';
  return looks.follow<T>(
    rollout,
    deadline,
    (look) => {
      switch (look.kind) {
        case 'seen':
          return judge(viewLook(look.seen));
        case 'unanswered':
          return judge('no-answer');
        case 'access-lost':
          if (!CLOSED.includes(look.because)) throw look.failure;
          return judge('denied');
      }
    },
    { by, signal: ctx.signal },
  );
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
function atDeadline({ last, first, crashes }: Known, { gate, isChecked }: Terms): GateResult {
  const crash = [...crashes.failures.values()].at(-1);
  if (crash !== undefined && !isChecked) return crashed(gate, crash);
  if (last === undefined) return { gate, state: 'skipped', detail: 'no answer from AWS' };
  const evaluated = [...last.unproven].filter(([id]) => first.includes(id));
  const hasFailed = first.some((id) => crashes.failures.has(id));
  if (evaluated.length === 0 && !hasFailed && last.tasks.length > last.unproven.size) {
    if (!isChecked) {
      return {
        gate,
        state: 'passed',
        detail: 'every task that was there from the start runs',
        unchecked: true,
      };
    }
    return { gate, state: 'passed', detail: 'every task that was there from the start is healthy' };
  }
  const [unhealthy] = [...evaluated, ...last.unproven];
  if (unhealthy === undefined) {
    return { gate, state: 'skipped', detail: 'no running task of this deployment could be recognised' };
  }
  return { gate, state: 'failed', detail: `task ${unhealthy[0]} ${unhealthy[1]}` };
}
