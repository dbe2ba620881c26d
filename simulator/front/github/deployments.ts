/** GitHub's deployments and their statuses (GitHub docs, "REST API endpoints for deployments"). */
import type { JsonObject } from '../../state/json.ts';

const STATES = ['error', 'failure', 'inactive', 'in_progress', 'queued', 'pending', 'success'] as const;

export type FakeDeploymentState = (typeof STATES)[number];

export interface FakeDeploymentStatus {
  readonly state: FakeDeploymentState;
  readonly description: string;
  readonly log_url: string;
  readonly environment_url: string;
}

export interface FakeDeployment {
  readonly id: number;
  readonly sha: string;
  readonly ref: string;
  readonly environment: string;
  readonly description: string;
  readonly payload: JsonObject;
  readonly production_environment: boolean;
  /** Oldest first. */
  readonly statuses: FakeDeploymentStatus[];
}

/** Why a call is refused. */
export class DeploymentRefused extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/** GitHub takes no longer description. */
const LONGEST_DESCRIPTION = 140;

type Body = Readonly<Record<string, unknown>>;

export class FakeDeployments {
  /** Oldest first. */
  readonly all: FakeDeployment[] = [];
  #lastId = 500;

  /** As a job with `environment:` makes one by itself: with a status that links to the job. */
  addOfJob(environment: string, sha: string, logUrl: string): FakeDeployment {
    const deployment = this.#add({ ref: sha, environment });
    deployment.statuses.push({ state: 'in_progress', description: '', log_url: logUrl, environment_url: '' });
    return deployment;
  }

  /**
   * Without `auto_merge: false` GitHub merges the default branch and makes no deployment; without `required_contexts` every
   * check of the commit has to be green.
   */
  create(body: Body): FakeDeployment {
    if (typeof body['ref'] !== 'string' || body['ref'] === '')
      throw new DeploymentRefused(422, 'ref is missing');
    if (body['auto_merge'] !== false)
      throw new DeploymentRefused(409, 'Auto-merged main into the ref on deployment');
    if (!Array.isArray(body['required_contexts'])) {
      throw new DeploymentRefused(409, 'Conflict: Commit status checks failed for the ref');
    }
    checkDescription(body);
    return this.#add(body);
  }

  #add(body: Body): FakeDeployment {
    this.#lastId += 1;
    const ref = String(body['ref']);
    const environment = typeof body['environment'] === 'string' ? body['environment'] : 'production';
    const payload = body['payload'];
    const deployment: FakeDeployment = {
      id: this.#lastId,
      sha: ref,
      ref,
      environment,
      description: typeof body['description'] === 'string' ? body['description'] : '',
      payload: typeof payload === 'object' && payload !== null ? (payload as JsonObject) : {},
      production_environment: environment === 'production',
      statuses: [],
    };
    this.all.push(deployment);
    return deployment;
  }

  /** Newest first. */
  list(query: URLSearchParams): FakeDeployment[] {
    const is = (name: 'environment' | 'sha', value: string): boolean =>
      !query.has(name) || query.get(name) === value;
    return this.all
      .filter(({ environment, sha }) => is('environment', environment) && is('sha', sha))
      .toReversed()
      .slice(0, Number(query.get('per_page') ?? 30));
  }

  find(id: string): FakeDeployment {
    const found = this.all.find((each) => String(each.id) === id);
    if (found === undefined) throw new DeploymentRefused(404, 'Not Found');
    return found;
  }

  addStatus(id: string, body: Body): FakeDeploymentStatus {
    const deployment = this.find(id);
    const state = STATES.find((each) => each === body['state']);
    if (state === undefined) throw new DeploymentRefused(422, 'state is not included in the list');
    checkDescription(body);
    const text = (name: string): string => (typeof body[name] === 'string' ? body[name] : '');
    const status = {
      state,
      description: text('description'),
      log_url: text('log_url'),
      environment_url: text('environment_url'),
    };
    deployment.statuses.push(status);
    if (state === 'success' && body['auto_inactive'] !== false) this.#deactivate(deployment);
    return status;
  }

  /** Successful ones of the same environment, unless that is one of production (GitHub docs, `auto_inactive`). */
  #deactivate(active: FakeDeployment): void {
    for (const each of this.all) {
      const isOther = each !== active && each.environment === active.environment;
      if (!isOther || each.production_environment || each.statuses.at(-1)?.state !== 'success') continue;
      each.statuses.push({ state: 'inactive', description: '', log_url: '', environment_url: '' });
    }
  }
}

function checkDescription({ description }: Body): void {
  if (typeof description === 'string' && description.length > LONGEST_DESCRIPTION) {
    throw new DeploymentRefused(422, 'description is too long (maximum is 140 characters)');
  }
}
