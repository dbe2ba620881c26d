/** The actions of Application Auto Scaling that show the ranges of services and what it did. */
import type { World } from '../engine/world.ts';
import type { ScalableTarget, ScalingActivity } from '../state/autoscaling.ts';
import { AwsError } from '../state/errors.ts';
import { epochSeconds, text, texts } from '../state/json.ts';
import type { JsonObject } from '../state/json.ts';
import { page, type Page, paging } from './protocol/pages.ts';

const dimension = 'ecs:service:DesiredCount';

export const autoscalingActions = {
  DescribeScalableTargets(world: World, input: JsonObject): JsonObject {
    const { items, nextToken } = pageOf(input, targetsOf(world, input));
    return {
      ScalableTargets: items.map(({ id, min, max }) => ({
        ...aboutTarget(id),
        MinCapacity: min,
        MaxCapacity: max,
        ScalableTargetARN: world.arn('application-autoscaling', `scalable-target/${id}`),
      })),
      NextToken: nextToken,
    };
  },

  DescribeScalingPolicies(world: World, input: JsonObject): JsonObject {
    const followed = targetsOf(world, input).filter(({ load }) => load !== undefined);
    const { items, nextToken } = pageOf(input, followed);
    return { ScalingPolicies: items.map((target) => policyView(world, target)), NextToken: nextToken };
  },

  DescribeScalingActivities(world: World, input: JsonObject): JsonObject {
    const targets = targetsOf(world, input);
    const activities = world.autoscaling.activities.filter(({ target }) => targets.includes(target));
    const { items, nextToken } = pageOf(input, activities);
    return { ScalingActivities: items.map(activityView), NextToken: nextToken };
  },
};

/** The scalable targets that a request is about. */
function targetsOf(world: World, input: JsonObject): ScalableTarget[] {
  if (text(input, 'ServiceNamespace') !== 'ecs') {
    throw new AwsError(
      'ValidationException',
      'The simulator has scalable targets of the namespace ecs only.',
    );
  }
  const one = text(input, 'ResourceId');
  const ids = [...texts(input, 'ResourceIds'), ...(one === undefined ? [] : [one])];
  if ((text(input, 'ScalableDimension') ?? dimension) !== dimension) return [];
  return [...world.autoscaling.targets.values()].filter(({ id }) => ids.length === 0 || ids.includes(id));
}

function pageOf<Item>(input: JsonObject, items: readonly Item[]): Page<Item> {
  return page(items, paging(input, 'MaxResults', 'NextToken'), 50);
}

function aboutTarget(id: string): JsonObject {
  return { ServiceNamespace: 'ecs', ResourceId: id, ScalableDimension: dimension };
}

function policyName({ service }: ScalableTarget): string {
  return `${service.name}-cpu`;
}

function policyView(world: World, target: ScalableTarget): JsonObject {
  return {
    ...aboutTarget(target.id),
    PolicyName: policyName(target),
    PolicyARN: world.arn(
      'autoscaling',
      `scalingPolicy:resource/ecs/${target.id}:policyName/${policyName(target)}`,
    ),
    PolicyType: 'TargetTrackingScaling',
    TargetTrackingScalingPolicyConfiguration: {
      TargetValue: target.cpuTarget,
      PredefinedMetricSpecification: { PredefinedMetricType: 'ECSServiceAverageCPUUtilization' },
    },
  };
}

/** Sentences of the User Guide, "Scaling activities for Application Auto Scaling". */
function activityView({ id, target, from, to, startedAt, endedAt }: ScalingActivity): JsonObject {
  const alarm = `TargetTracking-${target.id}-Alarm${to > from ? 'High' : 'Low'}`;
  const fulfilled = endedAt === undefined ? 'Waiting for change to be' : 'Change successfully';
  return {
    ...aboutTarget(target.id),
    ActivityId: id,
    Description: `Setting desired count to ${to}.`,
    Cause: `monitor alarm ${alarm} in state ALARM triggered policy ${policyName(target)}`,
    StartTime: epochSeconds(startedAt),
    EndTime: epochSeconds(endedAt),
    StatusCode: endedAt === undefined ? 'InProgress' : 'Successful',
    StatusMessage: `Successfully set desired count to ${to}. ${fulfilled} fulfilled by ecs.`,
  };
}
