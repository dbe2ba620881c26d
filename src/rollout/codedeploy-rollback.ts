/** The way back of a service that CodeDeploy deploys. */
import { revisionName } from '../aws/arn.ts';
import type { Aws } from '../aws/clients.ts';
import { describeAwsError } from '../aws/errors.ts';
import { retryUnanswered } from '../aws/writes.ts';
import { createDeployment, GroupIsBusy, leadingBack } from '../codedeploy/create.ts';
import { readGroup } from '../codedeploy/group.ts';
import { isOpen } from '../codedeploy/history.ts';
import { candidatesOf, deployableRevision, findRollbackTarget } from '../ecs/rollback-target.ts';
import { describeService, primaryOf } from '../ecs/services.ts';
import type { CodeDeploySettings, RollbackEnd, Rollout, RolloutRequest } from '../model/index.ts';
import type { Deadline } from '../runtime/wait.ts';
import { goingOn } from './answer-hook.ts';
import { stopAndRollBack } from './codedeploy-acts.ts';
import { readCodeDeployment } from './observe-codedeploy.ts';
import type { StageWatch, WatchContext } from './watch.ts';

export interface CodeDeployRollbackContext extends WatchContext {
  readonly aws: Pick<Aws, 'ecs' | 'elb' | 'ecsWrites' | 'taskDefinitions' | 'codeDeploy'>;
}

/** What can be done this moment. */
export type CodeDeployStep =
  | { readonly kind: 'end'; readonly end: RollbackEnd }
  /** It is being rolled back. */
  | { readonly kind: 'follow' }
  /** It is under way, or keeps its old tasks: their task set gets the traffic back. */
  | { readonly kind: 'stop' }
  /** It has ended: a deployment of the last good revision leads back from what is PRIMARY now. */
  | {
      readonly kind: 'deploy';
      readonly settings: CodeDeploySettings;
      readonly primaryId: string | undefined;
    };

/** Pure but for the reading: what the deployment and the service, as they are this moment, allow. */
export async function nextCodeDeployStep(
  { aws }: { readonly aws: Pick<Aws, 'ecs' | 'codeDeploy'> },
  rollout: Rollout,
): Promise<CodeDeployStep> {
  const { snapshot, codeDeploymentId = '' } = rollout;
  const settings = snapshot.codeDeploy;
  const { info, target } = await readCodeDeployment(aws, snapshot.address, codeDeploymentId);
  if (info.rollbackInfo?.rollbackDeploymentId !== undefined) return { kind: 'follow' };
  if (isOpen(info)) return { kind: 'stop' };
  if (settings === undefined) return { kind: 'end', end: { kind: 'nowhere', why: 'its group is not known' } };
  const service = await describeService(aws.ecs, snapshot.address);
  const primary = primaryOf(service);
  const good = snapshot.lastGood?.taskDefinitionArn;
  const green = target?.taskSetsInfo?.find(({ taskSetLabel }) => taskSetLabel === 'Green');
  const isOurs = primary?.id === rollout.deploymentId || primary?.id === green?.identifer;
  if (!isOurs && primary?.id !== snapshot.primaryId)
    return { kind: 'end', end: { kind: 'superseded', by: primary?.id ?? 'another deployment' } };
  // The traffic never left the old tasks, or is back with them.
  if (!isOurs && primary?.taskDefinition === good && (green?.trafficWeight ?? 0) === 0)
    return { kind: 'end', end: { kind: 'rolled-back' } };
  const { order } = settings;
  const now = await readGroup(aws, snapshot.address, settings, order);
  if (now.settings.open !== undefined)
    return { kind: 'end', end: { kind: 'superseded', by: now.settings.open.id } };
  return { kind: 'deploy', settings: now.settings, primaryId: primary?.id };
}

/** Looks at the deployment and decides again when CodeDeploy moved in between, this often. */
const ATTEMPTS = 6;

/** Pauses after calls that AWS did not answer, in seconds; the last one goes on. */
const PAUSES = [1, 2, 4, 8, 15];

/** Goes a step back again after each lost answer, as long as there is time: hiccups only cost some of it. */
export function goBackPatiently<T>(
  { clock, signal, log }: Pick<WatchContext, 'clock' | 'signal' | 'log'>,
  name: string,
  deadline: Deadline,
  step: () => Promise<T>,
): Promise<T> {
  const onRetry = (error: Error): void => {
    log.line(`${name}: going back: no answer (${describeAwsError(error)}); trying again.`);
  };
  return retryUnanswered({ clock, signal, pauses: PAUSES, deadline, onRetry }, step);
}

/** The service has moved on meanwhile: it is looked at once more. */
export interface LookAgain {
  readonly kind: 'look-again';
}

/** Follows a rollout to the end of its rollback. */
export type Follow = (
  rollout: Rollout,
  request: RolloutRequest,
  deadline: Deadline,
  stages?: StageWatch,
) => Promise<RollbackEnd | LookAgain>;

/**
 * Puts the last good revision back: while the deployment is under way, by stopping it, so that its traffic is back in
 * seconds; afterwards by a deployment of that revision. Another's deployment is never touched. Hiccups only cost time, up to
 * the deadline.
 */
export async function rollBackCodeDeployment(
  ctx: CodeDeployRollbackContext,
  rollout: Rollout,
  request: RolloutRequest,
  deadline: Deadline,
  follow: Follow,
): Promise<RollbackEnd> {
  const { clock, signal } = ctx;
  const { name } = rollout.snapshot.address;
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const step = (): Promise<RollbackEnd | LookAgain> => tryOnce(ctx, rollout, request, deadline, follow);
    const end = await goBackPatiently(ctx, name, deadline, step);
    if (end.kind !== 'look-again') return end;
    await clock.sleep(request.pollSeconds * 1000, signal);
  }
  return { kind: 'failed', why: 'the deployment kept changing while it was rolled back' };
}

async function tryOnce(
  ctx: CodeDeployRollbackContext,
  rollout: Rollout,
  request: RolloutRequest,
  deadline: Deadline,
  follow: Follow,
): Promise<RollbackEnd | LookAgain> {
  const { codeDeploymentId = '', snapshot } = rollout;
  const { name } = snapshot.address;
  const step = await nextCodeDeployStep(ctx, rollout);
  switch (step.kind) {
    case 'end':
      return step.end;
    case 'follow':
      return follow(rollout, request, deadline);
    case 'stop': {
      ctx.log.line(`${name}: asking CodeDeploy to stop ${codeDeploymentId} and to roll it back.`);
      const answer = await stopAndRollBack(ctx, codeDeploymentId, deadline);
      return answer === 'refused'
        ? { kind: 'look-again' }
        : follow({ ...rollout, isAskedBack: true }, request, deadline);
    }
    case 'deploy':
      return deployBack(ctx, rollout, request, step, deadline, follow);
  }
}

async function deployBack(
  ctx: CodeDeployRollbackContext,
  rollout: Rollout,
  request: RolloutRequest,
  { settings, primaryId }: Extract<CodeDeployStep, { kind: 'deploy' }>,
  deadline: Deadline,
  follow: Follow,
): Promise<RollbackEnd | LookAgain> {
  const { snapshot } = rollout;
  const target = await findRollbackTarget(ctx.aws.taskDefinitions, candidatesOf(snapshot));
  if (target === undefined) {
    return {
      kind: 'nowhere',
      why: 'no deployment of this service ever succeeded, so there is no good revision to go back to',
    };
  }
  if (target.good.taskDefinitionArn === rollout.taskDefinitionArn && !target.mustBeRegistered) {
    const itself = revisionName(target.good.taskDefinitionArn);
    return { kind: 'nowhere', why: `the last good revision is ${itself} itself` };
  }
  const arn = await deployableRevision(ctx, target);
  const { hooks } = settings;
  // They are of the AppSpec, and CodeDeploy knows no deployment without them.
  const also = hooks.length === 0 ? '' : `, which calls the hooks of ${hooks.join(', ')} as well`;
  ctx.log.line(`${snapshot.address.name}: going back to ${revisionName(arn)} by a deployment of it${also}.`);
  let id: string;
  try {
    id = await createDeployment(ctx, snapshot, leadingBack(settings), arn, deadline);
  } catch (error) {
    if (error instanceof GroupIsBusy) return { kind: 'superseded', by: error.message };
    throw error;
  }
  const back: Rollout = {
    ...rollout,
    snapshot: { ...snapshot, primaryId },
    taskDefinitionArn: arn,
    definition: target.definition,
    deploymentId: '',
    codeDeploymentId: id,
    adopted: false,
  };
  const following = { ...request, failFast: false };
  const end = await follow(back, following, deadline, goingOn(ctx, back));
  return end.kind === 'rolled-back' ? { ...end, to: arn } : end;
}
