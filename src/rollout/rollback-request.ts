import type { UpdateServiceCommandInput } from '@aws-sdk/client-ecs';
import { revisionName } from '../aws/arn.ts';
import { attempt, LOST } from '../aws/attempt.ts';
import type { Aws } from '../aws/clients.ts';
import { awsErrorKind, describeAwsError } from '../aws/errors.ts';
import type { RunContext } from '../context.ts';
import {
  candidatesOf,
  deployableRevision,
  findRollbackTarget,
  type RollbackTarget,
} from '../ecs/rollback-target.ts';
import { describeServiceDeployment } from '../ecs/service-deployments.ts';
import { describeService, OutdatedAnswer, primaryOf } from '../ecs/services.ts';
import type { GoodRevision, RollbackEnd, Rollout, RolloutRequest } from '../model/index.ts';
import { SILENCE } from '../runtime/log.ts';
import { Deadline, TimedOut, withTimeout } from '../runtime/wait.ts';
import { createDeployment, leadingBack } from '../codedeploy/create.ts';
import { nextCodeDeployStep } from './codedeploy-rollback.ts';
import { readDeploymentStatus } from './describe.ts';
import { saysRollback } from './history.ts';
import { ownSettings, restoreSettings, settingsBefore } from './settings.ts';

export type Step =
  | { readonly kind: 'end'; readonly end: RollbackEnd }
  | { readonly kind: 'follow' }
  | { readonly kind: 'stop'; readonly arn: string }
  /** `desired`: the count that the service has now. */
  | { readonly kind: 'update'; readonly to: RollbackTarget; readonly desired: number | undefined };

/** Pure but for the reading: what the service, as it is this moment, allows. Rejects where it is shown as it was before. */
export async function nextStep(
  { aws }: { readonly aws: Pick<Aws, 'ecs' | 'taskDefinitions'> },
  rollout: Rollout,
  mayStop: boolean,
): Promise<Step> {
  const { snapshot } = rollout;
  const deployment =
    rollout.serviceDeploymentArn === undefined
      ? undefined
      : await describeServiceDeployment(aws.ecs, rollout.serviceDeploymentArn);
  if (deployment?.status?.startsWith('ROLLBACK_') === true) return { kind: 'follow' };
  const isRunning = ['PENDING', 'IN_PROGRESS', 'STOP_REQUESTED'].includes(deployment?.status ?? '');
  const answer = await attempt(() => describeService(aws.ecs, snapshot.address, rollout.createdAt), LOST);
  if (answer.kind !== 'answered') {
    const arn = isRunning && mayStop ? rollout.serviceDeploymentArn : undefined;
    // Its own status says that it is nobody else's turn, and the request names it alone.
    if (arn !== undefined && (await leadsBack(aws, rollout))) return { kind: 'stop', arn };
    throw answer.error;
  }
  const service = answer.value;
  const primary = primaryOf(service);
  const isOurs = primary?.id === rollout.deploymentId;
  if (!isOurs && primary?.id === snapshot.primaryId) throw new OutdatedAnswer(snapshot.address.name);
  if (!isOurs) {
    // Where service deployments cannot be read, the PRIMARY entry with which ECS rolls back says so itself.
    if (deployment === undefined && saysRollback({ reason: primary?.rolloutStateReason }))
      return { kind: 'follow' };
    return { kind: 'end', end: { kind: 'superseded', by: primary?.id ?? 'another deployment' } };
  }
  const candidates = candidatesOf(snapshot);
  const target = await findRollbackTarget(aws.taskDefinitions, candidates);
  if (target === undefined) {
    return nowhere(
      candidates.length === 0
        ? 'no deployment of this service ever succeeded, so there is no good revision to go back to'
        : 'every revision that ECS called good is marked as failed, so there is no good revision to go back to',
    );
  }
  const goesThere = target.good.serviceRevisionArn === candidates[0]?.serviceRevisionArn;
  if (isRunning && mayStop && goesThere && rollout.serviceDeploymentArn !== undefined) {
    return { kind: 'stop', arn: rollout.serviceDeploymentArn };
  }
  const isItself = target.good.taskDefinitionArn === rollout.taskDefinitionArn && !target.mustBeRegistered;
  if (isItself && rollout.replacesTasks) {
    return nowhere(`the last good revision is ${revisionName(target.good.taskDefinitionArn)} itself`);
  }
  return { kind: 'update', to: target, desired: service.desiredCount };
}

/** Where ECS goes when it is asked to roll back is where this run would go. */
async function leadsBack(
  { taskDefinitions }: Pick<Aws, 'taskDefinitions'>,
  rollout: Rollout,
): Promise<boolean> {
  const candidates = candidatesOf(rollout.snapshot);
  const target = await findRollbackTarget(taskDefinitions, candidates);
  return target !== undefined && target.good.serviceRevisionArn === candidates[0]?.serviceRevisionArn;
}

function nowhere(why: string): Step {
  return { kind: 'end', end: { kind: 'nowhere', why } };
}

/**
 * Pure: back to the revision, where this run changed it, and to whatever else it changed. `desired`: the count that the
 * service has now, where it is known.
 */
export function restoringInput(
  rollout: Rollout,
  request: RolloutRequest,
  target: Pick<GoodRevision, 'taskDefinitionArn'>,
  desired?: number,
): UpdateServiceCommandInput {
  return {
    cluster: rollout.snapshot.address.cluster,
    service: rollout.snapshot.address.name,
    taskDefinition: rollout.replacesTasks ? target.taskDefinitionArn : rollout.taskDefinitionArn,
    ...ownSettings(settingsBefore(rollout.snapshot, request), request, desired),
  };
}

export interface RollbackRequestContext extends Pick<RunContext, 'clock'> {
  /** Clients that still answer after the job was cancelled. */
  readonly aws: Pick<Aws, 'ecs' | 'elb' | 'ecsWrites' | 'taskDefinitions' | 'codeDeploy'>;
  /** For all of it. */
  readonly seconds: number;
}

/** What becomes of a service that nobody follows any more. */
export interface EndState {
  /** One sentence. */
  readonly nowRunning: string;
  /** What is asked for is not done, as far as is known: the post step tries again. */
  readonly needsPostStep: boolean;
  /** It was told to go back, or is on its way. */
  readonly goesBack?: true;
}

/** How far the asking came. */
interface Progress {
  /** A request that ECS took, or that it may have taken: the end of a sentence. */
  asked: string | undefined;
  /** What came of the last attempt, while the next is waited for. */
  last: unknown;
  /** The revision to go back to, once it is there. */
  revision?: string;
}

/** Pause before the next attempt, and how long one look may take. */
const PAUSE_MS = 1_000;

const LOOK_MS = 5_000;

/** Requests that ECS refuses before another way is taken, and before none is. */
const REFUSALS = 2;

const MOST_REFUSALS = 4;

/**
 * Asks for the rollback of one deployment, by the same rules as any rollback, until ECS takes it or the time is up.
 * What this run changed beside the revision goes back in the same breath. Nobody waits for the end. Never rejects.
 */
export async function requestRollback(
  ctx: RollbackRequestContext,
  rollout: Rollout,
  request: RolloutRequest,
): Promise<EndState> {
  const { clock, seconds } = ctx;
  const over = new AbortController();
  const progress: Progress = { asked: undefined, last: undefined };
  try {
    const ask = (): Promise<EndState> => requestUntilAccepted(ctx, rollout, request, over.signal, progress);
    return await withTimeout(clock, seconds * 1000, ask);
  } catch (error) {
    if (!(error instanceof TimedOut)) return notRequested(rollout, error);
    if (progress.asked !== undefined && awsErrorKind(progress.last) !== 'transient') {
      const what = `${progress.asked}, and no answer came in time about the settings of this run`;
      return goingBack(endState(rollout, what, true));
    }
    if (awsErrorKind(progress.last) === 'throttled') return notRequested(rollout, progress.last);
    return endState(rollout, 'no answer came in time, so whether it is rolled back is not known', true);
  } finally {
    over.abort(new Error('The time to ask for a rollback is over.'));
  }
}

async function requestUntilAccepted(
  ctx: RollbackRequestContext,
  rollout: Rollout,
  request: RolloutRequest,
  signal: AbortSignal,
  progress: Progress,
): Promise<EndState> {
  let refusals = 0;
  let known = rollout;
  for (;;) {
    progress.last = undefined;
    try {
      return await requestOnce(ctx, known, request, refusals < REFUSALS, signal, progress);
    } catch (error) {
      signal.throwIfAborted();
      progress.last = error;
      if (error instanceof TimedOut && progress.asked === undefined) {
        known = withoutServiceDeployment(known);
      }
      refusals = refusalsAfter(error, refusals);
      if (refusals >= MOST_REFUSALS) return notRequested(rollout, error);
      await ctx.clock.sleep(PAUSE_MS, signal);
    }
  }
}

/** Where ECS tells nothing of the service deployment, and was asked for nothing yet, the service alone is read, and updated. */
function withoutServiceDeployment(rollout: Rollout): Rollout {
  return { ...rollout, serviceDeploymentArn: undefined };
}

/** What is denied will stay so: the other way at once, and then none. */
function refusalsAfter(error: unknown, refusals: number): number {
  switch (awsErrorKind(error)) {
    case 'throttled':
    case 'transient':
      return refusals;
    case 'refused':
      return refusals + 1;
    case 'denied':
    case 'unsupported':
      return refusals < REFUSALS ? REFUSALS : MOST_REFUSALS;
    case 'expired':
    case 'not-aws':
      return MOST_REFUSALS;
  }
}

async function requestOnce(
  ctx: RollbackRequestContext,
  rollout: Rollout,
  request: RolloutRequest,
  mayStop: boolean,
  signal: AbortSignal,
  progress: Progress,
): Promise<EndState> {
  const { aws, clock } = ctx;
  if (rollout.codeDeploymentId !== undefined)
    return requestByCodeDeploy(ctx, rollout, rollout.codeDeploymentId, signal, progress);
  const step = await withTimeout(clock, LOOK_MS, () => nextStep(ctx, rollout, mayStop));
  signal.throwIfAborted();
  switch (step.kind) {
    case 'end':
      return endedAlready(ctx, rollout, step.end);
    case 'follow': {
      const done = progress.asked === undefined ? await statusNow(ctx, rollout) : undefined;
      return withSettings(ctx, rollout, request, signal, done ?? progress.asked ?? '');
    }
    case 'stop':
      progress.asked = `ECS was asked to roll ${revisionName(rollout.taskDefinitionArn)} back`;
      await refusing(progress, () =>
        aws.ecsWrites.stopServiceDeployment({ serviceDeploymentArn: step.arn, stopType: 'ROLLBACK' }),
      );
      return withSettings(ctx, rollout, request, signal, progress.asked);
    case 'update': {
      if (progress.revision === undefined) {
        progress.revision = rollout.replacesTasks
          ? await deployableRevision({ aws, clock, signal }, step.to)
          : rollout.taskDefinitionArn;
        // That may have taken its time: what is updated is read right before.
        if (step.to.mustBeRegistered) return requestOnce(ctx, rollout, request, mayStop, signal, progress);
      }
      const target = { taskDefinitionArn: progress.revision };
      return requestByUpdate(aws, rollout, restoringInput(rollout, request, target, step.desired));
    }
  }
}

/** While it is under way it is stopped; afterwards a deployment of the last good revision is asked for. */
async function requestByCodeDeploy(
  ctx: RollbackRequestContext,
  rollout: Rollout,
  id: string,
  signal: AbortSignal,
  progress: Progress,
): Promise<EndState> {
  const { aws, clock } = ctx;
  const { snapshot } = rollout;
  const revision = revisionName(rollout.taskDefinitionArn);
  const step = await withTimeout(clock, LOOK_MS, () => nextCodeDeployStep(ctx, rollout));
  signal.throwIfAborted();
  switch (step.kind) {
    case 'end':
      return endedAlready(ctx, rollout, step.end);
    case 'follow':
      return goingBack({ nowRunning: await statusNow(ctx, rollout), needsPostStep: false });
    case 'stop':
      progress.asked = `CodeDeploy was asked to stop ${id} and to roll ${revision} back`;
      await refusing(progress, () =>
        aws.codeDeploy.stopDeployment({ deploymentId: id, autoRollbackEnabled: true }),
      );
      return goingBack(endState(rollout, progress.asked, false));
    case 'deploy': {
      const target = await findRollbackTarget(aws.taskDefinitions, candidatesOf(snapshot));
      if (target === undefined) return notRolledBack(rollout, 'there is no good revision to go back to');
      progress.revision ??= await deployableRevision({ aws, clock, signal }, target);
      const back = progress.revision;
      const made = await createDeployment(
        { aws, clock, signal },
        snapshot,
        leadingBack(step.settings),
        back,
        Deadline.of(clock, 0),
      );
      const what = `CodeDeploy was told to go back to ${revisionName(back)} (${made})`;
      return goingBack(endState(rollout, what, false));
    }
  }
}

/** There is nothing to ask for, and why: nowhere to go back to, or somebody else's deployment, or it is back already. */
async function endedAlready(
  ctx: RollbackRequestContext,
  rollout: Rollout,
  end: RollbackEnd,
): Promise<EndState> {
  return end.kind === 'nowhere'
    ? notRolledBack(rollout, end.why)
    : { nowRunning: await statusNow(ctx, rollout), needsPostStep: false };
}

function notRolledBack(rollout: Rollout, why: string): EndState {
  const revision = revisionName(rollout.taskDefinitionArn);
  return endState(rollout, `${revision} is not rolled back: ${why}`, false);
}

async function requestByUpdate(
  { ecsWrites }: RollbackRequestContext['aws'],
  rollout: Rollout,
  input: UpdateServiceCommandInput,
): Promise<EndState> {
  await ecsWrites.updateService(input);
  const what = `it was told to go back to ${revisionName(input.taskDefinition ?? '')}`;
  return goingBack(endState(rollout, what, false));
}

/** Only an answer that is lost may have been a yes. */
async function refusing(progress: Progress, send: () => Promise<unknown>): Promise<void> {
  try {
    await send();
  } catch (error) {
    if (awsErrorKind(error) !== 'transient') progress.asked = undefined;
    throw error;
  }
}

function statusNow({ aws, clock }: RollbackRequestContext, rollout: Rollout): Promise<string> {
  return withTimeout(clock, LOOK_MS, () => readDeploymentStatus(aws, rollout, true));
}

/** ECS's own rollback restores the revision alone. `done`: a sentence, or the end of one. */
async function withSettings(
  { aws, clock }: RollbackRequestContext,
  rollout: Rollout,
  request: RolloutRequest,
  signal: AbortSignal,
  done: string,
): Promise<EndState> {
  const ctx = { aws, clock, signal, log: SILENCE };
  const kept = await restoreSettings(ctx, rollout, { ...request, onFailure: 'rollback' });
  if (kept !== undefined)
    return goingBack(endState(rollout, `${done.replace(/\.$/, '')}, but ${kept}`, true));
  return goingBack(
    done.endsWith('.') ? { nowRunning: done, needsPostStep: false } : endState(rollout, done, false),
  );
}

function notRequested(rollout: Rollout, error: unknown): EndState {
  const revision = revisionName(rollout.taskDefinitionArn);
  return endState(
    rollout,
    `rolling ${revision} back could not be asked for (${describeAwsError(error)})`,
    true,
  );
}

function goingBack(end: EndState): EndState {
  return { ...end, goesBack: true };
}

function endState({ snapshot }: Rollout, what: string, needsPostStep: boolean): EndState {
  const begin = `Service "${snapshot.address.name}"`;
  const end = what.replace(/\.$/, '');
  return { nowRunning: end.startsWith('Service ') ? `${end}.` : `${begin}: ${end}.`, needsPostStep };
}
