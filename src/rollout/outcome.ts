import { revisionName } from '../aws/arn.ts';
import { ANY_AWS_ERROR, attempt, valueOr } from '../aws/attempt.ts';
import type { Aws } from '../aws/clients.ts';
import { isOpen } from '../codedeploy/history.ts';
import {
  LOST_SIGHT,
  replacedBy,
  type Evidence,
  type GateResult,
  type Problem,
  type Rollout,
  type RolloutRequest,
  type ServiceOutcome,
  type ServiceRun,
  type ServiceState,
  type ServiceSnapshot,
} from '../model/index.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Log } from '../runtime/log.ts';
import { withTimeout } from '../runtime/wait.ts';
import { untilAnswered } from './progress.ts';
import { viewOfCodeDeployment, type CodeDeployAnswer } from './codedeploy-view.ts';
import { readCodeDeployment } from './observe-codedeploy.ts';
import type { Looks } from './looks.ts';
import {
  describeState,
  readNowRunning,
  type KnownDeployment,
  type NowRunningContext,
} from './now-running.ts';

/** Reads what runs now, and says how it ended for one service. */
export async function concludeServiceRun(
  ctx: NowRunningContext & {
    readonly aws: Pick<Aws, 'codeDeploy'>;
    readonly log: Log;
    readonly looks?: Looks;
  },
  serviceRun: ServiceRun,
  request: RolloutRequest,
): Promise<ServiceRun> {
  const { log } = ctx;
  const known = serviceRun.problem === undefined ? lastLook(ctx.looks, serviceRun.rollout) : undefined;
  const { primaryId, state } = await readNowRunning(ctx, serviceRun.snapshot, {
    known,
    since: (thereOf(serviceRun) ?? serviceRun.rollout)?.createdAt,
  });
  const standing = await takenBack(ctx, replaced(serviceRun, request, primaryId));
  const said = describeState(serviceRun.snapshot.address.name, state, urlFailed(standing));
  const nowRunning = `${said}${keptNote(standing, state)}`;
  log.line(nowRunning);
  const ended = conclude(standing, request, nowRunning);
  const outcome = state === undefined ? ended : { ...ended, state };
  if (outcome.result === 'succeeded' && serviceRun.desiredCount === 0) log.warn(outcome.message);
  return { ...serviceRun, outcome };
}

/** After its traffic has gone over, CodeDeploy keeps the old tasks for a while: they look as if they served. */
function keptNote({ snapshot, problem, waiting }: ServiceRun, state: ServiceState | undefined): string {
  const isOver = snapshot.codeDeploy !== undefined && problem === undefined && waiting === undefined;
  const kept = (state?.revisions ?? []).filter(({ isPrimary, draining }) => !isPrimary && !draining);
  if (!isOver || kept.length === 0) return '';
  const names = kept.map(({ taskDefinitionArn }) => revisionName(taskDefinitionArn)).join(', ');
  return ` CodeDeploy keeps the tasks of ${names}, without traffic, to go back to.`;
}

/** The URL was asked, and its last answers were bad; of a service that somebody else's deployment took over nothing is known. */
function urlFailed({ gates, rollback, problem }: ServiceRun): boolean {
  if (problem?.result === 'superseded' || rollback?.kind === 'superseded') return false;
  const asked = rollback?.kind === 'rolled-back' ? (rollback.gates ?? []) : gates;
  return asked.findLast(({ gate }) => gate === 'http')?.state === 'failed';
}

function lastLook(looks: Looks | undefined, rollout: Rollout | undefined): KnownDeployment | undefined {
  const tasks = rollout && looks?.lastOf(rollout);
  return rollout === undefined || tasks === undefined ? undefined : { rollout, tasks };
}

/** Where a rollback ended, as it was proven. */
function thereOf({ rollback }: ServiceRun): Rollout | undefined {
  return rollback?.kind === 'rolled-back' ? rollback.there : undefined;
}

/**
 * A deployment that was well until somebody's took its place, while it was proven or baked, is superseded; so is one that was
 * rolled back before that.
 */
function replaced(
  serviceRun: ServiceRun,
  request: RolloutRequest,
  primaryId: string | undefined,
): ServiceRun {
  const { rollout, rollback, problem, change } = serviceRun;
  const there = thereOf(serviceRun);
  if (there?.codeDeploymentId === undefined && there !== undefined && primaryId !== undefined) {
    return primaryId === there.deploymentId
      ? serviceRun
      : { ...serviceRun, rollback: { kind: 'superseded', by: primaryId } };
  }
  // The task set of a deployment that CodeDeploy has not shifted to yet is not PRIMARY.
  const isWaiting = rollout?.codeDeploymentId !== undefined && serviceRun.waiting !== undefined;
  const isOurs =
    primaryId === undefined || rollout === undefined || isWaiting || primaryId === rollout.deploymentId;
  const wasWell = rollback === undefined && (problem === undefined || isOfGate(serviceRun));
  if (isOurs || !wasWell || (change !== 'none' && !request.wait)) return serviceRun;
  return { ...serviceRun, problem: replacedBy(serviceRun, primaryId) };
}

/** What CodeDeploy stopped while it was proven, or baked, and rolled back, was not replaced by anybody. */
async function takenBack(
  { aws, clock }: { readonly aws: Pick<Aws, 'codeDeploy'>; readonly clock: Clock },
  serviceRun: ServiceRun,
): Promise<ServiceRun> {
  const { rollout, problem, snapshot } = serviceRun;
  if (rollout?.codeDeploymentId === undefined || problem?.result !== 'superseded') return serviceRun;
  const { codeDeploymentId } = rollout;
  const read = (): Promise<CodeDeployAnswer> =>
    withTimeout(clock, LOOK_MS, () => readCodeDeployment(aws, snapshot.address, codeDeploymentId));
  const answer = valueOr(await attempt(read, ANY_AWS_ERROR), undefined);
  if (answer === undefined || isOpen(answer.info) || answer.info.status === 'Succeeded') return serviceRun;
  const terms = { settings: snapshot.codeDeploy, isAskedBack: false, endedForMs: Number.POSITIVE_INFINITY };
  const { status, cause = 'deployment-stopped', statusReason = '' } = viewOfCodeDeployment(answer, terms);
  const isBack = status === 'ROLLBACK_SUCCESSFUL';
  return {
    ...serviceRun,
    problem: {
      result: 'failed',
      cause,
      reason: `completed, and was stopped while it was proven: ${statusReason}`,
      hint: undefined,
      evidence: [
        { kind: 'status', text: `${codeDeploymentId} ${answer.info.status ?? ''}: ${statusReason}` },
      ],
      recovery: isBack ? 'done' : 'leave',
    },
    rollback: isBack ? { kind: 'rolled-back' } : serviceRun.rollback,
  };
}

/** How long that is read. */
const LOOK_MS = 10_000;

/** It failed a gate after it was complete: until then ECS had nothing against it. */
function isOfGate({ gates }: ServiceRun): boolean {
  return gates.some(({ state }) => state === 'failed');
}

/** Pure: how it ended for one service. `nowRunning`: one sentence that says what runs now. */
export function conclude(
  serviceRun: ServiceRun,
  request: RolloutRequest,
  nowRunning: string,
): ServiceOutcome {
  const { problem, rollback } = serviceRun;
  if (problem === undefined) return goodEnd(serviceRun, request, nowRunning);
  const broken = sentence(serviceRun, problem);
  switch (rollback?.kind) {
    case undefined:
      return badEnd(problem, `${broken}${leftNote(serviceRun, problem, request)}`, nowRunning);
    case 'rolled-back':
      return badEnd(
        { ...problem, result: 'rolled-back' },
        `${broken}; ${problem.recovery === 'done' ? `${deployerOf(serviceRun)} rolled it back` : 'it was rolled back'}${butFor(rollback.unrestored)}${stillFailing(rollback.gates)}.`,
        nowRunning,
      );
    case 'nowhere':
      return badEnd(problem, `${broken}; it was not rolled back: ${rollback.why}.`, nowRunning);
    case 'superseded':
      return badEnd(
        { ...problem, result: 'superseded', cause: 'superseded' },
        `${broken}; by then the service ran another deployment (${rollback.by}), which was not touched.`,
        nowRunning,
        [firstCause(problem)],
      );
    case 'unseen':
      return badEnd(
        {
          ...problem,
          result: 'failed',
          cause: rollback.cause ?? problem.cause,
          hint: rollback.cause === undefined ? problem.hint : rollback.hint,
        },
        `${broken}; ${deployerOf(serviceRun)} was rolling it back when this run lost sight of it: ${rollback.why.replace(/\.$/, '')}.`,
        nowRunning,
        rollback.cause === undefined ? [] : [firstCause(problem)],
      );
    case 'failed':
      return badEnd(
        { ...problem, result: 'failed', cause: 'rollback-failed', hint: rollback.hint ?? problem.hint },
        `${broken}; the rollback failed as well: ${rollback.why.replace(/\.$/, '')}.`,
        nowRunning,
        [firstCause(problem)],
        rollback.evidence,
      );
  }
}

function goodEnd(serviceRun: ServiceRun, request: RolloutRequest, nowRunning: string): ServiceOutcome {
  const name = serviceRun.snapshot.address.name;
  const revision = revisionName(serviceRun.taskDefinitionArn);
  const common = { cause: undefined, nowRunning, hint: undefined, evidence: [] };
  if (serviceRun.rollback?.kind === 'rolled-back') {
    const { to, there, gates } = serviceRun.rollback;
    const back = revisionName(
      there?.taskDefinitionArn ?? to ?? serviceRun.snapshot.lastGood?.taskDefinitionArn ?? '',
    );
    return {
      ...common,
      result: 'succeeded',
      message: `Service "${name}" is back on ${back}: the deployment of ${revision}, which ${serviceRun.promoted === undefined ? 'was under way' : 'waited for an answer'}, was rolled back${stillFailing(gates)}.`,
    };
  }
  if (serviceRun.change === 'none') {
    return {
      ...common,
      result: 'unchanged',
      message: `Service "${name}" already runs ${revision}: nothing to do.`,
    };
  }
  if (serviceRun.waiting !== undefined) {
    const { pause, weight } = serviceRun.waiting;
    return {
      ...common,
      result: 'started',
      message: `The deployment of ${revision} to service "${name}" waits in the stage ${pause.stage} for an answer${untilAnswered(pause)}; ${whoServes(serviceRun, weight)}.`,
      hint: `To go on, run with mode: promote; to go back, with mode: rollback${ofDeployment(serviceRun)}.`,
    };
  }
  if (!request.wait) {
    return {
      ...common,
      result: 'started',
      message: `The deployment of ${revision} to service "${name}" has started; this run does not wait for its end.`,
    };
  }
  if (serviceRun.desiredCount === 0) {
    return {
      ...common,
      result: 'succeeded',
      message: `Service "${name}" is on ${revision} with a desired count of 0: no task ran, nothing was proven.`,
    };
  }
  return {
    ...common,
    result: 'succeeded',
    message: `Service "${name}" runs ${revision}, ${proof(serviceRun.gates)}.`,
  };
}

function deployerOf({ snapshot }: ServiceRun): 'CodeDeploy' | 'ECS' {
  return snapshot.codeDeploy === undefined ? 'ECS' : 'CodeDeploy';
}

/** Which revision users reach while a deployment waits. */
function whoServes({ snapshot, taskDefinitionArn }: ServiceRun, weight: number | undefined): string {
  const [before, after] = [snapshot.taskDefinitionArn, taskDefinitionArn].map(revisionName);
  if (weight === undefined) return `${before ?? ''} and ${after ?? ''} both run`;
  if (weight === 0) return `users still reach ${before ?? ''} alone`;
  return weight >= 100
    ? `users reach ${after ?? ''} alone`
    : `${weight} % of the traffic reaches ${after ?? ''}`;
}

/** So that a later job means this deployment and no other. */
function ofDeployment({ rollout }: ServiceRun): string {
  const arn = rollout?.codeDeploymentId ?? rollout?.serviceDeploymentArn;
  return arn === undefined ? '' : ` (service-deployment-arn: ${arn})`;
}

/** What was proven, each gate once, and nothing more. Of a gate that was asked again the last answer stands. */
function proof(gates: readonly GateResult[]): string {
  const last = new Map(gates.map((result) => [result.gate, result]));
  const passed = [...last.values()].filter(({ state }) => state === 'passed');
  const named = passed.filter(({ unchecked }) => unchecked !== true).map(({ gate }) => PROOFS[gate]);
  const runs = passed.some(({ unchecked }) => unchecked === true);
  const only = runs ? 'its tasks run, and nothing checks their health' : '';
  if (named.length === 0) return runs ? only : 'as ECS says; nothing was proven beyond that';
  if (runs) return `proven by ${listed(named)}; ${only}`;
  const isHealthy = passed.some(({ gate }) => gate !== 'digest');
  return isHealthy
    ? `proven healthy by ${listed(named)}`
    : `proven by ${listed(named)}; nothing told whether it is healthy`;
}

/** `a`, `a and b`, `a, b and c`. */
function listed(names: readonly string[]): string {
  const last = names.at(-1) ?? '';
  return names.length < 2 ? last : `${names.slice(0, -1).join(', ')} and ${last}`;
}

const PROOFS: Readonly<Record<GateResult['gate'], string>> = {
  digest: 'its image digest',
  targets: 'its targets',
  tasks: 'its tasks',
  'test-url': 'its test URL',
  metrics: 'its metrics',
  http: 'its URL',
  alarms: 'its alarms',
};

function badEnd(
  problem: Problem,
  message: string,
  nowRunning: string,
  first: readonly Evidence[] = [],
  last: readonly Evidence[] = [],
): ServiceOutcome {
  return {
    result: problem.result,
    cause: problem.cause,
    message,
    nowRunning,
    hint: problem.hint,
    evidence: [...first, ...problem.evidence, ...last],
  };
}

function sentence(serviceRun: ServiceRun, problem: Problem): string {
  const revision = revisionName(serviceRun.taskDefinitionArn);
  const name = serviceRun.snapshot.address.name;
  const what =
    serviceRun.change === 'none'
      ? `Service "${name}" already ran ${revision}, but it`
      : `The deployment of ${revision} to service "${name}"`;
  return `${what} ${problem.reason.replace(/\.$/, '')}`;
}

/** What happens to a failed deployment that was not rolled back. */
function leftNote(serviceRun: ServiceRun, problem: Problem, request: RolloutRequest): string {
  if (serviceRun.updateUnconfirmed === true) return '; it may still take effect.';
  if (serviceRun.rollout === undefined) return '; the service was not touched.';
  if (problem.recovery === 'done') return `; ${deployerOf(serviceRun)} rolled it back.`;
  if (LOST_SIGHT.includes(problem.cause)) return whatGoesOn(serviceRun, problem);
  if (problem.recovery !== 'roll-back' || request.onFailure !== 'leave') return '.';
  return `; it is left as it is (on-failure: leave), and ${byItself(serviceRun.snapshot, problem)}.`;
}

/** After access was lost: what ECS does, and what takes it up again. */
function whatGoesOn(serviceRun: ServiceRun, { isOver }: Problem): string {
  if (serviceRun.change === 'none') return '.';
  return isOver === true
    ? '; the deployment is complete and stays, and nobody rolls it back: run this job again and it is proven.'
    : `; ${deployerOf(serviceRun)} goes on with it, and nobody rolls it back: run this job again and it takes the deployment up.`;
}

/** Whether ECS will roll back by itself. */
function byItself(
  { breaker, deployment, lastGood, codeDeploy }: ServiceSnapshot,
  { isOver, pause }: Problem,
): string {
  if (codeDeploy !== undefined) {
    const byAlarms =
      codeDeploy.rollsBackOn.includes('DEPLOYMENT_STOP_ON_ALARM') && deployment.alarms.length > 0;
    return byAlarms
      ? 'CodeDeploy rolls it back by itself only where one of its alarms goes into ALARM'
      : 'CodeDeploy will not roll it back by itself';
  }
  const mayRollBack = isOver !== true && lastGood !== undefined;
  if (pause?.then !== undefined) return `its pause waits on${untilAnswered(pause)}`;
  if (mayRollBack && breaker.rollsBack) return 'the circuit breaker may still roll it back';
  if (mayRollBack && deployment.alarmsRollBack) {
    return 'ECS rolls it back by itself only where one of its alarms goes into ALARM';
  }
  return 'ECS will not roll it back by itself';
}

/** What this run changed beside the revision, and could not put back. */
function butFor(unrestored: string | undefined): string {
  return unrestored === undefined ? '' : `, but ${unrestored}`;
}

/** Pure: what still fails after the rollback, which is what somebody has to look at. */
function stillFailing(gates: readonly GateResult[] = []): string {
  const failed = gates.filter(({ state }) => state === 'failed');
  return failed.length === 0
    ? ''
    : `, and still not well: ${failed.map(({ gate, detail }) => `${gate === 'http' ? '' : `${gate}: `}${detail}`).join('; ')}`;
}

/** What was wrong before something else went wrong too. */
export function firstCause(problem: Problem): Evidence {
  return { kind: 'first-cause', text: `${problem.cause}: ${problem.reason}` };
}
