import type { LogReads } from '../aws/clients.ts';
import { awsErrorKind, describeAwsError } from '../aws/errors.ts';
import type { Evidence, Json, JsonObject, TaskDefinition } from '../model.ts';
import type { History } from './history.ts';

/**
 * The last lines that the failed container wrote, from CloudWatch Logs. Other log drivers, and logs that may not be
 * read, make one line that says so.
 */
export async function lastLogLines(
  logs: LogReads,
  definition: TaskDefinition,
  history: History,
  lines: number,
): Promise<Evidence[]> {
  const failed = [...history.failures].findLast(([, failure]) => failure.container !== undefined);
  if (failed === undefined || lines === 0) return [];
  const [taskId, failure] = failed;
  const container = failure.container ?? '';
  const stream = streamOf(definition, container, taskId);
  if (typeof stream === 'string') return [{ kind: 'log', text: stream }];
  try {
    const answer = await logs.getLogEvents({ ...stream, limit: lines, startFromHead: false });
    return (answer.events ?? []).map((event) => ({
      kind: 'log',
      text: `${container}: ${event.message ?? ''}`,
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

/** `prefix/container/task` (ECS Developer Guide, "Using the awslogs log driver"), or why there is none. */
function streamOf(
  definition: TaskDefinition,
  container: string,
  taskId: string,
): { logGroupName: string; logStreamName: string } | string {
  const found = definition.containerDefinitions.find((each) => each.name === container);
  const configuration = found?.['logConfiguration'] as JsonObject | undefined;
  if (configuration?.['logDriver'] !== 'awslogs') {
    const driver = configuration?.['logDriver'];
    return `Container "${container}" logs through ${typeof driver === 'string' ? driver : 'no log driver'}, so its lines are not shown here.`;
  }
  const options = configuration['options'] as Readonly<Record<string, Json | undefined>> | undefined;
  const group = options?.['awslogs-group'];
  const prefix = options?.['awslogs-stream-prefix'];
  if (typeof group !== 'string' || typeof prefix !== 'string') {
    return `Container "${container}" has no awslogs-stream-prefix, so its log stream is not known.`;
  }
  return { logGroupName: group, logStreamName: `${prefix}/${container}/${taskId}` };
}
