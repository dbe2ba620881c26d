import { parseArn } from '../aws/arn.ts';
import { isAwsError } from '../aws/errors.ts';
import type { ServiceSnapshot, TargetGroupAttachment, TaskDefinition } from '../model/index.ts';
import { isArray, objectsIn, textIn } from '../runtime/json.ts';
import { failed, looked, ok, skipped, type Check, type Finding } from './check.ts';

/** The containers and ports that the services' target groups send traffic to are in the definition. */
export const loadBalancer: Check = {
  name: 'load balancer',
  nothing: 'no target group',
  look: (_aws, { services, definition }) =>
    services.flatMap((service) =>
      service.targetGroups.map((group) => portFinding(service, group, definition)),
    ),
};

/** Pure: whether the container has the port (ECS API, LoadBalancer). A range of ports holds those within. */
export function portFinding(
  { address }: Pick<ServiceSnapshot, 'address'>,
  { containerName, containerPort }: TargetGroupAttachment,
  definition: TaskDefinition,
): Finding {
  const desired = `a target group of ${address.name} needs port ${containerPort ?? '?'} of container "${containerName ?? ''}"`;
  const names = definition.containerDefinitions.map(({ name }) => name);
  const container = definition.containerDefinitions.find(({ name }) => name === containerName);
  if (container === undefined) {
    return failed(`${desired}, which the definition does not have (it has ${names.join(', ')})`);
  }
  const mappings = objectsIn(container, 'portMappings');
  const ports = mappings.flatMap((mapping) =>
    typeof mapping['containerPort'] === 'number'
      ? [String(mapping['containerPort'])]
      : (textIn(mapping, 'containerPortRange') ?? []),
  );
  if (containerPort === undefined || ports.some((port) => holds(port, containerPort))) {
    return ok(`${containerName ?? ''}:${containerPort ?? '?'} is there`);
  }
  const has = ports.length === 0 ? 'none' : ports.join(', ');
  return failed(`${desired}, which the container does not map (it maps ${has})`);
}

function holds(ports: string, port: number): boolean {
  const [from = '', to = from] = ports.split('-');
  return Number(from) <= port && port <= Number(to);
}

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
