import { attempt, WITHHELD } from '../aws/attempt.ts';
import type { AwsReads, EcrReads } from '../aws/clients.ts';
import { deployErrorOf, isAwsError, wrapAwsError } from '../aws/errors.ts';
import {
  byDigest,
  ecrRepositoryOf,
  looksLikeCache,
  parseImageReference,
  type EcrRepository,
} from '../aws/image-reference.ts';
import type { DeployedImage, ImageSource, ProvidedImages } from '../model/index.ts';
import { DeployError } from '../runtime/error.ts';
import type { Log } from '../runtime/log.ts';
import { findRepository, repositoryNotFound } from './repository.ts';

export type EcrOf = Pick<AwsReads, 'ecr' | 'region'>;

/** What names images that nobody has to build. */
export type TakenSource = Exclude<ImageSource, { kind: 'build' }>;

/** The account of a run, where it is known, or once it is. */
type Account = string | undefined | Promise<string | undefined>;

/** Who looks images up: warnings go to `warn`; `account` is that of the run. */
export interface Lookup {
  readonly warn: (text: string) => void;
  readonly account: Account;
}

/**
 * The image that a reference means right now. In ECR its tag becomes a digest, so that what is deployed cannot
 * change under the deployment; elsewhere the reference is used as it is.
 */
export async function resolveReference(
  aws: EcrOf,
  reference: string,
  lookup: Lookup,
): Promise<DeployedImage> {
  const { tag, digest } = parseImageReference(reference);
  const repository = ecrRepositoryOf(reference);
  if (repository === undefined) {
    if (digest === undefined) {
      lookup.warn(
        `Image ${reference} is not in ECR: its digest is not known, so what runs cannot be proven by digest.`,
      );
    }
    return { reference, digest, tag, registry: undefined };
  }
  const found = await lookUp(aws.ecr(repository.region), repository, digest ?? tag ?? 'latest', lookup);
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
  lookup: Lookup,
): Promise<DeployedImage> {
  const isUri = ecrRepositoryOf(repository) !== undefined;
  const uri = isUri ? repository : (await findRepository(aws, repository, lookup.warn)).uri;
  const separator = tagOrDigest.startsWith('sha256:') ? '@' : ':';
  return resolveReference(aws, `${uri}${separator}${tagOrDigest}`, lookup);
}

/** The digest of a tag (or the digest itself, once it was seen to exist). Undefined where ECR may not be read. */
async function lookUp(
  ecr: Pick<EcrReads, 'describeImages'>,
  repository: EcrRepository,
  tagOrDigest: string,
  lookup: Lookup,
): Promise<string | undefined> {
  const isDigest = tagOrDigest.startsWith('sha256:');
  const name = `${repository.name}${isDigest ? '@' : ':'}${tagOrDigest}`;
  const read = (): ReturnType<EcrReads['describeImages']> =>
    ecr.describeImages({
      registryId: repository.accountId,
      repositoryName: repository.name,
      imageIds: [isDigest ? { imageDigest: tagOrDigest } : { imageTag: tagOrDigest }],
    });
  const doing = `looking up image ${name}`;
  const answer = await wrapAwsError(doing, () => attempt(read, WITHHELD));
  if (answer.kind === 'answered') {
    const digest = answer.value.imageDetails?.[0]?.imageDigest;
    if (digest === undefined) await tellMissing(name, repository, lookup, imageNotFound(name, repository));
    return digest;
  }
  const { error } = answer;
  if (isAwsError(error, 'ImageNotFoundException')) {
    await tellMissing(name, repository, lookup, imageNotFound(name, repository, error));
  } else if (isAwsError(error, 'RepositoryNotFoundException')) {
    await tellMissing(name, repository, lookup, repositoryNotFound(repository, error));
  } else if (answer.because === 'denied') {
    lookup.warn(`ecr:DescribeImages is denied on ${repository.name}: image ${name} is deployed unchecked.`);
  } else throw deployErrorOf(error, doing);
  return undefined;
}

/**
 * Throws where it is certain that the image is not there. A pull-through cache fetches it with the first pull, and what
 * another account has may not be seen from here: then the digest is not known.
 */
async function tellMissing(
  name: string,
  { name: repository, accountId }: EcrRepository,
  { warn, account: known }: Lookup,
  notFound: DeployError,
): Promise<void> {
  const account = await known;
  const isElsewhere = account !== undefined && account !== accountId;
  if (!isElsewhere && !looksLikeCache(repository)) throw notFound;
  const why = isElsewhere
    ? `account ${accountId} may have it all the same`
    : 'its repository looks like a pull-through cache, which fetches it with the first pull';
  warn(`Image ${name} is not in ECR as far as this run may see, but ${why}: it is deployed unchecked.`);
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
  { aws, log }: { readonly aws: EcrOf; readonly log: Log },
  source: TakenSource,
  account: Account,
): Promise<ProvidedImages> {
  const lookup: Lookup = {
    account,
    warn: (text) => {
      log.warn(text);
    },
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
      return { kind: 'one', image: logged(await resolveReference(aws, source.reference, lookup)) };
    case 'existing-tag':
      return {
        kind: 'one',
        image: logged(await resolveExisting(aws, source.repository, source.tag, lookup)),
      };
    case 'by-container': {
      const resolved = Object.entries(source.references).map(
        async ([container, reference]) =>
          [container, logged(await resolveReference(aws, reference, lookup))] as const,
      );
      return { kind: 'by-container', images: Object.fromEntries(await Promise.all(resolved)) };
    }
  }
}
