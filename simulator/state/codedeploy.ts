/** The records of CodeDeploy: applications, deployment groups of ECS services, their deployments. */
import type { JsonObject } from './json.ts';
import type { Deployment as TaskSet } from './model.ts';

export interface Application {
  readonly name: string;
  readonly id: string;
  readonly computePlatform: 'ECS' | 'Lambda' | 'Server';
  readonly createdAt: number;
  readonly groups: Map<string, DeploymentGroup>;
  /** The content of each revision, by its SHA-256. */
  readonly revisions: Map<string, string>;
}

/** A deployment group; structures are kept as they were given. */
export interface DeploymentGroup {
  readonly id: string;
  readonly name: string;
  readonly application: Application;
  readonly configName: string;
  readonly serviceRoleArn: string;
  readonly clusterName: string;
  readonly serviceName: string;
  readonly blueGreen: JsonObject;
  readonly autoRollback: JsonObject;
  readonly alarms: JsonObject;
  readonly loadBalancerInfo: JsonObject;
}

/** How the production traffic goes over. API reference, TrafficRoutingConfig. */
export type TrafficRouting =
  | { readonly type: 'AllAtOnce' }
  | { readonly type: 'TimeBasedCanary'; readonly percentage: number; readonly minutes: number }
  | { readonly type: 'TimeBasedLinear'; readonly percentage: number; readonly minutes: number };

export interface DeploymentConfig {
  readonly name: string;
  readonly id: string;
  readonly computePlatform: 'ECS' | 'Lambda' | 'Server';
  readonly createdAt: number;
  readonly routing: TrafficRouting;
}

export type CodeDeployStatus =
  'Created' | 'Queued' | 'InProgress' | 'Baking' | 'Ready' | 'Succeeded' | 'Failed' | 'Stopped';

export interface LifecycleEvent {
  readonly name: string;
  status: 'Pending' | 'InProgress' | 'Succeeded' | 'Failed' | 'Skipped';
  startedAt: number | undefined;
  endedAt: number | undefined;
  diagnostics: { readonly errorCode: string; readonly message: string } | undefined;
}

/** What the AppSpec of a revision says. */
export interface AppSpec {
  readonly taskDefinition: string;
  readonly containerName: string;
  readonly containerPort: number;
  readonly platformVersion: string | undefined;
  readonly networkConfiguration: JsonObject | undefined;
  /** The Lambda function of each lifecycle event that has one. */
  readonly hooks: ReadonlyMap<string, string>;
}

export interface CodeDeployment {
  readonly id: string;
  readonly group: DeploymentGroup;
  readonly config: DeploymentConfig;
  readonly creator: 'user' | 'codeDeployRollback';
  readonly description: string | undefined;
  readonly content: string;
  readonly sha256: string;
  readonly spec: AppSpec;
  readonly autoRollback: JsonObject;
  readonly alarms: JsonObject;
  readonly createdAt: number;
  /** The deployment that this one takes back. */
  readonly rollbackOf: CodeDeployment | undefined;
  readonly events: LifecycleEvent[];
  startedAt: number | undefined;
  completedAt: number | undefined;
  updatedAt: number;
  status: CodeDeployStatus;
  error: { readonly code: string; readonly message: string } | undefined;
  rollback: CodeDeployment | undefined;
  rollbackMessage: string | undefined;
  terminationWaitStarted: boolean;
  blue: TaskSet | undefined;
  green: TaskSet | undefined;
  /** Cancels what it waits for. */
  cancel: () => void;
  /** Begins what ContinueDeployment lets go on. */
  proceed: (() => void) | undefined;
}

/** CodeDeploy of one account and region. */
export class CodeDeployStore {
  readonly applications = new Map<string, Application>();
  readonly configs = new Map<string, DeploymentConfig>();
  /** Oldest first. */
  readonly deployments: CodeDeployment[] = [];
}
