import type { ServiceRevision } from '@aws-sdk/client-ecs';
import { byDigest, ecrRepositoryOf, shortReference } from '../aws/image-reference.ts';
import { revisionName } from '../aws/partition.ts';
import { looked, ok, warning, type Check, type Finding, type PreflightAws } from './check.ts';
import { lookAtImages } from './ecr-images.ts';

/** DescribeServiceRevisions takes twenty ARNs. */
const REVISIONS_A_CALL = 20;

/** The images of the good revisions are still in ECR, so that tasks of them can start again. */
export const rollbackImage: Check = {
  name: 'rollback image',
  nothing: 'no good revision whose image is in ECR is known',
  async look(aws, { services }) {
    const arns = services.flatMap(({ lastGood }) => lastGood?.serviceRevisionArn ?? []);
    const findings: Finding[] = [];
    for (let from = 0; from < arns.length; from += REVISIONS_A_CALL) {
      findings.push(...(await lookAtRevisions(aws, arns.slice(from, from + REVISIONS_A_CALL))));
    }
    return findings;
  },
};

async function lookAtRevisions(aws: PreflightAws, arns: readonly string[]): Promise<readonly Finding[]> {
  let revisions: readonly ServiceRevision[] = [];
  const unseen = await looked(
    'the good revisions',
    'ecs:DescribeServiceRevisions',
    () => aws.ecs.describeServiceRevisions({ serviceRevisionArns: [...arns] }),
    (answer) => {
      revisions = answer.serviceRevisions ?? [];
      return [];
    },
  );
  const seen = revisions.map((revision) => {
    const name = revisionName(revision.taskDefinition ?? '');
    return lookAtImages(aws, imagesOf(revision), {
      there: (reference) => ok(`${shortReference(reference)} of ${name} is there`),
      gone: (reference) =>
        warning(
          `${shortReference(reference)} of ${name} is gone from ECR: no task of the good revision can start`,
        ),
    });
  });
  return [...unseen, ...(await Promise.all(seen)).flat()];
}

/** Pure: the images in ECR, by the digest that ECS resolved them to. */
export function imagesOf({ containerImages = [] }: Pick<ServiceRevision, 'containerImages'>): string[] {
  return containerImages.flatMap(({ image, imageDigest }) => {
    if (image === undefined || ecrRepositoryOf(image) === undefined) return [];
    return [imageDigest === undefined ? image : byDigest(image, imageDigest)];
  });
}
