/** A world to deploy into: what a small team has in its account after a day of quiet. */
import { registerScalableTarget, setLoad } from '../engine/autoscaler.ts';
import { createService } from '../engine/services.ts';
import { registerTaskDefinition } from '../engine/task-definitions.ts';
import type { Lack, World } from '../engine/world.ts';
import type { AlarmState } from '../state/alarms.ts';
import type { ScalingRange } from '../state/autoscaling.ts';
import { ruleArn } from '../state/balancing.ts';
import type { LoadBalancer } from '../state/balancing.ts';
import type { ImageBehaviour } from '../state/image-behaviour.ts';
import type { FunctionBehaviour } from '../state/functions.ts';
import type { JsonObject } from '../state/json.ts';
import type { Cluster, Service } from '../state/model.ts';
import { addCodeDeployService } from './codedeploy.ts';
import type { CodeDeploySeed } from './codedeploy.ts';
import { conventionNames } from './images.ts';
import { addLoadBalancer } from './load-balancers.ts';
import { makeNetworkingMistake } from './networking.ts';
import type { NetworkingMistake } from './networking.ts';
import { interruptAgainAndAgain, type SpotInterruptions } from './spot.ts';

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
  /** Settings of the deployment configuration of `bluegreen`: its strategy, its bake time, its lifecycle hooks. */
  readonly blueGreen?: JsonObject;
  /** Adds a service that CodeDeploy deploys; there is none with a deployment group by default. */
  readonly codeDeploy?: CodeDeploySeed;
  /** What Lambda functions of lifecycle hooks do, by their names; each succeeds after 4 seconds by default. */
  readonly functions?: Readonly<Record<string, FunctionBehaviour>>;
  /** What is wrong around the load balancer of `bluegreen`; nothing by default. */
  readonly networking?: NetworkingMistake;
  /** So many tasks of each deployment that comes find no place. */
  readonly tasksWithoutPlace?: number;
  /** Why they find none: `capacity`, by default, is that of Fargate; of instances it is a `port` or `memory`. */
  readonly lack?: Lack;
  /** AWS takes back the Spot capacity of tasks while a deployment is under way; never by default. */
  readonly spotInterruptions?: SpotInterruptions;
  /** The service `worker` is behind a target group of VPC Lattice. */
  readonly lattice?: boolean;
  /** CloudWatch alarms that exist, with their states. */
  readonly alarms?: Readonly<Record<string, AlarmState>>;
  /** What autoscaling keeps a service of cluster `demo` to, by its name; none by default. */
  readonly autoscaling?: Readonly<Record<string, ScalingPlan>>;
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

/** A range and, where the service is to scale, its load. */
export interface ScalingPlan extends ScalingRange {
  /** What there is to do, in percent of one task, from so many seconds (0 by default) after the seed on. */
  readonly load?: readonly { readonly afterSeconds?: number; readonly percent: number }[];
}

const enoughToBeSteady = 180;
const aDay = 24 * 3600;
const usualBreaker: JsonObject = { enable: true, rollback: true };

/** A cluster `demo` with eight services, their repository, load balancer, log groups and secrets; all of them steady. */
export function seedWorld(options: SeedOptions = {}): Seed {
  return (world) => {
    for (const [key, behaviour] of Object.entries(options.behaviours ?? {})) {
      world.images.behaviours.set(key, behaviour);
    }
    for (const field of options.fieldsOfTheFuture ?? []) world.taskDefinitions.fieldsOfTheFuture.add(field);
    for (const [name, state] of Object.entries(options.alarms ?? {})) world.alarms.create(name, state);
    seedImages(world, options.tags ?? []);
    seedSurroundings(world);
    const balancers = seedLoadBalancers(world, options.deregistrationDelaySeconds ?? 15);
    seedTaskDefinitions(world, options.containerHealthCheck === true);
    const cluster = world.addCluster('demo');
    seedServices(world, cluster, balancers, options);
    world.clock.skip(enoughToBeSteady);
    makeInactive(cluster.service('retired'));
    world.clock.skip(aDay - enoughToBeSteady);
    seedScaling(world, options.autoscaling ?? {});
    world.tasksWithoutPlace = options.tasksWithoutPlace ?? 0;
    world.lack = options.lack ?? 'capacity';
    if (options.spotInterruptions !== undefined) interruptAgainAndAgain(world, options.spotInterruptions);
    for (const [name, behaviour] of Object.entries(options.functions ?? {}))
      world.functions.behaviours.set(name, behaviour);
    if (options.networking !== undefined)
      makeNetworkingMistake(world, balancers.bluegreen, options.networking);
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
  for (const name of ['/ecs/backend', '/ecs/web', '/ecs/worker', '/ecs/bluegreen']) world.logs.create(name);
  for (const family of ['backend', 'web', 'worker', 'bluegreen']) world.roles.create(`${family}-task`);
  for (const name of ['ecs-execution', 'backend-other']) world.roles.create(name);
  world.roles.create('ecs-load-balancers', 'ecs.amazonaws.com');
  world.roles.create('functions', 'lambda.amazonaws.com');
  world.secrets.add(world.arn('secretsmanager', 'secret:backend/database-AbCdEf'));
  world.secrets.add(world.arn('ssm', 'parameter/backend/api-key'));
}

type Balancers = Readonly<Record<'web' | 'site' | 'bluegreen', LoadBalancer>>;

function seedLoadBalancers(world: World, deregistrationDelaySeconds: number): Balancers {
  const more = { deregistrationDelaySeconds };
  return {
    web: addLoadBalancer(world, { name: 'web', groups: ['backend'], port: 8000, ...more }),
    site: addLoadBalancer(world, { name: 'site', groups: ['site'], port: 8080, ...more }),
    bluegreen: addLoadBalancer(world, { name: 'bluegreen', groups: ['blue', 'green'], port: 8000, ...more }),
  };
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
  registerTaskDefinition(world, fargateTask(world, 'backend', [checked]));
  registerTaskDefinition(
    world,
    fargateTask(world, 'web', [
      container(world, 'web', 'web:v1', 8080),
      {
        ...container(world, 'log-router', 'web:v1'),
        image: 'public.ecr.aws/aws-observability/aws-for-fluent-bit:stable',
        essential: false,
      },
    ]),
  );
  registerTaskDefinition(
    world,
    fargateTask(world, 'bluegreen', [container(world, 'bluegreen', 'backend:v1', 8000)]),
  );
  registerTaskDefinition(world, {
    family: 'agent',
    networkMode: 'host',
    containerDefinitions: [{ name: 'agent', image: `${world.registry.host}/backend:v1`, memory: 256 }],
  });
  registerTaskDefinition(world, fargateTask(world, 'worker', [container(world, 'worker', 'backend:v1')]));
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

function seedServices(world: World, cluster: Cluster, balancers: Balancers, options: SeedOptions): void {
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
  const add = (name: string, family: string, more: JsonObject): Service =>
    createService(world, cluster, name, { ...fargateService(family), ...more });
  add('backend', 'backend', {
    desiredCount,
    deploymentConfiguration,
    healthCheckGracePeriodSeconds: options.healthCheckGracePeriodSeconds,
    ...behind(balancers.web, 'backend'),
    tags: [{ key: 'team', value: 'demo' }],
  });
  add('worker', 'worker', {
    desiredCount,
    deploymentConfiguration,
    ...(options.lattice === true ? { vpcLatticeConfigurations: [behindLattice(world)] } : {}),
  });
  add('web', 'web', { desiredCount: 1, deploymentConfiguration, ...behind(balancers.site, 'web') });
  add('bluegreen', 'bluegreen', {
    desiredCount,
    deploymentConfiguration: { strategy: 'BLUE_GREEN', bakeTimeInMinutes: 1, ...options.blueGreen },
    ...behind(balancers.bluegreen, 'bluegreen', blueGreenSettings(world, balancers.bluegreen)),
  });
  createService(world, cluster, 'agent', {
    taskDefinition: 'agent',
    launchType: 'EC2',
    schedulingStrategy: 'DAEMON',
  });
  add('retired', 'worker', { desiredCount: 0 });
  add('codedeploy', 'worker', { desiredCount: 1, deploymentController: { type: 'CODE_DEPLOY' } });
  if (options.codeDeploy !== undefined) {
    const family = options.codeDeploy.service ?? 'checkout';
    world.logs.create(`/ecs/${family}`);
    world.roles.create(`${family}-task`);
    addCodeDeployService(world, cluster, options.codeDeploy, {
      service: fargateService(family),
      definition: fargateTask(world, family, [container(world, family, 'backend:v1', 8000)]),
      container: family,
    });
  }
  add('external', 'worker', { desiredCount: 1, deploymentController: { type: 'EXTERNAL' } });
}

function behindLattice(world: World): JsonObject {
  return {
    roleArn: world.role('ecs-load-balancers'),
    targetGroupArn: world.arn('vpc-lattice', 'targetgroup/tg-0123456789abcdef0'),
    portName: 'worker',
  };
}

/** A service behind the production listener of a load balancer. */
function behind({ production }: LoadBalancer, containerName: string, more: JsonObject = {}): JsonObject {
  const { arn, port } = production.forwards[0].group;
  return { loadBalancers: [{ targetGroupArn: arn, containerName, containerPort: port, ...more }] };
}

/** The second target group and the listener rules that a blue/green service shifts between. */
function blueGreenSettings(world: World, balancer: LoadBalancer): JsonObject {
  return {
    advancedConfiguration: {
      alternateTargetGroupArn: world.balancing.targetGroups.get('green')?.arn,
      productionListenerRule: ruleArn(balancer.production),
      ...(balancer.test === undefined ? {} : { testListenerRule: ruleArn(balancer.test) }),
      roleArn: world.role('ecs-load-balancers'),
    },
  };
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

function seedScaling(world: World, plans: Readonly<Record<string, ScalingPlan>>): void {
  for (const [name, plan] of Object.entries(plans)) {
    const service = `demo/${name}`;
    registerScalableTarget(world, service, plan);
    for (const { afterSeconds = 0, percent } of plan.load ?? []) {
      world.clock.after(afterSeconds, () => {
        setLoad(world, service, percent);
      });
    }
  }
}

/** A service that was deleted a while ago: ECS shows it as INACTIVE. */
function makeInactive(service: Service): void {
  service.status = 'INACTIVE';
  service.deployments = [];
}
