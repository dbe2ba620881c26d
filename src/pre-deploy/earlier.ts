import type { Task } from '@aws-sdk/client-ecs';
import { lastSegment, revisionName } from '../aws/arn.ts';
import { attempt, CLOSED, LOST } from '../aws/attempt.ts';
import type { EcsReads } from '../aws/clients.ts';
import { describeAwsError } from '../aws/errors.ts';
import type { StepContext } from '../context.ts';
import { describeTasks, listTasksStartedBy, STARTED_BY } from '../ecs/tasks.ts';
import { DeployError } from '../runtime/error.ts';
import type { Log } from '../runtime/log.ts';
import { poll, type Deadline } from '../runtime/wait.ts';

export type EarlierContext = StepContext & {
  readonly aws: { readonly ecs: Pick<EcsReads, 'describeTasks' | 'listTasks'> };
};

/** What the tasks that are waited for have in common. */
export interface EarlierTasks {
  readonly cluster: string;
  readonly family: string;
  readonly pollSeconds: number;
  readonly deadline: Deadline;
}

/** How long a look is waited for. */
const LIMITS = { least: 1_000, longest: 20_000 };

/**
 * Waits for one-off tasks of the family that this action started earlier and that still run: two migrations at once may
 * ruin a database. Rejects with `pre-deploy-task-failed` where one has not ended by the deadline. How one ended is logged
 * and no more: ours runs after it. Where tasks may not be listed nobody can tell, and the log says so.
 */
export async function waitForEarlier(ctx: EarlierContext, which: EarlierTasks): Promise<void> {
  const { log } = ctx;
  const { deadline } = which;
  let seen: ReadonlyMap<string, Task> = new Map();
  await poll<undefined>(ctx, deadline, async () => {
    const pauseMs = which.pollSeconds * 1000;
    const read = (): Promise<Task[]> => deadline.within(LIMITS, () => running(ctx, which, [...seen.keys()]));
    const tasks = await attempt(read, [...CLOSED, ...LOST]);
    if (tasks.kind === 'forbidden') {
      log.line(
        `Whether an earlier pre-deploy task still runs could not be read (${describeAwsError(tasks.error)}).`,
      );
      return { kind: 'end', value: undefined };
    }
    if (tasks.kind === 'answered') {
      seen = followed(log, which, seen, tasks.value);
      if (![...seen.values()].some(isAlive)) return { kind: 'end', value: undefined };
    }
    if (deadline.isOver() && [...seen.values()].some(isAlive)) throw stillRuns(which, seen);
    return { kind: 'pause', pauseMs, late: undefined };
  });
}

async function running(
  { aws }: EarlierContext,
  { cluster, family }: EarlierTasks,
  known: readonly string[],
): Promise<Task[]> {
  // ListTasks takes `startedBy` as its only filter.
  const arns = await listTasksStartedBy(aws.ecs, cluster, STARTED_BY);
  const tasks = await describeTasks(aws.ecs, cluster, [...new Set([...known, ...arns])]);
  return tasks.filter(({ taskDefinitionArn = '' }) => familyOf(taskDefinitionArn) === family);
}

function familyOf(taskDefinitionArn: string): string {
  return revisionName(taskDefinitionArn).replace(/:\d+$/, '');
}

function isAlive({ lastStatus }: Task): boolean {
  return lastStatus !== 'STOPPED';
}

/**
 * The tasks that are waited for, as they are now; what is new of them is logged. What had ended before is none of this run's
 * business, and one that ECS does not know any more has ended long ago.
 */
function followed(
  log: Log,
  { cluster }: EarlierTasks,
  seen: ReadonlyMap<string, Task>,
  tasks: readonly Task[],
): ReadonlyMap<string, Task> {
  const now = new Map<string, Task>();
  for (const task of tasks) {
    const arn = task.taskArn ?? '';
    const before = seen.get(arn);
    if (before === undefined && !isAlive(task)) continue;
    now.set(arn, task);
    const id = lastSegment(arn);
    if (before === undefined) {
      log.line(
        `Task ${id} of an earlier run still runs in cluster ${lastSegment(cluster)}: it is waited for, so that no two run at once.`,
      );
    } else if (isAlive(before) && !isAlive(task)) {
      const codes = (task.containers ?? []).flatMap(({ exitCode }) => exitCode ?? []);
      const bad = codes.find((code) => code !== 0);
      log.line(
        `Task ${id} of an earlier run has ended${bad === undefined ? '' : `, with exit code ${bad}`}: ours runs now.`,
      );
    }
  }
  return now;
}

function stillRuns({ cluster }: EarlierTasks, seen: ReadonlyMap<string, Task>): DeployError {
  const ids = [...seen].flatMap(([arn, task]) => (isAlive(task) ? [lastSegment(arn)] : []));
  return new DeployError(
    'pre-deploy-task-failed',
    `The pre-deploy task was not started: task ${ids.join(', ')} of an earlier run still runs.`,
    {
      hint: `Wait for it, or stop it: ${ids.map((id) => stopCommand(cluster, id)).join('; ')}`,
      evidence: ids.map((id) => ({ kind: 'stopped-task', text: `task ${id} still runs` })),
    },
  );
}

/** The command that stops a task, ready to paste. */
export function stopCommand(cluster: string, id: string): string {
  return `aws ecs stop-task --cluster ${lastSegment(cluster)} --task ${id}`;
}
