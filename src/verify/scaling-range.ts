import type { ScalableTarget } from '@aws-sdk/client-application-auto-scaling';
import { lastSegment } from '../aws/partition.ts';
import type { ServiceAddress } from '../model.ts';
import { looked, ok, warning, type Check, type Finding } from './check.ts';

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
