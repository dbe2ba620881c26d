import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { ANY_AWS_ERROR, attempt, valueOr } from '../aws/attempt.ts';
import type { AwsReads, EcrReads } from '../aws/clients.ts';
import { commitOfTag, ecrRepositoryOf } from '../aws/image-reference.ts';
import type { ProcessContext } from '../context.ts';
import type { DeployedImage, RunningImage } from '../model/index.ts';
import { DeployError } from '../runtime/error.ts';
import { gitLine } from './git.ts';
import { isRemote, pinnedCommit } from './source-hash.ts';

/** The commit that is built. */
export interface Commit {
  readonly sha: string;
  /** ISO 8601; undefined where neither the work tree nor the event knows it. */
  readonly date: string | undefined;
}

const SHA = /^[0-9a-f]{40}(?:[0-9a-f]{24})?$/;

/**
 * The commit that is built: what is checked out in the context. Where there is no work tree, the commit that a remote
 * context of this very repository is pinned to, else the head of the pull request (GITHUB_SHA is its merge commit), else
 * GITHUB_SHA. Throws `invalid-input` where there is none.
 */
export async function findCommit(ctx: ProcessContext, context: string): Promise<Commit> {
  const event = await readEvent(ctx.env['GITHUB_EVENT_PATH']);
  const folder = isRemote(context) ? undefined : resolve(ctx.workspace, context);
  const sha =
    (folder === undefined ? pinnedHere(ctx.env, context) : await headIn(ctx, folder)) ??
    headOfPullRequest(ctx.env, event) ??
    given(ctx.env['GITHUB_SHA']);
  if (sha === undefined) {
    throw new DeployError(
      'invalid-input',
      'push-tags: the commit that is built is not known: the context is no git work tree, and GITHUB_SHA is not set.',
      { hint: 'Run the step on a GitHub runner or in a git work tree.' },
    );
  }
  return { sha, date: (await dateOf(ctx, sha, folder)) ?? dateInEvent(event, sha) };
}

/** What the work tree has checked out that a folder is in. */
async function headIn(ctx: ProcessContext, folder: string): Promise<string | undefined> {
  const sha = await gitLine(ctx, ['-C', folder, 'rev-parse', '--verify', 'HEAD^{commit}']);
  return sha !== undefined && SHA.test(sha) ? sha : undefined;
}

function pinnedHere(env: ProcessContext['env'], context: string): string | undefined {
  return isThisRepository(env, context) ? pinnedCommit(context) : undefined;
}

function given(text: string | undefined): string | undefined {
  return text === '' ? undefined : text;
}

/** `pull_request_target` runs on the base branch and checks that out: there GITHUB_SHA is what is built. */
function headOfPullRequest(env: ProcessContext['env'], event: GitHubEvent): string | undefined {
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

function dateOf(
  ctx: ProcessContext,
  revision: string,
  folder: string | undefined,
): Promise<string | undefined> {
  const place = folder === undefined ? [] : ['-C', folder];
  return gitLine(ctx, [...place, 'log', '-1', '--format=%cI', '--end-of-options', revision]);
}

/** Pure: a remote context of the repository that this job belongs to, on the GitHub of this job. */
export function isThisRepository(env: ProcessContext['env'], context: string): boolean {
  const { GITHUB_SERVER_URL: server = '', GITHUB_REPOSITORY: name = '' } = env;
  if (!URL.canParse(context) || !URL.canParse(server) || name === '') return false;
  const [at, ours] = [new URL(context), new URL(server)];
  const path = at.pathname.replace(/\/$/, '').replace(/\.git$/, '');
  return (
    at.protocol === 'https:' &&
    at.host === ours.host &&
    path.toLowerCase() === `${ours.pathname.replace(/\/$/, '')}/${name}`.toLowerCase()
  );
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
  aws: Pick<AwsReads, 'ecr'>,
  running: readonly RunningImage[],
  image: DeployedImage,
): Promise<string | undefined> {
  const repository = ecrRepositoryOf(image.reference);
  const digest = running.find(
    (each) => repository !== undefined && ecrRepositoryOf(each.image)?.name === repository.name,
  )?.digest;
  if (repository === undefined || digest === undefined || digest === image.digest) return undefined;
  const read = (): ReturnType<EcrReads['describeImages']> =>
    aws.ecr(repository.region).describeImages({
      registryId: repository.accountId,
      repositoryName: repository.name,
      imageIds: [{ imageDigest: digest }],
    });
  const answer = valueOr(await attempt(read, ANY_AWS_ERROR), undefined);
  const tags = answer?.imageDetails?.[0]?.imageTags ?? [];
  return tags.flatMap((tag) => commitOfTag(tag) ?? [])[0];
}
