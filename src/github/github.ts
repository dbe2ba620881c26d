import type { JsonObject } from '../model/index.ts';
import type { Clock } from '../runtime/clock.ts';

/** A comment of a pull request. */
export interface Comment {
  readonly id: number;
  readonly body: string;
  readonly author: { readonly login: string; readonly isBot: boolean };
  readonly url: string;
}

/** A pull request, as far as it tells whether it is the one that is meant. */
export interface PullRequest {
  readonly number: number;
  readonly merged: boolean;
  readonly open: boolean;
  readonly mergeCommit: string | undefined;
  readonly headCommit: string;
}

/** A deployment as GitHub records it. */
export interface GitHubDeployment {
  readonly id: number;
  /** Full SHA. */
  readonly sha: string;
  readonly environment: string;
  readonly payload: JsonObject;
}

/** GitHub docs, "REST API endpoints for deployment statuses". */
export type DeploymentState =
  'error' | 'failure' | 'inactive' | 'in_progress' | 'queued' | 'pending' | 'success';

export interface DeploymentStatus {
  readonly state: DeploymentState;
  readonly description: string;
  readonly logUrl: string | undefined;
  readonly environmentUrl: string | undefined;
}

/** The calls to GitHub that this action makes, in one repository. They reject with a `GitHubError`. */
export interface GitHub {
  /** Whose token it is; undefined where GitHub does not tell. */
  viewer(): Promise<{ readonly login: string; readonly isBot: boolean } | undefined>;
  /** Of the commit, open and closed ones. */
  pullRequestsOfCommit(sha: string): Promise<PullRequest[]>;
  /** Open ones of a branch of this repository. */
  pullRequestsOfBranch(branch: string): Promise<PullRequest[]>;
  /** All pages, oldest first; a page is only asked for when it is needed. */
  comments(pullRequest: number): AsyncIterable<Comment>;
  comment(id: number): Promise<Comment>;
  createComment(pullRequest: number, body: string): Promise<Comment>;
  updateComment(id: number, body: string): Promise<void>;
  deleteComment(id: number): Promise<void>;
  /** Of an environment, newest first, the latest thirty; of one commit where it is given. */
  deployments(environment: string, sha?: string): Promise<GitHubDeployment[]>;
  /** Newest first, the latest thirty. */
  deploymentStatuses(id: number): Promise<DeploymentStatus[]>;
  /** Merges nothing and waits for no check. */
  createDeployment(of: {
    readonly ref: string;
    readonly environment: string;
    readonly description: string;
    readonly payload: JsonObject;
  }): Promise<GitHubDeployment>;
  /** Of success: earlier deployments of the environment become inactive. */
  createDeploymentStatus(id: number, status: DeploymentStatus): Promise<void>;
}

/** Connects to a repository with a token. Every request ends with the signal. */
export type ConnectGitHub = (
  token: string,
  repository: { readonly owner: string; readonly name: string },
  ends: { readonly clock: Clock; readonly signal: AbortSignal },
) => Promise<GitHub>;

/** Why GitHub did not do what it was asked. */
export type GitHubProblem =
  /** The token may not: 403, or 404 for what the token may not even see. */
  | 'denied'
  /** The token is none, or not any more: 401. */
  | 'bad-token'
  | 'not-found'
  | 'rate-limited'
  /** GitHub does not take what was sent: 422 and the like. */
  | 'refused'
  /** No answer, or an error of the server. */
  | 'unreachable';

export class GitHubError extends Error {
  readonly kind: GitHubProblem;

  constructor(kind: GitHubProblem, message: string, cause?: unknown) {
    super(message, { cause });
    this.name = 'GitHubError';
    this.kind = kind;
  }
}
