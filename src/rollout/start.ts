import type { Deployment, Service } from '@aws-sdk/client-ecs';
import { revisionName } from '../aws/arn.ts';
import type { Aws, EcsReads } from '../aws/clients.ts';
import { deployErrorOf, describeAwsError } from '../aws/errors.ts';
import { retryRead } from '../aws/writes.ts';
import { deployableRevision } from '../ecs/rollback-target.ts';
import { timeOf } from '../ecs/service-deployments.ts';
import { describeService, primaryOf } from '../ecs/services.ts';
import { createDeployment, CreateUnanswered } from '../codedeploy/create.ts';
import { endTerminationWait } from './termination-wait.ts';
import type {
  CodeDeploySettings,
  PlannedChange,
  PlannedService,
  Problem,
  Rollout,
  RolloutRequest,
  ServiceRun,
  ServiceSnapshot,
  TaskDefinition,
} from '../model/index.ts';
import { Cancelled, CancelledUnanswered } from '../runtime/cancellation.ts';
import { DeployError } from '../runtime/error.ts';
import { Deadline, withGracePeriod } from '../runtime/wait.ts';
import { findServiceDeployment, type FindContext } from './find-deployment.ts';
import { updateInput, updateOnce, UpdateUnanswered, type UpdateContext } from './update.ts';

export interface StartContext extends FindContext, UpdateContext {
  readonly aws: UpdateContext['aws'] &
    Pick<Aws, 'taskDefinitions' | 'codeDeploy'> & {
      readonly ecs: Pick<EcsReads, 'describeServices'> & FindContext['aws']['ecs'];
    };
}

/**
 * Moves one service to a revision, as far as the plan says that this is needed. What AWS refuses is the problem of its run. A job that is
 * cancelled before anything took effect leaves a run without a rollout: the caller looks at the signal next.
 */
export async function startServiceRun(
  ctx: StartContext,
  { snapshot, change, desiredCount }: PlannedService,
  taskDefinitionArn: string,
  definition: TaskDefinition,
  request: RolloutRequest,
): Promise<ServiceRun> {
  const serviceRun = {
    snapshot,
    taskDefinitionArn,
    change,
    desiredCount,
    problem: undefined,
    gates: [],
    rollback: undefined,
    outcome: undefined,
  };
  const sayWhat = (): void => {
    ctx.log.line(`${snapshot.address.name}: ${describePlannedChange(change, taskDefinitionArn)}`);
  };
  if (change !== 'update') {
    sayWhat();
    return { ...serviceRun, rollout: adopt(snapshot, definition) };
  }
  try {
    ctx.signal.throwIfAborted();
    const now = await readBeforeUpdate(ctx, snapshot);
    if (now.kind === 'superseded') return { ...serviceRun, rollout: undefined, problem: now.problem };
    sayWhat();
    const startedAt = ctx.clock.now();
    const start = (arn: string): Promise<Rollout> =>
      now.snapshot.codeDeploy === undefined
        ? startRollout(ctx, now.snapshot, arn, definition, request)
        : startCodeDeployment(ctx, now.snapshot, now.snapshot.codeDeploy, {
            taskDefinitionArn: arn,
            definition,
            request,
          });
    try {
      return { ...serviceRun, startedAt, rollout: await start(taskDefinitionArn) };
    } catch (error) {
      if (!saysInactive(error)) throw error;
      const again = await registerAgain(ctx, taskDefinitionArn, definition);
      return {
        ...serviceRun,
        taskDefinitionArn: again,
        registeredAgain: again,
        startedAt,
        rollout: await start(again),
      };
    }
  } catch (error) {
    const updateUnconfirmed =
      error instanceof CancelledUnanswered ||
      error instanceof UpdateUnanswered ||
      error instanceof CreateUnanswered;
    if (error instanceof Cancelled) return { ...serviceRun, rollout: undefined, updateUnconfirmed };
    const failure = deployErrorOf(error, `updating service "${snapshot.address.name}"`);
    return { ...serviceRun, rollout: undefined, updateUnconfirmed, problem: refusal(failure) };
  }
}

type BeforeUpdate =
  | { readonly kind: 'as-rendered'; readonly snapshot: ServiceSnapshot }
  | { readonly kind: 'superseded'; readonly problem: Problem };

/**
 * Reads the service right before it is updated. ECS has no compare-and-set: whoever moved it to another task definition
 * since ours was rendered is not overwritten. A new deployment of the same one is gone on from.
 */
async function readBeforeUpdate(ctx: StartContext, snapshot: ServiceSnapshot): Promise<BeforeUpdate> {
  const { clock, signal } = ctx;
  const read = (): Promise<Service> => describeService(ctx.aws.ecs, snapshot.address, snapshot.primarySince);
  // The clients of a start answer to the end, for the update; a cancelled job does not wait for this read.
  const service = await withGracePeriod(
    clock,
    signal,
    0,
    () => retryRead(clock, read, signal),
    (reason) => reason as Error,
  );
  signal.throwIfAborted();
  const primary = primaryOf(service);
  const isAsRendered =
    primary?.taskDefinition === snapshot.taskDefinitionArn ||
    // What is on its way is not PRIMARY yet; CodeDeploy itself refuses a second deployment.
    (snapshot.codeDeploy?.open !== undefined && primary?.id === snapshot.primaryId);
  if (primary?.taskDefinition === undefined || isAsRendered) {
    const { primaryId, primarySince } = snapshot;
    const now = {
      primaryId: primary?.id ?? primaryId,
      primarySince: primary?.createdAt?.getTime() ?? primarySince,
    };
    return { kind: 'as-rendered', snapshot: { ...snapshot, ...now } };
  }
  const [theirs, ours] = [primary.taskDefinition, snapshot.taskDefinitionArn].map(revisionName);
  const isRollback = isRollbackOf(snapshot, service, primary);
  const what = isRollback ? 'a rollback of ECS' : 'another deployment';
  return {
    kind: 'superseded',
    problem: {
      result: 'superseded',
      cause: 'superseded',
      reason: `was not begun: since it was prepared, on top of ${ours ?? ''}, ${what} (${primary.id ?? ''}) has moved the service to ${theirs ?? ''}`,
      hint: `${isRollback ? '' : 'Look at the other deployment. '}Run this one again to deploy on top of it.`,
      evidence: [],
      recovery: 'leave',
    },
  };
}

/** ECS has gone back from what was PRIMARY to the last good revision, and says so in an event. */
function isRollbackOf(
  { primaryId = '', lastGood }: ServiceSnapshot,
  { events = [] }: Service,
  { taskDefinition }: Deployment,
): boolean {
  const begin = `(deployment ${primaryId}) rolling back`;
  return (
    taskDefinition === lastGood?.taskDefinitionArn && events.some(({ message }) => message?.includes(begin))
  );
}

/** In the words of AWS, as UpdateService says it. */
function saysInactive(error: unknown): boolean {
  return error instanceof DeployError && /task ?definition is inactive/i.test(error.message);
}

/** Somebody deregistered the revision between our look and the update: its content is registered once more. */
async function registerAgain(
  ctx: StartContext,
  taskDefinitionArn: string,
  definition: TaskDefinition,
): Promise<string> {
  const good = {
    taskDefinitionArn,
    serviceDeploymentArn: undefined,
    serviceRevisionArn: undefined,
    images: [],
  };
  const arn = await deployableRevision(ctx, { good, definition, mustBeRegistered: true, unknown: [] });
  ctx.log.line(
    `${revisionName(taskDefinitionArn)} was deregistered meanwhile: it is registered again as ${revisionName(arn)}.`,
  );
  return arn;
}

function describePlannedChange(change: PlannedChange, taskDefinitionArn: string): string {
  const revision = revisionName(taskDefinitionArn);
  switch (change) {
    case 'none':
      return `${revision} runs already, completely: nothing to roll out.`;
    case 'adopt':
      return `${revision} is already on its way: this run watches that deployment.`;
    case 'update':
      return `rolling out ${revision}.`;
  }
}

function refusal(error: Error): Problem {
  const failure = error instanceof DeployError ? error : new DeployError('unknown', error.message);
  return {
    result: failure.conclusion.result,
    cause: failure.conclusion.cause,
    reason: `could not start: ${failure.message}`,
    hint: failure.conclusion.hint,
    evidence: failure.conclusion.evidence,
    recovery: 'leave',
  };
}

/**
 * Ends the wait of the deployment before, where `force-new-deployment` wants that, and begins one. A group takes one
 * deployment at a time: one that only keeps the old tasks counts as well.
 */
async function startCodeDeployment(
  ctx: StartContext,
  snapshot: ServiceSnapshot,
  settings: CodeDeploySettings,
  what: {
    readonly taskDefinitionArn: string;
    readonly definition: TaskDefinition;
    readonly request: RolloutRequest;
  },
): Promise<Rollout> {
  const { taskDefinitionArn, definition, request } = what;
  const deadline = Deadline.of(ctx.clock, request.waitMinutes * 60_000);
  const { open } = settings;
  if (open?.isShifted === true && request.forceNewDeployment === true) {
    ctx.log.line(
      `${snapshot.address.name}: ${open.id} only keeps its old tasks: its wait is ended (force-new-deployment).`,
    );
    await endTerminationWait(ctx, open.id);
  }
  const id = await createDeployment(ctx, snapshot, settings, taskDefinitionArn, deadline);
  ctx.log.line(`${snapshot.address.name}: CodeDeploy deploys it as ${id}.`);
  return {
    snapshot,
    taskDefinitionArn,
    definition,
    deploymentId: '',
    serviceDeploymentArn: undefined,
    replacesTasks: true,
    adopted: false,
    codeDeploymentId: id,
  };
}

/** The rollout of a revision that runs, or was on its way, when the run began: evaluated as if it were ours. */
function adopt(snapshot: ServiceSnapshot, definition: TaskDefinition): Rollout {
  const { codeDeploy } = snapshot;
  if (codeDeploy !== undefined) return adoptCodeDeployment(snapshot, codeDeploy, definition);
  return {
    snapshot,
    taskDefinitionArn: snapshot.taskDefinitionArn,
    definition,
    deploymentId: snapshot.primaryId ?? '',
    createdAt: snapshot.primarySince,
    serviceDeploymentArn: snapshot.currentServiceDeploymentArn,
    replacesTasks: true,
    adopted: true,
  };
}

/** While it is under way its task set is found by the looks at it. */
function adoptCodeDeployment(
  snapshot: ServiceSnapshot,
  { open, lastId }: CodeDeploySettings,
  definition: TaskDefinition,
): Rollout {
  const id = open?.id ?? lastId;
  const isUnderway = open !== undefined && !open.isShifted;
  return {
    snapshot,
    taskDefinitionArn: snapshot.taskDefinitionArn,
    definition,
    deploymentId: isUnderway ? '' : (snapshot.primaryId ?? ''),
    serviceDeploymentArn: undefined,
    replacesTasks: true,
    adopted: true,
    ...(id === undefined ? {} : { codeDeploymentId: id }),
  };
}

/**
 * Starts the rollout with one accepted UpdateService that carries only what the user set, and finds the service
 * deployment that it made. Rejects where AWS refuses; production is untouched then.
 */
async function startRollout(
  ctx: StartContext,
  snapshot: ServiceSnapshot,
  taskDefinitionArn: string,
  definition: TaskDefinition,
  request: RolloutRequest,
): Promise<Rollout> {
  const deadline = Deadline.of(ctx.clock, request.waitMinutes * 60_000);
  const input = updateInput(snapshot, taskDefinitionArn, request);
  const service = await updateOnce(ctx, snapshot, input, deadline);
  const primary = primaryOf(service);
  const isNew = primary?.id !== snapshot.primaryId;
  const entry = isNew ? entryOf(service, snapshot, taskDefinitionArn) : primary;
  if (!isNew && snapshot.rollout === 'in-progress')
    return { ...adopt(snapshot, definition), hasUpdated: true };
  return {
    snapshot,
    taskDefinitionArn,
    definition,
    deploymentId: entry?.id ?? '',
    createdAt: entry?.createdAt?.getTime(),
    serviceDeploymentArn: isNew
      ? await searchServiceDeployment(ctx, snapshot, entry, taskDefinitionArn, deadline)
      : undefined,
    replacesTasks: isNew,
    adopted: false,
  };
}

/** The new entry of `deployments[]` for this revision, PRIMARY or replaced already; by AWS's own clock. */
function entryOf(
  service: Service,
  snapshot: ServiceSnapshot,
  taskDefinitionArn: string,
): Deployment | undefined {
  const before = service.deployments?.find((each) => each.id === snapshot.primaryId);
  return service.deployments?.find(
    (each) =>
      each.id !== snapshot.primaryId &&
      each.taskDefinition === taskDefinitionArn &&
      timeOf(each.createdAt) >= timeOf(before?.createdAt),
  );
}

/** After a cancellation a search that is under way has so long: its find is what ECS is asked to roll back. */
const GRACE_MS = 1_000;

/**
 * ECS has accepted the rollout by now: what ends the search (a cancelled job, expired credentials) must not lose sight
 * of it. The watch meets the same end, and says what goes on.
 */
async function searchServiceDeployment(
  ctx: StartContext,
  snapshot: ServiceSnapshot,
  primary: Deployment | undefined,
  taskDefinitionArn: string,
  deadline: Deadline,
): Promise<string | undefined> {
  try {
    const search = (): Promise<string | undefined> =>
      findServiceDeployment(ctx, snapshot, primary, taskDefinitionArn, deadline);
    return await withGracePeriod(ctx.clock, ctx.signal, GRACE_MS, search, (reason) => reason as Error);
  } catch (error) {
    if (!ctx.signal.aborted) {
      ctx.log.line(
        `The search for the service deployment failed (${describeAwsError(error)}): following deployments[] of the service instead.`,
      );
    }
    return undefined;
  }
}
