import type { Cause, Course, GateResult, Trouble } from '../model.ts';
import { Failure } from '../runtime/failure.ts';

/** Pure: the trouble of a service that does not pass a gate of its own. */
export function gateTrouble(course: Course, failed: GateResult): Trouble {
  const cause: Cause =
    failed.cause ??
    (failed.gate === 'digest'
      ? 'digest-mismatch'
      : failed.gate === 'targets'
        ? 'target-health-check-failed'
        : 'container-health-check-failed');
  return {
    result: 'failed',
    cause,
    reason: `${course.move === 'nothing' ? 'does not pass' : 'completed, but does not pass'} the ${failed.gate} gate: ${failed.detail}`,
    hint: failed.hint,
    evidence: [{ kind: evidenceKind(failed), text: failed.detail }],
    remedy: course.move === 'nothing' ? 'leave' : 'roll-back',
    isOver: true,
  };
}

/** A cause of its own is that of a task that crashed. */
function evidenceKind({ gate, cause }: GateResult): 'digest' | 'target' | 'stopped-task' {
  if (gate === 'digest') return 'digest';
  return cause === undefined ? 'target' : 'stopped-task';
}

/** Pure: the trouble of a service of which the proof could not be had. Anything but a failure is thrown on. */
export function notProven(failure: Error): Trouble {
  if (!(failure instanceof Failure)) throw failure;
  return {
    result: 'failed',
    cause: failure.reason,
    reason: `could not be proven: ${failure.message}`,
    hint: failure.hint,
    evidence: failure.evidence,
    remedy: 'leave',
    isOver: true,
  };
}

/** Pure: the trouble of a service whose alarm rings. */
export function alarmTrouble(course: Course, result: GateResult): Trouble {
  return {
    result: 'failed',
    cause: 'alarm',
    reason: `${course.move === 'nothing' ? 'runs' : 'completed'}, but ${result.detail}`,
    hint: undefined,
    evidence: [{ kind: 'status', text: result.detail }],
    remedy: course.move === 'nothing' ? 'leave' : 'roll-back',
    isOver: true,
  };
}

/** Pure: the trouble of a service whose URL does not answer as it should. */
export function httpTrouble(
  course: Course,
  url: string,
  end: { readonly detail: string; readonly reachable: boolean },
): Trouble {
  const why = end.reachable ? end.detail : `${end.detail}; it never answered this runner`;
  return {
    result: 'failed',
    cause: 'http-check-failed',
    reason: course.move === 'nothing' ? `fails at ${url}: ${why}` : `completed, but ${url} failed: ${why}`,
    hint: end.reachable
      ? undefined
      : 'Check that the URL is right and that this runner may reach it: it did not answer before the deployment either.',
    evidence: [{ kind: 'http', text: `${url}: ${end.detail}` }],
    remedy: end.reachable && course.move !== 'nothing' ? 'roll-back' : 'leave',
    isOver: true,
  };
}
