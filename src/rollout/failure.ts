import { LOG_SIGNS } from '../ecs/stop-reasons.ts';
import { describeFailure } from '../ecs/task-failure.ts';
import {
  CAUSE_GUIDE,
  type Cause,
  type Evidence,
  type Problem,
  type ServiceSnapshot,
} from '../model/index.ts';
import type { DeployError } from '../runtime/error.ts';
import { counted } from '../runtime/log.ts';
import type { Evaluation } from './evaluate.ts';
import { causeOf, type History } from './history.ts';
import type { Observation } from './observe.ts';
import { eventText, hasStartedSince } from './placement.ts';
import { describeHook, failureText } from './progress.ts';

/** How a watch ended: a final evaluation, the deadline, or lost access (credentials gone, access denied). */
export interface Watched {
  readonly end:
    | Exclude<Evaluation, { kind: 'progressing' }>
    /** `blindMs`: since when no look was answered, where that is too long to say anything of the end. */
    | { readonly kind: 'deadline'; readonly blindMs?: number }
    /** Another service of the run failed meanwhile, and takes this one along. */
    | { readonly kind: 'doomed' }
    /** It pauses, and a person is to answer. */
    | { readonly kind: 'waiting' }
    /** A gate failed while ECS still had something to decide. */
    | { readonly kind: 'gate-failed'; readonly problem: Problem }
    | { readonly kind: 'access-lost'; readonly failure: DeployError };
  readonly last: Observation | undefined;
  readonly history: History;
}

/**
 * Pure: what stands between a watched rollout and success; undefined where it completed. `count`: the one that this run
 * set, where it changed nothing else.
 */
export function problemOf(
  watched: Watched,
  waitMinutes: number,
  count?: number,
  snapshot?: Pick<ServiceSnapshot, 'deployment'>,
): Problem | undefined {
  const { end } = watched;
  switch (end.kind) {
    case 'completed':
    case 'doomed':
    case 'waiting':
      return undefined;
    case 'failed': {
      const stoppedByHand = end.cause === 'deployment-stopped';
      const isDeleted = end.cause === 'service-inactive';
      const leftByEcs = stoppedByHand || isDeleted ? 'leave' : 'roll-back';
      return problem(watched, {
        result: 'failed',
        cause: end.cause,
        reason: stoppedByHand
          ? `was stopped${because(ofTheStop(end.reason))}`
          : `failed${because(end.reason)}`,
        recovery: end.ecs === 'rolling-back' ? 'follow-ecs' : leftByEcs,
        isOver: end.ecs === 'failing' || end.ecs === 'ended',
      });
    }
    case 'rolled-back-by-ecs':
      return problem(watched, {
        result: 'rolled-back',
        cause: end.cause,
        reason: `failed${because(end.reason)}`,
        recovery: 'done',
      });
    case 'rollback-failed': {
      const facts = {
        result: 'failed',
        cause: 'rollback-failed',
        reason: `failed (${end.cause}${because(end.reason)}), and so did ECS's rollback`,
        recovery: 'leave',
      } as const;
      const { evidence } = problem(watched, facts);
      const first: Evidence = { kind: 'first-cause', text: `${end.cause}${because(end.reason)}` };
      return { ...facts, hint: hintOf(watched.history, end.cause), evidence: [first, ...evidence] };
    }
    case 'superseded':
      return problem(watched, {
        result: 'superseded',
        cause: 'superseded',
        reason: `was replaced by another deployment, ${end.by}`,
        recovery: 'leave',
      });
    case 'deadline':
      return problem(
        watched,
        end.blindMs === undefined
          ? deadlineProblem(watched, waitMinutes, count, snapshot?.deployment)
          : blindProblem(waitMinutes, end.blindMs),
      );
    case 'gate-failed':
      return end.problem;
    case 'access-lost':
      return {
        result: 'failed',
        cause: end.failure.conclusion.cause,
        reason: `could not be watched any longer: ${end.failure.message}`,
        hint: end.failure.conclusion.hint,
        evidence: evidenceOf(watched.last, watched.history),
        // Blind is not failed; an answer that nobody can make sense of leaves this service to nobody else, though.
        recovery: end.failure.conclusion.cause === 'unknown' ? 'roll-back' : 'leave',
      };
  }
}

function problem(
  watched: Watched,
  facts: Pick<Problem, 'result' | 'cause' | 'reason' | 'recovery' | 'isOver'> &
    Partial<Pick<Problem, 'hint'>>,
): Problem {
  return {
    ...facts,
    hint: facts.hint ?? hintOf(watched.history, facts.cause),
    evidence: evidenceOf(watched.last, watched.history),
  };
}

/** Pure: a crash whose last log lines say more than its exit code has their cause and their hint. */
export function betterKnown(problem: Problem): Problem {
  if (problem.cause !== 'app-crashed') return problem;
  const lines = problem.evidence.filter(({ kind }) => kind === 'log');
  const sign = LOG_SIGNS.find(({ pattern }) => lines.some(({ text }) => pattern.test(text)));
  return sign === undefined ? problem : { ...problem, cause: sign.cause, hint: sign.hint };
}

/** Stages of a native strategy in which tasks start, and may fail; in all others it shifts, bakes or runs hooks. */
const STARTING: readonly string[] = ['RECONCILE_SERVICE', 'SCALE_UP', 'Created', 'Install'];

/** Pure: since when nobody could look, as a clause. */
export function withoutAnswer(blindMs: number): string {
  const time =
    blindMs < 60_000 ? `${Math.round(blindMs / 1000)} s` : counted(Math.round(blindMs / 60_000), 'minute');
  return `AWS gave no answer about it for the last ${time}`;
}

/** Nobody could look for the last stretch, so nothing is known against the revision: ECS goes on with it. */
function blindProblem(
  waitMinutes: number,
  blindMs: number,
): Pick<Problem, 'result' | 'cause' | 'reason' | 'recovery'> {
  return {
    result: 'timed-out',
    cause: 'timeout',
    reason: `was not seen to finish within ${counted(waitMinutes, 'minute')}: ${withoutAnswer(blindMs)}; ECS goes on with it: run this job again and it takes the deployment up`,
    recovery: 'leave',
  };
}

/** A new revision that is healthy at its count is left to finish; so is a native strategy that bakes or awaits a hook. */
function deadlineProblem(
  { last, history }: Watched,
  waitMinutes: number,
  count: number | undefined,
  settings: Settings,
): Pick<Problem, 'result' | 'cause' | 'reason' | 'recovery'> & Partial<Pick<Problem, 'hint'>> {
  const common = { result: 'timed-out', cause: 'timeout' } as const;
  const after = `had not finished after ${time(waitMinutes)}`;
  const { lifecycleStage: stage, awaiting = [] } = last?.deployment ?? {};
  if (stage !== undefined && (awaiting.length > 0 || !STARTING.includes(stage))) {
    const hooks = awaiting.map((hook) => `, and ${describeHook(hook)}`).join('');
    return { ...common, reason: `${after}: it is in the stage ${stage}${hooks}`, recovery: 'leave' };
  }
  if (last !== undefined && count !== undefined && last.service.desired !== count) {
    const state = `the service wants ${counted(last.service.desired, 'task')} again, not ${count}: something else sets its count`;
    return { ...common, reason: `${after}: ${state}`, recovery: 'leave' };
  }
  if (last !== undefined && (isHealthyAtItsCount(last) || isReplaced(last, settings))) {
    const oldRun = last.oldTasks > 0 || (last.others?.running ?? 0) > 0;
    if (last.deployment === undefined && settings !== undefined && settings.strategy !== 'ROLLING')
      return { ...common, reason: `${after}: the new tasks are all healthy, ${UNSEEN}`, recovery: 'leave' };
    return {
      ...common,
      reason: `${after}: the new tasks are all healthy, ${oldRun ? 'old tasks are still draining' : 'ECS has not called it complete'}`,
      ...(oldRun ? { hint: DRAINS } : {}),
      recovery: 'leave',
    };
  }
  const lack = last === undefined ? undefined : lackOf(last, history);
  if (last !== undefined && lack !== undefined) {
    const known = whatSpeaksForIt(last, history, settings);
    return {
      result: 'timed-out',
      cause: 'capacity',
      reason: `${after}: ${known ?? howFar(last)}: ${lack}`,
      recovery: known === undefined ? 'roll-back' : 'leave',
    };
  }
  const state = last === undefined ? '' : `: ${howFar(last)}`;
  const hint = whatHeldItUp(history);
  return {
    ...common,
    reason: `${after}${state}`,
    recovery: 'roll-back',
    ...(hint === undefined ? {} : { hint }),
  };
}

/** What helps against what the tasks and targets failed for, where that is known: the time is not what was lacking. */
function whatHeldItUp(history: History): string | undefined {
  const known = causeOf(history)?.cause ?? 'unknown';
  const cause =
    known === 'unknown' && history.unhealthyTargets.size > 0 ? 'target-health-check-failed' : known;
  if (cause === 'unknown') return undefined;
  return `${hintOf(history, cause) ?? CAUSE_GUIDE[cause].hint} Raise wait-for-minutes only if that is as it should be.`;
}

/** The counts of a strategy that shifts traffic say nothing of its stage: its old tasks are there until the end. */
const UNSEEN =
  'and whether its traffic shifts, it bakes, or a pause waits for an answer cannot be seen (ecs:ListServiceDeployments, ecs:DescribeServiceDeployments)';

/** Nothing to go back for. */
const DRAINS =
  'Nothing speaks against the new revision: ECS stops the old tasks by itself, once their connections have ended or the deregistration delay of the target group and their stopTimeout are over. Run this job again to have it proven. Where draining takes that long every time, raise wait-for-minutes.';

/** `30 minutes`, `90 s`. */
function time(minutes: number): string {
  return Number.isInteger(minutes) ? counted(minutes, 'minute') : `${Math.round(minutes * 600) / 10} s`;
}

function isHealthyAtItsCount(last: Observation): boolean {
  return last.targetsUnread !== true && desired(last) > 0 && healthyTasks(last) >= desired(last);
}

/**
 * ECS's own counts, where tasks or targets may not be read: a rolling update that has to keep all of its tasks healthy stops
 * an old one only once a new one is (ECS Developer Guide, "Rolling update").
 */
function isReplaced(last: Observation, settings: Settings): boolean {
  const { entry, others } = last;
  if (entry === undefined || others === undefined || !areCountsTelling(last, settings)) return false;
  const isThere = entry.desired > 0 && entry.running >= entry.desired && entry.pending === 0;
  return isThere && (others.desired === 0 || others.running === 0);
}

/** The same of those that run: for each of them an old one was stopped, and none of ours has failed. */
function isReplacedSoFar(last: Observation, settings: Settings): boolean {
  const { entry, others } = last;
  if (entry === undefined || others === undefined || !areCountsTelling(last, settings)) return false;
  return entry.running > 0 && (entry.failed ?? 0) === 0 && others.running <= desired(last) - entry.running;
}

type Settings = ServiceSnapshot['deployment'] | undefined;

function areCountsTelling(last: Observation, settings: Settings): boolean {
  const isUnread = last.tasks.length === 0 || last.targetsUnread === true;
  return isUnread && settings?.strategy === 'ROLLING' && settings.minimumHealthyPercent >= 100;
}

/** What ECS says of the tasks that found no place; undefined where all have one, or nothing is said. */
function lackOf(last: Observation, history: History): string | undefined {
  const { failures, unplaced } = history;
  const isShort = (last.entry?.running ?? 0) < desired(last);
  const event = isShort ? unplaced.at(-1) : undefined;
  if (event !== undefined && !hasStartedSince(event, last.events)) return eventText(event);
  const all = [...failures.values()];
  const isOther = all.some(({ severity }) => severity !== 'ignored');
  const failure = isOther ? undefined : all.findLast(({ cause }) => cause === 'capacity');
  // Those that AWS took away are started again, and are not healthy at once.
  if (failure === undefined || !(isShort || isWellButFor(last, history))) return undefined;
  return describeFailure(failure);
}

/** Of a release that lacks nothing but room: going back would meet the same lack. Undefined where that is not known. */
function whatSpeaksForIt(last: Observation, history: History, settings: Settings): string | undefined {
  const rest = 'and the rest found no place';
  if (isWellButFor(last, history))
    return healthyTasks(last) === 0
      ? `${howFar(last)}, all that ran were taken away`
      : `${howFar(last)}, all that ran are healthy, ${rest}`;
  if (!isReplacedSoFar(last, settings)) return undefined;
  const running = last.entry?.running ?? 0;
  return `${running} of ${desired(last)} new tasks run, ECS has stopped as many old ones for them, ${rest}`;
}

/**
 * All that ran is healthy: the revision is not at fault, and going back needs the room that is lacking. Where AWS takes
 * tasks away, some were healthy, and no check speaks against those that have just come in their place.
 */
function isWellButFor(last: Observation, { failures, transitions }: History): boolean {
  const running = last.tasks.filter(({ status }) => status === 'RUNNING');
  const isClean = [...failures.values()].every(({ severity }) => severity === 'ignored');
  if (!isClean || last.targetsUnread === true) return false;
  const isTakenAway = [...failures.values()].some(
    ({ cause, started }) => cause === 'capacity' && started === true,
  );
  if (!isTakenAway) return running.length > 0 && running.every(({ healthy }) => healthy);
  const wasHealthy = transitions.some(({ kind }) => kind === 'healthy');
  return wasHealthy && running.every(({ failing }) => failing !== true);
}

/** ECS counts the tasks that run, also where they may not be read one by one. */
function howFar(last: Observation): string {
  const healthy = healthyTasks(last);
  // Where targets may not be read, a task counts as healthy once it runs.
  const running = last.targetsUnread === true ? healthy : (last.entry?.running ?? 0);
  return running > 0 && (last.tasks.length === 0 || last.targetsUnread === true)
    ? `${running} of ${desired(last)} new tasks ran, and whether they were healthy could not be read`
    : `${healthy} of ${desired(last)} new tasks were healthy`;
}

function desired(seen: Observation): number {
  return seen.entry?.desired ?? seen.service.desired;
}

function healthyTasks(seen: Observation): number {
  return seen.tasks.filter((task) => task.healthy).length;
}

/** Everything that was seen, bounded, what says most first; identical failures folded. */
export function evidenceOf(last: Observation | undefined, history: History): Evidence[] {
  return [...taskEvidence(history), ...statusEvidence(last)];
}

/** What ECS made of it; the same reason once. */
export function statusEvidence(last: Observation | undefined): Evidence[] {
  const { deployment, entry } = last ?? {};
  const isUnderway = deployment?.status === 'PENDING' || deployment?.status === 'IN_PROGRESS';
  const reasonOfStatus = deployment?.statusReason ?? '';
  const rollback = deployment?.rollbackReason?.replace(/[.\s]+$/, '');
  const isSaid = rollback !== undefined && reasonOfStatus.includes(rollback);
  const texts = [
    deployment === undefined || isUnderway
      ? undefined
      : `service deployment ${deployment.status}${because(deployment.statusReason)}`,
    rollback === undefined || (isSaid && !isUnderway) ? undefined : `rollback${because(rollback)}`,
    entry?.reason === undefined || entry.rolloutState === 'IN_PROGRESS'
      ? undefined
      : `${entry.id}: ${entry.reason}`,
  ];
  return texts.flatMap((text) => (text === undefined ? [] : [{ kind: 'status', text }]));
}

/** The tasks that stopped, each way once. */
export function taskEvidence(history: History): Evidence[] {
  const counts = new Map<string, number>();
  for (const failure of history.failures.values()) {
    const text = failureText(failure);
    counts.set(text, (counts.get(text) ?? 0) + 1);
  }
  return [...counts].slice(0, 10).map(([text, count]) => ({
    kind: 'stopped-task',
    text: count === 1 ? text : `${text} (x${count})`,
  }));
}

function hintOf(history: History, cause: Cause): string | undefined {
  return [...history.failures.values()].find((failure) => failure.cause === cause)?.hint;
}

/** ECS leaves the reason of the deployment's progress in place: it says nothing of the stop. */
function ofTheStop(reason: string | undefined): string | undefined {
  return /in progress/i.test(reason ?? '') ? undefined : reason;
}

function because(reason: string | undefined): string {
  return reason === undefined || reason === '' ? '' : `: ${reason.replace(/[.\s]+$/, '')}`;
}
