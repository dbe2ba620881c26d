import type { ActionSystem, Runner } from './action.ts';
import type { Aws } from './aws/clients.ts';
import { revisionName } from './aws/arn.ts';
import { describeAwsError } from './aws/errors.ts';
import { commitOf, readEvent } from './github/event.ts';
import { cleanUpDocker, unpackLeftovers } from './image/session.ts';
import type { PlannedChange, ServiceRun } from './model/index.ts';
import {
  serviceRunOf,
  unpackState,
  type SavedService,
  type SavedState,
  type Started,
} from './pipeline/saved-state.ts';
import { endKilled } from './report/deployment-record.ts';
import { commentContext, postComment } from './report/post-comment.ts';
import { ProgressLog } from './report/progress-log.ts';
import { announceComment, withoutSecrets } from './report/publish.ts';
import { composeReport, runFacts } from './report/report.ts';
import { newRunRecord, withTaskLeft } from './report/run-record.ts';
import { renderSummary } from './report/summary.ts';
import { Actors } from './rollout/acts.ts';
import { endOnCancel, type Interruption } from './rollout/cancel.ts';
import { findInterrupted } from './rollout/find-interrupted.ts';
import { Masks } from './runtime/masks.ts';
import { Deadline, poll } from './runtime/wait.ts';
import { deregisterIfReplaced, notDeregistered } from './task-definition/register.ts';

const KILLED: Interruption = {
  result: 'cancelled',
  cause: 'cancelled',
  message: 'The job ended before the deployment did.',
};

/** The post step: removes what a build left behind, and finishes what a killed run could not. Never fails the job. */
export async function finish(runner: Runner, system: ActionSystem): Promise<void> {
  const token = tokenOf(runner);
  const masks = new Masks(token === undefined ? [] : [token]);
  const log = new ProgressLog(runner.console, system.clock, masks);
  // The deployment first: the runner may not leave time for both.
  await finishDeployment(runner, system, log, masks, token);
  const leftovers = unpackLeftovers(runner.getState('docker'));
  if (leftovers === undefined) return;
  const { exec, signal } = system;
  await cleanUpDocker({ exec, env: runner.env, workspace: process.cwd(), signal }, leftovers, log);
}

/**
 * Asks for the rollback where `on-cancel` wants one, waits for nothing, and says in the log, the summary and the
 * comment what becomes of each service.
 */
async function finishDeployment(
  runner: Runner,
  system: ActionSystem,
  log: ProgressLog,
  masks: Masks,
  token: string | undefined,
): Promise<void> {
  const savedState = unpackState(runner.getState('savedState'));
  if (savedState === undefined) return;
  const over = new AbortController();
  const startedAt = runner.getState('startedAt') || system.date().toISOString();
  const event = await readEvent(runner.env);
  try {
    const aws = await system.connectAws(savedState.region, over.signal, over.signal);
    if (savedState.isReported === true) {
      await deregisterLeft(aws, system, log, savedState);
      return;
    }
    const serviceRuns = await Promise.all(
      savedState.services.map((each) => finishServiceRun(aws, system, each, savedState)),
    );
    for (const { outcome } of serviceRuns) log.line(outcome?.nowRunning ?? '');
    await deregisterLeft(aws, system, log, savedState, serviceRuns);
    const ending = withTaskLeft({ ...KILLED, hint: undefined, evidence: [] }, savedState.preDeployTask);
    if (savedState.preDeployTask !== undefined) log.line(`${ending.message} ${ending.hint ?? ''}`);
    const { steps, lines, warnings, notes, points } = log;
    const report = composeReport(
      undefined,
      runFacts(runner.env, commitOf(event)),
      { ...newRunRecord(), serviceRuns, ending },
      {
        startedAt,
        durationSeconds: secondsSince(startedAt, system.date()),
        steps,
        lines,
        warnings,
        notes,
        points,
      },
    );
    const masked = withoutSecrets(report, masks);
    if (savedState.summary) {
      try {
        await runner.publisher.writeSummary(renderSummary(masked));
      } catch (error) {
        log.warn(`The job summary could not be written (${describeAwsError(error)}).`);
      }
    }
    const recorded = Number(runner.getState('githubDeployment'));
    if (recorded > 0) {
      const record = { event, run: report.run, clock: system.clock, connect: system.connectGitHub };
      announceComment(await endKilled(recorded, token, record), runner.publisher, masks);
    }
    const comment = { ...savedState.comment, githubToken: token };
    const end = await postComment(masked, comment, commentContext(event, system));
    announceComment(end, runner.publisher, masks);
  } catch (error) {
    log.warn(`The cancelled deployment could not be finished (${describeAwsError(error)}).`);
  } finally {
    // A call that nobody waits for any more must not keep the process alive.
    over.abort(new Error('The post step is over.'));
  }
}

/** Of the run, which was another process; by the clock of the runner. */
function secondsSince(startedAt: string, now: Date): number {
  return Math.max(0, Math.round((now.getTime() - Date.parse(startedAt)) / 100) / 10);
}

/** The token, masked before anything is logged. */
function tokenOf(runner: Runner): string | undefined {
  const token = runner.getInput('github-token').trim();
  if (token === '') return undefined;
  runner.setSecret(token);
  return token;
}

/** How long ECS gets to take the services off a revision, in seconds, and the pause between two looks. */
const SECONDS_TO_REPLACE = 30;
const PAUSE_MS = 2_000;

/**
 * Deregisters what the killed or cancelled run registered, once no service is on it: it must not become the base of the
 * next one. Not where a deployment of it goes on, as `on-cancel: leave` wants.
 */
async function deregisterLeft(
  aws: Aws,
  { clock }: ActionSystem,
  log: ProgressLog,
  { services, rollout }: SavedState,
  serviceRuns: readonly ServiceRun[] = [],
): Promise<void> {
  const arns = [...new Set(services.flatMap((each) => (each.registered ? each.taskDefinitionArn : [])))];
  const goesOn = (arn: string): boolean =>
    rollout.onCancel === 'leave' &&
    serviceRuns.some(
      ({ taskDefinitionArn, rollout, outcome }) =>
        taskDefinitionArn === arn && rollout !== undefined && outcome?.goesBack !== true,
    );
  for (const arn of arns.filter((each) => !goesOn(each))) {
    const addresses = services
      .filter(({ taskDefinitionArn }) => taskDefinitionArn === arn)
      .map(({ snapshot }) => snapshot.address);
    const deadline = Deadline.of(clock, SECONDS_TO_REPLACE * 1000);
    let isSent = false;
    const onSend = (): void => {
      isSent = true;
    };
    try {
      const done = await poll<boolean>({ clock }, deadline, async () =>
        (await deregisterIfReplaced({ aws, clock }, arn, addresses, onSend))
          ? { kind: 'end', value: true }
          : { kind: 'pause', pauseMs: PAUSE_MS, late: false },
      );
      log.line(
        done
          ? `${revisionName(arn)} is deregistered: no service is on it, and it is no base for the next run.`
          : `${revisionName(arn)} stays registered: a service is still on it.`,
      );
    } catch (error) {
      log.line(notDeregistered(revisionName(arn), error, isSent));
    }
  }
}

/** ECS is asked for the rollback for so long: no kill follows a post step as soon as it does a run. */
const SECONDS_TO_UNDO = 30;

/** Finds out how far the killed run got with this service, and ends the run of it. */
async function finishServiceRun(
  aws: Aws,
  { clock }: ActionSystem,
  service: SavedService,
  { rollout }: SavedState,
): Promise<ServiceRun> {
  const actors = new Actors();
  const ctx = { aws, clock, actors, seconds: SECONDS_TO_UNDO, mayHaveGoneBack: true as const };
  const end = (started: Started | undefined, change?: PlannedChange): Promise<ServiceRun> =>
    endOnCancel(ctx, serviceRunOf(service, started, change), KILLED, rollout);
  const { snapshot, taskDefinitionArn, known } = service;
  if (known !== undefined) return end(known.rollout, known.change);
  try {
    const found = await findInterrupted(ctx, snapshot, taskDefinitionArn, rollout);
    if (found.kind !== 'other') return await end(found.kind === 'started' ? found.started : undefined);
    return ended(service, found.sentence);
  } catch (error) {
    return ended(
      service,
      `What runs in service "${snapshot.address.name}" could not be read (${describeAwsError(error)}).`,
    );
  }
}

function ended(service: SavedService, nowRunning: string): ServiceRun {
  const outcome = { ...KILLED, nowRunning, hint: undefined, evidence: [] };
  return { ...serviceRunOf(service, undefined), outcome };
}
