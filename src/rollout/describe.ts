import type { ServiceDeploymentStatus } from '@aws-sdk/client-ecs';
import { revisionName } from '../aws/arn.ts';
import type { Aws, EcsReads } from '../aws/clients.ts';
import { describeServiceDeployment } from '../ecs/service-deployments.ts';
import { describeService, primaryOf, type Deployment, type Service } from '../ecs/services.ts';
import type { Rollout } from '../model/index.ts';
import { viewOfCodeDeployment } from './codedeploy-view.ts';
import { saysRollback } from './history.ts';
import { readCodeDeployment } from './observe-codedeploy.ts';
import type { DeploymentView } from './observe.ts';

/** Where a deployment stands that nobody follows any more. `goesBack`: it is rolled back, or was, beyond doubt. */
export interface DeploymentStatus {
  /** One sentence. */
  readonly sentence: string;
  readonly goesBack: boolean;
}

/** Reads where a deployment stands that nobody follows any more. */
export async function readDeploymentStatus(
  aws: {
    readonly ecs: Pick<EcsReads, 'describeServices' | 'describeServiceDeployments'>;
  } & Pick<Aws, 'codeDeploy'>,
  rollout: Rollout,
  mayGoBack = false,
): Promise<DeploymentStatus> {
  const { ecs } = aws;
  const { serviceDeploymentArn, snapshot, codeDeploymentId } = rollout;
  if (codeDeploymentId !== undefined) return readCodeDeployStatus(aws, rollout, codeDeploymentId);
  const [deployment, service] = await Promise.all([
    serviceDeploymentArn === undefined ? undefined : describeServiceDeployment(ecs, serviceDeploymentArn),
    describeService(ecs, snapshot.address),
  ]);
  const status = deployment?.status;
  const primary = primaryOf(service);
  const isBack = primary?.id !== rollout.deploymentId && isOfWayBack(rollout.snapshot, primary);
  return {
    sentence: describeStatus(rollout, status, service, mayGoBack),
    goesBack: isBack || (status !== undefined && GOING_BACK.includes(status)),
  };
}

async function readCodeDeployStatus(
  aws: Pick<Aws, 'codeDeploy'>,
  rollout: Rollout,
  deploymentId: string,
): Promise<DeploymentStatus> {
  const answer = await readCodeDeployment(aws, rollout.snapshot.address, deploymentId);
  const terms = { settings: rollout.snapshot.codeDeploy, isAskedBack: rollout.isAskedBack === true };
  const view = viewOfCodeDeployment(answer, { ...terms, endedForMs: 0 });
  return { sentence: describeCodeDeployStatus(rollout, view), goesBack: GOING_BACK.includes(view.status) };
}

/** Pure: the same of a deployment of CodeDeploy. */
export function describeCodeDeployStatus(
  { snapshot, taskDefinitionArn }: Pick<Rollout, 'snapshot' | 'taskDefinitionArn'>,
  { arn: id, status, lifecycleStage }: Pick<DeploymentView, 'arn' | 'status' | 'lifecycleStage'>,
): string {
  const revision = revisionName(taskDefinitionArn);
  const where = `service "${snapshot.address.name}"`;
  const rollback = ROLLBACKS[status as ServiceDeploymentStatus];
  if (rollback !== undefined) return `CodeDeploy ${rollback} ${revision} back in ${where} (${id}).`;
  if (status === 'SUCCESSFUL') {
    return `The traffic of ${where} is shifted to ${revision} (${id}); this run ended before it was proven.`;
  }
  if (status === 'STOPPED') {
    return `The deployment of ${revision} to ${where} (${id}) has stopped before it was complete.`;
  }
  const stage = lifecycleStage === undefined ? '' : `, in ${lifecycleStage}`;
  return `CodeDeploy goes on with the deployment of ${revision} to ${where} (${id}${stage}).`;
}

/**
 * Pure: what ECS does with the deployment, or did, as one sentence. `status`: undefined where it cannot be read.
 * `mayGoBack`: the run may have gone back by an update of its own, for which the good revision may have a new number.
 */
export function describeStatus(
  rollout: Rollout,
  status: ServiceDeploymentStatus | undefined,
  service: Service,
  mayGoBack = false,
): string {
  const revision = revisionName(rollout.taskDefinitionArn);
  const where = `service "${rollout.snapshot.address.name}"`;
  const rollback = status === undefined ? undefined : ROLLBACKS[status];
  if (rollback !== undefined) return `ECS ${rollback} ${revision} back in ${where}.`;
  const primary = primaryOf(service);
  if (primary?.id !== rollout.deploymentId) return otherwise(rollout, primary, mayGoBack);
  if (!rollout.replacesTasks) return `S${where.slice(1)} has the settings of this run.`;
  const state = status ?? primary.rolloutState ?? '';
  if (['SUCCESSFUL', 'COMPLETED'].includes(state)) {
    return `The deployment of ${revision} to ${where} is complete; this run ended before it was proven.`;
  }
  if (['STOPPED', 'FAILED'].includes(state)) {
    return `The deployment of ${revision} to ${where} has stopped before it was complete.`;
  }
  return `ECS goes on with the deployment of ${revision} to ${where}.`;
}

/** What ECS does where it rolls back by itself, or was asked to. */
const ROLLBACKS: Partial<Record<ServiceDeploymentStatus, string>> = {
  ROLLBACK_REQUESTED: 'is rolling',
  ROLLBACK_IN_PROGRESS: 'is rolling',
  ROLLBACK_SUCCESSFUL: 'has rolled',
  ROLLBACK_FAILED: 'failed to roll',
};

const GOING_BACK: readonly string[] = ['ROLLBACK_REQUESTED', 'ROLLBACK_IN_PROGRESS', 'ROLLBACK_SUCCESSFUL'];

function isOfWayBack({ lastGood }: Rollout['snapshot'], primary: Deployment | undefined): boolean {
  const isLastGood = lastGood !== undefined && primary?.taskDefinition === lastGood.taskDefinitionArn;
  return isLastGood || saysRollback({ reason: primary?.rolloutStateReason });
}

/** The service's PRIMARY deployment is not the one of this run. */
function otherwise(
  { snapshot, taskDefinitionArn }: Rollout,
  primary: Deployment | undefined,
  mayGoBack: boolean,
): string {
  const name = `Service "${snapshot.address.name}"`;
  const revision = revisionName(primary?.taskDefinition ?? '');
  const isDone = primary?.rolloutState === 'COMPLETED';
  if (isOfWayBack(snapshot, primary))
    return isDone ? `${name} is back on ${revision}.` : `${name} is on its way back to ${revision}.`;
  const good = snapshot.lastGood?.taskDefinitionArn;
  if (mayGoBack && good !== undefined) {
    return `${name} has a newer deployment, of ${revision}: with it this run goes back to ${revisionName(good)}, unless somebody else made it.`;
  }
  return `Another deployment, of ${revision}, has replaced that of ${revisionName(taskDefinitionArn)} to service "${snapshot.address.name}"; it was not touched.`;
}
