import { commitOfTag } from '../aws/image-reference.ts';
import type { ReadContext, RunContext } from '../context.ts';
import { announce, type ImagePlan } from '../image/plan.ts';
import { runningCommit } from '../image/source.ts';
import type { BuildFacts, DeployedImage, ProvidedImages, Request, ServiceSnapshot } from '../model/index.ts';
import type { RunRecord } from '../report/run-record.ts';

/** The images of this run, and what is known of the only one. */
export interface FoundImages {
  readonly images: ProvidedImages;
  readonly image: DeployedImage | undefined;
  /** Undefined where nothing was built. */
  readonly build: BuildFacts | undefined;
}

/** The images of this run; one that is to be built is built and pushed. */
export async function findImages(
  { registries }: Pick<Request, 'registries'>,
  ctx: RunContext,
  {
    imagePlan,
    platforms,
    provided,
  }: {
    readonly imagePlan: ImagePlan;
    readonly platforms: readonly string[];
    readonly provided: (() => Promise<ProvidedImages>) | undefined;
  },
): Promise<FoundImages> {
  if (imagePlan.kind === 'build') {
    const { produceImage } = await import('../image/produce.ts');
    const { image, build } = await produceImage(ctx, imagePlan, platforms);
    return { images: { kind: 'one', image }, image, build };
  }
  if (imagePlan.kind === 'take' && registries.length > 0) {
    ctx.log.line('registries: nothing is built, so the step logs in nowhere.');
  }
  const images =
    imagePlan.kind === 'announce' ? announce(imagePlan, ctx.log) : ((await provided?.()) ?? { kind: 'none' });
  return { images, image: images.kind === 'one' ? images.image : undefined, build: undefined };
}

/** Finds the commit to compare with, where the image tells its own. */
export async function findPreviousCommit(
  { image, build }: Pick<RunRecord, 'image' | 'build'>,
  ctx: Pick<ReadContext, 'aws'>,
  [service]: readonly ServiceSnapshot[],
): Promise<string | undefined> {
  if (image === undefined || service === undefined) return undefined;
  const isOfACommit =
    build !== undefined || image.toBeBuilt === true || commitOfTag(image.tag ?? '') !== undefined;
  return isOfACommit ? runningCommit(ctx.aws, service.running, image) : undefined;
}
