import type { LogReads } from '../aws/clients.ts';
import { awsErrorKind, describeAwsError } from '../aws/errors.ts';
import { logStreamOf } from '../aws/log-streams.ts';
import type { TaskFailure } from '../aws/task-failure.ts';
import type { Evidence, TaskDefinition } from '../model.ts';
import type { Clock } from '../runtime/clock.ts';
import { withTimeout } from '../runtime/within.ts';
import { causeOf, type History } from './history.ts';

/** Evidence is worth a short wait: production is broken meanwhile. */
export const EVIDENCE_MS = 10_000;

/** Characters of a line that are evidence; the whole line is in the log group. */
const LONGEST = 2_000;

/**
 * The last lines that the failed container wrote, from CloudWatch Logs. Other log drivers, and logs that may not be
 * read, make one line that says so.
 */
export async function lastLogLines(
  clock: Clock,
  logs: Pick<LogReads, 'getLogEvents'>,
  definition: TaskDefinition,
  history: History,
  lines: number,
): Promise<Evidence[]> {
  const failed = mostTelling(history);
  if (failed === undefined || lines === 0) return [];
  const [taskId, failure] = failed;
  const container = failure.container ?? '';
  const stream = logStreamOf(definition, container, taskId);
  if (typeof stream === 'string') return [{ kind: 'log', text: stream }];
  try {
    const answer = await withTimeout(clock, EVIDENCE_MS, () =>
      logs.getLogEvents({ ...stream, limit: lines, startFromHead: false }),
    );
    return (answer.events ?? []).map((event) => ({
      kind: 'log',
      text: `${container}: ${cut(event.message ?? '')}`,
    }));
  } catch (error) {
    if (awsErrorKind(error) === 'not-aws') throw error;
    return [
      {
        kind: 'log',
        text: `The log of container "${container}" cannot be read (${describeAwsError(error)}).`,
      },
    ];
  }
}

/** The latest failed task whose container ran, of the cause that most share if one of these did. */
function mostTelling(history: History): [string, TaskFailure] | undefined {
  const cause = causeOf(history)?.cause;
  const failures = [...history.failures].filter(([, { container }]) => container !== undefined);
  const ran = failures.filter(([, { exitCode }]) => exitCode !== undefined);
  return ran.findLast(([, failure]) => failure.cause === cause) ?? ran.at(-1) ?? failures.at(-1);
}

/** An event may hold 256 KiB (CloudWatch Logs quotas). */
function cut(message: string): string {
  return message.length <= LONGEST ? message : `${message.slice(0, LONGEST)}…`;
}
