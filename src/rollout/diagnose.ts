import type { TargetGroup } from '@aws-sdk/client-elastic-load-balancing-v2';
import type { Aws } from '../aws/clients.ts';
import { awsErrorKind } from '../aws/errors.ts';
import { shortenArns } from '../aws/partition.ts';
import { targetsOf, type TargetView } from '../aws/target-health.ts';
import type { Evidence, Rollout } from '../model.ts';
import type { Clock } from '../runtime/clock.ts';
import { within } from '../runtime/within.ts';
import { EVIDENCE_MS, lastLogLines } from './container-logs.ts';
import type { Observation } from './observation.ts';
import { evidenceOf, type Watched } from './trouble.ts';

/** Most recent events, and unhealthy targets, that are shown. */
const MOST = 8;

/** Events that tell of trouble; the others tell of every rollout (ECS Developer Guide, "Service event messages"). */
const TELLING = /unable|unhealthy|fail|error|throttl|missing|alarm|rolling back|consistently/i;

/**
 * Everything that explains why a rollout failed: its statuses, the tasks that stopped, the targets that are not
 * healthy with the check that they fail, service events since the start, and the last log lines of the container.
 * What may not be read is left out.
 */
export async function diagnose(
  { aws, clock }: { readonly aws: Pick<Aws, 'elb' | 'logs'>; readonly clock: Clock },
  rollout: Rollout,
  watched: Pick<Watched, 'last' | 'history'>,
  logLines: number,
): Promise<Evidence[]> {
  const [targets, lines] = await Promise.all([
    targetEvidence(clock, aws.elb, rollout),
    lastLogLines(clock, aws.logs, rollout.definition, watched.history, logLines),
  ]);
  return [
    ...evidenceOf(watched.last, watched.history),
    ...targets,
    ...eventEvidence(watched.last, rollout.snapshot.knownEvents),
    ...lines,
  ];
}

/** Pure: new events that tell of trouble, oldest first, equal ones once. */
export function eventEvidence(last: Observation | undefined, known: readonly string[]): Evidence[] {
  const fresh = (last?.events ?? []).filter((event) => !known.includes(event.id)).reverse();
  const texts = fresh.map((event) => shortenArns(event.message)).filter((message) => TELLING.test(message));
  return [...new Set(texts)].slice(-MOST).map((text) => ({ kind: 'event', text }));
}

async function targetEvidence(clock: Clock, elb: Aws['elb'], rollout: Rollout): Promise<Evidence[]> {
  const arns = rollout.snapshot.targetGroups.flatMap(({ targetGroupArn, alternateTargetGroupArn }) =>
    alternateTargetGroupArn === undefined ? [targetGroupArn] : [targetGroupArn, alternateTargetGroupArn],
  );
  if (arns.length === 0) return [];
  try {
    return await within(clock, EVIDENCE_MS, async () => {
      const { TargetGroups: groups = [] } = await elb.describeTargetGroups({ TargetGroupArns: arns });
      const evidence = groups.map(async (group) =>
        describeTargets(group, await targetsOf(elb, group.TargetGroupArn ?? '')),
      );
      return (await Promise.all(evidence)).flat();
    });
  } catch (error) {
    if (awsErrorKind(error) === 'not-aws') throw error;
    return [];
  }
}

/** Pure: each unhealthy target with its reason, and once what the group asks of it. */
export function describeTargets(group: TargetGroup, targets: readonly TargetView[]): Evidence[] {
  const unhealthy = targets.filter((target) => target.state.startsWith('unhealthy'));
  if (unhealthy.length === 0) return [];
  const matcher = group.Matcher?.HttpCode ?? group.Matcher?.GrpcCode;
  const check = [
    `target group ${group.TargetGroupName ?? ''} asks ${group.HealthCheckProtocol ?? ''}`,
    group.HealthCheckPath,
    `on port ${group.HealthCheckPort ?? 'traffic-port'}`,
    matcher === undefined ? undefined : `and expects ${matcher}`,
  ].filter((part) => part !== undefined);
  const texts = [
    check.join(' '),
    ...unhealthy
      .slice(0, MOST)
      .map(
        ({ address, port, state, reason, description }) =>
          `${address}:${port ?? ''} is ${state}: ${[reason, description].filter((part) => part !== undefined).join(': ')}`,
      ),
  ];
  return texts.map((text) => ({ kind: 'target', text }));
}
