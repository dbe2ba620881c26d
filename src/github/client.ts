import type { getOctokit } from '@actions/github';
import type { Clock } from '../runtime/clock.ts';
import { isError } from '../runtime/error.ts';
import { fetchThroughProxies } from '../runtime/http.ts';
import type { JsonObject } from '../model/index.ts';
import { parsedObject } from '../runtime/json.ts';
import { retry, type Attempt } from '../runtime/wait.ts';
import {
  GitHubError,
  type Comment,
  type DeploymentState,
  type DeploymentStatus,
  type GitHub,
  type GitHubDeployment,
  type GitHubProblem,
  type PullRequest,
} from './github.ts';

/** Comments a page; GitHub's largest. */
const PAGE = 100;

/** Deployments and statuses that are looked at. */
const FEW = 30;

/** GitHub takes 140 characters. */
const LONGEST_DESCRIPTION = 140;

/** Before the second and the third try of a read, in seconds. */
const PAUSES = [1, 2];

/** The longest wait that a rate limit is worth; a comment must not hold up a deployment. */
const MAX_WAIT_SECONDS = 10;

type Octokit = ReturnType<typeof getOctokit>;

interface Answer {
  readonly status?: number;
  readonly message?: string;
  readonly response?: { readonly headers?: Readonly<Record<string, string | number | undefined>> };
}

/** Where the API is and what sends the requests, where these are not the library's own. */
export interface GitHubSettings {
  readonly apiUrl: string;
  readonly fetch: typeof fetch;
}

/**
 * Connects to the API at GITHUB_API_URL, by HTTPS_PROXY and NO_PROXY where they are set, or as the settings say. Every
 * request ends with `signal`. Reads are repeated after an error of the server, everything after a short rate limit.
 */
export async function connectGitHub(
  token: string,
  repository: { readonly owner: string; readonly name: string },
  { clock, signal }: { readonly clock: Clock; readonly signal: AbortSignal },
  settings?: GitHubSettings,
): Promise<GitHub> {
  // Loaded when it is needed: it reads the event's file as it loads, and throws where that is no JSON.
  const library = await import('@actions/github');
  const octokit = library.getOctokit(token, {
    userAgent: 'ecs-fargate-deploy/1',
    log: SILENT,
    ...(settings === undefined ? {} : { baseUrl: settings.apiUrl }),
    // In place of the library's own, which takes the whole of undici for the sake of proxies.
    request: { fetch: settings?.fetch ?? fetchThroughProxies() },
  });
  octokit.hook.wrap('request', (request, options) => {
    const ending = { ...options, request: { ...options.request, signal } };
    return repeated(() => Promise.resolve(request(ending)), options.method === 'GET', clock, signal);
  });
  const where = { owner: repository.owner, repo: repository.name };
  const { issues, pulls, repos } = octokit.rest;
  return {
    viewer: () => viewerOf(octokit, signal),
    pullRequestsOfCommit: (sha) =>
      translated(async () => {
        const { data } = await repos.listPullRequestsAssociatedWithCommit({ ...where, commit_sha: sha });
        return data.map(pullRequestOf);
      }),
    pullRequestsOfBranch: (branch) =>
      translated(async () => {
        const head = `${repository.owner}:${branch}`;
        const { data } = await pulls.list({ ...where, head, state: 'open' });
        return data.map(pullRequestOf);
      }),
    async *comments(pullRequest) {
      const asked = { ...where, issue_number: pullRequest, per_page: PAGE };
      const pages = octokit.paginate.iterator(issues.listComments, asked)[Symbol.asyncIterator]();
      for (;;) {
        const page = await translated(() => pages.next());
        if (page.done === true) return;
        for (const each of page.value.data) yield commentOf(each);
      }
    },
    comment: (id) =>
      translated(async () => commentOf((await issues.getComment({ ...where, comment_id: id })).data)),
    createComment: (pullRequest, body) =>
      translated(async () => {
        const { data } = await issues.createComment({ ...where, issue_number: pullRequest, body });
        return commentOf(data);
      }),
    updateComment: (id, body) =>
      translated(async () => {
        await issues.updateComment({ ...where, comment_id: id, body });
      }),
    deleteComment: (id) =>
      translated(async () => {
        await issues.deleteComment({ ...where, comment_id: id });
      }),
    deployments: (environment, sha) =>
      translated(async () => {
        const asked = { ...where, environment, ...(sha === undefined ? {} : { sha }), per_page: FEW };
        return (await repos.listDeployments(asked)).data.map(deploymentOf);
      }),
    deploymentStatuses: (id) =>
      translated(async () => {
        const asked = { ...where, deployment_id: id, per_page: FEW };
        return (await repos.listDeploymentStatuses(asked)).data.map(statusOf);
      }),
    createDeployment: ({ ref, environment, description, payload }) =>
      translated(async () => {
        const { data } = await repos.createDeployment({
          ...where,
          ...{ ref, environment, payload: { ...payload } },
          description: description.slice(0, LONGEST_DESCRIPTION),
          auto_merge: false,
          required_contexts: [],
        });
        if (!isMade(data)) throw new Error(data.message ?? 'GitHub made no deployment');
        return deploymentOf(data);
      }),
    createDeploymentStatus: (id, { state, description, logUrl, environmentUrl }) =>
      translated(async () => {
        await repos.createDeploymentStatus({
          ...where,
          deployment_id: id,
          state,
          description: description.slice(0, LONGEST_DESCRIPTION),
          ...(logUrl === undefined ? {} : { log_url: logUrl }),
          ...(environmentUrl === undefined ? {} : { environment_url: environmentUrl }),
          auto_inactive: state === 'success',
        });
      }),
  };
}

const nothing = (): void => undefined;

const SILENT = { debug: nothing, info: nothing, warn: nothing, error: nothing };

/**
 * A token of a person answers at /user. One of an app, such as the job's own, is refused there, and answers by
 * GraphQL.
 */
async function viewerOf(octokit: Octokit, signal: AbortSignal): ReturnType<GitHub['viewer']> {
  try {
    const { data } = await octokit.rest.users.getAuthenticated();
    return { login: data.login, isBot: isBot(data.login, data.type) };
  } catch {
    signal.throwIfAborted();
  }
  try {
    const { viewer } = await octokit.graphql<{ viewer: { login: string } }>('{ viewer { login } }');
    return { login: viewer.login, isBot: true };
  } catch {
    signal.throwIfAborted();
    return undefined;
  }
}

interface RawPullRequest {
  readonly number: number;
  readonly state: string;
  readonly merged_at: string | null;
  readonly merge_commit_sha: string | null;
  readonly head: { readonly sha: string };
}

function pullRequestOf(raw: RawPullRequest): PullRequest {
  return {
    number: raw.number,
    merged: typeof raw.merged_at === 'string',
    open: raw.state === 'open',
    mergeCommit: raw.merge_commit_sha ?? undefined,
    headCommit: raw.head.sha,
  };
}

interface RawDeployment {
  readonly id: number;
  readonly sha: string;
  readonly environment: string;
  /** As it was given, or as its text. */
  readonly payload?: unknown;
}

/** GitHub answers with a message where it merges the default branch in instead. */
function isMade<T extends object>(data: T): data is Extract<T, { readonly id: number }> {
  return Object.hasOwn(data, 'id');
}

function deploymentOf({ id, sha, environment, payload }: RawDeployment): GitHubDeployment {
  return {
    id,
    sha,
    environment,
    payload: typeof payload === 'string' ? parsedObject(payload) : objectOf(payload),
  };
}

function objectOf(value: unknown): JsonObject {
  return typeof value === 'object' && value !== null ? (value as JsonObject) : {};
}

interface RawStatus {
  readonly state: string;
  readonly description: string;
  readonly log_url?: string | undefined;
  readonly target_url?: string | undefined;
  readonly environment_url?: string | undefined;
}

/** `target_url` is the former name of `log_url`; what is not given comes as an empty text. */
function statusOf(raw: RawStatus): DeploymentStatus {
  const given = (text: string | undefined): string | undefined => (text === '' ? undefined : text);
  return {
    state: raw.state as DeploymentState,
    description: raw.description,
    logUrl: given(raw.log_url) ?? given(raw.target_url),
    environmentUrl: given(raw.environment_url),
  };
}

interface RawComment {
  readonly id: number;
  readonly body?: string | undefined;
  readonly user: { readonly login: string; readonly type?: string } | null;
  readonly html_url: string;
}

function commentOf(raw: RawComment): Comment {
  const login = raw.user?.login ?? '';
  return {
    id: raw.id,
    body: raw.body ?? '',
    author: { login, isBot: isBot(login, raw.user?.type) },
    url: raw.html_url,
  };
}

function isBot(login: string, type: string | undefined): boolean {
  return type === 'Bot' || login.endsWith('[bot]');
}

async function repeated<T>(
  request: () => Promise<T>,
  isRead: boolean,
  clock: Clock,
  signal: AbortSignal,
): Promise<T> {
  return retry({ clock, signal, pauses: PAUSES }, async (): Promise<Attempt<T>> => {
    try {
      return { kind: 'done', value: await request() };
    } catch (error) {
      return failed(error as Error & Answer, isRead);
    }
  });
}

/** A write is sent again only where GitHub says when: another failure of it may have taken effect. */
function failed(error: Error & Answer, isRead: boolean): Attempt<never> {
  if (isRateLimit(error)) {
    const afterSeconds = Number(error.response?.headers?.['retry-after'] ?? Number.NaN);
    return { kind: 'failed', error, retryable: afterSeconds <= MAX_WAIT_SECONDS, afterSeconds };
  }
  const retryable = isRead && (error.status ?? 0) >= 500 && error.response !== undefined;
  return { kind: 'failed', error, retryable };
}

/** GitHub docs, "Rate limits for the REST API": 403 or 429, with either of these headers. */
function isRateLimit({ status, response }: Answer): boolean {
  const headers = response?.headers ?? {};
  const isOver = headers['retry-after'] !== undefined || String(headers['x-ratelimit-remaining']) === '0';
  return status === 429 || (status === 403 && isOver);
}

async function translated<T>(call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    throw new GitHubError(kindOf(error as Answer), messageOf(error), error);
  }
}

function kindOf(error: Answer): GitHubProblem {
  if (isRateLimit(error)) return 'rate-limited';
  if (error.response === undefined) return 'unreachable';
  const status = error.status ?? 500;
  if (status === 401) return 'bad-token';
  if (status === 403) return 'denied';
  if (status === 404 || status === 410) return 'not-found';
  return status >= 500 ? 'unreachable' : 'refused';
}

/** Octokit adds a link to its documentation after a dash. */
function messageOf(error: unknown): string {
  // A proxy's page, or JSON of another shape: what reading it throws is no word for a person.
  if (isError(error) && error.name === 'TypeError') return 'what answered does not speak as its API does';
  const text = (isError(error) ? error.message : String(error)).replace(
    / - https:\/\/docs\.github\.com\S*$/,
    '',
  );
  // An answer without a body has no words.
  const { status } = error as Answer;
  return text.trim() === '' && status !== undefined ? `HTTP ${status}` : text;
}
