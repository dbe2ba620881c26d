/** A service that CodeDeploy deploys, as the survey sees it. */
import type { Service } from '@aws-sdk/client-ecs';
import { ANY_AWS_ERROR, attempt, valueOr } from '../aws/attempt.ts';
import type { AwsReads } from '../aws/clients.ts';
import {
  describeCodeDeploy,
  groupAddressOf,
  readGroup,
  shiftMinutes,
  type FoundGroup,
} from '../codedeploy/group.ts';
import type { DeploymentInfo, PastCodeDeployment } from '../codedeploy/history.ts';
import { isOpen } from '../codedeploy/history.ts';
import { primaryOf } from '../ecs/services.ts';
import type {
  CodeDeployOrder,
  CodeDeployRequest,
  GoodRevision,
  PastDeployment,
  RunningImage,
  ServiceSnapshot,
  TargetGroupAttachment,
} from '../model/index.ts';
import { DeployError } from '../runtime/error.ts';
import { imagesOfTasks } from './running-images.ts';

const NOTHING_ASKED: CodeDeployRequest = {
  application: undefined,
  group: undefined,
  appSpec: undefined,
  description: undefined,
  config: undefined,
};

/** What a deployment is told. Throws `invalid-input` where the AppSpec is none. */
function orderOf({ config, description, file }: CodeDeployRequest): CodeDeployOrder {
  if (file?.kind === 'problem') {
    throw new DeployError('invalid-input', `codedeploy-appspec: ${file.problem}.`, {
      hint: 'Correct the file, or leave it out: an AppSpec is made then.',
    });
  }
  return { config, description, appSpec: file?.document };
}

/** Completes what a described service tells, its task sets in the place of deployments, with what its deployment group knows. */
export async function takeCodeDeploySnapshot(
  aws: Pick<AwsReads, 'ecs' | 'elb' | 'codeDeploy'>,
  plain: ServiceSnapshot,
  service: Service,
  asked: CodeDeployRequest = NOTHING_ASKED,
): Promise<ServiceSnapshot> {
  const { address } = plain;
  const found = await readGroup(aws, address, groupAddressOf(address, asked), orderOf(asked));
  const [running, targetGroups] = await Promise.all([
    imagesOfTasks(aws.ecs, plain),
    attachmentsOf(aws, service, found.targetGroups),
  ]);
  return codeDeploySnapshot({ ...plain, running, targetGroups }, service, found);
}

/** Pure: the snapshot with what CodeDeploy knows. While traffic shifts, the revision that is on its way is the current one. */
export function codeDeploySnapshot(
  plain: ServiceSnapshot,
  service: Service,
  { settings, history, hasTestListener, alarms }: FoundGroup,
): ServiceSnapshot {
  const { open, routing } = settings;
  const primary = primaryOf(service)?.taskDefinition ?? plain.taskDefinitionArn;
  const past = pastOf(history, primary, plain.running);
  const isUnderway = open !== undefined && !open.isShifted;
  const lastFailed = past[0]?.verdict === 'failed' && past[0].taskDefinitionArn === primary;
  return {
    ...plain,
    taskDefinitionArn: (isUnderway ? open.taskDefinitionArn : undefined) ?? primary,
    rollout: isUnderway ? 'in-progress' : lastFailed && !past[0]?.rolledBack ? 'failed' : 'complete',
    past,
    lastGood: lastGoodOf(past, primary, plain.running),
    deployment: {
      ...plain.deployment,
      strategy: { 'all-at-once': 'BLUE_GREEN', canary: 'CANARY', linear: 'LINEAR' }[
        routing?.kind ?? 'all-at-once'
      ],
      alarms,
      alarmsRollBack: settings.rollsBackOn.includes('DEPLOYMENT_STOP_ON_ALARM'),
    },
    strategy: describeCodeDeploy(settings),
    strategyMinutes: shiftMinutes(routing),
    ...(hasTestListener ? { hasTestTraffic: true as const } : {}),
    codeDeploy:
      open === undefined ? settings : { ...settings, open: { ...open, before: oldOf(service, open.id) } },
  };
}

/** The task definition of the task set that a deployment did not make. */
function oldOf({ taskSets = [] }: Service, codeDeploymentId: string): string | undefined {
  const others = taskSets.filter(
    ({ externalId, status }) => externalId !== codeDeploymentId && status !== 'DRAINING',
  );
  return (others.find(({ status }) => status === 'PRIMARY') ?? others[0])?.taskDefinition;
}

function pastOf(
  history: readonly PastCodeDeployment[],
  primary: string,
  running: readonly RunningImage[],
): PastDeployment[] {
  return history.flatMap(({ info, taskDefinitionArn }) =>
    taskDefinitionArn === undefined
      ? []
      : [
          {
            taskDefinitionArn,
            serviceDeploymentArn: undefined,
            serviceRevisionArn: undefined,
            images: taskDefinitionArn === primary ? running : [],
            verdict: verdictOf(info),
            rolledBack: isOfRollback(info),
            finishedAt: info.completeTime?.getTime(),
          },
        ],
  );
}

/** It was rolled back, or it is the deployment that did it. */
function isOfRollback({ rollbackInfo }: DeploymentInfo): boolean {
  const { rollbackDeploymentId, rollbackTriggeringDeploymentId } = rollbackInfo ?? {};
  return (rollbackDeploymentId ?? rollbackTriggeringDeploymentId) !== undefined;
}

/** One whose traffic is all shifted is good: it only keeps the old tasks for a while. */
function verdictOf(info: DeploymentInfo): PastDeployment['verdict'] {
  if (info.status === 'Succeeded') return 'good';
  if (!isOpen(info)) return 'failed';
  return info.instanceTerminationWaitTimeStarted === true ? 'good' : 'open';
}

/** What CodeDeploy brought last and called good; the PRIMARY task set before its first deployment. */
function lastGoodOf(
  past: readonly PastDeployment[],
  primary: string,
  running: readonly RunningImage[],
): GoodRevision | undefined {
  const good = past.find(({ verdict }) => verdict === 'good');
  const isCondemned =
    past.find(({ taskDefinitionArn }) => taskDefinitionArn === primary)?.verdict === 'failed';
  const arn = good?.taskDefinitionArn ?? (isCondemned || primary === '' ? undefined : primary);
  return arn === undefined
    ? undefined
    : {
        taskDefinitionArn: arn,
        serviceDeploymentArn: undefined,
        serviceRevisionArn: undefined,
        images: arn === primary ? running : [],
      };
}

/** The target groups of the service: the one that its PRIMARY task set is in, and the other of the pair. */
async function attachmentsOf(
  { elb }: Pick<AwsReads, 'elb'>,
  service: Service,
  names: readonly string[],
): Promise<TargetGroupAttachment[]> {
  const primary = service.taskSets?.find(({ status }) => status === 'PRIMARY');
  const balancers = primary?.loadBalancers ?? service.loadBalancers ?? [];
  const arns = await arnsOf(elb, names);
  return balancers.flatMap(({ targetGroupArn, containerName, containerPort }) => {
    if (targetGroupArn === undefined) return [];
    const alternateTargetGroupArn = arns.find((arn) => arn !== targetGroupArn);
    return [{ targetGroupArn, alternateTargetGroupArn, containerName, containerPort }];
  });
}

async function arnsOf(elb: AwsReads['elb'], names: readonly string[]): Promise<string[]> {
  if (names.length === 0) return [];
  const answer = await attempt(() => elb.describeTargetGroups({ Names: [...names] }), ANY_AWS_ERROR);
  const found = valueOr(answer, undefined)?.TargetGroups ?? [];
  return found.flatMap(({ TargetGroupArn }) => TargetGroupArn ?? []);
}
