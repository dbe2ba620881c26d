import { objectsIn, textIn } from '../aws/json.ts';
import type { ServiceSnapshot, TargetGroupAttachment, TaskDefinition } from '../model.ts';
import { failed, ok, type Check, type Finding } from './check.ts';

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
