/** Tasks as ECS shows them. */
import { hasInterface, hostOf, hostPortOf } from '../../engine/instances.ts';
import { containersHealthy, hasHealthCheck, unhealthyContainer } from '../../engine/tasks.ts';
import type { World } from '../../engine/world.ts';
import { epochSeconds, number, objects, text } from '../../state/json.ts';
import type { JsonObject } from '../../state/json.ts';
import type { Container, Task } from '../../state/model.ts';

/** A task as DescribeTasks shows it. */
export function taskView(world: World, task: Task, includeTags = false): JsonObject {
  const { body } = task.definition;
  const settings = task.revision?.settings;
  const launchType = settings?.launchType ?? 'FARGATE';
  return {
    taskArn: task.arn,
    clusterArn: task.cluster.arn,
    taskDefinitionArn: task.definition.arn,
    lastStatus: task.lastStatus,
    desiredStatus: task.desiredStatus,
    healthStatus: healthOf(task),
    startedBy: task.startedBy,
    group: task.group,
    launchType,
    containerInstanceArn: launchType === 'EC2' ? hostOf(world, task).arn : undefined,
    capacityProviderName: text(settings?.capacityProviderStrategy?.[0] ?? {}, 'capacityProvider'),
    ...(launchType === 'FARGATE' ? { platformVersion: '1.4.0', platformFamily: 'Linux' } : {}),
    availabilityZone: `${task.arn.split(':')[3] ?? ''}a`,
    connectivity: task.startedAt === undefined ? undefined : 'CONNECTED',
    connectivityAt: epochSeconds(task.startedAt),
    cpu: text(body, 'cpu'),
    memory: text(body, 'memory'),
    createdAt: epochSeconds(task.createdAt),
    pullStartedAt: epochSeconds(task.pullStartedAt),
    pullStoppedAt: epochSeconds(task.pullStoppedAt),
    startedAt: epochSeconds(task.startedAt),
    stoppingAt: epochSeconds(task.stoppingAt),
    executionStoppedAt: epochSeconds(task.executionStoppedAt),
    stoppedAt: epochSeconds(task.stoppedAt),
    stopCode: task.stopCode,
    stoppedReason: task.stoppedReason,
    version: task.version,
    attachments: hasInterface(task) ? [attachmentView(task)] : [],
    attributes: [{ name: 'ecs.cpu-architecture', value: 'x86_64' }],
    containers: task.containers.map((container) => containerView(task, container)),
    enableExecuteCommand: settings?.enableExecuteCommand ?? false,
    ephemeralStorage: { sizeInGiB: 20 },
    overrides: overridesView(task),
    tags: includeTags ? task.tags : [],
  };
}

/** Every container has an entry, with what was overridden. */
function overridesView({ containers, overrides }: Task): JsonObject {
  const given = objects(overrides, 'containerOverrides');
  return {
    ...overrides,
    containerOverrides: containers.map(
      ({ name }) => given.find((one) => text(one, 'name') === name) ?? { name },
    ),
    inferenceAcceleratorOverrides: [],
  };
}

function attachmentView(task: Task): JsonObject {
  const { attachment, subnet, eni, mac, ip } = task.network;
  const provisioning = task.lastStatus === 'PROVISIONING';
  const details = { subnetId: subnet, networkInterfaceId: eni, macAddress: mac, privateIPv4Address: ip };
  return {
    id: attachment,
    type: 'ElasticNetworkInterface',
    status: provisioning ? 'PRECREATED' : task.lastStatus === 'STOPPED' ? 'DELETED' : 'ATTACHED',
    details: Object.entries(provisioning ? { subnetId: subnet } : details).map(([name, value]) => ({
      name,
      value,
    })),
  };
}

function containerView(task: Task, container: Container): JsonObject {
  const { attachment, ip } = task.network;
  return {
    containerArn: container.arn,
    taskArn: task.arn,
    name: container.name,
    image: container.image,
    imageDigest: task.pullStoppedAt === undefined ? undefined : container.digest,
    runtimeId: container.runtimeId,
    lastStatus: container.lastStatus,
    exitCode: container.exitCode,
    reason: container.reason,
    networkBindings: networkBindings(task, container),
    networkInterfaces:
      task.lastStatus === 'PROVISIONING' || !hasInterface(task)
        ? []
        : [{ attachmentId: attachment, privateIpv4Address: ip }],
    healthStatus: container.healthStatus,
    managedAgents: [],
    cpu: String(number(container.definition, 'cpu') ?? 0),
  };
}

function healthOf(task: Task): string {
  if (unhealthyContainer(task) !== undefined) return 'UNHEALTHY';
  const checked = task.containers.some(({ healthStatus }) => healthStatus !== 'UNKNOWN');
  return checked && containersHealthy(task) && hasHealthCheck(task) ? 'HEALTHY' : 'UNKNOWN';
}

/** A container's ports as DescribeTasks shows them once it runs. */
function networkBindings(task: Task, container: Container): JsonObject[] {
  if (hasInterface(task) || task.startedAt === undefined) return [];
  return objects(container.definition, 'portMappings').map((mapping) => {
    const containerPort = number(mapping, 'containerPort') ?? 0;
    const hostPort = hostPortOf(task, container, containerPort);
    return { bindIP: '0.0.0.0', containerPort, hostPort, protocol: text(mapping, 'protocol') ?? 'tcp' };
  });
}
