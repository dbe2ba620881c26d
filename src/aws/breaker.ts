import type { Breaker } from '../model.ts';

/**
 * Failed tasks at which a service's deployment circuit breaker triggers at a desired count: a percentage of it, by
 * default half of it between 3 and 200 tasks, or a count (ECS Developer Guide, "How the Amazon ECS deployment circuit
 * breaker detects failures").
 */
export function breakerThreshold({ rule }: Breaker, desiredCount: number): number {
  const share = Math.ceil((rule.value / 100) * desiredCount);
  switch (rule.type) {
    case 'COUNT':
      return Math.max(rule.value, 1);
    case 'UNBOUNDED_PERCENT':
      return Math.max(share, 1);
    case 'BOUNDED_PERCENT':
      return Math.min(Math.max(share, 3), 200);
  }
}
