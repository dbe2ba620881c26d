import { tmpdir } from 'node:os';
import { lastSegment } from './aws/arn.ts';
import type { RolloutImages, RunContext, System } from './context.ts';
import { commitOf, readEvent, type GitHubEvent } from './github/event.ts';
import type { ConnectGitHub } from './github/github.ts';
import { packLeftovers } from './image/session.ts';
import { InvalidInputs, readInputs, type ReadInputs } from './inputs/index.ts';
import { givenInputs } from './inputs/unknown.ts';
import { deploy } from './pipeline/deploy.ts';
import type { Request } from './model/index.ts';
import { desiredComment, type CommentRequest } from './report/comment-request.ts';
import type { CommentEnd } from './report/post-comment.ts';
import type { DeploymentRecorder } from './report/deployment-record.ts';
import { ProgressLog, type Console } from './report/progress-log.ts';
import type { Publisher } from './report/publish.ts';
import {
  composeReport,
  deployedCommit,
  runFacts,
  worstEnding,
  type Report,
  type RunFacts,
} from './report/report.ts';
import { endingOf, newRunRecord, type RunRecord } from './report/run-record.ts';
import { DeployError, isError } from './runtime/error.ts';
import { Masks } from './runtime/masks.ts';

/** The GitHub runner, as the action sees it; @actions/core and the environment in production. */
export interface Runner {
  /** An input's text as it is written, with the spaces around it. */
  getInput(name: string): string;
  setSecret(secret: string): void;
  /** What a step keeps for its post step. */
  saveState(name: string, value: string): void;
  getState(name: string): string;
  readonly console: Console;
  readonly publisher: Publisher;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** Everything real that an action touches the world with, besides the runner. */
export interface ActionSystem extends System {
  readonly connectGitHub: ConnectGitHub;
}

/** One run of the action: inputs, the deployment, the report. Never rejects for a failed deployment: the step is red. */
export async function run(runner: Runner, system: ActionSystem): Promise<void> {
  const startedAt = system.date().toISOString();
  const masks = new Masks();
  const log = new ProgressLog(runner.console, system.clock, masks);
  const save = savingInto(runner, log);
  save('startedAt', startedAt);
  const inputs = readAllInputs(runner);
  const event = await readEvent(runner.env);
  if (inputs.kind === 'read') {
    masks.spare(namesOf(inputs.request, runner.env, commitOf(event)));
    maskSecrets(inputs.secrets, runner, masks);
  }
  const request = inputs.kind === 'read' ? inputs.request : undefined;
  const facts = runFacts(runner.env, commitOf(event));
  const recorder = request && (await recorderOf(request, facts, event, save, system));
  log.onPoint = (point) => {
    recorder?.progress(point);
  };
  const begins = (images: RolloutImages): void => {
    recorder?.begin(deployedCommit(images, facts));
  };
  const record =
    inputs.kind === 'invalid'
      ? { ...newRunRecord(), ending: endingOf(inputs.error) }
      : await deployWithAws(inputs, { ...runner, saveState: save }, system, log, masks, begins);
  const { steps, lines, warnings, notes, points, seconds } = log;
  const recorded = { startedAt, durationSeconds: seconds, steps, lines, warnings, notes, points };
  const report = reportOf(request, facts, record, recorded);
  const comment = request && { ...desiredComment(request), githubToken: request.report.githubToken };
  const { publish } = await import('./report/publish.ts');
  await publish(report, runner.publisher, masks, {
    temp: givenOr(runner.env['RUNNER_TEMP'], tmpdir()),
    artifacts: runner.env['GITHUB_ARTIFACTS'],
    summary: request?.report.summary ?? true,
    ...(recorder === undefined ? {} : { deployment: (masked) => recorder.end(masked) }),
    ...(comment === undefined ? {} : { comment: (masked) => commented(masked, comment, event, system) }),
  });
}

/**
 * Keeps texts for the post step. A disk that is full ends no deployment: that one half is not told to the other is a
 * warning, and the run goes on.
 */
function savingInto(runner: Runner, log: ProgressLog): Runner['saveState'] {
  let hasFailed = false;
  return (name, value) => {
    try {
      runner.saveState(name, value);
    } catch (error) {
      if (hasFailed) return;
      hasFailed = true;
      log.warn(
        `The state for the post step could not be saved (${messageOf(error)}): were this job killed, nobody would finish what it has begun.`,
      );
    }
  };
}

async function commented(
  report: Report,
  request: CommentRequest,
  event: GitHubEvent,
  system: ActionSystem,
): Promise<CommentEnd> {
  const { commentContext, postComment } = await import('./report/post-comment.ts');
  return postComment(report, request, commentContext(event, system));
}

/** Undefined where no environment is named, and in a plan, which deploys nothing. */
async function recorderOf(
  { mode, cluster, services, report }: Request,
  run: RunFacts,
  event: GitHubEvent,
  save: Runner['saveState'],
  { clock, signal, connectGitHub: connect }: ActionSystem,
): Promise<DeploymentRecorder | undefined> {
  const { githubEnvironment: environment, githubToken: token } = report;
  if (environment === undefined || mode === 'plan') return undefined;
  const { DeploymentRecorder } = await import('./report/deployment-record.ts');
  const names = { cluster: lastSegment(cluster), services: services.map(lastSegment) };
  const keep = (id: number): void => {
    save('githubDeployment', String(id));
  };
  return new DeploymentRecorder(
    { environment, token, mode, ...names },
    { event, run, clock, signal, connect, keep },
  );
}

/** How it ended is told, whatever keeps the rest of the report from being composed: the deployment is done by now. */
function reportOf(...[request, facts, record, recorded]: Parameters<typeof composeReport>): Report {
  try {
    return composeReport(request, facts, record, recorded);
  } catch (error) {
    const warning = `The report could not be composed (${messageOf(error)}).`;
    const end = { ...newRunRecord(), ending: worstEnding(record) };
    return composeReport(undefined, facts, end, { ...recorded, warnings: [...recorded.warnings, warning] });
  }
}

function messageOf(error: unknown): string {
  return isError(error) ? error.message : String(error);
}

function workspaceOf(runner: Runner): string {
  return givenOr(runner.env['GITHUB_WORKSPACE'], process.cwd());
}

/** A variable that is set to nothing is not set. */
function givenOr(value: string | undefined, otherwise: string): string {
  return value === undefined || value === '' ? otherwise : value;
}

/** The region that the environment names. */
function regionOf({ env }: Runner): string | undefined {
  return [env['AWS_REGION'], env['AWS_DEFAULT_REGION']].find((each) => each !== undefined && each !== '');
}

type Inputs =
  ({ readonly kind: 'read' } & ReadInputs) | { readonly kind: 'invalid'; readonly error: DeployError };

function readAllInputs(runner: Runner): Inputs {
  try {
    const inputs = readInputs((name) => runner.getInput(name), {
      workspace: workspaceOf(runner),
      region: regionOf(runner),
      given: givenInputs(runner.env),
    });
    return { kind: 'read', ...inputs };
  } catch (error) {
    if (error instanceof InvalidInputs) return { kind: 'invalid', error: invalidInput(error) };
    const failure = new DeployError('unknown', `The inputs could not be read: ${messageOf(error)}.`);
    return { kind: 'invalid', error: failure };
  }
}

/** One problem is the message itself; several are named in it and listed below it. */
function invalidInput({ problems }: InvalidInputs): DeployError {
  const [only = '', ...others] = problems;
  if (others.length === 0) {
    return new DeployError('invalid-input', `Invalid input: ${only}`, { hint: CALLED_NOTHING });
  }
  const names = [...new Set(problems.map((problem) => problem.split(':', 1)[0] ?? ''))];
  return new DeployError(
    'invalid-input',
    `Invalid inputs, ${problems.length} problems: ${names.join(', ')}.`,
    {
      hint: problems.join('\n'),
    },
  );
}

const CALLED_NOTHING = 'Correct what the message names. Nothing was called yet.';

/** Before the first word is printed. What the runner is told it hides in all later steps of the job, too. */
function maskSecrets(secrets: readonly string[], runner: Runner, masks: Masks): void {
  for (const secret of secrets) for (const line of masks.add(secret)) runner.setSecret(line);
}

/** What links and messages call the things of this run: the author of the workflow wrote it where anybody may read it. */
function namesOf(
  { cluster, services, ecrRepository, image, definition, report }: Request,
  env: Runner['env'],
  commit: string,
): string[] {
  const names = [
    ...[cluster, ...services],
    ...definition.containers,
    ...referencesOf(image),
    ecrRepository,
    report.githubEnvironment,
    commit,
    ...['GITHUB_REPOSITORY', 'GITHUB_JOB', 'GITHUB_SHA', 'GITHUB_RUN_ID'].map((name) => env[name]),
    ...['GITHUB_REF_NAME', 'GITHUB_HEAD_REF'].map((name) => env[name]),
  ];
  return names.flatMap((name) => (name === undefined || name === '' ? [] : [name]));
}

function referencesOf(image: Request['image']): readonly string[] {
  switch (image.kind) {
    case 'reference':
      return [image.reference];
    case 'by-container':
      return Object.values(image.references);
    case 'existing-tag':
      return [image.tag];
    case 'build':
    case 'none':
      return [];
  }
}

/**
 * Of credentials in the environment, which nobody renews; whoever puts them there may say when they end (AWS SDKs and Tools
 * Reference Guide, AWS_CREDENTIAL_EXPIRATION).
 */
function credentialsEnd({ env }: Runner, now: Date): Pick<RunContext, 'credentialsEnd'> {
  const at = Date.parse(env['AWS_CREDENTIAL_EXPIRATION'] ?? '');
  const areThere = givenOr(env['AWS_ACCESS_KEY_ID'], '') !== '';
  return areThere && !Number.isNaN(at)
    ? { credentialsEnd: { at: new Date(at), leftMs: at - now.getTime() } }
    : {};
}

async function deployWithAws(
  { request, warnings }: ReadInputs,
  runner: Runner,
  system: ActionSystem,
  log: ProgressLog,
  masks: Masks,
  rolloutBegins: (images: RolloutImages) => void,
): Promise<RunRecord> {
  const { connectAws, clock, signal, random, ask, download, exec } = system;
  const over = new AbortController();
  try {
    for (const warning of warnings) log.warn(warning);
    const region = request.region ?? regionOf(runner);
    return await deploy(request, {
      aws: await connectAws(region, signal, over.signal),
      awsToTheEnd: await connectAws(region, over.signal, over.signal),
      clock,
      signal,
      log,
      random,
      ask,
      download,
      saveForPost: (text) => {
        runner.saveState('savedState', text);
      },
      saveLeftovers: (leftovers) => {
        runner.saveState('docker', packLeftovers(leftovers));
      },
      exec,
      rolloutBegins,
      mask: (secret) => {
        maskSecrets([secret], runner, masks);
      },
      env: runner.env,
      ...credentialsEnd(runner, system.date()),
      workspace: workspaceOf(runner),
    });
  } catch (error) {
    return { ...newRunRecord(), ending: endingOf(error) };
  } finally {
    // A call that nobody waits for any more must not keep the process alive.
    over.abort(new Error('The run is over.'));
  }
}
