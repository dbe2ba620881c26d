import {
  CloudWatchLogsClient,
  GetLogEventsCommand,
  DescribeLogGroupsCommand,
  type CloudWatchLogsClientConfig,
} from '@aws-sdk/client-cloudwatch-logs';
import { withCheckedAnswers } from '../answers.ts';
import type { LogReads } from '../calls.ts';

/** Only these calls are bundled, and only a run that makes one of them loads them. */
export function connect(config: CloudWatchLogsClientConfig): LogReads {
  const client = withCheckedAnswers(new CloudWatchLogsClient(config));
  return {
    getLogEvents: (input) => client.send(new GetLogEventsCommand(input)),
    describeLogGroups: (input) => client.send(new DescribeLogGroupsCommand(input)),
  };
}
