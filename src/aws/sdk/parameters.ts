import { SSMClient, DescribeParametersCommand, type SSMClientConfig } from '@aws-sdk/client-ssm';
import { withCheckedAnswers } from '../answers.ts';
import type { ParameterReads } from '../calls.ts';

/** Only these calls are bundled, and only a run that makes one of them loads them. */
export function connect(config: SSMClientConfig): ParameterReads {
  const client = withCheckedAnswers(new SSMClient(config));
  return {
    describeParameters: (input) => client.send(new DescribeParametersCommand(input)),
  };
}
