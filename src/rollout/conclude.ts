import type { EcsReads } from '../aws/clients.ts';
import { revisionName } from '../aws/partition.ts';
import type {
  Course,
  Evidence,
  GateResult,
  RolloutRequest,
  ServiceOutcome,
  ServiceSnapshot,
  Trouble,
} from '../model.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Log } from '../runtime/log.ts';
import { describeProduction } from './production.ts';

/** Reads what runs now, and says how it ended for one service. */
export async function concludeCourse(
  tools: {
    readonly aws: { readonly ecs: Pick<EcsReads, 'describeServices'> };
    readonly clock: Clock;
    readonly log: Log;
  },
  course: Course,
  request: RolloutRequest,
): Promise<Course> {
  const { log } = tools;
  const { sentence: production, primaryId } = await describeProduction(tools, course.snapshot.address);
  log.line(production);
  const outcome = conclude(replaced(course, request, primaryId), request, production);
  if (outcome.result === 'succeeded' && course.desiredCount === 0) log.warn(outcome.message);
  return { ...course, outcome };
}

/** A deployment that was well until somebody's took its place, while it was proven or baked, is superseded. */
function replaced(course: Course, request: RolloutRequest, primaryId: string | undefined): Course {
  const { rollout, trouble, move } = course;
  const isOurs = primaryId === undefined || rollout === undefined || primaryId === rollout.deploymentId;
  const wasWell = trouble === undefined || (isOfGate(course) && course.rollback === undefined);
  if (isOurs || !wasWell || (move !== 'nothing' && !request.wait)) return course;
  return {
    ...course,
    trouble: {
      result: 'superseded',
      cause: 'superseded',
      reason: `${move === 'nothing' ? 'was' : 'completed, and was'} replaced by another deployment, ${primaryId}`,
      hint: undefined,
      evidence: [],
      remedy: 'leave',
    },
  };
}

/** It failed a gate after it was complete: until then ECS had nothing against it. */
function isOfGate({ gates }: Course): boolean {
  return gates.some(({ state }) => state === 'failed');
}

/** Pure: how it ended for one service. `production`: one sentence that says what runs now. */
export function conclude(course: Course, request: RolloutRequest, production: string): ServiceOutcome {
  const { trouble, rollback } = course;
  if (trouble === undefined) return goodEnd(course, request, production);
  const broken = sentence(course, trouble);
  switch (rollback?.kind) {
    case undefined:
      return badEnd(trouble, `${broken}${leftNote(course, trouble, request)}`, production);
    case 'rolled-back':
      return badEnd(
        { ...trouble, result: 'rolled-back' },
        `${broken}; it was rolled back${butFor(rollback.left)}.`,
        production,
      );
    case 'nowhere':
      return badEnd(trouble, `${broken}; it was not rolled back: ${rollback.why}.`, production);
    case 'superseded':
      return badEnd(
        { ...trouble, result: 'superseded', cause: 'superseded' },
        `${broken}; by then the service ran another deployment (${rollback.by}), which was not touched.`,
        production,
        [firstCause(trouble)],
      );
    case 'failed':
      return badEnd(
        { ...trouble, result: 'failed', cause: 'rollback-failed' },
        `${broken}; the rollback failed as well: ${rollback.why.replace(/\.$/, '')}.`,
        production,
        [firstCause(trouble)],
      );
  }
}

function goodEnd(course: Course, request: RolloutRequest, production: string): ServiceOutcome {
  const name = course.snapshot.address.name;
  const revision = revisionName(course.taskDefinitionArn);
  const common = { cause: undefined, production, hint: undefined, evidence: [] };
  if (course.move === 'nothing') {
    return {
      ...common,
      result: 'unchanged',
      message: `Service "${name}" already runs ${revision}: nothing to do.`,
    };
  }
  if (!request.wait) {
    return {
      ...common,
      result: 'started',
      message: `The deployment of ${revision} to service "${name}" has started; nobody waits for its end.`,
    };
  }
  if (course.desiredCount === 0) {
    return {
      ...common,
      result: 'succeeded',
      message: `Service "${name}" is on ${revision} with a desired count of 0: no task ran, nothing was proven.`,
    };
  }
  return {
    ...common,
    result: 'succeeded',
    message: `Service "${name}" runs ${revision}, ${proof(course.gates)}.`,
  };
}

/** What was proven, and nothing more. */
function proof(gates: readonly GateResult[]): string {
  const passed = gates.filter(({ state }) => state === 'passed').map(({ gate }) => PROOFS[gate]);
  if (passed.length === 0) return 'as ECS says; nothing was proven beyond that';
  return `proven healthy by ${passed.join(', ')}`;
}

const PROOFS: Readonly<Record<GateResult['gate'], string>> = {
  digest: 'its image digest',
  targets: 'its targets',
  tasks: 'its tasks',
  http: 'its URL',
  alarms: 'its alarms',
};

function badEnd(
  trouble: Trouble,
  message: string,
  production: string,
  first: readonly Evidence[] = [],
): ServiceOutcome {
  return {
    result: trouble.result,
    cause: trouble.cause,
    message,
    production,
    hint: trouble.hint,
    evidence: [...first, ...trouble.evidence],
  };
}

function sentence(course: Course, trouble: Trouble): string {
  const revision = revisionName(course.taskDefinitionArn);
  const name = course.snapshot.address.name;
  const what =
    course.move === 'nothing'
      ? `Service "${name}" already ran ${revision}, but it`
      : `The deployment of ${revision} to service "${name}"`;
  return `${what} ${trouble.reason.replace(/\.$/, '')}`;
}

/** What happens to a failed deployment that was not rolled back. */
function leftNote(course: Course, trouble: Trouble, request: RolloutRequest): string {
  if (course.unanswered === true) return '; it may still take effect.';
  if (course.rollout === undefined) return '; the service was not touched.';
  if (trouble.remedy === 'done') return '; ECS rolled it back.';
  if (trouble.remedy !== 'roll-back' || request.onFailure !== 'leave') return '.';
  return `; it is left as it is (on-failure: leave), and ${byItself(course.snapshot, trouble)}.`;
}

/** Whether ECS will roll back by itself. */
function byItself({ breaker, deployment, lastGood }: ServiceSnapshot, { isOver }: Trouble): string {
  const mayRollBack = isOver !== true && lastGood !== undefined;
  if (mayRollBack && breaker.rollsBack) return 'the circuit breaker may still roll it back';
  if (mayRollBack && deployment.alarmsRollBack) {
    return 'ECS rolls it back by itself only where one of its alarms goes into ALARM';
  }
  return 'ECS will not roll it back by itself';
}

/** What this run changed beside the revision, and could not put back. */
function butFor(left: string | undefined): string {
  return left === undefined ? '' : `, but ${left}`;
}

/** What was wrong before something else went wrong too. */
export function firstCause(trouble: Trouble): Evidence {
  return { kind: 'first-cause', text: `${trouble.cause}: ${trouble.reason}` };
}
