import type { ReadContext } from '../context.ts';
import { surveyGates, type Before } from '../gates/survey.ts';
import { planImage, type ImagePlan } from '../image/plan.ts';
import { lookUpImages } from '../image/resolve.ts';
import type { ProvidedImages, Request, ServiceSnapshot } from '../model/index.ts';
import { begun } from '../runtime/wait.ts';
import { addressForPeople, surveyServices } from '../service/survey.ts';

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
