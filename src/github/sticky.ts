import { GitHubError, type Comment, type GitHub } from './github.ts';

/** A comment that is updated in place. */
export interface Sticky {
  /** Hidden text that every version of it begins with. */
  readonly marker: string;
  /** The body, given the body that it replaces, whose history it carries on. */
  render(before: string | undefined): string;
  /** Whether a body holds what this run has to say, be it as its history. */
  isAboutThisRun(body: string): boolean;
}

export type Written =
  { readonly kind: 'created' | 'updated'; readonly url: string } | { readonly kind: 'absent' };

/** Times that a body is written again because another run's replaced it in between. */
const REWRITES = 3;

/**
 * Writes the comment of a pull request: updates it where it is, or creates it (`create`). Two runs at once end with
 * one comment that tells of both: after creating, the younger of two goes; after updating, what another run overwrote
 * is written again. Rejects with a `GitHubError`.
 */
export async function writeSticky(
  github: GitHub,
  pullRequest: number,
  sticky: Sticky,
  create: boolean,
): Promise<Written> {
  for await (const found of mine(github, pullRequest, sticky.marker)) {
    if (await update(github, found, sticky)) return { kind: 'updated', url: found.url };
  }
  return create ? createOne(github, pullRequest, sticky) : { kind: 'absent' };
}

/** Comments of this very author that begin with the marker, oldest first. A quotation of it by others is none. */
async function* mine(github: GitHub, pullRequest: number, marker: string): AsyncGenerator<Comment> {
  let viewer: Awaited<ReturnType<GitHub['viewer']>>;
  let isAsked = false;
  for await (const comment of github.comments(pullRequest)) {
    if (!comment.body.trimStart().startsWith(marker)) continue;
    if (!isAsked) viewer = await github.viewer();
    isAsked = true;
    if (isBy(comment.author, viewer)) yield comment;
  }
}

/** Where GitHub does not tell whose token it is, the author must be a bot: no person is taken for it. */
function isBy(author: Comment['author'], viewer: Awaited<ReturnType<GitHub['viewer']>>): boolean {
  if (viewer === undefined) return author.isBot;
  if (!viewer.isBot) return author.login.toLowerCase() === viewer.login.toLowerCase();
  return author.isBot && nameOf(author.login) === nameOf(viewer.login);
}

/** REST says `github-actions[bot]` where GraphQL may say `github-actions`. */
function nameOf(login: string): string {
  return login.toLowerCase().replace(/\[bot\]$/, '');
}

/** False where the comment is gone. */
async function update(github: GitHub, comment: Comment, sticky: Sticky): Promise<boolean> {
  let before = comment.body;
  for (let written = 0; written < REWRITES; written += 1) {
    try {
      await github.updateComment(comment.id, sticky.render(before));
    } catch (error) {
      if (error instanceof GitHubError && error.kind === 'not-found') return false;
      throw error;
    }
    const now = await answerOf(async () => (await github.comment(comment.id)).body);
    if (now === undefined || sticky.isAboutThisRun(now)) break;
    before = now;
  }
  return true;
}

async function createOne(github: GitHub, pullRequest: number, sticky: Sticky): Promise<Written> {
  const created = await github.createComment(pullRequest, sticky.render(undefined));
  const older = await answerOf(() => moveToOlder(github, pullRequest, created, sticky));
  return older ?? { kind: 'created', url: created.url };
}

/** Where another run was quicker, its comment gets what this run has to say, and this run's own goes. */
async function moveToOlder(
  github: GitHub,
  pullRequest: number,
  created: Comment,
  sticky: Sticky,
): Promise<Written | undefined> {
  for await (const found of mine(github, pullRequest, sticky.marker)) {
    if (found.id === created.id) return undefined;
    if (!(await update(github, found, sticky))) continue;
    await answerOf(() => github.deleteComment(created.id));
    return { kind: 'updated', url: found.url };
  }
  return undefined;
}

/** Of a call that comes after the comment was written: what GitHub refuses then takes nothing back. */
async function answerOf<T>(call: () => Promise<T>): Promise<T | undefined> {
  try {
    return await call();
  } catch (error) {
    if (error instanceof GitHubError) return undefined;
    throw error;
  }
}
