import type { Task } from '@aws-sdk/client-ecs';
import { shortenArns } from '../aws/arn.ts';
import { attempt, LOST, type Answer } from '../aws/attempt.ts';
import type { EcsReads } from '../aws/clients.ts';
import { describeAwsError, wrapAwsError } from '../aws/errors.ts';
import type { StepContext } from '../context.ts';
import { EXIT_CODES, NOT_OUR_FAULT, STOP_REASONS, TAKEN_AWAY } from '../ecs/stop-reasons.ts';
import { beyondTheEnd } from '../ecs/task-failure.ts';
import { describeTasks } from '../ecs/tasks.ts';
import { Heartbeat, poll, TimedOut, type Deadline } from '../runtime/wait.ts';
import type { LogTail } from './log-tail.ts';

export type FollowContext = StepContext & {
  readonly aws: { readonly ecs: Pick<EcsReads, 'describeTasks'> };
};

/** The task that is under way. */
export interface Job {
  readonly cluster: string;
  readonly taskArn: string;
  readonly container: string;
  /** The task ends with the container. */
  readonly essential: boolean;
  readonly pollSeconds: number;
  /** A reason of AWS as it is shown; as it is where it is left out. */
  readonly masked?: (reason: string) => string;
  /** Whether a look that AWS leaves without any answer ends the watch: where little depends on it. */
  readonly onSilence: 'ask-again' | 'give-up';
}

/** How long a look is waited for. Where silence ends the watch, it is not listened to for as long. */
const LIMITS = {
  'ask-again': { least: 1_000, longest: 30_000 },
  'give-up': { least: 1_000, longest: 10_000 },
};

/** The longest pause after throttling. */
const MAX_PAUSE_MS = 32_000;

/**
 * Follows the task and its log until it is over; `undefined` at the deadline, to the second, calls that hang included.
 * A task that ECS does not
 * know yet, throttling and lost answers only slow it down; denied access and expired credentials reject.
 */
export async function followTask(
  ctx: FollowContext,
  job: Job,
  tail: LogTail,
  deadline: Deadline,
): Promise<Task | undefined> {
  const { aws, clock, log } = ctx;
  let pauseMs = job.pollSeconds * 1000;
  const heartbeat = new Heartbeat(clock);
  let lastLine = '';
  return poll<Task | undefined>(ctx, deadline, async () => {
    const look = await lookOnce(aws.ecs, job, deadline);
    await tail.pull(deadline.left());
    if (look.kind !== 'answered') {
      log.line(`No answer this time (${describeAwsError(look.error)}); asking again.`);
      if (job.onSilence === 'give-up' && look.error instanceof TimedOut) {
        return { kind: 'end', value: undefined };
      }
      if (look.because === 'throttled') pauseMs = Math.min(pauseMs * 2, MAX_PAUSE_MS);
    } else {
      pauseMs = job.pollSeconds * 1000;
      const task = look.value;
      const status = task?.lastStatus ?? lastLine;
      if (status !== lastLine) {
        log.line(`The task is ${status}.`);
        heartbeat.changed();
      } else if (heartbeat.due() !== undefined) log.line(`The task is still ${status}.`);
      lastLine = status;
      if (task !== undefined && isOver(task, job.container, job.essential))
        return { kind: 'end', value: task };
    }
    return { kind: 'pause', pauseMs, late: undefined };
  });
}

function lookOnce(
  ecs: FollowContext['aws']['ecs'],
  { cluster, taskArn, onSilence }: Job,
  deadline: Deadline,
): Promise<Answer<Task | undefined>> {
  const read = async (): Promise<Task | undefined> => {
    const [task] = await deadline.within(LIMITS[onSilence], () => describeTasks(ecs, cluster, [taskArn]));
    return task;
  };
  const doing = 'watching the pre-deploy task';
  return wrapAwsError(doing, () => attempt(read, LOST), 'pre-deploy-task-failed');
}

/** How a task ended for the container whose exit code counts. */
export type TaskEnd =
  | { readonly kind: 'good' }
  | {
      readonly kind: 'bad';
      /** Follows a colon: which container, how it ended, and why in AWS's words. */
      readonly why: string;
      /** What to do about it. */
      readonly hint: string;
      /** Nothing of it ran, and what kept it from starting passes by itself. */
      readonly isHiccup?: true;
    };

const LOOK_AT_THE_LOG =
  'Fix what the stop reason and the last log lines say; what the command did before it failed is still done.';

const LOOK_AT_THE_REASON = 'Nothing of the command ran: look at the stop reason.';

const RUN_AGAIN =
  'Nothing of the command ran. What kept the task from starting passes by itself: run this again.';

/** Pure: over once it is STOPPED, or once a container has exited that the task goes on without. */
export function isOver(task: Task, container: string, essential: boolean): boolean {
  if (task.lastStatus === 'STOPPED') return true;
  return !essential && exitCodeOf(task, container) !== undefined;
}

/** Pure: the container's exit code decides, unless somebody else stopped the task: then it says nothing. */
export function evaluateTask(
  task: Task,
  { container, masked = (text) => text }: Pick<Job, 'container' | 'masked'>,
): TaskEnd {
  const exitCode = exitCodeOf(task, container);
  const reason = reasonOf(task);
  const words = masked(exitCode === undefined ? reason : beyondTheEnd(reason));
  const isUndone = neverRan(task, container);
  const isHiccup = isUndone && passesByItself(reason);
  const general = isHiccup ? RUN_AGAIN : isUndone ? LOOK_AT_THE_REASON : LOOK_AT_THE_LOG;
  const bad = (how: string): TaskEnd => ({
    kind: 'bad',
    why: words === '' ? how : `${how} (${words})`,
    hint: hintOf(reason, exitCode) ?? general,
    ...(isHiccup ? { isHiccup } : {}),
  });
  if (exitCode === undefined) {
    const how = task.startedAt === undefined ? 'never ran' : 'ended without an exit code';
    return bad(`container "${container}" ${how}`);
  }
  if (exitCode !== 0) return bad(`container "${container}" exited with code ${exitCode}`);
  if ([...NOT_OUR_FAULT, ...TAKEN_AWAY].includes(task.stopCode ?? '')) {
    return bad(`it was stopped while container "${container}" ran`);
  }
  return { kind: 'good' };
}

/**
 * Certain that no container of the task ever ran: it has no time of its start (ECS API, Task.startedAt: when it went to
 * RUNNING), and no container was made. Those that others wait for run before the task does (ContainerDependency).
 */
function neverRan({ stopCode, startedAt, containers = [] }: Task, container: string): boolean {
  return (
    stopCode === 'TaskFailedToStart' &&
    startedAt === undefined &&
    containers.some(({ name }) => name === container) &&
    containers.every(({ exitCode, runtimeId }) => exitCode === undefined && runtimeId === undefined)
  );
}

/** What a service would start another task after. */
function passesByItself(reason: string): boolean {
  const known = STOP_REASONS.find(({ pattern }) => pattern.test(reason));
  return known?.passes === true || known?.severity === 'ignored';
}

/** Of what passes by itself in a service, where ECS tries again, the table knows nothing to do. */
function hintOf(reason: string, exitCode: number | undefined): string | undefined {
  const known = STOP_REASONS.find(({ pattern }) => pattern.test(reason));
  if (known !== undefined) return known.severity === 'ignored' ? undefined : known.hint;
  return exitCode === undefined ? undefined : EXIT_CODES[exitCode]?.hint;
}

function exitCodeOf(task: Task, container: string): number | undefined {
  return task.containers?.find((each) => each.name === container)?.exitCode;
}

/** In AWS's words, on one line: the task's reason, and those of its containers that it does not repeat. */
function reasonOf(task: Task): string {
  const texts = [task.stoppedReason, ...(task.containers ?? []).map((each) => each.reason)];
  const known = [...new Set(texts)].filter((text) => text !== undefined && text !== '');
  return shortenArns(known.join(' — ').replace(/\s+/g, ' ').trim());
}
