import { shortenArns } from '../aws/arn.ts';
import type { ServiceEvent } from './observe.ts';

/** Events that say that a task found no place (ECS Developer Guide, "Service event messages"). */
const UNPLACED =
  /unable to place a task|unable to stop or start tasks during a deployment|Capacity is unavailable|InsufficientFreeAddresses|reached the limit on the number of/i;

/** Those that no waiting helps: what would have to change is the service, its percents or the instances. */
const NO_WAITING_HELPS =
  /unable to place a task because no container instance met all|unable to stop or start tasks during a deployment/i;

/**
 * ECS may not do with the load balancer what the deployment takes (ECS Developer Guide, "Troubleshooting Amazon ECS
 * blue/green deployments", "Permission issues"): tasks that are never registered are never healthy.
 */
const REFUSED = /failed to (?:de)?register targets .*not authorized to perform: elasticloadbalancing:/i;

/** So many of them, within so long by AWS's own times, settle it. */
const ENOUGH = 3;

const WITHIN_MS = 5 * 60_000;

/** Pure: the events about tasks that found no place, oldest first. */
export function unplacedEvents(events: readonly ServiceEvent[], known: ReadonlySet<string>): ServiceEvent[] {
  return newEvents(events, known, UNPLACED);
}

/** Pure: the last of three events in five minutes that no waiting helps. */
export function hopelessEvent(events: readonly ServiceEvent[]): ServiceEvent | undefined {
  return lastOfThree(events.filter(({ message }) => NO_WAITING_HELPS.test(message)));
}

/** Pure: the events about targets that ECS may not register, oldest first. */
export function refusedEvents(events: readonly ServiceEvent[], known: ReadonlySet<string>): ServiceEvent[] {
  return newEvents(events, known, REFUSED);
}

function newEvents(
  events: readonly ServiceEvent[],
  known: ReadonlySet<string>,
  pattern: RegExp,
): ServiceEvent[] {
  return events.filter(({ id, message }) => !known.has(id) && pattern.test(message)).toReversed();
}

/** Pure: the last of the first three events, oldest first, that came in five minutes. */
export function lastOfThree(events: readonly ServiceEvent[]): ServiceEvent | undefined {
  return events.find(({ at }, index) => {
    const first = events[index - ENOUGH + 1];
    return first?.at !== undefined && at !== undefined && at - first.at <= WITHIN_MS;
  });
}

/** Pure: ECS has found a place for a task since then, and nothing was said of another one that lacks it. */
export function hasStartedSince({ at }: ServiceEvent, events: readonly ServiceEvent[]): boolean {
  return events.some(
    (event) => at !== undefined && event.at !== undefined && event.at > at && STARTED.test(event.message),
  );
}

const STARTED = /has started \d+ tasks/i;

/** The event in ECS's words, with names in place of ARNs. */
export function eventText({ message }: ServiceEvent): string {
  return shortenArns(message).replace(/\s+/g, ' ').trim();
}
