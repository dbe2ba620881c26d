import { GitHubError, type Comment, type GitHub, type PullRequest } from '../../src/github/github.ts';

const BOT = { login: 'github-actions[bot]', isBot: true } as const;

export interface FakeOptions {
  readonly viewer?: Awaited<ReturnType<GitHub['viewer']>>;
  readonly ofCommit?: readonly PullRequest[];
  readonly ofBranch?: readonly PullRequest[];
  /** Called before each call, by its name; may change the comments or throw. */
  readonly before?: (call: string, comments: Comment[]) => void;
}

/** A GitHub in memory, with the comments of one pull request. */
export function fakeGitHub(options: FakeOptions = {}): GitHub & {
  readonly all: Comment[];
  readonly calls: string[];
  add(body: string, author?: Comment['author']): Comment;
} {
  const all: Comment[] = [];
  const calls: string[] = [];
  let lastId = 0;
  const called = (call: string): void => {
    calls.push(call);
    options.before?.(call, all);
  };
  const indexOf = (id: number): number => {
    const at = all.findIndex((each) => each.id === id);
    if (at === -1) throw new GitHubError('not-found', 'Not Found');
    return at;
  };
  const add = (body: string, author: Comment['author'] = BOT): Comment => {
    lastId += 1;
    const comment = { id: lastId, body, author, url: `https://github.example/c/${lastId}` };
    all.push(comment);
    return comment;
  };
  const answer = <T>(call: string, make: () => T): Promise<T> =>
    new Promise((resolve) => {
      called(call);
      resolve(make());
    });
  return {
    all,
    calls,
    add,
    viewer: () => answer('viewer', () => ('viewer' in options ? options.viewer : BOT)),
    pullRequestsOfCommit: (sha) => answer(`commit ${sha}`, () => [...(options.ofCommit ?? [])]),
    pullRequestsOfBranch: (branch) => answer(`branch ${branch}`, () => [...(options.ofBranch ?? [])]),
    async *comments() {
      await answer('list', () => undefined);
      yield* [...all];
    },
    comment: (id) => answer('get', () => ({ ...(all[indexOf(id)] ?? add('')) })),
    createComment: (_pullRequest, body) => answer('create', () => add(body)),
    updateComment: (id, body) =>
      answer('update', () => {
        const at = indexOf(id);
        all[at] = { ...(all[at] ?? add('')), body };
      }),
    deleteComment: (id) =>
      answer('delete', () => {
        all.splice(indexOf(id), 1);
      }),
    ...NO_DEPLOYMENTS,
  };
}

/** Rejects as the real one does. */
export function refusal(kind: ConstructorParameters<typeof GitHubError>[0], message = 'no'): GitHubError {
  return new GitHubError(kind, message);
}

const none = (): Promise<never> => Promise.reject(new Error('Comments have no deployments.'));

const NO_DEPLOYMENTS = {
  deployments: none,
  deploymentStatuses: none,
  createDeployment: none,
  createDeploymentStatus: none,
};
