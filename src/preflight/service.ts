import type { ScalableTarget } from '@aws-sdk/client-application-auto-scaling';
import { lastSegment, revisionName } from '../aws/arn.ts';
import { byDigest, ecrRepositoryOf, parseImageReference, shortReference } from '../aws/image-reference.ts';
import { candidatesOf, findRollbackTarget, type RollbackTarget } from '../ecs/rollback-target.ts';
import type { RunningImage, ServiceAddress, ServiceSnapshot } from '../model/index.ts';
import { counted } from '../runtime/log.ts';
import {
  failed,
  looked,
  ok,
  skipped,
  warning,
  willBeReplaced,
  type Check,
  type Finding,
  type PreflightAws,
} from './check.ts';
import { lookAtImages } from './image.ts';

/** Nobody else's deployment is under way that this run would replace. */
export const otherDeployment: Check = {
  name: 'other deployment',
  nothing: 'no service',
  look: (_aws, candidate) =>
    candidate.services.map((service) =>
      service.rollout === 'in-progress' && willBeReplaced(service, candidate)
        ? warning(`service "${service.address.name}" has a deployment in progress; this one supersedes it`)
        : ok('none is under way that this run would replace'),
    ),
};

/** Every service has a revision that a failed rollout can go back to, by the images that it ran with. */
export const rollbackTarget: Check = {
  name: 'rollback target',
  nothing: 'no service',
  async look(aws, { services }) {
    const looks = services.map((service) =>
      looked(
        `the last good revision of ${service.address.name}`,
        'ecs:DescribeTaskDefinition',
        () => findRollbackTarget(aws.taskDefinitions, candidatesOf(service)),
        (target) => [rollbackTargetFinding(service, target)],
      ),
    );
    return (await Promise.all(looks)).flat();
  },
};

/** Pure. */
export function rollbackTargetFinding(
  { address }: Pick<ServiceSnapshot, 'address'>,
  target: RollbackTarget | undefined,
): Finding {
  if (target === undefined) {
    return warning(
      `${address.name} has no good revision to go back to: a failed rollout would be left as it is`,
    );
  }
  const name = revisionName(target.good.taskDefinitionArn);
  if (target.unknown.length > 0) {
    return warning(
      `which digest ${target.unknown.join(', ')} of ${name} ran with is not known: going back to it starts what its tag means by then`,
    );
  }
  const how = target.mustBeRegistered ? ', registered again with the digests that it ran with' : '';
  return ok(`${address.name} can go back to ${name}${how}`);
}

/** The images of the good revisions are still in ECR, and under a tag, so that tasks of them can start again. */
export const rollbackImage: Check = {
  name: 'rollback image',
  nothing: 'no good revision is known',
  async look(aws, { services }) {
    const goods = services.flatMap(({ lastGood }) => lastGood ?? []);
    const looks = goods.map(async (good) => {
      const name = revisionName(good.taskDefinitionArn);
      const images = imagesInEcr(good.images);
      if (images.length === 0)
        return [skipped(`no image of ${name} is known to be in ECR, and others are not looked at`)];
      const there = await lookAtImages(aws, images, {
        there: (reference) => ok(`${shortReference(reference)} of ${name} is there`),
        gone: (reference) =>
          warning(
            `${shortReference(reference)} of ${name} is gone from ECR: no task of the good revision can start`,
          ),
      });
      const untagged = await Promise.all(images.map((reference) => lookForTag(aws, reference, name)));
      return [...there, ...untagged.flat()];
    });
    return (await Promise.all(looks)).flat();
  },
};

/** An image under no tag is what lifecycle rules remove first. */
async function lookForTag(aws: PreflightAws, reference: string, name: string): Promise<readonly Finding[]> {
  const repository = ecrRepositoryOf(reference);
  const { digest } = parseImageReference(reference);
  if (repository === undefined || digest === undefined) return [];
  return looked(
    shortReference(reference),
    'ecr:DescribeImages',
    () =>
      aws.ecr(repository.region).describeImages({
        registryId: repository.accountId,
        repositoryName: repository.name,
        imageIds: [{ imageDigest: digest }],
      }),
    ({ imageDetails = [] }) =>
      imageDetails.some(({ imageTags = [] }) => imageTags.length === 0)
        ? [warning(`${shortReference(reference)} of ${name} is under no tag: a lifecycle rule may remove it`)]
        : [],
    // That it is gone is the other finding.
    () => ok(''),
  ).then((findings) => findings.filter(({ detail }) => detail !== ''));
}

/** Pure: the images in ECR, by the digest that ECS resolved them to. */
export function imagesInEcr(images: readonly RunningImage[]): string[] {
  return images.flatMap(({ image, digest }) => {
    if (ecrRepositoryOf(image) === undefined) return [];
    return [digest === undefined ? image : byDigest(image, digest)];
  });
}

/** ECS gives up by itself on a rolling deployment that fails. */
export const circuitBreaker: Check = {
  name: 'circuit breaker',
  nothing: 'no service rolls',
  look: (_aws, { services }) =>
    services.filter(({ deployment }) => deployment.strategy === 'ROLLING').map(breakerFinding),
};

/** Pure. */
export function breakerFinding({ address, breaker }: Pick<ServiceSnapshot, 'address' | 'breaker'>): Finding {
  return breaker.enabled
    ? ok(`${address.name} has one${breaker.rollsBack ? ', which rolls back' : ''}`)
    : warning(
        `${address.name} has none that is on: should this job die during a failing rollout, ECS goes on starting tasks`,
      );
}

/** ECS may stop an old task or start a new one: a rolling deployment can get anywhere. */
export const percents: Check = {
  name: 'deployment percents',
  nothing: 'no service replaces its tasks by percents',
  look(_aws, candidate) {
    const concerned = candidate.services.filter(
      (service) => service.schedulingStrategy === 'REPLICA' && service.deployment.strategy === 'ROLLING',
    );
    return concerned.flatMap((service) => {
      const finding = percentFinding(service, candidate.request.rollout.desiredCount);
      if (willBeReplaced(service, candidate)) return finding;
      // What is under way is watched, whatever it comes to; the first deployment of a service replaces nothing.
      const isAdopted = service.rollout === 'in-progress' && service.lastGood !== undefined;
      return isAdopted && finding.state === 'FAILED' ? warning(finding.detail) : [];
    });
  },
};

/**
 * Pure: the minimum is rounded up and the maximum down (ECS API, DeploymentConfiguration). Where both are the desired
 * count, no old task may stop before a new one is healthy, and no new one may start before an old one has stopped.
 */
export function percentFinding(
  {
    address,
    desiredCount: present,
    deployment,
  }: Pick<ServiceSnapshot, 'address' | 'desiredCount' | 'deployment'>,
  asked: number | undefined,
): Finding {
  const desired = asked ?? present;
  const { minimumHealthyPercent, maximumPercent } = deployment;
  const least = Math.ceil((desired * minimumHealthyPercent) / 100);
  const most = Math.floor((desired * maximumPercent) / 100);
  const tasks = counted(desired, 'task');
  const settings = `${minimumHealthyPercent}/${maximumPercent} %`;
  const nothingToReplace = desired === 0 || present === 0;
  if (nothingToReplace || most > desired || least < desired) {
    return ok(`${address.name} keeps ${least} to ${most} of ${tasks} (${settings})`);
  }
  return failed(
    `${address.name} can never replace its ${tasks}: minimumHealthyPercent ${minimumHealthyPercent} keeps ${least} running and maximumPercent ${maximumPercent} allows ${most}; raise the maximum or lower the minimum`,
  );
}

/** The count that this run sets is one that autoscaling leaves alone. */
export const scalingRange: Check = {
  name: 'scaling range',
  nothing: 'the desired count is not set by this run',
  async look(aws, { request, services }) {
    const count = request.rollout.desiredCount;
    if (count === undefined || services.length === 0) return [];
    const ids = services.map(({ address }) => resourceId(address));
    return looked(
      'the scaling range',
      'application-autoscaling:DescribeScalableTargets',
      () =>
        aws.scaling.describeScalableTargets({
          ServiceNamespace: 'ecs',
          ScalableDimension: 'ecs:service:DesiredCount',
          ResourceIds: ids,
        }),
      ({ ScalableTargets = [] }) =>
        services.map(({ address }) => {
          const target = ScalableTargets.find((each) => each.ResourceId === resourceId(address));
          return rangeFinding(address.name, count, target);
        }),
    );
  },
};

function resourceId({ cluster, name }: ServiceAddress): string {
  return `service/${lastSegment(cluster)}/${name}`;
}

/** Pure: Application Auto Scaling moves a count that is out of its range back into it. */
export function rangeFinding(
  service: string,
  count: number,
  target: Pick<ScalableTarget, 'MinCapacity' | 'MaxCapacity'> | undefined,
): Finding {
  if (target === undefined) return ok(`${service} is not scaled automatically`);
  const { MinCapacity: least = 0, MaxCapacity: most = Number.POSITIVE_INFINITY } = target;
  return count < least || count > most
    ? warning(
        `desired-count ${count} is outside of ${least} to ${most}, between which ${service} is scaled automatically`,
      )
    : ok(`desired-count ${count} is within ${least} to ${most}`);
}
