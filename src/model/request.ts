/** What was asked: the inputs of the action, read once, validated, never changed. */
import type { JsonObject, TaskDefinition } from './task-definition.ts';

export const MODES = ['deploy', 'plan', 'rollback', 'promote'] as const;

export type Mode = (typeof MODES)[number];

/** Everything the user asked for: read once, validated, never changed. */
export interface Request {
  readonly mode: Mode;
  /** `undefined`: whatever the AWS SDK's own chain finds. */
  readonly region: string | undefined;
  /** Name or ARN. */
  readonly cluster: string;
  /** For `promote` and `rollback`: the only service deployment that is meant. */
  readonly serviceDeploymentArn?: string | undefined;
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
  /** For services that CodeDeploy deploys. */
  readonly codeDeploy?: CodeDeployRequest;
}

/** The names, and what a deployment is told; what is left out has its default. */
export interface CodeDeployRequest {
  readonly application: string | undefined;
  readonly group: string | undefined;
  /** Path of the AppSpec; undefined: `appspec.yaml` where that is there, otherwise one is made. */
  readonly appSpec: string | undefined;
  readonly description: string | undefined;
  readonly config: string | undefined;
  /** What the file holds, or what is wrong with it, once it was read; undefined where there is none. */
  readonly file?:
    | { readonly kind: 'document'; readonly document: JsonObject }
    | { readonly kind: 'problem'; readonly problem: string };
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
  /** `definition`: what the file holds, once it was read. */
  | { readonly kind: 'file'; readonly path: string; readonly definition?: TaskDefinition }
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
  /** The user set it: otherwise a native strategy gets as long as its configuration says. */
  readonly isWaitSet?: boolean;
  readonly pollSeconds: number;
  /** Whether the user set it; the default falls near an end. */
  readonly isPollSet?: boolean;
  readonly preflight: 'fail' | 'warn' | 'off';
  readonly failFast: boolean;
  readonly failedTaskLimit: number | 'auto';
  readonly onFailure: 'rollback' | 'rollback-all' | 'leave';
  readonly onCancel: 'leave' | 'rollback';
}

export interface GateRequest {
  readonly http: HttpCheck | undefined;
  /** The URL of the test listener, by the same rules; asked while test traffic is shifted. */
  readonly testUrl?: HttpCheck | undefined;
  /** Who answers a pause of ECS: the gates, or a person. */
  readonly promotion?: 'auto' | 'manual';
  /** How long targets and the URL may take after the rollout. */
  readonly deadlineSeconds: number;
  readonly alarms: readonly string[];
  readonly metrics?: readonly MetricCheck[];
  readonly bakeMinutes: number;
}

/** Metrics that the load balancer has of each target group. */
export const STANDARD_METRICS = [
  '5xx-percent',
  '4xx-percent',
  'p50-seconds',
  'p90-seconds',
  'p99-seconds',
  'requests',
] as const;

export type StandardMetric = (typeof STANDARD_METRICS)[number];

/** What one metric of the new tasks must show. */
export interface MetricCheck {
  /** One of `STANDARD_METRICS`, or what the user calls an expression. */
  readonly name: string;
  /** Of CloudWatch; undefined for a standard metric. */
  readonly expression?: string;
  readonly operator: '<' | '<=' | '>' | '>=';
  readonly bound: number;
  /** `bound` times what the old tasks show. */
  readonly isRelative: boolean;
  /** The line as it was written, such as `5xx-percent < 1.5x`. */
  readonly text: string;
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
  /** The environment whose GitHub deployment is recorded. */
  readonly githubEnvironment: string | undefined;
  readonly failureLogLines: number;
}
