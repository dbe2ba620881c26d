import type {
  ServiceRun,
  DefinitionRequest,
  HttpCheck,
  JsonObject,
  Request,
  Rollout,
  ServiceOutcome,
  ServiceSnapshot,
  TaskDefinition,
} from '../../src/model/index.ts';

export const ACCOUNT = '123456789012';
export const REGION = 'eu-central-1';
export const REPOSITORY = `${ACCOUNT}.dkr.ecr.${REGION}.amazonaws.com/backend`;

/** `sha256:aaaa…` of "a". */
export function digestOf(letter: string): string {
  return `sha256:${letter.repeat(64)}`;
}

/** The ARN of `backend:7`. */
export function revisionArn(name: string): string {
  return `arn:aws:ecs:${REGION}:${ACCOUNT}:task-definition/${name}`;
}

/** The smallest definition, with one container for each name. */
export function definitionOf(
  containers: readonly (string | JsonObject)[] = ['web'],
  more: JsonObject = {},
): TaskDefinition {
  const containerDefinitions = containers.map((container) =>
    typeof container === 'string' ? { name: container, image: `${REPOSITORY}:1` } : container,
  );
  return { family: 'backend', containerDefinitions, ...more } as JsonObject as TaskDefinition;
}

export const NO_DEFINITION_REQUEST: DefinitionRequest = {
  base: { kind: 'latest-of-service' },
  containers: [],
  environment: { set: {}, remove: [] },
  secrets: { set: {}, remove: [] },
  environmentMode: 'merge',
  envFiles: [],
  dockerLabels: { set: {}, remove: [] },
  logDriver: undefined,
  logOptions: { set: {}, remove: [] },
  command: undefined,
  taskRoleArn: undefined,
  executionRoleArn: undefined,
  cpu: undefined,
  memory: undefined,
  showEnvironmentValues: [],
};

export const HTTP_CHECK: HttpCheck = {
  url: 'https://api.example.com/health',
  statuses: [{ from: 200, to: 299 }],
  body: undefined,
  json: {},
  headers: {},
  successes: 3,
  failures: 3,
  intervalSeconds: 5,
  timeoutSeconds: 5,
};

/** A request with the contract's defaults. */
export function requestOf(more: Partial<Request> = {}): Request {
  return {
    mode: 'deploy',
    region: REGION,
    cluster: 'prod',
    services: ['backend'],
    image: { kind: 'none' },
    build: {
      file: undefined,
      target: undefined,
      platforms: [],
      buildArgs: [],
      buildContexts: [],
      secrets: [],
      secretFiles: [],
      secretEnvs: [],
      tags: [],
      labels: [],
      cacheFrom: [],
      cacheTo: [],
      cache: 'none',
      reuseImage: true,
      provenance: 'false',
      sbom: 'false',
      pull: false,
      noCache: false,
      builder: undefined,
      buildkitImage: undefined,
      buildxArgs: [],
    },
    registries: [],
    definition: NO_DEFINITION_REQUEST,
    preDeploy: undefined,
    rollout: {
      desiredCount: undefined,
      forceNewDeployment: undefined,
      enableEcsManagedTags: undefined,
      propagateTags: undefined,
      wait: true,
      waitMinutes: 30,
      pollSeconds: 5,
      preflight: 'fail',
      failFast: true,
      failedTaskLimit: 'auto',
      onFailure: 'rollback',
      onCancel: 'leave',
    },
    gate: { http: undefined, deadlineSeconds: 120, alarms: [], bakeMinutes: 0 },
    report: {
      summary: true,
      prComment: 'auto',
      commentKey: undefined,
      prNumber: undefined,
      githubToken: undefined,
      githubEnvironment: undefined,
      failureLogLines: 30,
    },
    ...more,
  };
}

/** A healthy service that runs backend:7. */
export function snapshotOf(more: Partial<ServiceSnapshot> = {}): ServiceSnapshot {
  return {
    address: {
      cluster: `arn:aws:ecs:${REGION}:${ACCOUNT}:cluster/prod`,
      name: 'backend',
      arn: `arn:aws:ecs:${REGION}:${ACCOUNT}:service/prod/backend`,
      region: REGION,
      partition: 'aws',
      accountId: ACCOUNT,
    },
    desiredCount: 2,
    schedulingStrategy: 'REPLICA',
    primaryId: 'ecs-svc/1',
    rollout: 'complete',
    taskDefinitionArn: revisionArn('backend:7'),
    currentServiceDeploymentArn: undefined,
    knownServiceDeployments: [],
    lastGood: undefined,
    past: [],
    running: [],
    targetGroups: [],
    enableEcsManagedTags: undefined,
    propagateTags: undefined,
    breaker: {
      enabled: true,
      rollsBack: true,
      resetOnHealthyTask: true,
      rule: { type: 'BOUNDED_PERCENT', value: 50 },
    },
    placement: {},
    deployment: {
      strategy: 'ROLLING',
      minimumHealthyPercent: 100,
      maximumPercent: 200,
      alarms: [],
      alarmsRollBack: false,
    },
    strategyMinutes: 0,
    knownEvents: [],
    ...more,
  };
}

export function rolloutOf(more: Partial<Rollout> = {}): Rollout {
  return {
    snapshot: snapshotOf(),
    taskDefinitionArn: revisionArn('backend:8'),
    deploymentId: 'ecs-svc/2',
    serviceDeploymentArn: `arn:aws:ecs:${REGION}:${ACCOUNT}:service-deployment/prod/backend/two`,
    definition: definitionOf(),
    replacesTasks: true,
    adopted: false,
    ...more,
  };
}

export function outcomeOf(more: Partial<ServiceOutcome> = {}): ServiceOutcome {
  return {
    result: 'succeeded',
    cause: undefined,
    message: 'backend:8 is deployed to backend and proven healthy.',
    nowRunning: 'backend runs backend:8.',
    hint: undefined,
    evidence: [],
    ...more,
  };
}

/** A service that was updated to backend:8 and is well. */
export function serviceRunOf(more: Partial<ServiceRun> = {}): ServiceRun {
  return {
    snapshot: snapshotOf(),
    taskDefinitionArn: revisionArn('backend:8'),
    change: 'update',
    rollout: rolloutOf(),
    desiredCount: 2,
    problem: undefined,
    gates: [],
    rollback: undefined,
    outcome: outcomeOf(),
    ...more,
  };
}
