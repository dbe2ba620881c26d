import type { Aws } from '../aws/clients.ts';
import { awsErrorKind } from '../aws/errors.ts';
import { commitOfTag, ecrRepositoryOf } from '../aws/image-reference.ts';
import type { DeployedImage, RunningImage } from '../model.ts';

/**
 * The commit that runs in the place of an image, by the tags of what runs: undefined where they name none, or where
 * ECR does not say. Only for a link, so no answer is no failure.
 */
export async function runningCommit(
  aws: Pick<Aws, 'ecr'>,
  running: readonly RunningImage[],
  image: DeployedImage,
): Promise<string | undefined> {
  const repository = ecrRepositoryOf(image.reference);
  const digest = running.find(
    (each) => repository !== undefined && ecrRepositoryOf(each.image)?.name === repository.name,
  )?.digest;
  if (repository === undefined || digest === undefined || digest === image.digest) return undefined;
  try {
    const answer = await aws.ecr(repository.region).describeImages({
      registryId: repository.accountId,
      repositoryName: repository.name,
      imageIds: [{ imageDigest: digest }],
    });
    const tags = answer.imageDetails?.[0]?.imageTags ?? [];
    return tags.flatMap((tag) => commitOfTag(tag) ?? [])[0];
  } catch (error) {
    if (awsErrorKind(error) === 'not-aws') throw error;
    return undefined;
  }
}
