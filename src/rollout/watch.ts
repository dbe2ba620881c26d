import { revisionName } from '../aws/arn.ts';
import type { Aws } from '../aws/clients.ts';
import { describeAwsError, isThrottling } from '../aws/errors.ts';
import type { RunContext } from '../context.ts';
import { failedTaskLimit } from '../ecs/failed-tasks.ts';
import { breakerThreshold } from '../ecs/services.ts';
import { describeFailure } from '../ecs/task-failure.ts';
import type { Stage } from '../model/analysis.ts';
import {
  withGate,
  type GateResult,
  type Problem,
  type Request,
  type Rollout,
  type RolloutRequest,
  type ServiceRun,
  type Waiting,
} from '../model/index.ts';
import { counted, type Log, type OutputLog } from '../runtime/log.ts';
import { Deadline, type PollStep } from '../runtime/wait.ts';
import { diagnose, diagnoseRollbackOfEcs, logEvidence } from './diagnose.ts';
import { evaluate, type Evaluation, type EvaluationTerms } from './evaluate.ts';
import { betterKnown, problemOf, type Watched } from './failure.ts';
import { NO_HISTORY, remember, type History } from './history.ts';
import { Looks, type Look } from './looks.ts';
import type { Observation } from './observe.ts';
import { firstLook, isNearEnd, PollInterval } from './poll-interval.ts';
import { stageOf } from './rounds.ts';
import { ProgressReporter, whoActs } from './progress.ts';
import { countedFailures, mostFrequent } from './task-record.ts';

export interface WatchContext extends Pick<RunContext, 'clock' | 'signal' | 'random'> {
  readonly aws: Pick<Aws, 'ecs' | 'elb' | 'codeDeploy'>;
  readonly log: OutputLog;
  /** Looks at all services of the run together; one of its own where it is left out. */
  readonly looks?: Looks;
  /** Another service of the run failed, and this one goes back with it: nobody waits for its end. */
  readonly isDoomed?: () => boolean;
  /** What is asked while ECS shifts traffic and bakes. */
  readonly stages?: StageWatch;
  /** What is followed brings the last good revision back. */
  readonly goesBack?: boolean;
}

/** Gates that are asked while ECS still has something to decide. */
export interface StageWatch {
  /** Hears of each look. */
  see(stage: Stage): void;
  /** Aborted once one of them has failed. */
  readonly failed: AbortSignal;
  readonly failure: { readonly result: GateResult; readonly problem: Problem } | undefined;
  /** A reading of the clock: when all traffic was first seen to reach the new revision. */
  readonly allTrafficSince: number | undefined;
  /** A pause that is left to a person, and why the gates do not answer it. */
  readonly waiting: Waiting | undefined;
  /** Gates that were answered for good by then. */
  readonly results: readonly GateResult[];
  stop(): void;
}

/** When a watch is over: at the first final evaluation, or once ECS has finished rolling back. */
export type Until = 'evaluation' | 'rolled-back';

/** When a watch began, by a reading of the clock, and how long it may last: now, and as long as the request says. */
export interface Time {
  readonly since?: number | undefined;
  readonly deadline?: Deadline;
}

/** What was seen longer ago than this says nothing of how things stand. */
const BLIND_MS = 60_000;

/**
 * Follows a rollout to its end: looks, remembers, evaluates, says what changed, sleeps. Ends within one poll of the
 * first terminal sign, and on the deadline to the second. Throttling and lost answers only slow it down.
 */
export async function watch(
  ctx: WatchContext,
  rollout: Rollout,
  request: RolloutRequest,
  until: Until = 'evaluation',
  {
    since = ctx.clock.now(),
    deadline = Deadline.at(ctx.clock, since + request.waitMinutes * 60_000),
  }: Time = {},
): Promise<Watched> {
  const { stages } = ctx;
  const reporter = new ProgressReporter(ctx.log, rollout, ctx.clock, ctx.goesBack);
  const looks = ctx.looks ?? new Looks(ctx);
  const interval = new PollInterval(request);
  let history = NO_HISTORY;
  let last: Observation | undefined;
  // Readings of the clock: the last look that was answered, and the last one whose tasks were.
  let seenAt: number | undefined;
  let tasksAt = ctx.clock.now();
  const isFirst = { told: false };
  const late = (): Watched => {
    const now = ctx.clock.now();
    const blindMs = now - (seenAt ?? since);
    const isBlind = seenAt === undefined || blindMs > BLIND_MS;
    const known = last !== undefined && now - tasksAt > BLIND_MS ? withoutTasks(last) : last;
    return { end: { kind: 'deadline', ...(isBlind ? { blindMs } : {}) }, last: known, history };
  };
  const judge = (look: Look): PollStep<Watched> => {
    if (look.kind === 'access-lost') return { kind: 'end', value: { end: look, last, history } };
    let pauseMs: number;
    if (look.kind === 'seen') {
      last = withKnownTasks(look.seen, last);
      seenAt = ctx.clock.now();
      if (look.seen.unanswered === undefined) tasksAt = seenAt;
      history = remember(history, last, beganBefore(rollout), rollout.snapshot.knownEvents);
      const current = withTaskSet(rollout, last);
      const terms = termsOf(current, request);
      const evaluation = evaluate(last, history, terms);
      reporter.report(last, evaluation);
      const areTasksKnown = history.preexisting !== undefined;
      if (rollout.countsFromStart === true && areTasksKnown && !isFirst.told) {
        isFirst.told = true;
        sayWhatFailed(ctx.log, current, history, terms, evaluation);
      }
      // No pause is let go on whose tasks nobody has seen, or have failed.
      const mayGoOn = rollout.countsFromStart !== true || areTasksKnown;
      if (mayGoOn && !(isOver(evaluation, until) && evaluation.kind === 'failed'))
        stages?.see(stageOf(last, current.deploymentId, rollout.snapshot.deployment));
      if (isOver(evaluation, until)) return { kind: 'end', value: { end: evaluation, last, history } };
      if (stages?.waiting !== undefined)
        return { kind: 'end', value: { end: { kind: 'waiting' }, last, history } };
      if (ctx.isDoomed?.() === true)
        return { kind: 'end', value: { end: { kind: 'doomed' }, last, history } };
      pauseMs = isThrottling(last.unanswered)
        ? interval.throttled()
        : interval.answered(isNearEnd(last, history, terms), looks.followed);
    } else {
      ctx.log.line(
        `${rollout.snapshot.address.name}: no answer this time (${describeAwsError(look.error)}); asking again.`,
      );
      pauseMs = isThrottling(look.error) ? interval.throttled() : interval.unanswered();
    }
    return { kind: 'pause', pauseMs, late: late() };
  };
  try {
    const ends = stages === undefined ? {} : { signal: stages.failed };
    // What goes back may be there at once: its tasks still run.
    const notBefore = until === 'evaluation' ? firstLook(rollout, request, since) : since;
    return await looks.follow(rollout, deadline, judge, { by: 'deployment', notBefore, ...ends });
  } catch (error) {
    if (stages?.failure === undefined || ctx.signal.aborted) throw error;
    return { end: { kind: 'gate-failed', problem: stages.failure.problem }, last, history };
  } finally {
    stages?.stop();
  }
}

/** Watches one service's rollout; what keeps it from success becomes the problem of its service run, evidence included. */
export async function watchServiceRun(
  ctx: WatchContext & { readonly aws: Pick<Aws, 'logs' | 'taskDefinitions'> },
  serviceRun: ServiceRun,
  request: Request,
): Promise<ServiceRun> {
  const { rollout, change, problem } = serviceRun;
  if (rollout === undefined || change === 'none' || problem !== undefined) return serviceRun;
  const watched = await watch(ctx, rollout, request.rollout, 'evaluation', {
    since: serviceRun.startedAt,
  });
  const { stages } = ctx;
  const isComplete = watched.end.kind === 'completed';
  const answered = (stages?.results ?? []).filter(({ state }) => isComplete || state === 'passed');
  const results = [...answered, ...(stages?.failure === undefined ? [] : [stages.failure.result])];
  const waiting = watched.end.kind === 'waiting' ? stages?.waiting : undefined;
  const after: ServiceRun = {
    ...serviceRun,
    gates: results.reduce(withGate, serviceRun.gates),
    ...(waiting === undefined ? {} : { waiting }),
    rollout: knowing(rollout, watched),
    allTrafficSince: stages?.allTrafficSince ?? ctx.clock.now(),
    desiredCount: watched.last?.service.desired ?? serviceRun.desiredCount,
  };
  const { waitMinutes, desiredCount } = request.rollout;
  const count = rollout.replacesTasks ? undefined : desiredCount;
  const found = problemOf(watched, waitMinutes, count, rollout.snapshot);
  for (const { gate, state, detail } of results) {
    if (state === 'skipped')
      ctx.log.warn(`${rollout.snapshot.address.name}: ${gate} gate skipped: ${detail}.`);
  }
  if (waiting?.why !== undefined) {
    const { stage, expiresAt = '', then } = waiting.pause;
    const otherwise = then === undefined ? '' : ` At ${expiresAt} ${whoActs(then)} by itself.`;
    ctx.log.warn(
      `${rollout.snapshot.address.name} waits in the stage ${stage}, and the gates do not answer for it: ${waiting.why}.${otherwise}`,
    );
  }
  if (found === undefined) return after;
  // What happens in the service since another deployment took over is not of ours.
  const isDone = watched.end.kind === 'access-lost' || watched.end.kind === 'superseded';
  const evidence = isDone
    ? found.evidence
    : await diagnose(ctx, rollout, watched, request.report.failureLogLines).catch((error: unknown) => {
        // A job that is cancelled now has no time for more, and keeps what it knows.
        if (!ctx.signal.aborted) throw error;
        return found.evidence;
      });
  // What a gate saw, nobody sees once more.
  const seen = watched.end.kind === 'gate-failed' ? found.evidence : [];
  const ofRollback =
    watched.end.kind === 'rollback-failed'
      ? await diagnoseRollbackOfEcs(ctx, rollout, request.report.failureLogLines)
      : [];
  const all = [...seen, ...evidence.filter((each) => !seen.includes(each)), ...ofRollback];
  logEvidence(ctx.log, rollout.snapshot.address.name, all);
  return { ...after, problem: betterKnown({ ...found, evidence: all }) };
}

/** The events of this watch are logged, its failures are counted: what follows does not do it again. */
function knowing(rollout: Rollout, { last, history }: Watched): Rollout {
  const { snapshot } = rollout;
  const knownEvents = [...snapshot.knownEvents, ...(last?.events ?? []).map((event) => event.id)];
  return {
    ...(last === undefined ? rollout : withTaskSet(rollout, last)),
    snapshot: { ...snapshot, knownEvents },
    knownFailures: [...history.failures.keys()],
  };
}

/** CodeDeploy makes the task set of a deployment while that is under way: a look shows it as our entry. */
function withTaskSet(rollout: Rollout, { entry }: Observation): Rollout {
  return rollout.codeDeploymentId === undefined || entry === undefined
    ? rollout
    : { ...rollout, deploymentId: entry.id };
}

/** The deployment is older than this run, and so may be the failures that the first look shows. */
function beganBefore({ adopted, replacesTasks, countsFromStart }: Rollout): boolean {
  return (adopted && countsFromStart !== true) || !replacesTasks;
}

/** Tasks that failed before a person let the deployment go on, where they are too few to roll it back. */
function sayWhatFailed(
  log: Log,
  { snapshot, taskDefinitionArn }: Rollout,
  history: History,
  terms: EvaluationTerms,
  evaluation: Evaluation,
): void {
  const failures = countedFailures(history, terms.resetOnHealthyTask);
  const known = mostFrequent(failures);
  if (known === undefined || evaluation.kind === 'failed') return;
  const limit = failedTaskLimit(
    terms,
    history.transitions.some(({ kind }) => kind === 'healthy'),
  );
  const why = terms.failFast ? `fewer than the ${limit} that roll it back` : 'fail-fast: false';
  log.warn(
    `${snapshot.address.name}: ${counted(failures.length, 'task')} of ${revisionName(taskDefinitionArn)} failed before this run, and it goes on (${why}): ${describeFailure(known)}`,
  );
}

/** A look for whose tasks AWS did not answer shows those of the look before. */
function withKnownTasks(seen: Observation, last: Observation | undefined): Observation {
  if (seen.unanswered === undefined || last === undefined) return seen;
  const { tasks, oldTasks, drainingTasks = 0, targets } = last;
  return { ...seen, tasks, oldTasks, drainingTasks, targets };
}

/** Tasks that were read too long ago are as good as none that may be read: ECS's counts are what is known. */
function withoutTasks(seen: Observation): Observation {
  return { ...seen, tasks: [], oldTasks: 0, drainingTasks: 0, targets: [], targetsUnread: true };
}

export function termsOf(rollout: Rollout, request: RolloutRequest): EvaluationTerms {
  const { breaker, desiredCount, deployment, lastGood } = rollout.snapshot;
  const asked = request.desiredCount ?? desiredCount;
  return {
    countBefore: asked === desiredCount ? undefined : desiredCount,
    deploymentId: rollout.deploymentId,
    primaryBefore: rollout.snapshot.primaryId,
    createdAt: rollout.createdAt,
    replacesTasks: rollout.replacesTasks,
    failFast: request.failFast,
    failedTaskLimit: request.failedTaskLimit,
    breakerThreshold: breakerThreshold(breaker, asked),
    desired: asked,
    resetOnHealthyTask: breaker.resetOnHealthyTask,
    ecsRollsBack: {
      forBreaker: breaker.rollsBack && lastGood !== undefined,
      forAlarms: deployment.alarmsRollBack && lastGood !== undefined,
    },
    lastGood: lastGood?.taskDefinitionArn,
  };
}

function isOver(
  evaluation: Evaluation,
  until: Until,
): evaluation is Exclude<Evaluation, { kind: 'progressing' }> {
  if (evaluation.kind === 'progressing') return false;
  return until === 'evaluation' || !(evaluation.kind === 'failed' && evaluation.ecs !== 'ended');
}
