/** Deployments of a group, as CodeDeploy remembers them. */
import type { DeploymentInfo } from '@aws-sdk/client-codedeploy';
import { attempt, valueOr, WITHHELD } from '../aws/attempt.ts';
import type { CodeDeployReads } from '../aws/clients.ts';
import { taskDefinitionOf } from './app-spec.ts';

export type { DeploymentInfo };

/** BatchGetDeployments takes as many. */
const REMEMBERED = 25;

/** A deployment with the task definition that its AppSpec names. */
export interface PastCodeDeployment {
  readonly info: DeploymentInfo;
  readonly taskDefinitionArn: string | undefined;
}

type Reads = Pick<CodeDeployReads, 'listDeployments' | 'batchGetDeployments' | 'getApplicationRevision'>;

export interface GroupAddress {
  readonly application: string;
  readonly group: string;
}

/**
 * The last deployments of a group, newest first. `known`: ids that the group itself names; they alone are read where the
 * others may not be listed. What cannot be read is left out.
 */
export async function readHistory(
  codeDeploy: Reads,
  { application, group }: GroupAddress,
  known: readonly string[],
): Promise<PastCodeDeployment[]> {
  const listed = await orNothing(() =>
    codeDeploy.listDeployments({ applicationName: application, deploymentGroupName: group }),
  );
  const ids = [...new Set([...known, ...(listed?.deployments ?? [])])].slice(0, REMEMBERED);
  if (ids.length === 0) return [];
  const answer = await orNothing(() => codeDeploy.batchGetDeployments({ deploymentIds: ids }));
  const infos = (answer?.deploymentsInfo ?? []).toSorted((a, b) => timeOf(b) - timeOf(a));
  const contents = new Map<string, Promise<string | undefined>>();
  return Promise.all(
    infos.map(async (info) => {
      const sha256 = info.revision?.appSpecContent?.sha256 ?? '';
      const reading = contents.get(sha256) ?? contentOf(codeDeploy, application, info);
      contents.set(sha256, reading);
      const content = await reading;
      return { info, taskDefinitionArn: content === undefined ? undefined : taskDefinitionOf(content) };
    }),
  );
}

/** GetDeployment never has the content of an AppSpec (API reference, DeploymentInfo): it is kept as a revision. */
async function contentOf(
  codeDeploy: Pick<CodeDeployReads, 'getApplicationRevision'>,
  applicationName: string,
  { revision }: DeploymentInfo,
): Promise<string | undefined> {
  const content = revision?.appSpecContent?.content;
  if (content !== undefined || revision === undefined) return content;
  const answer = await orNothing(() => codeDeploy.getApplicationRevision({ applicationName, revision }));
  return answer?.revision?.appSpecContent?.content;
}

/** What may not be read, or is not there any more, is done without. */
async function orNothing<T>(read: () => Promise<T>): Promise<T | undefined> {
  return valueOr(await attempt(read, WITHHELD), undefined);
}

function timeOf({ createTime }: DeploymentInfo): number {
  return createTime?.getTime() ?? 0;
}

const ENDED: readonly string[] = ['Succeeded', 'Failed', 'Stopped'];

/** Pure: it has not ended (API reference, DeploymentInfo); a status of the future has not either. */
export function isOpen({ status }: Pick<DeploymentInfo, 'status'>): boolean {
  return status !== undefined && !ENDED.includes(status);
}

/** Pure: all traffic is shifted; what it still waits for is to stop the old tasks. */
export function isShifted(info: DeploymentInfo): boolean {
  return info.instanceTerminationWaitTimeStarted === true && isOpen(info);
}
