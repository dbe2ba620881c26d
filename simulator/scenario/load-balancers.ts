import type { World } from '../engine/world.ts';
import { TargetGroup } from '../state/balancing.ts';
import type { LoadBalancer } from '../state/balancing.ts';

export interface LoadBalancerPlan {
  readonly name: string;
  readonly port: number;
  readonly deregistrationDelaySeconds: number;
  /** The first one is behind the production listener. With a second one there is a test listener too. */
  readonly groups: readonly [string, ...string[]];
  /** `ip` by default. */
  readonly targetType?: 'ip' | 'instance';
}

/** Adds a load balancer with its listeners and target groups. */
export function addLoadBalancer(world: World, plan: LoadBalancerPlan): LoadBalancer {
  const path = `app/${plan.name}/${world.ids.hex(16)}`;
  const arn = world.arn('elasticloadbalancing', `loadbalancer/${path}`);
  const [production, ...others] = plan.groups;
  const group = addTargetGroup(world, production, arn, plan);
  const alternates = others.map((name) => addTargetGroup(world, name, arn, plan));
  const listener = (): string => world.arn('elasticloadbalancing', `listener/${path}/${world.ids.hex(16)}`);
  const balancer: LoadBalancer = {
    name: plan.name,
    arn,
    dnsName: `${plan.name}-${world.ids.digits().slice(0, 10)}.${world.region}.elb.${world.domain}`,
    createdAt: world.clock.now(),
    production: { arn: listener(), port: 80, forwards: [{ group, weight: 100 }], isOpen: true },
    test:
      alternates.length === 0
        ? undefined
        : {
            arn: listener(),
            port: 8080,
            forwards: [{ group, weight: 100 }, ...alternates.map((other) => ({ group: other, weight: 0 }))],
            isOpen: true,
          },
  };
  world.balancing.loadBalancers.set(plan.name, balancer);
  return balancer;
}

function addTargetGroup(
  world: World,
  name: string,
  balancerArn: string,
  plan: LoadBalancerPlan,
): TargetGroup {
  const group = new TargetGroup({
    name,
    arn: world.arn('elasticloadbalancing', `targetgroup/${name}/${world.ids.hex(16)}`),
    port: plan.port,
    targetType: plan.targetType,
    healthCheck: {
      path: '/health',
      matcher: '200',
      intervalSeconds: 10,
      timeoutSeconds: 5,
      healthyThreshold: 2,
      unhealthyThreshold: 2,
    },
    deregistrationDelaySeconds: plan.deregistrationDelaySeconds,
  });
  group.loadBalancerArn = balancerArn;
  world.balancing.targetGroups.set(name, group);
  return group;
}
