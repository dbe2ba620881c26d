import type { RunContext } from '../context.ts';
import type { TaskProofs } from '../gates/prove.ts';
import { announced } from '../image/plan.ts';
import { lastSegment } from '../aws/arn.ts';
import { patientReads } from '../aws/writes.ts';
import {
  isWell,
  type Conclusion,
  type Request,
  type ServiceRun,
  type ServiceSnapshot,
} from '../model/index.ts';
import { FINISHED } from '../model/left.ts';
import {
  markOfChecks,
  markOfConclusion,
  markOfProof,
  markOfRollback,
  problemsSince,
} from '../report/marks.ts';
import { endingOf, newRunRecord, withEvidence, withTaskLeft, type RunRecord } from '../report/run-record.ts';
import { failsTogether, failTogether, rollbackNeeded } from '../rollout/fail-together.ts';
import { Actors } from '../rollout/acts.ts';
import { Looks } from '../rollout/looks.ts';
import { reportedBy, tasksMeasurer } from '../rollout/task-proof.ts';
import { checkBeforeBuild, findImages, findPreviousCommit } from './image.ts';
import { check, refuseBusyGroups, type Checked } from './check.ts';
import { concludePlan, isAboutToChange, isToBeChecked, plan, type Plan } from './plan.ts';
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
import { forEachService, unforeseen } from './services.ts';
import { endBy } from '../runtime/cancellation.ts';
import { Loop } from '../runtime/loop.ts';
import {
  awaitOldTasks,
  concludeServiceRun,
  endOnCancel,
  explainServiceRun,
  findShifting,
  findWaiting,
  rollBackIfNeeded,
  rollBackShifting,
  startServiceRun,
  watchServiceRun,
} from './later.ts';
import { withStrategies } from './strategy.ts';
import { refreshReleases, survey, surveyAgain, warnOfExpiry, type Survey } from './survey.ts';

/**
 * A deployment, from the first look at the services to the last. Whatever happens, it resolves to the record as far
 * as it went: what was done, how it ended, and what runs now.
 */
export async function deploy(request: Request, ctx: RunContext): Promise<RunRecord> {
  const record = newRunRecord();
  const registered: Release[] = [];
  const over = new AbortController();
  const actors = new Actors();
  let isLeft = false;
  try {
    await runStages(record, request, withLooks(ctx, actors), registered, over.signal);
  } catch (error) {
    await endAll(record, request, { ...ctx, actors }, withTaskLeft(endingOf(error), record.preDeployTask));
    const { rollout } = request;
    if (ctx.signal.aborted) {
      isLeft = await deregisterCancelled(ctx, registered, record.serviceRuns, rollout.onCancel);
    }
  } finally {
    over.abort(new Error('The stages are over.'));
  }
  // What ECS has not answered or done when the job is cancelled, the post step finds out and asks for.
  if (ctx.signal.aborted && record.serviceRuns.some(({ needsPostStep }) => needsPostStep)) return record;
  const saved = [ctx.aws.region, request, destinations(registered), record.serviceRuns] as const;
  ctx.saveForPost(isLeft ? packReported(...saved) : FINISHED);
  return record;
}

/** What a stage that follows services needs: one look for all of them. */
type WatchingContext = RunContext & {
  readonly loop: Loop;
  readonly looks: Looks;
  readonly actors: Actors;
  readonly tasks: TaskProofs;
};

/** All that follows services, looks and gates alike, goes on in one loop. */
function withLooks(run: RunContext, actors: Actors): WatchingContext {
  const loop = new Loop(run);
  const ctx = { ...run, loop, looks: new Looks(run, loop), actors };
  return {
    ...ctx,
    tasks: {
      reported: (rollout) => reportedBy(ctx.looks.lastOf(rollout)),
      measurer: (...of) => tasksMeasurer(ctx, ...of),
    },
  };
}

async function runStages(
  record: RunRecord,
  asked: Request,
  ctx: WatchingContext,
  registered: Release[],
  over: AbortSignal,
): Promise<void> {
  const { log } = ctx;
  // While nothing rolls out, nobody suffers from a wait. What one read of several ends, no pause of another holds open.
  const signal = AbortSignal.any([ctx.signal, over]);
  const patient = { ...ctx, aws: patientReads(ctx.aws, { clock: ctx.clock, signal }) };
  const given = await withDefinitionFile(asked, ctx);
  const { snapshots, imagePlan, provided, url, before } = await log.step('Survey', () =>
    survey(given, patient, loadStages),
  );
  record.url = url;
  const request = withStrategies(given, snapshots);
  warnOfExpiry(ctx, request);
  if (request.mode === 'promote') {
    record.serviceRuns = await log.step('Promote', () => findWaiting(ctx, snapshots, request));
    ctx.rolloutBegins?.(record);
    await seeThrough(record, request, ctx, [], snapshots, before);
    return;
  }
  const shifting = request.mode === 'rollback' ? await findShifting(ctx, snapshots, request) : [];
  if (shifting.length > 0 && shifting.length === snapshots.length) {
    record.serviceRuns = shifting;
    await goBack(record, request, ctx, before, (serviceRun) => rollBackShifting(ctx, serviceRun, request));
    await conclude(record, request, ctx, [], snapshots);
    return;
  }
  // Of several services those without a deployment under way go to the last good revision below the one that runs.
  const rest = snapshots.filter(({ address }) => !shifting.some((each) => isOf(each, address)));
  const plans = await prepare(record, request, patient, { snapshots: rest, imagePlan, provided });
  if (request.mode === 'plan') {
    record.previousCommit = await findPreviousCommit(record, ctx, snapshots);
    Object.assign(record, concludePlan(request, plans));
    return;
  }
  refuseBusyGroups(plans, request);
  // A write that is under way is seen through, cancelled or not: these clients answer to the end.
  const starting = { ...ctx, aws: ctx.awsToTheEnd };
  await log.step('Register', () => registerAll(record, starting, plans, registered));
  let releases: readonly Release[] = registered;
  const save = (serviceRuns?: readonly ServiceRun[], task?: RunRecord['preDeployTask']): void => {
    ctx.saveForPost(packState(ctx.aws.region, request, destinations(releases), serviceRuns, task));
  };
  if (snapshots.length > 0) save();
  ctx.signal.throwIfAborted();
  if (snapshots.length === 0) return;
  if (request.preDeploy !== undefined) {
    const { preDeploy } = await import('./pre-deploy.ts');
    await log.step('Pre-deploy', async () => {
      const end = await preDeploy(request, ctx, releases, (task) => {
        save([], task);
      });
      if (end.kind === 'failed') record.definitions = [end.definition];
      if (end.kind === 'cancelled') record.preDeployTask = end.task;
      if (end.kind !== 'done') throw end.error;
    });
    releases = await refreshReleases(request, patient, releases);
  }
  if (releases.some(isAboutToChange)) ctx.rolloutBegins?.(record);
  await log.step(
    'Roll out',
    () => rollOut(record, request, starting, releases, shifting, save),
    problemsSince(record),
  );
  await seeThrough(record, request, ctx, releases, snapshots, before);
}

/** Follows what was started, proves it or puts it back, and says how it ended. */
async function seeThrough(
  record: RunRecord,
  request: Request,
  ctx: WatchingContext,
  releases: readonly Release[],
  snapshots: readonly ServiceSnapshot[],
  before: Survey['before'],
): Promise<void> {
  if (request.rollout.wait) await proveAll(record, request, ctx, releases, before);
  record.serviceRuns = failTogether(record.serviceRuns, request.rollout);
  await markCondemned(ctx, releases, record.serviceRuns);
  const isRollback = (serviceRun: ServiceRun): boolean =>
    serviceRun.rollback !== undefined || rollbackNeeded(serviceRun, request.rollout);
  if (record.serviceRuns.some(isRollback)) {
    await goBack(record, request, ctx, before, (serviceRun) => rollBackIfNeeded(ctx, serviceRun, request));
  }
  await conclude(record, request, ctx, releases, snapshots);
}

/** Puts services back, and asks the gates once more. */
async function goBack(
  record: RunRecord,
  request: Request,
  ctx: WatchingContext,
  { answer }: Survey['before'],
  rollBack: (serviceRun: ServiceRun) => Promise<ServiceRun>,
): Promise<void> {
  const back = async (): Promise<void> => {
    await moveOn(record, rollBack);
    const { proveAfterRollback } = await import('./stages.ts');
    record.serviceRuns = await proveAfterRollback(ctx, record.serviceRuns, request, answer);
  };
  await ctx.log.step('Roll back', back, () => markOfRollback(record));
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
    record.previousCommit = await findPreviousCommit(record, ctx, snapshots);
    await moveOn(record, (serviceRun) => concludeServiceRun(ctx, serviceRun, request.rollout));
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
): Promise<readonly Plan[]> {
  const { log } = ctx;
  const builds = imagePlan.kind === 'build';
  const { platforms } = builds
    ? await log.step('Check before build', async () =>
        unrefused(record, await checkBeforeBuild(request, ctx, snapshots, announced(imagePlan))),
      )
    : { platforms: [] };
  const { images, image, build } = await log.step('Image', () =>
    findImages(request, ctx, { imagePlan, platforms, provided }),
  );
  record.image = image;
  record.build = build;
  const now = builds ? await surveyAgain(request, ctx, snapshots) : snapshots;
  const planned = await log.step('Task definition', () => plan(request, ctx, now, images));
  const { plans } = planned;
  record.image ??= planned.image;
  record.costs = planned.costs;
  if (plans.some(isToBeChecked)) {
    const which = builds ? 'after-build' : 'all';
    await log.step(
      'Verify',
      async () => unrefused(record, await check(request, ctx, plans, which, record.checks)),
      () => markOfChecks(record),
    );
  }
  return plans;
}

/** The same; where checks refuse the run, it ends with them in the record. */
function unrefused<T extends Checked>(record: RunRecord, checked: T): T {
  record.checks = checked.checks;
  if (checked.problem !== undefined) throw checked.problem;
  return checked;
}

/** One revision for each plan. What is registered is in the record, and in `registered`, whatever comes after it. */
async function registerAll(
  record: RunRecord,
  ctx: RunContext,
  plans: readonly Plan[],
  registered: Release[],
): Promise<void> {
  for (const each of plans) {
    registered.push(await register(ctx, each));
    record.definitions = registered.map(({ revision }) => revision);
  }
}

function isOf({ snapshot }: ServiceRun, { name }: ServiceSnapshot['address']): boolean {
  return snapshot.address.name === name;
}

/**
 * One update for each service. What the post step needs is saved before the first of them. `shifting`: those that go back by
 * the deployment that they have under way.
 */
async function rollOut(
  record: RunRecord,
  request: Request,
  ctx: RunContext,
  releases: readonly Release[],
  shifting: readonly ServiceRun[],
  save: (serviceRuns?: readonly ServiceRun[]) => void,
): Promise<void> {
  save();
  const start = ({ services, prepared, revision: { arn }, isApproved }: Release): Promise<ServiceRun>[] =>
    services.map(async (service) => {
      const run = await startServiceRun(ctx, service, arn, prepared.definition, request.rollout);
      return isApproved === undefined ? run : { ...run, isApproved };
    });
  const started = await Promise.all(releases.flatMap(start));
  const goingBack = shifting.map((each) => ({ ...each, isToGoBack: true as const }));
  const placeOf = ({ snapshot }: ServiceRun): number =>
    request.services.findIndex((name) => lastSegment(name) === snapshot.address.name);
  record.serviceRuns = [...started, ...goingBack].toSorted((a, b) => placeOf(a) - placeOf(b));
  save(record.serviceRuns);
  ctx.signal.throwIfAborted();
}

/** Follows every service to its end, then asks for the proofs: of each by itself, and of all together. */
async function proveAll(
  record: RunRecord,
  request: Request,
  ctx: WatchingContext,
  releases: readonly Release[],
  before: Survey['before'],
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
    serviceRun.isToGoBack === true
      ? rollBackShifting(ctx, serviceRun, request)
      : watchServiceRun({ ...ctx, isDoomed, stages: stages.of(serviceRun) }, serviceRun, request);
  const { prove, stagesOf } = await import('./stages.ts');
  const stages = stagesOf(ctx, record, request, before);
  const explain = (serviceRun: ServiceRun): Promise<ServiceRun> =>
    explainServiceRun(ctx, serviceRun, request);
  if (record.serviceRuns.some(isToBeWatched)) {
    await ctx.log.step('Watch', () => moveOn(record, watch, undoEarly), problemsSince(record));
  }
  record.serviceRuns = failTogether(record.serviceRuns, request.rollout);
  if (!record.serviceRuns.some(isToBeProven)) return;
  const gate = async (): Promise<void> => {
    record.serviceRuns = await prove(ctx, record.serviceRuns, {
      request,
      before,
      imagesOf: (serviceRun) => imagesOf(serviceRun, releases),
      allTraffic: (serviceRun, signal) => awaitOldTasks({ ...ctx, signal }, serviceRun, request),
      failsTogether: (serviceRuns) => failsTogether(serviceRuns, request.rollout),
      ended: async (serviceRun, isAlone) => {
        const explained = await explain(serviceRun);
        return isAlone ? explained : undoEarly(explained);
      },
      unforeseen,
      changed: (serviceRuns) => {
        record.serviceRuns = serviceRuns;
      },
    });
  };
  await ctx.log.step('Gate', gate, markOfProof(record));
}

/** Moves every service some steps on. What each has come to is in the record at once. */
function moveOn(
  record: RunRecord,
  ...steps: readonly ((serviceRun: ServiceRun) => Promise<ServiceRun> | ServiceRun)[]
): Promise<void> {
  const write = (serviceRun: ServiceRun, position: number): void => {
    record.serviceRuns = record.serviceRuns.with(position, serviceRun);
  };
  return forEachService(record.serviceRuns, write, ...steps);
}

/** It rolls. One that failed to start is undone meanwhile, where another rolls. */
function isToBeWatched({ change, problem }: ServiceRun): boolean {
  return change !== 'none' && problem === undefined;
}

/** It has come to its end well, and tasks run that can be asked. */
function isToBeProven(serviceRun: ServiceRun): boolean {
  return isWell(serviceRun) && serviceRun.desiredCount > 0;
}

/** Ends what is under way. Outcomes that stand stay: what comes after them, such as cleaning up, changes none. */
async function endAll(
  record: RunRecord,
  request: Request,
  ctx: RunContext & { readonly actors: Actors },
  ending: Conclusion,
): Promise<void> {
  if (record.serviceRuns.length > 0 && record.serviceRuns.every(({ outcome }) => outcome !== undefined))
    return;
  const { awsToTheEnd: aws, clock, actors } = ctx;
  const last = { aws, clock, actors, deadline: endBy(ctx, 'services') };
  await moveOn(record, (serviceRun) => endOnCancel(last, serviceRun, ending, request.rollout));
  record.ending = withEvidence(ending, record.serviceRuns);
}
