/** A deployment of CodeDeploy in the words in which rollouts are evaluated. */
import type { DeploymentInfo, ECSTarget, LifecycleEvent } from '@aws-sdk/client-codedeploy';
import { isOpen } from '../codedeploy/history.ts';
import type { Cause, CodeDeploySettings } from '../model/index.ts';
import type { DeploymentView } from './observe.ts';

/** What is read of a deployment. */
export interface CodeDeployAnswer {
  readonly info: DeploymentInfo;
  /** Undefined before it has started, and where it may not be read. */
  readonly target: ECSTarget | undefined;
  /** The deployment that takes it back, where there is one. */
  readonly rollback: DeploymentInfo | undefined;
}

/** What is known beside the answer. */
export interface CodeDeployTerms {
  readonly settings: Pick<CodeDeploySettings, 'rollsBackOn' | 'readyMinutes'> | undefined;
  /** It has been asked to go back. */
  readonly isAskedBack: boolean;
  /** How long it has been seen to have ended, in milliseconds: its rollback begins a moment later. */
  readonly endedForMs: number;
}

/** A rollback of CodeDeploy's own is a deployment that begins within a moment; after that none comes. */
const ROLLBACK_BEGINS_MS = 60_000;

/**
 * Pure: the deployment as one of ECS's own would be seen. It has succeeded once all traffic is shifted: hours may pass
 * until the old tasks are stopped. A rollback is a deployment of its own, whose end is the end of this one.
 */
export function viewOfCodeDeployment(answer: CodeDeployAnswer, terms: CodeDeployTerms): DeploymentView {
  const { info, target } = answer;
  const status = statusOf(answer, terms);
  const hasEnded = !isOpen(info);
  const failed = hasEnded && info.status !== 'Succeeded';
  const green = greenOf(target);
  return {
    arn: info.deploymentId ?? '',
    status,
    statusReason: failed ? reasonOf(answer) : undefined,
    lifecycleStage: status === 'IN_PROGRESS' ? stageOf(answer) : undefined,
    awaiting: awaitingOf(answer, terms),
    breaker: undefined,
    triggeredAlarms: [],
    rollbackReason: undefined,
    rollbackRevisionArn: undefined,
    ...(green?.trafficWeight === undefined ? {} : { weight: green.trafficWeight }),
    ...(failed ? { cause: causeOfEnd(answer, terms) } : {}),
  };
}

/** One of ECS's nine; a status of the future as it is. */
function statusOf({ info, rollback }: CodeDeployAnswer, terms: CodeDeployTerms): string {
  switch (info.status) {
    case 'Created':
    case 'Queued':
    case 'InProgress':
    case 'Baking':
    case 'Ready':
      return info.instanceTerminationWaitTimeStarted === true ? 'SUCCESSFUL' : 'IN_PROGRESS';
    case 'Succeeded':
      return 'SUCCESSFUL';
    case 'Failed':
    case 'Stopped':
      return rollback === undefined ? withoutRollback(info, terms) : statusOfRollback(rollback);
    case undefined:
      return '';
    default:
      // One of the future: the enum of the SDK knows none of it.
      return info.status;
  }
}

function statusOfRollback(rollback: DeploymentInfo): string {
  if (rollback.status === 'Succeeded') return 'ROLLBACK_SUCCESSFUL';
  return isOpen(rollback) ? 'ROLLBACK_IN_PROGRESS' : 'ROLLBACK_FAILED';
}

/** None has begun: it is waited for where CodeDeploy is to roll back. */
function withoutRollback(info: DeploymentInfo, terms: CodeDeployTerms): string {
  const isDue = terms.isAskedBack || (terms.settings?.rollsBackOn ?? []).includes(eventOf(info));
  // It may be under way, and not be told yet; or it cannot begin, and CodeDeploy says why.
  const hasFailed = info.rollbackInfo?.rollbackMessage !== undefined;
  return isDue && !hasFailed && terms.endedForMs < ROLLBACK_BEGINS_MS ? 'ROLLBACK_REQUESTED' : 'STOPPED';
}

function eventOf({ errorInformation }: DeploymentInfo): string {
  return EVENTS[errorInformation?.code ?? ''] ?? 'DEPLOYMENT_FAILURE';
}

/** Events of AutoRollbackEvent by the error of the deployment; every other one is a failure. */
const EVENTS: Readonly<Record<string, string>> = {
  ALARM_ACTIVE: 'DEPLOYMENT_STOP_ON_ALARM',
  MANUAL_STOP: 'DEPLOYMENT_STOP_ON_REQUEST',
};

/** The lifecycle event that is under way, in CodeDeploy's own words; `Ready` and `Baking` are states between them. */
function stageOf({ info, target }: CodeDeployAnswer): string {
  if (info.status === 'Ready' || info.status === 'Baking') return info.status;
  const events = target?.lifecycleEvents ?? [];
  const current =
    events.find(({ status }) => status === 'InProgress' || status === 'Failed') ??
    events.findLast(({ status }) => status === 'Succeeded');
  return current?.lifecycleEventName ?? 'Created';
}

/** It waits to be continued. By AWS's own times: from the end of the event before. */
function awaitingOf(
  { info, target }: CodeDeployAnswer,
  { settings }: CodeDeployTerms,
): DeploymentView['awaiting'] {
  if (info.status !== 'Ready' || info.deploymentId === undefined) return [];
  const ends = (target?.lifecycleEvents ?? []).flatMap(({ endTime }) => endTime?.getTime() ?? []);
  const minutes = settings?.readyMinutes;
  const expiresAt =
    ends.length === 0 || minutes === undefined
      ? undefined
      : new Date(Math.max(...ends) + minutes * 60_000).toISOString();
  return [{ id: info.deploymentId, expiresAt, then: 'STOP_DEPLOYMENT' }];
}

function greenOf(target: ECSTarget | undefined): NonNullable<ECSTarget['taskSetsInfo']>[number] | undefined {
  return target?.taskSetsInfo?.find(({ taskSetLabel }) => taskSetLabel === 'Green');
}

/** Pure: the id of the task set that the deployment made. The field is spelled as AWS spells it. */
export function newTaskSetOf({ target }: CodeDeployAnswer): string | undefined {
  return greenOf(target)?.identifer;
}

function failedEvent({ target }: CodeDeployAnswer): LifecycleEvent | undefined {
  return target?.lifecycleEvents?.find(({ status }) => status === 'Failed');
}

/** In the words of CodeDeploy, those of the function that failed included. */
function reasonOf(answer: CodeDeployAnswer): string {
  const { info } = answer;
  const message = info.errorInformation?.message ?? '';
  const event = failedEvent(answer);
  const { message: said = '', logTail = '', scriptName = '' } = event?.diagnostics ?? {};
  const script = scriptName === '' ? '' : ` (${scriptName})`;
  const details = [said, logTail].filter((each) => each !== '' && !message.includes(each));
  const ofEvent =
    event === undefined || details.length === 0
      ? ''
      : `; ${event.lifecycleEventName ?? ''}${script}: ${details.join(' ')}`;
  const rollback = info.rollbackInfo?.rollbackMessage;
  const ofRollback =
    rollback === undefined || answer.rollback !== undefined ? '' : `; no rollback: ${rollback}`;
  return `${message === '' ? (info.errorInformation?.code ?? '') : message}${ofEvent}${ofRollback}`;
}

/** The codes of ErrorInformation that an ECS deployment can have. */
const CAUSES: Readonly<Record<string, Cause>> = {
  HOOK_EXECUTION_FAILURE: 'lifecycle-hook-failed',
  ALARM_ACTIVE: 'alarm',
  MANUAL_STOP: 'deployment-stopped',
  THROTTLED: 'throttled',
  RESOURCE_LIMIT_EXCEEDED: 'capacity',
  TIMEOUT: 'timeout',
  HEALTH_CONSTRAINTS: 'target-health-check-failed',
  ELASTIC_LOAD_BALANCING_INVALID: 'traffic-shift-failed',
  IAM_ROLE_MISSING: 'traffic-shift-failed',
  IAM_ROLE_PERMISSIONS: 'traffic-shift-failed',
  AUTOSCALING_VALIDATION_ERROR: 'traffic-shift-failed',
  ECS_UPDATE_ERROR: 'update-refused',
  INVALID_ECS_SERVICE: 'update-refused',
  INVALID_REVISION: 'update-refused',
};

function causeOfEnd(answer: CodeDeployAnswer, { settings }: CodeDeployTerms): Cause {
  const { info } = answer;
  const stage = stageOfEnd(answer);
  const known = CAUSES[info.errorInformation?.code ?? ''];
  // A function that never answers runs into its time.
  if (known === 'timeout' && stage === 'hook') return 'lifecycle-hook-failed';
  if (known !== undefined) return known;
  if (info.status !== 'Stopped') return 'unknown';
  // A wait that nobody ended has no code of its own.
  return settings?.readyMinutes !== undefined && stage === 'none' ? 'timeout' : 'deployment-stopped';
}

function stageOfEnd(answer: CodeDeployAnswer): 'hook' | 'other' | 'none' {
  const name = failedEvent(answer)?.lifecycleEventName;
  if (name === undefined) return 'none';
  return /^(Before|After)/.test(name) ? 'hook' : 'other';
}
