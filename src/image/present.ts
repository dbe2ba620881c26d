import type { EcrReads } from '../aws/clients.ts';
import { awsErrorKind } from '../aws/errors.ts';
import { deployErrorOf } from '../aws/failures.ts';
import type { EcrRepository } from '../aws/image-reference.ts';
import { MANIFEST_TYPES } from '../aws/manifest-types.ts';
import type { Log } from '../runtime/log.ts';
import type { ExistingTags } from './tags.ts';

type Ecr = Pick<EcrReads, 'batchGetImage' | 'describeImages'>;

/** BatchGetImage takes a hundred images. */
const IMAGES_A_CALL = 100;

/** Which of these tags exist, and on which images. None are known where ECR may not be read; the log says so. */
export async function existingTags(
  ecr: Ecr,
  repository: EcrRepository,
  tags: readonly string[],
  log: Log,
): Promise<ExistingTags> {
  const existing = new Map<string, string>();
  for (let from = 0; from < tags.length; from += IMAGES_A_CALL) {
    try {
      const { images = [] } = await ecr.batchGetImage({
        registryId: repository.accountId,
        repositoryName: repository.name,
        imageIds: tags.slice(from, from + IMAGES_A_CALL).map((imageTag) => ({ imageTag })),
        acceptedMediaTypes: MANIFEST_TYPES,
      });
      for (const { imageId: { imageTag, imageDigest } = {} } of images) {
        if (imageTag !== undefined && imageDigest !== undefined) existing.set(imageTag, imageDigest);
      }
    } catch (error) {
      if (awsErrorKind(error) !== 'denied')
        throw deployErrorOf(error, `looking for tags of ${repository.name}`);
      log.line(
        `ecr:BatchGetImage is denied on ${repository.name}: no image of an earlier run is looked for.`,
      );
      return new Map();
    }
  }
  return existing;
}

/** Compressed size in bytes, as ECR counts it; undefined where ECR does not say. It only adds to the report. */
export async function sizeOf(
  ecr: Ecr,
  repository: EcrRepository,
  imageDigest: string,
  signal: AbortSignal,
): Promise<number | undefined> {
  try {
    const { imageDetails } = await ecr.describeImages({
      registryId: repository.accountId,
      repositoryName: repository.name,
      imageIds: [{ imageDigest }],
    });
    return imageDetails?.[0]?.imageSizeInBytes;
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof Error) return undefined;
    throw error;
  }
}
