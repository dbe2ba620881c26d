import type { Task } from '@aws-sdk/client-ecs';
import type { EcsReads } from '../aws/clients.ts';
import { awsErrorKind, describeAwsError } from '../aws/errors.ts';
import { deployErrorOf } from '../aws/failures.ts';
import { describeTasks } from '../aws/tasks.ts';
import type { Clock } from '../runtime/clock.ts';
import { Heartbeat } from '../runtime/heartbeat.ts';
import type { Log } from '../runtime/log.ts';
import { poll } from '../runtime/poll.ts';
import { TimedOut, withTimeout } from '../runtime/within.ts';
import { isOver } from './judge.ts';
import type { LogTail } from './log-tail.ts';

export interface FollowContext {
  readonly aws: { readonly ecs: Pick<EcsReads, 'describeTasks'> };
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly log: Log;
}

/** The task that is under way. */
export interface Job {
  readonly cluster: string;
  readonly taskArn: string;
  readonly container: string;
  /** The task ends with the container. */
  readonly essential: boolean;
  readonly pollSeconds: number;
  /** Whether a look that AWS leaves without any answer ends the watch: where little depends on it. */
  readonly onSilence: 'ask-again' | 'give-up';
}

/** A look is waited for so long at most, and however little time is left, so long at least. */
const LONGEST_MS = 30_000;
const LEAST_MS = 1_000;

/** Where silence ends the watch, it is listened to for so long. */
const SILENCE_MS = 10_000;

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
  deadline: number,
): Promise<Task | undefined> {
  const { aws, clock, log } = ctx;
  let pauseMs = job.pollSeconds * 1000;
  const heartbeat = new Heartbeat(clock);
  let lastLine = '';
  return poll<Task | undefined>(ctx, deadline, async () => {
    const look = await lookOnce(aws.ecs, clock, job, deadline - clock.now());
    await tail.pull(deadline - clock.now());
    if (look.kind === 'unanswered') {
      log.line(`No answer this time (${describeAwsError(look.error)}); asking again.`);
      if (job.onSilence === 'give-up' && look.error instanceof TimedOut) {
        return { end: undefined };
      }
      if (awsErrorKind(look.error) === 'throttled') pauseMs = Math.min(pauseMs * 2, MAX_PAUSE_MS);
    } else {
      pauseMs = job.pollSeconds * 1000;
      const status = look.task?.lastStatus ?? lastLine;
      if (status !== lastLine) {
        log.line(`The task is ${status}.`);
        heartbeat.changed();
      } else if (heartbeat.due() !== undefined) log.line(`The task is still ${status}.`);
      lastLine = status;
      if (look.task !== undefined && isOver(look.task, job.container, job.essential))
        return { end: look.task };
    }
    return { pauseMs, late: undefined };
  });
}

type Look =
  | { readonly kind: 'seen'; readonly task: Task | undefined }
  | { readonly kind: 'unanswered'; readonly error: unknown };

async function lookOnce(
  ecs: FollowContext['aws']['ecs'],
  clock: Clock,
  { cluster, taskArn, onSilence }: Job,
  left: number,
): Promise<Look> {
  try {
    const longest = onSilence === 'give-up' ? SILENCE_MS : LONGEST_MS;
    const ms = Math.max(Math.min(left, longest), LEAST_MS);
    const [task] = await withTimeout(clock, ms, () => describeTasks(ecs, cluster, [taskArn]));
    return { kind: 'seen', task };
  } catch (error) {
    const kind = awsErrorKind(error);
    if (kind === 'throttled' || kind === 'transient') return { kind: 'unanswered', error };
    throw deployErrorOf(error, 'watching the pre-deploy task', 'pre-deploy-task-failed');
  }
}
