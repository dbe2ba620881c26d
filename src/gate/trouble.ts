import type { Cause, ServiceRun, GateResult, Problem } from '../model.ts';
import { DeployError } from '../runtime/failure.ts';

/** Pure: the trouble of a service that does not pass a gate of its own. */
export function gateProblem(serviceRun: ServiceRun, failed: GateResult): Problem {
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
    reason: `${serviceRun.change === 'none' ? 'does not pass' : 'completed, but does not pass'} the ${failed.gate} gate: ${failed.detail}`,
    hint: failed.hint,
    evidence: [{ kind: evidenceKind(failed), text: failed.detail }],
    recovery: serviceRun.change === 'none' ? 'leave' : 'roll-back',
    isOver: true,
  };
}

/** A cause of its own is that of a task that crashed. */
function evidenceKind({ gate, cause }: GateResult): 'digest' | 'target' | 'stopped-task' {
  if (gate === 'digest') return 'digest';
  return cause === undefined ? 'target' : 'stopped-task';
}

/** Pure: the trouble of a service of which the proof could not be had. Anything but a failure is thrown on. */
export function notProven(failure: Error): Problem {
  if (!(failure instanceof DeployError)) throw failure;
  return {
    result: 'failed',
    cause: failure.reason,
    reason: `could not be proven: ${failure.message}`,
    hint: failure.hint,
    evidence: failure.evidence,
    recovery: 'leave',
    isOver: true,
  };
}

/** Pure: the trouble of a service whose alarm rings. */
export function alarmProblem(serviceRun: ServiceRun, result: GateResult): Problem {
  return {
    result: 'failed',
    cause: 'alarm',
    reason: `${serviceRun.change === 'none' ? 'runs' : 'completed'}, but ${result.detail}`,
    hint: undefined,
    evidence: [{ kind: 'status', text: result.detail }],
    recovery: serviceRun.change === 'none' ? 'leave' : 'roll-back',
    isOver: true,
  };
}

/** Pure: the trouble of a service whose URL does not answer as it should. */
export function httpProblem(
  serviceRun: ServiceRun,
  url: string,
  end: { readonly detail: string; readonly reachable: boolean },
): Problem {
  const why = end.reachable ? end.detail : `${end.detail}; it never answered this runner`;
  return {
    result: 'failed',
    cause: 'http-check-failed',
    reason: serviceRun.change === 'none' ? `fails at ${url}: ${why}` : `completed, but ${url} failed: ${why}`,
    hint: end.reachable
      ? undefined
      : 'Check that the URL is right and that this runner may reach it: it did not answer before the deployment either.',
    evidence: [{ kind: 'http', text: `${url}: ${end.detail}` }],
    recovery: end.reachable && serviceRun.change !== 'none' ? 'roll-back' : 'leave',
    isOver: true,
  };
}
