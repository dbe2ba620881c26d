import type { ServiceSnapshot } from '../model.ts';
import { ok, warning, type Check, type Finding } from './check.ts';

/** ECS gives up by itself on a rolling deployment that fails. */
export const circuitBreaker: Check = {
  name: 'circuit breaker',
  nothing: 'no service rolls',
  look: (_aws, { services }) =>
    services.filter(({ deployment }) => deployment.strategy === 'ROLLING').map(breakerFinding),
};

/** Pure. */
export function breakerFinding({ address, breaker }: Pick<ServiceSnapshot, 'address' | 'breaker'>): Finding {
  return breaker.enabled
    ? ok(`${address.name} has one${breaker.rollsBack ? ', which rolls back' : ''}`)
    : warning(
        `the circuit breaker of ${address.name} is off: should this job die during a failing rollout, ECS goes on starting tasks`,
      );
}
