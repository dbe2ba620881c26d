/** The actions of Elastic Load Balancing v2. */
import type { World } from '../engine/world.ts';
import { listenersOf, ruleArn } from '../state/balancing.ts';
import type { Listener, LoadBalancer, Target, TargetGroup } from '../state/balancing.ts';
import { AwsError } from '../state/errors.ts';
import type { QueryInput, Xml } from './protocol/query.ts';

export const elbv2Namespace = 'http://elasticloadbalancing.amazonaws.com/doc/2015-12-01/';

export const elbv2Actions = {
  DescribeTargetGroups(world: World, input: QueryInput): Xml {
    const arns = input.list('TargetGroupArns');
    const names = input.list('Names');
    const balancer = input.text('LoadBalancerArn');
    const groups = [...world.balancing.targetGroups.values()].filter(
      (group) =>
        (arns.length === 0 || arns.includes(group.arn)) &&
        (names.length === 0 || names.includes(group.name)) &&
        (balancer === undefined || group.loadBalancerArn === balancer),
    );
    if (groups.length < arns.length || groups.length < names.length) throw targetGroupNotFound();
    return { TargetGroups: groups.map(targetGroupView) };
  },

  DescribeTargetGroupAttributes(world: World, input: QueryInput): Xml {
    const group = groupOf(world, input);
    return {
      Attributes: [
        { Key: 'deregistration_delay.timeout_seconds', Value: String(group.deregistrationDelaySeconds) },
        { Key: 'stickiness.enabled', Value: 'false' },
      ],
    };
  },

  DescribeTargetHealth(world: World, input: QueryInput): Xml {
    const group = groupOf(world, input);
    const asked = input.listOf('Targets', 'Id');
    const known = group.targets.filter(({ ip }) => asked.length === 0 || asked.includes(ip));
    const unknown = asked.filter((ip) => !group.targets.some((target) => target.ip === ip));
    return {
      TargetHealthDescriptions: [
        ...known.map(targetView),
        ...unknown.map((ip) => ({
          Target: { Id: ip, Port: group.port },
          TargetHealth: {
            State: 'unused',
            Reason: 'Target.NotRegistered',
            Description: 'Target is not registered to the target group',
          },
        })),
      ],
    };
  },

  DescribeLoadBalancers(world: World, input: QueryInput): Xml {
    const arns = input.list('LoadBalancerArns');
    const names = input.list('Names');
    const balancers = [...world.balancing.loadBalancers.values()].filter(
      ({ arn, name }) =>
        (arns.length === 0 || arns.includes(arn)) && (names.length === 0 || names.includes(name)),
    );
    if (balancers.length < arns.length || balancers.length < names.length) {
      throw new AwsError('LoadBalancerNotFound', 'One or more load balancers not found');
    }
    return { LoadBalancers: balancers.map((balancer) => loadBalancerView(world, balancer)) };
  },

  DescribeListeners(world: World, input: QueryInput): Xml {
    const balancerArn = input.text('LoadBalancerArn');
    const arns = input.list('ListenerArns');
    const listeners = [...world.balancing.loadBalancers.values()].flatMap((balancer) =>
      listenersOf(balancer)
        .filter(({ arn }) => balancer.arn === balancerArn || arns.includes(arn))
        .map((listener) => listenerView(balancer, listener)),
    );
    return { Listeners: listeners };
  },

  DescribeRules(world: World, input: QueryInput): Xml {
    const listenerArn = input.text('ListenerArn');
    const arns = input.list('RuleArns');
    const listeners = [...world.balancing.loadBalancers.values()]
      .flatMap(listenersOf)
      .filter((listener) => listener.arn === listenerArn || arns.includes(ruleArn(listener)));
    return { Rules: listeners.map(ruleView) };
  },
};

function groupOf(world: World, input: QueryInput): TargetGroup {
  const group = world.balancing.byArn(input.text('TargetGroupArn') ?? '');
  if (group === undefined) throw targetGroupNotFound();
  return group;
}

function targetGroupNotFound(): AwsError {
  return new AwsError('TargetGroupNotFound', 'One or more target groups not found');
}

function targetGroupView(group: TargetGroup): Xml {
  const { healthCheck } = group;
  return {
    TargetGroupArn: group.arn,
    TargetGroupName: group.name,
    Protocol: 'HTTP',
    Port: group.port,
    VpcId: 'vpc-0a1b2c3d4e5f60001',
    HealthCheckProtocol: 'HTTP',
    HealthCheckPort: 'traffic-port',
    HealthCheckEnabled: true,
    HealthCheckIntervalSeconds: healthCheck.intervalSeconds,
    HealthCheckTimeoutSeconds: healthCheck.timeoutSeconds,
    HealthyThresholdCount: healthCheck.healthyThreshold,
    UnhealthyThresholdCount: healthCheck.unhealthyThreshold,
    HealthCheckPath: healthCheck.path,
    Matcher: { HttpCode: healthCheck.matcher },
    LoadBalancerArns: group.loadBalancerArn === undefined ? [] : [group.loadBalancerArn],
    TargetType: group.targetType,
    ProtocolVersion: 'HTTP1',
    IpAddressType: 'ipv4',
  };
}

function targetView({ ip, port, health }: Target): Xml {
  return {
    Target: { Id: ip, Port: port, AvailabilityZone: 'all' },
    HealthCheckPort: port,
    TargetHealth: { State: health.state, Reason: health.reason, Description: health.description },
  };
}

function loadBalancerView(world: World, balancer: LoadBalancer): Xml {
  return {
    LoadBalancerArn: balancer.arn,
    DNSName: balancer.dnsName,
    CanonicalHostedZoneId: 'Z35SXDOTRQ7X7K',
    CreatedTime: new Date(balancer.createdAt).toISOString(),
    LoadBalancerName: balancer.name,
    Scheme: 'internet-facing',
    VpcId: 'vpc-0a1b2c3d4e5f60001',
    State: { Code: 'active' },
    Type: 'application',
    AvailabilityZones: ['a', 'b'].map((zone) => ({
      ZoneName: `${world.region}${zone}`,
      LoadBalancerAddresses: [],
    })),
    SecurityGroups: ['sg-0a1b2c3d4e5f60001'],
    IpAddressType: 'ipv4',
  };
}

function listenerView(balancer: LoadBalancer, listener: Listener): Xml {
  return {
    ListenerArn: listener.arn,
    LoadBalancerArn: balancer.arn,
    Port: listener.port,
    Protocol: 'HTTP',
    DefaultActions: [forwardTo(listener)],
  };
}

function ruleView(listener: Listener): Xml {
  return {
    RuleArn: ruleArn(listener),
    Priority: '1',
    Conditions: [{ Field: 'path-pattern', Values: ['/*'] }],
    Actions: [forwardTo(listener)],
    IsDefault: false,
  };
}

/** A forward to more than one group has no target group of its own. */
function forwardTo({ forwards }: Listener): Xml {
  return {
    Type: 'forward',
    TargetGroupArn: forwards.length === 1 ? forwards[0].group.arn : undefined,
    Order: 1,
    ForwardConfig: {
      TargetGroups: forwards.map(({ group, weight }) => ({ TargetGroupArn: group.arn, Weight: weight })),
    },
  };
}
