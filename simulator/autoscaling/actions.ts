/** The one action of Application Auto Scaling that a deployer needs. Nothing scales by itself. */
import { AwsError } from '../protocol/errors.ts';
import { number, text, texts } from '../protocol/fields.ts';
import type { JsonObject } from '../protocol/fields.ts';
import { page } from '../protocol/pages.ts';
import type { World } from '../world.ts';

/** Between how many tasks a service is kept. */
export interface ScalingRange {
  readonly min: number;
  readonly max: number;
}

const dimension = 'ecs:service:DesiredCount';

export const autoscalingActions = {
  DescribeScalableTargets(world: World, input: JsonObject): JsonObject {
    if (text(input, 'ServiceNamespace') !== 'ecs') {
      throw new AwsError(
        'ValidationException',
        'The simulator has scalable targets of the namespace ecs only.',
      );
    }
    const ids = texts(input, 'ResourceIds');
    const targets = [...world.scaling].filter(
      ([id]) =>
        (ids.length === 0 || ids.includes(id)) &&
        (text(input, 'ScalableDimension') ?? dimension) === dimension,
    );
    const asked = { maxResults: number(input, 'MaxResults'), nextToken: text(input, 'NextToken') };
    const { items, nextToken } = page(targets, asked, 50);
    return {
      ScalableTargets: items.map(([ResourceId, { min, max }]) => ({
        ServiceNamespace: 'ecs',
        ResourceId,
        ScalableDimension: dimension,
        MinCapacity: min,
        MaxCapacity: max,
        ScalableTargetARN: world.arn('application-autoscaling', `scalable-target/${ResourceId}`),
      })),
      NextToken: nextToken,
    };
  },
};
