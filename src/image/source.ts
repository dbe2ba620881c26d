import { readFile } from 'node:fs/promises';
import type { Aws } from '../aws/clients.ts';
import { awsErrorKind } from '../aws/errors.ts';
import { commitOfTag, ecrRepositoryOf } from '../aws/image-reference.ts';
import type { DeployedImage, RunningImage } from '../model/index.ts';
import { DeployError } from '../runtime/error.ts';
import type { Exec } from '../runtime/exec.ts';

/** The commit that is built. */
export interface Commit {
  readonly sha: string;
  /** ISO 8601; undefined where neither the work tree nor the event knows it. */
  readonly date: string | undefined;
}

export interface CommitContext {
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
export async function findCommit(ctx: CommitContext): Promise<Commit> {
  const event = await readEvent(ctx.env['GITHUB_EVENT_PATH']);
  const merged = given(ctx.env['GITHUB_SHA']);
  const sha = headOfPullRequest(ctx.env, event) ?? merged ?? (await git(ctx, ['rev-parse', 'HEAD']));
  if (sha === undefined) {
    throw new DeployError('invalid-input', 'push-tags: the commit that is built is not known (GITHUB_SHA).', {
      hint: 'Run the step on a GitHub runner or in a git work tree, and give push-tags and reuse-image: false.',
    });
  }
  const date = (await dateOf(ctx, sha)) ?? dateInEvent(event, sha) ?? (await dateOf(ctx, merged ?? 'HEAD'));
  return { sha, date };
}

function given(text: string | undefined): string | undefined {
  return text === '' ? undefined : text;
}

/** `pull_request_target` runs on the base branch and checks that out: there GITHUB_SHA is what is built. */
function headOfPullRequest(env: CommitContext['env'], event: GitHubEvent): string | undefined {
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

function dateOf(ctx: CommitContext, revision: string): Promise<string | undefined> {
  return git(ctx, ['log', '-1', '--format=%cI', '--end-of-options', revision]);
}

/** The first line that git prints; undefined where it fails: no work tree, a shallow one, or no git. */
async function git(ctx: CommitContext, args: readonly string[]): Promise<string | undefined> {
  const { exec, env, workspace, signal } = ctx;
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

/** Where the source lives. */
export interface Origin {
  readonly serverUrl: string | undefined;
  /** `owner/name` on GitHub. */
  readonly repository: string | undefined;
}

/**
 * Pure: the labels of an image as `name=value`: the OCI ones that are known
 * (https://github.com/opencontainers/image-spec/blob/main/annotations.md), then the given ones, which win.
 */
export function labelsOf(
  commit: Commit,
  { serverUrl, repository }: Origin,
  version: string,
  title: string,
  given: readonly string[],
): string[] {
  const url = serverUrl === undefined || repository === undefined ? undefined : `${serverUrl}/${repository}`;
  const standard: Readonly<Record<string, string | undefined>> = {
    source: url,
    revision: commit.sha,
    created: commit.date,
    version,
    title: repository?.split('/')[1] ?? title,
    url,
  };
  const named = new Set(given.map(nameOf));
  const ours = Object.entries(standard).flatMap(([name, value]) =>
    value === undefined ? [] : [`org.opencontainers.image.${name}=${value}`],
  );
  return [...ours.filter((label) => !named.has(nameOf(label))), ...given];
}

function nameOf(label: string): string {
  return label.split('=', 1)[0] ?? label;
}

/**
 * The commit that runs in the place of an image, by the tags of what runs: undefined where they name none, or where
 * ECR does not say. Only for a link, so no answer is no failure.
 */
export async function runningCommit(
  aws: Pick<Aws, 'ecr'>,
  running: readonly RunningImage[],
  image: DeployedImage,
): Promise<string | undefined> {
  const repository = ecrRepositoryOf(image.reference);
  const digest = running.find(
    (each) => repository !== undefined && ecrRepositoryOf(each.image)?.name === repository.name,
  )?.digest;
  if (repository === undefined || digest === undefined || digest === image.digest) return undefined;
  try {
    const answer = await aws.ecr(repository.region).describeImages({
      registryId: repository.accountId,
      repositoryName: repository.name,
      imageIds: [{ imageDigest: digest }],
    });
    const tags = answer.imageDetails?.[0]?.imageTags ?? [];
    return tags.flatMap((tag) => commitOfTag(tag) ?? [])[0];
  } catch (error) {
    if (awsErrorKind(error) === 'not-aws') throw error;
    return undefined;
  }
}
