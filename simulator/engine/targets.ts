/** How the tasks of a service come into its target groups, are checked there, and leave them. */
import type { Served, Target, TargetGroup, TargetState } from '../state/balancing.ts';
import { number, text } from '../state/json.ts';
import type { Task } from '../state/model.ts';
import { addEvent } from './events.ts';
import { hasInterface, hostOf, hostPortOf } from './instances.ts';
import { registrationProblem } from './networking.ts';
import type { World } from './world.ts';

const registering: TargetState = {
  state: 'initial',
  reason: 'Elb.RegistrationInProgress',
  description: 'Target registration is in progress',
};
const checking: TargetState = {
  state: 'initial',
  reason: 'Elb.InitialHealthChecking',
  description: 'Initial health checks in progress',
};
const draining: TargetState = {
  state: 'draining',
  reason: 'Target.DeregistrationInProgress',
  description: 'Target deregistration is in progress',
};

const registrationSeconds = 2;
const registrationRetrySeconds = 30;

/** Registers a running task with every target group that its service revision names. */
export function registerTargets(world: World, task: Task, onChange: () => void): void {
  const { revision } = task;
  for (const [index, balancer] of (revision?.settings.loadBalancers ?? []).entries()) {
    const group = world.balancing.byArn(revision?.groupArns[index] ?? '');
    const container = task.containers.find(({ name }) => name === text(balancer, 'containerName'));
    if (group === undefined || container?.found === undefined) continue;
    const problem = registrationProblem(world, balancer, group.arn);
    task.isUnregistered = problem !== undefined;
    if (problem !== undefined && task.service !== undefined) {
      addEvent(world, task.service, problem);
      task.cancel.push(
        world.clock.after(registrationRetrySeconds, () => {
          registerTargets(world, task, onChange);
        }),
      );
      return;
    }
    const port = number(balancer, 'containerPort') ?? group.port;
    const address = hasInterface(task)
      ? { ip: task.network.ip, port }
      : { ip: hostOf(world, task).ec2Id, port: hostPortOf(task, container, port) };
    const { version, behaviour } = container.found;
    task.targets.push({ group, target: register(world, group, address, { version, behaviour }, onChange) });
    if (task.service !== undefined)
      addEvent(world, task.service, `registered 1 targets in (target-group ${group.arn})`);
  }
}

/** Takes a task out of service: its targets get no new requests and drain. They stay visible until they are removed. */
export function deregisterTargets(world: World, task: Task): void {
  if (task.targets.length === 0) return;
  for (const { group, target } of task.targets) {
    target.cancelChecks();
    target.health = draining;
    if (task.service !== undefined)
      addEvent(world, task.service, `deregistered 1 targets in (target-group ${group.arn})`);
  }
  if (task.service !== undefined) addEvent(world, task.service, 'has begun draining connections on 1 tasks.');
}

export function removeTargets(task: Task): void {
  for (const { group, target } of task.targets) {
    target.cancelChecks();
    group.remove(target);
  }
}

/** How long a task drains before it is stopped; undefined when it never ends. */
export function drainSeconds(task: Task): number | undefined {
  const neverEnds = task.containers.some(({ behaviour }) => behaviour.neverDrains === true);
  if (neverEnds) return undefined;
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

/** Registers a target and begins its health checks; `onChange` is called at each change of its health. */
function register(
  world: World,
  group: TargetGroup,
  address: { readonly ip: string; readonly port: number },
  served: Served,
  onChange: () => void,
): Target {
  const target: Target = { ...address, served, health: registering, cancelChecks: () => undefined };
  group.targets.push(target);
  const setHealth: SetHealth = (seconds, health, then) => {
    target.cancelChecks = world.clock.after(seconds, () => {
      target.health = health;
      then?.();
      onChange();
    });
  };
  setHealth(registrationSeconds, checking, () => {
    beginChecks(group, target, setHealth);
  });
  return target;
}

/** Sets the health of a target after so many seconds. */
type SetHealth = (seconds: number, health: TargetState, then?: () => void) => void;

function beginChecks({ healthCheck }: TargetGroup, { served }: Target, setHealth: SetHealth): void {
  const { intervalSeconds, healthyThreshold, unhealthyThreshold } = healthCheck;
  const finding = served.behaviour.targetHealth ?? { kind: 'healthy' };
  if (finding.kind !== 'healthy') {
    setHealth(intervalSeconds * unhealthyThreshold, unhealthyState(finding));
    return;
  }
  const { afterSeconds, unhealthyAfterSeconds } = finding;
  setHealth(Math.max(intervalSeconds * healthyThreshold, afterSeconds ?? 0), { state: 'healthy' }, () => {
    if (unhealthyAfterSeconds === undefined) return;
    setHealth(unhealthyAfterSeconds, unhealthyState({ kind: 'status-mismatch', status: 503 }));
  });
}

/** Descriptions as DescribeTargetHealth words them. */
function unhealthyState(
  finding: { kind: 'status-mismatch'; status: number } | { kind: 'timeout' },
): TargetState {
  return finding.kind === 'timeout'
    ? { state: 'unhealthy', reason: 'Target.Timeout', description: 'Request timed out' }
    : {
        state: 'unhealthy',
        reason: 'Target.ResponseCodeMismatch',
        description: `Health checks failed with these codes: [${finding.status}]`,
      };
}
