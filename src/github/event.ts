import { readFile } from 'node:fs/promises';
import type { Json, JsonObject } from '../model/index.ts';
import { isObject, objectIn, textIn } from '../runtime/json.ts';

type Env = Readonly<Record<string, string | undefined>>;

/** What started the workflow, from the runner's documented variables and the file of GITHUB_EVENT_PATH. */
export interface GitHubEvent {
  /** `push`, `pull_request`, ... */
  readonly name: string;
  /** Undefined outside of GitHub. */
  readonly repository: { readonly owner: string; readonly name: string } | undefined;
  readonly sha: string;
  readonly ref: string;
  readonly actor: string;
  readonly payload: JsonObject;
}

/** GitHub docs, "Events that trigger workflows" and "Webhook events and payloads". A file that cannot be read is empty. */
export async function readEvent(env: Env): Promise<GitHubEvent> {
  const [owner = '', name = ''] = (env['GITHUB_REPOSITORY'] ?? '').split('/');
  return {
    name: env['GITHUB_EVENT_NAME'] ?? '',
    repository: owner === '' || name === '' ? undefined : { owner, name },
    sha: env['GITHUB_SHA'] ?? '',
    ref: env['GITHUB_REF'] ?? '',
    actor: env['GITHUB_ACTOR'] ?? '',
    payload: await readPayload(env['GITHUB_EVENT_PATH']),
  };
}

async function readPayload(path: string | undefined): Promise<JsonObject> {
  if (path === undefined || path === '') return {};
  try {
    const value = JSON.parse(await readFile(path, 'utf8')) as Json;
    return isObject(value) ? value : {};
  } catch {
    return {};
  }
}

/** The commit that the run is about: on a pull request its head, which GITHUB_SHA, a merge commit, is not. */
export function commitOf({ sha, payload }: Pick<GitHubEvent, 'sha' | 'payload'>): string {
  return textIn(objectIn(objectIn(payload, 'pull_request'), 'head'), 'sha') ?? sha;
}

/** A fork that was deleted is `null`. */
function isElsewhere(from: Json | undefined, here: GitHubEvent['repository']): boolean {
  if (!isObject(from)) return from === null;
  const name = textIn(from, 'full_name') ?? '';
  return name.toLowerCase() !== `${here?.owner ?? ''}/${here?.name ?? ''}`.toLowerCase();
}

/**
 * Why the token of this run can only read, where that is known: pull requests of forks and of Dependabot get such a
 * token (GitHub docs, "Automatic token authentication"). `pull_request_target` does not.
 */
export function readOnlyBecause(event: GitHubEvent): string | undefined {
  if (isFromFork(event)) return 'the pull request comes from a fork';
  const isDependabot = isPullRequest(event) && event.actor === 'dependabot[bot]';
  return isDependabot ? 'the pull request is from Dependabot' : undefined;
}

/** Its token can only read, whatever permissions the job has; that of Dependabot's pull requests gets what the job asks for. */
export function isFromFork(event: GitHubEvent): boolean {
  const { repo: from } = objectIn(objectIn(event.payload, 'pull_request'), 'head');
  return isPullRequest(event) && isElsewhere(from, event.repository);
}

function isPullRequest({ name }: GitHubEvent): boolean {
  return name.startsWith('pull_request') && name !== 'pull_request_target';
}
