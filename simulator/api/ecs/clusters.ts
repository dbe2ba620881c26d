/** The actions of ECS that concern clusters, their capacity, and tags. */
import { containerInstances } from '../../engine/instances.ts';
import type { ContainerInstance } from '../../engine/instances.ts';
import type { World } from '../../engine/world.ts';
import { invalidParameter } from '../../state/errors.ts';
import { objects, requiredText, text, texts } from '../../state/json.ts';
import type { JsonObject } from '../../state/json.ts';
import type { Cluster } from '../../state/model.ts';
import { page, paging, refuseMoreThan } from '../protocol/pages.ts';

export const clusterActions = {
  CreateCluster(world: World, input: JsonObject): JsonObject {
    const name = text(input, 'clusterName') ?? 'default';
    const cluster = world.clusters.get(name) ?? world.addCluster(name);
    cluster.tags = objects(input, 'tags');
    return { cluster: clusterView(cluster, true, world.containerInstances) };
  },

  DescribeClusters(world: World, input: JsonObject): JsonObject {
    const given = texts(input, 'clusters');
    const names = given.length === 0 ? ['default'] : given;
    const withTags = texts(input, 'include').includes('TAGS');
    const found = names.map((name) => [name, world.findCluster(name)] as const);
    return {
      clusters: found.flatMap(([, cluster]) =>
        cluster === undefined ? [] : [clusterView(cluster, withTags, world.containerInstances)],
      ),
      failures: found.flatMap(([name, cluster]) =>
        cluster === undefined
          ? [{ arn: name.startsWith('arn:') ? name : world.arn('ecs', `cluster/${name}`), reason: 'MISSING' }]
          : [],
      ),
    };
  },

  ListClusters(world: World, input: JsonObject): JsonObject {
    const { items, nextToken } = page([...world.clusters.values()], paging(input), 100);
    return { clusterArns: items.map(({ arn }) => arn), nextToken };
  },

  DescribeCapacityProviders(world: World, input: JsonObject): JsonObject {
    const names = texts(input, 'capacityProviders').map((name) => name.slice(name.lastIndexOf('/') + 1));
    const all = [...world.capacityProviders.values()];
    return {
      capacityProviders: all.filter((one) => names.length === 0 || names.includes(text(one, 'name') ?? '')),
      failures: names
        .filter((name) => !world.capacityProviders.has(name))
        .map((name) => ({ arn: world.arn('ecs', `capacity-provider/${name}`), reason: 'MISSING' })),
    };
  },

  DescribeContainerInstances(world: World, input: JsonObject): JsonObject {
    const cluster = world.cluster(text(input, 'cluster'));
    const names = texts(input, 'containerInstances');
    if (names.length === 0) throw invalidParameter('Container instances cannot be empty.');
    refuseMoreThan(100, names, 'Container instances');
    const known = containerInstances(world, cluster);
    const find = (name: string): ContainerInstance | undefined =>
      known.find(({ arn }) => arn === name || arn.endsWith(`/${name}`));
    return {
      containerInstances: names.flatMap((name) => {
        const found = find(name);
        if (found === undefined) return [];
        return [
          {
            containerInstanceArn: found.arn,
            ec2InstanceId: found.ec2Id,
            status: 'ACTIVE',
            agentConnected: true,
            version: 1,
          },
        ];
      }),
      failures: names
        .filter((name) => find(name) === undefined)
        .map((name) => ({ arn: name, reason: 'MISSING' })),
    };
  },

  ListTagsForResource(world: World, input: JsonObject): JsonObject {
    return { tags: taggable(world, requiredText(input, 'resourceArn')).tags };
  },

  TagResource(world: World, input: JsonObject): JsonObject {
    const resource = taggable(world, requiredText(input, 'resourceArn'));
    const added = objects(input, 'tags');
    const keys = added.map((tag) => text(tag, 'key'));
    resource.tags = [...resource.tags.filter((tag) => !keys.includes(text(tag, 'key'))), ...added];
    return {};
  },

  UntagResource(world: World, input: JsonObject): JsonObject {
    const resource = taggable(world, requiredText(input, 'resourceArn'));
    const keys = texts(input, 'tagKeys');
    resource.tags = resource.tags.filter((tag) => !keys.includes(text(tag, 'key') ?? ''));
    return {};
  },
};

function taggable(world: World, arn: string): { tags: JsonObject[] } {
  const clusters = [...world.clusters.values()];
  const found = [...clusters, ...world.services(), ...world.taskDefinitions.all()].find(
    (candidate) => candidate.arn === arn,
  );
  if (found === undefined) throw invalidParameter('The specified resource cannot be found.');
  return found;
}

function clusterView(cluster: Cluster, includeTags: boolean, instances: number): JsonObject {
  const services = [...cluster.services.values()];
  const tasks = [...cluster.tasks.values()];
  return {
    clusterArn: cluster.arn,
    clusterName: cluster.name,
    status: 'ACTIVE',
    registeredContainerInstancesCount: instances,
    runningTasksCount: tasks.filter(({ lastStatus }) => lastStatus === 'RUNNING').length,
    pendingTasksCount: tasks.filter(
      ({ lastStatus }) => lastStatus === 'PENDING' || lastStatus === 'ACTIVATING',
    ).length,
    activeServicesCount: services.filter(({ status }) => status === 'ACTIVE').length,
    statistics: [],
    settings: cluster.settings,
    capacityProviders: [...cluster.capacityProviders],
    defaultCapacityProviderStrategy: [],
    tags: includeTags ? cluster.tags : [],
  };
}
