/** How the tasks of a service come into its target groups and leave them. */
import { number, text } from '../state/json.ts';
import type { World } from './world.ts';
import type { TargetGroup } from '../state/balancing.ts';
import { addEvent } from './events.ts';
import { hasInterface, hostOf, hostPortOf } from './instances.ts';
import type { Task } from '../state/model.ts';

/** Registers a running task with every target group that its service revision names. */
export function registerTargets(world: World, task: Task, onChange: () => void): void {
  const { revision } = task;
  for (const [index, balancer] of (revision?.settings.loadBalancers ?? []).entries()) {
    const group = world.balancing.byArn(revision?.groupArns[index] ?? '');
    const container = task.containers.find(({ name }) => name === text(balancer, 'containerName'));
    if (group === undefined || container?.found === undefined) continue;
    const port = number(balancer, 'containerPort') ?? group.port;
    const address = hasInterface(task)
      ? { ip: task.network.ip, port }
      : { ip: hostOf(world, task).ec2Id, port: hostPortOf(task, container, port) };
    const { version, behaviour } = container.found;
    task.targets.push({ group, target: group.register(address, { version, behaviour }, onChange) });
    if (task.service !== undefined)
      addEvent(world, task.service, `registered 1 targets in (target-group ${group.arn})`);
  }
}

/** Takes a task out of service; its targets drain. */
export function deregisterTargets(world: World, task: Task): void {
  if (task.targets.length === 0) return;
  for (const { group, target } of task.targets) {
    group.deregister(target);
    if (task.service !== undefined)
      addEvent(world, task.service, `deregistered 1 targets in (target-group ${group.arn})`);
  }
  if (task.service !== undefined) addEvent(world, task.service, 'has begun draining connections on 1 tasks.');
}

export function removeTargets(task: Task): void {
  for (const { group, target } of task.targets) group.remove(target);
}

/** How long a task drains before it is stopped; undefined when it never ends. */
export function drainSeconds(task: Task): number | undefined {
  const clings = task.containers.some(({ behaviour }) => behaviour.neverDrains === true);
  if (clings) return undefined;
  return Math.max(0, ...task.targets.map(({ group }) => group.deregistrationDelaySeconds));
}

/** The target group that finds the task unhealthy, and why, once the grace period is over. */
export function unhealthyTarget(
  task: Task,
): { group: TargetGroup; port: number; reason: string } | undefined {
  const failed = task.targets.find(({ target }) => target.health.state === 'unhealthy');
  if (failed === undefined) return undefined;
  const { group, target } = failed;
  return { group, port: target.port, reason: target.health.description ?? 'Health checks failed' };
}
