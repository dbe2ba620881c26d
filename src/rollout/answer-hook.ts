import type { Aws } from '../aws/clients.ts';
import { describeServiceDeployment } from '../ecs/service-deployments.ts';
import { continueWhenReady, hookAnswerOf } from './codedeploy-acts.ts';
import type { HookAnswer } from '../model/analysis.ts';
import type { Rollout } from '../model/index.ts';
import type { Log } from '../runtime/log.ts';

export interface AnswerHookContext {
  readonly aws: Pick<Aws, 'ecs' | 'ecsWrites' | 'codeDeploy'>;
  readonly log: Log;
}

/**
 * Lets a deployment go on at a lifecycle hook that waits. It is read right before: a hook that waits no more, because
 * somebody answered it, is not answered again.
 */
export async function continueAtHook(
  { aws, log }: AnswerHookContext,
  rollout: Rollout,
  hookId: string,
): Promise<HookAnswer> {
  if (rollout.codeDeploymentId !== undefined) return continueWhenReady({ aws, log }, rollout);
  const { snapshot, serviceDeploymentArn } = rollout;
  if (serviceDeploymentArn === undefined) return { kind: 'done' };
  const { name } = snapshot.address;
  return hookAnswerOf(async () => {
    const deployment = await describeServiceDeployment(aws.ecs, serviceDeploymentArn);
    const hook = deployment?.lifecycleHookDetails?.find((each) => each.hookId === hookId);
    if (deployment?.status !== 'IN_PROGRESS' || hook?.status !== 'AWAITING_ACTION') return;
    log.line(`${name}: going on from the stage ${deployment.lifecycleStage ?? ''}.`);
    await aws.ecsWrites.continueServiceDeployment({ serviceDeploymentArn, hookId, action: 'CONTINUE' });
  });
}
