import type { Task } from '@aws-sdk/client-ecs';
import { lastSegment, revisionName } from '../aws/arn.ts';
import { ANY_AWS_ERROR, attempt } from '../aws/attempt.ts';
import type { EcsWrites } from '../aws/clients.ts';
import { describeAwsError, isAwsError } from '../aws/errors.ts';
import { writeOnce } from '../aws/writes.ts';
import { masksOfContainers, reasonsOf } from '../ecs/environment-values.ts';
import { logStreamOf } from '../ecs/log-streams.ts';
import type { PreDeployRequest, ServiceSnapshot, TaskDefinition } from '../model/index.ts';
import { DeployError } from '../runtime/error.ts';
import { counted } from '../runtime/log.ts';
import { Deadline } from '../runtime/wait.ts';
import { stopCommand, waitForEarlier, type EarlierContext } from './earlier.ts';
import { evaluateTask, followTask, type FollowContext, type Job } from './follow.ts';
import { LogTail, type TailContext } from './log-tail.ts';
import { runTaskInput, startTask, type StartContext } from './start.ts';

export type PreRunContext = StartContext &
  EarlierContext &
  FollowContext &
  TailContext & { readonly aws: { readonly ecsWrites: Pick<EcsWrites, 'stopTask'> } };

/** What the task runs on, and how it is followed. */
export interface PreDeployFacts {
  /** The first service: the task runs where its tasks run. */
  readonly snapshot: ServiceSnapshot;
  readonly revisionArn: string;
  readonly definition: TaskDefinition;
  /** The container that runs the command. */
  readonly container: string;
  readonly pollSeconds: number;
  /** How many of the last log lines become evidence. */
  readonly logLines: number;
  /** Hears of the task once it is started; of none where it never ran and another one is to follow. */
  readonly onTask?: (task: StartedTask | undefined) => void;
  /** RunTask is about to be sent: until it is answered, the task may be there. */
  readonly onSend?: () => void;
}

/** The one-off task of a run. */
export interface StartedTask {
  readonly id: string;
  readonly cluster: string;
}

/** Seconds that a stopped task is given to end: Fargate's longest stopTimeout. */
const SECONDS_TO_STOP = 120;

/** StopTask is sent again for so long, where it is throttled or not answered. */
const SECONDS_TO_ASK = 30;

/** The last lines of a log arrive a little later than the end of the task. */
const MAX_SECONDS_FOR_LOGS = 5;

/** How often a task is started, where none before it ran. */
const STARTS = 2;

/** What kept a task from starting has so long to pass. */
const PAUSE_MS = 10_000;

/**
 * Runs the command in a one-off task of the new revision, before any service is touched, and shows its log while it
 * runs. Resolves once the container has exited with 0. Rejects with `pre-deploy-task-failed` where it did not, where
 * the task could not start, or where it took too long and was stopped. One that certainly never ran, for a reason that
 * passes by itself, is started once more, as ECS does for a service. A job that is cancelled, or that may not look any
 * more, leaves the task running and names it in the log.
 */
export async function runPreDeployTask(
  ctx: PreRunContext,
  request: PreDeployRequest,
  facts: PreDeployFacts,
): Promise<void> {
  const { clock, log, signal } = ctx;
  const deadline = Deadline.of(clock, request.timeoutMinutes * 60_000);
  for (let starts = 1; ; starts += 1) {
    const failed = await runOnce(ctx, request, facts, deadline);
    if (failed === undefined) break;
    const { error, isHiccup } = failed;
    if (isHiccup !== true || starts === STARTS || deadline.left() <= PAUSE_MS) throw error;
    facts.onTask?.(undefined);
    log.line(`${error.message} That passes by itself: it is started once more.`);
    await clock.sleep(PAUSE_MS, signal);
  }
  log.line(`Container "${facts.container}" exited with 0.`);
}

/** A task that did not end well. */
interface Failed {
  readonly error: DeployError;
  /** Nothing of it ran, and what kept it from starting passes by itself. */
  readonly isHiccup?: true;
}

/** Starts one task and follows it; undefined where it ended well. */
async function runOnce(
  ctx: PreRunContext,
  request: PreDeployRequest,
  facts: PreDeployFacts,
  deadline: Deadline,
): Promise<Failed | undefined> {
  const { snapshot, revisionArn, definition, container } = facts;
  const { cluster } = snapshot.address;
  await waitForEarlier(ctx, { cluster, family: definition.family, pollSeconds: facts.pollSeconds, deadline });
  const input = runTaskInput(snapshot, revisionArn, container, request.command);
  facts.onSend?.();
  const taskArn = await startTask(ctx, input, deadline);
  const id = lastSegment(taskArn);
  facts.onTask?.({ id, cluster });
  const job: Job = {
    cluster,
    taskArn,
    container,
    essential: isEssential(definition, container),
    pollSeconds: facts.pollSeconds,
    masked: reasonsOf({ definition, snapshot }),
    onSilence: 'ask-again',
  };
  ctx.log.line(
    `Task ${id} of ${revisionName(revisionArn)} is started: container "${container}" runs the command.`,
  );
  const tail = new LogTail(
    ctx,
    container,
    logStreamOf(definition, container, id),
    facts.logLines,
    masksOfContainers(definition),
  );
  return followToTheEnd(ctx, request, job, tail, deadline);
}

/** Resolves once the task is over, and its log with it: to what was wrong with it. At the time-out it is stopped. */
async function followToTheEnd(
  ctx: PreRunContext,
  { timeoutMinutes }: PreDeployRequest,
  job: Job,
  tail: LogTail,
  deadline: Deadline,
): Promise<Failed | undefined> {
  const task = await follow(ctx, job, tail, deadline);
  if (task === undefined) return { error: await timeOut(ctx, timeoutMinutes, job, tail) };
  if (task.lastStatus !== 'STOPPED') await stop(ctx, job, 'the pre-deploy command is done');
  await showLateLines(ctx, job, task, tail);
  return failureOf(job, task, tail);
}

/** As `followTask`; what ends the watch, such as a cancelled job, leaves the task running, and the log names it. */
async function follow(
  ctx: PreRunContext,
  job: Job,
  tail: LogTail,
  deadline: Deadline,
): Promise<Task | undefined> {
  try {
    return await followTask(ctx, job, tail, deadline);
  } catch (error) {
    const id = lastSegment(job.taskArn);
    ctx.log.line(
      `Task ${id} was left alone: it may still be running in the cluster. To stop it: ${stopCommand(job.cluster, id)}`,
    );
    throw error;
  }
}

/** A container that never ran has written none. */
async function showLateLines(
  { clock, signal }: PreRunContext,
  job: Job,
  task: Task,
  tail: LogTail,
): Promise<void> {
  if (!(task.containers ?? []).some((container) => container.exitCode !== undefined)) return;
  await clock.sleep(Math.min(job.pollSeconds, MAX_SECONDS_FOR_LOGS) * 1000, signal);
  await tail.pull();
}

/** Stops the task, sees it end, and resolves to the failure that this is. */
async function timeOut(ctx: PreRunContext, minutes: number, job: Job, tail: LogTail): Promise<DeployError> {
  const limit = counted(minutes, 'minute');
  ctx.log.line(`The task has not ended within ${limit}; it is stopped.`);
  const end = await stop(ctx, job, `the pre-deploy command took longer than ${limit}`);
  if (end.kind === 'stopped') {
    const deadline = Deadline.of(ctx.clock, SECONDS_TO_STOP * 1000);
    const task = await follow(ctx, { ...job, onSilence: 'give-up' }, tail, deadline);
    if (task !== undefined) await showLateLines(ctx, job, task, tail);
  }
  const id = lastSegment(job.taskArn);
  return new DeployError(
    'pre-deploy-task-failed',
    `The pre-deploy task did not end within ${limit}${how(end, id)}.`,
    {
      hint: 'Raise pre-deploy-timeout-minutes if the command needs longer.',
      evidence: [
        { kind: 'stopped-task', text: `task ${id}: container "${job.container}" ran into the time-out` },
        ...tail.evidence,
      ],
    },
  );
}

/** What became of a request to stop the task. */
type Stop =
  | { readonly kind: 'stopped' }
  /** ECS does not know the task: it ended a while ago, or never began. */
  | { readonly kind: 'gone' }
  | { readonly kind: 'refused'; readonly why: string };

function how(end: Stop, id: string): string {
  switch (end.kind) {
    case 'stopped':
      return ' and was stopped';
    case 'gone':
      return `, as far as could be seen; by then ECS did not know task ${id} any more`;
    case 'refused':
      return `, and task ${id} could not be stopped (${end.why})`;
  }
}

/** Asks ECS to stop the task. To stop it twice does no harm. */
async function stop({ aws, clock, signal }: PreRunContext, job: Job, why: string): Promise<Stop> {
  const input = { cluster: job.cluster, task: job.taskArn, reason: `ecs-fargate-deploy: ${why}` };
  const ask = (): Promise<unknown> =>
    writeOnce(
      clock,
      () => aws.ecsWrites.stopTask(input),
      () => Promise.resolve(undefined),
      signal,
      Deadline.of(clock, SECONDS_TO_ASK * 1000),
    );
  const answer = await attempt(ask, ANY_AWS_ERROR);
  if (answer.kind === 'answered') return { kind: 'stopped' };
  const { error } = answer;
  if (isAwsError(error, 'InvalidParameterException') && /not found/i.test(describeAwsError(error)))
    return { kind: 'gone' };
  return { kind: 'refused', why: describeAwsError(error) };
}

/** Undefined where the task ended well. */
function failureOf(job: Job, task: Task, tail: LogTail): Failed | undefined {
  const end = evaluateTask(task, job);
  if (end.kind === 'good') return undefined;
  const error = new DeployError('pre-deploy-task-failed', `The pre-deploy task failed: ${end.why}.`, {
    hint: end.hint,
    evidence: [
      { kind: 'stopped-task', text: `task ${lastSegment(job.taskArn)}: ${end.why}` },
      ...tail.evidence,
    ],
  });
  return end.isHiccup === true ? { error, isHiccup: true } : { error };
}

/** ECS's default is true. */
function isEssential(definition: TaskDefinition, container: string): boolean {
  return definition.containerDefinitions.find((each) => each.name === container)?.['essential'] !== false;
}
