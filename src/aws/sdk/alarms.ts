import {
  CloudWatchClient,
  DescribeAlarmsCommand,
  type CloudWatchClientConfig,
} from '@aws-sdk/client-cloudwatch';
import { withCheckedAnswers } from '../answers.ts';
import type { AlarmReads } from '../calls.ts';

/** Only these calls are bundled, and only a run that makes one of them loads them. */
export function connect(config: CloudWatchClientConfig): AlarmReads {
  const client = withCheckedAnswers(new CloudWatchClient(config));
  return {
    describeAlarms: (input) => client.send(new DescribeAlarmsCommand(input)),
  };
}
