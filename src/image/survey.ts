/** What is known of the image before anything is touched. */
import type { ProvidedImages, Request, ServiceSnapshot } from '../model/index.ts';
import type { Log } from '../runtime/log.ts';
import { begun } from '../runtime/wait.ts';
import { planImage, type ImagePlan, type ImagePlanContext } from './plan.ts';
import { provideImages, type EcrOf, type TakenSource } from './resolve.ts';

export interface SurveyedImage {
  readonly imagePlan: ImagePlan;
  /** The images that are there already, which are looked up from now on. */
  readonly provided: (() => Promise<ProvidedImages>) | undefined;
}

/** Plans the image; what is there already is looked up at once. `services` tell the account of the run. */
export async function surveyImage(
  ctx: ImagePlanContext & { readonly aws: EcrOf },
  request: Request,
  services: Promise<readonly ServiceSnapshot[]>,
): Promise<SurveyedImage> {
  const imagePlan = await planImage(ctx, request);
  if (imagePlan.kind !== 'take') return { imagePlan, provided: undefined };
  const account = services.then(
    ([first]) => first?.address.accountId,
    () => undefined,
  );
  return { imagePlan, provided: lookUpImages(ctx, imagePlan.source, account) };
}

/**
 * Begins to look up images that are there already. What there is to say of them is logged when they are asked for, and
 * that is when it fails. `account`: that of the run, once it is known.
 */
function lookUpImages(
  { aws, log }: { readonly aws: EcrOf; readonly log: Log },
  source: TakenSource,
  account: Promise<string | undefined>,
): () => Promise<ProvidedImages> {
  const said: (() => void)[] = [];
  const later: Log = {
    line: (text) => {
      said.push(() => {
        log.line(text);
      });
    },
    warn: (text) => {
      said.push(() => {
        log.warn(text);
      });
    },
    point: () => undefined,
  };
  const images = begun(provideImages({ aws, log: later }, source, account));
  return async () => {
    try {
      return await images;
    } finally {
      for (const say of said) say();
    }
  };
}
