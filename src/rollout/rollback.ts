import { lastSegment, revisionName } from '../aws/arn.ts';
import { ANY_AWS_ERROR, attempt } from '../aws/attempt.ts';
import type { Aws } from '../aws/clients.ts';
import { awsErrorKind, deployErrorOf, describeAwsError } from '../aws/errors.ts';
import { retryRead, writeOnce } from '../aws/writes.ts';
import { proveDigests } from '../ecs/digests.ts';
import { candidatesOf, deployableRevision, findRollbackTarget, imagesAfter } from '../ecs/rollback-target.ts';
import {
  describeServiceDeployment,
  listServiceDeployments,
  type ServiceDeployment,
} from '../ecs/service-deployments.ts';
import { describeService, primaryOf, type Deployment, type Service } from '../ecs/services.ts';
import type {
  Evidence,
  Problem,
  Request,
  RollbackEnd,
  Rollout,
  RolloutRequest,
  ServiceRun,
} from '../model/index.ts';
import { Cancelled } from '../runtime/cancellation.ts';
import { DeployError } from '../runtime/error.ts';
import type { Clock } from '../runtime/clock.ts';
import { withTimeout } from '../runtime/wait.ts';
import { diagnoseRollback, diagnoseRollbackOfEcs, logEvidence } from './diagnose.ts';
import type { Watched } from './failure.ts';
import { rollBackCodeDeployment } from './codedeploy-rollback.ts';
import { findServiceDeployment } from './find-deployment.ts';
import { saysRollback } from './history.ts';
import { nextStep, restoringInput, type Step } from './rollback-request.ts';
import { restoreSettings } from './settings.ts';
import { watch, type WatchContext } from './watch.ts';

/** A rollback of ours is called for, one of ECS's is on its way, or ECS left settings that this run changed. */
export function rollbackNeeded({ problem, rollout, rollback }: ServiceRun, request: RolloutRequest): boolean {
  if (problem === undefined || rollout === undefined || rollback !== undefined) return false;
  switch (problem.recovery) {
    case 'follow-ecs':
      return true;
    case 'roll-back':
      return request.onFailure !== 'leave';
    case 'done':
      return true;
    case 'leave':
      return false;
  }
}

/**
 * With `on-failure: rollback-all`, one service that fails takes along every other one that this run changed, those
 * that did well included.
 */
export function failTogether(
  serviceRuns: readonly ServiceRun[],
  request: RolloutRequest,
): readonly ServiceRun[] {
  const failed = serviceRuns.find(concernsAll);
  if (request.onFailure !== 'rollback-all' || failed?.problem === undefined) return serviceRuns;
  const problem: Problem = {
    ...failed.problem,
    result: 'failed',
    reason: `was well so far, but service "${failed.snapshot.address.name}" failed (on-failure: rollback-all)`,
    evidence: [],
    recovery: 'roll-back',
  };
  return serviceRuns.map((serviceRun) =>
    serviceRun.problem === undefined && serviceRun.change === 'update'
      ? { ...serviceRun, problem }
      : serviceRun,
  );
}

/** One of these services failed, and takes the others along. */
export function failsTogether(serviceRuns: readonly ServiceRun[], request: RolloutRequest): boolean {
  return request.onFailure === 'rollback-all' && serviceRuns.some(concernsAll);
}

/** What this run did not bring about, or cannot roll back with its credentials, takes nobody along. */
function concernsAll({ problem, rollout }: ServiceRun): boolean {
  if (problem === undefined) return false;
  const isRefused = rollout === undefined && problem.cause !== 'credentials-expired';
  return problem.recovery !== 'leave' || isRefused;
}

/** Undoes what went wrong with one service, where that is called for, and follows it to its end. */
export async function rollBackIfNeeded(
  run: ExplainingContext,
  serviceRun: ServiceRun,
  request: Request,
): Promise<ServiceRun> {
  const { problem, rollout } = serviceRun;
  if (rollout === undefined || !rollbackNeeded(serviceRun, request.rollout)) return serviceRun;
  const { failureLogLines } = request.report;
  const ctx: RollbackContext = {
    ...run,
    explain: (back, seen) => diagnoseRollback(run, back, seen, failureLogLines),
  };
  ctx.log.line(`${serviceRun.snapshot.address.name}: ${problem?.cause ?? ''}: it ${problem?.reason ?? ''}`);
  const rollback = await withoutThrowing(async () => {
    const undone = await undoDeployment(ctx, rollout, problem?.recovery, request.rollout);
    const end = await proveRollback(ctx, rollout, request.rollout, undone);
    if (end.kind !== 'rolled-back') return end;
    const unrestored = await restoreSettings(ctx, rollout, request.rollout);
    return unrestored === undefined ? end : { ...end, unrestored };
  });
  return { ...serviceRun, rollback: await withEvidence(run, rollout, rollback, failureLogLines) };
}

/** Why the rollback failed, as far as its tasks say. */
async function withEvidence(
  ctx: ExplainingContext,
  rollout: Rollout,
  end: RollbackEnd,
  logLines: number,
): Promise<RollbackEnd> {
  if (end.kind !== 'failed') return end;
  const evidence = end.evidence ?? (await diagnoseRollbackOfEcs(ctx, rollout, logLines));
  logEvidence(ctx.log, rollout.snapshot.address.name, evidence);
  return { ...end, evidence };
}

/** The tasks of a deployment of ours that was to go back are gone from the service soon: what they say is read at once. */
async function withCrash(
  { explain }: RollbackContext,
  end: RollbackEnd | 'look-again',
  back: Rollout,
  watched: Watched,
): Promise<RollbackEnd | 'look-again'> {
  if (end === 'look-again' || end.kind !== 'failed' || explain === undefined) return end;
  return { ...end, evidence: await explain(back, watched) };
}

async function undoDeployment(
  ctx: RollbackContext,
  rollout: Rollout,
  recovery: Problem['recovery'] | undefined,
  request: RolloutRequest,
): Promise<RollbackEnd> {
  if (recovery === 'done') return { kind: 'rolled-back' };
  return recovery === 'follow-ecs' ? followRollback(ctx, rollout, request) : rollBack(ctx, rollout, request);
}

/**
 * Who brought about what is PRIMARY now: ECS, which rolled our deployment back, or somebody who deployed since. While ours
 * is the newest service deployment nobody did. Unknown where ECS shows neither.
 */
async function whoBrought(
  { aws }: RollbackContext,
  { serviceDeploymentArn, snapshot }: Rollout,
  { id = '', rolloutStateReason }: Deployment,
): Promise<'ecs' | 'somebody' | 'unknown'> {
  if (saysRollback({ reason: rolloutStateReason })) return 'ecs';
  if (serviceDeploymentArn === undefined) return 'unknown';
  const enough = (found: readonly unknown[]): boolean => found.length > 0;
  const [newest] = (await listServiceDeployments(aws.ecs, snapshot.address, { enough })) ?? [];
  if (newest !== undefined) return newest.serviceDeploymentArn === serviceDeploymentArn ? 'ecs' : 'somebody';
  const ours = await describeServiceDeployment(aws.ecs, serviceDeploymentArn);
  const isThat = lastSegment(ours?.rollback?.serviceRevisionArn ?? '-') === lastSegment(id);
  return isThat ? 'ecs' : 'unknown';
}

export interface RollbackContext extends WatchContext {
  readonly aws: Pick<Aws, 'ecs' | 'ecr' | 'elb' | 'ecsWrites' | 'taskDefinitions' | 'codeDeploy'>;
  /** What the tasks of a rollback that failed say. */
  readonly explain?: (back: Rollout, seen: Pick<Watched, 'last' | 'history'>) => Promise<Evidence[]>;
}

/** One that may read what containers wrote, too. */
export interface ExplainingContext extends RollbackContext {
  readonly aws: RollbackContext['aws'] & Pick<Aws, 'logs'>;
}

/**
 * Looks where the rollback ended: on the last good revision, with the digests that it ran with. Where ECS's own ended
 * elsewhere, the service is updated to the target, once. What cannot be read is not held against the rollback.
 */
async function proveRollback(
  ctx: RollbackContext,
  rollout: Rollout,
  request: RolloutRequest,
  end: RollbackEnd,
): Promise<RollbackEnd> {
  if (end.kind !== 'rolled-back' || !rollout.replacesTasks) return end;
  const proven = await attempt(() => lookWhereItEnded(ctx, rollout, request, end), ANY_AWS_ERROR);
  if (proven.kind === 'answered') return proven.value;
  const { name } = rollout.snapshot.address;
  ctx.log.line(
    `${name}: what runs after the rollback could not be read (${describeAwsError(proven.error)}): it is not proven.`,
  );
  return end;
}

async function lookWhereItEnded(
  ctx: RollbackContext,
  rollout: Rollout,
  request: RolloutRequest,
  end: Extract<RollbackEnd, { kind: 'rolled-back' }>,
): Promise<RollbackEnd> {
  const { aws, log } = ctx;
  const { name } = rollout.snapshot.address;
  const [target, service] = await Promise.all([
    findRollbackTarget(aws.taskDefinitions, candidatesOf(rollout.snapshot)),
    describeServiceAfter(ctx, rollout),
  ]);
  const primary = primaryOf(service);
  if (target === undefined || primary?.taskDefinition === undefined) return end;
  const there: Rollout = {
    ...rollout,
    taskDefinitionArn: primary.taskDefinition,
    deploymentId: primary.id ?? '',
    serviceDeploymentArn: undefined,
    // ECS may have kept tasks of the good revision that an earlier deployment started.
    replacesTasks: false,
    definition: target.definition,
  };
  const isThere = [target.good.taskDefinitionArn, end.to].includes(primary.taskDefinition);
  const proofs = await proveDigests(aws, there, imagesAfter(target));
  const wrong = proofs.flatMap(({ proof }) => (proof.kind === 'differs' ? proof.detail : []));
  for (const { proof } of proofs)
    if (proof.kind === 'unknown') log.line(`${name}: after the rollback: ${proof.detail}`);
  if (isThere && wrong.length === 0) {
    const proven = proofs.filter(({ proof }) => proof.kind === 'equal');
    for (const { container, image } of proven) {
      log.line(`${name}: after the rollback ${container} runs ${image.digest ?? ''}, as it did before.`);
    }
    return { ...end, there };
  }
  const where = isThere ? wrong.join('; ') : `it ended on ${revisionName(primary.taskDefinition)}`;
  const why = `${where}, and the last good revision is ${revisionName(target.good.taskDefinitionArn)}${isThere ? ' with other digests' : ''}`;
  if (end.to !== undefined || request.onFailure === 'leave') return { kind: 'failed', why };
  const author = await whoBrought(ctx, rollout, primary);
  if (author === 'somebody') return { kind: 'superseded', by: primary.id ?? 'another deployment' };
  if (author === 'unknown') return { kind: 'failed', why };
  log.line(`${name}: ${why}: it is updated to that.`);
  const from = { ...there, replacesTasks: true, snapshot: { ...rollout.snapshot, primaryId: primary.id } };
  const { desiredCount: desired } = service;
  const again = await attempt(async () => {
    const revision = await deployableRevision(ctx, target);
    return updateBack(ctx, from, request, { revision, desired, isRead: !target.mustBeRegistered });
  }, ANY_AWS_ERROR);
  if (again.kind !== 'answered') return { kind: 'failed', why: `${why}; ${describeAwsError(again.error)}` };
  return again.value === 'look-again'
    ? { kind: 'failed', why }
    : proveRollback(ctx, rollout, request, again.value);
}

/** Pauses before the service is read again, in seconds. */
const OLD_ANSWER_PAUSES = [1, 2, 4, 8, 15];

/** The service after our deployment was undone. An answer that still shows that one as PRIMARY is older than its end. */
async function describeServiceAfter(
  { aws, clock, signal }: RollbackContext,
  { snapshot, deploymentId }: Rollout,
): Promise<Service> {
  let service = await describeService(aws.ecs, snapshot.address);
  for (const pause of OLD_ANSWER_PAUSES) {
    if (primaryOf(service)?.id !== deploymentId) return service;
    await clock.sleep(pause * 1000, signal);
    service = await describeService(aws.ecs, snapshot.address);
  }
  return service;
}

/** Looks at the service and decides again when ECS moved in between, this often. */
const ATTEMPTS = 6;

/** Requests to stop that ECS refuses before another way is taken: it may have moved on this very moment. */
const REFUSALS = 3;

/** However little time is left, a look that is begun has as long. */
const LEAST_MS = 5_000;

/** A look that hangs is given up, and begun again. */
const LOOK_MS = 30_000;

/** Pauses after calls that AWS did not answer, in seconds; the last one goes on. */
const UNANSWERED_PAUSES = [1, 2, 4, 8, 15];

/** How far a rollback came. */
interface Tries {
  /** Looks after which ECS had moved on. */
  moved: number;
  /** Requests to stop that ECS refused. */
  refusals: number;
  /** Calls in a row that AWS did not answer. */
  unanswered: number;
  /** The last request that AWS did not answer: the next one is by the other call, which has another quota. */
  lost: 'stop' | 'update' | undefined;
  /** The revision of an UpdateService of ours that was not answered: it may have taken effect since. */
  sent: string | undefined;
  /** The revision to go back to, once it is there. */
  revision?: string;
}

/**
 * Puts the last good revision back. Right before each change the service is read again: another's deployment is
 * never rolled back. While our service deployment runs, ECS is asked to roll it back; afterwards the service is updated
 * to the last good revision. Throttling, server errors and calls that hang only cost time: it is tried by both calls in
 * turn until the deadline. The rollback is followed to ECS's own end.
 */
export async function rollBack(
  ctx: RollbackContext,
  rollout: Rollout,
  request: RolloutRequest,
): Promise<RollbackEnd> {
  const { clock, signal, log } = ctx;
  if (rollout.codeDeploymentId !== undefined) return rollBackByCodeDeploy(ctx, rollout, request);
  const { name } = rollout.snapshot.address;
  const deadline = clock.now() + request.waitMinutes * 60_000;
  const tries: Tries = { moved: 0, refusals: 0, unanswered: 0, lost: undefined, sent: undefined };
  while (tries.moved < ATTEMPTS) {
    try {
      const end = await tryOnce(ctx, rollout, until(deadline, clock, request), tries);
      if (typeof end !== 'string') return end;
      tries.moved += 1;
      tries.unanswered = 0;
      tries.lost = undefined;
      if (end === 'refused') tries.refusals += 1;
      if (end === 'may-not-stop') tries.refusals = REFUSALS;
      else await clock.sleep(request.pollSeconds * 1000, signal);
    } catch (error) {
      const kind = awsErrorKind(error);
      const left = deadline - clock.now();
      if ((kind !== 'throttled' && kind !== 'transient') || left <= 0) throw error;
      const pause = UNANSWERED_PAUSES[Math.min(tries.unanswered, UNANSWERED_PAUSES.length - 1)] ?? 0;
      tries.unanswered += 1;
      log.line(`${name}: going back: no answer (${describeAwsError(error)}); trying again.`);
      await clock.sleep(Math.min(pause * 1000, left), signal);
    }
  }
  return { kind: 'failed', why: 'the service kept changing while it was rolled back' };
}

function rollBackByCodeDeploy(
  ctx: RollbackContext,
  rollout: Rollout,
  request: RolloutRequest,
): Promise<RollbackEnd> {
  return rollBackCodeDeployment(ctx, rollout, request, async (followed, following, stages) => {
    const isOther = followed.codeDeploymentId !== rollout.codeDeploymentId;
    const watching = stages === undefined ? ctx : { ...ctx, stages };
    return endOfRollback(
      await watch(watching, followed, following, 'rolled-back'),
      isOther ? followed : undefined,
    );
  });
}

/** Looks at the service, and does what it allows. */
async function tryOnce(
  ctx: RollbackContext,
  rollout: Rollout,
  request: RolloutRequest,
  tries: Tries,
): Promise<RollbackEnd | TryAgain> {
  const { aws, clock } = ctx;
  const ms = Math.min(Math.max(request.waitMinutes * 60_000, LEAST_MS), LOOK_MS);
  if (tries.sent !== undefined) {
    const service = await withTimeout(clock, ms, () => describeService(aws.ecs, rollout.snapshot.address));
    const primary = primaryOf(service);
    if (primary?.id !== rollout.deploymentId && primary?.taskDefinition === tries.sent)
      return followBack(ctx, rollout, request, service, tries.sent);
  }
  const mayStop = tries.refusals < REFUSALS && tries.lost !== 'stop';
  const step = await withTimeout(clock, ms, () => nextStep(ctx, rollout, mayStop));
  return take(ctx, rollout, request, step, tries);
}

/**
 * Follows the rollback that ECS began by itself. Where ECS gives it up (its alarms may have rollback switched off though
 * its circuit breaker has it on), the last good revision is put back as after any failure.
 */
export async function followRollback(
  ctx: RollbackContext,
  rollout: Rollout,
  request: RolloutRequest,
): Promise<RollbackEnd> {
  const deadline = ctx.clock.now() + request.waitMinutes * 60_000;
  const end = endOfRollback(await watch(ctx, rollout, request, 'rolled-back'));
  if (end !== 'look-again') return end;
  if (request.onFailure === 'leave') return { kind: 'failed', why: 'ECS gave its rollback up' };
  return rollBack(ctx, rollout, until(deadline, ctx.clock, request));
}

/** The request with what is left of its time. */
function until(deadline: number, clock: Clock, request: RolloutRequest): RolloutRequest {
  return { ...request, waitMinutes: Math.max(deadline - clock.now(), 0) / 60_000 };
}

async function take(
  ctx: RollbackContext,
  rollout: Rollout,
  request: RolloutRequest,
  step: Step,
  tries: Tries,
): Promise<RollbackEnd | TryAgain> {
  const name = rollout.snapshot.address.name;
  switch (step.kind) {
    case 'end':
      return step.end;
    case 'follow':
      return endOfRollback(await watch(ctx, rollout, request, 'rolled-back'));
    case 'stop':
      ctx.log.line(`${name}: asking ECS to roll the service deployment back.`);
      tries.lost = 'stop';
      return stopAndFollow(ctx, rollout, request, step.arn);
    case 'update': {
      ctx.log.line(
        `${name}: going back to ${revisionName(step.to.good.taskDefinitionArn)}${step.to.mustBeRegistered ? ', registered again with the digests that it ran with' : ''}.`,
      );
      tries.lost = 'update';
      // A registration may take its time: what is updated is read right before.
      const isRead = tries.revision !== undefined || !step.to.mustBeRegistered;
      tries.revision ??= rollout.replacesTasks
        ? await deployableRevision(ctx, step.to)
        : rollout.taskDefinitionArn;
      if (rollout.replacesTasks) tries.sent = tries.revision;
      return updateBack(ctx, rollout, request, { revision: tries.revision, desired: step.desired, isRead });
    }
  }
}

/** Why an attempt came to nothing that is worth another. */
type TryAgain = 'look-again' | 'refused' | 'may-not-stop';

/**
 * Asks ECS, and follows it. `refused` where ECS would not: the deployment ended, or began to roll back, this very
 * moment, or is not known where ECS was asked. `may-not-stop` where the call is denied or unknown: updating the service
 * leads back as well.
 */
async function stopAndFollow(
  ctx: RollbackContext,
  rollout: Rollout,
  request: RolloutRequest,
  arn: string,
): Promise<RollbackEnd | TryAgain> {
  const { aws, clock, signal } = ctx;
  const inTime = untilDeadline(clock, request);
  try {
    await writeOnce<unknown>(
      clock,
      () => aws.ecsWrites.stopServiceDeployment({ serviceDeploymentArn: arn, stopType: 'ROLLBACK' }),
      async () => {
        const read = (): Promise<ServiceDeployment | undefined> => describeServiceDeployment(aws.ecs, arn);
        const deployment = await inTime(read);
        return deployment?.status?.startsWith('ROLLBACK_') === true ? {} : undefined;
      },
      signal,
      // The other call is next.
      clock.now(),
    );
  } catch (error) {
    const kind = awsErrorKind(error);
    if (kind === 'refused') return 'refused';
    if (kind === 'denied' || kind === 'unsupported') return 'may-not-stop';
    throw error;
  }
  return endOfRollback(await watch(ctx, rollout, request, 'rolled-back'));
}

/** Asks until AWS answers, but for no longer than the rollback is waited for. */
function untilDeadline(
  clock: Clock,
  { waitMinutes }: RolloutRequest,
): <T>(read: () => Promise<T>) => Promise<T> {
  const deadline = clock.now() + waitMinutes * 60_000;
  return (read) =>
    withTimeout(clock, Math.max(deadline - clock.now(), LEAST_MS), () => retryRead(clock, read));
}

async function updateBack(
  ctx: RollbackContext,
  rollout: Rollout,
  request: RolloutRequest,
  {
    revision,
    desired,
    isRead,
  }: { readonly revision: string; readonly desired: number | undefined; readonly isRead: boolean },
): Promise<RollbackEnd | 'look-again'> {
  const { aws, clock, signal } = ctx;
  const { snapshot } = rollout;
  const target = { taskDefinitionArn: revision };
  const input = restoringInput(rollout, request, target, desired);
  const inTime = untilDeadline(clock, request);
  const read = (): Promise<Service> => inTime(() => describeService(aws.ecs, snapshot.address));
  let mayBeOld = !isRead;
  const service = await writeOnce(
    clock,
    async () => {
      // Whoever deployed while this waited to be sent again is not to be rolled back.
      const isOurs = !mayBeOld || primaryOf(await read())?.id === rollout.deploymentId;
      mayBeOld = true;
      return isOurs ? (await aws.ecsWrites.updateService(input)).service : 'superseded';
    },
    async () => {
      const now = await read();
      const primary = primaryOf(now);
      const isBack = rollout.replacesTasks
        ? primary?.id !== rollout.deploymentId && primary?.taskDefinition === target.taskDefinitionArn
        : (input.desiredCount ?? now.desiredCount) === now.desiredCount;
      return isBack ? now : undefined;
    },
    signal,
    clock.now(),
  );
  if (service === 'superseded') return 'look-again';
  return followBack(ctx, rollout, request, service, input.taskDefinition ?? rollout.taskDefinitionArn);
}

/** Follows the deployment with which this run goes back to ECS's own end: hiccups on its way are no verdict. */
async function followBack(
  ctx: RollbackContext,
  rollout: Rollout,
  request: RolloutRequest,
  service: Service | undefined,
  taskDefinitionArn: string,
): Promise<RollbackEnd | 'look-again'> {
  const { snapshot } = rollout;
  const primary = service && primaryOf(service);
  const after = { ...snapshot, primaryId: rollout.deploymentId };
  const replacesTasks = primary?.id !== rollout.deploymentId;
  const back: Rollout = {
    ...rollout,
    snapshot: after,
    taskDefinitionArn,
    deploymentId: primary?.id ?? '',
    serviceDeploymentArn: replacesTasks
      ? await findServiceDeployment(ctx, after, primary, taskDefinitionArn)
      : undefined,
    replacesTasks,
  };
  // The rollback has the count that was there before, not the one that this run asked for.
  const following = { ...request, desiredCount: undefined, failFast: false };
  const watched = await watch({ ...ctx, goesBack: true }, back, following, 'rolled-back');
  return withCrash(ctx, endOfRollback(watched, back), back, watched);
}

/** What a watched rollback came to. `back`: the rollout that goes back, where it is one of ours. */
function endOfRollback(watched: Watched, back?: Rollout): RollbackEnd | 'look-again' {
  const { end } = watched;
  switch (end.kind) {
    case 'rolled-back-by-ecs':
      return back === undefined
        ? { kind: 'rolled-back' }
        : { kind: 'failed', why: `the rollback itself was rolled back${because(end.reason)}` };
    case 'doomed':
    case 'gate-failed':
    case 'waiting':
      return 'look-again';
    case 'completed':
      // Our own deployment may have succeeded before the request to roll it back arrived.
      return back === undefined ? 'look-again' : { kind: 'rolled-back', to: back.taskDefinitionArn };
    case 'superseded':
      return { kind: 'superseded', by: end.by };
    case 'failed':
      return back === undefined
        ? 'look-again'
        : { kind: 'failed', why: `${end.cause}${because(end.reason)}` };
    case 'rollback-failed':
      return { kind: 'failed', why: end.reason === '' ? 'ECS reports ROLLBACK_FAILED' : end.reason };
    case 'deadline':
      return { kind: 'failed', why: 'it had not finished when its time was up; ECS goes on with it' };
    case 'access-lost':
      return {
        kind: 'unseen',
        cause: end.failure.conclusion.cause,
        why: end.failure.message,
        hint: end.failure.conclusion.hint,
      };
  }
}

function because(reason: string): string {
  return reason === '' ? '' : `: ${reason}`;
}

/**
 * A rollback that AWS refuses is a failed one, in its own words; so is one that ends by an error that nobody foresaw: the
 * other services go on. Rejects with the end of the job alone.
 */
export async function withoutThrowing(rollback: () => Promise<RollbackEnd>): Promise<RollbackEnd> {
  try {
    return await rollback();
  } catch (error) {
    if (error instanceof Cancelled) throw error;
    return { kind: 'failed', why: describeAwsError(error), ...hintOf(error) };
  }
}

/** What the role lacks keeps the service where it is: that comes first. */
function hintOf(error: unknown): { hint?: string } {
  const known = awsErrorKind(error) === 'denied' ? deployErrorOf(error, 'rolling back') : undefined;
  const hint = known instanceof DeployError ? known.conclusion.hint : undefined;
  return hint === undefined ? {} : { hint };
}
