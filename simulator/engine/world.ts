import type { SimulatorClock } from '../clock.ts';
import { Alarms } from '../state/alarms.ts';
import { Autoscaling } from '../state/autoscaling.ts';
import { Balancing } from '../state/balancing.ts';
import { CodeDeployStore } from '../state/codedeploy.ts';
import { EcsCluster } from '../state/cluster.ts';
import { AwsError } from '../state/errors.ts';
import { Ids } from '../state/ids.ts';
import type { ImageBehaviour } from '../state/image-behaviour.ts';
import { ImageCatalogue } from '../state/image-catalogue.ts';
import type { JsonObject } from '../state/json.ts';
import { LogStore } from '../state/logs.ts';
import type { Cluster, Service, Task } from '../state/model.ts';
import { Downloads, Registry } from '../state/registry.ts';
import { RequestMetrics } from '../state/request-metrics.ts';
import { Functions } from '../state/functions.ts';
import { Roles } from '../state/roles.ts';
import { Secrets } from '../state/secrets.ts';
import { TaskDefinitions } from '../state/task-definitions.ts';
import type { Visits } from '../state/visits.ts';

/** How long things take, in simulated seconds. */
export interface Times {
  /** Between a change and the scheduler's next round. */
  readonly round: number;
  readonly provision: number;
  readonly pull: number;
  readonly activate: number;
  readonly stop: number;
  readonly deprovision: number;
  /** A RUNNING task without any health check counts as healthy after this long. */
  readonly settle: number;
  /** How long stopped tasks stay visible: "at least one hour". */
  readonly remember: number;
}

export const usualTimes: Times = {
  round: 3,
  provision: 6,
  pull: 7,
  activate: 3,
  stop: 2,
  deprovision: 3,
  settle: 10,
  remember: 3600,
};

export interface WorldOptions {
  readonly clock: SimulatorClock;
  readonly region?: string;
  readonly account?: string;
  readonly seed?: string;
  readonly times?: Partial<Times>;
  /** Eventual consistency: seconds until a new service deployment shows up in what is read. */
  readonly lagSeconds?: number;
  /** Where ECR's presigned URLs lead; nowhere by default. */
  readonly downloads?: Downloads;
  /** What an image does by the name of its tag, where nothing else says it. */
  readonly conventionOf: (tag: string) => ImageBehaviour | undefined;
  /** Called at each change of a service. */
  readonly onChange: (world: World, service: Service) => void;
}

/** What tasks have no place for: room in Fargate, or a container instance with a free port, or with enough memory. */
export const lacks = ['capacity', 'port', 'memory'] as const;

export type Lack = (typeof lacks)[number];

/** Everything that exists in one account and one region, and its time. Holds records; the engine decides. */
export class World {
  readonly account: string;
  readonly region: string;
  readonly clock: SimulatorClock;
  readonly times: Times;
  readonly ids: Ids;
  readonly clusters = new Map<string, Cluster>();
  readonly taskDefinitions: TaskDefinitions;
  readonly registry: Registry;
  readonly downloads: Downloads;
  readonly images: ImageCatalogue;
  readonly logs: LogStore;
  readonly balancing = new Balancing();
  readonly alarms: Alarms;
  readonly metrics = new RequestMetrics();
  /** What users ask of the services. */
  readonly visits: Visits = new Map();
  readonly autoscaling = new Autoscaling();
  readonly roles: Roles;
  lagSeconds: number;
  readonly secrets = new Secrets();
  readonly codeDeploy = new CodeDeployStore();
  readonly functions = new Functions();
  /** What RunTask answered to each client token. */
  readonly clientTokens = new Map<string, { readonly request: string; readonly tasks: readonly Task[] }>();
  /** Capacity providers of auto-scaling groups, by name, as DescribeCapacityProviders shows them. */
  readonly capacityProviders = new Map<string, JsonObject>();
  /** EC2 container instances, each of which holds one task of every daemon service. */
  containerInstances = 2;
  /** False while Fargate has no room: tasks cannot be placed. */
  capacityAvailable = true;
  /** So many tasks of each deployment find no place. */
  tasksWithoutPlace = 0;
  /** Why a task finds no place. */
  lack: Lack = 'capacity';
  private readonly onChange: (world: World, service: Service) => void;

  constructor(options: WorldOptions) {
    this.account = options.account ?? '123456789012';
    this.region = options.region ?? 'us-east-1';
    this.clock = options.clock;
    this.times = { ...usualTimes, ...options.times };
    this.ids = new Ids(`${options.seed ?? 'world'}/${this.region}`);
    const now = (): number => this.clock.now();
    this.taskDefinitions = new TaskDefinitions({ arn: (resource) => this.arn('ecs', resource), now });
    const host = `${this.account}.dkr.ecr.${this.region}.${this.domain}`;
    this.registry = new Registry(
      host,
      (name) => this.arn('ecr', `repository/${name}`),
      now,
      this.ids,
      (repository, tag) => this.images.behaviourOf(repository, tag),
    );
    this.downloads = options.downloads ?? new Downloads();
    this.images = new ImageCatalogue(this.registry, options.conventionOf);
    this.logs = new LogStore(now);
    this.alarms = new Alarms((name) => this.arn('cloudwatch', `alarm:${name}`), now);
    this.roles = new Roles((name) => this.role(name), now);
    this.lagSeconds = options.lagSeconds ?? 0;
    this.onChange = options.onChange;
  }

  /** `aws`, `aws-cn` or `aws-us-gov`, as the region says. */
  get partition(): string {
    if (this.region.startsWith('cn-')) return 'aws-cn';
    return this.region.startsWith('us-gov-') ? 'aws-us-gov' : 'aws';
  }

  get domain(): string {
    return this.partition === 'aws-cn' ? 'amazonaws.com.cn' : 'amazonaws.com';
  }

  arn(service: string, resource: string): string {
    return `arn:${this.partition}:${service}:${this.region}:${this.account}:${resource}`;
  }

  /** Announces that something about a service or one of its tasks has changed: the scheduler deals with it soon. */
  changed(service: Service): void {
    this.onChange(this, service);
  }

  /** The ARN of an IAM role of this account. */
  role(name: string): string {
    return `arn:${this.partition}:iam::${this.account}:role/${name}`;
  }

  addCluster(name: string): Cluster {
    const cluster = new EcsCluster(name, this.arn('ecs', `cluster/${name}`));
    this.clusters.set(name, cluster);
    return cluster;
  }

  /** A cluster by name or ARN; `default` when none is named. */
  findCluster(nameOrArn = 'default'): Cluster | undefined {
    return this.clusters.get(nameOrArn) ?? [...this.clusters.values()].find(({ arn }) => arn === nameOrArn);
  }

  /** A cluster by name or ARN. Throws ClusterNotFoundException as ECS does. */
  cluster(nameOrArn?: string): Cluster {
    const cluster = this.findCluster(nameOrArn);
    if (cluster === undefined) throw new AwsError('ClusterNotFoundException', 'Cluster not found.');
    return cluster;
  }

  /** The services of all clusters. */
  services(): Service[] {
    return [...this.clusters.values()].flatMap((cluster) => [...cluster.services.values()]);
  }
}
