import { isBefore } from '../ecs/services.ts';
import { describeFailure } from '../ecs/task-failure.ts';
import type { Cause } from '../model/index.ts';
import { causeOf, saysRollback, type History } from './history.ts';
import { eventText, hopelessEvent, lastOfThree } from './placement.ts';
import type { DeploymentView, EntryView, Observation, ServiceEvent } from './observe.ts';
import { countedFailures, isConclusive, type CountingTerms } from './task-record.ts';

/** What one look at a rollout, with all looks before it, amounts to. */
export type Evaluation =
  | { readonly kind: 'progressing'; readonly unknownStatus?: string }
  | { readonly kind: 'completed' }
  /** ECS is `in-progress` on, `rolling-back` by itself, or it leaves things as they are: `failing`, and then `ended`. */
  | {
      readonly kind: 'failed';
      readonly cause: Cause;
      readonly reason: string;
      readonly ecs: 'in-progress' | 'rolling-back' | 'failing' | 'ended';
    }
  /** ECS put the last good revision back. */
  | { readonly kind: 'rolled-back-by-ecs'; readonly cause: Cause; readonly reason: string }
  | { readonly kind: 'rollback-failed'; readonly cause: Cause; readonly reason: string }
  | { readonly kind: 'superseded'; readonly by: string };

/** What the evaluation has to know of the request and the service. */
export interface EvaluationTerms extends CountingTerms {
  readonly deploymentId: string;
  /** `id` of what was PRIMARY before this run; where it still is, the look is older than the update. */
  readonly primaryBefore: string | undefined;
  /** When our entry was made, by AWS's clock; so is a look at what is older. */
  readonly createdAt?: number | undefined;
  /** False: only counts change, and ECS makes no deployment for that. */
  readonly replacesTasks: boolean;
  /** The desired count before this run changed it; undefined where it did not. */
  readonly countBefore: number | undefined;
  readonly failFast: boolean;
  /** The service is configured to roll back by itself when its circuit breaker, or one of its alarms, triggers. */
  readonly ecsRollsBack: { readonly forBreaker: boolean; readonly forAlarms: boolean };
  /** ARN of the task definition that ECS goes back to. */
  readonly lastGood: string | undefined;
}

/** Pure: no I/O, no clock. Our own service deployment decides; `deployments[]` where there is none to read. */
export function evaluate(seen: Observation, history: History, terms: EvaluationTerms): Evaluation {
  if (isDeleted(seen)) return DELETED;
  if (!terms.replacesTasks) return evaluateCounts(seen, history, terms);
  return seen.deployment === undefined
    ? evaluateEntries(seen, history, terms)
    : evaluateServiceDeployment(seen.deployment, seen, history, terms);
}

/** Somebody deleted the service: it shows for a while that it did exist. */
export function isDeleted({ service }: Observation): boolean {
  return service.status === 'INACTIVE' || service.status === 'DRAINING';
}

/** Nothing is left to deploy to, and nothing to go back on. */
const DELETED: Evaluation = {
  kind: 'failed',
  ecs: 'ended',
  cause: 'service-inactive',
  reason: 'somebody deleted the service meanwhile',
};

/** All nine statuses of ServiceDeploymentStatus (ECS API). An unknown one is neither good nor bad. */
function evaluateServiceDeployment(
  deployment: DeploymentView,
  seen: Observation,
  history: History,
  terms: EvaluationTerms,
): Evaluation {
  switch (deployment.status) {
    case 'PENDING':
    case 'IN_PROGRESS':
      return evaluateRunning(deployment, seen, history, terms);
    case 'SUCCESSFUL':
      return { kind: 'completed' };
    case 'STOP_REQUESTED':
      return { kind: 'progressing' };
    case 'STOPPED':
      return evaluateStopped(deployment, seen, history, terms);
    case 'ROLLBACK_REQUESTED':
    case 'ROLLBACK_IN_PROGRESS':
      return { kind: 'failed', ecs: 'rolling-back', ...why(deployment, seen, history) };
    case 'ROLLBACK_SUCCESSFUL':
      return { kind: 'rolled-back-by-ecs', ...why(deployment, seen, history) };
    case 'ROLLBACK_FAILED':
      return seen.newer === undefined
        ? { kind: 'rollback-failed', ...why(deployment, seen, history) }
        : { kind: 'superseded', by: seen.newer };
    default:
      return { kind: 'progressing', unknownStatus: deployment.status };
  }
}

function evaluateRunning(
  deployment: DeploymentView,
  seen: Observation,
  history: History,
  terms: EvaluationTerms,
): Evaluation {
  const byBreaker = deployment.breaker === 'TRIGGERED';
  const byAlarms = deployment.triggeredAlarms.length > 0;
  if (!byBreaker && !byAlarms && seen.entry?.rolloutState !== 'FAILED')
    return evaluateEvidence(history, terms);
  const because = why(deployment, seen, history);
  const { forBreaker, forAlarms } = terms.ecsRollsBack;
  const rollsBack = (byBreaker && forBreaker) || (because.cause === 'alarm' ? forAlarms : forBreaker);
  return { kind: 'failed', ecs: rollsBack ? 'rolling-back' : 'failing', ...because };
}

/** Fail fast: the tasks that failed already say what ECS will find out later. */
function evaluateEvidence(history: History, terms: EvaluationTerms): Evaluation {
  if (!terms.failFast) return { kind: 'progressing' };
  const failure = isConclusive(history, terms);
  if (failure !== undefined) {
    return { kind: 'failed', ecs: 'in-progress', cause: failure.cause, reason: describeFailure(failure) };
  }
  const refused = lastOfThree(history.refused);
  if (refused !== undefined) {
    const reason = eventText(refused);
    return { kind: 'failed', ecs: 'in-progress', cause: 'traffic-shift-failed', reason };
  }
  // Where some task found a place, others may yet: old ones make room, instances are started.
  const event = history.placed ? undefined : hopelessEvent(history.unplaced);
  return event === undefined
    ? { kind: 'progressing' }
    : { kind: 'failed', ecs: 'in-progress', cause: 'capacity', reason: eventText(event) };
}

/** STOPPED means superseded, given up with rollback off, or stopped by somebody. */
function evaluateStopped(
  deployment: DeploymentView,
  seen: Observation,
  history: History,
  terms: EvaluationTerms,
): Evaluation {
  const { primary } = seen;
  if (primary !== undefined && primary.id !== terms.deploymentId && !isBefore(primary, terms)) {
    return { kind: 'superseded', by: nameOf(primary) };
  }
  if (seen.newer !== undefined) return { kind: 'superseded', by: seen.newer };
  return { kind: 'failed', ecs: 'ended', ...why(deployment, seen, history) };
}

/** Where service deployments cannot be read: our entry of `deployments[]`, by its id. */
function evaluateEntries(seen: Observation, history: History, terms: EvaluationTerms): Evaluation {
  const { primary } = seen;
  if (primary === undefined) return { kind: 'progressing' };
  if (primary.id !== terms.deploymentId) {
    if (isBefore(primary, terms)) return { kind: 'progressing' };
    return evaluateReplaced(primary, seen, history, terms);
  }
  switch (primary.rolloutState) {
    case 'COMPLETED':
      return { kind: 'completed' };
    case 'FAILED':
      return { kind: 'failed', ecs: 'ended', ...whyByEntry(primary, history) };
    case undefined:
      return isSteady(seen) ? { kind: 'completed' } : evaluateEvidence(history, terms);
    default:
      return evaluateEvidence(history, terms);
  }
}

/** The entry with which ECS rolls back, or somebody's new one. */
function evaluateReplaced(
  primary: EntryView,
  { entry: ours, events }: Observation,
  history: History,
  terms: EvaluationTerms,
): Evaluation {
  // An entry of ours that nobody ever saw was replaced before anything could be rolled back for its sake.
  if (terms.deploymentId === '') return { kind: 'superseded', by: nameOf(primary) };
  const { forBreaker, forAlarms } = terms.ecsRollsBack;
  const isLastGood = primary.taskDefinitionArn === terms.lastGood;
  const mayBeRollback = (forBreaker || forAlarms) && isLastGood;
  const event = isLastGood ? rollbackEvent(events, terms.deploymentId) : undefined;
  // Ours is gone once a rollback is over; its tasks say whether there was cause for one.
  const hasFailed = ours === undefined ? countedFailures(history).length > 0 : ours.rolloutState === 'FAILED';
  const isRollback =
    saysRollback(primary) ||
    primary.id === history.rollbackId ||
    (hasFailed && mayBeRollback) ||
    event !== undefined;
  if (!isRollback) return { kind: 'superseded', by: nameOf(primary) };
  const known = whyByEntry(ours ?? primary, history);
  // Where ECS rolls nothing back by itself, somebody told it to.
  const because =
    event === undefined || forBreaker || forAlarms || causeOf(history) !== undefined
      ? known
      : { cause: 'deployment-stopped' as const, reason: known.reason || eventText(event) };
  if (primary.rolloutState === 'COMPLETED') return { kind: 'rolled-back-by-ecs', ...because };
  if (primary.rolloutState === 'FAILED') return { kind: 'rollback-failed', ...because };
  return { kind: 'failed', ecs: 'rolling-back', ...because };
}

/** ECS tells of each rollback in an event, by the id of what it rolls back, also where nobody saw it at work. */
function rollbackEvent(events: readonly ServiceEvent[], deploymentId: string): ServiceEvent | undefined {
  return events.find(({ message }) => message.includes(`(deployment ${deploymentId}) rolling back`));
}

/** A change of counts or tags alone makes no deployment: it is done when as many tasks run as are desired. */
function evaluateCounts(seen: Observation, history: History, terms: EvaluationTerms): Evaluation {
  const { primary, service } = seen;
  if (primary !== undefined && primary.id !== terms.deploymentId) {
    if (isBefore(primary, terms)) return { kind: 'progressing' };
    return { kind: 'superseded', by: nameOf(primary) };
  }
  // A look that still shows the old count is older than the update.
  const isCurrent = service.desired !== terms.countBefore;
  return isCurrent && service.running === service.desired
    ? { kind: 'completed' }
    : evaluateEvidence(history, terms);
}

function isSteady(seen: Observation): boolean {
  return seen.entries === 1 && seen.service.running === seen.service.desired;
}

/** The best known cause, with ECS's own words for it. */
function why(
  deployment: DeploymentView,
  seen: Observation,
  history: History,
): { cause: Cause; reason: string } {
  const ownWords = deployment.rollbackReason ?? deployment.statusReason;
  const words = ownWords ?? seen.entry?.reason ?? '';
  if (deployment.cause !== undefined) return { cause: ofTasks(deployment.cause, history), reason: words };
  if (deployment.triggeredAlarms.length > 0) {
    return { cause: 'alarm', reason: `alarm in ALARM: ${deployment.triggeredAlarms.join(', ')}` };
  }
  // deployments[] is read after the service deployment and may be a moment ahead of it.
  if (/\balarm/i.test(words)) return { cause: 'alarm', reason: words };
  if (deployment.pauseWasRefused === true) {
    return { cause: 'deployment-stopped', reason: 'somebody answered its pause with ROLLBACK' };
  }
  // ECS shifts traffic by hooks of its own: their refusals name the load balancer.
  if (/networking configuration|listener rule|traffic shift|elasticloadbalancing:/i.test(words))
    return { cause: 'traffic-shift-failed', reason: words };
  if (/\bhook/i.test(words)) return { cause: 'lifecycle-hook-failed', reason: words };
  const byBreaker = deployment.breaker === 'TRIGGERED' || /circuit breaker|failed to start/i.test(words);
  if (!byBreaker) return { cause: 'deployment-stopped', reason: words };
  return causeOf(history) ?? { cause: 'circuit-breaker', reason: words };
}

/** Why it took too long, or why nothing became healthy, the tasks know better. */
function ofTasks(cause: Cause, history: History): Cause {
  const isVague = cause === 'timeout' || cause === 'target-health-check-failed' || cause === 'unknown';
  return isVague ? (causeOf(history)?.cause ?? cause) : cause;
}

function whyByEntry(entry: EntryView, history: History): { cause: Cause; reason: string } {
  const reason = entry.reason ?? '';
  if (/\balarm/i.test(reason)) return { cause: 'alarm', reason };
  if (/\b(stopped|requested) by\b/i.test(reason)) return { cause: 'deployment-stopped', reason };
  return causeOf(history) ?? { cause: 'circuit-breaker', reason };
}

function nameOf(entry: EntryView): string {
  return `${entry.id} (${entry.taskDefinitionArn.replace(/^.*\//, '')})`;
}
