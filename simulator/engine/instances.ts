/** EC2 container instances, which tasks without a network interface of their own are reached through. */
import { digestOf } from '../state/ids.ts';
import { invalidParameter } from '../state/errors.ts';
import { number, objects, text, texts } from '../state/json.ts';
import type { JsonObject } from '../state/json.ts';
import { refuseMoreThan } from '../api/protocol/pages.ts';
import type { World } from './world.ts';
import type { Cluster } from '../state/cluster.ts';
import type { Container, Task } from '../state/model.ts';

interface Instance {
  readonly arn: string;
  readonly ec2Id: string;
}

function instanceOf(world: World, cluster: Cluster, position: number): Instance {
  const hex = digestOf(`${cluster.arn}/${position}`).slice('sha256:'.length);
  return {
    arn: world.arn('ecs', `container-instance/${cluster.name}/${hex.slice(0, 32)}`),
    ec2Id: `i-0${hex.slice(32, 48)}`,
  };
}

/** Only awsvpc gives a task a network interface of its own. */
export function hasInterface({ definition }: Task): boolean {
  return text(definition.body, 'networkMode') === 'awsvpc';
}

/** The instance that a task of another network mode is on. */
export function hostOf(world: World, task: Task): Instance {
  return instanceOf(world, task.cluster, task.network.serial % world.containerInstances);
}

/** The port of the instance that leads to a container's port: the same in host mode, one of its own in bridge mode. */
export function hostPortOf(task: Task, container: Container, containerPort: number): number {
  const mapping = objects(container.definition, 'portMappings').find(
    (each) => number(each, 'containerPort') === containerPort,
  );
  const fixed = number(mapping ?? {}, 'hostPort') ?? 0;
  if (fixed !== 0) return fixed;
  return text(task.definition.body, 'networkMode') === 'host'
    ? containerPort
    : 32_768 + (task.network.serial % 28_000);
}

/** A container's ports as DescribeTasks shows them once it runs. */
export function networkBindings(task: Task, container: Container): JsonObject[] {
  if (hasInterface(task) || task.startedAt === undefined) return [];
  return objects(container.definition, 'portMappings').map((mapping) => {
    const containerPort = number(mapping, 'containerPort') ?? 0;
    const hostPort = hostPortOf(task, container, containerPort);
    return { bindIP: '0.0.0.0', containerPort, hostPort, protocol: text(mapping, 'protocol') ?? 'tcp' };
  });
}

export const instanceActions = {
  DescribeContainerInstances(world: World, input: JsonObject): JsonObject {
    const cluster = world.cluster(text(input, 'cluster'));
    const asked = texts(input, 'containerInstances');
    if (asked.length === 0) throw invalidParameter('Container instances cannot be empty.');
    refuseMoreThan(100, asked, 'Container instances');
    const known = Array.from({ length: world.containerInstances }, (_, at) => instanceOf(world, cluster, at));
    const find = (name: string): Instance | undefined =>
      known.find(({ arn }) => arn === name || arn.endsWith(`/${name}`));
    return {
      containerInstances: asked.flatMap((name) => {
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
      failures: asked
        .filter((name) => find(name) === undefined)
        .map((name) => ({ arn: name, reason: 'MISSING' })),
    };
  },
};
