import type { Aws } from '../aws/clients.ts';
import { ecrRepositoryOf } from '../aws/image-reference.ts';
import type { ImageSource, ProvidedImages } from '../model.ts';
import type { Log } from '../runtime/log.ts';
import { repositoryUri } from './resolve.ts';

/**
 * The image that a deployment would build, for a plan: it has no digest yet, and its tag says so. Nothing is built;
 * rejects as a deployment would where the repository does not exist.
 */
export async function imageToBuild(
  { aws, log }: { readonly aws: Pick<Aws, 'ecr' | 'region'>; readonly log: Log },
  { repository, context }: Extract<ImageSource, { kind: 'build' }>,
): Promise<ProvidedImages> {
  const uri = await repositoryUri(aws, repository);
  log.line(`An image is to be built from ${context} and pushed to ${uri}. A plan builds nothing.`);
  return {
    kind: 'one',
    image: {
      reference: `${uri}:to-be-built`,
      digest: undefined,
      tag: undefined,
      registry: ecrRepositoryOf(uri)?.host,
      toBeBuilt: true,
    },
  };
}
