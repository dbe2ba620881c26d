/** A world to deploy into: what a small team has in its account after a day of quiet. */
import type { AlarmState } from './cloudwatch/alarms.ts';
import { createService } from './ecs/services.ts';
import type { Cluster } from './ecs/cluster.ts';
import type { Service } from './ecs/model.ts';
import { TargetGroup } from './elbv2/balancing.ts';
import type { ImageBehaviour } from './images/behaviour.ts';
import { conventionNames } from './images/conventions.ts';
import type { JsonObject } from './protocol/fields.ts';
import type { World } from './world.ts';

/** Fills an empty world. */
export type Seed = (world: World) => void;

export interface SeedOptions {
  /** Of the services `backend` and `worker`. */
  readonly desiredCount?: number;
  readonly minimumHealthyPercent?: number;
  readonly maximumPercent?: number;
  /** Of the service `backend`; false turns the breaker off. */
  readonly circuitBreaker?: JsonObject | false;
  /** Further settings of the deployment configuration of `backend`, such as its alarms. */
  readonly deploymentConfiguration?: JsonObject;
  /** CloudWatch alarms that exist, with their states. */
  readonly alarms?: Readonly<Record<string, AlarmState>>;
  /** Gives the container `backend` a health check of its own. */
  readonly containerHealthCheck?: boolean;
  readonly healthCheckGracePeriodSeconds?: number;
  readonly deregistrationDelaySeconds?: number;
  /** Explicit behaviours, by full reference, `repository:tag`, tag, or digest. */
  readonly behaviours?: Readonly<Record<string, ImageBehaviour>>;
  /** Further tags to push to the repository `backend`. */
  readonly tags?: readonly string[];
  /** Fields that the simulated AWS knows in task definitions although the published model does not. */
  readonly fieldsOfTheFuture?: readonly string[];
}

const enoughToBeSteady = 180;
const aDay = 24 * 3600;
const usualBreaker: JsonObject = { enable: true, rollback: true };

/** A cluster `demo` with six services, their repository, load balancer, log groups and secrets; all of them steady. */
export function seedWorld(options: SeedOptions = {}): Seed {
  return (world) => {
    for (const [key, behaviour] of Object.entries(options.behaviours ?? {})) {
      world.images.behaviours.set(key, behaviour);
    }
    for (const field of options.fieldsOfTheFuture ?? []) world.taskDefinitions.fieldsOfTheFuture.add(field);
    for (const [name, state] of Object.entries(options.alarms ?? {})) world.alarms.create(name, state);
    seedImages(world, options.tags ?? []);
    seedSurroundings(world);
    const groups = seedLoadBalancers(world, options.deregistrationDelaySeconds ?? 15);
    seedTaskDefinitions(world, options.containerHealthCheck === true);
    const cluster = world.addCluster('demo');
    seedServices(world, cluster, groups, options);
    world.clock.skip(enoughToBeSteady);
    retire(world, cluster.service('retired'));
    world.clock.skip(aDay - enoughToBeSteady);
  };
}

/** How far the seed moves time on; a clock that starts this much earlier shows the present afterwards. */
export const seedSeconds = aDay;

function seedImages(world: World, extraTags: readonly string[]): void {
  world.registry.create('backend');
  world.registry.create('web');
  // What a convention says about `missing-` only holds for an image that was never pushed.
  const scripted = conventionNames.filter((name) => name !== 'missing').map((name) => `${name}-1`);
  for (const tag of ['v1', 'v2', 'v3', ...scripted, ...extraTags]) world.registry.push('backend', tag);
  world.registry.push('backend', 'multi-1', { platforms: ['amd64', 'arm64'] });
  world.registry.push('backend', 'arm-1', { platforms: ['arm64'] });
  for (const tag of ['v1', 'v2']) world.registry.push('web', tag);
}

function seedSurroundings(world: World): void {
  for (const name of ['/ecs/backend', '/ecs/web', '/ecs/worker']) world.logs.create(name);
  world.secrets.add(world.arn('secretsmanager', 'secret:backend/database-AbCdEf'));
  world.secrets.add(world.arn('ssm', 'parameter/backend/api-key'));
}

interface Groups {
  readonly backend: TargetGroup;
  readonly web: TargetGroup;
}

function seedLoadBalancers(world: World, deregistrationDelaySeconds: number): Groups {
  return {
    backend: addLoadBalancer(world, {
      balancer: 'web',
      group: 'backend',
      port: 8000,
      deregistrationDelaySeconds,
    }),
    web: addLoadBalancer(world, { balancer: 'site', group: 'site', port: 8080, deregistrationDelaySeconds }),
  };
}

/** A load balancer whose one listener forwards to one target group. */
export function addLoadBalancer(
  world: World,
  about: { balancer: string; group: string; port: number; deregistrationDelaySeconds: number },
): TargetGroup {
  const group = new TargetGroup(world.clock, {
    name: about.group,
    arn: world.arn('elasticloadbalancing', `targetgroup/${about.group}/${world.ids.hex(16)}`),
    port: about.port,
    healthCheck: {
      path: '/health',
      matcher: '200',
      intervalSeconds: 10,
      timeoutSeconds: 5,
      healthyThreshold: 2,
      unhealthyThreshold: 2,
    },
    deregistrationDelaySeconds: about.deregistrationDelaySeconds,
  });
  const id = world.ids.hex(16);
  const balancer = {
    name: about.balancer,
    arn: world.arn('elasticloadbalancing', `loadbalancer/app/${about.balancer}/${id}`),
    dnsName: `${about.balancer}-${world.ids.digits().slice(0, 10)}.${world.region}.elb.${world.domain}`,
    listenerArn: world.arn(
      'elasticloadbalancing',
      `listener/app/${about.balancer}/${id}/${world.ids.hex(16)}`,
    ),
    targetGroup: group,
    createdAt: world.clock.now(),
  };
  group.loadBalancerArn = balancer.arn;
  world.balancing.targetGroups.set(group.name, group);
  world.balancing.loadBalancers.set(balancer.name, balancer);
  return group;
}

function seedTaskDefinitions(world: World, containerHealthCheck: boolean): void {
  const check = {
    command: ['CMD-SHELL', 'curl -f http://localhost:8000/health || exit 1'],
    interval: 10,
    retries: 3,
    timeout: 5,
  };
  const backend = container(world, 'backend', 'backend:v1', 8000);
  const checked = containerHealthCheck ? { ...backend, healthCheck: check } : backend;
  world.taskDefinitions.register(fargateTask(world, 'backend', [checked]));
  world.taskDefinitions.register(
    fargateTask(world, 'web', [
      container(world, 'web', 'web:v1', 8080),
      {
        ...container(world, 'log-router', 'web:v1'),
        image: 'public.ecr.aws/aws-observability/aws-for-fluent-bit:stable',
        essential: false,
      },
    ]),
  );
  world.taskDefinitions.register(fargateTask(world, 'worker', [container(world, 'worker', 'backend:v1')]));
}

function fargateTask(world: World, family: string, containers: JsonObject[]): JsonObject {
  return {
    family,
    containerDefinitions: containers,
    executionRoleArn: world.role('ecs-execution'),
    taskRoleArn: world.role(`${family}-task`),
    networkMode: 'awsvpc',
    requiresCompatibilities: ['FARGATE'],
    cpu: '1024',
    memory: '2048',
    runtimePlatform: { cpuArchitecture: 'X86_64', operatingSystemFamily: 'LINUX' },
  };
}

/** One container that logs to `/ecs/<family>`; with a port where it has one. */
function container(world: World, name: string, image: string, port?: number): JsonObject {
  return {
    name,
    image: `${world.registry.host}/${image}`,
    portMappings: port === undefined ? [] : [{ containerPort: port }],
    environment: [{ name: 'LOG_LEVEL', value: 'info' }],
    logConfiguration: {
      logDriver: 'awslogs',
      options: {
        'awslogs-group': `/ecs/${name === 'log-router' ? 'web' : name}`,
        'awslogs-region': world.region,
        'awslogs-stream-prefix': 'ecs',
      },
    },
  };
}

function seedServices(world: World, cluster: Cluster, groups: Groups, options: SeedOptions): void {
  const deploymentConfiguration: JsonObject = {
    minimumHealthyPercent: options.minimumHealthyPercent ?? 100,
    maximumPercent: options.maximumPercent ?? 200,
    deploymentCircuitBreaker:
      options.circuitBreaker === false
        ? { enable: false, rollback: false }
        : { ...usualBreaker, ...options.circuitBreaker },
    ...options.deploymentConfiguration,
  };
  const desiredCount = options.desiredCount ?? 2;
  const behind = (group: TargetGroup, containerName: string): JsonObject => ({
    loadBalancers: [{ targetGroupArn: group.arn, containerName, containerPort: group.port }],
  });
  const add = (name: string, family: string, more: JsonObject): Service =>
    createService(world, cluster, name, { ...fargateService(family), ...more });
  add('backend', 'backend', {
    desiredCount,
    deploymentConfiguration,
    healthCheckGracePeriodSeconds: options.healthCheckGracePeriodSeconds,
    ...behind(groups.backend, 'backend'),
    tags: [{ key: 'team', value: 'demo' }],
  });
  add('worker', 'worker', { desiredCount, deploymentConfiguration });
  add('web', 'web', { desiredCount: 1, deploymentConfiguration, ...behind(groups.web, 'web') });
  add('retired', 'worker', { desiredCount: 0 });
  add('codedeploy', 'worker', { desiredCount: 1, deploymentController: { type: 'CODE_DEPLOY' } });
  add('external', 'worker', { desiredCount: 1, deploymentController: { type: 'EXTERNAL' } });
}

function fargateService(family: string): JsonObject {
  return {
    taskDefinition: family,
    launchType: 'FARGATE',
    platformVersion: 'LATEST',
    enableECSManagedTags: true,
    propagateTags: 'SERVICE',
    networkConfiguration: {
      awsvpcConfiguration: {
        subnets: ['subnet-0a1b2c3d4e5f60001', 'subnet-0a1b2c3d4e5f60002'],
        securityGroups: ['sg-0a1b2c3d4e5f60002'],
        assignPublicIp: 'DISABLED',
      },
    },
  };
}

/** A service that was deleted a while ago: ECS shows it as INACTIVE. */
function retire(_world: World, service: Service): void {
  service.status = 'INACTIVE';
  service.deployments = [];
}
