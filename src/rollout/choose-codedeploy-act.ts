/** The way back of a service that CodeDeploy deploys: what is read right before an act, and which act follows from it. */
import type { DeploymentInfo, ECSTarget } from '@aws-sdk/client-codedeploy';
import { revisionName } from '../aws/arn.ts';
import type { Aws } from '../aws/clients.ts';
import { leadingBack } from '../codedeploy/create.ts';
import { readGroup } from '../codedeploy/group.ts';
import { isOpen } from '../codedeploy/history.ts';
import { candidatesOf, findRollbackTarget, type RollbackTarget } from '../ecs/rollback-target.ts';
import { describeService, primaryOf, type Deployment } from '../ecs/services.ts';
import type { CodeDeploySettings, Rollout } from '../model/index.ts';
import { actsOf, type Act } from './acts.ts';
import { refusedForGood, registeredBy, type ActTerms, type Choice } from './choose-act.ts';
import { readCodeDeployment } from './observe-codedeploy.ts';

/** A deployment of CodeDeploy as it is this moment, and what it has left behind once it has ended. */
export interface CodeDeployState {
  readonly info: DeploymentInfo;
  readonly target: ECSTarget | undefined;
  readonly after?: {
    readonly primary: Deployment | undefined;
    readonly settings: CodeDeploySettings;
    /** What the service goes back to; undefined where there is nothing. */
    readonly to: RollbackTarget | undefined;
  };
}

export async function readCodeDeployState(
  aws: Pick<Aws, 'ecs' | 'codeDeploy' | 'taskDefinitions'>,
  { snapshot, codeDeploymentId = '' }: Rollout,
): Promise<CodeDeployState> {
  const { codeDeploy: settings, address } = snapshot;
  const { info, target } = await readCodeDeployment(aws, address, codeDeploymentId);
  const hasEnded = !isOpen(info) && info.rollbackInfo?.rollbackDeploymentId === undefined;
  if (!hasEnded || settings === undefined) return { info, target };
  const [group, to] = await Promise.all([
    readGroup(aws, address, settings, settings.order),
    findRollbackTarget(aws.taskDefinitions, candidatesOf(snapshot)),
  ]);
  const service = await describeService(aws.ecs, address);
  return { info, target, after: { primary: primaryOf(service), settings: group.settings, to } };
}

/**
 * Pure: while the deployment is under way, or keeps its old tasks, it is stopped, so that their task set gets the traffic
 * back in seconds; afterwards a deployment of the last good revision leads back from what is PRIMARY then.
 */
export function chooseCodeDeployAct(
  { info, target, after }: CodeDeployState,
  acts: readonly Act[],
  terms: ActTerms,
): Choice {
  const { snapshot, deploymentId, taskDefinitionArn, codeDeploymentId: id = '' } = terms.rollout;
  if (info.rollbackInfo?.rollbackDeploymentId !== undefined) return { kind: 'follow' };
  const refused = refusedForGood(acts, terms) ?? stopRefused(acts, terms);
  if (refused !== undefined) return { kind: 'give-up', error: refused };
  if (isOpen(info)) return { kind: 'act', action: { kind: 'stop-codedeploy', id } };
  if (after === undefined) return { kind: 'end', end: { kind: 'nowhere', why: 'its group is not known' } };
  const { primary, settings, to } = after;
  const green = target?.taskSetsInfo?.find(({ taskSetLabel }) => taskSetLabel === 'Green');
  const isOurs = primary?.id === deploymentId || primary?.id === green?.identifer;
  if (!isOurs && primary?.id !== snapshot.primaryId)
    return { kind: 'end', end: { kind: 'superseded', by: primary?.id ?? 'another deployment' } };
  // The traffic never left the old tasks, or is back with them.
  const isBack = primary?.taskDefinition === snapshot.lastGood?.taskDefinitionArn;
  if (!isOurs && isBack && (green?.trafficWeight ?? 0) === 0)
    return { kind: 'end', end: { kind: 'rolled-back' } };
  if (settings.open !== undefined) return { kind: 'end', end: { kind: 'superseded', by: settings.open.id } };
  if (to === undefined) {
    const why = 'no deployment of this service ever succeeded, so there is no good revision to go back to';
    return { kind: 'end', end: { kind: 'nowhere', why } };
  }
  const good = to.good.taskDefinitionArn;
  if (good === taskDefinitionArn && !to.mustBeRegistered) {
    const why = `the last good revision is ${revisionName(good)} itself`;
    return { kind: 'end', end: { kind: 'nowhere', why } };
  }
  const revision = to.mustBeRegistered ? registeredBy(acts) : good;
  if (revision === undefined) return { kind: 'act', action: { kind: 'register', target: to } };
  const before = { ...snapshot, primaryId: primary?.id };
  const deploy = { kind: 'deploy', snapshot: before, settings: leadingBack(settings), revision } as const;
  return { kind: 'act', action: { ...deploy, definition: to.definition } };
}

/** There is no other call that leads back while a deployment is under way: it is asked for twice as often. */
function stopRefused(acts: readonly Act[], { refusals }: ActTerms): unknown {
  const ends = actsOf(acts, 'stop-codedeploy').map(({ end }) => end);
  const denied = ends.find((end) => end.kind === 'denied');
  const refused = ends.filter((end) => end.kind === 'refused');
  return denied?.error ?? (refused.length >= 2 * refusals.stop ? refused.at(-1)?.error : undefined);
}
