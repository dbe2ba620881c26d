import { revisionName } from '../aws/arn.ts';
import type { ReadContext } from '../context.ts';
import type { Request, ServiceSnapshot } from '../model/index.ts';
import { SILENCE } from '../runtime/log.ts';
import { surveyServices, type ServicesRequest } from '../service/survey.ts';
import { plannedFor, snapshotsOf } from './plan.ts';
import type { Release } from './release.ts';

/** The same services as they are now: while an image was built, somebody may have deployed. Nothing is rendered by then. */
export async function surveyAgain(
  request: ServicesRequest,
  ctx: ReadContext,
  before: readonly ServiceSnapshot[],
): Promise<ServiceSnapshot[]> {
  const now = await look(request, ctx, before);
  for (const [at, { address, primaryId, taskDefinitionArn }] of now.entries()) {
    if (primaryId === before[at]?.primaryId) continue;
    ctx.log.warn(
      `Service "${address.name}" was deployed by somebody else meanwhile, with ${revisionName(taskDefinitionArn)}: this run goes on from there.`,
    );
  }
  return now;
}

/**
 * The same revisions, to the services as they are now. One that somebody moved to another task definition since ours was
 * rendered stays as it was seen: its update is not begun.
 */
export async function refreshReleases(
  request: ServicesRequest & Pick<Request, 'rollout'>,
  ctx: ReadContext,
  releases: readonly Release[],
): Promise<Release[]> {
  const again = async (release: Release): Promise<Release> => {
    const known = snapshotsOf(release.services);
    const now = await look(request, ctx, known);
    const services = known.map((before, at) => {
      const seen = now[at];
      return seen?.taskDefinitionArn === before.taskDefinitionArn ? seen : before;
    });
    return { ...release, services: plannedFor(services, release.prepared, request.rollout) };
  };
  return Promise.all(releases.map(again));
}

/** Reads services once more, in the same order; what was logged of them stands. */
function look(
  request: ServicesRequest,
  ctx: ReadContext,
  before: readonly ServiceSnapshot[],
): Promise<ServiceSnapshot[]> {
  const services = before.map(({ address }) => address.name);
  return surveyServices({ ...ctx, log: SILENCE }, { ...request, services });
}
