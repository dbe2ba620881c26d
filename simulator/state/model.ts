/** The records of ECS. Instants are milliseconds; what callers see is made of them in api/ecs/. */
import type { Target, TargetGroup } from './balancing.ts';
import type { ImageBehaviour } from './image-behaviour.ts';
import type { FoundImage } from './image-catalogue.ts';
import type { JsonObject } from './json.ts';

/** A cluster: its services by name, its tasks by ARN. Stopped tasks stay among them for a while. */
export interface Cluster {
  readonly name: string;
  readonly arn: string;
  readonly services: Map<string, Service>;
  readonly tasks: Map<string, Task>;
  tags: JsonObject[];
  settings: JsonObject[];
  capacityProviders: readonly string[];
  /** A service by name or ARN, whatever its status; undefined when there never was one. */
  find(nameOrArn: string): Service | undefined;
  /** A service by name, for tests and operators. Throws a plain error when there is none. */
  service(name: string): Service;
  /** The visible tasks of a service, oldest first. */
  tasksOf(service: Service): Task[];
}

export interface TaskDefinition {
  readonly family: string;
  readonly revision: number;
  readonly arn: string;
  /** The definition as registered, with the defaults that ECS fills in. */
  readonly body: JsonObject;
  readonly containers: readonly JsonObject[];
  tags: JsonObject[];
  status: 'ACTIVE' | 'INACTIVE';
  readonly registeredAt: number;
  deregisteredAt: number | undefined;
}

export type RolloutState = 'IN_PROGRESS' | 'COMPLETED' | 'FAILED';

export type ServiceDeploymentStatus =
  | 'PENDING'
  | 'IN_PROGRESS'
  | 'SUCCESSFUL'
  | 'STOPPED'
  | 'STOP_REQUESTED'
  | 'ROLLBACK_REQUESTED'
  | 'ROLLBACK_IN_PROGRESS'
  | 'ROLLBACK_SUCCESSFUL'
  | 'ROLLBACK_FAILED';

/** What a service looked like when a deployment of it began; never changed afterwards. */
export interface ServiceRevision {
  readonly arn: string;
  readonly digits: string;
  readonly definition: TaskDefinition;
  readonly settings: ServiceSettings;
  /** The target group of each load balancer setting: deployments that shift traffic alternate between two. */
  readonly groupArns: readonly string[];
  /** Version consistency: tags as they were resolved when the deployment began. */
  readonly images: ReadonlyMap<string, { readonly image: string; readonly digest: string | undefined }>;
  readonly createdAt: number;
}

/** One entry of a service's `deployments`. */
export interface Deployment {
  readonly id: string;
  readonly revision: ServiceRevision;
  readonly serviceDeployment: ServiceDeployment;
  readonly createdAt: number;
  updatedAt: number;
  rolloutState: RolloutState;
  rolloutStateReason: string;
  failedTasks: number;
  /** Launches in a row that did not reach RUNNING; they slow the next one down. */
  failedLaunches: number;
  throttledUntil: number;
  /** Since when it only bakes. */
  steadySince: number | undefined;
  /** No task is started for it any more: failed without rollback, or nothing to go back to. */
  stalled: boolean;
  /** The event about percentages that allow no step was given. */
  blockedEventSent: boolean;
  /** Of a task set that CodeDeploy made; the first one of a service has none. */
  taskSet?: { readonly externalId: string | undefined; readonly scale: number };
}

export type MonitorStatus = 'DISABLED' | 'MONITORING' | 'MONITORING_COMPLETE' | 'TRIGGERED';

export interface CircuitBreaker {
  readonly rollback: boolean;
  readonly resetOnHealthyTask: boolean;
  readonly threshold: number;
  status: MonitorStatus;
  failureCount: number;
}

export type LifecycleStage =
  | 'RECONCILE_SERVICE'
  | 'PRE_SCALE_UP'
  | 'SCALE_UP'
  | 'POST_SCALE_UP'
  | 'TEST_TRAFFIC_SHIFT'
  | 'POST_TEST_TRAFFIC_SHIFT'
  | 'PRE_PRODUCTION_TRAFFIC_SHIFT'
  | 'PRODUCTION_TRAFFIC_SHIFT'
  | 'POST_PRODUCTION_TRAFFIC_SHIFT'
  | 'BAKE_TIME'
  | 'CLEAN_UP';

/** A hook that was reached: a deployment does not leave its stage before it has succeeded. */
export interface Hook {
  readonly id: string;
  readonly stage: LifecycleStage;
  readonly targetType: 'AWS_LAMBDA' | 'PAUSE';
  readonly targetArn: string | undefined;
  readonly expiresAt: number;
  readonly timeoutAction: 'CONTINUE' | 'ROLLBACK';
  status: 'AWAITING_ACTION' | 'IN_PROGRESS' | 'SUCCEEDED' | 'FAILED' | 'TIMED_OUT';
}

/** Where a deployment that shifts traffic is. */
export interface Lifecycle {
  stage: LifecycleStage;
  /** How many steps of the production traffic shift are done. */
  steps: number;
  /** When the stage, or the last step of it, began. */
  since: number;
  readonly hooks: Hook[];
}

export interface DeploymentAlarms {
  readonly rollback: boolean;
  readonly names: readonly string[];
  readonly triggered: string[];
  status: MonitorStatus;
}

export interface ServiceDeployment {
  readonly arn: string;
  readonly service: Service;
  readonly target: ServiceRevision;
  readonly sources: readonly ServiceRevision[];
  readonly configuration: JsonObject;
  readonly breaker: CircuitBreaker;
  readonly alarms: DeploymentAlarms;
  readonly lifecycle: Lifecycle | undefined;
  readonly createdAt: number;
  startedAt: number | undefined;
  finishedAt: number | undefined;
  stoppedAt: number | undefined;
  updatedAt: number;
  status: ServiceDeploymentStatus;
  statusReason: string | undefined;
  rollback:
    { readonly reason: string; readonly startedAt: number; readonly revision: ServiceRevision } | undefined;
}

/** The part of a service that UpdateService may change. Structures are kept as they were given. */
export interface ServiceSettings {
  readonly launchType: string | undefined;
  readonly capacityProviderStrategy: JsonObject[] | undefined;
  readonly platformVersion: string | undefined;
  readonly networkConfiguration: JsonObject | undefined;
  readonly loadBalancers: readonly JsonObject[];
  readonly serviceRegistries: readonly JsonObject[];
  readonly healthCheckGracePeriodSeconds: number | undefined;
  readonly deploymentConfiguration: JsonObject;
  readonly enableECSManagedTags: boolean;
  readonly propagateTags: string | undefined;
  readonly enableExecuteCommand: boolean;
  readonly placementConstraints: readonly JsonObject[];
  readonly placementStrategy: readonly JsonObject[];
  readonly availabilityZoneRebalancing: string;
  readonly serviceConnectConfiguration: JsonObject | undefined;
  readonly volumeConfigurations: JsonObject[] | undefined;
  readonly vpcLatticeConfigurations: readonly JsonObject[];
}

export interface ServiceEvent {
  readonly id: string;
  readonly createdAt: number;
  readonly message: string;
}

export interface Service {
  readonly name: string;
  readonly arn: string;
  readonly cluster: Cluster;
  readonly controller: 'ECS' | 'CODE_DEPLOY' | 'EXTERNAL';
  readonly schedulingStrategy: 'REPLICA' | 'DAEMON';
  readonly createdAt: number;
  tags: JsonObject[];
  status: 'ACTIVE' | 'DRAINING' | 'INACTIVE';
  /** Of a daemon service: the number of container instances. */
  desiredCount: number;
  settings: ServiceSettings;
  /** The newest is the PRIMARY one, the others are ACTIVE until their last task is gone. */
  deployments: Deployment[];
  /** Newest first. */
  serviceDeployments: ServiceDeployment[];
  revisions: ServiceRevision[];
  /** Revisions whose deployment completed, oldest first: where a rollback leads. */
  completed: ServiceRevision[];
  events: ServiceEvent[];
  /** The last event about the service as a whole was that it is steady. */
  steady: boolean;
  /** The next round of the scheduler is planned. */
  roundScheduled: boolean;
}

export type TaskStatus =
  | 'PROVISIONING'
  | 'PENDING'
  | 'ACTIVATING'
  | 'RUNNING'
  | 'DEACTIVATING'
  | 'STOPPING'
  | 'DEPROVISIONING'
  | 'STOPPED';

export type StopCode =
  | 'TaskFailedToStart'
  | 'EssentialContainerExited'
  | 'UserInitiated'
  | 'ServiceSchedulerInitiated'
  | 'SpotInterruption';

export interface Container {
  readonly name: string;
  readonly arn: string;
  readonly definition: JsonObject;
  readonly image: string;
  /** Undefined when the image cannot be found. */
  readonly found: FoundImage | undefined;
  /** What it does: its image's behaviour, or that of the command it was given. */
  readonly behaviour: ImageBehaviour;
  digest: string | undefined;
  runtimeId: string | undefined;
  lastStatus: 'PENDING' | 'RUNNING' | 'STOPPED';
  healthStatus: 'HEALTHY' | 'UNHEALTHY' | 'UNKNOWN';
  exitCode: number | undefined;
  reason: string | undefined;
}

export interface Task {
  readonly id: string;
  readonly arn: string;
  readonly cluster: Cluster;
  readonly service: Service | undefined;
  readonly revision: ServiceRevision | undefined;
  readonly definition: TaskDefinition;
  readonly startedBy: string | undefined;
  readonly group: string;
  readonly containers: readonly Container[];
  readonly overrides: JsonObject;
  readonly network: {
    readonly ip: string;
    readonly eni: string;
    readonly attachment: string;
    readonly subnet: string;
    readonly mac: string;
    /** Counted up: spreads tasks over instances and their ports. */
    readonly serial: number;
  };
  readonly tags: JsonObject[];
  readonly createdAt: number;
  pullStartedAt: number | undefined;
  pullStoppedAt: number | undefined;
  startedAt: number | undefined;
  stoppingAt: number | undefined;
  executionStoppedAt: number | undefined;
  stoppedAt: number | undefined;
  lastStatus: TaskStatus;
  desiredStatus: 'RUNNING' | 'STOPPED';
  stopCode: StopCode | undefined;
  stoppedReason: string | undefined;
  version: number;
  /** It has passed every health check that applies to it. */
  wasHealthy: boolean;
  targets: { readonly group: TargetGroup; readonly target: Target }[];
  /** ECS could not register it in a target group. */
  isUnregistered?: boolean;
  cancel: (() => void)[];
}
