import type { Aws, EcrReads } from '../aws/clients.ts';
import { awsErrorKind, deployErrorOf, isAwsError } from '../aws/errors.ts';
import {
  byDigest,
  ecrRepositoryOf,
  parseImageReference,
  type EcrRepository,
} from '../aws/image-reference.ts';
import type { DeployedImage, ImageSource, ProvidedImages } from '../model/index.ts';
import { DeployError } from '../runtime/error.ts';
import type { Log } from '../runtime/log.ts';
import { findRepository, repositoryNotFound } from './repository.ts';

type EcrOf = Pick<Aws, 'ecr' | 'region'>;

/**
 * The image that a reference means right now. In ECR its tag becomes a digest, so that what is deployed cannot
 * change under the deployment; elsewhere the reference is used as it is.
 */
export async function resolveReference(
  aws: EcrOf,
  reference: string,
  warn: (text: string) => void,
): Promise<DeployedImage> {
  const { tag, digest } = parseImageReference(reference);
  const repository = ecrRepositoryOf(reference);
  if (repository === undefined) {
    if (digest === undefined) {
      warn(
        `Image ${reference} is not in ECR: its digest is not known, so what runs cannot be proven by digest.`,
      );
    }
    return { reference, digest, tag, registry: undefined };
  }
  const found = await lookUp(aws.ecr(repository.region), repository, digest ?? tag ?? 'latest', warn);
  return {
    reference: found === undefined ? reference : byDigest(reference, found),
    digest: found ?? digest,
    tag,
    registry: repository.host,
  };
}

/** An image that is already in a repository (a name in this account and region, or a URI), by tag or digest. */
export async function resolveExisting(
  aws: EcrOf,
  repository: string,
  tagOrDigest: string,
  warn: (text: string) => void,
): Promise<DeployedImage> {
  const isUri = ecrRepositoryOf(repository) !== undefined;
  const uri = isUri ? repository : (await findRepository(aws, repository, warn)).uri;
  const separator = tagOrDigest.startsWith('sha256:') ? '@' : ':';
  return resolveReference(aws, `${uri}${separator}${tagOrDigest}`, warn);
}

/** The digest of a tag (or the digest itself, once it was seen to exist). Undefined where ECR may not be read. */
async function lookUp(
  ecr: Pick<EcrReads, 'describeImages'>,
  repository: EcrRepository,
  tagOrDigest: string,
  warn: (text: string) => void,
): Promise<string | undefined> {
  const isDigest = tagOrDigest.startsWith('sha256:');
  const name = `${repository.name}${isDigest ? '@' : ':'}${tagOrDigest}`;
  try {
    const answer = await ecr.describeImages({
      registryId: repository.accountId,
      repositoryName: repository.name,
      imageIds: [isDigest ? { imageDigest: tagOrDigest } : { imageTag: tagOrDigest }],
    });
    const digest = answer.imageDetails?.[0]?.imageDigest;
    if (digest !== undefined) return digest;
    throw imageNotFound(name, repository);
  } catch (error) {
    if (isAwsError(error, 'ImageNotFoundException')) throw imageNotFound(name, repository, error);
    if (isAwsError(error, 'RepositoryNotFoundException')) {
      throw repositoryNotFound(repository, error);
    }
    if (awsErrorKind(error) === 'denied') {
      warn(`ecr:DescribeImages is denied on ${repository.name}: image ${name} is deployed unchecked.`);
      return undefined;
    }
    throw deployErrorOf(error, `looking up image ${name}`);
  }
}

function imageNotFound(name: string, repository: EcrRepository, cause?: unknown): DeployError {
  return new DeployError(
    'preflight-failed',
    `Image ${name} was not found in ECR (account ${repository.accountId}, ${repository.region}).`,
    {
      hint: `List what is there: aws ecr describe-images --repository-name ${repository.name} --region ${repository.region}`,
      cause,
    },
  );
}

/** Finds the images that the request names and nobody has to build. Reads only. */
export async function provideImages(
  { aws, log }: { readonly aws: Pick<Aws, 'ecr' | 'region'>; readonly log: Log },
  source: Exclude<ImageSource, { kind: 'build' }>,
): Promise<ProvidedImages> {
  const warn = (text: string): void => {
    log.warn(text);
  };
  const logged = (image: DeployedImage): DeployedImage => {
    log.line(`${image.tag === undefined ? '' : `${image.tag} is `}${image.reference}`);
    return image;
  };
  switch (source.kind) {
    case 'none':
      log.line('No image is named: every container keeps the one that it runs.');
      return { kind: 'none' };
    case 'reference':
      return { kind: 'one', image: logged(await resolveReference(aws, source.reference, warn)) };
    case 'existing-tag':
      return { kind: 'one', image: logged(await resolveExisting(aws, source.repository, source.tag, warn)) };
    case 'by-container': {
      const resolved = Object.entries(source.references).map(
        async ([container, reference]) =>
          [container, logged(await resolveReference(aws, reference, warn))] as const,
      );
      return { kind: 'by-container', images: Object.fromEntries(await Promise.all(resolved)) };
    }
  }
}
