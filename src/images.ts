import { check, plan } from './delivery.ts';
import { announce, type ImageOrder } from './image/order.ts';
import { produceImage } from './image/produce.ts';
import { provideImages } from './image/provide.ts';
import type { DeployedImage, ProvidedImages, Request, ServiceSnapshot } from './model.ts';
import { newStory, type Story } from './report/story.ts';
import { SILENCE } from './runtime/log.ts';
import type { Tools } from './tools.ts';
import { describePlatform, platformOf } from './verify/image.ts';

/**
 * Before an image is built: renders and checks as if it were there already, so that nobody waits for a build to learn of
 * a log group that is missing. Resolves to the platforms to build for: those of the input, else the task's own.
 */
export async function lookAhead(
  story: Story,
  request: Request,
  tools: Tools,
  snapshots: readonly ServiceSnapshot[],
  image: DeployedImage,
): Promise<readonly string[]> {
  // The same is told once the image is there.
  const quiet = { ...tools, log: SILENCE };
  const plans = await plan(newStory(), request, quiet, snapshots, { kind: 'one', image });
  await check(story, request, tools, plans);
  const [first] = plans;
  if (request.build.platforms.length > 0 || first === undefined) return request.build.platforms;
  const platform = platformOf({ definition: first.prepared.definition, services: first.services });
  return platform === undefined ? [] : [describePlatform(platform)];
}

/** The images of this run; one that is to be built is built and pushed, unless the run is a plan. */
export async function findImages(
  story: Story,
  request: Request,
  tools: Tools,
  order: ImageOrder,
  platforms: readonly string[],
): Promise<ProvidedImages> {
  if (order.kind === 'build' && request.mode === 'deploy') {
    const { image, build } = await produceImage(tools, request, order, platforms);
    story.image = image;
    story.build = build;
    return { kind: 'one', image };
  }
  if (order.kind === 'take' && request.registries.length > 0) {
    tools.log.line('registries: nothing is built, so the step logs in nowhere.');
  }
  const images =
    order.kind === 'build' ? announce(order, tools.log) : await provideImages(tools, order.source);
  story.image = images.kind === 'one' ? images.image : undefined;
  return images;
}
