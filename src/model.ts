/**
 * The types that cross rooms: what was asked (`Request`), what was seen (`ServiceSnapshot`), and what came of
 * it (`Outcome`). No behaviour lives here.
 */
import type { Service } from '@aws-sdk/client-ecs';

// ---------------------------------------------------------------------------------------------- the request

export const MODES = ['deploy', 'plan', 'rollback'] as const;
export type Mode = (typeof MODES)[number];

/** Everything the user asked for: read once, validated, never changed. */
export interface Request {
  readonly mode: Mode;
  /** `undefined`: whatever the AWS SDK's own chain finds. */
  readonly region: string | undefined;
  /** Name or ARN. */
  readonly cluster: string;
  /** Names or ARNs; empty: register only. */
  readonly services: readonly string[];
  readonly image: ImageSource;
  /** As given, with any image source: where no container is named, the one whose image is in it is meant. */
  readonly ecrRepository?: string | undefined;
  readonly build: BuildOptions;
  /** Account ids of further ECR registries to log in to. */
  readonly registries: readonly string[];
  readonly definition: DefinitionRequest;
  readonly preDeploy: PreDeployRequest | undefined;
  readonly rollout: RolloutRequest;
  readonly gate: GateRequest;
  readonly report: ReportRequest;
}

/** Where the image of this run comes from. `repository` is a repository name or a full repository URI. */
export type ImageSource =
  | { readonly kind: 'none' }
  | { readonly kind: 'reference'; readonly reference: string }
  | { readonly kind: 'by-container'; readonly references: Readonly<Record<string, string>> }
  | { readonly kind: 'existing-tag'; readonly repository: string; readonly tag: string }
  | { readonly kind: 'build'; readonly repository: string; readonly context: string };

/** As in docker/build-push-action; meaningful with `image.kind: 'build'` only. */
export interface BuildOptions {
  readonly file: string | undefined;
  readonly target: string | undefined;
  readonly platforms: readonly string[];
  readonly buildArgs: readonly string[];
  readonly buildContexts: readonly string[];
  readonly secrets: readonly string[];
  readonly secretFiles: readonly string[];
  readonly secretEnvs: readonly string[];
  readonly tags: readonly string[];
  readonly labels: readonly string[];
  readonly cacheFrom: readonly string[];
  readonly cacheTo: readonly string[];
  readonly cache: 'gha' | 'registry' | 'none';
  readonly reuseImage: boolean;
  readonly provenance: string;
  readonly sbom: string;
  readonly pull: boolean;
  readonly noCache: boolean;
  readonly builder: string | undefined;
  readonly buildkitImage: string | undefined;
  readonly buildxArgs: readonly string[];
}

/** The task definition to start from. */
export type DefinitionBase =
  | { readonly kind: 'latest-of-service' }
  | { readonly kind: 'running' }
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'family'; readonly family: string }
  | { readonly kind: 'revision'; readonly reference: string };

/** A map merged by name: `set` adds or replaces, `remove` lists the names that go. */
export interface NamedChanges {
  readonly set: Readonly<Record<string, string>>;
  readonly remove: readonly string[];
}

export interface DefinitionRequest {
  readonly base: DefinitionBase;
  /** Empty: chosen by the rule in the contract. */
  readonly containers: readonly string[];
  readonly environment: NamedChanges;
  readonly secrets: NamedChanges;
  readonly environmentMode: 'merge' | 'replace';
  readonly envFiles: readonly string[];
  readonly dockerLabels: NamedChanges;
  readonly logDriver: string | undefined;
  readonly logOptions: NamedChanges;
  readonly command: readonly string[] | undefined;
  readonly taskRoleArn: string | undefined;
  readonly executionRoleArn: string | undefined;
  readonly cpu: string | undefined;
  readonly memory: string | undefined;
  /** Names whose values may be shown in diffs. */
  readonly showEnvironmentValues: readonly string[];
}

export interface PreDeployRequest {
  readonly command: readonly string[];
  readonly container: string | undefined;
  readonly timeoutMinutes: number;
}

export interface RolloutRequest {
  readonly desiredCount: number | undefined;
  readonly forceNewDeployment: boolean | undefined;
  readonly enableEcsManagedTags: boolean | undefined;
  readonly propagateTags: 'SERVICE' | 'TASK_DEFINITION' | 'NONE' | undefined;
  readonly wait: boolean;
  readonly waitMinutes: number;
  readonly pollSeconds: number;
  readonly preflight: 'fail' | 'warn' | 'off';
  readonly failFast: boolean;
  readonly failedTaskLimit: number | 'auto';
  readonly onFailure: 'rollback' | 'rollback-all' | 'leave';
  readonly onCancel: 'leave' | 'rollback';
}

export interface GateRequest {
  readonly http: HttpCheck | undefined;
  /** How long targets and the URL may take after the rollout. */
  readonly deadlineSeconds: number;
  readonly alarms: readonly string[];
  readonly bakeMinutes: number;
}

export interface HttpCheck {
  readonly url: string;
  /** Inclusive ranges. */
  readonly statuses: readonly StatusRange[];
  readonly body: BodyExpectation | undefined;
  /** Paths such as `version` or `checks.0.name`, each with the value it must have. */
  readonly json: Readonly<Record<string, string>>;
  /** Sent to the URL's own origin only; the values are secrets. */
  readonly headers: Readonly<Record<string, string>>;
  readonly successes: number;
  readonly failures: number;
  readonly intervalSeconds: number;
  readonly timeoutSeconds: number;
}

export interface StatusRange {
  readonly from: number;
  readonly to: number;
}

export type BodyExpectation =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'pattern'; readonly source: string; readonly flags: string };

export interface ReportRequest {
  readonly summary: boolean;
  readonly prComment: 'auto' | 'true' | 'false' | 'on-failure';
  readonly commentKey: string | undefined;
  readonly prNumber: number | undefined;
  readonly githubToken: string | undefined;
  readonly failureLogLines: number;
}

// ------------------------------------------------------------------------------------------- task definitions

export type Json = null | boolean | number | string | readonly Json[] | JsonObject;
export interface JsonObject {
  readonly [field: string]: Json | undefined;
}

/**
 * A container definition as it goes over the wire. Only the fields that this project reads are named; all others
 * travel with it untouched, known to the SDK's model or not.
 */
export interface ContainerDefinition extends JsonObject {
  readonly name: string;
  readonly image: string;
}

/** What RegisterTaskDefinition takes, as it goes over the wire: no read-only fields; tags included. */
export interface TaskDefinition extends JsonObject {
  readonly family: string;
  readonly containerDefinitions: readonly ContainerDefinition[];
}

/** One difference between two task definitions, ready to be shown: environment values are already hidden. */
export interface DefinitionChange {
  /** Such as `containerDefinitions[web].environment[LOG_LEVEL]`. */
  readonly path: string;
  readonly kind: 'added' | 'removed' | 'changed';
  readonly before?: string;
  readonly after?: string;
}

/** The revision of this run. */
export interface RegisteredDefinition {
  readonly arn: string;
  /** For people: where its base came from. */
  readonly origin: string;
  /** This run registered it; otherwise it was there already. */
  readonly registered: boolean;
  /** It did not end up deployed, and was deregistered again. */
  readonly deregistered: boolean;
  /** Against what the (first) service ran. */
  readonly changes: readonly DefinitionChange[];
}

// ----------------------------------------------------------------------------------------------- the services

/** An image as this run deploys it. */
export interface DeployedImage {
  /** What goes into the task definition: by digest wherever the digest is known. */
  readonly reference: string;
  readonly digest: string | undefined;
  /** The tag that led to the digest, for people. */
  readonly tag: string | undefined;
  /** Host of the registry when it is ECR. */
  readonly registry: string | undefined;
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
  /** ECS goes back to the last completed deployment by itself, for its breaker or for alarms. */
  readonly rollsBack: boolean;
  /** Failed tasks at which it triggers, at the present desired count. */
  readonly threshold: number;
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
}

/** One service as the survey found it, before anything was touched. */
export interface ServiceSnapshot {
  readonly address: ServiceAddress;
  readonly desiredCount: number;
  readonly schedulingStrategy: string;
  /** `id` of the PRIMARY entry of `deployments[]`. */
  readonly primaryId: string | undefined;
  /** State of the deployment that made the current revision. */
  readonly rollout: 'complete' | 'in-progress' | 'failed';
  readonly taskDefinitionArn: string;
  /** The service deployment that made the current revision; undefined where it cannot be read. */
  readonly currentServiceDeploymentArn: string | undefined;
  /** Service deployments that existed before this run. */
  readonly knownServiceDeployments: readonly string[];
  readonly lastGood: GoodRevision | undefined;
  readonly running: readonly RunningImage[];
  readonly targetGroups: readonly TargetGroupAttachment[];
  readonly placement: Placement;
  readonly enableEcsManagedTags: boolean | undefined;
  readonly propagateTags: string | undefined;
  readonly breaker: Breaker;
  readonly deployment: DeploymentSettings;
  /** Minutes that a native strategy takes for its bake and its steps alone; 0 for a rolling update. */
  readonly strategyMinutes: number;
  /** Ids of the service events that were there already. */
  readonly knownEvents: readonly string[];
}

/** One rollout of ours (or adopted): what to follow and what to prove. */
export interface Rollout {
  readonly snapshot: ServiceSnapshot;
  readonly taskDefinitionArn: string;
  /** `id` of our entry in `deployments[]`; the `startedBy` of our tasks. */
  readonly deploymentId: string;
  readonly serviceDeploymentArn: string | undefined;
  readonly definition: TaskDefinition;
  /** False where UpdateService changed counts or tags only and ECS made no new deployment. */
  readonly replacesTasks: boolean;
  /** Adopted: the same revision was already on its way when this run began. */
  readonly adopted: boolean;
}

// ------------------------------------------------------------------------------------------- preflight checks

/** What a preflight check found. */
export interface CheckResult {
  /** For people, such as `log group`. */
  readonly check: string;
  readonly state: 'OK' | 'FAILED' | 'WARNING' | 'SKIPPED';
  readonly detail: string;
  /** SKIPPED because the credentials may not look; `detail` is the permission that they lack. */
  readonly denied: boolean;
}

// ----------------------------------------------------------------------------------------------- the outcomes

/** Best first. The worst of several services is the one further down. */
export const RESULTS = [
  'unchanged',
  'succeeded',
  'registered',
  'planned',
  'started',
  'rolled-back',
  'superseded',
  'cancelled',
  'timed-out',
  'failed',
] as const;
export type Result = (typeof RESULTS)[number];

/** The contract's closed list. */
export const CAUSES = [
  'invalid-input',
  'cluster-not-found',
  'service-not-found',
  'service-inactive',
  'unsupported-controller',
  'register-refused',
  'preflight-failed',
  'build-failed',
  'push-failed',
  'pre-deploy-task-failed',
  'image-not-found',
  'image-pull-denied',
  'image-wrong-platform',
  'registry-rate-limit',
  'network-unreachable',
  'secret-unavailable',
  'log-group-missing',
  'storage',
  'out-of-memory',
  'app-crashed',
  'bad-command',
  'container-health-check-failed',
  'target-health-check-failed',
  'digest-mismatch',
  'http-check-failed',
  'alarm',
  'capacity',
  'circuit-breaker',
  'deployment-stopped',
  'rollback-failed',
  'timeout',
  'superseded',
  'credentials-expired',
  'access-denied',
  'throttled',
  'cancelled',
  'unknown',
] as const;
export type Cause = (typeof CAUSES)[number];

/** One observed fact that supports a verdict. `log` evidence goes to the job log and the summary only. */
export interface Evidence {
  readonly kind:
    'status' | 'stopped-task' | 'event' | 'target' | 'http' | 'digest' | 'log' | 'error' | 'first-cause';
  readonly text: string;
}

/** What stands between one service and success, while it can still be mended. */
export interface Trouble {
  /** The result if nothing is done about it. */
  readonly result: Result;
  readonly cause: Cause;
  /** Completes the sentence "the deployment of backend:8 …". */
  readonly reason: string;
  readonly hint: string | undefined;
  readonly evidence: readonly Evidence[];
  /**
   * What can be done: `roll-back` if the request wants that; `follow-ecs`, which is rolling back by itself; `leave`:
   * it is not ours to undo; `done`: it was undone already.
   */
  readonly remedy: 'roll-back' | 'follow-ecs' | 'leave' | 'done';
}

/** How it ended for one service. */
export interface ServiceOutcome {
  readonly result: Result;
  readonly cause: Cause | undefined;
  /** One sentence: what happened, to which service, why. */
  readonly message: string;
  /** One sentence: what runs now. */
  readonly production: string;
  /** What to do about it, where something is known. */
  readonly hint: string | undefined;
  readonly evidence: readonly Evidence[];
}

/** A named result of one gate. */
export interface GateResult {
  readonly gate: 'digest' | 'targets' | 'tasks' | 'http' | 'alarms';
  readonly state: 'passed' | 'failed' | 'skipped';
  readonly detail: string;
}

/** How a rollback ended. */
export type RollbackEnd =
  | { readonly kind: 'rolled-back' }
  /** There is no other good revision to go back to; nothing was touched. */
  | { readonly kind: 'nowhere'; readonly why: string }
  /** The service runs somebody else's deployment; nothing was touched. */
  | { readonly kind: 'superseded'; readonly by: string }
  | { readonly kind: 'failed'; readonly why: string };

/** What has to be done to a service so that it runs a revision. */
export type Move = 'nothing' | 'adopt' | 'update';

/** The way of one service through the run; each step of the story adds to it. */
export interface Course {
  readonly snapshot: ServiceSnapshot;
  readonly taskDefinitionArn: string;
  readonly move: Move;
  /** What runs or is on its way; undefined where the start was refused. */
  readonly rollout: Rollout | undefined;
  /** What the service wanted and ran when it was last seen. */
  readonly desiredCount: number;
  readonly trouble: Trouble | undefined;
  readonly gates: readonly GateResult[];
  readonly rollback: RollbackEnd | undefined;
  readonly outcome: ServiceOutcome | undefined;
}

/** An alarm as CloudWatch sees it this moment. */
export interface AlarmView {
  readonly name: string;
  readonly state: 'OK' | 'ALARM' | 'INSUFFICIENT_DATA';
  readonly reason: string;
}

/** One answer of the health-check URL, or why there was none. */
export type Probe =
  | { readonly kind: 'answer'; readonly status: number; readonly body: string; readonly url: string }
  | { readonly kind: 'unreachable'; readonly reason: string };

/** A step of the story as it went. Times are seconds since the run began. */
export interface StepRecord {
  readonly name: string;
  readonly from: number;
  readonly seconds: number;
  readonly ok: boolean;
}
