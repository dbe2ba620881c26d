/** How the last good revision comes back: what is read right before an act, and which act follows from it. */
import type { UpdateServiceCommandInput } from '@aws-sdk/client-ecs';
import { revisionName } from '../aws/arn.ts';
import { attempt, LOST, valueOr, type Answer } from '../aws/attempt.ts';
import type { Aws } from '../aws/clients.ts';
import { candidatesOf, findRollbackTarget, type RollbackTarget } from '../ecs/rollback-target.ts';
import { describeServiceDeployment, type ServiceDeployment } from '../ecs/service-deployments.ts';
import { describeService, OutdatedAnswer, primaryOf, type Service } from '../ecs/services.ts';
import type { GoodRevision, RollbackEnd, Rollout, RolloutRequest } from '../model/index.ts';
import { TimedOut } from '../runtime/wait.ts';
import { actsOf, mayHaveTaken, refusalsOf, type Act, type Action } from './acts.ts';
import { saysRollback } from './history.ts';
import { differing, ownSettings, settingsBefore } from './settings.ts';

/** A service as it is this moment. */
export interface CurrentState {
  /** Ours; undefined where ECS shows none. */
  readonly deployment: Answer<ServiceDeployment | undefined>;
  readonly service: Answer<Service>;
  /** What it goes back to; undefined where there is nothing. */
  readonly target: Answer<RollbackTarget | undefined>;
}

/** Waits for the answer of a read for as long as it is given. */
export type WithLimit = <T>(read: () => Promise<T>) => Promise<T>;

/** The service last: it says whose turn it is. What is not answered is part of the state. */
export async function readCurrentState(
  { ecs, taskDefinitions }: Pick<Aws, 'ecs' | 'taskDefinitions'>,
  { snapshot, createdAt, serviceDeploymentArn: arn }: Rollout,
  within: WithLimit,
): Promise<CurrentState> {
  const read = <T>(call: () => Promise<T>): Promise<Answer<T>> => attempt(() => within(call), LOST);
  const [deployment, target] = await Promise.all([
    read(() => (arn === undefined ? Promise.resolve(undefined) : describeServiceDeployment(ecs, arn))),
    read(() => findRollbackTarget(taskDefinitions, candidatesOf(snapshot))),
  ]);
  const service = await read(() => describeService(ecs, snapshot.address, createdAt));
  return { deployment, service, target };
}

export type Choice =
  | { readonly kind: 'act'; readonly action: Action }
  /** It is being rolled back already. */
  | { readonly kind: 'follow' }
  /** An update of this run that had no answer took effect: `to` is what the service goes to by it. */
  | { readonly kind: 'follow-update'; readonly to: string; readonly service: Service }
  /** What the choice hangs on was not answered, or is older than this run. */
  | { readonly kind: 'look-again'; readonly error: unknown }
  /** AWS will not have it, in any way. */
  | { readonly kind: 'give-up'; readonly error: unknown }
  | { readonly kind: 'end'; readonly end: RollbackEnd };

export interface ActTerms {
  readonly rollout: Rollout;
  readonly request: RolloutRequest;
  /** Refused requests to stop before the other way is taken, and refused others before none is. */
  readonly refusals: { readonly stop: number; readonly others: number };
  /**
   * There is little time, and nobody follows: the service alone says what is to be done where ECS does not show its
   * deployment in time, and what ECS does by itself, once it was asked, is asked for until it takes it.
   */
  readonly isShort?: boolean;
}

const RUNNING: readonly (string | undefined)[] = ['PENDING', 'IN_PROGRESS', 'STOP_REQUESTED'];

/**
 * Pure: what the service, as it is this moment, allows, after the acts so far. Another's deployment is never touched. While
 * ours runs ECS is asked to roll it back, afterwards the service is updated to the last good revision; after an answer that
 * is lost the other call is next, which has another quota.
 */
export function chooseAct(state: CurrentState, acts: readonly Act[], terms: ActTerms): Choice {
  const { rollout, request, isShort = false } = terms;
  const { snapshot, replacesTasks, serviceDeploymentArn: arn } = rollout;
  const isAsked = actsOf(acts, 'stop').some(mayHaveTaken);
  const service = valueOr(state.service, undefined);
  const update = service && takenUpdate(service, acts, rollout);
  if (service !== undefined && update !== undefined)
    return { kind: 'follow-update', to: update.taskDefinition ?? rollout.taskDefinitionArn, service };
  if (state.deployment.kind !== 'answered') {
    const goesOn = isShort && !isAsked && state.deployment.error instanceof TimedOut;
    if (!goesOn) return { kind: 'look-again', error: state.deployment.error };
  }
  const deployment = valueOr(state.deployment, undefined);
  if (deployment?.status?.startsWith('ROLLBACK_') === true) return { kind: 'follow' };
  const stop: Choice | undefined =
    arn !== undefined &&
    RUNNING.includes(deployment?.status) &&
    mayStop(acts, terms) &&
    goesToTarget(state, rollout)
      ? { kind: 'act', action: { kind: 'stop', arn } }
      : undefined;
  // Its own status says that it is nobody else's turn, and the request names it alone.
  if (state.service.kind !== 'answered') return stop ?? { kind: 'look-again', error: state.service.error };
  const primary = primaryOf(state.service.value);
  if (primary?.id !== rollout.deploymentId) {
    if (primary?.id === snapshot.primaryId)
      return { kind: 'look-again', error: new OutdatedAnswer(snapshot.address.name) };
    // Where service deployments cannot be read, the PRIMARY entry with which ECS rolls back says so itself.
    if (deployment === undefined && saysRollback({ reason: primary?.rolloutStateReason }))
      return { kind: 'follow' };
    return { kind: 'end', end: { kind: 'superseded', by: primary?.id ?? 'another deployment' } };
  }
  if (state.target.kind !== 'answered') return { kind: 'look-again', error: state.target.error };
  const target = state.target.value;
  if (target === undefined) return nowhere(whyNoTarget(rollout));
  if (stop !== undefined) return stop;
  const good = target.good.taskDefinitionArn;
  if (good === rollout.taskDefinitionArn && !target.mustBeRegistered && replacesTasks)
    return nowhere(`the last good revision is ${revisionName(good)} itself`);
  const refused = refusedForGood(acts, terms);
  if (refused !== undefined) return { kind: 'give-up', error: refused };
  const revision = target.mustBeRegistered && replacesTasks ? registeredBy(acts) : good;
  if (revision === undefined) return { kind: 'act', action: { kind: 'register', target } };
  const { desiredCount } = state.service.value;
  const input = restoringInput(rollout, request, { taskDefinitionArn: revision }, desiredCount);
  return { kind: 'act', action: { kind: 'update', input } };
}

/** Pure: the revision that this run registered to go back to. */
export function registeredBy(acts: readonly Act[]): string | undefined {
  return actsOf(acts, 'register').flatMap(({ end }) => (end.kind === 'taken' ? (end.made ?? []) : []))[0];
}

/** What leads back by a deployment of this run, where nothing that is under way can be stopped. */
const DEPLOYS: readonly Action['kind'][] = ['register', 'update', 'deploy'];

/** Pure: the error after which no other way is left. A CONTINUE, or settings, that AWS refuses close none. */
export function refusedForGood(acts: readonly Act[], { refusals }: ActTerms): unknown {
  const others = acts.filter(({ action }) => DEPLOYS.includes(action.kind));
  const refused = others.flatMap(({ end }) => (end.kind === 'refused' ? [end.error] : []));
  const denied = others.flatMap(({ end }) => (end.kind === 'denied' ? [end.error] : []));
  return denied[0] ?? (refused.length >= refusals.others ? refused.at(-1) : undefined);
}

/** Pure: back to the revision, where this run changed it, and to whatever else it changed. `desired`: the count of now. */
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

function mayStop(acts: readonly Act[], terms: ActTerms): boolean {
  const stops = actsOf(acts, 'stop');
  const last = acts.findLast(({ action }) => action.kind === 'stop' || DEPLOYS.includes(action.kind));
  const isLost = last?.action.kind === 'stop' && last.end.kind === 'unanswered';
  const isOthersTurn = isLost && terms.isShort !== true && refusedForGood(acts, terms) === undefined;
  return (
    !isOthersTurn &&
    !stops.some(({ end }) => end.kind === 'denied') &&
    refusalsOf(acts, 'stop') < terms.refusals.stop
  );
}

/** Where ECS goes when it is asked to roll back is where this run would go. */
function goesToTarget({ target }: CurrentState, { snapshot }: Rollout): boolean {
  const [newest] = candidatesOf(snapshot);
  const there = valueOr(target, undefined);
  return there !== undefined && there.good.serviceRevisionArn === newest?.serviceRevisionArn;
}

/** What the service shows of an update of this run that had no answer. */
function takenUpdate(
  service: Service,
  acts: readonly Act[],
  { deploymentId, replacesTasks }: Rollout,
): UpdateServiceCommandInput | undefined {
  const lost = acts.flatMap(({ action, end }) =>
    action.kind === 'update' && end.kind === 'unanswered' ? [action.input] : [],
  );
  const primary = primaryOf(service);
  return lost.findLast((input) =>
    replacesTasks
      ? primary?.id !== deploymentId && primary?.taskDefinition === input.taskDefinition
      : primary?.id === deploymentId && differing(service, input).length === 0,
  );
}

function whyNoTarget({ snapshot }: Rollout): string {
  return candidatesOf(snapshot).length === 0
    ? 'no deployment of this service ever succeeded, so there is no good revision to go back to'
    : 'every revision that ECS called good is marked as failed, so there is no good revision to go back to';
}

function nowhere(why: string): Choice {
  return { kind: 'end', end: { kind: 'nowhere', why } };
}
