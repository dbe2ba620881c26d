/** EC2 container instances, which tasks without a network interface of their own are reached through. */
import { digestOf } from '../state/ids.ts';
import { number, objects, text } from '../state/json.ts';
import type { Cluster, Container, Task } from '../state/model.ts';
import type { World } from './world.ts';

export interface ContainerInstance {
  readonly arn: string;
  readonly ec2Id: string;
}

function instanceOf(world: World, cluster: Cluster, position: number): ContainerInstance {
  const hex = digestOf(`${cluster.arn}/${position}`).slice('sha256:'.length);
  return {
    arn: world.arn('ecs', `container-instance/${cluster.name}/${hex.slice(0, 32)}`),
    ec2Id: `i-0${hex.slice(32, 48)}`,
  };
}

/** The container instances of a cluster. */
export function containerInstances(world: World, cluster: Cluster): ContainerInstance[] {
  return Array.from({ length: world.containerInstances }, (_, at) => instanceOf(world, cluster, at));
}

/** Only awsvpc gives a task a network interface of its own. */
export function hasInterface({ definition }: Task): boolean {
  return text(definition.body, 'networkMode') === 'awsvpc';
}

/** The instance that a task of another network mode is on. */
export function hostOf(world: World, task: Task): ContainerInstance {
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
