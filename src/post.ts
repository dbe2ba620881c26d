import type { Aws } from './aws/clients.ts';
import { describeAwsError } from './aws/errors.ts';
import type { RunContext } from './context.ts';
import { courseOf, unpackHandover, type HandedOver, type Handover, type Started } from './handover.ts';
import { tidyDocker, unpackRemains } from './image/tidy.ts';
import { commitOf, readEvent } from './github/event.ts';
import type { Course, Move } from './model.ts';
import { commentTools, postComment } from './report/post-comment.ts';
import { ProgressLog } from './report/progress-log.ts';
import { tellOfComment, withoutSecrets } from './report/publish.ts';
import { composeReport } from './report/report.ts';
import { runFacts } from './report/run-facts.ts';
import { newStory } from './report/story.ts';
import { renderSummary } from './report/summary.ts';
import { abandonCourse, type Abandonment } from './rollout/abandon.ts';
import { findStarted } from './rollout/find-started.ts';
import type { Runner } from './run.ts';
import { Masks } from './runtime/masks.ts';

const KILLED: Abandonment = {
  result: 'cancelled',
  cause: 'cancelled',
  message: 'The job ended before the deployment did.',
};

/** The post step: removes what a build left behind, and finishes what a killed run could not. Never fails the job. */
export async function finish(runner: Runner, ctx: RunContext): Promise<void> {
  const token = tokenOf(runner);
  const masks = new Masks(token === undefined ? [] : [token]);
  const log = new ProgressLog(runner.console, ctx.clock, masks);
  // The deployment first: the runner may not leave time for both.
  await finishDeployment(runner, ctx, log, masks, token);
  const remains = unpackRemains(runner.getState('docker'));
  if (remains === undefined) return;
  const { exec, signal } = ctx;
  await tidyDocker({ exec, env: runner.env, workspace: process.cwd(), signal }, remains, log);
}

/**
 * Asks for the rollback where `on-cancel` wants one, waits for nothing, and says in the log, the summary and the
 * comment what becomes of each service.
 */
async function finishDeployment(
  runner: Runner,
  ctx: RunContext,
  log: ProgressLog,
  masks: Masks,
  token: string | undefined,
): Promise<void> {
  const handover = unpackHandover(runner.getState('handover'));
  if (handover === undefined) return;
  const over = new AbortController();
  const startedAt = runner.getState('startedAt') || ctx.date().toISOString();
  const event = await readEvent(runner.env);
  try {
    const aws = await ctx.connectAws(handover.region, over.signal, over.signal);
    const courses = await Promise.all(
      handover.services.map((each) => finishCourse(aws, ctx, each, handover)),
    );
    for (const { outcome } of courses) log.line(outcome?.production ?? '');
    const { steps, lines, warnings, points } = log;
    const report = composeReport(
      undefined,
      runFacts(runner.env, commitOf(event)),
      { ...newStory(), courses, ending: { ...KILLED, hint: undefined, evidence: [] } },
      { startedAt, durationSeconds: secondsSince(startedAt, ctx.date()), steps, lines, warnings, points },
    );
    if (handover.summary) await runner.publisher.writeSummary(renderSummary(withoutSecrets(report, masks)));
    const comment = { ...handover.comment, githubToken: token };
    const end = await postComment(withoutSecrets(report, masks), comment, commentTools(event, ctx));
    tellOfComment(end, runner.publisher, masks);
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

/** The token, masked before anything is said. */
function tokenOf(runner: Runner): string | undefined {
  const token = runner.getInput('github-token').trim();
  if (token === '') return undefined;
  runner.setSecret(token);
  return token;
}

/** ECS is asked for the rollback for so long: no kill follows a post step as soon as it does a run. */
const SECONDS_TO_UNDO = 30;

/** Finds out how far the killed run got with this service, and ends its course. */
async function finishCourse(
  aws: Aws,
  { clock }: RunContext,
  service: HandedOver,
  { rollout }: Handover,
): Promise<Course> {
  const tools = { aws, clock, seconds: SECONDS_TO_UNDO };
  const end = (started: Started | undefined, move?: Move): Promise<Course> =>
    abandonCourse(tools, courseOf(service, started, move), KILLED, rollout);
  const { snapshot, taskDefinitionArn, known } = service;
  if (known !== undefined) return end(known.rollout, known.move);
  try {
    const found = await findStarted(tools, snapshot, taskDefinitionArn, rollout);
    if (found.kind !== 'other') return await end(found.kind === 'started' ? found.started : undefined);
    return ended(service, found.sentence);
  } catch (error) {
    return ended(
      service,
      `What runs in service "${snapshot.address.name}" could not be read (${describeAwsError(error)}).`,
    );
  }
}

function ended(service: HandedOver, production: string): Course {
  const outcome = { ...KILLED, production, hint: undefined, evidence: [] };
  return { ...courseOf(service, undefined), outcome };
}
