import type {
  ServiceDeployment,
  ServiceDeploymentBrief,
  ServiceRevision,
  ServiceRevisionSummary,
} from '@aws-sdk/client-ecs';
import type { ServiceAddress } from '../model.ts';
import type { EcsReads } from './clients.ts';
import { awsErrorKind } from './errors.ts';

export type { ServiceDeployment, ServiceDeploymentBrief, ServiceRevision, ServiceRevisionSummary };

/** Pages of ListServiceDeployments that are read at most: 1,000 deployments. */
const PAGES = 10;

/**
 * Service deployments of a service, newest first; ECS keeps them for 90 days. Undefined where the call is denied
 * or unsupported. With `enough`, reading ends at the first page after which it holds.
 */
export async function listServiceDeployments(
  ecs: Pick<EcsReads, 'listServiceDeployments'>,
  address: Pick<ServiceAddress, 'cluster' | 'name'>,
  options: { createdAfter?: Date; enough?: (found: readonly ServiceDeploymentBrief[]) => boolean } = {},
): Promise<ServiceDeploymentBrief[] | undefined> {
  const found: ServiceDeploymentBrief[] = [];
  let nextToken: string | undefined;
  try {
    for (let page = 0; page < PAGES; page += 1) {
      const answer = await ecs.listServiceDeployments({
        cluster: address.cluster,
        service: address.name,
        maxResults: 100,
        ...(options.createdAfter === undefined ? {} : { createdAt: { after: options.createdAfter } }),
        ...(nextToken === undefined ? {} : { nextToken }),
      });
      found.push(...(answer.serviceDeployments ?? []));
      nextToken = answer.nextToken;
      if (nextToken === undefined || options.enough?.(found) === true) break;
    }
  } catch (error) {
    if (isClosed(error)) return undefined;
    throw error;
  }
  return found.sort((a, b) => timeOf(b.createdAt) - timeOf(a.createdAt));
}

/** One service deployment whole. Undefined where the call is denied or unsupported, or does not know it (yet). */
export async function describeServiceDeployment(
  ecs: Pick<EcsReads, 'describeServiceDeployments'>,
  arn: string,
): Promise<ServiceDeployment | undefined> {
  try {
    const answer = await ecs.describeServiceDeployments({ serviceDeploymentArns: [arn] });
    return answer.serviceDeployments?.[0];
  } catch (error) {
    if (isClosed(error)) return undefined;
    throw error;
  }
}

/** Service revisions by ARN, in no order; those that cannot be read are left out. */
export async function describeServiceRevisions(
  ecs: Pick<EcsReads, 'describeServiceRevisions'>,
  arns: readonly string[],
): Promise<ServiceRevision[]> {
  if (arns.length === 0) return [];
  try {
    const answer = await ecs.describeServiceRevisions({ serviceRevisionArns: arns.slice(0, 20) });
    return answer.serviceRevisions ?? [];
  } catch (error) {
    if (isClosed(error)) return [];
    throw error;
  }
}

/** Denied and unsupported calls have a fallback; all other errors are the caller's. */
function isClosed(error: unknown): boolean {
  const kind = awsErrorKind(error);
  return kind === 'denied' || kind === 'unsupported';
}

/** Milliseconds of an AWS time; only compared with other AWS times. */
export function timeOf(date: Date | undefined): number {
  return date?.getTime() ?? 0;
}
