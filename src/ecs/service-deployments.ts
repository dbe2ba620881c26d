import type {
  ServiceDeployment,
  ServiceDeploymentBrief,
  ServiceRevision,
  ServiceRevisionSummary,
} from '@aws-sdk/client-ecs';
import { attempt, CLOSED, valueOr } from '../aws/attempt.ts';
import type { EcsReads } from '../aws/clients.ts';
import type { ServiceAddress } from '../model/index.ts';

export type { ServiceDeployment, ServiceDeploymentBrief, ServiceRevision, ServiceRevisionSummary };

/** Pages of ListServiceDeployments that are read at most: 1,000 deployments. */
const PAGES = 10;

export interface ListOptions {
  readonly status?: 'SUCCESSFUL';
  /** By AWS's clock. */
  readonly createdAfter?: Date;
  /** Reading ends at the first page after which it holds. */
  readonly enough?: (found: readonly ServiceDeploymentBrief[]) => boolean;
}

/**
 * Service deployments of a service, newest first; ECS keeps them for 90 days. Undefined where the call is denied
 * or unsupported.
 */
export async function listServiceDeployments(
  ecs: Pick<EcsReads, 'listServiceDeployments'>,
  address: Pick<ServiceAddress, 'cluster' | 'name'>,
  options: ListOptions = {},
): Promise<ServiceDeploymentBrief[] | undefined> {
  const answer = await attempt(() => listPages(ecs, address, options), CLOSED);
  return valueOr(answer, undefined)?.sort((a, b) => timeOf(b.createdAt) - timeOf(a.createdAt));
}

async function listPages(
  ecs: Pick<EcsReads, 'listServiceDeployments'>,
  address: Pick<ServiceAddress, 'cluster' | 'name'>,
  options: ListOptions,
): Promise<ServiceDeploymentBrief[]> {
  const found: ServiceDeploymentBrief[] = [];
  let nextToken: string | undefined;
  for (let page = 0; page < PAGES; page += 1) {
    const answer = await ecs.listServiceDeployments({
      cluster: address.cluster,
      service: address.name,
      maxResults: 100,
      ...(options.status === undefined ? {} : { status: [options.status] }),
      ...(options.createdAfter === undefined ? {} : { createdAt: { after: options.createdAfter } }),
      ...(nextToken === undefined ? {} : { nextToken }),
    });
    found.push(...(answer.serviceDeployments ?? []));
    nextToken = answer.nextToken;
    if (nextToken === undefined || options.enough?.(found) === true) break;
  }
  return found;
}

/** One service deployment whole. Undefined where the call is denied or unsupported, or does not know it (yet). */
export async function describeServiceDeployment(
  ecs: Pick<EcsReads, 'describeServiceDeployments'>,
  arn: string,
): Promise<ServiceDeployment | undefined> {
  const read = (): ReturnType<EcsReads['describeServiceDeployments']> =>
    ecs.describeServiceDeployments({ serviceDeploymentArns: [arn] });
  return valueOr(await attempt(read, CLOSED), undefined)?.serviceDeployments?.[0];
}

/** DescribeServiceDeployments takes as many. */
export const DEPLOYMENTS_A_CALL = 20;

/** As AWS showed it at a time by its own clock; undefined where the answer does not say when. */
export type SeenDeployment = ServiceDeployment & { readonly seenAt?: Date | undefined };

/** Service deployments by ARN, at most twenty; empty where the call is denied or unsupported. */
export async function describeServiceDeployments(
  ecs: Pick<EcsReads, 'describeServiceDeployments'>,
  arns: readonly string[],
): Promise<ReadonlyMap<string, SeenDeployment>> {
  const read = (): ReturnType<EcsReads['describeServiceDeployments']> =>
    ecs.describeServiceDeployments({ serviceDeploymentArns: [...arns] });
  const answer = valueOr(await attempt(read, CLOSED), undefined);
  const { serviceDeployments = [], date: seenAt } = answer ?? {};
  return new Map(serviceDeployments.map((each) => [each.serviceDeploymentArn ?? '', { ...each, seenAt }]));
}

const REVISIONS_A_CALL = 20;

/** Service revisions by ARN, in no order; those that cannot be read are left out. */
export async function describeServiceRevisions(
  ecs: Pick<EcsReads, 'describeServiceRevisions'>,
  arns: readonly string[],
): Promise<ServiceRevision[]> {
  const readAll = async (): Promise<ServiceRevision[]> => {
    const revisions: ServiceRevision[] = [];
    for (let from = 0; from < arns.length; from += REVISIONS_A_CALL) {
      const answer = await ecs.describeServiceRevisions({
        serviceRevisionArns: arns.slice(from, from + REVISIONS_A_CALL),
      });
      revisions.push(...(answer.serviceRevisions ?? []));
    }
    return revisions;
  };
  return valueOr(await attempt(readAll, CLOSED), []);
}

/** The service revision that a service deployment brings; undefined where it cannot be read. */
export async function targetRevisionOf(
  ecs: Pick<EcsReads, 'describeServiceDeployments' | 'describeServiceRevisions'>,
  serviceDeploymentArn: string | undefined,
): Promise<ServiceRevision | undefined> {
  if (serviceDeploymentArn === undefined) return undefined;
  const deployment = await describeServiceDeployment(ecs, serviceDeploymentArn);
  const target = deployment?.targetServiceRevision?.arn;
  return target === undefined ? undefined : (await describeServiceRevisions(ecs, [target]))[0];
}

/** Milliseconds of an AWS time; only compared with other AWS times. */
export function timeOf(date: Date | undefined): number {
  return date?.getTime() ?? 0;
}
