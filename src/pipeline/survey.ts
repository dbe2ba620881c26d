import { revisionName } from '../aws/arn.ts';
import type { RunContext } from '../context.ts';
import { surveyAlarms } from '../gates/alarms.ts';
import { surveyUrl } from '../gates/http.ts';
import { planImage, type ImagePlan } from '../image/plan.ts';
import type { AlarmView, Probe, Request, ServiceSnapshot } from '../model/index.ts';
import type { RunRecord } from '../report/run-record.ts';
import { SILENCE } from '../runtime/log.ts';
import { addressForPeople, surveyServices } from '../service/survey.ts';
import type { Release } from './release.ts';

/** Production before anything was touched. */
export interface Survey {
  readonly snapshots: readonly ServiceSnapshot[];
  readonly answer: Probe | undefined;
  readonly alarms: readonly AlarmView[];
  readonly imagePlan: ImagePlan;
}

export async function survey(record: RunRecord, request: Request, ctx: RunContext): Promise<Survey> {
  const check = request.gate.http;
  const [snapshots, answer, alarms, imagePlan] = await Promise.all([
    surveyServices(ctx, request.cluster, request.services),
    check === undefined || request.mode === 'plan' ? undefined : surveyUrl(ctx, check),
    surveyAlarms(ctx, request.gate.alarms, request.rollout.preflight),
    planImage(ctx, request),
  ]);
  record.url = await addressForPeople(ctx.aws, check?.url, snapshots);
  return { snapshots, answer, alarms, imagePlan };
}

/** The services as they are now: while an image was built or a task ran, somebody may have deployed. */
export async function surveyAgain(
  request: Request,
  ctx: RunContext,
  before: readonly ServiceSnapshot[],
): Promise<ServiceSnapshot[]> {
  const names = before.map(({ address }) => address.name);
  const now = await surveyServices({ ...ctx, log: SILENCE }, request.cluster, names);
  for (const [at, { address, primaryId, taskDefinitionArn }] of now.entries()) {
    if (primaryId === before[at]?.primaryId) continue;
    ctx.log.warn(
      `Service "${address.name}" was deployed by somebody else meanwhile, with ${revisionName(taskDefinitionArn)}: this run goes on from there.`,
    );
  }
  return now;
}

/** The same revisions, to the services as they are now. */
export function refreshReleases(
  request: Request,
  ctx: RunContext,
  releases: readonly Release[],
): Promise<Release[]> {
  const again = async (release: Release): Promise<Release> => ({
    ...release,
    services: await surveyAgain(request, ctx, release.services),
  });
  return Promise.all(releases.map(again));
}
