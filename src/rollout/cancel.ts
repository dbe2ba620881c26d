import { revisionName } from '../aws/arn.ts';
import type { Aws } from '../aws/clients.ts';
import { describeAwsError } from '../aws/errors.ts';
import type { RunContext } from '../context.ts';
import {
  adviceOf,
  type Cause,
  type Result,
  type Rollout,
  type RolloutRequest,
  type ServiceRun,
} from '../model/index.ts';
import { withTimeout, type Deadline } from '../runtime/wait.ts';
import { isOpen, type Action, type Actors } from './acts.ts';
import { readDeploymentStatus, type DeploymentStatus } from './describe.ts';
import { firstCause } from './outcome.ts';
import { requestRollback, type EndState } from './rollback-request.ts';

export interface CancelContext extends Pick<RunContext, 'clock'> {
  /** Clients that still answer after the job was cancelled. */
  readonly aws: Pick<Aws, 'ecs' | 'elb' | 'ecsWrites' | 'taskDefinitions' | 'codeDeploy'>;
  readonly actors: Actors;
  /** For all of one service; `SECONDS_TO_UNDO` where it is left out. */
  readonly seconds?: number;
  /** No part of it lasts beyond this. */
  readonly deadline?: Deadline | undefined;
  /** Nobody knows how far the run came: it was killed. */
  readonly mayHaveGoneBack?: true;
}

/** What ended the run under way: a cancellation, or an error that nobody foresaw. */
export interface Interruption {
  readonly result: Result;
  readonly cause: Cause | undefined;
  readonly message: string;
}

/** Less where an act of the run was heard out before: the runner kills a cancelled job (`END_BY`). */
const SECONDS_TO_UNDO = 5;

function secondsLeft({ seconds = SECONDS_TO_UNDO, deadline }: CancelContext): number {
  return Math.min(seconds, (deadline?.left() ?? Number.POSITIVE_INFINITY) / 1000);
}

/**
 * Ends the run of one service that nobody will follow any more. A cancelled one is rolled back where `on-cancel`
 * asks for that: at most one request takes effect, and nobody waits for its end. Otherwise says where it stands. What
 * was wrong with it by then stays its evidence. Never rejects.
 */
export async function endOnCancel(
  ctx: CancelContext,
  serviceRun: ServiceRun,
  why: Interruption,
  request: RolloutRequest,
): Promise<ServiceRun> {
  const { outcome, problem } = serviceRun;
  if (outcome !== undefined) return serviceRun;
  const end = await whatBecomesOf(ctx, serviceRun, why, request);
  const { nowRunning, needsPostStep, goesBack } = end;
  const evidence = problem === undefined ? [] : [firstCause(problem), ...problem.evidence];
  const hint = why.result === 'cancelled' ? whatToDo(ctx, serviceRun, end, request) : undefined;
  return {
    ...serviceRun,
    needsPostStep,
    outcome: { ...why, nowRunning, hint, evidence, ...(goesBack === undefined ? {} : { goesBack }) },
  };
}

/** What was under way before this run is left, whatever `on-cancel` says. */
const OF_ANOTHER =
  'Run it again to follow the deployment to its end, or roll it back with mode: rollback: it was under way before this run, and on-cancel: rollback undoes only what the run itself began.';

/** What only the post step finds out: whether the deployment has begun. */
const UNCONFIRMED =
  'Read in the log of the post step of this job whether the deployment has begun, then run it again.';

/** `on-cancel: rollback`, and AWS has not taken it by the end of the run, nor of the post step. */
const NOT_ASKED_BACK = {
  run: 'The post step of this job asks for the rollback once more: read in its log whether AWS takes it. Where it does not, roll the deployment back with mode: rollback, or run this again to follow it to its end.',
  post: 'Roll the deployment back with mode: rollback, or run this again to follow it to its end.',
};

/** By what is known of it now; undefined where how the run left the service says it all. */
function whatToDo(
  ctx: CancelContext,
  serviceRun: ServiceRun,
  { goesBack, needsPostStep }: EndState,
  request: RolloutRequest,
): string | undefined {
  if (serviceRun.updateUnconfirmed === true) return UNCONFIRMED;
  if (goesBack === true) return adviceOf('cancelled', 'undone');
  if (!isTouched(serviceRun) || request.onCancel !== 'rollback') return undefined;
  if (serviceRun.rollout?.adopted !== false) return OF_ANOTHER;
  if (needsPostStep) return ctx.mayHaveGoneBack === true ? NOT_ASKED_BACK.post : NOT_ASKED_BACK.run;
  return adviceOf('cancelled', 'undone');
}

/** ECS was asked to roll it back, as `on-cancel` wants. */
function isUndone(serviceRun: ServiceRun, why: Interruption, request: RolloutRequest): boolean {
  const isAsked = why.result === 'cancelled' && request.onCancel === 'rollback';
  return isAsked && isTouched(serviceRun) && serviceRun.rollout?.adopted === false;
}

function isTouched({ rollout, change }: ServiceRun): boolean {
  return rollout !== undefined && change !== 'none';
}

async function whatBecomesOf(
  ctx: CancelContext,
  serviceRun: ServiceRun,
  why: Interruption,
  request: RolloutRequest,
): Promise<EndState> {
  const { rollout, change, snapshot } = serviceRun;
  const { name } = snapshot.address;
  if (serviceRun.updateUnconfirmed === true) {
    return {
      nowRunning: `ECS has not answered whether it takes the update of service "${name}": the post step of this job looks again.`,
      needsPostStep: true,
    };
  }
  if (rollout === undefined || change === 'none') {
    return { nowRunning: `Service "${name}" was not touched.`, needsPostStep: false };
  }
  return isUndone(serviceRun, why, request)
    ? requestRollback({ ...ctx, seconds: secondsLeft(ctx) }, rollout, request)
    : look(ctx, rollout, ctx.mayHaveGoneBack ?? serviceRun.problem !== undefined);
}

async function look(ctx: CancelContext, rollout: Rollout, mayGoBack: boolean): Promise<EndState> {
  const { acts } = ctx.actors.of(rollout.snapshot);
  const read = (): Promise<DeploymentStatus> => readDeploymentStatus(ctx.aws, rollout, mayGoBack);
  const { sentence, goesBack } = await withTimeout(ctx.clock, secondsLeft(ctx) * 1000, read).catch(
    (error: unknown) => ({
      sentence: `What becomes of the deployment of ${revisionName(rollout.taskDefinitionArn)} to service "${rollout.snapshot.address.name}" could not be read (${describeAwsError(error)}).`,
      goesBack: false,
    }),
  );
  const needsPostStep = acts.some(isOpen);
  const isGoingBack = goesBack || acts.some(({ action, end }) => isWayBack(action) && end.kind === 'taken');
  return {
    nowRunning: needsPostStep ? `${sentence} ${UNHEARD}` : sentence,
    needsPostStep,
    ...(isGoingBack ? { goesBack: true } : {}),
  };
}

/** A deployment of the last good revision, which may have a new number: the service alone does not tell it. */
function isWayBack({ kind }: Action): boolean {
  return kind === 'update' || kind === 'deploy';
}

const UNHEARD = 'AWS has not answered what this run asked for last: the post step of this job looks again.';
