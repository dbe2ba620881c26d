import { parseArn, revisionName } from '../aws/arn.ts';
import type { ReadContext, RunContext } from '../context.ts';
import { planImage, type ImagePlan } from '../image/plan.ts';
import type {
  AlarmView,
  HttpCheck,
  Probe,
  ProvidedImages,
  Request,
  ServiceSnapshot,
} from '../model/index.ts';
import { DeployError } from '../runtime/error.ts';
import { counted, minuteInUtc, SILENCE } from '../runtime/log.ts';
import { begun } from '../runtime/wait.ts';
import { addressForPeople, surveyServices } from '../service/survey.ts';
import { lookUpImages } from './image.ts';
import type { Release } from './release.ts';

/** Production before anything was touched. */
export interface Survey {
  readonly snapshots: readonly ServiceSnapshot[];
  readonly answer: Probe | undefined;
  readonly alarms: readonly AlarmView[];
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
  const check = request.gate.http;
  const asked = request.gate.metrics ?? [];
  const metrics = asked.length === 0 ? undefined : await import('../gates/metrics.ts');
  refuseForeignArns(request, ctx.aws.region, undefined);
  let url: string | undefined;
  const services = begun(
    surveyServices(ctx, request.cluster, request.services, request.codeDeploy, async (found) => {
      [url] = await Promise.all([addressForPeople(ctx.aws, check?.url, found), meanwhile()]);
    }),
  );
  const account = services.then(
    ([first]) => first?.address.accountId,
    () => undefined,
  );
  const [snapshots, answer, alarms, { imagePlan, provided }] = await Promise.all([
    services,
    check === undefined || request.mode === 'plan' ? undefined : askUrl(ctx, check),
    readAlarms(ctx, request),
    planImages(ctx, request, account),
    metrics?.surveyMetrics(ctx, asked),
  ]);
  refuseForeignArns(request, ctx.aws.region, snapshots[0]?.address.accountId);
  metrics?.refuseMetrics(asked, snapshots, request.gate.bakeMinutes);
  await metrics?.refuseOtherBalancers(ctx, asked, snapshots);
  return { snapshots, answer, alarms, imagePlan, provided, url };
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
  account: Promise<string | undefined>,
): Promise<Pick<Survey, 'imagePlan' | 'provided'>> {
  const imagePlan = await planImage(ctx, request);
  if (imagePlan.kind === 'build') return { imagePlan, provided: undefined };
  return { imagePlan, provided: lookUpImages(ctx, imagePlan.source, account) };
}

async function askUrl(ctx: ReadContext, check: HttpCheck): Promise<Probe> {
  const { surveyUrl } = await import('../gates/http.ts');
  return surveyUrl(ctx, check);
}

async function readAlarms(ctx: ReadContext, { gate, rollout }: Request): Promise<readonly AlarmView[]> {
  if (gate.alarms.length === 0) return [];
  const { surveyAlarms } = await import('../gates/alarms.ts');
  return surveyAlarms(ctx, gate.alarms, rollout.preflight);
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
  ctx: ReadContext,
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
  ctx: ReadContext,
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
