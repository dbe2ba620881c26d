import type { Aws } from '../aws/clients.ts';
import { awsErrorKind } from '../aws/errors.ts';
import type { ServiceSnapshot } from '../model.ts';

/**
 * Where a person reaches the service: the origin of the health-check URL, else the load balancer of the first target
 * group. Undefined where neither is known; a denied look-up is no failure.
 */
export async function addressForPeople(
  aws: Pick<Aws, 'elb'>,
  healthCheckUrl: string | undefined,
  snapshots: readonly ServiceSnapshot[],
): Promise<string | undefined> {
  if (healthCheckUrl !== undefined) return new URL(healthCheckUrl).origin;
  const group = snapshots.flatMap((snapshot) => snapshot.targetGroups)[0];
  if (group === undefined) return undefined;
  try {
    return await loadBalancerUrl(aws, group.targetGroupArn);
  } catch (error) {
    if (awsErrorKind(error) === 'not-aws') throw error;
    return undefined;
  }
}

async function loadBalancerUrl(aws: Pick<Aws, 'elb'>, targetGroupArn: string): Promise<string | undefined> {
  const groups = await aws.elb.describeTargetGroups({ TargetGroupArns: [targetGroupArn] });
  const loadBalancerArn = groups.TargetGroups?.[0]?.LoadBalancerArns?.[0];
  if (loadBalancerArn === undefined) return undefined;
  const answer = await aws.elb.describeLoadBalancers({ LoadBalancerArns: [loadBalancerArn] });
  const name = answer.LoadBalancers?.[0]?.DNSName;
  return name === undefined ? undefined : `http://${name}`;
}
