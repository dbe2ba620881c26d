import {
  CloudWatchClient,
  DescribeAlarmsCommand,
  GetMetricDataCommand,
  type CloudWatchClientConfig,
} from '@aws-sdk/client-cloudwatch';
import { withCheckedAnswers } from '../answers.ts';
import type { AlarmReads, MetricReads } from '../calls.ts';

/** Only these calls are bundled, and only a run that makes one of them loads them. */
export function connect(config: CloudWatchClientConfig): AlarmReads & MetricReads {
  const client = withCheckedAnswers(new CloudWatchClient(config));
  const dates = new WeakMap<object, Date>();
  client.middlewareStack.add(
    (next) => async (args) => {
      const result = await next(args);
      const date = dateOf(result.response);
      if (date !== undefined) dates.set(result.output, date);
      return result;
    },
    { step: 'initialize', name: 'rememberTheDate' },
  );
  return {
    describeAlarms: (input) => client.send(new DescribeAlarmsCommand(input)),
    getMetricData: async (input) => {
      const answer = await client.send(new GetMetricDataCommand(input));
      return { ...answer, date: dates.get(answer) };
    },
  };
}

/** RFC 9110, Date: AWS sends it with every answer. */
function dateOf(response: unknown): Date | undefined {
  const { headers = {} } = response as { readonly headers?: Readonly<Record<string, string>> };
  const date = new Date(headers['date'] ?? headers['Date'] ?? '');
  return Number.isNaN(date.getTime()) ? undefined : date;
}
