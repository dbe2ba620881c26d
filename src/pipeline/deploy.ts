import type { RunContext } from '../context.ts';
import type { TaskProofs } from '../gates/prove.ts';
import { announced } from '../image/plan.ts';
import type { Conclusion, Request, ServiceRun, ServiceSnapshot } from '../model/index.ts';
import { FINISHED } from '../model/left.ts';
import { markOfChecks, markOfConclusion, markOfRollback, problemsSince } from '../report/marks.ts';
import { endingOf, newRunRecord, withEvidence, withTaskLeft, type RunRecord } from '../report/run-record.ts';
import { endOnCancel } from '../rollout/cancel.ts';
import { explainServiceRun } from '../rollout/diagnose.ts';
import { awaitOldTasks } from '../rollout/early-success.ts';
import { concludeServiceRun } from '../rollout/outcome.ts';
import { failsTogether, failTogether, rollBackIfNeeded, rollbackNeeded } from '../rollout/rollback.ts';
import { Looks } from '../rollout/looks.ts';
import { startServiceRun } from '../rollout/start.ts';
import { proveTasks, reportedBy, watchTasks } from '../rollout/task-proof.ts';
import { watchServiceRun } from '../rollout/watch.ts';
import { checkBeforeBuild, findImages, findPreviousCommit } from './image.ts';
import { check, concludePlan, isAboutToChange, plan, refuseBusyGroups, type Plan } from './plan.ts';
import { withDefinitionFile } from './definition-file.ts';
import {
  deregisterCancelled,
  deregisterUnusedRevisions,
  destinations,
  imagesOf,
  markCondemned,
  register,
  type Release,
} from './release.ts';
import { packReported, packState } from './saved-state.ts';
import { forEachService } from './services.ts';
import { findPaused, findWaiting, rollBackPaused } from './promote.ts';
import { withStrategies } from './strategy.ts';
import type * as Stages from './stages.ts';
import { refreshReleases, survey, surveyAgain, type Survey } from './survey.ts';

/**
 * A deployment, from the first look at the services to the last. Whatever happens, it resolves to the record as far
 * as it went: what was done, how it ended, and what runs now.
 */
export async function deploy(request: Request, ctx: RunContext): Promise<RunRecord> {
  const record = newRunRecord();
  const registered: Release[] = [];
  let isLeft = false;
  try {
    await runStages(record, request, ctx, registered);
  } catch (error) {
    await endAll(record, request, ctx, withTaskLeft(endingOf(error), record.preDeployTask));
    const { rollout } = request;
    if (ctx.signal.aborted) {
      isLeft = await deregisterCancelled(ctx, registered, record.serviceRuns, rollout.onCancel);
    }
  }
  // What ECS has not answered or done when the job is cancelled, the post step finds out and asks for.
  if (ctx.signal.aborted && record.serviceRuns.some(({ needsPostStep }) => needsPostStep)) return record;
  const saved = [ctx.aws.region, request, destinations(registered), record.serviceRuns] as const;
  ctx.saveForPost(isLeft ? packReported(...saved) : FINISHED);
  return record;
}

/** What a stage that follows services needs: one look for all of them. */
type WatchingContext = RunContext & { readonly looks: Looks; readonly tasks: TaskProofs };

function withLooks(run: RunContext): WatchingContext {
  const ctx = { ...run, looks: new Looks(run) };
  return {
    ...ctx,
    tasks: {
      reported: (rollout) => reportedBy(ctx.looks.lastOf(rollout)),
      prove: ({ signal }, ...of) => proveTasks({ ...ctx, signal }, ...of),
      watch: ({ signal }, ...of) => watchTasks({ ...ctx, signal }, ...of),
    },
  };
}

async function runStages(
  record: RunRecord,
  asked: Request,
  run: RunContext,
  registered: Release[],
): Promise<void> {
  const ctx = withLooks(run);
  const { log } = ctx;
  const given = await withDefinitionFile(asked, ctx);
  const { snapshots, imagePlan, provided, ...before } = await log.step('Survey', () =>
    survey(record, given, ctx, loadStages),
  );
  const request = withStrategies(given, snapshots);
  if (request.mode === 'promote') {
    record.serviceRuns = await log.step('Promote', () => findWaiting(ctx, snapshots, request));
    ctx.rolloutBegins?.(record);
    await seeThrough(record, request, ctx, [], snapshots, before);
    return;
  }
  const paused = request.mode === 'rollback' ? await findPaused(ctx, snapshots, request) : undefined;
  if (paused !== undefined) {
    record.serviceRuns = paused;
    await log.step('Roll back', async () => {
      await forEachService(record, (serviceRun) => rollBackPaused(ctx, serviceRun, request));
      record.serviceRuns = await proveAgain(ctx, record.serviceRuns, request, before.answer);
    });
    await conclude(record, request, ctx, [], snapshots);
    return;
  }
  const plans = await prepare(record, request, ctx, { snapshots, imagePlan, provided });
  if (request.mode === 'plan') {
    await findPreviousCommit(record, ctx, snapshots);
    concludePlan(record, request, plans);
    return;
  }
  refuseBusyGroups(plans, request);
  // A write that is under way is seen through, cancelled or not: these clients answer to the end.
  const starting = { ...ctx, aws: ctx.awsToTheEnd };
  let releases = await log.step('Register', () => register(record, starting, plans, registered));
  if (snapshots.length > 0) ctx.saveForPost(packState(ctx.aws.region, request, destinations(releases)));
  ctx.signal.throwIfAborted();
  if (snapshots.length === 0) return;
  if (request.preDeploy !== undefined) {
    const { preDeploy } = await import('./pre-deploy.ts');
    await log.step('Pre-deploy', () => preDeploy(record, request, ctx, releases));
    releases = await refreshReleases(request, ctx, releases);
  }
  if (releases.some((each) => isAboutToChange(each, request))) ctx.rolloutBegins?.(record);
  await log.step('Roll out', () => rollOut(record, request, starting, releases), problemsSince(record));
  await seeThrough(record, request, ctx, releases, snapshots, before);
}

/** Follows what was started, proves it or puts it back, and says how it ended. */
async function seeThrough(
  record: RunRecord,
  request: Request,
  ctx: WatchingContext,
  releases: readonly Release[],
  snapshots: readonly ServiceSnapshot[],
  before: Pick<Survey, 'answer' | 'alarms'>,
): Promise<void> {
  const { log } = ctx;
  if (request.rollout.wait) await proveAll(record, request, ctx, releases, before);
  record.serviceRuns = failTogether(record.serviceRuns, request.rollout);
  await markCondemned(ctx, releases, record.serviceRuns);
  const isRollback = (serviceRun: ServiceRun): boolean =>
    serviceRun.rollback !== undefined || rollbackNeeded(serviceRun, request.rollout);
  if (record.serviceRuns.some(isRollback)) {
    const goBack = async (): Promise<void> => {
      await forEachService(record, (serviceRun) => rollBackIfNeeded(ctx, serviceRun, request));
      record.serviceRuns = await proveAgain(ctx, record.serviceRuns, request, before.answer);
    };
    await log.step('Roll back', goBack, () => markOfRollback(record));
  }
  await conclude(record, request, ctx, releases, snapshots);
}

/** The gates after a rollback. */
async function proveAgain(
  ...of: Parameters<typeof Stages.proveAfterRollback>
): ReturnType<typeof Stages.proveAfterRollback> {
  const { proveAfterRollback } = await import('./stages.ts');
  return proveAfterRollback(...of);
}

/** What comes after the survey: no start waits for it, and nothing is touched before it is there. */
const loadStages = (): Promise<unknown> =>
  Promise.all([import('../preflight/index.ts'), import('./stages.ts'), import('../report/publish.ts')]);

/** What runs now, and what becomes of the revisions of this run. */
async function conclude(
  record: RunRecord,
  request: Request,
  ctx: WatchingContext,
  releases: readonly Release[],
  snapshots: readonly ServiceSnapshot[],
): Promise<void> {
  const end = async (): Promise<void> => {
    await findPreviousCommit(record, ctx, snapshots);
    await forEachService(record, (serviceRun) => concludeServiceRun(ctx, serviceRun, request.rollout));
    record.definitions = await deregisterUnusedRevisions(ctx, releases, record.serviceRuns);
  };
  await ctx.log.step('Conclude', end, () => markOfConclusion(record));
}

/** What goes where: the image, the definition, and the checks of both. Nothing in AWS is touched but the image. */
async function prepare(
  record: RunRecord,
  request: Request,
  ctx: RunContext,
  { snapshots, imagePlan, provided }: Pick<Survey, 'snapshots' | 'imagePlan' | 'provided'>,
): Promise<Plan[]> {
  const { log } = ctx;
  const builds = imagePlan.kind === 'build' && request.mode === 'deploy';
  const platforms = builds
    ? await log.step('Check before build', () =>
        checkBeforeBuild(record, request, ctx, snapshots, announced(imagePlan)),
      )
    : [];
  const images = await log.step('Image', () =>
    findImages(record, request, ctx, { imagePlan, platforms, provided }),
  );
  const now = builds ? await surveyAgain(request, ctx, snapshots) : snapshots;
  const plans = await log.step('Task definition', () => plan(record, request, ctx, now, images));
  if (plans.some((each) => isAboutToChange(each, request))) {
    await log.step(
      'Verify',
      () => check(record, request, ctx, plans, builds ? 'after-build' : 'all'),
      () => markOfChecks(record),
    );
  }
  return plans;
}

/** One update for each service. What the post step needs is saved before the first of them. */
async function rollOut(
  record: RunRecord,
  request: Request,
  ctx: RunContext,
  releases: readonly Release[],
): Promise<void> {
  ctx.saveForPost(packState(ctx.aws.region, request, destinations(releases)));
  const start = ({ services, prepared: { definition }, revision: { arn } }: Release): Promise<ServiceRun>[] =>
    services.map((service) => startServiceRun(ctx, service, arn, definition, request.rollout));
  record.serviceRuns = await Promise.all(releases.flatMap(start));
  ctx.saveForPost(packState(ctx.aws.region, request, destinations(releases), record.serviceRuns));
  ctx.signal.throwIfAborted();
}

/** Follows every service to its end, then asks for the proofs: of each by itself, and of all together. */
async function proveAll(
  record: RunRecord,
  request: Request,
  ctx: WatchingContext,
  releases: readonly Release[],
  before: Pick<Survey, 'answer' | 'alarms'>,
): Promise<void> {
  // With several services, none that failed stays broken until the others are done; a cancelled job rolls nothing back.
  const undoEarly = (serviceRun: ServiceRun): Promise<ServiceRun> | ServiceRun => {
    ctx.signal.throwIfAborted();
    if (record.serviceRuns.length === 1) return serviceRun;
    const at = record.serviceRuns.findIndex(({ snapshot }) => snapshot === serviceRun.snapshot);
    const shared = failTogether(record.serviceRuns.with(at, serviceRun), request.rollout)[at];
    return rollBackIfNeeded(ctx, shared ?? serviceRun, request);
  };
  // With rollback-all the others are doomed the moment one of them fails: their way back is short while they roll out.
  const isDoomed = (): boolean => failsTogether(record.serviceRuns, request.rollout);
  const watch = (serviceRun: ServiceRun): Promise<ServiceRun> =>
    watchServiceRun({ ...ctx, isDoomed, stages: stages.of(serviceRun) }, serviceRun, request);
  const { bake, proveService, proveUrl, stagesOf } = await import('./stages.ts');
  const stages = stagesOf(ctx, record, request, before);
  const explain = (serviceRun: ServiceRun): Promise<ServiceRun> =>
    explainServiceRun(ctx, serviceRun, request);
  if (record.serviceRuns.some(isToBeWatched)) {
    await ctx.log.step('Watch', () => forEachService(record, watch, undoEarly), problemsSince(record));
  }
  record.serviceRuns = failTogether(record.serviceRuns, request.rollout);
  if (record.serviceRuns.every(({ problem, waiting }) => problem !== undefined || waiting !== undefined))
    return;
  const gate = async (): Promise<void> => {
    const prove = (serviceRun: ServiceRun): Promise<ServiceRun> =>
      proveService(ctx, serviceRun, imagesOf(serviceRun, releases), request);
    const oldTasks = (serviceRun: ServiceRun): Promise<ServiceRun> => awaitOldTasks(ctx, serviceRun, request);
    await forEachService(record, prove, explain, undoEarly, oldTasks);
    const proven = record.serviceRuns;
    record.serviceRuns = await proveUrl(ctx, proven, request, before.answer);
    record.serviceRuns = await bake(ctx, record.serviceRuns, request, before);
    await forEachService(record, (serviceRun) =>
      proven.includes(serviceRun) ? serviceRun : explain(serviceRun),
    );
  };
  await ctx.log.step('Gate', gate, problemsSince(record));
}

/** It rolls, or it failed to, which is undone early where other services roll. */
function isToBeWatched({ change, problem }: ServiceRun): boolean {
  return change !== 'none' || problem !== undefined;
}

/** Ends what is under way. Outcomes that stand stay: what comes after them, such as cleaning up, changes none. */
async function endAll(
  record: RunRecord,
  request: Request,
  ctx: RunContext,
  ending: Conclusion,
): Promise<void> {
  if (record.serviceRuns.length > 0 && record.serviceRuns.every(({ outcome }) => outcome !== undefined))
    return;
  const last = { aws: ctx.awsToTheEnd, clock: ctx.clock };
  await forEachService(record, (serviceRun) => endOnCancel(last, serviceRun, ending, request.rollout));
  record.ending = withEvidence(ending, record.serviceRuns);
}
