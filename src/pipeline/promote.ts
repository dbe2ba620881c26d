import { lastSegment, revisionName } from '../aws/arn.ts';
import { attempt } from '../aws/attempt.ts';
import { wrapAwsError } from '../aws/errors.ts';
import { retryRead } from '../aws/writes.ts';
import type { ReadContext } from '../context.ts';
import { describeServiceDeployment, type ServiceDeployment } from '../ecs/service-deployments.ts';
import type { CodeDeploySettings, Request, ServiceRun, ServiceSnapshot } from '../model/index.ts';
import { DeployError } from '../runtime/error.ts';
import { findRevision } from '../task-definition/load.ts';

/**
 * The deployments that wait at a pause, each with the hook that a person has decided to go on from. Rejects with
 * `invalid-input` where nothing waits, and with `superseded` where the deployment that was meant is not the one that is
 * there, or has ended.
 */
export function findWaiting(
  ctx: ReadContext,
  snapshots: readonly ServiceSnapshot[],
  request: Request,
): Promise<ServiceRun[]> {
  return Promise.all(snapshots.map((snapshot) => waitingRun(ctx, snapshot, request)));
}

/** Services that go back by what they have under way, and all others. */
export interface Shifting {
  readonly shifting: readonly ServiceRun[];
  readonly rest: readonly ServiceSnapshot[];
}

/**
 * For `mode: rollback`: the deployments that shift traffic, bake or wait at a pause, of those services that have one: they
 * are what is meant to go back, and while they are under way that is a matter of weights. Rejects with `superseded` where
 * another deployment is meant.
 */
export async function findShifting(
  ctx: ReadContext,
  snapshots: readonly ServiceSnapshot[],
  request: Request,
): Promise<Shifting> {
  if (request.mode !== 'rollback') return { shifting: [], rest: snapshots };
  for (const snapshot of snapshots) await refuseAnother(ctx, snapshot, request);
  const underway = snapshots.filter((each) => isUnderway(each) && leadsWhereAsked(each, request));
  const runs = underway.map((snapshot) =>
    // A group takes one deployment at a time: the way back leads through the one that is under way.
    snapshot.codeDeploy === undefined ? shiftingRun(ctx, snapshot) : codeDeployRun(ctx, snapshot),
  );
  const found = (await Promise.all(runs)).flatMap((each) => each ?? []);
  const shifting = found.map((each) => ({ ...each, isToGoBack: true as const }));
  const names = shifting.map(({ snapshot }) => snapshot.address.name);
  return { shifting, rest: snapshots.filter(({ address }) => !names.includes(address.name)) };
}

/** One of CodeDeploy that still keeps the old tasks counts: their traffic is back in seconds. */
function isUnderway({ rollout, codeDeploy }: ServiceSnapshot): boolean {
  return codeDeploy === undefined ? rollout === 'in-progress' : codeDeploy.open !== undefined;
}

/** Back from what is under way is to the last good revision; where another one is asked for, a deployment leads there. */
function leadsWhereAsked(snapshot: ServiceSnapshot, { definition: { base } }: Request): boolean {
  if (base.kind !== 'revision') return true;
  const { lastGood } =
    snapshot.codeDeploy === undefined ? snapshot : beforeIt(snapshot, openRevisionOf(snapshot));
  return [lastGood?.taskDefinitionArn, revisionName(lastGood?.taskDefinitionArn ?? '')].includes(
    base.reference,
  );
}

/** What the deployment of CodeDeploy that is under way brings. */
function openRevisionOf({ codeDeploy, taskDefinitionArn }: ServiceSnapshot): string {
  return codeDeploy?.open?.taskDefinitionArn ?? taskDefinitionArn;
}

/** A deployment of ECS that is under way, and whose old tasks are there until its end. */
async function shiftingRun(ctx: ReadContext, snapshot: ServiceSnapshot): Promise<ServiceRun | undefined> {
  const { address, deployment: settings, currentServiceDeploymentArn: arn } = snapshot;
  const deployment = arn === undefined ? undefined : await read(ctx, address.name, arn);
  const hookId = hookOf(deployment);
  const isUnderWay = ['PENDING', 'IN_PROGRESS'].includes(deployment?.status ?? '');
  if (arn === undefined || !isUnderWay || (hookId === undefined && settings.strategy === 'ROLLING'))
    return undefined;
  const what = `the deployment of ${revisionName(snapshot.taskDefinitionArn)}`;
  const stage = deployment?.lifecycleStage ?? 'of its beginning';
  ctx.log.line(`${address.name}: ${what} ${hookId === undefined ? 'is' : 'waits'} in the stage ${stage}.`);
  const run = await runOf(ctx, snapshot, arn);
  return hookId === undefined ? run : { ...run, promoted: hookId };
}

/** The deployment of CodeDeploy that is under way, as this run goes on with it, or back. */
async function codeDeployRun(ctx: ReadContext, snapshot: ServiceSnapshot): Promise<ServiceRun> {
  const { open } = snapshot.codeDeploy ?? {};
  const taskDefinitionArn = openRevisionOf(snapshot);
  const before = { ...beforeIt(snapshot, taskDefinitionArn), taskDefinitionArn };
  const run = await runOf(ctx, before, undefined);
  const rollout = run.rollout && {
    ...run.rollout,
    // Its way back leads to a task set that is older than its own.
    createdAt: undefined,
    deploymentId: open?.isShifted === true ? (snapshot.primaryId ?? '') : '',
    codeDeploymentId: open?.id ?? '',
  };
  return { ...run, rollout, ...(open?.status === 'Ready' ? { promoted: open.id } : {}) };
}

/** The snapshot as it was before the deployment that is under way: what that replaces is the last good revision. */
function beforeIt(snapshot: ServiceSnapshot, arn: string): ServiceSnapshot {
  const { past, lastGood, codeDeploy } = snapshot;
  const before = codeDeploy?.open?.before;
  const others = past.filter(({ taskDefinitionArn }) => taskDefinitionArn !== arn);
  const unknown = { serviceDeploymentArn: undefined, serviceRevisionArn: undefined, images: [] };
  const known = others.find(
    ({ verdict, taskDefinitionArn }) =>
      verdict === 'good' && (before === undefined || taskDefinitionArn === before),
  );
  const good =
    known ?? (before === undefined ? undefined : { taskDefinitionArn: before, ...unknown }) ?? lastGood;
  return { ...snapshot, past: others, lastGood: good };
}

/** The hook at which a deployment waits for an answer. */
function hookOf(deployment: ServiceDeployment | undefined): string | undefined {
  if (deployment?.status !== 'IN_PROGRESS') return undefined;
  const hook = deployment.lifecycleHookDetails?.find(
    ({ status, targetType }) => status === 'AWAITING_ACTION' && targetType !== 'AWS_LAMBDA',
  );
  return hook?.hookId;
}

async function waitingRun(
  ctx: ReadContext,
  snapshot: ServiceSnapshot,
  request: Request,
): Promise<ServiceRun> {
  const { name } = snapshot.address;
  const arn = snapshot.currentServiceDeploymentArn;
  await refuseAnother(ctx, snapshot, request);
  if (snapshot.codeDeploy !== undefined) return readyRun(ctx, snapshot, snapshot.codeDeploy);
  const deployment = arn === undefined ? undefined : await read(ctx, name, arn);
  if (deployment === undefined) await refuseUnreadable(ctx, snapshot);
  const hookId = hookOf(deployment);
  if (arn === undefined || hookId === undefined) throw nothingWaits(snapshot, deployment);
  const stage = deployment?.lifecycleStage ?? '';
  ctx.log.line(
    `${name}: the deployment of ${revisionName(snapshot.taskDefinitionArn)} waits in the stage ${stage}.`,
  );
  return promotedAt(await runOf(ctx, snapshot, arn), hookId);
}

/** A person lets it go on. What its tasks did by then is no matter of the past: it is what the person may not have seen. */
function promotedAt(run: ServiceRun, promoted: string): ServiceRun {
  return { ...run, promoted, rollout: run.rollout && { ...run.rollout, countsFromStart: true } };
}

/** A deployment of CodeDeploy that waits to be continued. */
async function readyRun(
  ctx: ReadContext,
  snapshot: ServiceSnapshot,
  { open, group }: CodeDeploySettings,
): Promise<ServiceRun> {
  const { name } = snapshot.address;
  if (open === undefined) await refuseUnreadable(ctx, snapshot);
  if (open?.status !== 'Ready') {
    const state = open === undefined ? `none of group ${group} is under way` : `${open.id} is ${open.status}`;
    throw new DeployError(
      'invalid-input',
      `mode: promote finds nothing that waits in service "${name}": ${state}.`,
      {
        hint: 'mode: promote goes on with a deployment that waits in Ready. It may have expired, or somebody has continued it.',
      },
    );
  }
  ctx.log.line(`${name}: ${open.id} waits in Ready.`);
  return promotedAt(await codeDeployRun(ctx, snapshot), open.id);
}

/** The run of a deployment that was under way before. */
async function runOf(
  ctx: ReadContext,
  snapshot: ServiceSnapshot,
  serviceDeploymentArn: string | undefined,
): Promise<ServiceRun> {
  const found = await findRevision(ctx.aws, snapshot.taskDefinitionArn);
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
      createdAt: snapshot.primarySince,
      serviceDeploymentArn,
      replacesTasks: true,
      adopted: true,
    },
    desiredCount: snapshot.desiredCount,
    problem: undefined,
    gates: [],
    rollback: undefined,
    outcome: undefined,
  };
}

/** What the role may not read is no deployment that does not wait. Rejects with `access-denied`. */
async function refuseUnreadable(
  { aws, clock, signal }: ReadContext,
  { address, codeDeploy, currentServiceDeploymentArn: arn }: ServiceSnapshot,
): Promise<void> {
  const ask = (): Promise<unknown> => {
    if (codeDeploy === undefined) {
      return arn === undefined
        ? aws.ecs.listServiceDeployments({ cluster: address.cluster, service: address.name, maxResults: 1 })
        : aws.ecs.describeServiceDeployments({ serviceDeploymentArns: [arn] });
    }
    const { application, group, lastId } = codeDeploy;
    return lastId === undefined
      ? aws.codeDeploy.listDeployments({ applicationName: application, deploymentGroupName: group })
      : aws.codeDeploy.batchGetDeployments({ deploymentIds: [lastId] });
  };
  await wrapAwsError(`reading the deployment of service "${address.name}"`, () =>
    attempt(() => retryRead(clock, ask, signal), ['unsupported', 'refused']),
  );
}

function read(
  { aws, clock, signal }: ReadContext,
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
async function refuseAnother(ctx: ReadContext, snapshot: ServiceSnapshot, request: Request): Promise<void> {
  const { address, codeDeploy, past } = snapshot;
  const meant = request.serviceDeploymentArn;
  if (meant === undefined) return;
  const current = codeDeploy?.lastId ?? snapshot.currentServiceDeploymentArn;
  if (current === undefined) await refuseUnreadable(ctx, snapshot);
  const isThis = meant === current;
  if (isThis && isUnderway(snapshot)) return;
  const ended = past.find(({ serviceDeploymentArn }) => serviceDeploymentArn === meant);
  const how = ended === undefined ? '' : `: it ${ENDS[ended.verdict]}`;
  const what =
    isThis || ended !== undefined
      ? `Service deployment ${lastSegment(meant)} of service "${address.name}" has ended${how}`
      : `Service "${address.name}" has another deployment than ${lastSegment(meant)}: ${lastSegment(current ?? 'none')}`;
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
  return new DeployError(
    'invalid-input',
    `mode: promote finds nothing that waits in service "${address.name}": ${state}.`,
    {
      hint: 'mode: promote goes on with a deployment that waits at a pause. This one may have expired, or somebody has answered it.',
    },
  );
}
