import { isAwsError } from '../aws/errors.ts';
import { isArray, textIn } from '../aws/json.ts';
import { parseArn } from '../aws/partition.ts';
import type { TaskDefinition } from '../model.ts';
import { failed, looked, ok, skipped, type Check, type Finding } from './check.ts';

/** The target groups take what ECS will register in them: addresses of tasks, or instances. */
export const targetType: Check = {
  name: 'target type',
  nothing: 'no target group',
  async look(aws, { services, definition }) {
    const attached = services.flatMap(({ targetGroups }) => targetGroups);
    const arns = new Set(
      attached.flatMap(({ targetGroupArn, alternateTargetGroupArn }) => [
        targetGroupArn,
        ...(alternateTargetGroupArn === undefined ? [] : [alternateTargetGroupArn]),
      ]),
    );
    const looks = [...arns].map((arn) =>
      looked(
        groupName(arn),
        'elasticloadbalancing:DescribeTargetGroups',
        () => aws.elb.describeTargetGroups({ TargetGroupArns: [arn] }),
        (answer) => [typeFinding(groupName(arn), answer.TargetGroups?.[0]?.TargetType, definition)],
        (error) =>
          isAwsError(error, 'TargetGroupNotFound', 'TargetGroupNotFoundException')
            ? failed(`${groupName(arn)} does not exist`)
            : undefined,
      ),
    );
    return (await Promise.all(looks)).flat();
  },
};

function groupName(arn: string): string {
  return `target group ${parseArn(arn)?.resource.split('/')[1] ?? arn}`;
}

/**
 * Pure: awsvpc tasks are registered by their address, all others by their instance (ECS Developer Guide, "Use load
 * balancing to distribute Amazon ECS service traffic").
 */
export function typeFinding(group: string, type: string | undefined, definition: TaskDefinition): Finding {
  const mode = textIn(definition, 'networkMode') ?? 'bridge';
  const needed = mode === 'awsvpc' ? 'ip' : 'instance';
  if (type === undefined) return skipped(`${group}: its target type is not known`);
  if (mode !== 'awsvpc' && isForManagedInstances(definition)) {
    return skipped(`${group}: what Managed Instances need of it is not known`);
  }
  return type === needed
    ? ok(`${group} takes ${type === 'ip' ? 'addresses' : 'instances'}`)
    : failed(`${group} has the target type ${type}, and tasks of network mode ${mode} need ${needed}`);
}

function isForManagedInstances(definition: TaskDefinition): boolean {
  const compatibilities = definition['requiresCompatibilities'];
  return isArray(compatibilities) && compatibilities.includes('MANAGED_INSTANCES');
}
