import type { Task } from '@aws-sdk/client-ecs';
import { shortenArns } from '../aws/partition.ts';
import { EXIT_CODES, NOT_OUR_FAULT, STOP_REASONS } from '../aws/stop-reasons.ts';

/** How a task ended for the container whose exit code counts. */
export type TaskEnd =
  | { readonly kind: 'good' }
  | {
      readonly kind: 'bad';
      /** Follows a colon: which container, how it ended, and why in AWS's words. */
      readonly why: string;
      /** What to do about it. */
      readonly hint: string;
    };

const LOOK_AT_THE_LOG = 'The stop reason and the last log lines say why.';

/** Pure: over once it is STOPPED, or once a container has exited that the task goes on without. */
export function isOver(task: Task, container: string, essential: boolean): boolean {
  if (task.lastStatus === 'STOPPED') return true;
  return !essential && exitCodeOf(task, container) !== undefined;
}

/** Pure: the container's exit code decides, unless somebody else stopped the task: then it says nothing. */
export function evaluateTask(task: Task, container: string): TaskEnd {
  const exitCode = exitCodeOf(task, container);
  const reason = reasonOf(task);
  const inWords = reason === '' ? '' : ` (${reason})`;
  const bad = (how: string): TaskEnd => ({
    kind: 'bad',
    why: `${how}${inWords}`,
    hint: hintOf(reason, exitCode) ?? LOOK_AT_THE_LOG,
  });
  if (exitCode === undefined) {
    const how = task.startedAt === undefined ? 'never ran' : 'ended without an exit code';
    return bad(`container "${container}" ${how}`);
  }
  if (exitCode !== 0) return bad(`container "${container}" exited with code ${exitCode}`);
  if (NOT_OUR_FAULT.includes(task.stopCode ?? '')) {
    return bad(`it was stopped while container "${container}" ran`);
  }
  return { kind: 'good' };
}

/** Of what passes by itself in a service, where ECS tries again, the table knows nothing to do. */
function hintOf(reason: string, exitCode: number | undefined): string | undefined {
  const known = STOP_REASONS.find(({ pattern }) => pattern.test(reason));
  if (known !== undefined) return known.severity === 'ignored' ? undefined : known.hint;
  return exitCode === undefined ? undefined : EXIT_CODES[exitCode]?.hint;
}

function exitCodeOf(task: Task, container: string): number | undefined {
  return task.containers?.find((each) => each.name === container)?.exitCode;
}

/** In AWS's words, on one line: the task's reason, and those of its containers that it does not repeat. */
function reasonOf(task: Task): string {
  const texts = [task.stoppedReason, ...(task.containers ?? []).map((each) => each.reason)];
  const known = [...new Set(texts)].filter((text) => text !== undefined && text !== '');
  return shortenArns(known.join(' — ').replace(/\s+/g, ' ').trim());
}
