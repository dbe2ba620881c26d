/** Makes a simulated world of what Terraform made: the same cluster, service and load balancer, by the same ARNs. */
import { CloudWatchLogs } from '@aws-sdk/client-cloudwatch-logs';
import { ECR } from '@aws-sdk/client-ecr';
import { ECS } from '@aws-sdk/client-ecs';
import type { CapacityProvider } from '@aws-sdk/client-ecs';
import { ElasticLoadBalancingV2 } from '@aws-sdk/client-elastic-load-balancing-v2';
import type { TargetGroup as ElbTargetGroup } from '@aws-sdk/client-elastic-load-balancing-v2';
import { SecretsManager } from '@aws-sdk/client-secrets-manager';
import { createService } from '../../simulator/engine/services.ts';
import { readOnlyFields, registerTaskDefinition } from '../../simulator/engine/task-definitions.ts';
import { TargetGroup } from '../../simulator/state/balancing.ts';
import type { JsonObject } from '../../simulator/state/json.ts';
import type { Seed } from '../../simulator/scenario/seed.ts';
import type { World } from '../../simulator/engine/world.ts';
import { rawTaskDefinitions } from '../../src/aws/task-definitions.ts';

/** Reads everything that a deployment meets from an AWS, through the calls of AWS. */
export async function copyOf(endpoint: string): Promise<Seed> {
  const settings = {
    endpoint,
    region: 'us-east-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
  };
  const parts = [
    ...(await registries(new ECR(settings))),
    ...(await secrets(new SecretsManager(settings))),
    ...(await logGroups(new CloudWatchLogs(settings))),
    ...(await loadBalancers(new ElasticLoadBalancingV2(settings))),
    ...(await clusters(new ECS(settings))),
  ];
  return (world) => {
    for (const part of parts) part(world);
  };
}

async function registries(ecr: ECR): Promise<Seed[]> {
  const { repositories = [] } = await ecr.describeRepositories({});
  return repositories.map((one) => (world) => {
    world.registry.create(
      one.repositoryName ?? '',
      one.imageTagMutability === 'IMMUTABLE' ? 'IMMUTABLE' : 'MUTABLE',
    );
  });
}

async function secrets(manager: SecretsManager): Promise<Seed[]> {
  const { SecretList = [] } = await manager.listSecrets({});
  return SecretList.map((one) => (world) => {
    world.secrets.add(one.ARN ?? '');
  });
}

async function logGroups(logs: CloudWatchLogs): Promise<Seed[]> {
  const { logGroups: groups = [] } = await logs.describeLogGroups({});
  return groups.map((one) => (world) => {
    world.logs.create(one.logGroupName ?? '');
  });
}

async function loadBalancers(elb: ElasticLoadBalancingV2): Promise<Seed[]> {
  const { LoadBalancers: balancers = [] } = await elb.describeLoadBalancers({});
  return Promise.all(
    balancers.map(
      async ({ LoadBalancerArn: arn = '', LoadBalancerName: name = '', DNSName: dnsName = '' }) => {
        const { TargetGroups: groups = [] } = await elb.describeTargetGroups({});
        const { Listeners: listeners = [] } = await elb.describeListeners({ LoadBalancerArn: arn });
        const forwarding = listeners.find(({ DefaultActions: actions = [] }) =>
          actions.some(({ Type }) => Type === 'forward'),
        );
        const [group] = groups;
        if (group === undefined || forwarding === undefined) throw new Error(`${name} forwards nowhere.`);
        const { Attributes = [] } = await elb.describeTargetGroupAttributes({
          TargetGroupArn: group.TargetGroupArn,
        });
        const delay = Attributes.find(({ Key }) => Key === 'deregistration_delay.timeout_seconds')?.Value;
        return (world: World): void => {
          const made = targetGroup(group, Number(delay ?? '300'));
          made.loadBalancerArn = arn;
          world.balancing.targetGroups.set(made.name, made);
          world.balancing.loadBalancers.set(name, {
            name,
            arn,
            dnsName,
            createdAt: world.clock.now(),
            production: {
              arn: forwarding.ListenerArn ?? '',
              port: forwarding.Port ?? 80,
              forwards: [{ group: made, weight: 100 }],
              isOpen: true,
            },
            test: undefined,
          });
        };
      },
    ),
  );
}

function targetGroup(group: ElbTargetGroup, deregistrationDelaySeconds: number): TargetGroup {
  return new TargetGroup({
    name: group.TargetGroupName ?? '',
    arn: group.TargetGroupArn ?? '',
    port: group.Port ?? 80,
    healthCheck: {
      path: group.HealthCheckPath ?? '/',
      matcher: group.Matcher?.HttpCode ?? '200',
      intervalSeconds: group.HealthCheckIntervalSeconds ?? 30,
      timeoutSeconds: group.HealthCheckTimeoutSeconds ?? 5,
      healthyThreshold: group.HealthyThresholdCount ?? 5,
      unhealthyThreshold: group.UnhealthyThresholdCount ?? 2,
    },
    deregistrationDelaySeconds,
  });
}

async function clusters(ecs: ECS): Promise<Seed[]> {
  const definitions = await taskDefinitions(ecs);
  const { clusterArns = [] } = await ecs.listClusters({});
  const { clusters: found = [] } = await ecs.describeClusters({
    clusters: clusterArns,
    include: ['SETTINGS', 'TAGS', 'CONFIGURATIONS'],
  });
  const capacityProviders = await ownCapacityProviders(
    ecs,
    found.flatMap((one) => one.capacityProviders ?? []),
  );
  const services = await Promise.all(
    clusterArns.map(async (cluster) => {
      const { serviceArns = [] } = await ecs.listServices({ cluster });
      const described =
        serviceArns.length === 0
          ? []
          : ((await ecs.describeServices({ cluster, services: serviceArns, include: ['TAGS'] })).services ??
            []);
      return [cluster, described] as const;
    }),
  );
  return [
    ...definitions,
    (world) => {
      for (const one of capacityProviders) world.capacityProviders.set(one.name ?? '', json(one));
    },
    ...found.map((one): Seed => (world) => {
      const cluster = world.addCluster(one.clusterName ?? '');
      cluster.tags = jsonList(one.tags);
      cluster.settings = jsonList(one.settings);
      cluster.capacityProviders = one.capacityProviders ?? [];
      for (const service of services.find(([arn]) => arn === one.clusterArn)?.[1] ?? []) {
        createService(world, cluster, service.serviceName ?? '', serviceInput(json(service)));
      }
    }),
  ];
}

async function ownCapacityProviders(ecs: ECS, all: readonly string[]): Promise<CapacityProvider[]> {
  const names = all.filter((name) => !name.startsWith('FARGATE'));
  if (names.length === 0) return [];
  return (
    (await ecs.describeCapacityProviders({ capacityProviders: names, include: ['TAGS'] }))
      .capacityProviders ?? []
  );
}

async function taskDefinitions(ecs: ECS): Promise<Seed[]> {
  const { taskDefinitionArns = [] } = await ecs.listTaskDefinitions({});
  const raw = rawTaskDefinitions(ecs, ecs);
  return Promise.all(
    taskDefinitionArns.map(async (arn): Promise<Seed> => {
      const { taskDefinition, tags } = await raw.describe(arn);
      const input = Object.entries({ ...taskDefinition, tags }).filter(
        ([name]) => !(readOnlyFields as readonly string[]).includes(name),
      );
      return (world) => {
        registerTaskDefinition(world, Object.fromEntries(input) as JsonObject);
      };
    }),
  );
}

/** The fields of CreateService, as DescribeServices shows them. */
function serviceInput(service: JsonObject): JsonObject {
  const names = [
    ...['taskDefinition', 'desiredCount', 'capacityProviderStrategy', 'platformVersion', 'loadBalancers'],
    ...['networkConfiguration', 'healthCheckGracePeriodSeconds', 'deploymentConfiguration', 'propagateTags'],
    ...['enableECSManagedTags', 'enableExecuteCommand', 'availabilityZoneRebalancing', 'tags'],
  ];
  return Object.fromEntries(names.map((name) => [name, service[name]]));
}

function json(value: object): JsonObject {
  return JSON.parse(JSON.stringify(value)) as JsonObject;
}

function jsonList(values: readonly object[] = []): JsonObject[] {
  return values.map(json);
}
