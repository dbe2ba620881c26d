/** Asks for a rollback that nobody follows. */
import { revisionName } from '../aws/arn.ts';
import { attempt, LOST } from '../aws/attempt.ts';
import type { Aws } from '../aws/clients.ts';
import { describeAwsError, isThrottling } from '../aws/errors.ts';
import type { RunContext } from '../context.ts';
import type { RollbackEnd, Rollout, RolloutRequest } from '../model/index.ts';
import { SILENCE } from '../runtime/log.ts';
import { Deadline, poll, TimedOut, withTimeout, type PollStep } from '../runtime/wait.ts';
import { mayHaveTaken, type Act, type Action, type Actor, type Actors, type Taken } from './acts.ts';
import { chooseAct, readCurrentState, type Choice, type WithLimit } from './choose-act.ts';
import { chooseCodeDeployAct, readCodeDeployState } from './choose-codedeploy-act.ts';
import { readDeploymentStatus } from './describe.ts';
import { restoreSettings } from './settings.ts';

export interface RollbackRequestContext extends Pick<RunContext, 'clock'> {
  /** Clients that still answer after the job was cancelled. */
  readonly aws: Pick<Aws, 'ecs' | 'elb' | 'ecsWrites' | 'taskDefinitions' | 'codeDeploy'>;
  readonly actors: Actors;
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

/** Pause before the next attempt, and how long one look may take. */
const PAUSE_MS = 1_000;

const LOOK_MS = 5_000;

/** Requests to stop that are refused before another way is taken, and others before none is. */
const REFUSALS = { stop: 2, others: 2 };

/** What is asked for, and how far that came. */
interface Asking {
  readonly ctx: RollbackRequestContext & { readonly signal: AbortSignal; readonly graceMs: number };
  readonly rollout: Rollout;
  readonly request: RolloutRequest;
  readonly actor: Actor;
  /** Acts of the run before this request. */
  readonly before: number;
  /** It is being rolled back, and only the settings of this run are left. */
  goesBack: boolean;
  /** What kept the last attempt from it. */
  last: unknown;
}

/**
 * Asks for the rollback of one deployment, by the same rules as any rollback, until ECS takes it or the time is up.
 * What this run changed beside the revision goes back in the same breath. Nobody waits for the end. Never rejects.
 */
export async function requestRollback(
  ctx: RollbackRequestContext,
  rollout: Rollout,
  request: RolloutRequest,
): Promise<EndState> {
  const { clock, seconds, actors } = ctx;
  const over = new AbortController();
  const actor = actors.of(rollout.snapshot);
  const asking: Asking = {
    ctx: { ...ctx, signal: over.signal, graceMs: 0 },
    rollout,
    request,
    actor,
    before: actor.acts.length,
    goesBack: false,
    last: undefined,
  };
  const deadline = Deadline.of(clock, seconds * 1000);
  try {
    return await deadline.within({ least: 0 }, () => requestUntilAccepted(asking, deadline));
  } catch (error) {
    return error instanceof TimedOut ? notInTime(asking) : notRequested(rollout, error);
  } finally {
    over.abort(new Error('The time to ask for a rollback is over.'));
  }
}

function requestUntilAccepted(asking: Asking, deadline: Deadline): Promise<EndState> {
  const { signal } = asking.ctx;
  return poll(asking.ctx, deadline, async (): Promise<PollStep<EndState>> => {
    const answer = await attempt(() => readAndRequest(asking), LOST);
    signal.throwIfAborted();
    const end: Requested = answer.kind === 'answered' ? answer.value : { kind: 'again', error: answer.error };
    if (end.kind === 'end') return { kind: 'end', value: end.state };
    asking.last = end.error;
    return { kind: 'pause', pauseMs: PAUSE_MS, late: notInTime(asking) };
  });
}

function notInTime(asking: Asking): EndState {
  const { rollout, goesBack, last } = asking;
  const mayBeAsked = actsOfThis(asking).some((act) => act.action.kind !== 'register' && mayHaveTaken(act));
  if (goesBack) {
    const what = `${whatIsAsked(asking) ?? 'it is being rolled back'}, and no answer came in time about the settings of this run`;
    return goingBack(endState(rollout, what, true));
  }
  if (isThrottling(last) && !mayBeAsked) return notRequested(rollout, last);
  return endState(rollout, 'no answer came in time, so whether it is rolled back is not known', true);
}

type Requested =
  { readonly kind: 'end'; readonly state: EndState } | { readonly kind: 'again'; readonly error: unknown };

/** Once. Rejects where AWS will have it in no way. */
async function readAndRequest(asking: Asking): Promise<Requested> {
  const { ctx, rollout, actor } = asking;
  const acted = await actor.act(ctx, () => chooseNow(asking));
  ctx.signal.throwIfAborted();
  switch (acted.kind) {
    case 'end':
      return done(await endedAlready(ctx, rollout, acted.end));
    case 'give-up':
      throw acted.error;
    case 'look-again':
      return { kind: 'again', error: acted.error };
    case 'follow-update':
      return done(goingBack({ nowRunning: await statusNow(ctx, rollout), needsPostStep: false }));
    case 'follow':
      return done(goingBack(await followed(asking)));
    case 'acted': {
      const { end } = acted;
      const { action } = acted.choice;
      switch (end.kind) {
        case 'taken':
          return action.kind === 'register'
            ? readAndRequest(asking)
            : done(goingBack(await taken(asking, action, end)));
        case 'not-ours':
          return done(notRequested(rollout, end.error));
        case 'refused':
        case 'denied':
        case 'unanswered':
          return { kind: 'again', error: end.error };
      }
    }
  }
}

function done(state: EndState): Requested {
  return { kind: 'end', state };
}

async function chooseNow({ ctx, rollout, request, actor }: Asking): Promise<Choice> {
  const { aws, clock } = ctx;
  const terms = { rollout, request, refusals: REFUSALS, isShort: true };
  const within: WithLimit = (read) => withTimeout(clock, LOOK_MS, read);
  if (rollout.codeDeploymentId === undefined)
    return chooseAct(await readCurrentState(aws, rollout, within), actor.acts, terms);
  const state = await attempt(() => within(() => readCodeDeployState(aws, rollout)), LOST);
  return state.kind === 'answered'
    ? chooseCodeDeployAct(state.value, actor.acts, terms)
    : { kind: 'look-again', error: state.error };
}

/** The end of a sentence on what AWS took. ECS's own rollback restores the revision alone. */
async function taken(asking: Asking, action: Action, { made }: Taken): Promise<EndState> {
  const { rollout } = asking;
  switch (action.kind) {
    case 'stop':
      return withSettings(asking, whatIsAsked(asking) ?? '');
    case 'update':
      return endState(
        rollout,
        `it was told to go back to ${revisionName(action.input.taskDefinition ?? '')}`,
        false,
      );
    case 'deploy':
      return endState(
        rollout,
        `CodeDeploy was told to go back to ${revisionName(action.revision)} (${made ?? ''})`,
        false,
      );
    case 'stop-codedeploy':
    case 'register':
    case 'continue':
    case 'continue-codedeploy':
    case 'restore-settings':
      return endState(rollout, whatIsAsked(asking) ?? '', false);
  }
}

/** It is being rolled back: by this run, or by AWS itself, or by somebody. */
async function followed(asking: Asking): Promise<EndState> {
  const { ctx, rollout } = asking;
  if (rollout.codeDeploymentId !== undefined)
    return { nowRunning: await statusNow(ctx, rollout), needsPostStep: false };
  return withSettings(asking, whatIsAsked(asking) ?? (await statusNow(ctx, rollout)));
}

/** A request to stop that AWS took, or may have taken: the end of a sentence. */
function whatIsAsked(asking: Asking): string | undefined {
  const revision = revisionName(asking.rollout.taskDefinitionArn);
  const last = actsOfThis(asking).findLast(({ action }) => ['stop', 'stop-codedeploy'].includes(action.kind));
  if (last === undefined || !mayHaveTaken(last)) return undefined;
  return last.action.kind === 'stop-codedeploy'
    ? `CodeDeploy was asked to stop ${last.action.id} and to roll ${revision} back`
    : `ECS was asked to roll ${revision} back`;
}

function actsOfThis({ actor, before }: Asking): readonly Act[] {
  return actor.acts.slice(before);
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

async function statusNow({ aws, clock }: RollbackRequestContext, rollout: Rollout): Promise<string> {
  const { sentence } = await withTimeout(clock, LOOK_MS, () => readDeploymentStatus(aws, rollout, true));
  return sentence;
}

/** What else this run changed. `said`: a sentence, or the end of one. */
async function withSettings(asking: Asking, said: string): Promise<EndState> {
  const { ctx, rollout, request } = asking;
  asking.goesBack = true;
  const quietly = { ...ctx, log: SILENCE };
  const kept = await restoreSettings(quietly, rollout, { ...request, onFailure: 'rollback' });
  if (kept !== undefined) return endState(rollout, `${said.replace(/\.$/, '')}, but ${kept}`, true);
  return said.endsWith('.') ? { nowRunning: said, needsPostStep: false } : endState(rollout, said, false);
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
