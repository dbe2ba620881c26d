import type { Task } from '@aws-sdk/client-ecs';
import { shortenArns } from '../aws/partition.ts';

/** How a task ended for the container whose exit code counts. */
export type TaskEnd =
  | { readonly kind: 'good' }
  /** `why` follows a colon: which container, how it ended, and why in AWS's words. */
  | { readonly kind: 'bad'; readonly why: string };

/** Stop codes of a task that somebody else ended: what it exited with says nothing (ECS API, Task.stopCode). */
const STOPPED_FROM_OUTSIDE: readonly (string | undefined)[] = [
  'UserInitiated',
  'SpotInterruption',
  'TerminationNotice',
  'InfrastructureHealth',
];

/** Pure: over once it is STOPPED, or once a container has exited that the task goes on without. */
export function isOver(task: Task, container: string, essential: boolean): boolean {
  if (task.lastStatus === 'STOPPED') return true;
  return !essential && exitCodeOf(task, container) !== undefined;
}

/** Pure: the container's exit code decides, unless the task was stopped before the container was done. */
export function judgeTask(task: Task, container: string): TaskEnd {
  const exitCode = exitCodeOf(task, container);
  const reason = reasonOf(task);
  if (exitCode === undefined) return { kind: 'bad', why: `container "${container}" never ran${reason}` };
  if (exitCode !== 0) {
    return { kind: 'bad', why: `container "${container}" exited with code ${exitCode}${reason}` };
  }
  if (STOPPED_FROM_OUTSIDE.includes(task.stopCode)) {
    return { kind: 'bad', why: `it was stopped while container "${container}" ran${reason}` };
  }
  return { kind: 'good' };
}

function exitCodeOf(task: Task, container: string): number | undefined {
  return task.containers?.find((each) => each.name === container)?.exitCode;
}

/** In AWS's words, in parentheses: the task's reason, and those of its containers that it does not repeat. */
function reasonOf(task: Task): string {
  const texts = [task.stoppedReason, ...(task.containers ?? []).map((each) => each.reason)];
  const known = [...new Set(texts)].filter((text) => text !== undefined && text !== '');
  if (known.length === 0) return '';
  return ` (${shortenArns(known.join(' — ').replace(/\s+/g, ' ').trim())})`;
}
