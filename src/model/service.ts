/** Services, images and rollouts as they are seen. */
import type { Service } from '@aws-sdk/client-ecs';
import type { JsonObject, TaskDefinition } from './task-definition.ts';

/** An image as this run deploys it. */
export interface DeployedImage {
  /** What goes into the task definition: by digest wherever the digest is known. */
  readonly reference: string;
  readonly digest: string | undefined;
  /** The tag that led to the digest, for people. */
  readonly tag: string | undefined;
  /** Host of the registry when it is ECR. */
  readonly registry: string | undefined;
  /** The image does not exist yet, and the reference stands for it. */
  readonly toBeBuilt?: boolean;
}

/** How an image of this run was built, for people. */
export interface BuildFacts {
  /** An image of this commit and these inputs was there already, and nothing was built. */
  readonly reused: boolean;
  readonly seconds: number;
  readonly steps: { readonly total: number; readonly cached: number } | undefined;
  readonly sizeBytes: number | undefined;
  readonly digest: string | undefined;
  readonly tags: readonly string[];
  readonly platforms: readonly string[];
}

/** What a build leaves behind: the post step removes it. */
export interface DockerLeftovers {
  readonly folder: string;
  readonly builder: string | undefined;
}

/** The images of this run: one for the chosen containers, or one for each named container. */
export type ProvidedImages =
  | { readonly kind: 'none' }
  | { readonly kind: 'one'; readonly image: DeployedImage }
  | { readonly kind: 'by-container'; readonly images: Readonly<Record<string, DeployedImage>> };

/** What runs in one container, after ECS resolved its tag (DescribeServiceRevisions, containerImages). */
export interface RunningImage {
  readonly container: string;
  readonly image: string;
  readonly digest: string | undefined;
}

/** A revision that a service can be sent back to. */
export interface GoodRevision {
  readonly taskDefinitionArn: string;
  /** Undefined where service deployments cannot be read. */
  readonly serviceDeploymentArn: string | undefined;
  readonly serviceRevisionArn: string | undefined;
  /** The images that it ran with. */
  readonly images: readonly RunningImage[];
}

/** A deployment of the service that ECS remembers (for 90 days), and what became of it. */
export interface PastDeployment extends GoodRevision {
  /**
   * `failed`: it failed, was rolled back, or was stopped by somebody. `superseded`: a newer one took its place before its
   * end, which is no verdict. `open`: it is under way.
   */
  readonly verdict: 'good' | 'failed' | 'superseded' | 'open';
  /** ECS is rolling it back, or has. */
  readonly rolledBack: boolean;
  /** Milliseconds, by AWS's clock. */
  readonly finishedAt: number | undefined;
}

export interface TargetGroupAttachment {
  readonly targetGroupArn: string;
  /** The other group of a blue/green service: the two take turns. */
  readonly alternateTargetGroupArn: string | undefined;
  readonly containerName: string | undefined;
  readonly containerPort: number | undefined;
}

/** Names of one service, as every call and link about it needs them. */
export interface ServiceAddress {
  readonly cluster: string;
  readonly name: string;
  readonly arn: string;
  readonly region: string;
  readonly partition: string;
  readonly accountId: string;
}

/** ECS's deployment circuit breaker, as the service configures it. */
export interface Breaker {
  readonly enabled: boolean;
  /** When it triggers, ECS goes back to the last completed deployment by itself. */
  readonly rollsBack: boolean;
  /** A task that becomes healthy takes back the failures before it; ECS's default. */
  readonly resetOnHealthyTask: boolean;
  /** How many failed tasks trigger it (ECS API, DeploymentCircuitBreaker). */
  readonly rule: { readonly type: 'COUNT' | 'BOUNDED_PERCENT' | 'UNBOUNDED_PERCENT'; readonly value: number };
}

/** Where a service's tasks run, in ECS's own words, so that a task beside it runs in the same place. */
export type Placement = Readonly<
  Pick<Service, 'networkConfiguration' | 'launchType' | 'capacityProviderStrategy' | 'platformVersion'>
>;

/** How ECS replaces a service's tasks. */
export interface DeploymentSettings {
  /** `ROLLING`, `BLUE_GREEN`, `LINEAR`, `CANARY`. */
  readonly strategy: string;
  readonly minimumHealthyPercent: number;
  readonly maximumPercent: number;
  /** CloudWatch alarms that fail a deployment; none where ECS does not watch them. */
  readonly alarms: readonly string[];
  /** When one of them goes into ALARM, ECS goes back to the last completed deployment by itself. */
  readonly alarmsRollBack: boolean;
  /** ECS calls a rolling update successful before all new tasks are there and all old ones gone. */
  readonly earlySuccess?: true;
}

/** How CodeDeploy shifts production traffic (API reference, TrafficRoutingConfig). */
export type TrafficRouting =
  | { readonly kind: 'all-at-once' }
  | { readonly kind: 'canary' | 'linear'; readonly percent: number; readonly minutes: number };

/** What CodeDeploy is told beside the revision, as far as the inputs say it. */
export interface CodeDeployOrder {
  readonly config: string | undefined;
  readonly description: string | undefined;
  /** The AppSpec of the user as it is written; undefined: one is made. */
  readonly appSpec: JsonObject | undefined;
  /** Away from what failed, or what a person wants no more. */
  readonly leadsBack?: true;
}

/** A deployment of the group that has not ended. */
export interface OpenCodeDeployment {
  readonly id: string;
  readonly status: string;
  /** Undefined where its AppSpec cannot be read. */
  readonly taskDefinitionArn: string | undefined;
  /** All traffic is shifted, and it only keeps the old tasks for a while. */
  readonly isShifted: boolean;
  /** The revision whose task set it replaces, and which gets the traffic back; undefined where none is left. */
  readonly before: string | undefined;
}

/** How CodeDeploy deploys a service: what its deployment group says, and what the inputs say. */
export interface CodeDeploySettings {
  readonly application: string;
  readonly group: string;
  readonly config: string;
  /** Undefined where the configuration cannot be read. */
  readonly routing: TrafficRouting | undefined;
  /** Minutes for which a deployment waits to be continued before traffic shifts; undefined: it does not wait. */
  readonly readyMinutes: number | undefined;
  /** Minutes for which the old tasks stay once all traffic is shifted. */
  readonly terminationMinutes: number;
  /** Events after which CodeDeploy rolls back by itself; none where that is switched off. */
  readonly rollsBackOn: readonly string[];
  /** Lifecycle events with a Lambda function in the AppSpec of the user. */
  readonly hooks: readonly string[];
  readonly order: CodeDeployOrder;
  /** The newest deployment before this run. */
  readonly lastId: string | undefined;
  readonly open: OpenCodeDeployment | undefined;
}

/** One service as the survey found it, before anything was touched. */
export interface ServiceSnapshot {
  readonly address: ServiceAddress;
  readonly desiredCount: number;
  readonly schedulingStrategy: string;
  /** `id` of the PRIMARY entry of `deployments[]`. */
  readonly primaryId: string | undefined;
  /** When ECS made that entry, in milliseconds since 1970, by AWS's clock; left out where that is not known. */
  readonly primarySince?: number | undefined;
  /** State of the deployment that made the current revision. */
  readonly rollout: 'complete' | 'in-progress' | 'failed';
  readonly taskDefinitionArn: string;
  /** The service deployment that made the current revision; undefined where it cannot be read. */
  readonly currentServiceDeploymentArn: string | undefined;
  /** Service deployments that existed before this run. */
  readonly knownServiceDeployments: readonly string[];
  readonly lastGood: GoodRevision | undefined;
  /** Newest first; empty where service deployments cannot be read. */
  readonly past: readonly PastDeployment[];
  /** Of the deployment that is under way where there is one, otherwise of what is complete. */
  readonly running: readonly RunningImage[];
  readonly targetGroups: readonly TargetGroupAttachment[];
  /** VPC Lattice sends it traffic, too; its targets are not asked. */
  readonly behindLattice?: boolean;
  readonly placement: Placement;
  readonly enableEcsManagedTags: boolean | undefined;
  readonly propagateTags: string | undefined;
  readonly breaker: Breaker;
  readonly deployment: DeploymentSettings;
  /** What a deployment that shifts traffic will do, as a clause; undefined for a rolling update. */
  readonly strategy?: string;
  /** Minutes that a native strategy takes for its bake and its steps alone; 0 for a rolling update. */
  readonly strategyMinutes: number;
  /** Test traffic reaches the new revision before production traffic does. */
  readonly hasTestTraffic?: boolean;
  /** Ids of the service events that were there already. */
  readonly knownEvents: readonly string[];
  /** Undefined where ECS deploys the service. */
  readonly codeDeploy?: CodeDeploySettings;
}

/** One rollout of ours (or adopted): what to follow and what to prove. */
export interface Rollout {
  readonly snapshot: ServiceSnapshot;
  readonly taskDefinitionArn: string;
  /** `id` of our entry in `deployments[]`; the `startedBy` of our tasks. */
  readonly deploymentId: string;
  /** As `primarySince`, of that entry; left out for a task set of CodeDeploy, which may go back to an older one. */
  readonly createdAt?: number | undefined;
  readonly serviceDeploymentArn: string | undefined;
  readonly definition: TaskDefinition;
  /** False where UpdateService changed counts or tags only and ECS made no new deployment. */
  readonly replacesTasks: boolean;
  /** Ids of our tasks that had failed by the time the rollout was complete: they count no more. */
  readonly knownFailures?: readonly string[];
  /** Adopted: the same revision was already on its way when this run began. */
  readonly adopted: boolean;
  /** Of an adopted one: an update of this run changed settings of the service, and nothing else. */
  readonly hasUpdated?: boolean;
  /** Adopted by a person who lets it go on (`mode: promote`): what its tasks did before this run counts as well. */
  readonly countsFromStart?: true;
  /** The deployment of CodeDeploy, where that deploys the service; `deploymentId` is that of its task set then. */
  readonly codeDeploymentId?: string;
  /** CodeDeploy was asked to stop it and to roll it back. */
  readonly isAskedBack?: true;
}

/** What a service costs. */

/** What the tasks of a service cost a month on Fargate, or why that cannot be said. */
export type MonthlyCost =
  | {
      readonly kind: 'known';
      /** US dollars for 730 hours, on demand, without tax and discounts. */
      readonly dollars: number;
      readonly tasks: number;
      /** Of one task. */
      readonly vcpu: number;
      readonly gigabytes: number;
      readonly architecture: Architecture;
      /** Ephemeral storage of one task in GiB; the first 20 are free. */
      readonly storageGigabytes: number;
      /** Month of the prices, such as `2026-04`. */
      readonly asOf: string;
    }
  | { readonly kind: 'unknown'; readonly why: string };

export type Architecture = 'x86' | 'ARM';

/** What a run makes of the cost of one service. */
export interface ServiceCost {
  readonly service: string;
  readonly region: string;
  /** Undefined where it is not known what the service runs now. */
  readonly before: MonthlyCost | undefined;
  readonly after: MonthlyCost;
  /** What the figure leaves out, such as Spot discounts; for people. */
  readonly note: string | undefined;
}
