import type { Task } from '@aws-sdk/client-ecs';
import { lastSegment } from '../aws/arn.ts';
import type { Aws } from '../aws/clients.ts';
import { awsErrorKind } from '../aws/errors.ts';
import { targetRevisionOf } from '../ecs/service-deployments.ts';
import { breakerThreshold, describeService } from '../ecs/services.ts';
import {
  leadsTo,
  placesOf,
  targetsOf,
  targetsOfAttachment,
  type TargetView,
  type TaskPlace,
} from '../ecs/targets.ts';
import { describeFailure, type TaskFailure } from '../ecs/task-failure.ts';
import { essentialContainers, hasContainerChecks } from '../ecs/task-health.ts';
import { runningTasksOf, stoppedTasksOf } from '../ecs/tasks.ts';
import type { GateResult, Rollout } from '../model/index.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Log } from '../runtime/log.ts';
import { poll, withTimeout } from '../runtime/wait.ts';
import {
  conclusiveCrash,
  NO_CRASHES,
  outliveTheCrashed,
  withLook,
  type Before,
  type Crashes,
  type CrashTerms,
} from './crashes.ts';

export interface TargetsContext {
  readonly aws: Pick<Aws, 'ecs' | 'elb'>;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly log: Log;
}

/** One look: what keeps our tasks from being proven healthy, by task. Empty: nothing. */
export interface TargetsLook {
  readonly tasks: readonly string[];
  readonly unproven: ReadonlyMap<string, string>;
}

interface Look extends TargetsLook {
  readonly stopped: readonly Task[];
  /** Names of the containers whose end ends a task. */
  readonly essentials: readonly string[];
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
export async function targetsGate(
  ctx: TargetsContext,
  rollout: Rollout,
  limits: TargetsLimits,
): Promise<GateResult> {
  const { clock, log } = ctx;
  const terms = termsOf(rollout, limits);
  const deadline = clock.now() + limits.deadlineSeconds * 1000;
  let known = NOTHING_KNOWN;
  let lastLine = '';
  return poll<GateResult>(ctx, deadline, async () => {
    const seen = await lookOnce(ctx, rollout, terms.desired, deadline);
    if (seen === 'denied') {
      const detail = 'the tasks or targets could not be read';
      return { end: { gate: terms.gate, state: 'skipped', detail } };
    }
    // Without an answer, what was seen last still stands.
    if (seen !== 'no-answer') known = knowing(known, seen, terms, clock.now());
    const end = conclude(known, terms, clock.now());
    if (end !== undefined) return { end };
    const line = summary(known.last);
    if (line !== lastLine) log.line(`${rollout.snapshot.address.name}: ${line}`);
    lastLine = line;
    return { pauseMs: limits.pollSeconds * 1000, late: atDeadline(known, terms) };
  });
}

/** Pause between the looks of a bake, and looks in a row at which fewer than half of the tasks are healthy that fail it. */
const BAKE_PAUSE_MS = 30_000;

const BAD_LOOKS = 3;

/**
 * Looks at the tasks and their targets while the new revision bakes, until `until`, a reading of the clock. Resolves to a
 * failure as soon as tasks crash as no rollout may, or an outage lasts for several looks; undefined where neither does.
 */
export async function watchTargets(
  ctx: TargetsContext,
  rollout: Rollout,
  limits: TargetsLimits,
  until: number,
): Promise<GateResult | undefined> {
  const { clock, log } = ctx;
  const terms = termsOf(rollout, limits);
  let known = NOTHING_KNOWN;
  let bad = 0;
  return poll<GateResult | undefined>(ctx, until, async () => {
    const seen = await lookOnce(ctx, rollout, terms.desired, until);
    if (seen === 'denied') return { end: undefined };
    if (seen !== 'no-answer') {
      known = knowing(known, seen, terms, clock.now());
      const crash = conclusiveCrash(known.crashes, terms, clock.now());
      if (crash !== undefined) return { end: crashed(terms.gate, crash) };
      const isBad = seen.tasks.length > 0 && seen.unproven.size * 2 > seen.tasks.length;
      bad = isBad ? bad + 1 : 0;
      if (isBad) log.line(`${rollout.snapshot.address.name}: while baking: ${summary(seen)}`);
      if (bad >= BAD_LOOKS) return { end: { gate: terms.gate, state: 'failed', detail: summary(seen) } };
    }
    return { pauseMs: BAKE_PAUSE_MS, late: undefined };
  });
}

/** What the gate is for this rollout. */
interface Terms extends CrashTerms {
  readonly gate: 'tasks' | 'targets';
  readonly behindLattice: boolean;
  readonly desired: number;
  /** Ids of tasks that had failed by the time the rollout was complete; undefined where nobody watched it. */
  readonly failedBefore: readonly string[] | undefined;
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

function knowing(known: Known, seen: Look, { failedBefore }: Terms, now: number): Known {
  // Of a rollout that was not watched, what has stopped by now is of another time.
  const before = known.before ?? {
    settled: failedBefore ?? [],
    preexisting: failedBefore === undefined ? seen.stopped.map(idOf) : [],
  };
  const running = seen.tasks.filter((id) => !seen.unproven.has(id));
  return {
    last: seen,
    first: known.first.length === 0 ? seen.tasks : known.first,
    crashes: withLook(known.crashes, { ...seen, running }, before, now),
    before,
  };
}

function conclude({ last, crashes }: Known, terms: Terms, now: number): GateResult | undefined {
  const crash = conclusiveCrash(crashes, terms, now);
  if (crash !== undefined) return crashed(terms.gate, crash);
  if (last === undefined || last.tasks.length === 0 || last.unproven.size > 0) return undefined;
  if (last.tasks.length < Math.min(terms.desired, last.desired)) return undefined;
  if (!terms.isChecked && !outliveTheCrashed(crashes, now)) return undefined;
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

const NOWHERE: ReadonlyMap<string, TaskPlace> = new Map();

/** A look that AWS does not answer ends with the deadline; one that is begun has a second at least. */
async function lookOnce(
  { aws, clock }: TargetsContext,
  rollout: Rollout,
  desired: number,
  deadline: number,
): Promise<Look | 'denied' | 'no-answer'> {
  try {
    return await withTimeout(clock, Math.max(deadline - clock.now(), 1_000), () =>
      look(aws, rollout, desired),
    );
  } catch (error) {
    const kind = awsErrorKind(error);
    if (['denied', 'unsupported', 'refused'].includes(kind)) return 'denied';
    if (['throttled', 'transient'].includes(kind)) return 'no-answer';
    throw error;
  }
}

async function look(aws: TargetsContext['aws'], rollout: Rollout, desired: number): Promise<Look> {
  const running = await runningTasksOf(aws.ecs, rollout);
  const tasks = running.filter((task) => task.desiredStatus !== 'STOPPED');
  const groups = await servedGroups(aws, rollout);
  const places =
    groups.length === 0 ? NOWHERE : await placesOf(aws.ecs, rollout.snapshot.address.cluster, tasks);
  const isEnough = tasks.length >= desired;
  return {
    ...evaluateTargets(tasks, groups, hasContainerChecks(rollout.definition), places),
    stopped: await stoppedTasksOf(aws.ecs, rollout),
    essentials: essentialContainers(rollout.definition),
    desired: isEnough
      ? desired
      : ((await describeService(aws.ecs, rollout.snapshot.address)).desiredCount ?? 0),
  };
}

/**
 * Targets by what our service revision serves. ECS says which groups these are; where it does not, the targets of
 * both groups of an attachment stand for the one that holds our tasks.
 */
async function servedGroups(aws: TargetsContext['aws'], rollout: Rollout): Promise<TargetView[][]> {
  const revision = await targetRevisionOf(aws.ecs, rollout.serviceDeploymentArn);
  const resolved = (revision?.resolvedConfiguration?.loadBalancers ?? []).flatMap(
    (each) => each.targetGroupArn ?? [],
  );
  const reads =
    resolved.length > 0
      ? resolved.map((arn) => targetsOf(aws.elb, arn))
      : rollout.snapshot.targetGroups.map((group) => targetsOfAttachment(aws.elb, group));
  return Promise.all(reads);
}

/** Pure: each task against its container health check and every target group. */
export function evaluateTargets(
  tasks: readonly Task[],
  groups: readonly (readonly TargetView[])[],
  containerChecks: boolean,
  places: ReadonlyMap<string, TaskPlace>,
): TargetsLook {
  const unproven = new Map<string, string>();
  for (const task of tasks) {
    const why = [
      containerState(task, containerChecks),
      ...groups.map((group) => targetState(places.get(task.taskArn ?? ''), group)),
    ].find((each) => each !== undefined);
    if (why !== undefined) unproven.set(idOf(task), why);
  }
  return { tasks: tasks.map(idOf), unproven };
}

function containerState(task: Task, containerChecks: boolean): string | undefined {
  if (task.lastStatus !== 'RUNNING') return `is ${task.lastStatus ?? 'in no state'}`;
  if (!containerChecks || task.healthStatus === 'HEALTHY') return undefined;
  return `its container health check says ${task.healthStatus ?? 'UNKNOWN'}`;
}

/** Undefined where the target serves: healthy, or health checks are disabled. */
function targetState(place: TaskPlace | undefined, group: readonly TargetView[]): string | undefined {
  const targets = group.filter((target) => place !== undefined && leadsTo(place, target));
  if (targets.length === 0) return 'is not registered as a target yet';
  if (
    targets.some((target) => target.state === 'healthy' || target.reason === 'Target.HealthCheckDisabled')
  ) {
    return undefined;
  }
  const [target] = targets;
  const detail = [target?.reason, target?.description].filter((part) => part !== undefined).join(': ');
  return `target ${target?.state ?? ''}${detail === '' ? '' : ` (${detail})`}`;
}

function idOf(task: Task): string {
  return lastSegment(task.taskArn ?? '');
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
