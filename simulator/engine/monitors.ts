/** What watches a deployment: its circuit breaker and its alarms. */
import { flag, number, object, text, texts } from '../state/json.ts';
import type { JsonObject } from '../state/json.ts';
import type { CircuitBreaker, DeploymentAlarms } from '../state/model.ts';
import type { World } from './world.ts';

const smallest = 3;
const largest = 200;
const usualPercent = 50;

/**
 * How many failed tasks trip the circuit breaker. Developer Guide, "How the Amazon ECS deployment circuit breaker
 * detects failures": a percentage of the desired count between 3 and 200, that percentage unbounded, or a count.
 */
export function failureThreshold(configuration: JsonObject | undefined, desiredCount: number): number {
  const value = number(configuration ?? {}, 'value') ?? usualPercent;
  const share = Math.ceil((value / 100) * desiredCount);
  const type = text(configuration ?? {}, 'type');
  if (type === 'COUNT') return value;
  return type === 'UNBOUNDED_PERCENT' ? Math.max(1, share) : Math.min(largest, Math.max(smallest, share));
}

/** The breaker of a new deployment, as the service's deployment configuration sets it, whatever its strategy. */
export function newBreaker(deploymentConfiguration: JsonObject, desiredCount: number): CircuitBreaker {
  const settings = object(deploymentConfiguration, 'deploymentCircuitBreaker') ?? {};
  return {
    status: flag(settings, 'enable') === true ? 'MONITORING' : 'DISABLED',
    rollback: flag(settings, 'rollback') === true,
    resetOnHealthyTask: flag(settings, 'resetOnHealthyTask') ?? true,
    threshold: failureThreshold(object(settings, 'thresholdConfiguration'), desiredCount),
    failureCount: 0,
  };
}

/** Counts a failed task; true when it is the one that trips the breaker. */
export function countFailure(breaker: CircuitBreaker): boolean {
  if (breaker.status !== 'MONITORING') return false;
  breaker.failureCount += 1;
  if (breaker.failureCount < breaker.threshold) return false;
  breaker.status = 'TRIGGERED';
  return true;
}

/** A healthy task forgives the failures before it, unless the service counts them all. */
export function countHealthy(breaker: CircuitBreaker): void {
  if (breaker.resetOnHealthyTask && breaker.status !== 'TRIGGERED') breaker.failureCount = 0;
}

/** The alarms of a new deployment. One that is in ALARM already makes ECS ignore them all for its whole length. */
export function newAlarms(world: World, deploymentConfiguration: JsonObject): DeploymentAlarms {
  const settings = object(deploymentConfiguration, 'alarms') ?? {};
  const names = texts(settings, 'alarmNames');
  const monitored = flag(settings, 'enable') === true && !names.some((name) => world.alarms.isInAlarm(name));
  return {
    status: monitored ? 'MONITORING' : 'DISABLED',
    rollback: flag(settings, 'rollback') === true,
    names,
    triggered: [],
  };
}
