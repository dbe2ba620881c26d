import type { BatchGetImageCommandOutput, Image, ImageIdentifier } from '@aws-sdk/client-ecr';
import { isAwsError } from '../aws/errors.ts';
import {
  ecrRepositoryOf,
  parseImageReference,
  shortReference,
  type EcrRepository,
} from '../aws/image-reference.ts';
import { MANIFEST_TYPES } from '../aws/manifest-types.ts';
import { failed, looked, skipped, type Finding, type PreflightAws } from './check.ts';

/** What is to be decided about an image that is there, or is not. */
export interface Decisions {
  readonly there: (reference: string, image: SeenImage) => Finding;
  readonly gone: (reference: string) => Finding;
}

/** An image as ECR has it. */
export interface SeenImage {
  readonly manifest: string | undefined;
  /** Where it was asked for and could be read. */
  readonly config: string | undefined;
}

/** Reads the config that belongs to a manifest; undefined where there is none to be had. */
export type ReadConfig = (
  repository: EcrRepository,
  manifest: string | undefined,
) => Promise<string | undefined>;

const noConfig: ReadConfig = () => Promise.resolve(undefined);

/** Looks at every image that is in ECR, one call a repository; images of other registries are left out. */
export async function lookAtImages(
  aws: Pick<PreflightAws, 'ecr'>,
  references: readonly string[],
  decisions: Decisions,
  configOf: ReadConfig = noConfig,
): Promise<readonly Finding[]> {
  const looks = byRepository(references).map(({ repository, references: desired }) =>
    looked(
      `repository ${repository.name}`,
      'ecr:BatchGetImage',
      () => readImages(aws, repository, desired, configOf),
      (answer) => desired.map((reference) => findingOf(reference, answer, decisions)),
      (error) => (isAwsError(error, 'RepositoryNotFoundException') ? goneAll(desired, decisions) : undefined),
    ),
  );
  return (await Promise.all(looks)).flat();
}

/** What ECR says of images of one repository. */
interface Answer extends Pick<BatchGetImageCommandOutput, 'failures'> {
  readonly images: readonly (SeenImage & Pick<Image, 'imageId'>)[];
}

async function readImages(
  aws: Pick<PreflightAws, 'ecr'>,
  repository: EcrRepository,
  references: readonly string[],
  configOf: ReadConfig,
): Promise<Answer> {
  const { images = [], failures } = await aws.ecr(repository.region).batchGetImage({
    registryId: repository.accountId,
    repositoryName: repository.name,
    imageIds: references.map(imageId),
    acceptedMediaTypes: MANIFEST_TYPES,
  });
  const seen = images.map(async ({ imageId: id, imageManifest: manifest }) => ({
    imageId: id,
    manifest,
    config: await configOf(repository, manifest),
  }));
  return { images: await Promise.all(seen), failures };
}

/** Pure: what ECR's answer says of one image. */
function findingOf(
  reference: string,
  { images, failures = [] }: Answer,
  { there, gone }: Decisions,
): Finding {
  const id = imageId(reference);
  const image = images.find((each) => isSame(each.imageId, id));
  if (image !== undefined) return there(reference, image);
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

function isSame(one: ImageIdentifier | undefined, desired: ImageIdentifier): boolean {
  return desired.imageDigest === undefined
    ? one?.imageTag === desired.imageTag
    : one?.imageDigest === desired.imageDigest;
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
