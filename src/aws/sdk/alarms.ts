import {
  CloudWatchClient,
  DescribeAlarmsCommand,
  GetMetricDataCommand,
  type CloudWatchClientConfig,
} from '@aws-sdk/client-cloudwatch';
import { datesOf, withCheckedAnswers } from '../answers.ts';
import type { AlarmReads, MetricReads } from '../calls.ts';

/** Only these calls are bundled, and only a run that makes one of them loads them. */
export function connect(config: CloudWatchClientConfig): AlarmReads & MetricReads {
  const client = withCheckedAnswers(new CloudWatchClient(config));
  const dateOf = datesOf(client);
  return {
    describeAlarms: (input) => client.send(new DescribeAlarmsCommand(input)),
    getMetricData: async (input) => {
      const answer = await client.send(new GetMetricDataCommand(input));
      return { ...answer, date: dateOf(answer) };
    },
  };
}
