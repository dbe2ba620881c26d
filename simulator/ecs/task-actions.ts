/** The actions of ECS that concern tasks. */
import { AwsError, invalidParameter } from '../protocol/errors.ts';
import { epochSeconds, number, requiredText, text, texts } from '../protocol/fields.ts';
import type { JsonObject } from '../protocol/fields.ts';
import { page, refuseMoreThan } from '../protocol/pages.ts';
import type { World } from '../world.ts';
import type { Cluster } from './cluster.ts';
import type { Container, Task } from './model.ts';
import { stopByUser } from './scheduler.ts';
import { asked } from './task-definitions.ts';
import { containersHealthy, isCheckedAtAll, sickContainer } from './tasks.ts';

export const taskActions = {
  ListTasks(world: World, input: JsonObject): JsonObject {
    const cluster = world.cluster(text(input, 'cluster'));
    const wanted = text(input, 'desiredStatus') ?? 'RUNNING';
    const serviceName = text(input, 'serviceName');
    const startedBy = text(input, 'startedBy');
    const family = text(input, 'family');
    const service = serviceName === undefined ? undefined : cluster.find(serviceName);
    if (serviceName !== undefined && service === undefined) {
      throw new AwsError('ServiceNotFoundException', 'Service not found.');
    }
    const matching = [...cluster.tasks.values()].filter(
      (task) =>
        task.desiredStatus === wanted &&
        (service === undefined || task.service === service) &&
        (startedBy === undefined || task.startedBy === startedBy) &&
        (family === undefined || task.definition.family === family),
    );
    const { items, nextToken } = page(matching, asked(input), 100);
    return { taskArns: items.map(({ arn }) => arn), nextToken };
  },

  DescribeTasks(world: World, input: JsonObject): JsonObject {
    const cluster = world.cluster(text(input, 'cluster'));
    const names = texts(input, 'tasks');
    if (names.length === 0) throw invalidParameter('Tasks cannot be empty.');
    refuseMoreThan(100, names, 'Tasks');
    const withTags = texts(input, 'include').includes('TAGS');
    const found = names.map((name) => [name, findTask(cluster, name)] as const);
    return {
      tasks: found.flatMap(([, task]) => (task === undefined ? [] : [taskView(task, withTags)])),
      failures: found.flatMap(([name, task]) =>
        task === undefined
          ? [
              {
                arn: name.startsWith('arn:') ? name : world.arn('ecs', `task/${cluster.name}/${name}`),
                reason: 'MISSING',
              },
            ]
          : [],
      ),
    };
  },

  StopTask(world: World, input: JsonObject): JsonObject {
    const cluster = world.cluster(text(input, 'cluster'));
    const task = findTask(cluster, requiredText(input, 'task'));
    if (task === undefined) throw invalidParameter('The referenced task was not found.');
    stopByUser(world, task, text(input, 'reason') ?? 'Task stopped by user');
    return { task: taskView(task) };
  },
};

function findTask(cluster: Cluster, arnOrId: string): Task | undefined {
  return cluster.tasks.get(arnOrId) ?? [...cluster.tasks.values()].find(({ id }) => id === arnOrId);
}

/** A task as DescribeTasks shows it. */
export function taskView(task: Task, includeTags = false): JsonObject {
  const { body } = task.definition;
  const settings = task.revision?.settings;
  return {
    taskArn: task.arn,
    clusterArn: task.cluster.arn,
    taskDefinitionArn: task.definition.arn,
    lastStatus: task.lastStatus,
    desiredStatus: task.desiredStatus,
    healthStatus: healthOf(task),
    startedBy: task.startedBy,
    group: task.group,
    launchType:
      settings?.capacityProviderStrategy === undefined ? (settings?.launchType ?? 'FARGATE') : 'FARGATE',
    capacityProviderName: text(settings?.capacityProviderStrategy?.[0] ?? {}, 'capacityProvider'),
    platformVersion: '1.4.0',
    platformFamily: 'Linux',
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
    attachments: [attachmentView(task)],
    attributes: [{ name: 'ecs.cpu-architecture', value: 'x86_64' }],
    containers: task.containers.map((container) => containerView(task, container)),
    enableExecuteCommand: settings?.enableExecuteCommand ?? false,
    ephemeralStorage: { sizeInGiB: 20 },
    overrides: {
      containerOverrides: task.containers.map(({ name }) => ({ name })),
      inferenceAcceleratorOverrides: [],
    },
    tags: includeTags ? task.tags : [],
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
    networkBindings: [],
    networkInterfaces:
      task.lastStatus === 'PROVISIONING' ? [] : [{ attachmentId: attachment, privateIpv4Address: ip }],
    healthStatus: container.healthStatus,
    managedAgents: [],
    cpu: String(number(container.definition, 'cpu') ?? 0),
  };
}

function healthOf(task: Task): string {
  if (sickContainer(task) !== undefined) return 'UNHEALTHY';
  const checked = task.containers.some(({ healthStatus }) => healthStatus !== 'UNKNOWN');
  return checked && containersHealthy(task) && isCheckedAtAll(task) ? 'HEALTHY' : 'UNKNOWN';
}
