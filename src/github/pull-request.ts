import type { JsonObject } from '../model/index.ts';
import { isArray, isObject, objectIn, textIn } from '../runtime/json.ts';
import type { GitHubEvent } from './event.ts';
import type { GitHub, PullRequest } from './github.ts';

/** The pull request to comment on, or in words why there is none. */
export type Found =
  { readonly kind: 'found'; readonly number: number } | { readonly kind: 'none'; readonly why: string };

/**
 * The pull request that a run belongs to. `asked`: the input `pr-number`, which comes first; then what the event
 * itself names; then whatever GitHub knows of the commit or the branch. Rejects with a `GitHubError`.
 */
export async function findPullRequest(
  github: Pick<GitHub, 'pullRequestsOfCommit' | 'pullRequestsOfBranch'>,
  event: GitHubEvent,
  asked: number | undefined,
): Promise<Found> {
  const named = asked ?? namedBy(event);
  if (named !== undefined) return { kind: 'found', number: named };
  const lookUp = lookUpFor(event);
  switch (lookUp.kind) {
    case 'commit': {
      const found = chosen(await github.pullRequestsOfCommit(lookUp.sha), lookUp.sha);
      return foundOr(found, `commit ${lookUp.sha.slice(0, 7)} belongs to no pull request`);
    }
    case 'branch': {
      const [first] = await github.pullRequestsOfBranch(lookUp.branch);
      return foundOr(first, `branch ${lookUp.branch} has no open pull request`);
    }
    case 'nothing':
      return { kind: 'none', why: `the event ${event.name || '(none)'} belongs to no pull request` };
  }
}

function foundOr(pullRequest: PullRequest | undefined, why: string): Found {
  return pullRequest === undefined ? { kind: 'none', why } : { kind: 'found', number: pullRequest.number };
}

/** The number that an event's payload holds. `number` itself is not looked at: other things have numbers, too. */
function namedBy({ name, ref, payload }: GitHubEvent): number | undefined {
  const direct = numberIn(objectIn(payload, 'pull_request'));
  if (direct !== undefined) return direct;
  switch (name) {
    case 'issue_comment': {
      const issue = objectIn(payload, 'issue');
      return isObject(issue['pull_request']) ? numberIn(issue) : undefined;
    }
    case 'merge_group': {
      const headRef = textIn(objectIn(payload, 'merge_group'), 'head_ref') ?? ref;
      const number = /\/gh-readonly-queue\/.+\/pr-(\d+)-[0-9a-f]+$/.exec(headRef)?.[1];
      return number === undefined ? undefined : Number(number);
    }
    case 'workflow_run': {
      const list = objectIn(payload, 'workflow_run')['pull_requests'];
      const [first] = isArray(list) ? list : [];
      return isObject(first) ? numberIn(first) : undefined;
    }
    default:
      return undefined;
  }
}

function numberIn(object: JsonObject): number | undefined {
  const { number } = object;
  return typeof number === 'number' ? number : undefined;
}

type LookUp =
  | { readonly kind: 'commit'; readonly sha: string }
  | { readonly kind: 'branch'; readonly branch: string }
  | { readonly kind: 'nothing' };

function lookUpFor({ name, sha, ref, payload }: GitHubEvent): LookUp {
  const branch = /^refs\/heads\/(.+)$/.exec(ref)?.[1];
  if (name === 'push') {
    return branch === undefined || sha === '' ? { kind: 'nothing' } : { kind: 'commit', sha };
  }
  if (name === 'workflow_dispatch' && branch !== undefined) return { kind: 'branch', branch };
  if (name === 'workflow_run') {
    const of = objectIn(payload, 'workflow_run');
    const head = textIn(of, 'head_sha');
    if (textIn(of, 'event') === 'push' && head !== undefined) return { kind: 'commit', sha: head };
  }
  return { kind: 'nothing' };
}

/** Of a commit's pull requests: the one that it merged, else any that is merged, else the open one that it heads. */
function chosen(all: readonly PullRequest[], sha: string): PullRequest | undefined {
  return (
    all.find((each) => each.merged && each.mergeCommit === sha) ??
    all.find((each) => each.merged) ??
    all.find((each) => each.open && each.headCommit === sha)
  );
}
