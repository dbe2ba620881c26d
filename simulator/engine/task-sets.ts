/** The task sets of a service that CodeDeploy deploys. API reference, TaskSet. */
import { number, text } from '../state/json.ts';
import type { JsonObject } from '../state/json.ts';
import type { Deployment, Service, ServiceSettings, TaskDefinition } from '../state/model.ts';
import { addRevision, NOTHING_YET } from './service-deployments.ts';
import type { World } from './world.ts';

export function hasTaskSets({ controller }: Service): boolean {
  return controller === 'CODE_DEPLOY';
}

/** A new task set beside the PRIMARY one, at its full count; its targets go into one group. */
export function createTaskSet(
  world: World,
  service: Service,
  definition: TaskDefinition,
  settings: Partial<ServiceSettings>,
  externalId: string,
): Deployment {
  const [primary] = service.deployments;
  if (primary === undefined) throw new Error(`Service "${service.name}" has no task set.`);
  const now = world.clock.now();
  const all = { ...service.settings, ...settings };
  const groups = all.loadBalancers.map((balancer) => text(balancer, 'targetGroupArn') ?? '');
  const revision = addRevision(world, service, definition, all, groups);
  const set: Deployment = {
    ...primary,
    id: `ecs-svc/${revision.digits}`,
    revision,
    createdAt: now,
    updatedAt: now,
    rolloutState: 'COMPLETED',
    ...NOTHING_YET,
    taskSet: { externalId, scale: 100 },
  };
  service.deployments = [...service.deployments, set];
  service.steady = false;
  world.changed(service);
  return set;
}

/** API reference, UpdateServicePrimaryTaskSet. */
export function makePrimaryTaskSet(world: World, service: Service, set: Deployment): void {
  service.deployments = [set, ...service.deployments.filter((each) => each !== set)];
  set.updatedAt = world.clock.now();
  service.completed = [...service.completed.filter((each) => each !== set.revision), set.revision];
  world.changed(service);
}

/** Its tasks drain; it is gone with the last of them. API reference, DeleteTaskSet. */
export function deleteTaskSet(world: World, service: Service, set: Deployment): void {
  set.taskSet = { externalId: set.taskSet?.externalId, scale: 0 };
  set.updatedAt = world.clock.now();
  world.changed(service);
}

export function scaleOf({ taskSet }: Deployment): number {
  return taskSet?.scale ?? 100;
}

/** The load balancer setting of a task set: the container and the port of the AppSpec, in one group. */
export function behindGroup(groupArn: string, containerName: string, containerPort: number): JsonObject {
  return { targetGroupArn: groupArn, containerName, containerPort };
}

/** Whether a definition has the container, and the port on it. */
export function hasPort({ containers }: TaskDefinition, name: string, port: number): boolean {
  const container = containers.find((each) => text(each, 'name') === name);
  const ports = Array.isArray(container?.['portMappings']) ? container['portMappings'] : [];
  return ports.some((each) => number(each as JsonObject, 'containerPort') === port);
}

/** How much of a listener's traffic goes to a task set. */
export function shiftTraffic(
  world: World,
  set: Deployment | undefined,
  listener: 'production' | 'test',
  percent: number,
): void {
  for (const arn of set?.revision.groupArns ?? []) world.balancing.setWeight(arn, listener, percent);
}
