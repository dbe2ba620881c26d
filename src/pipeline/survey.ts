import { parseArn, revisionName } from '../aws/arn.ts';
import type { RunContext } from '../context.ts';
import { surveyAlarms } from '../gates/alarms.ts';
import { surveyUrl } from '../gates/http.ts';
import { refuseMetrics, refuseOtherBalancers, surveyMetrics } from '../gates/metrics.ts';
import { planImage, type ImagePlan } from '../image/plan.ts';
import type { AlarmView, Probe, Request, ServiceSnapshot } from '../model/index.ts';
import type { RunRecord } from '../report/run-record.ts';
import { DeployError } from '../runtime/error.ts';
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
  refuseForeignArns(request, ctx.aws.region, undefined);
  const [snapshots, answer, alarms, imagePlan] = await Promise.all([
    surveyServices(ctx, request.cluster, request.services, request.codeDeploy),
    check === undefined || request.mode === 'plan' ? undefined : surveyUrl(ctx, check),
    surveyAlarms(ctx, request.gate.alarms, request.rollout.preflight),
    planImage(ctx, request),
    surveyMetrics(ctx, request.gate.metrics ?? []),
  ]);
  refuseForeignArns(request, ctx.aws.region, snapshots[0]?.address.accountId);
  refuseMetrics(request.gate.metrics ?? [], snapshots, request.gate.bakeMinutes);
  await refuseOtherBalancers(ctx, request.gate.metrics ?? [], snapshots);
  record.url = await addressForPeople(ctx.aws, check?.url, snapshots);
  return { snapshots, answer, alarms, imagePlan };
}

/**
 * An ARN says more than a name: what is in another region or account is not the service of the same name here. Throws
 * `invalid-input` that names both.
 */
function refuseForeignArns(request: Request, region: string, account: string | undefined): void {
  const given = [['cluster', request.cluster], ...request.services.map((service) => ['service', service])];
  for (const [input = '', text = ''] of given) {
    const arn = parseArn(text);
    if (arn === undefined) continue;
    const elsewhere =
      arn.region !== region
        ? `is in ${arn.region}, and this run is in ${region}`
        : account !== undefined && arn.accountId !== account
          ? `is in account ${arn.accountId}, and the credentials are of account ${account}`
          : undefined;
    if (elsewhere === undefined) continue;
    throw new DeployError('invalid-input', `${input}: ${text} ${elsewhere}.`, {
      hint: 'Give the name or the ARN of what is here, or the region and credentials of what is there. Nothing was touched.',
    });
  }
}

/** The services as they are now: while an image was built, somebody may have deployed. Nothing is rendered by then. */
export async function surveyAgain(
  request: Request,
  ctx: RunContext,
  before: readonly ServiceSnapshot[],
): Promise<ServiceSnapshot[]> {
  const names = before.map(({ address }) => address.name);
  const now = await surveyServices({ ...ctx, log: SILENCE }, request.cluster, names, request.codeDeploy);
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
  request: Request,
  ctx: RunContext,
  releases: readonly Release[],
): Promise<Release[]> {
  const again = async (release: Release): Promise<Release> => {
    const names = release.services.map(({ address }) => address.name);
    const now = await surveyServices({ ...ctx, log: SILENCE }, request.cluster, names, request.codeDeploy);
    const services = release.services.map((before, at) => {
      const seen = now[at];
      return seen?.taskDefinitionArn === before.taskDefinitionArn ? seen : before;
    });
    return { ...release, services };
  };
  return Promise.all(releases.map(again));
}
