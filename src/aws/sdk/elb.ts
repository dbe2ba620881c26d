import {
  ElasticLoadBalancingV2Client,
  DescribeTargetGroupsCommand,
  DescribeTargetHealthCommand,
  DescribeListenersCommand,
  DescribeLoadBalancersCommand,
  type ElasticLoadBalancingV2ClientConfig,
} from '@aws-sdk/client-elastic-load-balancing-v2';
import { withCheckedAnswers } from '../answers.ts';
import type { LoadBalancerReads } from '../calls.ts';

/** Only these calls are bundled, and only a run that makes one of them loads them. */
export function connect(config: ElasticLoadBalancingV2ClientConfig): LoadBalancerReads {
  const client = withCheckedAnswers(new ElasticLoadBalancingV2Client(config));
  return {
    describeTargetGroups: (input) => client.send(new DescribeTargetGroupsCommand(input)),
    describeTargetHealth: (input) => client.send(new DescribeTargetHealthCommand(input)),
    describeLoadBalancers: (input) => client.send(new DescribeLoadBalancersCommand(input)),
    describeListeners: (input) => client.send(new DescribeListenersCommand(input)),
  };
}
