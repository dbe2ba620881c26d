import type { Json, JsonObject, TaskDefinition } from '../model/index.ts';

/** Names of a container's log in CloudWatch Logs, as its API takes them. */
export interface LogStream {
  readonly logGroupName: string;
  readonly logStreamName: string;
}

/** Where the log of a container is. */
export type LogPlace =
  | { readonly kind: 'known'; readonly stream: LogStream }
  /** One sentence. */
  | { readonly kind: 'unknown'; readonly why: string };

/** `prefix/container/task` (ECS Developer Guide, "Using the awslogs log driver"), or why there is none. */
export function logStreamOf(definition: TaskDefinition, container: string, taskId: string): LogPlace {
  const found = definition.containerDefinitions.find((each) => each.name === container);
  const configuration = found?.['logConfiguration'] as JsonObject | undefined;
  if (configuration?.['logDriver'] !== 'awslogs') {
    const driver = configuration?.['logDriver'];
    const through = typeof driver === 'string' ? driver : 'no log driver';
    return {
      kind: 'unknown',
      why: `Container "${container}" logs through ${through}, so its lines are not shown here.`,
    };
  }
  const options = configuration['options'] as Readonly<Record<string, Json | undefined>> | undefined;
  const group = options?.['awslogs-group'];
  const prefix = options?.['awslogs-stream-prefix'];
  if (typeof group !== 'string' || typeof prefix !== 'string') {
    return {
      kind: 'unknown',
      why: `Container "${container}" has no awslogs-stream-prefix, so its log stream is not known.`,
    };
  }
  return {
    kind: 'known',
    stream: { logGroupName: group, logStreamName: `${prefix}/${container}/${taskId}` },
  };
}
