import type { RunContext } from '../context.ts';
import type { TaskProofs } from '../gates/prove.ts';
import { announced } from '../image/plan.ts';
import { lastSegment } from '../aws/arn.ts';
import { patientReads } from '../aws/writes.ts';
import {
  isWell,
  type Conclusion,
  type Request,
  type RolloutRequest,
  type ServiceRun,
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
import { Actors } from '../rollout/acts.ts';
import { failsTogether, failTogether } from '../rollout/fail-together.ts';
import { Looks } from '../rollout/looks.ts';
import { reportedBy, tasksMeasurer } from '../rollout/task-proof.ts';
import { withDefinitionFile } from './definition-file.ts';
import type { Checked } from './check.ts';
import type { Plan } from './plan.ts';
import type { Release } from './release.ts';
import { packReported, packState } from './saved-state.ts';
import { forEachService, unforeseen } from './services.ts';
import { endBy } from '../runtime/cancellation.ts';
import { Loop } from '../runtime/loop.ts';
import type * as Stages from './stages.ts';
import { warnOfExpiry, withStrategies } from './strategy.ts';
import { survey, type Survey } from './survey.ts';
import { Ways } from './ways.ts';

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
    await runStages(record, request, { ...ctx, actors }, registered, over.signal);
  } catch (error) {
    const { rollout } = request;
    await endAll(record, rollout, { ...ctx, actors }, withTaskLeft(endingOf(error), record.preDeployTask));
    if (ctx.signal.aborted && registered.length > 0) {
      const { deregisterCancelled } = await loadStages();
      isLeft = await deregisterCancelled(ctx, registered, record.serviceRuns, rollout.onCancel);
    }
  } finally {
    over.abort(new Error('The stages are over.'));
  }
  // What ECS has not answered or done when the job is cancelled, the post step finds out and asks for.
  if (ctx.signal.aborted && record.serviceRuns.some(({ needsPostStep }) => needsPostStep)) return record;
  const saved = [ctx.aws.region, request, registered, record.serviceRuns] as const;
  ctx.saveForPost(isLeft ? packReported(...saved) : FINISHED);
  return record;
}

async function runStages(
  record: RunRecord,
  asked: Request,
  run: ActingContext,
  registered: Release[],
  over: AbortSignal,
): Promise<void> {
  const { log } = run;
  // While nothing rolls out, nobody suffers from a wait. What one read of several ends, no pause of another holds open.
  const signal = AbortSignal.any([run.signal, over]);
  const patient = patientReads(run.aws, { clock: run.clock, signal });
  const given = await withDefinitionFile(asked, run);
  const surveyed = await log.step('Survey', () => survey(given, { ...run, aws: patient }, loadStages));
  const { snapshots } = surveyed;
  record.url = surveyed.url;
  const request = withStrategies(given, snapshots);
  warnOfExpiry(run, request);
  const later = await loadStages();
  const ctx = withLooks({ ...run, later });
  if (request.mode === 'promote') {
    record.serviceRuns = await log.step('Promote', () => later.findWaiting(ctx, snapshots, request));
    ctx.rolloutBegins?.(record);
    return seeThrough(record, request, ctx, [], surveyed);
  }
  // Of several services those without a deployment under way go to the last good revision below the one that runs.
  const { shifting, rest } = await later.findShifting(ctx, snapshots, request);
  if (shifting.length > 0 && rest.length === 0) return goBackAlone(record, request, ctx, shifting, surveyed);
  const looking = { ...ctx, aws: patient };
  const plans = await prepare(record, request, looking, { ...surveyed, snapshots: rest });
  if (request.mode === 'plan') {
    record.previousCommit = await later.findPreviousCommit(record, ctx, snapshots);
    Object.assign(record, later.concludePlan(plans));
    return;
  }
  later.refuseBusyGroups(plans, request.rollout);
  // A write that is under way is seen through, cancelled or not: these clients answer to the end.
  const starting = { ...ctx, aws: ctx.awsToTheEnd };
  await log.step('Register', () => registerAll(record, starting, plans, registered));
  const save: Save = (releases, serviceRuns, task) => {
    ctx.saveForPost(packState(ctx.aws.region, request, releases, serviceRuns, task));
  };
  if (snapshots.length > 0) save(registered);
  ctx.signal.throwIfAborted();
  if (snapshots.length === 0) return;
  let releases: readonly Release[] = registered;
  if (request.preDeploy !== undefined) {
    await log.step('Pre-deploy', () => runPreDeploy(record, request, ctx, registered, save));
    releases = await later.refreshReleases(request, looking, registered);
  }
  if (releases.some(later.isAboutToChange)) ctx.rolloutBegins?.(record);
  await log.step(
    'Roll out',
    () => rollOut(record, request, starting, releases, shifting, save),
    problemsSince(record),
  );
  await seeThrough(record, request, ctx, releases, surveyed);
}

/** What comes after the survey: no start waits for it, and nothing is touched before it is there. */
async function loadStages(): Promise<typeof Stages> {
  const [stages] = await Promise.all([import('./stages.ts'), import('../report/publish.ts')]);
  return stages;
}

type ActingContext = RunContext & { readonly actors: Actors };

/** What comes after the survey, and what a stage that follows services needs: one look for all of them. */
type WatchingContext = ActingContext & {
  readonly later: typeof Stages;
  readonly loop: Loop;
  readonly looks: Looks;
  readonly tasks: TaskProofs;
};

/** All that follows services, looks and gates alike, goes on in one loop. */
function withLooks(run: ActingContext & Pick<WatchingContext, 'later'>): WatchingContext {
  const loop = new Loop(run);
  const ctx = { ...run, loop, looks: new Looks(run, loop) };
  return {
    ...ctx,
    tasks: {
      reported: (rollout) => reportedBy(ctx.looks.lastOf(rollout)),
      measurer: (...of) => tasksMeasurer(ctx, ...of),
    },
  };
}

/** Keeps for the post step how far the run has come. */
type Save = (
  releases: readonly Release[],
  serviceRuns?: readonly ServiceRun[],
  task?: RunRecord['preDeployTask'],
) => void;

/** What goes where: the image, the definition, and the checks of both. Nothing in AWS is touched but the image. */
async function prepare(
  record: RunRecord,
  request: Request,
  ctx: WatchingContext,
  { snapshots, imagePlan, provided }: Pick<Survey, 'snapshots' | 'imagePlan' | 'provided'>,
): Promise<readonly Plan[]> {
  const { log, later } = ctx;
  const builds = imagePlan.kind === 'build';
  const { platforms } = builds
    ? await log.step('Check before build', async () =>
        unrefused(record, await later.checkBeforeBuild(request, ctx, snapshots, announced(imagePlan))),
      )
    : { platforms: [] };
  const { images, image, build } = await log.step('Image', () =>
    later.findImages(request, ctx, { imagePlan, platforms, provided }),
  );
  record.image = image;
  record.build = build;
  const now = builds ? await later.surveyAgain(request, ctx, snapshots) : snapshots;
  const planned = await log.step('Task definition', () => later.plan(request, ctx, now, images));
  const { plans } = planned;
  record.image ??= planned.image;
  record.costs = planned.costs;
  if (plans.some(later.isToBeChecked)) {
    const which = builds ? 'after-build' : 'all';
    await log.step(
      'Verify',
      async () => unrefused(record, await later.check(request, ctx, plans, which, record.checks)),
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
  ctx: WatchingContext,
  plans: readonly Plan[],
  registered: Release[],
): Promise<void> {
  for (const each of plans) {
    registered.push(await ctx.later.register(ctx, each));
    record.definitions = registered.map(({ revision }) => revision);
  }
}

/** The one-off task on the new revision. What the post step needs to name it is saved once it is started. */
async function runPreDeploy(
  record: RunRecord,
  request: Request,
  ctx: WatchingContext,
  releases: readonly Release[],
  save: Save,
): Promise<void> {
  const { preDeploy } = await import('./pre-deploy.ts');
  const end = await preDeploy(request, ctx, releases, (task) => {
    save(releases, [], task);
  });
  if (end.kind === 'failed') record.definitions = [end.definition];
  if (end.kind === 'cancelled') record.preDeployTask = end.task;
  if (end.kind !== 'done') throw end.error;
}

/**
 * One update for each service. What the post step needs is saved before the first of them. `shifting`: those that go back by
 * the deployment that they have under way.
 */
async function rollOut(
  record: RunRecord,
  { services: names, rollout }: Request,
  ctx: WatchingContext,
  releases: readonly Release[],
  shifting: readonly ServiceRun[],
  save: Save,
): Promise<void> {
  save(releases);
  const start = ({ services, prepared, revision: { arn }, isApproved }: Release): Promise<ServiceRun>[] =>
    services.map(async (service) => {
      const run = await ctx.later.startServiceRun(ctx, service, arn, prepared.definition, rollout);
      return isApproved === undefined ? run : { ...run, isApproved };
    });
  const started = await Promise.all(releases.flatMap(start));
  const placeOf = ({ snapshot }: ServiceRun): number =>
    names.findIndex((name) => lastSegment(name) === snapshot.address.name);
  record.serviceRuns = [...started, ...shifting].toSorted((a, b) => placeOf(a) - placeOf(b));
  save(releases, record.serviceRuns);
  ctx.signal.throwIfAborted();
}

/** Follows what was started, proves it or puts it back, and says how it ended. */
async function seeThrough(
  record: RunRecord,
  request: Request,
  ctx: WatchingContext,
  releases: readonly Release[],
  surveyed: Survey,
): Promise<void> {
  const { later } = ctx;
  const { rollout } = request;
  if (rollout.wait) await watchAll(record, request, ctx, surveyed);
  record.serviceRuns = failTogether(record.serviceRuns, rollout);
  if (rollout.wait) await proveAll(record, request, ctx, releases, surveyed);
  record.serviceRuns = failTogether(record.serviceRuns, rollout);
  await later.markCondemned(ctx, releases, record.serviceRuns);
  const isRollback = (serviceRun: ServiceRun): boolean =>
    serviceRun.rollback !== undefined || later.rollbackNeeded(serviceRun, rollout);
  if (record.serviceRuns.some(isRollback)) {
    await goBack(record, request, ctx, surveyed, (serviceRun) =>
      later.rollBackIfNeeded(ctx, serviceRun, request),
    );
  }
  await conclude(record, request, ctx, releases, surveyed);
}

/**
 * Follows every service to the end of its deployment, its gates beside it while traffic shifts. While one is on its way, or
 * goes back, the tasks of those that are done are asked for.
 */
async function watchAll(
  record: RunRecord,
  request: Request,
  ctx: WatchingContext,
  { before }: Survey,
): Promise<void> {
  if (!record.serviceRuns.some(isToBeWatched)) return;
  const { later } = ctx;
  const gates = later.stagesOf(ctx, record, request, before);
  const ways = new Ways(record.serviceRuns.filter(isToBeWatched));
  // With rollback-all the others are doomed the moment one of them fails: their way back is short while they roll out.
  const isDoomed = (): boolean => failsTogether(record.serviceRuns, request.rollout);
  const watch = (serviceRun: ServiceRun): Promise<ServiceRun> =>
    ways.unlessBroken(serviceRun, () =>
      serviceRun.isToGoBack === true
        ? later.rollBackShifting(ctx, serviceRun, request)
        : later.watchServiceRun({ ...ctx, isDoomed, stages: gates.of(serviceRun) }, serviceRun, request),
    );
  const ask = async (serviceRun: ServiceRun): Promise<ServiceRun> => {
    if (!isToBeProven(serviceRun) || serviceRun.change === 'none') return serviceRun;
    ways.end(serviceRun);
    const asked = await later.askWhileOthersRoll(ctx, serviceRun, request, ways.allEnded);
    if (isWell(asked)) return asked;
    ways.begin(asked);
    return ways.unlessBroken(asked, () => later.explainServiceRun(ctx, asked, request));
  };
  const undo = (serviceRun: ServiceRun): Promise<ServiceRun> => {
    if (isDoomed()) ways.endAll();
    return ways.toTheEnd(serviceRun, () => undoEarly(record, request, ctx, serviceRun));
  };
  await ctx.log.step('Watch', () => moveOn(record, watch, ask, undo), problemsSince(record));
}

/** Asks for the proofs of what came to its end well: of each by itself, and of all together. */
async function proveAll(
  record: RunRecord,
  request: Request,
  ctx: WatchingContext,
  releases: readonly Release[],
  { before }: Survey,
): Promise<void> {
  if (!record.serviceRuns.some(isToBeProven)) return;
  const { later } = ctx;
  const prove = async (): Promise<void> => {
    record.serviceRuns = await later.prove(ctx, record.serviceRuns, {
      request,
      before,
      imagesOf: (serviceRun) => later.imagesOf(serviceRun, releases),
      allTraffic: (serviceRun, signal) => later.awaitOldTasks({ ...ctx, signal }, serviceRun, request),
      failsTogether: (serviceRuns) => failsTogether(serviceRuns, request.rollout),
      ended: async (serviceRun, isAlone) => {
        const explained = await later.explainServiceRun(ctx, serviceRun, request);
        return isAlone ? explained : undoEarly(record, request, ctx, explained);
      },
      unforeseen,
      changed: (serviceRuns) => {
        record.serviceRuns = serviceRuns;
      },
    });
  };
  await ctx.log.step('Gate', prove, markOfProof(record));
}

/** With several services, none that failed stays broken until the others are done; a cancelled job rolls nothing back. */
function undoEarly(
  { serviceRuns }: Readonly<RunRecord>,
  request: Request,
  ctx: WatchingContext,
  serviceRun: ServiceRun,
): Promise<ServiceRun> | ServiceRun {
  ctx.signal.throwIfAborted();
  if (serviceRuns.length === 1) return serviceRun;
  const at = serviceRuns.findIndex(({ snapshot }) => snapshot === serviceRun.snapshot);
  const shared = failTogether(serviceRuns.with(at, serviceRun), request.rollout)[at];
  return ctx.later.rollBackIfNeeded(ctx, shared ?? serviceRun, request);
}

/** `mode: rollback` where every service has a deployment under way: each goes back by its own, and nothing is started. */
async function goBackAlone(
  record: RunRecord,
  request: Request,
  ctx: WatchingContext,
  shifting: readonly ServiceRun[],
  surveyed: Survey,
): Promise<void> {
  record.serviceRuns = shifting;
  await goBack(record, request, ctx, surveyed, (serviceRun) =>
    ctx.later.rollBackShifting(ctx, serviceRun, request),
  );
  await conclude(record, request, ctx, [], surveyed);
}

/** Puts services back, and asks the gates once more. */
async function goBack(
  record: RunRecord,
  request: Request,
  ctx: WatchingContext,
  { before }: Survey,
  rollBack: (serviceRun: ServiceRun) => Promise<ServiceRun>,
): Promise<void> {
  const back = async (): Promise<void> => {
    await moveOn(record, rollBack);
    record.serviceRuns = await ctx.later.proveAfterRollback(ctx, record.serviceRuns, request, before.answer);
  };
  await ctx.log.step('Roll back', back, () => markOfRollback(record));
}

/** What runs now, and what becomes of the revisions of this run. */
async function conclude(
  record: RunRecord,
  { rollout }: Request,
  ctx: WatchingContext,
  releases: readonly Release[],
  { snapshots }: Survey,
): Promise<void> {
  const { later } = ctx;
  const end = async (): Promise<void> => {
    record.previousCommit = await later.findPreviousCommit(record, ctx, snapshots);
    await moveOn(record, (serviceRun) => later.concludeServiceRun(ctx, serviceRun, rollout));
    record.definitions = await later.deregisterUnusedRevisions(ctx, releases, record.serviceRuns);
  };
  await ctx.log.step('Conclude', end, () => markOfConclusion(record));
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
  rollout: RolloutRequest,
  ctx: ActingContext,
  ending: Conclusion,
): Promise<void> {
  if (record.serviceRuns.length > 0 && record.serviceRuns.every(({ outcome }) => outcome !== undefined))
    return;
  const { awsToTheEnd: aws, clock, actors } = ctx;
  const last = { aws, clock, actors, deadline: endBy(ctx, 'services') };
  await moveOn(record, async (serviceRun) => {
    const { endOnCancel } = await loadStages();
    return endOnCancel(last, serviceRun, ending, rollout);
  });
  record.ending = withEvidence(ending, record.serviceRuns);
}
