/** The deployment group of a service. */
import type { DeploymentGroupInfo, TrafficRoutingConfig } from '@aws-sdk/client-codedeploy';
import { lastSegment } from '../aws/arn.ts';
import { attempt, WITHHELD } from '../aws/attempt.ts';
import type { AwsReads } from '../aws/clients.ts';
import { deployErrorOf, isAwsError, wrapAwsError } from '../aws/errors.ts';
import type {
  CodeDeployOrder,
  CodeDeployRequest,
  CodeDeploySettings,
  ServiceAddress,
  TrafficRouting,
} from '../model/index.ts';
import { DeployError } from '../runtime/error.ts';
import { hooksOf } from './app-spec.ts';
import { isOpen, isShifted, readHistory, type GroupAddress, type PastCodeDeployment } from './history.ts';

/** What CodeDeploy knows of a service. */
export interface FoundGroup {
  readonly settings: CodeDeploySettings;
  readonly history: readonly PastCodeDeployment[];
  /** Names of the two target groups between which it shifts. */
  readonly targetGroups: readonly string[];
  readonly hasTestListener: boolean;
  readonly alarms: readonly string[];
}

/** The names of the official action, where the inputs give none. */
export function groupAddressOf(
  { cluster, name }: ServiceAddress,
  asked: Pick<CodeDeployRequest, 'application' | 'group'>,
): GroupAddress {
  const place = `${lastSegment(cluster)}-${name}`;
  return { application: asked.application ?? `AppECS-${place}`, group: asked.group ?? `DgpECS-${place}` };
}

/**
 * Reads the group, its configuration and its last deployments. Rejects with `invalid-input` where there is no such group,
 * or where it is of another service.
 */
export async function readGroup(
  { codeDeploy }: Pick<AwsReads, 'codeDeploy'>,
  address: ServiceAddress,
  where: GroupAddress,
  order: CodeDeployOrder,
): Promise<FoundGroup> {
  const info = await findGroup({ codeDeploy }, address, where);
  refuseOthers(info, address, where);
  const config = order.config ?? info.deploymentConfigName ?? 'CodeDeployDefault.ECSAllAtOnce';
  const known = [info.lastAttemptedDeployment, info.lastSuccessfulDeployment];
  const ids = known.flatMap((each) => each?.deploymentId ?? []);
  const [routing, history] = await Promise.all([
    readRouting({ codeDeploy }, config, order.config !== undefined),
    wrapAwsError(`reading the deployments of group "${where.group}"`, () =>
      readHistory(codeDeploy, where, ids),
    ),
  ]);
  const [pair] = info.loadBalancerInfo?.targetGroupPairInfoList ?? [];
  const { autoRollbackConfiguration, alarmConfiguration } = info;
  return {
    settings: {
      ...where,
      config,
      routing,
      ...waitsOf(info),
      rollsBackOn:
        autoRollbackConfiguration?.enabled === true ? (autoRollbackConfiguration.events ?? []) : [],
      hooks: order.appSpec === undefined ? [] : hooksOf(order.appSpec),
      order,
      lastId: history[0]?.info.deploymentId ?? ids[0],
      open: openOf(history),
    },
    history,
    targetGroups: (pair?.targetGroups ?? []).flatMap(({ name }) => name ?? []),
    hasTestListener: (pair?.testTrafficRoute?.listenerArns ?? []).length > 0,
    alarms:
      alarmConfiguration?.enabled === true
        ? (alarmConfiguration.alarms ?? []).flatMap(({ name }) => name ?? [])
        : [],
  };
}

async function findGroup(
  { codeDeploy }: Pick<AwsReads, 'codeDeploy'>,
  { name }: ServiceAddress,
  { application, group }: GroupAddress,
): Promise<DeploymentGroupInfo> {
  const doing = `reading the deployment group "${group}"`;
  try {
    const answer = await codeDeploy.getDeploymentGroup({
      applicationName: application,
      deploymentGroupName: group,
    });
    return answer.deploymentGroupInfo ?? {};
  } catch (error) {
    const isMissing = isAwsError(
      error,
      'ApplicationDoesNotExistException',
      'DeploymentGroupDoesNotExistException',
    );
    if (!isMissing) throw deployErrorOf(error, doing);
    const [input, what] = isAwsError(error, 'ApplicationDoesNotExistException')
      ? ['codedeploy-application', `application "${application}"`]
      : ['codedeploy-deployment-group', `deployment group "${group}" in application "${application}"`];
    throw new DeployError(
      'invalid-input',
      `${input}: CodeDeploy deploys service "${name}", and has no ${what}.`,
      { hint: 'Name the application and the deployment group of the service.', cause: error },
    );
  }
}

/** One group deploys one service. */
function refuseOthers(
  { computePlatform, ecsServices = [] }: DeploymentGroupInfo,
  { name, cluster }: ServiceAddress,
  { group }: GroupAddress,
): void {
  const isOurs = ecsServices.some(
    (each) =>
      lastSegment(each.serviceName ?? '') === name &&
      (each.clusterName === undefined || lastSegment(each.clusterName) === lastSegment(cluster)),
  );
  if (isOurs) return;
  const [first] = ecsServices;
  const of =
    computePlatform === undefined || computePlatform === 'ECS'
      ? `service "${lastSegment(first?.serviceName ?? 'none')}" of cluster "${lastSegment(first?.clusterName ?? 'none')}"`
      : `the compute platform ${computePlatform}`;
  throw new DeployError(
    'invalid-input',
    `codedeploy-deployment-group: the group "${group}" is of ${of}, not of service "${name}".`,
    { hint: 'Name the deployment group of the service.' },
  );
}

function waitsOf({
  blueGreenDeploymentConfiguration,
}: DeploymentGroupInfo): Pick<CodeDeploySettings, 'readyMinutes' | 'terminationMinutes'> {
  const { deploymentReadyOption, terminateBlueInstancesOnDeploymentSuccess } =
    blueGreenDeploymentConfiguration ?? {};
  const waits = deploymentReadyOption?.actionOnTimeout === 'STOP_DEPLOYMENT';
  return {
    readyMinutes: waits ? (deploymentReadyOption.waitTimeInMinutes ?? 0) : undefined,
    terminationMinutes: terminateBlueInstancesOnDeploymentSuccess?.terminationWaitTimeInMinutes ?? 0,
  };
}

/** A configuration that the user named has to exist; without the permission to read it, its steps are not known. */
async function readRouting(
  { codeDeploy }: Pick<AwsReads, 'codeDeploy'>,
  name: string,
  isAsked: boolean,
): Promise<TrafficRouting | undefined> {
  const answer = await wrapAwsError(`reading the deployment configuration "${name}"`, () =>
    attempt(() => codeDeploy.getDeploymentConfig({ deploymentConfigName: name }), WITHHELD),
  );
  if (answer.kind === 'answered') return routingOf(answer.value.deploymentConfigInfo?.trafficRoutingConfig);
  if (isAsked && isAwsError(answer.error, 'DeploymentConfigDoesNotExistException')) {
    throw new DeployError(
      'invalid-input',
      `codedeploy-deployment-config: CodeDeploy has no deployment configuration "${name}".`,
      { hint: 'Name one such as CodeDeployDefault.ECSCanary10Percent5Minutes.', cause: answer.error },
    );
  }
  return undefined;
}

function routingOf(config: TrafficRoutingConfig | undefined): TrafficRouting | undefined {
  switch (config?.type) {
    case 'AllAtOnce':
      return { kind: 'all-at-once' };
    case 'TimeBasedCanary': {
      const { canaryPercentage = 0, canaryInterval = 0 } = config.timeBasedCanary ?? {};
      return { kind: 'canary', percent: canaryPercentage, minutes: canaryInterval };
    }
    case 'TimeBasedLinear': {
      const { linearPercentage = 100, linearInterval = 0 } = config.timeBasedLinear ?? {};
      return { kind: 'linear', percent: linearPercentage, minutes: linearInterval };
    }
    case undefined:
    default:
      return undefined;
  }
}

function openOf(history: readonly PastCodeDeployment[]): CodeDeploySettings['open'] {
  const open = history.find(({ info }) => isOpen(info));
  if (open === undefined) return undefined;
  const { deploymentId = '', status = '' } = open.info;
  return {
    id: deploymentId,
    status,
    taskDefinitionArn: open.taskDefinitionArn,
    isShifted: isShifted(open.info),
    before: undefined,
  };
}

/** Pure: minutes that the shift takes by itself: the pause of a canary, the pauses between the steps of a linear one. */
export function shiftMinutes(routing: TrafficRouting | undefined): number {
  switch (routing?.kind) {
    case undefined:
    case 'all-at-once':
      return 0;
    case 'canary':
      return routing.minutes;
    case 'linear':
      return (Math.ceil(100 / Math.max(routing.percent, 1)) - 1) * routing.minutes;
  }
}

/** Pure: how a deployment will go, in words: `10 % at first, the rest after 5 minutes`. */
export function describeCodeDeploy(settings: CodeDeploySettings): string {
  const { config, routing, readyMinutes, terminationMinutes, hooks } = settings;
  const steps = describeRouting(routing);
  return [
    `CodeDeploy shifts its traffic by ${config}${steps === '' ? '' : ` (${steps})`}`,
    ...(readyMinutes === undefined
      ? []
      : [`waits for up to ${readyMinutes} minutes to be continued before that`]),
    ...(hooks.length === 0 ? [] : [`calls the hooks of ${hooks.join(', ')}`]),
    `keeps the old tasks for ${terminationMinutes} minutes after it`,
  ].join(', ');
}

function describeRouting(routing: TrafficRouting | undefined): string {
  switch (routing?.kind) {
    case undefined:
      return '';
    case 'all-at-once':
      return 'all at once';
    case 'canary':
      return `${routing.percent} % at first, the rest after ${routing.minutes} minutes`;
    case 'linear':
      return `${routing.percent} % every ${routing.minutes} minutes`;
  }
}
