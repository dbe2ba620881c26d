import type { Task } from '@aws-sdk/client-ecs';
import { shortenArns } from '../aws/arn.ts';
import type { Cause } from '../model/index.ts';
import {
  CRASHED,
  EXIT_CODES,
  NOT_OUR_FAULT,
  SCALED_IN,
  STOP_REASONS,
  TAKEN_AWAY,
  type Severity,
  type StopReasonMeaning,
} from './stop-reasons.ts';

/** What a task proves that ended, or is being ended, badly. */
export interface TaskFailure {
  readonly cause: Cause;
  readonly severity: Severity;
  readonly hint: string;
  /** The container that failed, where one did. */
  readonly container: string | undefined;
  readonly exitCode: number | undefined;
  readonly stopCode: string | undefined;
  /** Its containers were started: image, secrets and log group were there. */
  readonly started?: boolean;
  /** Its reason passes by nature. */
  readonly passes?: true;
  /** In AWS's words, on one line, with names in place of ARNs. */
  readonly reason: string;
}

/** One line: which container, how it ended, and why in AWS's words, where they say more than that it ended. */
export function describeFailure({ container, exitCode, reason }: TaskFailure): string {
  if (container === undefined || exitCode === undefined) return reason;
  const why = beyondTheEnd(reason);
  return `container "${container}" exited with code ${exitCode}${why === '' ? '' : `: ${why}`}`;
}

/** Pure: a stop reason without what an exit code says already; empty where nothing is left. */
export function beyondTheEnd(reason: string): string {
  return reason.replace(/^Essential container in task exited(?: — |$)/, '');
}

/**
 * Pure: what a stopped task proves, by its stop code, the texts of its reasons, and its exit codes. `essentials`: names
 * of its essential containers; a task goes on without the others, so that they say nothing of its end.
 */
export function failureOf(task: Task, essentials: readonly string[] = []): TaskFailure | undefined {
  if (task.desiredStatus !== 'STOPPED' && task.lastStatus !== 'STOPPED') return undefined;
  const stoppedReason = task.stoppedReason ?? '';
  const stopCode = task.stopCode;
  if (stopCode !== undefined && TAKEN_AWAY.includes(stopCode)) return takenAway(stopCode, stoppedReason);
  if (stopCode !== undefined && NOT_OUR_FAULT.includes(stopCode)) return undefined;
  if (SCALED_IN.test(stoppedReason)) return undefined;
  const containers = telling(task, essentials);
  const failed = failedContainer(containers);
  const texts = [stoppedReason, ...containers.map((container) => container.reason ?? '')];
  const text = [...new Set(texts)].filter((each) => each !== '').join(' — ');
  const known = STOP_REASONS.find((row) => row.pattern.test(text)) ?? byExit(stopCode, failed?.exitCode);
  if (known === undefined && stopCode !== 'TaskFailedToStart') return undefined;
  const { cause, severity, hint, passes }: StopReasonMeaning = known ?? {
    cause: 'unknown' as const,
    severity: 'counts' as const,
    hint: 'The reason that ECS gives is all that is known.',
  };
  return {
    cause,
    severity: severity === 'conclusive' && mayBeTheInstance(task, cause) ? 'counts' : severity,
    hint,
    container: failed?.name,
    exitCode: failed?.exitCode,
    stopCode,
    started: hasStarted(task),
    ...(passes === undefined ? {} : { passes }),
    reason: oneLine(text),
  };
}

/** AWS wanted the room back: shown, and no failure of the revision. */
function takenAway(stopCode: string, stoppedReason: string): TaskFailure {
  return {
    cause: 'capacity',
    severity: 'ignored',
    hint: 'AWS took Spot capacity back: ECS starts another task; a share of FARGATE in the capacity provider strategy keeps some.',
    container: undefined,
    exitCode: undefined,
    stopCode,
    started: true,
    reason: oneLine(stoppedReason),
  };
}

type Containers = NonNullable<Task['containers']>;

/**
 * Those whose end may be that of the task. Before it has started, others may have kept these from starting. What ECS
 * adds to the task by itself is in no definition: Service Connect's proxy is essential.
 */
function telling({ stopCode, containers = [] }: Task, essentials: readonly string[]): Containers {
  if (stopCode === 'TaskFailedToStart') return containers;
  const essential = containers.filter(
    ({ name = '' }) => essentials.includes(name) || SERVICE_CONNECT.test(name),
  );
  return essential.length === 0 ? containers : essential;
}

/** The proxy that ECS adds to each task of a service with Service Connect (ECS Developer Guide, "Service Connect"). */
const SERVICE_CONNECT = /^ecs-service-connect-/;

/** Task.startedAt is when it went to RUNNING; a container that ended by itself was started, too. */
function hasStarted({ startedAt, stopCode }: Task): boolean {
  return startedAt !== undefined || stopCode === 'EssentialContainerExited';
}

/**
 * An exit code proves something where the container ended by itself; one that ECS stopped may have been killed. A task
 * that never started may have waited for one that ended badly (ECS API, ContainerDependency).
 */
function byExit(stopCode: string | undefined, exitCode: number | undefined): StopReasonMeaning | undefined {
  const endedBadly = exitCode !== undefined && ![0, 143].includes(exitCode);
  if (stopCode !== 'EssentialContainerExited' && !(stopCode === 'TaskFailedToStart' && endedBadly)) {
    return undefined;
  }
  return (exitCode === undefined ? undefined : EXIT_CODES[exitCode]) ?? CRASHED;
}

/** On instances of one's own, another instance may do better; on Fargate every task has its own. */
function mayBeTheInstance(task: Task, cause: Cause): boolean {
  const onFargate = task.launchType === undefined || task.launchType === 'FARGATE';
  return !onFargate && ['storage', 'network-unreachable', 'image-wrong-platform'].includes(cause);
}

/**
 * The container that ended badly, the most telling first: those that ECS stopped after it ended with 143, or with 137
 * where they did not listen: a kill for memory says so in its reason. DescribeTasks has no times of containers.
 */
function failedContainer(containers: Containers): Containers[number] | undefined {
  const ended = containers.filter((each) => each.exitCode !== undefined);
  const badly = ended.filter((each) => each.exitCode !== 0 && each.exitCode !== 143);
  return (
    badly.find((each) => each.reason !== undefined) ??
    badly.find((each) => each.exitCode !== 137) ??
    ended.find((each) => each.exitCode === 0) ??
    badly[0] ??
    containers.find((each) => each.reason !== undefined) ??
    ended.find((each) => each.exitCode !== 143) ??
    ended[0]
  );
}

function oneLine(text: string): string {
  return shortenArns(text.replace(/\s+/g, ' ').trim());
}
