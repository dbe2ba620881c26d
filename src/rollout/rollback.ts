/** Goes back, as long as there is time for it. */
import { revisionName } from '../aws/arn.ts';
import { attempt, WITHHELD } from '../aws/attempt.ts';
import type { Aws } from '../aws/clients.ts';
import { awsErrorKind } from '../aws/errors.ts';
import { retryRead, writeOnce } from '../aws/writes.ts';
import { deployableRevision } from '../ecs/rollback-target.ts';
import { describeServiceDeployment, type ServiceDeployment } from '../ecs/service-deployments.ts';
import { describeService, primaryOf, type Service } from '../ecs/services.ts';
import type { Evidence, RollbackEnd, Rollout, RolloutRequest } from '../model/index.ts';
import { Deadline } from '../runtime/wait.ts';
import { goBackPatiently, rollBackCodeDeployment, type LookAgain } from './codedeploy-rollback.ts';
import type { Watched } from './failure.ts';
import { findServiceDeployment } from './find-deployment.ts';
import { goingOn } from './answer-hook.ts';
import { untilAnswered } from './progress.ts';
import { nextStep, restoringInput, type Step } from './rollback-request.ts';
import { watch, type StageWatch, type WatchContext } from './watch.ts';

export interface RollbackContext extends WatchContext {
  readonly aws: Pick<Aws, 'ecs' | 'ecr' | 'elb' | 'ecsWrites' | 'taskDefinitions' | 'codeDeploy'>;
  /** What the tasks of a rollback that failed say. */
  readonly explain?: (back: Rollout, seen: Pick<Watched, 'last' | 'history'>) => Promise<Evidence[]>;
}

/** Looks at the service and decides again when ECS moved in between, this often. */
const ATTEMPTS = 6;

/** Requests to stop that ECS refuses before another way is taken: it may have moved on this very moment. */
const REFUSALS = 3;

/** How long a look is given: one that hangs is given up, and begun again. */
const LOOK_LIMITS = { least: 5_000, longest: 30_000 };

/** How long a lost answer is looked after. */
const READ_LIMITS = { least: 5_000 };

/** What is rolled back, and by when. */
export interface Undoing {
  readonly rollout: Rollout;
  readonly request: RolloutRequest;
  readonly deadline: Deadline;
}

/** How far a rollback came. */
interface Tries {
  /** Requests to stop that ECS refused. */
  refusals: number;
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
  deadline = deadlineOf(ctx, request),
): Promise<RollbackEnd> {
  const { clock, signal } = ctx;
  const undoing = { rollout, request, deadline };
  if (rollout.codeDeploymentId !== undefined) return rollBackByCodeDeploy(ctx, undoing);
  const { name } = rollout.snapshot.address;
  const tries: Tries = { refusals: 0, lost: undefined, sent: undefined };
  for (let moved = 0; moved < ATTEMPTS; moved += 1) {
    const end = await goBackPatiently(ctx, name, deadline, () => tryOnce(ctx, undoing, tries));
    tries.lost = undefined;
    if (end.kind === 'may-not-stop') {
      tries.refusals = REFUSALS;
    } else if (end.kind === 'refused' || end.kind === 'look-again') {
      if (end.kind === 'refused') tries.refusals += 1;
      await clock.sleep(request.pollSeconds * 1000, signal);
    } else return end;
  }
  return { kind: 'failed', why: 'the service kept changing while it was rolled back' };
}

/** As long as the rollout itself may take, from now. */
export function deadlineOf({ clock }: RollbackContext, { waitMinutes }: RolloutRequest): Deadline {
  return Deadline.of(clock, waitMinutes * 60_000);
}

function rollBackByCodeDeploy(
  ctx: RollbackContext,
  { rollout, request, deadline }: Undoing,
): Promise<RollbackEnd> {
  return rollBackCodeDeployment(
    ctx,
    rollout,
    request,
    deadline,
    async (followed, following, until, stages) => {
      const isOther = followed.codeDeploymentId !== rollout.codeDeploymentId;
      const watching = stages === undefined ? ctx : { ...ctx, stages };
      return endOfRollback(
        await watch(watching, followed, following, 'rolled-back', { deadline: until }),
        isOther ? followed : undefined,
        stages?.waiting,
      );
    },
  );
}

/** Looks at the service, and does what it allows. */
async function tryOnce(
  ctx: RollbackContext,
  undoing: Undoing,
  tries: Tries,
): Promise<RollbackEnd | TryAgain> {
  const { rollout, deadline } = undoing;
  if (tries.sent !== undefined) {
    const read = (): Promise<Service> =>
      describeService(ctx.aws.ecs, rollout.snapshot.address, rollout.createdAt);
    const service = await deadline.within(LOOK_LIMITS, read);
    const primary = primaryOf(service);
    if (primary?.id !== rollout.deploymentId && primary?.taskDefinition === tries.sent)
      return followBack(ctx, undoing, service, tries.sent);
  }
  const mayStop = tries.refusals < REFUSALS && tries.lost !== 'stop';
  const step = await deadline.within(LOOK_LIMITS, () => nextStep(ctx, rollout, mayStop));
  return take(ctx, undoing, step, tries);
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
  const deadline = deadlineOf(ctx, request);
  const end = endOfRollback(await watch(ctx, rollout, request, 'rolled-back', { deadline }));
  if (end.kind !== 'look-again') return end;
  if (request.onFailure === 'leave') return { kind: 'failed', why: 'ECS gave its rollback up' };
  return rollBack(ctx, rollout, request, deadline);
}

async function take(
  ctx: RollbackContext,
  undoing: Undoing,
  step: Step,
  tries: Tries,
): Promise<RollbackEnd | TryAgain> {
  const { rollout, request, deadline } = undoing;
  const name = rollout.snapshot.address.name;
  switch (step.kind) {
    case 'end':
      return step.end;
    case 'follow':
      return endOfRollback(await watch(ctx, rollout, request, 'rolled-back', { deadline }));
    case 'stop':
      ctx.log.line(`${name}: asking ECS to roll the service deployment back.`);
      tries.lost = 'stop';
      return stopAndFollow(ctx, undoing, step.arn);
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
      return updateBack(ctx, undoing, {
        revision: tries.revision,
        good: step.to.good.taskDefinitionArn,
        desired: step.desired,
        isRead,
      });
    }
  }
}

/**
 * Why an attempt came to nothing that is worth another. `refused`: ECS would not stop the deployment: it ended, or began to
 * roll back, this very moment, or is not known where ECS was asked. `may-not-stop`: the call is denied or unknown: updating
 * the service leads back as well.
 */
type TryAgain = LookAgain | { readonly kind: 'refused' } | { readonly kind: 'may-not-stop' };

/** Asks ECS, and follows it. */
async function stopAndFollow(
  ctx: RollbackContext,
  { rollout, request, deadline }: Undoing,
  arn: string,
): Promise<RollbackEnd | TryAgain> {
  const { aws, clock, signal } = ctx;
  const read = (): Promise<ServiceDeployment | undefined> => describeServiceDeployment(aws.ecs, arn);
  const stop = (): Promise<unknown> =>
    writeOnce<unknown>(
      clock,
      () => aws.ecsWrites.stopServiceDeployment({ serviceDeploymentArn: arn, stopType: 'ROLLBACK' }),
      async () => {
        const deployment = await deadline.within(READ_LIMITS, () => retryRead(clock, read));
        return deployment?.status?.startsWith('ROLLBACK_') === true ? {} : undefined;
      },
      signal,
      // The other call is next.
      Deadline.of(clock, 0),
    );
  const asked = await attempt(stop, WITHHELD);
  if (asked.kind !== 'answered')
    return { kind: awsErrorKind(asked.error) === 'refused' ? 'refused' : 'may-not-stop' };
  return endOfRollback(await watch(ctx, rollout, request, 'rolled-back', { deadline }));
}

/** What an update came to. */
type Updated =
  | { readonly kind: 'updated'; readonly service: Service | undefined }
  /** Somebody has deployed meanwhile: it was not sent. */
  | { readonly kind: 'superseded' };

/** Updates the service back to a revision, once, and follows that. */
export async function updateBack(
  ctx: RollbackContext,
  undoing: Undoing,
  {
    revision,
    good,
    desired,
    isRead,
  }: {
    readonly revision: string;
    /** The last good revision; another one than `revision` where that is a copy of it. */
    readonly good: string;
    readonly desired: number | undefined;
    readonly isRead: boolean;
  },
): Promise<RollbackEnd | LookAgain> {
  const { aws, clock, signal } = ctx;
  const { rollout, request, deadline } = undoing;
  const { snapshot } = rollout;
  const target = { taskDefinitionArn: revision };
  const input = restoringInput(rollout, request, target, desired);
  const read = (): Promise<Service> =>
    deadline.within(READ_LIMITS, () =>
      retryRead(clock, () => describeService(aws.ecs, snapshot.address, rollout.createdAt)),
    );
  let mayBeOld = !isRead;
  const updated = await writeOnce<Updated>(
    clock,
    async () => {
      // Whoever deployed while this waited to be sent again is not to be rolled back.
      const isOurs = !mayBeOld || primaryOf(await read())?.id === rollout.deploymentId;
      mayBeOld = true;
      return isOurs
        ? { kind: 'updated', service: (await aws.ecsWrites.updateService(input)).service }
        : { kind: 'superseded' };
    },
    async () => {
      const now = await read();
      const primary = primaryOf(now);
      const isBack = rollout.replacesTasks
        ? primary?.id !== rollout.deploymentId && primary?.taskDefinition === target.taskDefinitionArn
        : (input.desiredCount ?? now.desiredCount) === now.desiredCount;
      return isBack ? { kind: 'updated', service: now } : undefined;
    },
    signal,
    Deadline.of(clock, 0),
  );
  if (updated.kind === 'superseded') return { kind: 'look-again' };
  const to = input.taskDefinition ?? rollout.taskDefinitionArn;
  const end = await followBack(ctx, undoing, updated.service, to);
  const isCopy = rollout.replacesTasks && revision !== good;
  return isCopy && end.kind === 'rolled-back' ? { ...end, copyOf: good } : end;
}

/** Follows the deployment with which this run goes back to ECS's own end: hiccups on its way are no verdict. */
async function followBack(
  ctx: RollbackContext,
  { rollout, request, deadline }: Undoing,
  service: Service | undefined,
  taskDefinitionArn: string,
): Promise<RollbackEnd | LookAgain> {
  const { snapshot } = rollout;
  const primary = service && primaryOf(service);
  const after = { ...snapshot, primaryId: rollout.deploymentId };
  const replacesTasks = primary?.id !== rollout.deploymentId;
  const back: Rollout = {
    ...rollout,
    snapshot: after,
    taskDefinitionArn,
    deploymentId: primary?.id ?? '',
    createdAt: primary?.createdAt?.getTime(),
    serviceDeploymentArn: replacesTasks
      ? await findServiceDeployment(ctx, after, primary, taskDefinitionArn)
      : undefined,
    replacesTasks,
  };
  // The rollback has the count that was there before, not the one that this run asked for.
  const following = { ...request, desiredCount: undefined, failFast: false };
  const stages = goingOn(ctx, back);
  const watched = await watch({ ...ctx, goesBack: true, stages }, back, following, 'rolled-back', {
    deadline,
  });
  return withCrash(ctx, endOfRollback(watched, back, stages.waiting), back, watched);
}

/** The tasks of a deployment of ours that was to go back are gone from the service soon: what they say is read at once. */
async function withCrash(
  { explain }: RollbackContext,
  end: RollbackEnd | LookAgain,
  back: Rollout,
  watched: Watched,
): Promise<RollbackEnd | LookAgain> {
  if (end.kind !== 'failed' || explain === undefined) return end;
  return { ...end, evidence: await explain(back, watched) };
}

/**
 * What a watched rollback came to. `back`: the rollout that goes back, where it is one of ours. `waiting`: the pause at which
 * that stays.
 */
function endOfRollback(
  watched: Watched,
  back?: Rollout,
  waiting?: StageWatch['waiting'],
): RollbackEnd | LookAgain {
  const { end } = watched;
  switch (end.kind) {
    case 'rolled-back-by-ecs':
      return back === undefined
        ? { kind: 'rolled-back' }
        : { kind: 'failed', why: `the rollback itself was rolled back${because(end.reason)}` };
    case 'waiting':
      return waiting === undefined
        ? { kind: 'look-again' }
        : {
            kind: 'failed',
            why: `it waits in the stage ${waiting.pause.stage} for an answer${untilAnswered(waiting.pause)}, which this run could not give (${waiting.why ?? ''})`,
          };
    case 'doomed':
    case 'gate-failed':
      return { kind: 'look-again' };
    case 'completed':
      // Our own deployment may have succeeded before the request to roll it back arrived.
      return back === undefined
        ? { kind: 'look-again' }
        : { kind: 'rolled-back', to: back.taskDefinitionArn };
    case 'superseded':
      return { kind: 'superseded', by: end.by };
    case 'failed':
      return back === undefined
        ? { kind: 'look-again' }
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
