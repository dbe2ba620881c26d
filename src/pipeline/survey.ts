import type { ReadContext } from '../context.ts';
import { surveyGates, type Before } from '../gates/survey.ts';
import { surveyImage, type SurveyedImage } from '../image/survey.ts';
import type { Request, ServiceSnapshot } from '../model/index.ts';
import { begun } from '../runtime/wait.ts';
import { addressForPeople, surveyServices } from '../service/survey.ts';

/** Production before anything was touched. */
export interface Survey extends SurveyedImage {
  readonly snapshots: readonly ServiceSnapshot[];
  readonly before: Before;
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
  const [snapshots, before, image] = await Promise.all([
    services,
    surveyGates(ctx, request, services),
    surveyImage(ctx, request, services),
  ]);
  return { ...image, snapshots, before, url };
}
