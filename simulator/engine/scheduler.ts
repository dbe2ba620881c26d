/** The service scheduler: rounds that bring each service nearer to what it should be. */
import { flag, number, object, text } from '../state/json.ts';
import type { Deployment, Service, Task } from '../state/model.ts';
import { failByHook, failByNetworking, stopAsRequested } from './deployment-failures.ts';
import { addEvent, tasksNamed } from './events.ts';
import { countFailedTask, countHealthyTask, deploymentOf } from './failure-counts.ts';
import { networkingProblem, shiftProblem } from './networking.ts';
import { planRound } from './rolling.ts';
import { complete, primaryOf, setStatus } from './service-deployments.ts';
import {
  enterNextStage,
  hasReached,
  isShifting,
  isStageOver,
  nextStageOf,
  secondsLeftInStage,
} from './shifting.ts';
import {
  drainSeconds,
  deregisterTargets,
  unhealthyTarget,
  removeTargets,
  registerTargets,
} from './targets.ts';
import { hasTaskSets, scaleOf } from './task-sets.ts';
import { exitTask, ignoreTask, startTask, stopTask } from './task-life.ts';
import type { TaskObserver } from './task-life.ts';
import { createTask, hasHealthCheck, isHealthy, unhealthyContainer } from './tasks.ts';
import type { Lack, World } from './world.ts';

const placementRetry = 30;

/** Schedules the next round for a service: soon, or after `seconds`. */
export function scheduleRound(world: World, service: Service, seconds = world.times.round): void {
  if (seconds > world.times.round) {
    world.clock.after(seconds, () => {
      world.changed(service);
    });
    return;
  }
  if (service.roundScheduled) return;
  service.roundScheduled = true;
  world.clock.after(seconds, () => {
    service.roundScheduled = false;
    runRound(world, service);
  });
}

function runRound(world: World, service: Service): void {
  const primary = primaryOf(service);
  if (service.status !== 'ACTIVE' || primary === undefined) {
    drainService(world, service);
    return;
  }
  beginOrStop(world, service, primary);
  replaceUnhealthyTasks(world, service);
  if (primary === primaryOf(service) && primary.serviceDeployment.lifecycle !== undefined) {
    advanceLifecycle(world, service, primary);
  }
  scaleTasks(world, service);
  completeWhenSteady(world, service);
}

/** Moves the service deployment on where the scheduler has only to begin. */
function beginOrStop(world: World, service: Service, primary: Deployment): void {
  const { serviceDeployment } = primary;
  if (serviceDeployment.status === 'PENDING') {
    serviceDeployment.startedAt = world.clock.now();
    setStatus(world, serviceDeployment, 'IN_PROGRESS');
  }
  if (serviceDeployment.status === 'ROLLBACK_REQUESTED' || serviceDeployment.status === 'STOP_REQUESTED') {
    stopAsRequested(world, service, primary);
  }
}

/** Stops the tasks that fail their health checks, once their grace period is over. */
function replaceUnhealthyTasks(world: World, service: Service): void {
  for (const task of desiredTasks(service)) {
    const grace = (task.revision?.settings.healthCheckGracePeriodSeconds ?? 0) * 1000;
    const graceEnds = (task.startedAt ?? Number.MAX_SAFE_INTEGER) + grace;
    const target = unhealthyTarget(task);
    const container = unhealthyContainer(task);
    if (target === undefined && container === undefined) continue;
    if (world.clock.now() < graceEnds) {
      scheduleRound(world, service, (graceEnds - world.clock.now()) / 1000);
      continue;
    }
    if (target !== undefined) {
      const { group, port, reason } = target;
      addEvent(
        world,
        service,
        `(port ${port}) is unhealthy in (target-group ${group.arn}) due to (reason ${reason}).`,
      );
      stopServiceTask(
        world,
        service,
        task,
        `Task failed ELB health checks in (target-group ${group.arn})`,
        true,
      );
    } else {
      addEvent(world, service, `(task ${task.id}) failed container health checks.`);
      stopServiceTask(world, service, task, 'Task failed container health checks', true);
    }
  }
}

function scaleTasks(world: World, service: Service): void {
  const primary = primaryOf(service);
  if (primary === undefined) return;
  if (hasTaskSets(service)) {
    for (const set of service.deployments) scaleTaskSet(world, service, set);
    return;
  }
  const tasks = desiredTasks(service);
  const round = planRound({
    desired: service.desiredCount,
    ...percentages(service, primary),
    current: tasks.filter((task) => task.revision === primary.revision),
    old: tasks.filter((task) => task.revision !== primary.revision),
    isHealthy,
    mayStart: !primary.stalled && mayScaleUp(primary),
  });
  for (const task of round.stop) {
    stopServiceTask(world, service, task, `Scaling activity initiated by (deployment ${primary.id})`, false);
  }
  if (round.start > 0) launchTasks(world, service, primary, round.start);
  if (round.blocked && !primary.blockedEventSent) {
    primary.blockedEventSent = true;
    addEvent(
      world,
      service,
      'was unable to stop or start tasks during a deployment because of the service deployment configuration. Update the minimumHealthyPercent or maximumPercent value and try again.',
    );
  }
}

/** Each task set has its own count, whatever becomes of the others. */
function scaleTaskSet(world: World, service: Service, set: Deployment): void {
  const desired = Math.ceil((service.desiredCount * scaleOf(set)) / 100);
  const tasks = desiredTasks(service).filter((task) => task.revision === set.revision);
  for (const task of tasks.slice(desired)) {
    stopServiceTask(world, service, task, `Scaling activity initiated by (task-set ${set.id})`, false);
  }
  if (tasks.length < desired) launchTasks(world, service, set, desired - tasks.length);
}

/** While traffic shifts, the old tasks all stay and the new ones come at once. */
function percentages(
  service: Service,
  { serviceDeployment }: Deployment,
): { minimumHealthyPercent: number; maximumPercent: number } {
  if (isShifting(serviceDeployment)) {
    return { minimumHealthyPercent: Number.MAX_SAFE_INTEGER, maximumPercent: Number.MAX_SAFE_INTEGER };
  }
  const { deploymentConfiguration } = service.settings;
  return {
    minimumHealthyPercent: number(deploymentConfiguration, 'minimumHealthyPercent') ?? 100,
    maximumPercent: number(deploymentConfiguration, 'maximumPercent') ?? 200,
  };
}

function mayScaleUp({ serviceDeployment }: Deployment): boolean {
  const { lifecycle, rollback } = serviceDeployment;
  return lifecycle === undefined || rollback !== undefined || hasReached(lifecycle, 'SCALE_UP');
}

/** Moves a deployment that shifts traffic on where its present stage or step is over. */
function advanceLifecycle(world: World, service: Service, primary: Deployment): void {
  const { serviceDeployment } = primary;
  if (!isShifting(serviceDeployment)) return;
  const current = desiredTasks(service).filter((task) => task.revision === primary.revision);
  const scaledUp = current.length === service.desiredCount && current.every(isHealthy);
  if (!isStageOver(world, serviceDeployment, scaledUp)) {
    const wait = secondsLeftInStage(world, serviceDeployment);
    if (wait > 0) scheduleRound(world, service, wait);
    return;
  }
  const next = nextStageOf(serviceDeployment);
  const problem =
    next === 'PRE_SCALE_UP'
      ? networkingProblem(world, serviceDeployment)
      : next && shiftProblem(world, serviceDeployment, next);
  if (problem !== undefined) {
    failByNetworking(world, service, primary, problem);
    world.changed(service);
    return;
  }
  enterNextStage(world, serviceDeployment, (hook) => {
    const hasFailed = hook.status === 'TIMED_OUT' || hook.status === 'FAILED';
    if (hasFailed && primary === primaryOf(service)) failByHook(world, service, primary, hook);
    world.changed(service);
  });
  world.changed(service);
}

const NO_INSTANCE =
  ' because no container instance met all of its requirements. The closest matching (container-instance 0f3c8a1d5b7e4c6f9a2d8e1b4c7f0a3d)';

/** ECS Developer Guide, "Amazon ECS service event messages". */
const NO_PLACE: Readonly<Record<Lack, string>> = {
  capacity:
    '. Reason: Capacity is unavailable at this time. Please try again later or in a different availability zone.',
  port: `${NO_INSTANCE} is already using a port required by your task.`,
  memory: `${NO_INSTANCE} has insufficient memory available.`,
};

function launchTasks(world: World, service: Service, primary: Deployment, count: number): void {
  const wait = (primary.throttledUntil - world.clock.now()) / 1000;
  if (wait > 0) {
    scheduleRound(world, service, wait);
    return;
  }
  service.steady = false;
  const placed = desiredTasks(service).filter((task) => task.revision === primary.revision).length;
  const places = Math.max(0, service.desiredCount - world.tasksWithoutPlace - placed);
  const room = world.capacityAvailable ? Math.min(count, places) : 0;
  if (room < count) {
    addEvent(world, service, `was unable to place a task${NO_PLACE[world.lack]}`);
    scheduleRound(world, service, placementRetry);
  }
  if (room === 0) return;
  const { revision, id } = primary;
  const tasks = Array.from({ length: room }, () =>
    createTask(world, {
      cluster: service.cluster,
      definition: revision.definition,
      service,
      revision,
      startedBy: id,
      group: `service:${service.name}`,
      networkConfiguration: revision.settings.networkConfiguration,
      tags: tagsFor(service, revision.definition.tags),
    }),
  );
  addEvent(world, service, `has started ${tasksNamed(tasks)}`);
  for (const task of tasks) startTask(world, task, observerOf(world, service));
}

/** The tags of a new task: those of the service or of its definition, and ECS's own, as the service asks for them. */
function tagsFor(
  { name, cluster, tags, settings }: Service,
  definitionTags: Service['tags'],
): Service['tags'] {
  const propagated = { SERVICE: tags, TASK_DEFINITION: definitionTags }[settings.propagateTags ?? ''] ?? [];
  const managed = [
    { key: 'aws:ecs:clusterName', value: cluster.name },
    { key: 'aws:ecs:serviceName', value: name },
  ];
  return settings.enableECSManagedTags ? [...managed, ...propagated] : propagated;
}

/** Ends the round: forgets deployments that have no task left, and says so when all is as it should be. */
function completeWhenSteady(world: World, service: Service): void {
  const primary = primaryOf(service);
  if (primary === undefined) return;
  const present = service.cluster.tasksOf(service).filter((task) => task.lastStatus !== 'STOPPED');
  service.deployments = service.deployments.filter(
    (deployment) =>
      deployment === primary ||
      (hasTaskSets(service) && scaleOf(deployment) > 0) ||
      present.some((task) => task.revision === deployment.revision),
  );
  const current = desiredTasks(service);
  const areOldGone = present.every((task) => task.revision === primary.revision);
  const isStopped = primary.stalled || isShifting(primary.serviceDeployment);
  const steady =
    current.length === service.desiredCount &&
    current.every((task) => task.revision === primary.revision && isHealthy(task)) &&
    areOldGone &&
    !isStopped;
  const healthy = current.filter((task) => task.revision === primary.revision && isHealthy(task)).length;
  const isEnough = !isStopped && meetsEarlySuccess(service, primary, { healthy, areOldGone });
  if (!steady && !isEnough) return;
  if (primary.rolloutState === 'IN_PROGRESS') {
    const bake = bakeSeconds(world, primary);
    if (bake > 0) {
      scheduleRound(world, service, bake);
      return;
    }
    complete(world, service, primary);
  }
  if (service.steady || !steady) return;
  service.steady = true;
  addEvent(world, service, 'has reached a steady state.');
}

/** API reference, DeploymentEarlySuccessCriteria: the rest is started, and with DEFERRED the old tasks go, afterwards. */
function meetsEarlySuccess(
  { desiredCount }: Service,
  { serviceDeployment }: Deployment,
  { healthy, areOldGone }: { readonly healthy: number; readonly areOldGone: boolean },
): boolean {
  const { configuration, rollback } = serviceDeployment;
  const criteria = object(configuration, 'earlySuccessCriteria') ?? {};
  if (flag(criteria, 'enable') !== true || rollback !== undefined) return false;
  const isBlocking = text(criteria, 'sourceServiceRevisionCleanup') === 'BLOCKING';
  const enough = Math.ceil(((number(criteria, 'healthyPercent') ?? 100) * desiredCount) / 100);
  return healthy >= enough && (areOldGone || !isBlocking);
}

/**
 * How long a steady deployment is still to be watched: alarms are monitored through the bake time. One that shifts
 * traffic has a stage for that.
 */
function bakeSeconds(world: World, primary: Deployment): number {
  const { alarms, configuration, lifecycle } = primary.serviceDeployment;
  if (alarms.status !== 'MONITORING' || lifecycle !== undefined) return 0;
  primary.steadySince ??= world.clock.now();
  const ends = primary.steadySince + (number(configuration, 'bakeTimeInMinutes') ?? 0) * 60_000;
  return Math.max(0, (ends - world.clock.now()) / 1000);
}

/** Stops a task on the scheduler's own account. */
function stopServiceTask(world: World, service: Service, task: Task, reason: string, failed: boolean): void {
  service.steady = false;
  const cause = { code: 'ServiceSchedulerInitiated', reason, failed } as const;
  const observer = observerOf(world, service);
  const wasRunning = task.lastStatus === 'RUNNING';
  stopTask(world, task, cause, drainSeconds(task), observer);
  if (wasRunning) addEvent(world, service, `has stopped ${tasksNamed([task], 'running ')}`);
}

/** Takes back the Spot capacity of a task; a service will replace it. */
export function interruptSpotTask(world: World, task: Task): void {
  const cause = {
    code: 'SpotInterruption',
    reason: 'Your Spot Task was interrupted.',
    failed: false,
  } as const;
  stopTask(
    world,
    task,
    cause,
    drainSeconds(task),
    task.service === undefined ? ignoreTask : observerOf(world, task.service),
  );
}

/** An essential container of a running task ends by itself. */
export function crashTask(world: World, task: Task, code: number): void {
  exitTask(world, task, code, task.service === undefined ? ignoreTask : observerOf(world, task.service));
}

/** Stops a task because a person asked for it; a service will replace it. */
export function stopByUser(world: World, task: Task, reason: string): void {
  const cause = { code: 'UserInitiated', reason, failed: false } as const;
  stopTask(world, task, cause, 0, task.service === undefined ? ignoreTask : observerOf(world, task.service));
}

function drainService(world: World, service: Service): void {
  for (const task of desiredTasks(service)) {
    stopServiceTask(world, service, task, `Scaling activity initiated by (service ${service.name})`, false);
  }
  const gone = service.cluster.tasksOf(service).every((task) => task.lastStatus === 'STOPPED');
  if (service.status === 'DRAINING' && gone) service.status = 'INACTIVE';
}

/** Tasks that are meant to run, oldest first. */
function desiredTasks(service: Service): Task[] {
  return service.cluster.tasksOf(service).filter((task) => task.desiredStatus === 'RUNNING');
}

function observerOf(world: World, service: Service): TaskObserver {
  const healthChanged = (task: Task): void => {
    countHealthyTask(service, task);
    world.changed(service);
  };
  return {
    running(task) {
      registerTargets(world, task, () => {
        healthChanged(task);
      });
      const deployment = deploymentOf(service, task);
      if (deployment !== undefined) deployment.failedLaunches = 0;
      if (!hasHealthCheck(task)) {
        const settled = world.clock.after(world.times.settle, () => {
          task.wasHealthy = true;
          healthChanged(task);
        });
        task.cancel.push(settled);
      }
      healthChanged(task);
    },
    healthChanged,
    stopping(task, failed) {
      service.steady = false;
      deregisterTargets(world, task);
      if (failed) countFailedTask(world, service, task);
      world.changed(service);
    },
    stopped(task) {
      removeTargets(task);
      world.changed(service);
    },
  };
}
