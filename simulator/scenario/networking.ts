/** Mistakes around the load balancer of the service `bluegreen` that somebody has made since its last deployment. */
import { REGISTER_TARGETS, CHANGE_RULE } from '../engine/networking.ts';
import type { World } from '../engine/world.ts';
import type { LoadBalancer } from '../state/balancing.ts';

export const networkingMistakes = [
  /** ECS may not assume the infrastructure role. */
  'role-not-trusted',
  /** The infrastructure role may not change listener rules. */
  'role-may-not-shift',
  /** The infrastructure role may not register targets. */
  'role-may-not-register',
  /** The rule of the production listener leads to the target group of another service. */
  'rule-of-another-group',
  /** The rule of the test listener leads to the target group that the production listener has. */
  'alternate-on-no-rule',
  /** The second target group was deleted. */
  'alternate-deleted',
  /** The security group of the load balancer drops what comes to the port of the test listener. */
  'test-listener-closed',
] as const;

export type NetworkingMistake = (typeof networkingMistakes)[number];

export function makeNetworkingMistake(
  { balancing, roles }: World,
  { production, test }: LoadBalancer,
  mistake: NetworkingMistake,
): void {
  const role = roles.all.get('ecs-load-balancers');
  const [{ group }] = production.forwards;
  if (role === undefined || test === undefined)
    throw new Error('The world has no service that shifts traffic.');
  switch (mistake) {
    case 'role-not-trusted':
      role.trusts = 'ecs-tasks.amazonaws.com';
      return;
    case 'role-may-not-shift':
      role.lacks = [CHANGE_RULE];
      return;
    case 'role-may-not-register':
      role.lacks = [REGISTER_TARGETS];
      return;
    case 'rule-of-another-group': {
      const stranger = balancing.targetGroups.get('backend') ?? group;
      production.forwards = [{ group: stranger, weight: 100 }];
      return;
    }
    case 'alternate-on-no-rule':
      test.forwards = [{ group, weight: 100 }];
      return;
    case 'alternate-deleted':
      balancing.targetGroups.delete('green');
      return;
    case 'test-listener-closed':
      test.isOpen = false;
  }
}
