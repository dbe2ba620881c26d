import type { Task } from '@aws-sdk/client-ecs';
import type { Cause } from '../model.ts';
import { lastSegment, shortenArns } from '../aws/partition.ts';
import { addressOf } from '../aws/tasks.ts';
import { CRASHED, EXIT_CODES, NOT_OUR_FAULT, SCALED_IN, STOP_REASONS, type Weight } from './stop-reasons.ts';

/** A task of our deployment, as the judge needs it. */
export interface TaskView {
  readonly id: string;
  readonly status: string;
  /** Running, and found healthy by everything that checks it. */
  readonly healthy: boolean;
  /** Private IPv4 address in awsvpc mode. */
  readonly address: string | undefined;
  /** Why it stopped; undefined while it runs, and where it stopped for reasons that are none. */
  readonly failure: TaskFailure | undefined;
}

export interface TaskFailure {
  readonly cause: Cause;
  readonly weight: Weight;
  readonly hint: string;
  /** The container that failed, where one did. */
  readonly container: string | undefined;
  readonly exitCode: number | undefined;
  readonly stopCode: string | undefined;
  /** In AWS's words, on one line, with names in place of ARNs. */
  readonly reason: string;
}

/** One line: which container, how it ended, and why in AWS's words. */
export function describeFailure({ container, exitCode, reason }: TaskFailure): string {
  if (container === undefined || exitCode === undefined) return reason;
  return `container "${container}" exited with code ${exitCode}: ${reason}`;
}

/** What the task's health depends on besides running. */
export interface HealthSources {
  /** The definition has a container health check. */
  readonly containerChecks: boolean;
  /** Addresses that are healthy in every target group; undefined where there is no target group. */
  readonly healthyAddresses: ReadonlySet<string> | undefined;
}

export function viewTask(task: Task, sources: HealthSources): TaskView {
  const address = addressOf(task);
  return {
    id: lastSegment(task.taskArn ?? ''),
    status: task.lastStatus ?? '',
    healthy: isHealthy(task, address, sources),
    address,
    failure: isStopping(task) ? failureOf(task) : undefined,
  };
}

function isHealthy(task: Task, address: string | undefined, sources: HealthSources): boolean {
  if (task.lastStatus !== 'RUNNING' || task.desiredStatus === 'STOPPED') return false;
  if (sources.containerChecks && task.healthStatus !== 'HEALTHY') return false;
  if (sources.healthyAddresses === undefined) return true;
  return address !== undefined && sources.healthyAddresses.has(address);
}

function isStopping(task: Task): boolean {
  return task.desiredStatus === 'STOPPED' || task.lastStatus === 'STOPPED';
}

/** Pure: what a stopped task proves, by its stop code, the texts of its reasons, and its exit codes. */
export function failureOf(task: Task): TaskFailure | undefined {
  const stoppedReason = task.stoppedReason ?? '';
  const stopCode = task.stopCode;
  if (stopCode !== undefined && NOT_OUR_FAULT.includes(stopCode)) return undefined;
  if (SCALED_IN.test(stoppedReason)) return undefined;
  const failed = failedContainer(task);
  const texts = [stoppedReason, ...(task.containers ?? []).map((container) => container.reason ?? '')];
  const text = texts.filter((each) => each !== '').join(' — ');
  const known =
    STOP_REASONS.find((row) => row.pattern.test(text)) ??
    (failed?.exitCode === undefined ? undefined : EXIT_CODES[failed.exitCode]) ??
    (stopCode === 'EssentialContainerExited' ? CRASHED : undefined);
  if (known === undefined && stopCode !== 'TaskFailedToStart') return undefined;
  const { cause, weight, hint } = known ?? {
    cause: 'unknown' as const,
    weight: 'after-limit' as const,
    hint: 'The reason that ECS gives is all that is known.',
  };
  return {
    cause,
    weight,
    hint,
    container: failed?.name,
    exitCode: failed?.exitCode,
    stopCode,
    reason: oneLine(text),
  };
}

/** The container that ended badly; else the one that has a reason. */
function failedContainer(task: Task): NonNullable<Task['containers']>[number] | undefined {
  const containers = task.containers ?? [];
  return (
    containers.find((each) => each.exitCode !== undefined && each.exitCode !== 0 && each.exitCode !== 143) ??
    containers.find((each) => each.reason !== undefined) ??
    containers.find((each) => each.exitCode !== undefined)
  );
}

function oneLine(text: string): string {
  return shortenArns(text.replace(/\s+/g, ' ').trim());
}
