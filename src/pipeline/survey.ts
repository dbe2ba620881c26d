import { revisionName } from '../aws/arn.ts';
import type { ReadContext, RunContext } from '../context.ts';
import { surveyGates, type Before } from '../gates/survey.ts';
import { planImage, type ImagePlan } from '../image/plan.ts';
import type { ProvidedImages, Request, ServiceSnapshot } from '../model/index.ts';
import { counted, minuteInUtc, SILENCE } from '../runtime/log.ts';
import { begun } from '../runtime/wait.ts';
import { addressForPeople, surveyServices, type ServicesRequest } from '../service/survey.ts';
import { lookUpImages } from './image.ts';
import { plannedFor, snapshotsOf } from './plan.ts';
import type { Release } from './release.ts';

/** Production before anything was touched. */
export interface Survey {
  readonly snapshots: readonly ServiceSnapshot[];
  readonly before: Before;
  readonly imagePlan: ImagePlan;
  /** The images that are there already; they were looked up beside the services. */
  readonly provided: (() => Promise<ProvidedImages>) | undefined;
  /** Where a person reaches the first service, as far as it is known. */
  readonly url: string | undefined;
}

/** `meanwhile` is done beside it, once AWS has answered for the first time. */
export async function survey(
  request: Request,
  ctx: ReadContext,
  meanwhile: () => Promise<unknown>,
): Promise<Survey> {
  let url: string | undefined;
  const services = begun(
    surveyServices(ctx, request, async (found) => {
      [url] = await Promise.all([addressForPeople(ctx.aws, request.gate.http?.url, found), meanwhile()]);
    }),
  );
  const [snapshots, before, { imagePlan, provided }] = await Promise.all([
    services,
    surveyGates(ctx, request, services),
    planImages(ctx, request, services),
  ]);
  return { snapshots, before, imagePlan, provided, url };
}

/** Credentials that end before the run may: what it begins would be followed by nobody. */
export function warnOfExpiry(
  { credentialsEnd, log }: Pick<RunContext, 'credentialsEnd' | 'log'>,
  { mode, rollout, gate, services }: Request,
): void {
  if (credentialsEnd === undefined || mode === 'plan' || !rollout.wait || services.length === 0) return;
  const { at, leftMs } = credentialsEnd;
  const minutes = rollout.waitMinutes + gate.bakeMinutes + gate.deadlineSeconds / 60;
  if (leftMs >= minutes * 60_000) return;
  const left = Math.max(Math.floor(leftMs / 60_000), 0);
  log.warn(
    `The AWS credentials expire at ${minuteInUtc(at.toISOString())}, in ${counted(left, 'minute')}, and this run may take ${Math.ceil(minutes)}: from then on nobody follows the deployment, or rolls it back. Give the role a longer session (role-duration-seconds of aws-actions/configure-aws-credentials).`,
  );
}

/** What is there already is looked up at once. */
async function planImages(
  ctx: ReadContext,
  request: Request,
  services: Promise<readonly ServiceSnapshot[]>,
): Promise<Pick<Survey, 'imagePlan' | 'provided'>> {
  const imagePlan = await planImage(ctx, request);
  if (imagePlan.kind !== 'take') return { imagePlan, provided: undefined };
  const account = services.then(
    ([first]) => first?.address.accountId,
    () => undefined,
  );
  return { imagePlan, provided: lookUpImages(ctx, imagePlan.source, account) };
}

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
