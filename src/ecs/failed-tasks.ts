import type { TaskFailure } from './task-failure.ts';

/** How many failed tasks settle it. */
export interface FailedTaskTerms {
  /** A number holds from the first task on; `auto`: see `failedTaskLimit`. */
  readonly failedTaskLimit: number | 'auto';
  /** Failed tasks at which the service's own circuit breaker triggers. */
  readonly breakerThreshold: number;
  /** Tasks that are wanted. */
  readonly desired: number;
}

/** What tasks of the same deployment have got past. */
export interface Past {
  /** Some task started: its image was pulled, its secrets and its log group were there. */
  readonly started: boolean;
  /** Some task became healthy. */
  readonly healthy: boolean;
}

/**
 * Pure: failed tasks that settle it where one alone does not. `auto`: a tenth of the tasks, between 2 and 10, while none
 * became healthy: the more tasks start, the surer a few of them meet a hiccup; from then on the circuit breaker's threshold.
 */
export function failedTaskLimit(terms: FailedTaskTerms, isAnyHealthy: boolean): number {
  if (terms.failedTaskLimit !== 'auto') return terms.failedTaskLimit;
  return isAnyHealthy ? terms.breakerThreshold : Math.min(Math.max(Math.ceil(terms.desired / 10), 2), 10);
}

/**
 * Pure: the failures among these that settle it; none while there are too few. One that no retry can help is enough, until
 * a task of the same deployment has got past its reason: then it counts like any other. Reasons that pass by nature
 * settle it only at the circuit breaker's threshold, the others with them.
 */
export function settling(
  failures: readonly TaskFailure[],
  past: Past,
  terms: FailedTaskTerms,
): readonly TaskFailure[] {
  const atOnce = failures.find((failure) => failure.severity === 'conclusive' && !isRefuted(failure, past));
  if (atOnce !== undefined) return [atOnce];
  const counted = failures.filter(({ severity }) => severity !== 'ignored');
  const lasting = counted.filter(({ passes }) => passes !== true);
  const limit = failedTaskLimit(terms, past.healthy);
  if (lasting.length >= limit) return lasting;
  const isFixed = terms.failedTaskLimit !== 'auto';
  return counted.length >= Math.max(terms.breakerThreshold, isFixed ? limit : 0) ? counted : [];
}

/** A task that ran and ended badly is refuted by one that is healthy; one that never started by one that did. */
function isRefuted({ started }: TaskFailure, past: Past): boolean {
  return started === true ? past.healthy : past.started || past.healthy;
}
