import {
  ApplicationAutoScalingClient,
  DescribeScalableTargetsCommand,
  type ApplicationAutoScalingClientConfig,
} from '@aws-sdk/client-application-auto-scaling';
import { withCheckedAnswers } from '../answers.ts';
import type { ScalingReads } from '../calls.ts';

/** Only these calls are bundled, and only a run that makes one of them loads them. */
export function connect(config: ApplicationAutoScalingClientConfig): ScalingReads {
  const client = withCheckedAnswers(new ApplicationAutoScalingClient(config));
  return {
    describeScalableTargets: (input) => client.send(new DescribeScalableTargetsCommand(input)),
  };
}
