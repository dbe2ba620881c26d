import { lastSegment, revisionName } from '../aws/arn.ts';
import { wrapAwsError } from '../aws/errors.ts';
import { retryRead } from '../aws/writes.ts';
import type { RunContext } from '../context.ts';
import { describeServiceDeployment, type ServiceDeployment } from '../ecs/service-deployments.ts';
import type { Problem, Request, ServiceRun, ServiceSnapshot } from '../model/index.ts';
import { rollBackIfNeeded, type RollbackContext } from '../rollout/rollback.ts';
import { DeployError } from '../runtime/error.ts';
import { findRevision } from '../task-definition/load.ts';

/**
 * The deployments that wait at a pause, each with the hook that a person has decided to go on from. Rejects with
 * `invalid-input` where nothing waits, and with `superseded` where the deployment that was meant is not the one that is
 * there, or has ended.
 */
export function findWaiting(
  ctx: RunContext,
  snapshots: readonly ServiceSnapshot[],
  request: Request,
): Promise<ServiceRun[]> {
  return Promise.all(snapshots.map((snapshot) => waitingRun(ctx, snapshot, request)));
}

/**
 * For `mode: rollback`: the deployments that wait at a pause, where each service has one: those are what is meant to go
 * back. Undefined otherwise. Rejects with `superseded` where another deployment is meant.
 */
export async function findPaused(
  ctx: RunContext,
  snapshots: readonly ServiceSnapshot[],
  request: Request,
): Promise<ServiceRun[] | undefined> {
  for (const snapshot of snapshots) refuseAnother(snapshot, request);
  if (snapshots.some(({ rollout }) => rollout !== 'in-progress')) return undefined;
  const waiting = snapshots.map(async (snapshot): Promise<ServiceRun | undefined> => {
    const arn = snapshot.currentServiceDeploymentArn;
    const deployment = arn === undefined ? undefined : await read(ctx, snapshot.address.name, arn);
    return hookOf(deployment) === undefined ? undefined : waitingRun(ctx, snapshot, request);
  });
  const runs = (await Promise.all(waiting)).flatMap((each) => each ?? []);
  return runs.length === snapshots.length ? runs : undefined;
}

/** The hook at which a deployment waits for an answer. */
function hookOf(deployment: ServiceDeployment | undefined): string | undefined {
  if (deployment?.status !== 'IN_PROGRESS') return undefined;
  const hook = deployment.lifecycleHookDetails?.find(
    ({ status, targetType }) => status === 'AWAITING_ACTION' && targetType !== 'AWS_LAMBDA',
  );
  return hook?.hookId;
}

/** Rolls back, as a person asked for, what waits at a pause: that is the good end of the run. */
export async function rollBackPaused(
  ctx: RollbackContext,
  serviceRun: ServiceRun,
  request: Request,
): Promise<ServiceRun> {
  const asked: Problem = {
    result: 'failed',
    cause: 'deployment-stopped',
    reason: 'waited for an answer, and was to be rolled back (mode: rollback)',
    hint: undefined,
    evidence: [],
    recovery: 'roll-back',
  };
  const rollout = { ...request.rollout, onFailure: 'rollback' as const };
  const after = await rollBackIfNeeded(ctx, { ...serviceRun, problem: asked }, { ...request, rollout });
  return after.rollback?.kind === 'rolled-back' ? { ...after, problem: undefined } : after;
}

async function waitingRun(ctx: RunContext, snapshot: ServiceSnapshot, request: Request): Promise<ServiceRun> {
  const { name } = snapshot.address;
  const arn = snapshot.currentServiceDeploymentArn;
  refuseAnother(snapshot, request);
  const deployment = arn === undefined ? undefined : await read(ctx, name, arn);
  const hookId = hookOf(deployment);
  if (arn === undefined || hookId === undefined) throw nothingWaits(snapshot, deployment);
  const found = await findRevision(ctx.aws, snapshot.taskDefinitionArn);
  const stage = deployment?.lifecycleStage ?? '';
  ctx.log.line(
    `${name}: the deployment of ${revisionName(snapshot.taskDefinitionArn)} waits in the stage ${stage}.`,
  );
  return {
    snapshot,
    taskDefinitionArn: snapshot.taskDefinitionArn,
    change: 'adopt',
    startedAt: ctx.clock.now(),
    rollout: {
      snapshot,
      taskDefinitionArn: snapshot.taskDefinitionArn,
      definition: found?.definition ?? { family: '', containerDefinitions: [] },
      deploymentId: snapshot.primaryId ?? '',
      serviceDeploymentArn: arn,
      replacesTasks: true,
      adopted: true,
    },
    promoted: hookId,
    desiredCount: snapshot.desiredCount,
    problem: undefined,
    gates: [],
    rollback: undefined,
    outcome: undefined,
  };
}

function read(
  { aws, clock, signal }: RunContext,
  name: string,
  arn: string,
): Promise<ServiceDeployment | undefined> {
  const doing = `reading the deployment of service "${name}"`;
  return wrapAwsError(doing, () => retryRead(clock, () => describeServiceDeployment(aws.ecs, arn), signal));
}

/** How a deployment of the past came to its end, as a clause. */
const ENDS: Readonly<Record<ServiceSnapshot['past'][number]['verdict'], string>> = {
  good: 'was successful',
  failed: 'failed, or was rolled back',
  superseded: 'was replaced by a newer one',
  open: 'is under way',
};

/** What is meant is there no more: somebody has deployed since, or it has come to its end. */
function refuseAnother(
  { address, currentServiceDeploymentArn, rollout, past }: ServiceSnapshot,
  request: Request,
): void {
  const meant = request.serviceDeploymentArn;
  if (meant === undefined) return;
  const isThis = meant === currentServiceDeploymentArn;
  if (isThis && rollout === 'in-progress') return;
  const ended = past.find(({ serviceDeploymentArn }) => serviceDeploymentArn === meant);
  const how = ended === undefined ? '' : `: it ${ENDS[ended.verdict]}`;
  const what =
    isThis || ended !== undefined
      ? `Service deployment ${lastSegment(meant)} of service "${address.name}" has ended${how}`
      : `Service "${address.name}" has another deployment than ${lastSegment(meant)}: ${lastSegment(currentServiceDeploymentArn ?? 'none')}`;
  throw new DeployError('superseded', `${what}; nothing was touched.`, {
    result: 'superseded',
    hint: 'Look at what runs now. A deployment that is to be gone on with has to be the one that waits.',
  });
}

function nothingWaits(
  { address, past: [newest] }: ServiceSnapshot,
  deployment: ServiceDeployment | undefined,
): DeployError {
  const unread =
    newest === undefined
      ? 'its service deployment cannot be read (ecs:DescribeServiceDeployments), or there is none'
      : `its last deployment ${ENDS[newest.verdict]}`;
  const state =
    deployment === undefined
      ? unread
      : `its last deployment is ${deployment.status ?? 'in no state'}${deployment.lifecycleStage === undefined ? '' : `, in the stage ${deployment.lifecycleStage}`}`;
  return new DeployError('invalid-input', `mode: nothing waits in service "${address.name}": ${state}.`, {
    hint: 'mode: promote goes on with a deployment that waits at a pause. This one may have expired, or somebody has answered it.',
  });
}
