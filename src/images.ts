import { check, plan } from './delivery.ts';
import { announce, type ImagePlan } from './image/order.ts';
import { produceImage } from './image/produce.ts';
import { provideImages } from './image/provide.ts';
import type { DeployedImage, ProvidedImages, Request, ServiceSnapshot } from './model.ts';
import { newRunRecord, type RunRecord } from './report/story.ts';
import { SILENCE } from './runtime/log.ts';
import type { RunContext } from './tools.ts';
import { describePlatform, platformOf } from './verify/image.ts';

/**
 * Before an image is built: renders and checks as if it were there already, so that nobody waits for a build to learn of
 * a log group that is missing. Resolves to the platforms to build for: those of the input, else the task's own.
 */
export async function checkBeforeBuild(
  record: RunRecord,
  request: Request,
  ctx: RunContext,
  snapshots: readonly ServiceSnapshot[],
  image: DeployedImage,
): Promise<readonly string[]> {
  // The same is told once the image is there.
  const quiet = { ...ctx, log: SILENCE };
  const plans = await plan(newRunRecord(), request, quiet, snapshots, { kind: 'one', image });
  await check(record, request, ctx, plans);
  const [first] = plans;
  if (request.build.platforms.length > 0 || first === undefined) return request.build.platforms;
  const platform = platformOf({ definition: first.prepared.definition, services: first.services });
  return platform === undefined ? [] : [describePlatform(platform)];
}

/** The images of this run; one that is to be built is built and pushed, unless the run is a plan. */
export async function findImages(
  record: RunRecord,
  request: Request,
  ctx: RunContext,
  imagePlan: ImagePlan,
  platforms: readonly string[],
): Promise<ProvidedImages> {
  if (imagePlan.kind === 'build' && request.mode === 'deploy') {
    const { image, build } = await produceImage(ctx, request, imagePlan, platforms);
    record.image = image;
    record.build = build;
    return { kind: 'one', image };
  }
  if (imagePlan.kind === 'take' && request.registries.length > 0) {
    ctx.log.line('registries: nothing is built, so the step logs in nowhere.');
  }
  const images =
    imagePlan.kind === 'build' ? announce(imagePlan, ctx.log) : await provideImages(ctx, imagePlan.source);
  record.image = images.kind === 'one' ? images.image : undefined;
  return images;
}
