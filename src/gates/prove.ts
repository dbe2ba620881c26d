import type { ReportedImage } from '../ecs/digests.ts';
import type { Aws } from '../aws/clients.ts';
import { awsErrorKind, deployErrorOf, describeAwsError } from '../aws/errors.ts';
import { maskedEvidence } from '../ecs/environment-values.ts';
import {
  replacedBy,
  withGate,
  type AlarmView,
  type BakeEnd,
  type Cause,
  type DeployedImage,
  type Evidence,
  type GateResult,
  type Probe,
  type Problem,
  type Request,
  type Rollout,
  type ServiceRun,
} from '../model/index.ts';
import { DeployError } from '../runtime/error.ts';
import { withoutQuery } from '../runtime/http.ts';
import { counted } from '../runtime/log.ts';
import { withTimeout } from '../runtime/wait.ts';
import { alarmsGate } from './alarms.ts';
import { metricsOf, withMetricsEnd } from './bake-metrics.ts';
import { digestGate } from './digest.ts';
import { httpGate, watchUrl, type HttpGateContext, type HttpGateEnd } from './http.ts';
import type { MetricsGateEnd } from './metrics.ts';

export interface GateContext extends HttpGateContext {
  readonly aws: Pick<Aws, 'ecs' | 'ecr' | 'elb' | 'alarms' | 'metrics'>;
  readonly tasks: TaskProofs;
}

/** Limits of the proof by tasks and targets. */
export interface TaskLimits {
  readonly deadlineSeconds: number;
  readonly pollSeconds: number;
  /** Of tasks that crash after the rollout was complete. */
  readonly failedTaskLimit: number | 'auto';
  readonly failFast: boolean;
  /** Tasks that the service desired when it was last seen. */
  readonly desired: number;
}

/** What the looks of the run say of tasks and targets. */
export interface TaskProofs {
  /** What the running tasks reported at the last look, where that was after the rollout was complete. */
  reported(rollout: Rollout): readonly ReportedImage[] | undefined;
  /** Waits until all tasks are proven healthy, or fail. */
  prove(ctx: HttpGateContext, rollout: Rollout, limits: TaskLimits): Promise<GateResult>;
  /** Looks at them while the new revision bakes, until a reading of the clock: what ends the bake, or undefined. */
  watch(
    ctx: HttpGateContext,
    rollout: Rollout,
    limits: TaskLimits,
    until: number,
  ): Promise<BakeEnd | undefined>;
}

/** Digest, then targets: what has to hold for each service by itself. Ends at the first gate that fails. */
export function proveService(
  ctx: GateContext,
  serviceRun: ServiceRun,
  images: Readonly<Record<string, DeployedImage>>,
  request: Request,
): Promise<ServiceRun> {
  const ms = request.gate.deadlineSeconds * 1000;
  const digest: Omit<Proof, 'isExpected'> = {
    name: 'digest',
    run: (rollout) =>
      withTimeout(ctx.clock, ms, () => digestGate(ctx.aws, rollout, images, ctx.tasks.reported(rollout))),
  };
  const digestExpected = Object.keys(images).length > 0;
  return prove(ctx, serviceRun, [
    { ...digest, isExpected: digestExpected },
    targetsProof(ctx, serviceRun, request),
  ]);
}

/** A gate of one service, before it ran. */
interface Proof {
  readonly name: GateResult['gate'];
  /** That it is skipped is a warning. */
  readonly isExpected: boolean;
  run(rollout: Rollout): Promise<GateResult>;
}

function targetsProof(ctx: GateContext, serviceRun: ServiceRun, request: Request): Proof {
  const limits = limitsOf(serviceRun, request);
  return {
    name: 'targets',
    isExpected: true,
    run: (rollout) => ctx.tasks.prove(ctx, rollout, limits),
  };
}

function limitsOf({ desiredCount }: ServiceRun, { gate, rollout: asked }: Request): TaskLimits {
  const { pollSeconds, failedTaskLimit, failFast } = asked;
  return {
    deadlineSeconds: gate.deadlineSeconds,
    pollSeconds,
    failedTaskLimit,
    failFast,
    desired: desiredCount,
  };
}

/** A service without tasks has nothing to prove. */
async function prove(
  ctx: GateContext,
  serviceRun: ServiceRun,
  proofs: readonly Proof[],
): Promise<ServiceRun> {
  const { rollout } = serviceRun;
  const isAsked = serviceRun.problem === undefined && serviceRun.waiting === undefined;
  if (rollout === undefined || !isAsked || serviceRun.desiredCount === 0) return serviceRun;
  let { gates } = serviceRun;
  for (const proof of proofs) {
    const result = await passOrProblem(proof, rollout);
    if ('recovery' in result) return { ...serviceRun, gates, problem: result };
    gates = withGate(gates, result);
    const text = `${serviceRun.snapshot.address.name}: ${result.gate} gate ${result.state}: ${result.detail}`;
    if ((result.state === 'skipped' && proof.isExpected) || result.unchecked === true) ctx.log.warn(text);
    else ctx.log.line(text);
    if (result.state === 'failed') return { ...serviceRun, gates, problem: gateProblem(serviceRun, result) };
  }
  return { ...serviceRun, gates };
}

/** Credentials that end here leave the rollout alone; a lost answer skips the proof and says so. */
async function passOrProblem(proof: Proof, rollout: Rollout): Promise<GateResult | Problem> {
  try {
    return await proof.run(rollout);
  } catch (error) {
    if (['throttled', 'transient'].includes(awsErrorKind(error))) {
      const detail = `no answer from AWS (${describeAwsError(error)})`;
      return { gate: proof.name, state: 'skipped', detail };
    }
    return notProven(deployErrorOf(error, `proving service "${rollout.snapshot.address.name}"`));
  }
}

/**
 * The health-check URL, once, after all services. A failure counts against every service that this run changed and
 * that is well otherwise; where nothing changed, against all.
 */
export async function proveUrl(
  ctx: GateContext,
  serviceRuns: readonly ServiceRun[],
  request: Request,
  before: Probe | undefined,
): Promise<ServiceRun[]> {
  const check = request.gate.http;
  if (
    check === undefined ||
    evaluatedTogether(serviceRuns).every((serviceRun) => serviceRun.desiredCount === 0)
  ) {
    return [...serviceRuns];
  }
  const url = withoutQuery(check.url);
  const detail = othersAnswer(serviceRuns, url);
  if (detail !== undefined) {
    ctx.log.warn(`http gate skipped: ${detail}.`);
    return withResult(serviceRuns, { gate: 'http', state: 'skipped', detail }, never);
  }
  return withUrl(ctx, serviceRuns, url, await httpGate(ctx, check, request.gate, before));
}

/** Why the URL judges nobody: what answers there need not be what is judged. */
function othersAnswer(serviceRuns: readonly ServiceRun[], url: string): string | undefined {
  const failed = failedOne(serviceRuns);
  if (failed !== undefined)
    return `service "${failed.snapshot.address.name}" failed, and what answers at ${url} may be that one's`;
  const mixed = serviceRuns.find(({ oldTasksRemain }) => oldTasksRemain === true);
  return (
    mixed && `old tasks of service "${mixed.snapshot.address.name}" still serve, and may answer at ${url}`
  );
}

/** Whose URL it is, is not known: once a service that this run changed has failed, it judges no other. */
function failedOne(serviceRuns: readonly ServiceRun[]): ServiceRun | undefined {
  return serviceRuns.find(({ problem, change }) => problem !== undefined && change !== 'none');
}

function never(): never {
  throw new Error('A gate that is skipped is no problem.');
}

function withUrl(
  ctx: GateContext,
  serviceRuns: readonly ServiceRun[],
  url: string,
  end: HttpGateEnd,
): ServiceRun[] {
  const result: GateResult = { gate: 'http', state: end.passed ? 'passed' : 'failed', detail: end.detail };
  const text = `http gate ${result.state}: ${url}: ${end.detail}`;
  if (end.passed && end.bad > 0) ctx.log.warn(text);
  else ctx.log.line(text);
  return withResult(
    serviceRuns,
    result,
    (serviceRun) => httpProblem(serviceRun, url, end),
    behindBalancers(evaluatedTogether(serviceRuns)),
  );
}

/** The URL is that of a load balancer, where any of them has one. */
export function behindBalancers(serviceRuns: readonly ServiceRun[]): readonly ServiceRun[] {
  const behind = serviceRuns.filter(({ snapshot }) => snapshot.targetGroups.length > 0);
  return behind.length === 0 ? serviceRuns : behind;
}

/** The alarms and metrics, while the new revisions bake; after that the targets and the URL, if one is given, once more. */
export async function bake(
  ctx: GateContext,
  serviceRuns: readonly ServiceRun[],
  request: Request,
  before: { readonly alarms: readonly AlarmView[]; readonly answer: Probe | undefined },
): Promise<ServiceRun[]> {
  const { alarms, bakeMinutes, metrics = [] } = request.gate;
  const evaluated = evaluatedTogether(serviceRuns);
  const isAsked = alarms.length > 0 || metrics.length > 0 || bakeMinutes > 0;
  if (!isAsked || evaluated.length === 0) return [...serviceRuns];
  const until = bakeEnd(ctx, evaluated, bakeMinutes);
  const limits = { bakeMinutes, until, pollSeconds: request.rollout.pollSeconds };
  const askAlarms = (during: GateContext): Promise<ServiceRun[]> =>
    alarms.length === 0
      ? baking(during, serviceRuns, until)
      : withAlarms(during, serviceRuns, () => alarmsGate(during, alarms, before.alarms, limits));
  if (bakeMinutes === 0) {
    return withMetrics(ctx, alarms.length === 0 ? serviceRuns : await askAlarms(ctx), request, until);
  }
  const baked = await bakeWatched(ctx, serviceRuns, request, before.answer, until, askAlarms);
  const again = evaluatedTogether(baked);
  const proveAgain = async (serviceRun: ServiceRun): Promise<ServiceRun> =>
    again.includes(serviceRun)
      ? prove(ctx, serviceRun, [targetsProof(ctx, serviceRun, request)])
      : serviceRun;
  const proven = await Promise.all(baked.map(proveAgain));
  return proveUrl(ctx, proven, request, before.answer);
}

/** A reading of the clock: the bake counts from when all traffic was on the new revisions, ECS's own included. */
function bakeEnd({ clock }: GateContext, serviceRuns: readonly ServiceRun[], minutes: number): number {
  const now = clock.now();
  return Math.max(...serviceRuns.map(({ allTrafficSince = now }) => allTrafficSince)) + minutes * 60_000;
}

/** Ends a bake that has nothing left to judge. */
class BakeIsOver extends Error {}

/**
 * The bake by its alarms, with the tasks, the targets and the URL asked beside them. What fails for all services ends it
 * at once; one service of several that fails leaves the others to bake on.
 */
async function bakeWatched(
  ctx: GateContext,
  serviceRuns: readonly ServiceRun[],
  request: Request,
  before: Probe | undefined,
  until: number,
  askAlarms: (during: GateContext) => Promise<ServiceRun[]>,
): Promise<ServiceRun[]> {
  const over = new AbortController();
  const during = { ...ctx, signal: AbortSignal.any([ctx.signal, over.signal]) };
  const evaluated = evaluatedTogether(serviceRuns).filter(({ desiredCount }) => desiredCount !== 0);
  const ended = new Map<ServiceRun, BakeEnd>();
  const measured = new Map<ServiceRun, MetricsGateEnd>();
  const check = request.gate.http;
  let badUrl: HttpGateEnd | undefined;
  const askUrl = async (): Promise<void> => {
    if (check === undefined || evaluated.length === 0) return;
    if (othersAnswer(serviceRuns, check.url) !== undefined) return;
    badUrl = await watchUrl(during, check, before, until);
    if (badUrl !== undefined) over.abort(new BakeIsOver());
  };
  const askTasks = async (serviceRun: ServiceRun): Promise<void> => {
    if (serviceRun.rollout === undefined) return;
    const limits = limitsOf(serviceRun, request);
    const end = await ctx.tasks.watch(during, serviceRun.rollout, limits, until);
    if (end === undefined) return;
    ended.set(serviceRun, end);
    const failsTogether = end.kind === 'failed' && request.rollout.onFailure === 'rollback-all';
    if (ended.size === evaluated.length || failsTogether) over.abort(new BakeIsOver());
  };
  const askMetrics = async (serviceRun: ServiceRun): Promise<void> => {
    const end = await metricsOf(during, serviceRun, request, until);
    if (end === undefined) return;
    measured.set(serviceRun, end);
    if (end.result.state !== 'failed') return;
    const bad = evaluated.filter((each) => measured.get(each)?.result.state === 'failed' || ended.has(each));
    if (bad.length === evaluated.length || request.rollout.onFailure === 'rollback-all')
      over.abort(new BakeIsOver());
  };
  const [baked, ...others] = await Promise.allSettled([
    askAlarms(during).then((runs) => {
      const isWell = evaluatedTogether(runs).some(({ problem }) => problem === undefined);
      if (!isWell) over.abort(new BakeIsOver());
      return runs;
    }),
    askUrl(),
    ...evaluated.map(askTasks),
    ...evaluated.map(askMetrics),
  ]);
  for (const end of [baked, ...others]) {
    if (end.status === 'rejected' && !(end.reason instanceof BakeIsOver)) throw end.reason as Error;
  }
  const runs = baked.status === 'fulfilled' ? baked.value : [...serviceRuns];
  const after = runs.map((serviceRun, at) => {
    const before = serviceRuns[at];
    const end = before === undefined ? undefined : ended.get(before);
    const metrics = before === undefined ? undefined : measured.get(before);
    if (end === undefined || serviceRun.problem !== undefined)
      return withMetricsEnd(ctx, serviceRun, metrics);
    const { name } = serviceRun.snapshot.address;
    if (end.kind === 'replaced') {
      ctx.log.line(`${name}: another deployment, ${end.by}, has taken its place while it baked.`);
      return { ...serviceRun, problem: replacedBy(serviceRun, end.by) };
    }
    const { result } = end;
    ctx.log.line(`${name}: ${result.gate} gate failed while baking: ${result.detail}`);
    return {
      ...serviceRun,
      gates: withGate(serviceRun.gates, result),
      problem: gateProblem(serviceRun, result),
    };
  });
  return badUrl === undefined || check === undefined
    ? after
    : withUrl(ctx, after, withoutQuery(check.url), badUrl);
}

/** The metrics of each service that is well, side by side. */
async function withMetrics(
  ctx: GateContext,
  serviceRuns: readonly ServiceRun[],
  request: Request,
  until: number,
): Promise<ServiceRun[]> {
  const evaluated = evaluatedTogether(serviceRuns);
  return Promise.all(
    serviceRuns.map(async (serviceRun) => {
      if (!evaluated.includes(serviceRun)) return serviceRun;
      return withMetricsEnd(ctx, serviceRun, await metricsOf(ctx, serviceRun, request, until));
    }),
  );
}

/** Without alarms time alone is asked for: that proves nothing by itself. */
async function baking(
  { clock, signal, log }: GateContext,
  serviceRuns: readonly ServiceRun[],
  until: number,
): Promise<ServiceRun[]> {
  const ms = Math.max(until - clock.now(), 0);
  log.line(`Baking for ${counted(Math.round(ms / 6_000) / 10, 'minute')}; no alarm is named.`);
  await clock.sleep(ms, signal);
  return [...serviceRuns];
}

/** What keeps the alarms from being read is the problem of the services that they watch, and of no other. */
async function withAlarms(
  ctx: GateContext,
  serviceRuns: readonly ServiceRun[],
  gate: () => Promise<GateResult>,
): Promise<ServiceRun[]> {
  try {
    const result = await gate();
    const text = `alarms gate ${result.state}: ${result.detail}`;
    if (result.state === 'skipped') ctx.log.warn(text);
    else ctx.log.line(text);
    return withResult(serviceRuns, result, (serviceRun) => alarmProblem(serviceRun, result));
  } catch (error) {
    if (error instanceof BakeIsOver) throw error;
    const problem = notProven(deployErrorOf(error, 'reading the alarms'));
    const evaluated = evaluatedTogether(serviceRuns);
    return serviceRuns.map((serviceRun) =>
      evaluated.includes(serviceRun) ? { ...serviceRun, problem } : serviceRun,
    );
  }
}

/** Services that stand or fall with what all of them share: those that this run changed, or else all, while well. */
function evaluatedTogether(serviceRuns: readonly ServiceRun[]): ServiceRun[] {
  const well = serviceRuns.filter(({ problem, waiting }) => problem === undefined && waiting === undefined);
  const changed = well.filter((serviceRun) => serviceRun.change !== 'none');
  return changed.length === 0 ? well : changed;
}

function withResult(
  serviceRuns: readonly ServiceRun[],
  result: GateResult,
  problemOf: (serviceRun: ServiceRun) => Problem,
  evaluated: readonly ServiceRun[] = evaluatedTogether(serviceRuns),
): ServiceRun[] {
  return serviceRuns.map((serviceRun) => {
    if (!evaluated.includes(serviceRun)) return serviceRun;
    const gates = withGate(serviceRun.gates, result);
    return result.state === 'failed'
      ? { ...serviceRun, gates, problem: problemOf(serviceRun) }
      : { ...serviceRun, gates };
  });
}

/** Pure: the problem of a service that does not pass a gate of its own. */
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

/** Pure: the problem of a service whose URL does not answer as it should. */
export function httpProblem(
  serviceRun: ServiceRun,
  url: string,
  end: Pick<HttpGateEnd, 'detail' | 'reachable'> & Partial<Pick<HttpGateEnd, 'asBefore' | 'answer'>>,
): Problem {
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
