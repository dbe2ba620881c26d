import { ANY_ERROR, attempt, DENIED, valueOr } from '../aws/attempt.ts';
import type { EcrReads, EcrWrites } from '../aws/clients.ts';
import { MANIFEST_TYPES } from '../aws/ecr.ts';
import { isAwsError, wrapAwsError } from '../aws/errors.ts';
import { parseImageReference, type EcrRepository } from '../aws/image-reference.ts';
import type { StepContext } from '../context.ts';
import { DeployError } from '../runtime/error.ts';
import type { Log } from '../runtime/log.ts';
import type { Attempt } from '../runtime/wait.ts';
import { isBefore, type BuildxVersion } from './buildx.ts';
import { explain, sentence, type Circumstances } from './docker-errors.ts';
import { retryDocker, type Docker } from './docker.ts';
import { isImmutable, type FoundRepository } from './repository.ts';

/** One name that the image gets. */
export interface ImageName {
  readonly reference: string;
  /** Where it is in the repository of the build; undefined for any other one. */
  readonly tag: string | undefined;
  /** The user asked for this very name. */
  readonly asked: boolean;
  /** A later run with the same commit and inputs finds the image by it. */
  readonly finds: boolean;
}

/** Digests by tag, for the tags of the repository that exist. */
export type ExistingTags = ReadonlyMap<string, string>;

const TAG = /^\w[\w.-]{0,127}$/;

/** Pure: the names that the image gets: the given ones, else the commit's SHA. */
export function desiredNames(tags: readonly string[], sha: string, { uri }: { uri: string }): ImageName[] {
  if (tags.length === 0) return [{ reference: `${uri}:${sha}`, tag: sha, asked: false, finds: false }];
  return tags.map((given) => {
    if (TAG.test(given)) return { reference: `${uri}:${given}`, tag: given, asked: true, finds: false };
    const { repository, tag = 'latest' } = parseImageReference(given);
    return { reference: given, tag: repository === uri ? tag : undefined, asked: true, finds: false };
  });
}

/** Pure: the name by which a later run with the same commit and inputs finds the image. */
export function hashedName(sha: string, hash: string, { uri }: { uri: string }): ImageName {
  const tag = `${sha}-${hash}`;
  return { reference: `${uri}:${tag}`, tag, asked: false, finds: true };
}

/** The names that are to be pushed, and those that must stay where they are. */
export interface NamePlan {
  readonly push: readonly ImageName[];
  readonly kept: readonly ImageName[];
}

/**
 * Pure: what becomes of each name. A tag that exists already, on another image than `digest`, and cannot be moved is
 * kept; one that the user asked for is refused. Throws `preflight-failed` then.
 */
export function planNames(
  names: readonly ImageName[],
  existing: ExistingTags,
  { name, mutability }: Pick<FoundRepository, 'name' | 'mutability'>,
  digest: string | undefined,
): NamePlan {
  const isStuck = ({ tag }: ImageName): boolean =>
    tag !== undefined && existing.has(tag) && isImmutable(tag, mutability);
  const open = names.filter(
    ({ tag }) => tag === undefined || digest === undefined || existing.get(tag) !== digest,
  );
  const stuck = open.filter(isStuck);
  const refused = stuck.find(({ asked }) => asked);
  if (refused !== undefined) throw tagIsTaken(refused.tag ?? '', name);
  return { push: open.filter((each) => !isStuck(each)), kept: stuck };
}

export function tagIsTaken(tag: string, repository: string): DeployError {
  return new DeployError(
    'preflight-failed',
    `Tag ${tag} of ECR repository "${repository}" exists already, and the tags of the repository are immutable.`,
    {
      hint: 'Give another tag in push-tags, or leave it out and reuse-image on: then the image of this commit is used again. Nothing was built.',
    },
  );
}

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
    const read = (): ReturnType<Ecr['batchGetImage']> =>
      ecr.batchGetImage({
        registryId: repository.accountId,
        repositoryName: repository.name,
        imageIds: tags.slice(from, from + IMAGES_A_CALL).map((imageTag) => ({ imageTag })),
        acceptedMediaTypes: MANIFEST_TYPES,
      });
    const doing = `looking for tags of ${repository.name}`;
    const answer = await wrapAwsError(doing, () => attempt(read, DENIED));
    if (answer.kind !== 'answered') {
      log.line(
        `ecr:BatchGetImage is denied on ${repository.name}: no image of an earlier run is looked for.`,
      );
      return new Map();
    }
    for (const { imageId: { imageTag, imageDigest } = {} } of answer.value.images ?? []) {
      if (imageTag !== undefined && imageDigest !== undefined) existing.set(imageTag, imageDigest);
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
  const read = (): ReturnType<Ecr['describeImages']> =>
    ecr.describeImages({
      registryId: repository.accountId,
      repositoryName: repository.name,
      imageIds: [{ imageDigest }],
    });
  const answer = await attempt(read, ANY_ERROR);
  if (answer.kind !== 'answered') signal.throwIfAborted();
  return valueOr(answer, undefined)?.imageDetails?.[0]?.imageSizeInBytes;
}

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
  ctx: StepContext,
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
  await retryDocker(ctx, attempt);
}
