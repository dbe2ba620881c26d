import type { Aws } from '../aws/clients.ts';
import { awsErrorKind } from '../aws/errors.ts';
import { shortenArns } from '../aws/partition.ts';
import { describeService } from '../aws/services.ts';
import type { Evidence, Rollout } from '../model.ts';
import type { Clock } from '../runtime/clock.ts';
import type { OutputLog } from '../runtime/log.ts';
import { withTimeout } from '../runtime/within.ts';
import { EVIDENCE_MS, lastLogLines } from './container-logs.ts';
import { viewEvents, type ServiceEvent } from './observation.ts';
import { targetEvidence } from './target-evidence.ts';
import { evidenceOf, type Watched } from './trouble.ts';

/** Most recent events that are shown. */
const MOST = 8;

/** Events that tell of trouble; the others tell of every rollout (ECS Developer Guide, "Service event messages"). */
const TELLING = /unable|unhealthy|fail|error|throttl|missing|alarm|rolling back|consistently/i;

/**
 * Everything that explains why a rollout failed: its statuses, the tasks that stopped, their targets that were
 * unhealthy with the check that they fail, service events since the start, and the last log lines of the container.
 * What may not be read is left out.
 */
export async function diagnose(
  { aws, clock }: { readonly aws: Pick<Aws, 'ecs' | 'elb' | 'logs'>; readonly clock: Clock },
  rollout: Rollout,
  { last, history }: Pick<Watched, 'last' | 'history'>,
  logLines: number,
): Promise<Evidence[]> {
  const [targets, events, lines] = await Promise.all([
    targetEvidence(clock, aws.elb, [...history.unhealthyTargets.values()]),
    eventsOf(clock, aws.ecs, rollout),
    lastLogLines(clock, aws.logs, rollout.definition, history, logLines),
  ]);
  return [
    ...evidenceOf(last, history),
    ...targets,
    ...eventEvidence(events ?? last?.events ?? [], rollout.snapshot.knownEvents),
    ...lines,
  ];
}

/** Pure: new events that tell of trouble, oldest first, equal ones once. */
export function eventEvidence(events: readonly ServiceEvent[], known: readonly string[]): Evidence[] {
  const fresh = events.filter((event) => !known.includes(event.id)).reverse();
  const texts = fresh.map((event) => shortenArns(event.message)).filter((message) => TELLING.test(message));
  return [...new Set(texts)].slice(-MOST).map((text) => ({ kind: 'event', text }));
}

/** The last look read the service beside the tasks: the event that says why they stopped may have come since. */
async function eventsOf(
  clock: Clock,
  ecs: Pick<Aws['ecs'], 'describeServices'>,
  { snapshot }: Rollout,
): Promise<ServiceEvent[] | undefined> {
  try {
    return viewEvents(await withTimeout(clock, EVIDENCE_MS, () => describeService(ecs, snapshot.address)));
  } catch (error) {
    if (awsErrorKind(error) === 'not-aws') throw error;
    return undefined;
  }
}

/** What a container wrote is shown, and kept nowhere else. */
export function logEvidence(log: OutputLog, name: string, evidence: readonly Evidence[]): void {
  for (const { kind, text } of evidence) {
    const line = `${name}: ${kind}: ${text}`;
    if (kind === 'log') log.output(line);
    else log.line(line);
  }
}
