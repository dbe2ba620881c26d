import type { TargetGroup } from '@aws-sdk/client-elastic-load-balancing-v2';
import type { Aws } from '../aws/clients.ts';
import { awsErrorKind } from '../aws/errors.ts';
import { shortenArns } from '../aws/partition.ts';
import type { TargetView } from '../aws/target-health.ts';
import type { Evidence } from '../model.ts';
import type { Clock } from '../runtime/clock.ts';
import { withTimeout } from '../runtime/within.ts';
import { EVIDENCE_MS } from './container-logs.ts';

/** Reasons of one group, and addresses of one reason, that are shown. */
const MOST_TARGETS = 4;

/** Unhealthy targets by their reasons, and what their groups ask of them, where that may be read. */
export async function targetEvidence(
  clock: Clock,
  elb: Pick<Aws['elb'], 'describeTargetGroups'>,
  unhealthy: readonly TargetView[],
): Promise<Evidence[]> {
  const arns = [...new Set(unhealthy.map(({ targetGroupArn }) => targetGroupArn))];
  if (arns.length === 0) return [];
  const groups = await describeGroups(clock, elb, arns);
  return arns.flatMap((arn) =>
    describeTargets(
      groups.find(({ TargetGroupArn }) => TargetGroupArn === arn) ?? { TargetGroupArn: arn },
      unhealthy.filter(({ targetGroupArn }) => targetGroupArn === arn),
    ),
  );
}

async function describeGroups(
  clock: Clock,
  elb: Pick<Aws['elb'], 'describeTargetGroups'>,
  arns: string[],
): Promise<TargetGroup[]> {
  try {
    const read = (): ReturnType<typeof elb.describeTargetGroups> =>
      elb.describeTargetGroups({ TargetGroupArns: arns });
    return (await withTimeout(clock, EVIDENCE_MS, read)).TargetGroups ?? [];
  } catch (error) {
    if (awsErrorKind(error) === 'not-aws') throw error;
    return [];
  }
}

/** Pure: what the group asks, and each reason once, with the targets that it holds for. */
export function describeTargets(group: TargetGroup, unhealthy: readonly TargetView[]): Evidence[] {
  const addresses = new Map<string, string[]>();
  for (const { state, reason, description, address, port } of unhealthy) {
    const why = [state, reason, description].filter((part) => part !== undefined).join(': ');
    addresses.set(why, [...(addresses.get(why) ?? []), port === undefined ? address : `${address}:${port}`]);
  }
  const texts = [...addresses].slice(0, MOST_TARGETS).map(([why, where]) => `${why} (${listed(where)})`);
  return [whatItAsks(group), ...texts].map((text) => ({ kind: 'target', text }));
}

function whatItAsks(group: TargetGroup): string {
  const { TargetGroupArn = '', HealthCheckProtocol, HealthCheckPath, HealthCheckPort } = group;
  const name = `target group ${group.TargetGroupName ?? shortenArns(TargetGroupArn)}`;
  if (HealthCheckProtocol === undefined) return name;
  const matcher = group.Matcher?.HttpCode ?? group.Matcher?.GrpcCode;
  return [
    `${name} asks ${HealthCheckProtocol}`,
    HealthCheckPath,
    `on port ${HealthCheckPort ?? 'traffic-port'}`,
    matcher === undefined ? undefined : `and expects ${matcher}`,
  ]
    .filter((part) => part !== undefined)
    .join(' ');
}

function listed(addresses: readonly string[]): string {
  const more = addresses.length - MOST_TARGETS;
  return `${addresses.slice(0, MOST_TARGETS).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}
