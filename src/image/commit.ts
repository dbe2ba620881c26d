import { readFile } from 'node:fs/promises';
import type { Exec } from '../runtime/exec.ts';
import { Failure } from '../runtime/failure.ts';

/** The commit that is built. */
export interface Commit {
  readonly sha: string;
  /** ISO 8601; undefined where neither the work tree nor the event knows it. */
  readonly date: string | undefined;
}

export interface CommitTools {
  readonly exec: Exec;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly workspace: string;
  readonly signal: AbortSignal;
}

const SHA = /^[0-9a-f]{40}(?:[0-9a-f]{24})?$/;
const GIT_SECONDS = 20;

/**
 * The commit of this run: on a pull request the head that was pushed, not the merge commit of GITHUB_SHA; outside a
 * runner what the work tree has checked out. Throws `invalid-input` where there is none.
 */
export async function findCommit(tools: CommitTools): Promise<Commit> {
  const event = await readEvent(tools.env['GITHUB_EVENT_PATH']);
  const merged = given(tools.env['GITHUB_SHA']);
  const sha = headOfPullRequest(tools.env, event) ?? merged ?? (await git(tools, ['rev-parse', 'HEAD']));
  if (sha === undefined) {
    throw new Failure('invalid-input', 'push-tags: the commit that is built is not known (GITHUB_SHA).', {
      hint: 'Run the step on a GitHub runner or in a git work tree, and give push-tags and reuse-image: false.',
    });
  }
  const date =
    (await dateOf(tools, sha)) ?? dateInEvent(event, sha) ?? (await dateOf(tools, merged ?? 'HEAD'));
  return { sha, date };
}

function given(text: string | undefined): string | undefined {
  return text === '' ? undefined : text;
}

/** `pull_request_target` runs on the base branch and checks that out: there GITHUB_SHA is what is built. */
function headOfPullRequest(env: CommitTools['env'], event: GitHubEvent): string | undefined {
  const sha = env['GITHUB_EVENT_NAME'] === 'pull_request' ? event.pull_request?.head?.sha : undefined;
  return sha !== undefined && SHA.test(sha) ? sha : undefined;
}

/** The part of a webhook payload that tells of commits (GitHub docs, "Webhook events and payloads"). */
interface GitHubEvent {
  readonly pull_request?: { readonly head?: { readonly sha?: string } };
  readonly head_commit?: { readonly id?: string; readonly timestamp?: string } | null;
}

async function readEvent(path: string | undefined): Promise<GitHubEvent> {
  if (path === undefined || path === '') return {};
  try {
    const event: unknown = JSON.parse(await readFile(path, 'utf8'));
    return typeof event === 'object' && event !== null ? event : {};
  } catch {
    // The payload only adds to what the variables say.
    return {};
  }
}

function dateInEvent({ head_commit: commit }: GitHubEvent, sha: string): string | undefined {
  return commit?.id === sha ? commit.timestamp : undefined;
}

function dateOf(tools: CommitTools, revision: string): Promise<string | undefined> {
  return git(tools, ['log', '-1', '--format=%cI', '--end-of-options', revision]);
}

/** The first line that git prints; undefined where it fails: no work tree, a shallow one, or no git. */
async function git(tools: CommitTools, args: readonly string[]): Promise<string | undefined> {
  const { exec, env, workspace, signal } = tools;
  const home = { PATH: env['PATH'] ?? '', HOME: env['HOME'] ?? '' };
  try {
    const ended = await exec(
      { tool: 'git', args, env: home, cwd: workspace, deadlineSeconds: GIT_SECONDS },
      signal,
    );
    return ended.exitCode === 0 ? given(ended.stdout.split('\n', 1)[0]?.trim()) : undefined;
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof Error) return undefined;
    throw error;
  }
}
