/** The records of Elastic Load Balancing: load balancers, their listeners, target groups and their targets. */
import type { ImageBehaviour } from './image-behaviour.ts';

export interface HealthCheck {
  readonly path: string;
  readonly matcher: string;
  readonly intervalSeconds: number;
  readonly timeoutSeconds: number;
  readonly healthyThreshold: number;
  readonly unhealthyThreshold: number;
}

/** States and reason codes of the ELB API reference, TargetHealth. */
export interface TargetState {
  readonly state: 'initial' | 'healthy' | 'unhealthy' | 'draining' | 'unused';
  readonly reason?: string;
  readonly description?: string;
}

/** What a target answers to a user. */
export interface Served {
  readonly version: string;
  readonly behaviour: ImageBehaviour;
}

export interface Target {
  /** The address of a task, or the id of its instance. */
  readonly ip: string;
  readonly port: number;
  readonly served: Served;
  health: TargetState;
  cancelChecks: () => void;
}

/** A target group of type `ip` or `instance`. */
export class TargetGroup {
  readonly name: string;
  readonly arn: string;
  readonly port: number;
  readonly targetType: 'ip' | 'instance';
  readonly healthCheck: HealthCheck;
  deregistrationDelaySeconds: number;
  loadBalancerArn: string | undefined;
  readonly targets: Target[] = [];

  constructor(about: {
    name: string;
    arn: string;
    port: number;
    targetType?: 'ip' | 'instance' | undefined;
    healthCheck: HealthCheck;
    deregistrationDelaySeconds: number;
  }) {
    this.name = about.name;
    this.arn = about.arn;
    this.port = about.port;
    this.targetType = about.targetType ?? 'ip';
    this.healthCheck = about.healthCheck;
    this.deregistrationDelaySeconds = about.deregistrationDelaySeconds;
  }

  remove(target: Target): void {
    const position = this.targets.indexOf(target);
    if (position >= 0) this.targets.splice(position, 1);
  }

  /** Targets that get new requests. */
  inService(): Target[] {
    return this.targets.filter((target) => target.health.state === 'healthy');
  }
}

export interface Listener {
  readonly arn: string;
  readonly port: number;
  /** Where its requests go; the weights add up to 100, and a group may have none. */
  forwards: readonly [Forward, ...Forward[]];
  /** False: a security group drops what comes to its port. */
  isOpen: boolean;
}

/** A target group behind a listener, and the percentage of the requests that it gets. */
export interface Forward {
  readonly group: TargetGroup;
  readonly weight: number;
}

export interface LoadBalancer {
  readonly name: string;
  readonly arn: string;
  readonly dnsName: string;
  readonly createdAt: number;
  readonly production: Listener;
  /** Where a deployment that shifts traffic shows its new tasks before users get them. */
  readonly test: Listener | undefined;
}

export function listenersOf({ production, test }: LoadBalancer): Listener[] {
  return test === undefined ? [production] : [production, test];
}

/** The ARN of the one rule that a listener has. */
export function ruleArn(listener: Listener): string {
  return `${listener.arn.replace(':listener/', ':listener-rule/')}/${listener.arn.slice(-16)}`;
}

/** Elastic Load Balancing of one account and region. */
export class Balancing {
  readonly targetGroups = new Map<string, TargetGroup>();
  readonly loadBalancers = new Map<string, LoadBalancer>();

  /** Gives a target group a share of a listener of its load balancer; the group that served keeps the rest. */
  setWeight(groupArn: string, listener: 'production' | 'test', weight: number): void {
    const group = this.byArn(groupArn);
    const balancer = [...this.loadBalancers.values()].find(({ arn }) => arn === group?.loadBalancerArn);
    const chosen = balancer?.[listener];
    if (group === undefined || chosen === undefined) return;
    const rest = chosen.forwards.find((forward) => forward.group !== group);
    chosen.forwards =
      rest === undefined
        ? [{ group, weight: 100 }]
        : [
            { group: rest.group, weight: Math.round(1000 - weight * 10) / 10 },
            { group, weight },
          ];
  }

  /** The percentage of the requests to any listener of a kind that target groups get. */
  weightOf(groupArns: readonly string[], listener: 'production' | 'test'): number {
    const forwards = [...this.loadBalancers.values()].flatMap(
      (balancer) => balancer[listener]?.forwards ?? [],
    );
    return Math.max(
      0,
      ...forwards.filter(({ group }) => groupArns.includes(group.arn)).map(({ weight }) => weight),
    );
  }

  byArn(arn: string): TargetGroup | undefined {
    return [...this.targetGroups.values()].find((group) => group.arn === arn);
  }
}
