import type { EcrReads, EcrWrites } from '../aws/clients.ts';
import { isAwsError } from '../aws/errors.ts';
import { wrapAwsError } from '../aws/failures.ts';
import type { EcrRepository } from '../aws/image-reference.ts';
import { MANIFEST_TYPES } from '../aws/manifest-types.ts';
import type { Clock } from '../runtime/clock.ts';
import { DeployError } from '../runtime/failure.ts';
import type { Log } from '../runtime/log.ts';
import { retrying, type Attempt } from '../runtime/retry.ts';
import { isBefore, type BuildxVersion } from './arguments.ts';
import type { Docker } from './docker.ts';
import { explain, sentence, type Circumstances } from './explain.ts';
import { tagIsTaken } from './tags.ts';

/**
 * Gives an image further tags in its repository; its digest stays the same. Throws `push-failed`, and
 * `preflight-failed` for a tag that cannot be moved.
 */
export async function tagImage(
  ecr: Pick<EcrReads, 'batchGetImage'> & EcrWrites,
  { accountId: registryId, name: repositoryName }: EcrRepository,
  imageDigest: string,
  tags: readonly string[],
): Promise<void> {
  if (tags.length === 0) return;
  const doing = `tagging ${repositoryName}@${imageDigest.slice(0, 'sha256:'.length + 12)}`;
  const { images: [image] = [] } = await wrapAwsError(
    doing,
    () =>
      ecr.batchGetImage({
        registryId,
        repositoryName,
        imageIds: [{ imageDigest }],
        acceptedMediaTypes: MANIFEST_TYPES,
      }),
    'push-failed',
  );
  const { imageManifest, imageManifestMediaType } = image ?? {};
  for (const imageTag of tags) {
    const put = { registryId, repositoryName, imageManifest, imageManifestMediaType, imageDigest, imageTag };
    await wrapAwsError(doing, () => ecr.putImage(put), 'push-failed').catch((error: unknown) => {
      const { cause } = error as DeployError;
      if (isAwsError(cause, 'ImageTagAlreadyExistsException')) throw tagIsTaken(imageTag, repositoryName);
      if (!isAwsError(cause, 'ImageAlreadyExistsException')) throw error;
    });
  }
}

/** buildx 0.14 made an index of every single image, unless it is told not to; those before know no such option. */
const PREFERS_INDEX = { major: 0, minor: 14 };

/** Copies an image into other repositories, without building or pulling it. Throws `push-failed`. */
export async function copyImage(
  { clock, signal, log }: { readonly clock: Clock; readonly signal: AbortSignal; readonly log: Log },
  docker: Docker,
  { from, to, buildx }: { from: string; to: readonly string[]; buildx: BuildxVersion | undefined },
  circumstances: Circumstances,
): Promise<void> {
  const asItIs = isBefore(buildx, PREFERS_INDEX) ? [] : ['--prefer-index=false'];
  const tags = to.flatMap((reference) => ['--tag', reference]);
  const args = ['buildx', 'imagetools', 'create', ...asItIs, ...tags, from];
  const attempt = async (): Promise<Attempt<undefined>> => {
    const { exitCode, lastLines } = await docker.run(args);
    if (exitCode === 0) return { kind: 'done', value: undefined };
    const { error, hint, retryable } = explain(
      lastLines,
      circumstances,
      `docker ended with exit code ${exitCode}`,
    );
    const failure = new DeployError('push-failed', sentence('The image could not be copied', error), {
      ...(hint === undefined ? {} : { hint }),
      evidence: [{ kind: 'error', text: error }],
    });
    return { kind: 'failed', error: failure, retryable };
  };
  await retrying(clock, signal, attempt, (error, seconds) => {
    log.line(`${error.message} Trying again in ${seconds} s.`);
  });
}
