import type { TargetHealthDescription } from '@aws-sdk/client-elastic-load-balancing-v2';
import type { TargetGroupAttachment } from '../model.ts';
import type { LoadBalancerReads } from './clients.ts';

/** One target of a target group, as the load balancer sees it. */
export interface TargetView {
  readonly targetGroupArn: string;
  readonly address: string;
  readonly port: number | undefined;
  /** `initial`, `healthy`, `unhealthy`, `unhealthy.draining`, `unused`, `draining`, `unavailable`. */
  readonly state: string;
  /** Such as `Target.ResponseCodeMismatch`. */
  readonly reason: string | undefined;
  readonly description: string | undefined;
}

/** Every target of one group. */
export async function targetsOf(
  elb: Pick<LoadBalancerReads, 'describeTargetHealth'>,
  targetGroupArn: string,
): Promise<TargetView[]> {
  const answer = await elb.describeTargetHealth({ TargetGroupArn: targetGroupArn });
  return (answer.TargetHealthDescriptions ?? []).map((each) => viewTarget(targetGroupArn, each));
}

/** Targets of an attachment, whichever of its two groups they are in. */
export async function targetsOfAttachment(
  elb: Pick<LoadBalancerReads, 'describeTargetHealth'>,
  { targetGroupArn, alternateTargetGroupArn }: TargetGroupAttachment,
): Promise<TargetView[]> {
  const arns = [targetGroupArn, ...(alternateTargetGroupArn === undefined ? [] : [alternateTargetGroupArn])];
  return (await Promise.all(arns.map((arn) => targetsOf(elb, arn)))).flat();
}

function viewTarget(targetGroupArn: string, description: TargetHealthDescription): TargetView {
  return {
    targetGroupArn,
    address: description.Target?.Id ?? '',
    port: description.Target?.Port,
    state: description.TargetHealth?.State ?? '',
    reason: description.TargetHealth?.Reason,
    description: description.TargetHealth?.Description,
  };
}
