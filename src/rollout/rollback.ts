/** Goes back, as long as there is time for it: reads, chooses, acts, follows. */
import { revisionName } from '../aws/arn.ts';
import type { Aws } from '../aws/clients.ts';
import { describeAwsError } from '../aws/errors.ts';
import { retryUnanswered } from '../aws/writes.ts';
import { primaryOf, type Service } from '../ecs/services.ts';
import type { Evidence, RollbackEnd, Rollout, RolloutRequest } from '../model/index.ts';
import { Deadline, poll } from '../runtime/wait.ts';
import { actsOf, type Act, type Acted, type Action, type Actor, type Actors, type Taken } from './acts.ts';
import { goingOn } from './answer-hook.ts';
import { chooseAct, readCurrentState, registeredBy, type Choice } from './choose-act.ts';
import { chooseCodeDeployAct, readCodeDeployState } from './choose-codedeploy-act.ts';
import { withoutAnswer, type Watched } from './failure.ts';
import { findServiceDeployment } from './find-deployment.ts';
import { untilAnswered } from './progress.ts';
import { watch, type StageWatch, type WatchContext } from './watch.ts';

export interface RollbackContext extends WatchContext {
  readonly actors: Actors;
  readonly aws: Pick<Aws, 'ecs' | 'ecr' | 'elb' | 'ecsWrites' | 'taskDefinitions' | 'codeDeploy'>;
  /** What the tasks of a rollback that failed say. */
  readonly explain?: (back: Rollout, seen: Pick<Watched, 'last' | 'history'>) => Promise<Evidence[]>;
}

/** Requests to stop that are refused before another way is taken: the deployment may have moved on this very moment. */
const REFUSALS = { stop: 3, others: 1 };

/** How long a read before an act is given: one that hangs is given up, and begun again. */
const LOOK_LIMITS = { least: 5_000, longest: 30_000 };

/** Pauses after what AWS did not answer, in seconds; the last one goes on. */
const PAUSES = [1, 2, 4, 8, 15];

/** What is rolled back, by whom, and until when. */
interface Undoing {
  readonly rollout: Rollout;
  readonly request: RolloutRequest;
  readonly actor: Actor;
  readonly deadline: Deadline;
}

/** What is followed moved on, or AWS refused: the service is to be read again. */
interface LookAgain {
  readonly kind: 'look-again';
}

/**
 * Puts the last good revision back: reads the service, chooses an act by that and by the acts so far, acts, and again, until
 * its end or the deadline. Throttling, server errors and calls that hang only cost time. What leads back is followed to its
 * own end.
 */
export async function rollBack(
  ctx: RollbackContext,
  rollout: Rollout,
  request: RolloutRequest,
  deadline = deadlineOf(ctx, request),
): Promise<RollbackEnd> {
  const { clock, signal, log } = ctx;
  const { name } = rollout.snapshot.address;
  const undoing = { rollout, request, deadline, actor: ctx.actors.of(rollout.snapshot) };
  const onRetry = (error: Error): void => {
    log.line(`${name}: going back: no answer (${describeAwsError(error)}); trying again.`);
  };
  const retries = { clock, signal, pauses: PAUSES, deadline, onRetry };
  const late: RollbackEnd = { kind: 'failed', why: 'the service kept changing while it was rolled back' };
  return poll(ctx, deadline, async () => {
    const end = await retryUnanswered(retries, () => readAndAct(ctx, undoing));
    return end.kind === 'look-again'
      ? { kind: 'pause', pauseMs: request.pollSeconds * 1000, late }
      : { kind: 'end', value: end };
  });
}

/** As long as the rollout itself may take, from now. */
function deadlineOf({ clock }: RollbackContext, { waitMinutes }: RolloutRequest): Deadline {
  return Deadline.of(clock, waitMinutes * 60_000);
}

/** Once. Rejects with what AWS did not answer. */
async function readAndAct(ctx: RollbackContext, undoing: Undoing): Promise<RollbackEnd | LookAgain> {
  const choose = async (): Promise<Choice> => {
    const choice = await chooseNow(ctx, undoing);
    if (choice.kind === 'act') say(ctx, undoing, choice.action);
    return choice;
  };
  const acted = await undoing.actor.act(ctx, choose, undoing.deadline);
  switch (acted.kind) {
    case 'end':
      return acted.end;
    case 'give-up':
    case 'look-again':
      throw acted.error;
    case 'follow':
      return follow(ctx, undoing, undoing.rollout);
    case 'follow-update':
      return followUpdate(ctx, undoing, acted.service, acted.to);
    case 'acted':
      return goOn(ctx, undoing, acted);
  }
}

/** By what came of the act. */
async function goOn(
  ctx: RollbackContext,
  undoing: Undoing,
  { choice: { action }, end }: Extract<Acted<Choice>, { kind: 'acted' }>,
): Promise<RollbackEnd | LookAgain> {
  switch (end.kind) {
    case 'taken':
      return followAct(ctx, undoing, action, end);
    case 'not-ours':
      return { kind: 'superseded', by: end.error.message };
    case 'unanswered':
      throw end.error;
    case 'refused':
      // It may have moved on this very moment; of what is sent to the service itself no pause makes another answer.
      return isStop(action) ? { kind: 'look-again' } : readAndAct(ctx, undoing);
    case 'denied':
      return readAndAct(ctx, undoing);
  }
}

function isStop({ kind }: Action): boolean {
  return kind === 'stop' || kind === 'stop-codedeploy';
}

async function chooseNow({ aws }: RollbackContext, undoing: Undoing): Promise<Choice> {
  const { rollout, request, deadline, actor } = undoing;
  const terms = { rollout, request, refusals: REFUSALS };
  return rollout.codeDeploymentId === undefined
    ? chooseAct(
        await readCurrentState(aws, rollout, (read) => deadline.within(LOOK_LIMITS, read)),
        actor.acts,
        terms,
      )
    : chooseCodeDeployAct(
        await deadline.within(LOOK_LIMITS, () => readCodeDeployState(aws, rollout)),
        actor.acts,
        terms,
      );
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

function say({ log }: RollbackContext, { rollout, actor }: Undoing, action: Action): void {
  const { name } = rollout.snapshot.address;
  const text = whatIsDone(action, actor.acts);
  if (text !== undefined) log.line(`${name}: ${text}.`);
}

function whatIsDone(action: Action, acts: readonly Act[]): string | undefined {
  switch (action.kind) {
    case 'stop':
      return 'asking ECS to roll the service deployment back';
    case 'register':
      return `going back to ${revisionName(action.target.good.taskDefinitionArn)}, registered again with the digests that it ran with`;
    case 'update':
      return registeredBy(acts) === undefined
        ? `going back to ${revisionName(action.input.taskDefinition ?? '')}`
        : undefined;
    case 'stop-codedeploy':
      return `asking CodeDeploy to stop ${action.id} and to roll it back`;
    case 'deploy': {
      const { hooks } = action.settings;
      // They are of the AppSpec, and CodeDeploy knows no deployment without them.
      const also = hooks.length === 0 ? '' : `, which calls the hooks of ${hooks.join(', ')} as well`;
      return `going back to ${revisionName(action.revision)} by a deployment of it${also}`;
    }
    case 'continue':
    case 'continue-codedeploy':
    case 'restore-settings':
      return undefined;
  }
}

/** What AWS took leads back: that is followed. A revision that is there now is deployed next, after another look. */
async function followAct(
  ctx: RollbackContext,
  undoing: Undoing,
  action: Action,
  { service, made }: Taken,
): Promise<RollbackEnd | LookAgain> {
  const { rollout } = undoing;
  switch (action.kind) {
    case 'register':
      return readAndAct(ctx, undoing);
    case 'stop':
      return follow(ctx, undoing, rollout);
    case 'update':
      return followUpdate(ctx, undoing, service, action.input.taskDefinition ?? rollout.taskDefinitionArn);
    case 'stop-codedeploy':
      return follow(ctx, undoing, { ...rollout, isAskedBack: true });
    case 'deploy':
      return followDeployment(ctx, undoing, action, made ?? '');
    case 'continue':
    case 'continue-codedeploy':
    case 'restore-settings':
      return { kind: 'look-again' };
  }
}

/** Follows what AWS itself rolls back. */
async function follow(
  ctx: RollbackContext,
  { request, deadline, actor }: Undoing,
  rollout: Rollout,
): Promise<RollbackEnd | LookAgain> {
  const end = endOfRollback(await watch(ctx, rollout, request, 'rolled-back', { deadline }));
  const unused = registeredBy(actor.acts);
  return unused !== undefined && end.kind === 'rolled-back' ? { ...end, unused } : end;
}

/** Follows the deployment with which this run updates the service back. */
async function followUpdate(
  ctx: RollbackContext,
  undoing: Undoing,
  service: Service | undefined,
  taskDefinitionArn: string,
): Promise<RollbackEnd | LookAgain> {
  const { rollout, actor } = undoing;
  const primary = service && primaryOf(service);
  const snapshot = { ...rollout.snapshot, primaryId: rollout.deploymentId };
  const replacesTasks = primary?.id !== rollout.deploymentId;
  const back: Rollout = {
    ...rollout,
    snapshot,
    taskDefinitionArn,
    deploymentId: primary?.id ?? '',
    createdAt: primary?.createdAt?.getTime(),
    serviceDeploymentArn: replacesTasks
      ? await findServiceDeployment(ctx, snapshot, primary, taskDefinitionArn)
      : undefined,
    replacesTasks,
  };
  const end = await followBack(ctx, undoing, back);
  const good = rollout.replacesTasks && copiedBy(actor.acts);
  return good && end.kind === 'rolled-back' ? { ...end, copyOf: good } : end;
}

/** The last good revision, of which this run registered a copy. */
function copiedBy(acts: readonly Act[]): string | undefined {
  const actions = actsOf(acts, 'register').map(({ action }) => action);
  return actions.flatMap((action) =>
    action.kind === 'register' ? [action.target.good.taskDefinitionArn] : [],
  )[0];
}

/** Follows the deployment of CodeDeploy with which this run goes back. */
function followDeployment(
  ctx: RollbackContext,
  undoing: Undoing,
  { snapshot, revision, definition }: Extract<Action, { kind: 'deploy' }>,
  codeDeploymentId: string,
): Promise<RollbackEnd | LookAgain> {
  return followBack(ctx, undoing, {
    ...undoing.rollout,
    snapshot,
    taskDefinitionArn: revision,
    definition,
    deploymentId: '',
    codeDeploymentId,
    adopted: false,
  });
}

/** To its own end: hiccups on the way of a deployment that goes back are no verdict. */
async function followBack(
  ctx: RollbackContext,
  { request, deadline }: Undoing,
  back: Rollout,
): Promise<RollbackEnd | LookAgain> {
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
      if (end.blindMs !== undefined)
        return { kind: 'unseen', cause: undefined, why: withoutAnswer(end.blindMs), hint: undefined };
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
