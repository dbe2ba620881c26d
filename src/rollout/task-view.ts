import type { Task } from '@aws-sdk/client-ecs';
import { lastSegment } from '../aws/partition.ts';
import { failureOf, type TaskFailure } from '../aws/task-failure.ts';

/** A task of our deployment, as the judge needs it. */
export interface TaskView {
  readonly id: string;
  readonly status: string;
  /** Running, and found healthy by everything that checks it. */
  readonly healthy: boolean;
  /** Something besides its running says whether it is healthy. */
  readonly checked: boolean;
  /** Why it stopped; undefined while it runs, and where it stopped for reasons that are none. */
  readonly failure: TaskFailure | undefined;
}

/** What is to be known of a task beside what ECS says of it. */
export interface HealthSources {
  /** Names of the containers whose end ends the task. */
  readonly essentials: readonly string[];
  /** An essential container has a health check. */
  readonly containerChecks: boolean;
  /** ARNs of the tasks that are healthy in every target group; undefined where there is none, or none may be read. */
  readonly healthyTasks: ReadonlySet<string> | undefined;
}

export function viewTask(task: Task, sources: HealthSources): TaskView {
  return {
    id: lastSegment(task.taskArn ?? ''),
    status: task.lastStatus ?? '',
    healthy: isHealthy(task, sources),
    checked: sources.containerChecks || sources.healthyTasks !== undefined,
    failure: failureOf(task, sources.essentials),
  };
}

function isHealthy(task: Task, sources: HealthSources): boolean {
  if (task.lastStatus !== 'RUNNING' || task.desiredStatus === 'STOPPED') return false;
  if (sources.containerChecks && task.healthStatus !== 'HEALTHY') return false;
  return sources.healthyTasks?.has(task.taskArn ?? '') ?? true;
}
