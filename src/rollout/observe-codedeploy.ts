/** Reads a deployment of CodeDeploy. */
import type { DeploymentInfo, ECSTarget } from '@aws-sdk/client-codedeploy';
import { lastSegment } from '../aws/arn.ts';
import { attempt, valueOr, WITHHELD } from '../aws/attempt.ts';
import type { Aws } from '../aws/clients.ts';
import type { ServiceAddress } from '../model/index.ts';
import type { CodeDeployAnswer } from './codedeploy-view.ts';

type Reads = Pick<Aws, 'codeDeploy'>;

/** The deployment, its lifecycle events and weights, and the deployment that takes it back. */
export async function readCodeDeployment(
  aws: Reads,
  address: Pick<ServiceAddress, 'cluster' | 'name'>,
  deploymentId: string,
): Promise<CodeDeployAnswer> {
  const [info, target] = await Promise.all([
    readInfo(aws, deploymentId),
    readTarget(aws, address, deploymentId),
  ]);
  const rollbackId = info.rollbackInfo?.rollbackDeploymentId;
  const rollback = rollbackId === undefined ? undefined : await readInfo(aws, rollbackId);
  return { info, target, rollback };
}

export async function readInfo({ codeDeploy }: Reads, deploymentId: string): Promise<DeploymentInfo> {
  return (await codeDeploy.getDeployment({ deploymentId })).deploymentInfo ?? {};
}

/** Events and weights are evidence: a deployment that has not started has none, and it is done without them. */
async function readTarget(
  { codeDeploy }: Reads,
  { cluster, name }: Pick<ServiceAddress, 'cluster' | 'name'>,
  deploymentId: string,
): Promise<ECSTarget | undefined> {
  const targetIds = [`${lastSegment(cluster)}:${name}`];
  const answer = await attempt(
    () => codeDeploy.batchGetDeploymentTargets({ deploymentId, targetIds }),
    WITHHELD,
  );
  return valueOr(answer, undefined)?.deploymentTargets?.[0]?.ecsTarget;
}
