import { isFromFork, readOnlyBecause, type GitHubEvent } from '../github/event.ts';
import { GitHubError, type ConnectGitHub } from '../github/github.ts';
import { findPullRequest } from '../github/pull-request.ts';
import { writeSticky } from '../github/sticky.ts';
import type { Clock } from '../runtime/clock.ts';
import { endBy } from '../runtime/cancellation.ts';
import { withSignal } from '../runtime/wait.ts';
import type { CommentRequest } from './comment-request.ts';
import { markerOf, mentions, renderComment } from './comment.ts';
import { isGreen, type Report } from './report.ts';

/** How it went: a line for the log, a warning, or nothing to say. */
export type CommentEnd =
  | { readonly kind: 'silent' }
  | { readonly kind: 'line'; readonly text: string }
  | { readonly kind: 'warning'; readonly text: string };

export interface CommentContext {
  readonly event: GitHubEvent;
  readonly clock: Clock;
  /** Of the job: once it is aborted there is as long as `END_BY` says. */
  readonly signal: AbortSignal;
  readonly connect: ConnectGitHub;
}

/** Seconds that GitHub may take. */
const SECONDS = { usually: 30, cancelled: 4 } as const;

/**
 * A job that sets permissions has no others than those, so all that a deployment needs are named (GitHub docs,
 * "Controlling permissions for GITHUB_TOKEN").
 */
export const PERMISSIONS = [
  'permissions:',
  '  contents: read',
  '  id-token: write # to sign in to AWS',
  '  pull-requests: write # for the comment',
].join('\n');

const READS_ONLY = ', whose token may only read';

export function commentContext(
  event: GitHubEvent,
  {
    clock,
    signal,
    connectGitHub: connect,
  }: Pick<CommentContext, 'clock' | 'signal'> & { readonly connectGitHub: ConnectGitHub },
): CommentContext {
  return { event, clock, signal, connect };
}

/**
 * Writes the comment of the run on its pull request, where there is one and the request wants it. Never rejects: what
 * keeps the comment from being written is a warning that says what to do.
 */
export async function postComment(
  report: Report,
  request: CommentRequest,
  { event, clock, signal: cancelled, connect }: CommentContext,
): Promise<CommentEnd> {
  const { githubToken: token, prComment, key } = request;
  if (prComment === 'false') return { kind: 'silent' };
  const isAsked = prComment === 'true';
  if (token === undefined || event.repository === undefined) {
    const why = token === undefined ? 'github-token is empty' : 'GITHUB_REPOSITORY is not set';
    return none(why, isAsked);
  }
  const readOnly = readOnlyBecause(event);
  if (readOnly !== undefined && !isAsked) return denied(`${readOnly}${READS_ONLY}`, event);
  const seconds = report.result === 'cancelled' ? SECONDS.cancelled : SECONDS.usually;
  const left = endBy({ clock, signal: cancelled }, 'gitHub')?.left() ?? Number.POSITIVE_INFINITY;
  const { repository } = event;
  const write = async (signal: AbortSignal): Promise<CommentEnd> => {
    const github = await connect(token, repository, { clock, signal });
    const found = await findPullRequest(github, event, request.prNumber);
    if (found.kind === 'none') return none(found.why, isAsked);
    const sticky = {
      marker: markerOf(key),
      render: (before: string | undefined) => renderComment(report, key, before),
      isAboutThisRun: (body: string) => mentions(report, body),
    };
    const create = prComment !== 'on-failure' || !isGreen(report.result);
    const written = await writeSticky(github, found.number, sticky, create);
    if (written.kind === 'absent') return { kind: 'silent' };
    return { kind: 'line', text: `Comment ${written.kind} on pull request #${found.number}: ${written.url}` };
  };
  try {
    return await withSignal(clock, Math.min(seconds * 1000, left), write);
  } catch (error) {
    return problemOf(error, event, isAsked || request.prNumber !== undefined);
  }
}

function none(why: string, isAsked: boolean): CommentEnd {
  return { kind: isAsked ? 'warning' : 'line', text: `No comment was written: ${why}.` };
}

/** For a fork no permission of the job helps. */
function denied(why: string, event: GitHubEvent): CommentEnd {
  const needed = isFromFork(event)
    ? ', also where the job has pull-requests: write.'
    : `. The job needs these permissions:\n${PERMISSIONS}`;
  return { kind: 'warning', text: `No comment was written: ${why}${needed}` };
}

/** On a push nobody may have thought of a comment: a GitHub that does not answer is a line there. */
function problemOf(error: unknown, event: GitHubEvent, isAsked: boolean): CommentEnd {
  const known = error instanceof GitHubError ? error : new GitHubError('unreachable', String(error), error);
  switch (known.kind) {
    case 'denied':
    case 'not-found': {
      const why = readOnlyBecause(event);
      return denied(
        `GitHub refused it (${known.message})${why === undefined ? '' : `; ${why}${READS_ONLY}`}`,
        event,
      );
    }
    case 'bad-token':
      return {
        kind: 'warning',
        text: `No comment was written: GitHub does not take github-token (${known.message}).`,
      };
    case 'rate-limited':
      return {
        kind: 'warning',
        text: `No comment was written: GitHub limits the rate of this token (${known.message}).`,
      };
    case 'refused':
      return { kind: 'warning', text: `No comment was written: GitHub did not take it (${known.message}).` };
    case 'unreachable': {
      const isLine = event.name === 'push' && !isAsked;
      const text = `No comment was written: GitHub did not answer (${known.message}).`;
      return { kind: isLine ? 'line' : 'warning', text };
    }
  }
}
