import type { EcrRepository } from '../aws/image-reference.ts';
import { objectIn, parsedObject, textIn } from '../aws/json.ts';
import { Cancelled } from '../runtime/cancellation.ts';
import { DeployError } from '../runtime/failure.ts';
import { withTimeout } from '../runtime/within.ts';
import type { CheckContext, PreflightAws } from './check.ts';

/** Of the URL and of what is behind it together: a network without a way to either must not hold a run up. */
const LIMIT_MS = 5_000;

/** A config has some kilobytes. */
const MAX_BYTES = 1024 * 1024;

/** The configs that say which platform an image is for; those of charts and other artifacts do not. */
const CONFIG_TYPES = [
  'application/vnd.oci.image.config.v1+json',
  'application/vnd.docker.container.image.v1+json',
];

/**
 * The config of a single image, of which ECR gives out a URL; undefined where it cannot be read, for whatever reason.
 * Rejects only with the end of the job.
 */
export async function readConfig(
  aws: Pick<PreflightAws, 'ecr'>,
  { clock, signal, download }: CheckContext,
  repository: EcrRepository,
  manifest: string | undefined,
): Promise<string | undefined> {
  const layerDigest = configDigest(manifest);
  if (layerDigest === undefined) return undefined;
  const over = new AbortController();
  try {
    return await withTimeout(clock, LIMIT_MS, async () => {
      const { downloadUrl = '' } = await aws.ecr(repository.region).getDownloadUrlForLayer({
        registryId: repository.accountId,
        repositoryName: repository.name,
        layerDigest,
      });
      return download(downloadUrl, MAX_BYTES, AbortSignal.any([signal, over.signal]));
    });
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof Cancelled || error instanceof DeployError) throw error;
    return undefined;
  } finally {
    over.abort();
  }
}

/** Pure: undefined where the manifest is none of a single image. */
export function configDigest(manifest: string | undefined): string | undefined {
  const config = objectIn(parsedObject(manifest), 'config');
  const type = textIn(config, 'mediaType');
  return type !== undefined && CONFIG_TYPES.includes(type) ? textIn(config, 'digest') : undefined;
}
