/** What keeps a service from being proven, in words: pure. */
import { maskedEvidence } from '../ecs/environment-values.ts';
import type { Cause, Evidence, GateResult, Problem, ServiceRun } from '../model/index.ts';
import { DeployError } from '../runtime/error.ts';

/**
 * Pure: the problem of a service that does not pass a gate of its own. `blames` is false where tasks run that the load
 * balancer does not list.
 */
export function gateProblem(serviceRun: ServiceRun, failed: GateResult, blames = true): Problem {
  const cause: Cause =
    failed.cause ??
    (failed.gate === 'digest'
      ? 'digest-mismatch'
      : failed.gate === 'targets'
        ? 'target-health-check-failed'
        : 'container-health-check-failed');
  const isLeft = serviceRun.change === 'none' || NO_WAY_BACK.includes(cause);
  return {
    result: 'failed',
    cause,
    reason: `${serviceRun.change === 'none' ? 'does not pass' : 'completed, but does not pass'} the ${failed.gate} gate: ${failed.detail}`,
    hint: failed.hint ?? (blames || isLeft ? undefined : UNLISTED),
    evidence: [{ kind: evidenceKind(failed), text: failed.detail }],
    recovery: blames && !isLeft ? 'roll-back' : 'leave',
    isOver: true,
  };
}

/** Going back takes the room that is lacking, or a service. */
const NO_WAY_BACK: readonly Cause[] = ['capacity', 'service-inactive'];

const UNLISTED =
  'ECS counted these tasks as healthy, and the load balancer does not list them: see whether somebody took the targets out of the group. Nothing speaks against the new revision, which is left in place: run this again once they are listed, or go back with mode: rollback.';

/** A cause of its own is that of a task that crashed. */
function evidenceKind({
  gate,
  cause,
}: GateResult): 'digest' | 'target' | 'stopped-task' | 'event' | 'status' {
  if (gate === 'digest') return 'digest';
  if (cause === 'capacity') return 'event';
  if (cause === 'service-inactive') return 'status';
  return cause === undefined ? 'target' : 'stopped-task';
}

/** Pure: the problem of a service of which the proof could not be had. Anything but a failure is thrown on. */
export function notProven(failure: Error): Problem {
  if (!(failure instanceof DeployError)) throw failure;
  return {
    result: 'failed',
    cause: failure.conclusion.cause,
    reason: `could not be proven: ${failure.message}`,
    hint: failure.conclusion.hint,
    evidence: failure.conclusion.evidence,
    recovery: 'leave',
    isOver: true,
  };
}

/** Pure: the problem of a service whose alarm went into ALARM. */
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

/** How a URL failed. */
export interface FailedUrl {
  readonly detail: string;
  /** False: it never answered, neither now nor in the survey; the runner may be at fault. */
  readonly reachable: boolean;
  /** It failed with the 3xx or 4xx that it gave in the survey: that is no evidence against the new revision. */
  readonly asBefore?: boolean;
  /** Its last bad answer, line by line: status, headers of note, and how its body begins. */
  readonly answer?: readonly string[];
}

/** Pure: the problem of a service whose URL does not answer as it should. */
export function httpProblem(serviceRun: ServiceRun, url: string, end: FailedUrl): Problem {
  const asBefore = end.asBefore === true ? '; it answered so before the deployment, too' : '';
  const why = end.reachable ? `${end.detail}${asBefore}` : `${end.detail}; it never answered this runner`;
  return {
    result: 'failed',
    cause: 'http-check-failed',
    reason: serviceRun.change === 'none' ? `fails at ${url}: ${why}` : `completed, but ${url} failed: ${why}`,
    hint: end.reachable
      ? end.asBefore === true
        ? `Check the path, the headers and the statuses of the health check: the URL was wrong before this deployment.${nothingAgainst(serviceRun)}`
        : undefined
      : `Check that the URL is right and that this runner may reach it: it did not answer before the deployment either.${nothingAgainst(serviceRun)}`,
    evidence: [
      { kind: 'http', text: `${url}: ${end.detail}` },
      ...answerEvidence(serviceRun, end.answer ?? []),
    ],
    recovery: end.reachable && end.asBefore !== true && serviceRun.change !== 'none' ? 'roll-back' : 'leave',
    isOver: true,
  };
}

/** The URL says nothing of the new revision. */
function nothingAgainst({ change }: ServiceRun): string {
  return change === 'none'
    ? ''
    : ' Nothing else speaks against the new revision, which is left in place: run this again once the URL is right, or go back with mode: rollback.';
}

function answerEvidence({ rollout }: ServiceRun, lines: readonly string[]): Evidence[] {
  return maskedEvidence(
    rollout,
    lines.map((text) => ({ kind: 'answer', text })),
  );
}

/** Pure: the problem of a service whose metrics are bad, or do not say whether they are (`blames` is false then). */
export function metricProblem(serviceRun: ServiceRun, result: GateResult, blames: boolean): Problem {
  const isUnchanged = serviceRun.change === 'none';
  return {
    result: 'failed',
    cause: 'metric-check-failed',
    reason: `${isUnchanged ? 'does not pass' : 'completed, but does not pass'} the metrics gate: ${result.detail}`,
    hint: blames
      ? undefined
      : 'Nothing speaks against the new tasks, and nothing proves them. Give a longer bake-minutes, or requests >= N with as many as come in that time (requests >= 0: none is fine, too).',
    evidence: [{ kind: 'status', text: result.detail }],
    recovery: blames && !isUnchanged ? 'roll-back' : 'leave',
    isOver: true,
  };
}
