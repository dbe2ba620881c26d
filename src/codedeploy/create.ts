/** Begins a deployment of CodeDeploy. */
import { createHash } from 'node:crypto';
import { revisionName } from '../aws/arn.ts';
import type { Aws } from '../aws/clients.ts';
import { deployErrorOf, describeAwsError, isAwsError } from '../aws/errors.ts';
import { noting, retryRead, writeOnce } from '../aws/writes.ts';
import type { CodeDeploySettings, ServiceSnapshot } from '../model/index.ts';
import { Cancelled } from '../runtime/cancellation.ts';
import type { Clock } from '../runtime/clock.ts';
import { DeployError } from '../runtime/error.ts';
import type { Log } from '../runtime/log.ts';
import type { Deadline } from '../runtime/wait.ts';
import { newAppSpec, withTaskDefinition } from './app-spec.ts';

export interface CreateContext {
  readonly aws: Pick<Aws, 'codeDeploy'>;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly log?: Pick<Log, 'warn'>;
}

/** CreateDeployment takes no longer description. */
const LONGEST_DESCRIPTION = 512;

/** How long a lost answer is looked after. */
const LIMITS = { least: 5_000 };

/** Another deployment of the group is under way: CodeDeploy takes one at a time. */
export class GroupIsBusy extends DeployError {
  constructor(message: string, cause: unknown) {
    super('superseded', message, {
      result: 'superseded',
      hint: 'Look at the other deployment. Run this one again once it has ended.',
      cause,
    });
  }
}

/** CreateDeployment was sent, and neither its answer nor its effect was seen. */
export class CreateUnanswered extends DeployError {
  constructor(name: string, cause: unknown) {
    super(
      'unknown',
      `AWS did not answer whether it took the deployment to service "${name}" (${describeAwsError(cause)})`,
      { hint: 'Look at the deployment group in the console before you run again.', cause },
    );
  }
}

/** Pure: the content of the revision, as CodeDeploy gets it. Throws `invalid-input` where it cannot be made. */
export function contentFor(
  { address, targetGroups }: Pick<ServiceSnapshot, 'address' | 'targetGroups'>,
  { order }: Pick<CodeDeploySettings, 'order'>,
  taskDefinitionArn: string,
): string {
  const [attachment] = targetGroups;
  if (order.appSpec !== undefined)
    return JSON.stringify(withTaskDefinition(order.appSpec, taskDefinitionArn));
  if (attachment?.containerName === undefined || attachment.containerPort === undefined) {
    throw new DeployError(
      'invalid-input',
      `codedeploy-appspec: no AppSpec can be made for service "${address.name}": it has no load balancer that says which container and port it leads to.`,
      { hint: 'Give an AppSpec in codedeploy-appspec.' },
    );
  }
  const made = newAppSpec(attachment.containerName, attachment.containerPort);
  return JSON.stringify(withTaskDefinition(made, taskDefinitionArn));
}

/** Pure: the settings of a deployment that leads back. */
export function leadingBack(settings: CodeDeploySettings): CodeDeploySettings {
  return { ...settings, order: { ...settings.order, leadsBack: true } };
}

/** As AWS names the content of a revision. */
export function sha256Of(content: string): string {
  return createHash('sha256').update(content).digest('hex');
}

/** Pure: cut as the official action cuts it. */
function fitting(description: string): string {
  return description.length <= LONGEST_DESCRIPTION
    ? description
    : `${description.slice(0, LONGEST_DESCRIPTION - 1)}…`;
}

/**
 * Begins a deployment of a task definition, at most one, and resolves to its id. Rejects with `GroupIsBusy` where another
 * one is under way, with `update-refused` where AWS refuses; the service is untouched then. After the deadline nothing is
 * sent again. A way back must not be stopped by the alarm that the failed revision set off: it is without the alarms of the
 * group, for which the caller needs UpdateDeploymentGroup as well (CodeDeploy API, CreateDeployment,
 * overrideAlarmConfiguration); where that is denied, it keeps them.
 */
export async function createDeployment(
  ctx: CreateContext,
  snapshot: ServiceSnapshot,
  settings: CodeDeploySettings,
  taskDefinitionArn: string,
  deadline: Deadline,
): Promise<string> {
  const order = (alarms: 'kept' | 'off'): Promise<string> =>
    create(ctx, snapshot, settings, taskDefinitionArn, deadline, alarms);
  if (settings.order.leadsBack !== true || snapshot.deployment.alarms.length === 0) return order('kept');
  try {
    return await order('off');
  } catch (error) {
    if (!(error instanceof DeployError) || error.conclusion.cause !== 'access-denied') throw error;
    ctx.log?.warn(
      `${snapshot.address.name}: the way back keeps the alarms of its group, and CodeDeploy stops it while one is in ALARM: ${error.message}`,
    );
    return order('kept');
  }
}

async function create(
  { aws, clock, signal }: CreateContext,
  snapshot: ServiceSnapshot,
  settings: CodeDeploySettings,
  taskDefinitionArn: string,
  deadline: Deadline,
  alarms: 'kept' | 'off',
): Promise<string> {
  const { codeDeploy } = aws;
  const { application, group, order } = settings;
  const { name } = snapshot.address;
  const content = contentFor(snapshot, settings, taskDefinitionArn);
  const sha256 = sha256Of(content);
  const lost: unknown[] = [];
  try {
    return await writeOnce(
      clock,
      noting(
        async () => {
          const { deploymentId } = await codeDeploy.createDeployment({
            applicationName: application,
            deploymentGroupName: group,
            revision: { revisionType: 'AppSpecContent', appSpecContent: { content, sha256 } },
            ...(order.description === undefined ? {} : { description: fitting(order.description) }),
            ...(order.config === undefined ? {} : { deploymentConfigName: order.config }),
            ...(alarms === 'kept' ? {} : { overrideAlarmConfiguration: { enabled: false, alarms: [] } }),
          });
          if (deploymentId === undefined) throw new CreateUnanswered(name, new Error('the answer has no id'));
          return deploymentId;
        },
        (error) => lost.push(error),
      ),
      async () => {
        const read = (): Promise<string | undefined> => findCreated({ codeDeploy }, settings, sha256);
        return deadline.within(LIMITS, () => retryRead(clock, read));
      },
      signal,
      deadline,
    );
  } catch (error) {
    if (error instanceof Cancelled || error instanceof DeployError) throw error;
    if (isAwsError(error, 'DeploymentLimitExceededException')) {
      const words = describeAwsError(error).replace(/^\w+: /, '');
      throw new GroupIsBusy(`CodeDeploy takes one deployment at a time: ${words}`, error);
    }
    if (lost.length > 0) throw new CreateUnanswered(name, error);
    const refusal = (words: string): DeployError =>
      new DeployError(
        'update-refused',
        `CodeDeploy refused to deploy ${revisionName(taskDefinitionArn)} to service "${name}": ${words}`,
        {
          hint: 'Change what AWS names, in the AppSpec or in the deployment group. The service runs as before.',
          cause: error,
        },
      );
    throw deployErrorOf(error, `deploying to service "${name}"`, 'unknown', refusal);
  }
}

/** The newest deployment of the group, where it is younger than this run and has its content. */
export async function findCreated(
  { codeDeploy }: Pick<Aws, 'codeDeploy'>,
  { application, group, lastId }: Pick<CodeDeploySettings, 'application' | 'group' | 'lastId'>,
  sha256: string,
): Promise<string | undefined> {
  const { deploymentGroupInfo } = await codeDeploy.getDeploymentGroup({
    applicationName: application,
    deploymentGroupName: group,
  });
  const id = deploymentGroupInfo?.lastAttemptedDeployment?.deploymentId;
  if (id === undefined || id === lastId) return undefined;
  const { deploymentInfo } = await codeDeploy.getDeployment({ deploymentId: id });
  return deploymentInfo?.revision?.appSpecContent?.sha256 === sha256 ? id : undefined;
}
