import type { BatchGetImageCommandOutput, Image, ImageIdentifier } from '@aws-sdk/client-ecr';
import { isAwsError } from '../aws/errors.ts';
import {
  ecrRepositoryOf,
  parseImageReference,
  shortReference,
  type EcrRepository,
} from '../aws/image-reference.ts';
import { MANIFEST_TYPES } from '../aws/manifest-types.ts';
import { failed, looked, skipped, type Finding, type VerifyAws } from './check.ts';

/** What is to be decided about an image that is there, or is not. */
export interface Decisions {
  readonly there: (reference: string, manifest: string | undefined) => Finding;
  readonly gone: (reference: string) => Finding;
}

/** Looks at every image that is in ECR, one call a repository; images of other registries are left out. */
export async function lookAtImages(
  aws: Pick<VerifyAws, 'ecr'>,
  references: readonly string[],
  decisions: Decisions,
): Promise<readonly Finding[]> {
  const looks = byRepository(references).map(({ repository, references: wanted }) =>
    looked(
      `repository ${repository.name}`,
      'ecr:BatchGetImage',
      () =>
        aws.ecr(repository.region).batchGetImage({
          registryId: repository.accountId,
          repositoryName: repository.name,
          imageIds: wanted.map(imageId),
          acceptedMediaTypes: MANIFEST_TYPES,
        }),
      (answer) => wanted.map((reference) => findingOf(reference, answer, decisions)),
      (error) => (isAwsError(error, 'RepositoryNotFoundException') ? goneAll(wanted, decisions) : undefined),
    ),
  );
  return (await Promise.all(looks)).flat();
}

/** Pure: what ECR's answer says of one image. */
export function findingOf(
  reference: string,
  { images = [], failures = [] }: Pick<BatchGetImageCommandOutput, 'images' | 'failures'>,
  { there, gone }: Decisions,
): Finding {
  const id = imageId(reference);
  const image = images.find((each: Image) => isSame(each.imageId, id));
  if (image !== undefined) return there(reference, image.imageManifest);
  const failure = failures.find((each) => isSame(each.imageId, id));
  if (failure?.failureCode === 'ImageNotFound') return gone(reference);
  const why = failure?.failureReason ?? failure?.failureCode ?? 'no answer';
  return skipped(`${shortReference(reference)} could not be looked at (${why})`);
}

function goneAll(references: readonly string[], { gone }: Decisions): Finding {
  const findings = references.map(gone);
  return { ...(findings[0] ?? failed('')), detail: findings.map(({ detail }) => detail).join('; ') };
}

function imageId(reference: string): ImageIdentifier {
  const { tag, digest } = parseImageReference(reference);
  return digest === undefined ? { imageTag: tag ?? 'latest' } : { imageDigest: digest };
}

function isSame(one: ImageIdentifier | undefined, wanted: ImageIdentifier): boolean {
  return wanted.imageDigest === undefined
    ? one?.imageTag === wanted.imageTag
    : one?.imageDigest === wanted.imageDigest;
}

function byRepository(
  references: readonly string[],
): { readonly repository: EcrRepository; readonly references: readonly string[] }[] {
  const groups = new Map<string, { repository: EcrRepository; references: string[] }>();
  for (const reference of new Set(references)) {
    const repository = ecrRepositoryOf(reference);
    if (repository === undefined) continue;
    const key = `${repository.host}/${repository.name}`;
    const group = groups.get(key) ?? { repository, references: [] };
    groups.set(key, { repository, references: [...group.references, reference] });
  }
  return [...groups.values()];
}
