import type { Task } from '@aws-sdk/client-ecs';
import type { Aws } from '../../src/aws/clients.ts';
import type { NowRunningContext } from '../../src/rollout/now-running.ts';
import type {
  ServiceRun,
  Request,
  Rollout,
  RolloutRequest,
  ServiceSnapshot,
  Problem,
} from '../../src/model/index.ts';
import { NO_HISTORY, type History } from '../../src/rollout/history.ts';
import type { EvaluationTerms } from '../../src/rollout/evaluate.ts';
import type { DeploymentView, EntryView, Observation } from '../../src/rollout/observe.ts';
import type { TaskFailure } from '../../src/ecs/task-failure.ts';
import type { TaskView } from '../../src/ecs/task-health.ts';
import type { OutputLog } from '../../src/runtime/log.ts';

/** ARNs and ids of the one service that these tests are about. */
export const CLUSTER = 'prod';
export const OLD_ID = 'ecs-svc/1000000000000000001';
export const OUR_ID = 'ecs-svc/2000000000000000002';
export const OTHER_ID = 'ecs-svc/3000000000000000003';

const ECS_ARN = 'arn:aws:ecs:eu-west-1:123456789012';

export function revision(number: number): string {
  return `${ECS_ARN}:task-definition/backend:${number}`;
}

export function serviceDeploymentArn(name: string): string {
  return `${ECS_ARN}:service-deployment/prod/web/${name}`;
}

export function serviceRevisionArn(deploymentId: string): string {
  return `${ECS_ARN}:service-revision/prod/web/${deploymentId.slice(deploymentId.indexOf('/') + 1)}`;
}

export const OLD_REVISION = revision(7);
export const OUR_REVISION = revision(8);
export const OTHER_REVISION = revision(9);
export const OUR_DEPLOYMENT = serviceDeploymentArn('ours');

/** A healthy service of two tasks on backend:7, with the circuit breaker set to roll back. */
export function snapshot(changes: Partial<ServiceSnapshot> = {}): ServiceSnapshot {
  return {
    address: {
      cluster: CLUSTER,
      name: 'web',
      arn: `${ECS_ARN}:service/prod/web`,
      region: 'eu-west-1',
      partition: 'aws',
      accountId: '123456789012',
    },
    desiredCount: 2,
    schedulingStrategy: 'REPLICA',
    primaryId: OLD_ID,
    rollout: 'complete',
    taskDefinitionArn: OLD_REVISION,
    currentServiceDeploymentArn: serviceDeploymentArn('old'),
    knownServiceDeployments: [serviceDeploymentArn('old')],
    lastGood: {
      taskDefinitionArn: OLD_REVISION,
      serviceDeploymentArn: serviceDeploymentArn('old'),
      serviceRevisionArn: serviceRevisionArn(OLD_ID),
      images: [],
    },
    past: [],
    running: [],
    targetGroups: [],
    placement: {},
    deployment: {
      strategy: 'ROLLING',
      minimumHealthyPercent: 100,
      maximumPercent: 200,
      alarms: [],
      alarmsRollBack: false,
    },
    strategyMinutes: 0,
    enableEcsManagedTags: false,
    propagateTags: 'NONE',
    breaker: {
      enabled: true,
      rollsBack: true,
      resetOnHealthyTask: true,
      rule: { type: 'BOUNDED_PERCENT', value: 50 },
    },
    knownEvents: [],
    ...changes,
  };
}

export const NO_BREAKER: ServiceSnapshot['breaker'] = {
  enabled: false,
  rollsBack: false,
  resetOnHealthyTask: true,
  rule: { type: 'BOUNDED_PERCENT', value: 50 },
};

export function rolloutRequest(changes: Partial<RolloutRequest> = {}): RolloutRequest {
  return {
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
    ...changes,
  };
}

/** Only the parts that a rollout reads. */
export function request(rollout: Partial<RolloutRequest> = {}, failureLogLines = 30): Request {
  return {
    rollout: rolloutRequest(rollout),
    report: { failureLogLines } as Request['report'],
  } as Request;
}

/** Our rollout of backend:8 to the service of `snapshot()`. */
export function rollout(changes: Partial<Rollout> = {}): Rollout {
  return {
    snapshot: snapshot(),
    taskDefinitionArn: OUR_REVISION,
    deploymentId: OUR_ID,
    serviceDeploymentArn: OUR_DEPLOYMENT,
    definition: { family: 'backend', containerDefinitions: [{ name: 'app', image: 'backend:8' }] },
    replacesTasks: true,
    adopted: false,
    ...changes,
  };
}

export function serviceRun(changes: Partial<ServiceRun> = {}): ServiceRun {
  return {
    snapshot: snapshot(),
    taskDefinitionArn: OUR_REVISION,
    change: 'update',
    rollout: rollout(),
    desiredCount: 2,
    problem: undefined,
    gates: [],
    rollback: undefined,
    outcome: undefined,
    ...changes,
  };
}

export function problem(changes: Partial<Problem> = {}): Problem {
  return {
    result: 'failed',
    cause: 'app-crashed',
    reason: 'failed: container "app" exited with code 1',
    hint: 'The program ended by itself: its last log lines say why.',
    evidence: [],
    recovery: 'roll-back',
    ...changes,
  };
}

/** Our deployment half-way: IN_PROGRESS, one of two new tasks up, the old ones still there. */
export function observation(changes: Partial<Observation> = {}): Observation {
  return {
    deployment: deployment(),
    entry: entry(),
    primary: entry(),
    entries: 2,
    service: { status: 'ACTIVE', desired: 2, running: 3 },
    newer: undefined,
    tasks: [],
    oldTasks: 0,
    targets: [],
    events: [],
    unanswered: undefined,
    ...changes,
  };
}

export function deployment(changes: Partial<DeploymentView> = {}): DeploymentView {
  return {
    arn: OUR_DEPLOYMENT,
    status: 'IN_PROGRESS',
    statusReason: undefined,
    lifecycleStage: undefined,
    awaiting: [],
    breaker: 'MONITORING',
    triggeredAlarms: [],
    rollbackReason: undefined,
    rollbackRevisionArn: undefined,
    ...changes,
  };
}

export function entry(changes: Partial<EntryView> = {}): EntryView {
  return {
    id: OUR_ID,
    taskDefinitionArn: OUR_REVISION,
    rolloutState: 'IN_PROGRESS',
    reason: undefined,
    desired: 2,
    running: 1,
    pending: 1,
    ...changes,
  };
}

/** The PRIMARY entry of somebody else's deployment. */
export function othersEntry(changes: Partial<EntryView> = {}): EntryView {
  return entry({ id: OTHER_ID, taskDefinitionArn: OTHER_REVISION, ...changes });
}

export function taskView(id: string, changes: Partial<TaskView> = {}): TaskView {
  return {
    id,
    status: 'RUNNING',
    healthy: false,
    checked: true,
    failure: undefined,
    ...changes,
  };
}

export function healthyTask(id: string): TaskView {
  return taskView(id, { healthy: true });
}

export function failedTask(id: string, changes: Partial<TaskFailure> = {}): TaskView {
  return taskView(id, { status: 'STOPPED', failure: failure(changes) });
}

/** A crash of the container "app" with exit code 1. */
export function failure(changes: Partial<TaskFailure> = {}): TaskFailure {
  return {
    cause: 'app-crashed',
    severity: 'counts',
    hint: 'The program ended by itself: its last log lines say why.',
    container: 'app',
    exitCode: 1,
    stopCode: 'EssentialContainerExited',
    reason: 'Essential container in task exited',
    ...changes,
  };
}

export function historyOf(...failures: readonly TaskFailure[]): History {
  return {
    ...NO_HISTORY,
    failures: new Map(failures.map((each, index) => [`task${index + 1}`, each])),
    transitions: failures.map((_, index) => ({ task: `task${index + 1}`, kind: 'failed' })),
  };
}

export function terms(changes: Partial<EvaluationTerms> = {}): EvaluationTerms {
  return {
    deploymentId: OUR_ID,
    primaryBefore: OLD_ID,
    replacesTasks: true,
    countBefore: undefined,
    failFast: true,
    failedTaskLimit: 'auto',
    breakerThreshold: 3,
    desired: 2,
    resetOnHealthyTask: true,
    ecsRollsBack: { forBreaker: true, forAlarms: false },
    lastGood: OLD_REVISION,
    ...changes,
  };
}

/** A Fargate task as DescribeTasks shows it once it stopped: its program crashed with exit code 1. */
export function stoppedTask(changes: Partial<Task> = {}): Task {
  return {
    taskArn: `${ECS_ARN}:task/prod/0123456789abcdef0123456789abcdef`,
    launchType: 'FARGATE',
    lastStatus: 'STOPPED',
    desiredStatus: 'STOPPED',
    startedBy: OUR_ID,
    stopCode: 'EssentialContainerExited',
    stoppedReason: 'Essential container in task exited',
    containers: [{ name: 'app', exitCode: 1 }],
    ...changes,
  };
}

/** A task that ended before any container ran. */
export function unstartedTask(stoppedReason: string, changes: Partial<Task> = {}): Task {
  return stoppedTask({
    stopCode: 'TaskFailedToStart',
    stoppedReason,
    containers: [{ name: 'app' }],
    ...changes,
  });
}

export interface RecordedLog extends OutputLog {
  readonly lines: string[];
  readonly warnings: string[];
  /** What containers and programs wrote. */
  readonly outputs: string[];
}

export function recordedLog(): RecordedLog {
  const lines: string[] = [];
  const warnings: string[] = [];
  const outputs: string[] = [];
  return {
    lines,
    warnings,
    outputs,
    line: (text) => {
      lines.push(text);
    },
    output: (text) => {
      outputs.push(text);
    },
    warn: (text) => {
      warnings.push(text);
    },
    point: () => undefined,
  };
}

/** An error as the SDK throws it. */
export function awsError(name: string, message = name, status = 400): Error {
  return Object.assign(new Error(message), { name, $metadata: { httpStatusCode: status } });
}

export const THROTTLED = (): Error => awsError('ThrottlingException', 'Rate exceeded');
export const SERVER_ERROR = (): Error => awsError('ServerException', 'Service Unavailable', 503);
export const RESET = (): Error => Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' });
/** A call that hung until the SDK gave it up. */
export const TIMEOUT = (): Error => Object.assign(new Error('timed out'), { name: 'TimeoutError' });
export const DENIED = (): Error =>
  awsError('AccessDeniedException', 'User is not authorized to perform this action');
export const EXPIRED = (): Error =>
  awsError('ExpiredTokenException', 'The security token included in the request is expired');

/** AWS as credentials see it that may read services, and nothing else. */
export function blindAws(
  ecs: Pick<NowRunningContext['aws']['ecs'], 'describeServices'>,
): NowRunningContext['aws'] & Pick<Aws, 'codeDeploy'> {
  const denied = (): Promise<never> => Promise.reject(DENIED());
  return {
    ecs: { ...ecs, listTasks: denied },
    elb: {},
    ecr: () => ({ describeImages: denied }),
    taskDefinitions: { describe: denied },
    codeDeploy: { getDeployment: denied },
  } as unknown as NowRunningContext['aws'] & Pick<Aws, 'codeDeploy'>;
}
