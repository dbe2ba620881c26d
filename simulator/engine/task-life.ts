/** The life of one task, from PROVISIONING to STOPPED. Developer Guide, "Amazon ECS task lifecycle". */
import { number, object, texts } from '../state/json.ts';
import type { Container, StopCode, Task, TaskStatus } from '../state/model.ts';
import { openLogs, print, printLines } from './container-logs.ts';
import { findStartFailure, noExecutableText, outOfMemoryText } from './start-failures.ts';
import { healthCheckOf } from './tasks.ts';
import type { World } from './world.ts';

/** What is to be done when something becomes of a task. */
export interface TaskObserver {
  /** It is RUNNING. */
  running(task: Task): void;
  /** The health of a container or a target changed. */
  healthChanged(task: Task): void;
  /** It begins to stop; `failed` unless somebody wanted that. */
  stopping(task: Task, failed: boolean): void;
  stopped(task: Task): void;
}

/** For tasks that belong to no service. */
export const ignoreTask: TaskObserver = {
  running: () => undefined,
  healthChanged: () => undefined,
  stopping: () => undefined,
  stopped: () => undefined,
};

/** Starts a task that is PROVISIONING. */
export function startTask(world: World, task: Task, observer: TaskObserver): void {
  after(world, task, world.times.provision, () => {
    setLastStatus(task, 'PENDING');
    task.pullStartedAt = world.clock.now();
    const failure = findStartFailure(world, task);
    const pull = Math.max(
      0,
      ...task.containers.map(({ behaviour }) => behaviour.pullSeconds ?? world.times.pull),
    );
    after(world, task, pull, () => {
      if (failure === undefined) {
        task.pullStoppedAt = world.clock.now();
        activate(world, task, observer);
        return;
      }
      if (failure.container !== undefined) failure.container.reason = failure.reason;
      failToStart(world, task, failure.reason, observer);
    });
  });
}

/**
 * Stops a task. A target that it has is drained first, for `drainSeconds` (undefined: forever).
 * A task that is stopping already is left alone.
 */
export function stopTask(
  world: World,
  task: Task,
  cause: { code: StopCode; reason: string; failed: boolean },
  drainSeconds: number | undefined,
  observer: TaskObserver,
): void {
  if (task.desiredStatus === 'STOPPED') return;
  const wasRunning = task.lastStatus === 'RUNNING';
  markStopping(world, task, cause.code, cause.reason);
  observer.stopping(task, cause.failed);
  if (!wasRunning) {
    deprovision(world, task, observer);
    return;
  }
  setLastStatus(task, 'DEACTIVATING');
  if (drainSeconds === undefined) return;
  after(world, task, drainSeconds, () => {
    setLastStatus(task, 'STOPPING');
    after(world, task, world.times.stop, () => {
      for (const container of task.containers) endContainer(container, container.exitCode ?? 0);
      deprovision(world, task, observer);
    });
  });
}

/** Its first container ends with this code now; nothing happens to a task that does not run. */
export function exitTask(world: World, task: Task, code: number, observer: TaskObserver): void {
  const [container] = task.containers;
  if (task.lastStatus !== 'RUNNING' || container === undefined) return;
  endContainer(container, code);
  stopAfterExit(world, task, code, observer);
}

function activate(world: World, task: Task, observer: TaskObserver): void {
  setLastStatus(task, 'ACTIVATING');
  after(world, task, world.times.activate, () => {
    const broken = task.containers.find(({ behaviour }) => behaviour.startFailure === 'no-executable');
    if (broken !== undefined) {
      const command = texts(broken.definition, 'command')[0] ?? 'serve';
      broken.reason = noExecutableText(command);
      failToStart(world, task, broken.reason, observer);
      return;
    }
    run(world, task, observer);
  });
}

function run(world: World, task: Task, observer: TaskObserver): void {
  setLastStatus(task, 'RUNNING');
  task.startedAt = world.clock.now();
  for (const container of task.containers) {
    container.lastStatus = 'RUNNING';
    container.runtimeId = `${task.id}-${world.ids.hex(10)}`;
    openLogs(world, task, container);
    printLines(world, task, container, container.behaviour.logs ?? ['Application startup complete.']);
    runHealthCheck(world, task, container, observer);
    scheduleExit(world, task, container, observer);
  }
  observer.running(task);
}

function runHealthCheck(world: World, task: Task, container: Container, observer: TaskObserver): void {
  const check = healthCheckOf(container.definition);
  if (check === undefined) return;
  const result = container.behaviour.containerHealth ?? {
    status: 'HEALTHY',
    afterSeconds: Math.min(10, number(check, 'interval') ?? 30),
  };
  after(world, task, result.afterSeconds, () => {
    container.healthStatus = result.status;
    task.version += 1;
    observer.healthChanged(task);
  });
}

function scheduleExit(world: World, task: Task, container: Container, observer: TaskObserver): void {
  const { behaviour } = container;
  const exit = behaviour.exit;
  if (exit === undefined) return;
  after(world, task, exit.afterSeconds, () => {
    for (const line of behaviour.lastWords ?? []) print(world, task, container, line);
    endContainer(container, exit.code);
    if (exit.outOfMemory === true) container.reason = outOfMemoryText;
    if (mayRestart(container, exit.afterSeconds)) {
      restart(world, task, container, observer);
      return;
    }
    if (container.definition['essential'] !== false) stopAfterExit(world, task, exit.code, observer);
  });
}

/**
 * A container that ran for its restart attempt period is started again inside of the task, which runs on. API reference,
 * ContainerRestartPolicy.
 */
function mayRestart({ definition }: Container, ranSeconds: number): boolean {
  const policy = object(definition, 'restartPolicy') ?? {};
  return policy['enabled'] === true && ranSeconds >= (number(policy, 'restartAttemptPeriod') ?? 300);
}

const restartSeconds = 2;

function restart(world: World, task: Task, container: Container, observer: TaskObserver): void {
  task.version += 1;
  after(world, task, restartSeconds, () => {
    container.lastStatus = 'RUNNING';
    container.runtimeId = `${task.id}-${world.ids.hex(10)}`;
    task.version += 1;
    scheduleExit(world, task, container, observer);
  });
}

/** The rest of the task goes when an essential container has gone. */
function stopAfterExit(world: World, task: Task, code: number, observer: TaskObserver): void {
  markStopping(world, task, 'EssentialContainerExited', 'Essential container in task exited');
  setLastStatus(task, 'DEACTIVATING');
  const oneOff = task.service === undefined;
  observer.stopping(task, !oneOff || code !== 0);
  after(world, task, world.times.stop, () => {
    for (const container of task.containers) endContainer(container, container.exitCode ?? 143);
    deprovision(world, task, observer);
  });
}

function failToStart(world: World, task: Task, reason: string, observer: TaskObserver): void {
  markStopping(world, task, 'TaskFailedToStart', reason);
  observer.stopping(task, true);
  deprovision(world, task, observer);
}

function markStopping(world: World, task: Task, code: StopCode, reason: string): void {
  for (const cancel of task.cancel) cancel();
  task.cancel = [];
  task.desiredStatus = 'STOPPED';
  task.stopCode = code;
  task.stoppedReason = reason;
  task.stoppingAt = world.clock.now();
}

function deprovision(world: World, task: Task, observer: TaskObserver): void {
  setLastStatus(task, 'DEPROVISIONING');
  task.executionStoppedAt = world.clock.now();
  for (const container of task.containers) container.lastStatus = 'STOPPED';
  after(world, task, world.times.deprovision, () => {
    setLastStatus(task, 'STOPPED');
    task.stoppedAt = world.clock.now();
    observer.stopped(task);
    world.clock.after(world.times.remember, () => task.cluster.tasks.delete(task.arn));
  });
}

function endContainer(container: Container, exitCode: number): void {
  container.lastStatus = 'STOPPED';
  container.exitCode = exitCode;
}

function setLastStatus(task: Task, status: TaskStatus): void {
  task.lastStatus = status;
  task.version += 1;
}

function after(world: World, task: Task, seconds: number, action: () => void): void {
  task.cancel.push(world.clock.after(seconds, action));
}
