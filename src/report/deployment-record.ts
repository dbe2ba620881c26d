/** The GitHub deployment of a run, where `github-environment` names an environment. */
import type { GitHubEvent } from '../github/event.ts';
import {
  GitHubError,
  type ConnectGitHub,
  type DeploymentState,
  type GitHub,
  type GitHubDeployment,
} from '../github/github.ts';
import type { Mode, Result, RolloutPoint } from '../model/index.ts';
import type { Clock } from '../runtime/clock.ts';
import { endBy } from '../runtime/cancellation.ts';
import { textIn } from '../runtime/json.ts';
import { counted } from '../runtime/log.ts';
import { withSignal } from '../runtime/wait.ts';
import { grade } from './headline.ts';
import type { CommentEnd } from './post-comment.ts';
import type { Report, RunFacts } from './report.ts';

/** What is recorded, and with whose token. */
export interface RecordRequest {
  readonly environment: string;
  readonly token: string | undefined;
  readonly mode: Mode;
  readonly cluster: string;
  readonly services: readonly string[];
}

export interface RecordContext {
  readonly event: Pick<GitHubEvent, 'repository'>;
  readonly run: RunFacts;
  readonly clock: Clock;
  /** Of the job: once it is aborted there is as long as `END_BY` says. */
  readonly signal: AbortSignal;
  readonly connect: ConnectGitHub;
  /** Keeps the deployment for the post step, should this process be killed. */
  readonly keep: (id: number) => void;
}

/** Marks the deployments of this action, so that they are not taken for those that a job makes by itself. */
const BY = 'ecs-fargate-deploy';

/** Seconds that one exchange with GitHub may take: nothing of AWS waits for it but the end of a run. */
const SECONDS = 10;

/** A share is told again after so long at the earliest. */
const PAUSE_MS = 15_000;

/** Deployments of the environment that are looked through for that of the job. */
const LOOKED_AT = 10;

/**
 * Records a run as a deployment of an environment: in progress with the share of healthy tasks, then what came of it. The
 * deployment that GitHub makes for a job with `environment:` is used, not doubled. Nothing waits for GitHub while the
 * service rolls, and no method rejects: what GitHub refuses is a warning at the end.
 */
export class DeploymentRecorder {
  readonly #request: RecordRequest;
  readonly #ctx: RecordContext;
  readonly #shares = new Map<string, { readonly there: number; readonly desired: number }>();
  #queue: Promise<void> = Promise.resolve();
  #deployment: GitHubDeployment | undefined;
  #problem: GitHubError | undefined;
  /** A rollout began, and no commit of its image was known. */
  #isLate = false;
  #told: { readonly text: string; readonly at: number } | undefined;

  constructor(request: RecordRequest, ctx: RecordContext) {
    this.#request = request;
    this.#ctx = ctx;
  }

  /**
   * The rollout begins. `commit`: the one that the image was built from. Where nothing tells it, that of the run is none: the
   * deployment that GitHub made for the job is used, and otherwise one is made of the commit that runs in the end, if its
   * image tells it then.
   */
  begin(commit: string | undefined): void {
    if (this.#request.mode === 'promote') {
      this.#goOn();
      return;
    }
    // What a rollback goes back to is known once it runs.
    if (this.#request.mode !== 'deploy') return;
    this.#isLate = commit === undefined;
    this.#enqueue(async (github) => {
      this.#deployment =
        (await this.#ofJob(github)) ??
        (commit === undefined ? undefined : await this.#create(github, commit));
      if (this.#deployment === undefined) return;
      this.#ctx.keep(this.#deployment.id);
      await this.#say(github, this.#deployment.id, 'in_progress', `Deploying to ${this.#where()}`);
    });
  }

  /** The deployment that an earlier run left at a pause: this run tells how it goes on. */
  #goOn(): void {
    this.#enqueue(async (github) => {
      this.#deployment = await this.#open(github);
      if (this.#deployment === undefined) return;
      this.#ctx.keep(this.#deployment.id);
      await this.#say(github, this.#deployment.id, 'in_progress', `Promoting ${this.#where()}`);
    });
  }

  progress({ service, desired, running, healthy, stage }: RolloutPoint): void {
    this.#shares.set(service, { there: healthy ?? running, desired });
    const all = [...this.#shares.values()];
    const sum = (of: 'there' | 'desired'): number => all.reduce((total, each) => total + each[of], 0);
    const text = isGoingBack(stage)
      ? `Rolling back ${service}`
      : `${sum('there')} of ${counted(sum('desired'), 'task')} healthy`;
    const now = this.#ctx.clock.now();
    if (this.#told !== undefined && (this.#told.text === text || now - this.#told.at < PAUSE_MS)) return;
    this.#told = { text, at: now };
    this.#enqueue(async (github) => {
      if (this.#deployment !== undefined) await this.#say(github, this.#deployment.id, 'in_progress', text);
    });
  }

  /** What came of it; after a rollback, the deployment of the commit that runs is the active one again. */
  async end(report: Report): Promise<CommentEnd> {
    const state = STATES[report.result];
    if (state === undefined) return this.#sayProblem();
    this.#enqueue(async (github) => {
      const [first] = report.services;
      const running = first?.running.find(({ isPrimary }) => isPrimary)?.commit;
      const { mode } = this.#request;
      if (mode !== 'deploy') {
        if (first?.deploymentId !== undefined) await this.#endOpen(github, report, state, running);
        return;
      }
      const isOurs = report.result === 'succeeded' && this.#isLate;
      if (isOurs && running !== undefined) this.#deployment ??= await this.#create(github, running);
      if (this.#deployment === undefined) return;
      await this.#say(github, this.#deployment.id, state, grade(report), report.url);
      if (report.result === 'rolled-back') await this.#activate(github, running, report);
    });
    await this.#emptied();
    if (this.#problem === undefined && this.#isLate && this.#deployment === undefined) {
      return {
        kind: 'line',
        text: `No GitHub deployment of environment "${this.#request.environment}" was recorded: which commit the image is of is not known. A tag that is the SHA of the commit tells.`,
      };
    }
    if (this.#problem !== undefined || this.#deployment === undefined) return this.#sayProblem();
    return {
      kind: 'line',
      text: `GitHub deployment ${this.#deployment.id} of environment "${this.#request.environment}": ${state.replace('_', ' ')}.`,
    };
  }

  /** One after the other; after a refusal nothing more is tried. */
  #enqueue(act: (github: GitHub) => Promise<void>): void {
    this.#queue = this.#queue.then(async () => {
      if (this.#problem === undefined) await this.#try(act);
    });
  }

  /** Once all is told; of a cancelled job, as far as there is time. */
  async #emptied(): Promise<void> {
    const deadline = endBy(this.#ctx, 'gitHub');
    try {
      await (deadline?.within({ least: 0 }, () => this.#queue) ?? this.#queue);
    } catch (error) {
      this.#problem ??= new GitHubError('unreachable', String(error), error);
    }
  }

  async #try(act: (github: GitHub) => Promise<void>): Promise<void> {
    const { clock, connect, event } = this.#ctx;
    const { token } = this.#request;
    const { repository } = event;
    try {
      if (token === undefined) throw new GitHubError('bad-token', 'github-token is empty');
      if (repository === undefined) throw new GitHubError('refused', 'GITHUB_REPOSITORY is not set');
      await withSignal(clock, SECONDS * 1000, async (signal) =>
        act(await connect(token, repository, { clock, signal })),
      );
    } catch (error) {
      this.#problem =
        error instanceof GitHubError ? error : new GitHubError('unreachable', String(error), error);
    }
  }

  /** The deployment that GitHub made for this job: a status of it links to this run, and it is none of this action. */
  async #ofJob(github: GitHub): Promise<GitHubDeployment | undefined> {
    const { runId } = this.#ctx.run;
    if (runId === undefined) return undefined;
    const ofRun = new RegExp(`/actions/runs/${runId}(?:/|$)`);
    const all = await github.deployments(this.#request.environment);
    for (const each of all.filter(({ payload }) => !isOurs(payload)).slice(0, LOOKED_AT)) {
      const statuses = await github.deploymentStatuses(each.id);
      if (statuses.some(({ logUrl }) => logUrl !== undefined && ofRun.test(logUrl))) return each;
    }
    return undefined;
  }

  #create(github: GitHub, commit: string): Promise<GitHubDeployment> {
    const { environment, cluster, services } = this.#request;
    return github.createDeployment({
      ref: commit,
      environment,
      description: `${services.join(', ')} in ${cluster}`,
      payload: { by: BY, cluster, services: [...services], runId: this.#ctx.run.runId ?? '' },
    });
  }

  /**
   * A deployment of these services that an earlier run left in progress, at a pause or unwatched: a promotion finishes it; a
   * rollback ends it, and what runs then is the active one.
   */
  async #endOpen(
    github: GitHub,
    report: Report,
    state: DeploymentState,
    running: string | undefined,
  ): Promise<void> {
    const open = this.#deployment ?? (await this.#open(github));
    if (this.#request.mode === 'promote') {
      this.#deployment = open;
      if (open !== undefined) await this.#say(github, open.id, state, grade(report), report.url);
      const isBack = report.result === 'rolled-back' || (open === undefined && report.result === 'succeeded');
      if (isBack) await this.#activate(github, running, report);
      return;
    }
    if (report.result !== 'succeeded') return;
    if (open !== undefined) await this.#say(github, open.id, 'inactive', grade(report));
    await this.#activate(github, running, report);
  }

  async #open(github: GitHub): Promise<GitHubDeployment | undefined> {
    const { environment, services } = this.#request;
    const all = await github.deployments(environment);
    const ours = all.find(
      ({ payload }) => isOurs(payload) && JSON.stringify(payload['services']) === JSON.stringify(services),
    );
    const [latest] = ours === undefined ? [] : await github.deploymentStatuses(ours.id);
    return latest?.state === 'in_progress' ? ours : undefined;
  }

  /** The newest deployment of the commit that runs becomes the active one; one is made where there is none. */
  async #activate(github: GitHub, commit: string | undefined, report: Report): Promise<void> {
    if (commit === undefined) return;
    const [known] = await github.deployments(this.#request.environment, commit);
    const isKnown = known !== undefined && known.id !== this.#deployment?.id;
    const active = isKnown ? known : await this.#create(github, commit);
    if (this.#request.mode !== 'deploy') this.#deployment ??= active;
    await this.#say(github, active.id, 'success', grade(report), report.url);
  }

  #say(
    github: GitHub,
    id: number,
    state: DeploymentState,
    description: string,
    environmentUrl?: string,
  ): Promise<void> {
    const { runUrl: logUrl } = this.#ctx.run;
    return github.createDeploymentStatus(id, { state, description, logUrl, environmentUrl });
  }

  #where(): string {
    const { services, cluster } = this.#request;
    return `${services.join(', ')} in ${cluster}`;
  }

  #sayProblem(): CommentEnd {
    const { environment } = this.#request;
    if (this.#problem === undefined) return { kind: 'silent' };
    const isDenied = this.#problem.kind === 'denied' || this.#problem.kind === 'not-found';
    const needs = isDenied ? ' The job needs the permission deployments: write.' : '';
    return {
      kind: 'warning',
      text: `The GitHub deployment of environment "${environment}" could not be recorded (${this.#problem.message}).${needs}`,
    };
  }
}

/** By ECS's own word for the state, in `stage` of a point. */
function isGoingBack(stage: string): boolean {
  return stage.startsWith('rollback');
}

function isOurs(payload: GitHubDeployment['payload']): boolean {
  return textIn(payload, 'by') === BY;
}

/** Undefined where nothing was deployed. */
const STATES: Readonly<Record<Result, DeploymentState | undefined>> = {
  succeeded: 'success',
  unchanged: 'success',
  started: 'in_progress',
  planned: undefined,
  registered: undefined,
  'rolled-back': 'failure',
  failed: 'failure',
  'timed-out': 'failure',
  superseded: 'inactive',
  cancelled: 'error',
};

/** Ends, from the post step, the deployment of a run that was killed. Never rejects; resolves to what is to be said. */
export async function endKilled(
  id: number,
  token: string | undefined,
  { event, run, clock, connect }: Omit<RecordContext, 'keep' | 'signal'>,
): Promise<CommentEnd> {
  const { repository } = event;
  if (token === undefined || repository === undefined) return { kind: 'silent' };
  try {
    await withSignal(clock, SECONDS * 1000, async (signal) => {
      const github = await connect(token, repository, { clock, signal });
      await github.createDeploymentStatus(id, {
        state: 'error',
        description: 'The job ended before the deployment did',
        logUrl: run.runUrl,
        environmentUrl: undefined,
      });
    });
    return { kind: 'line', text: `GitHub deployment ${id}: error.` };
  } catch (error) {
    const why = error instanceof GitHubError ? error.message : String(error);
    return { kind: 'warning', text: `GitHub deployment ${id} could not be ended (${why}).` };
  }
}
