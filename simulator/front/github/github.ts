/** The part of GitHub that a deployment talks to: pull requests, their comments, and deployments, over HTTP on loopback. */
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { closeServer, listen } from '../traffic.ts';
import { DeploymentRefused, FakeDeployments } from './deployments.ts';

export interface FakeComment {
  readonly id: number;
  readonly pullRequest: number;
  body: string;
  readonly user: { readonly login: string; readonly type: 'Bot' | 'User' };
}

export interface FakePullRequest {
  readonly number: number;
  readonly state?: 'open' | 'closed';
  readonly merged?: boolean;
  readonly mergeCommit?: string;
  readonly head?: string;
  readonly branch?: string;
}

export interface FakeCall {
  readonly method: string;
  readonly path: string;
  readonly status: number;
}

export interface FakeGitHubOptions {
  readonly pullRequests?: readonly FakePullRequest[];
  /** What the token may do with pull requests; `write` by default. */
  readonly permission?: 'write' | 'read' | 'none';
  /** What it may do with deployments; `write` by default. */
  readonly deployments?: 'write' | 'read' | 'none';
  /** Whose token it is; the job's own by default. */
  readonly login?: string;
  /** The only token that is taken; any by default. */
  readonly token?: string;
}

/** What a call is answered with instead; `undefined`: as usual. */
export type Fault = (
  method: string,
  path: string,
) => { status: number; body?: object; headers?: Record<string, string> } | undefined;

export interface FakeGitHub {
  readonly url: string;
  readonly comments: FakeComment[];
  readonly deployments: FakeDeployments;
  readonly calls: FakeCall[];
  /** Called before each answer; may change the comments, as another run would. */
  before: (method: string, path: string) => void;
  fault: Fault;
  add(pullRequest: number, body: string, user?: FakeComment['user']): FakeComment;
  close(): Promise<void>;
}

/** GitHub docs, "REST API endpoints for issue comments": a longer body is refused. */
const LONGEST = 65_536;

const BOT = { login: 'github-actions[bot]', type: 'Bot' } as const;

class Refusal extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

interface Request {
  readonly method: string;
  readonly url: URL;
  readonly body: Readonly<Record<string, unknown>>;
}

interface Answer {
  readonly status: number;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Starts it, for the repository octo-org/video and any other. */
export async function startGitHub(options: FakeGitHubOptions = {}): Promise<FakeGitHub> {
  let lastId = 1000;
  const user = options.login === undefined ? BOT : { login: options.login, type: typeOf(options.login) };
  const server = createServer((incoming, response) => {
    respond(incoming, response).catch((error: unknown) => {
      response.writeHead(500).end(String(error));
    });
  });
  await listen(server, 0);
  const github: FakeGitHub = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    comments: [],
    deployments: new FakeDeployments(),
    calls: [],
    before: () => undefined,
    fault: () => undefined,
    add(pullRequest, body, author = user) {
      lastId += 1;
      const comment = { id: lastId, pullRequest, body, user: author };
      github.comments.push(comment);
      return comment;
    },
    close: () => closeServer(server),
  };

  async function respond(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const method = incoming.method ?? 'GET';
    const url = new URL(incoming.url ?? '/', github.url);
    const body = await bodyOf(incoming);
    github.before(method, url.pathname);
    const answer =
      github.fault(method, url.pathname) ??
      answerOf({ method, url, body }, incoming.headers.authorization, github, options);
    github.calls.push({ method, path: url.pathname, status: answer.status });
    response.writeHead(answer.status, { 'content-type': 'application/json', ...answer.headers });
    response.end(answer.body === undefined ? '' : JSON.stringify(answer.body));
  }
  return github;
}

function typeOf(login: string): 'Bot' | 'User' {
  return login.endsWith('[bot]') ? 'Bot' : 'User';
}

async function bodyOf(incoming: IncomingMessage): Promise<Request['body']> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk as Buffer);
  const text = Buffer.concat(chunks).toString('utf8');
  return text === '' ? {} : (JSON.parse(text) as Request['body']);
}

function answerOf(
  request: Request,
  authorization: string | undefined,
  github: FakeGitHub,
  options: FakeGitHubOptions,
): Answer {
  try {
    const token = authorization?.replace(/^(token|bearer) /i, '');
    if (token === undefined || (options.token !== undefined && token !== options.token)) {
      throw new Refusal(401, 'Bad credentials');
    }
    return route(request, github, options);
  } catch (error) {
    if (!(error instanceof Refusal || error instanceof DeploymentRefused)) throw error;
    const { status, message } = error;
    return { status, body: { message, documentation_url: 'https://docs.github.com/rest', status } };
  }
}

function route(request: Request, github: FakeGitHub, options: FakeGitHubOptions): Answer {
  const { method, url } = request;
  const may = (needed: 'read' | 'write'): void => {
    const { permission = 'write' } = options;
    if (permission === 'none' || (needed === 'write' && permission === 'read')) {
      throw new Refusal(403, 'Resource not accessible by integration');
    }
  };
  const mayDeploy = (needed: 'read' | 'write'): FakeDeployments => {
    const { deployments = 'write' } = options;
    if (deployments === 'none' || (needed === 'write' && deployments === 'read')) {
      throw new Refusal(403, 'Resource not accessible by integration');
    }
    return github.deployments;
  };
  const routes: readonly [string, RegExp, (matched: readonly string[]) => Answer][] = [
    ['GET', /^\/user$/, () => whoAmI(options)],
    [
      'POST',
      /^\/graphql$/,
      () => ({ status: 200, body: { data: { viewer: { login: options.login ?? BOT.login } } } }),
    ],
    [
      'GET',
      /^\/repos\/[^/]+\/[^/]+\/commits\/([0-9a-f]+)\/pulls$/,
      ([sha = '']) => (may('read'), ofCommit(options, sha)),
    ],
    ['GET', /^\/repos\/[^/]+\/[^/]+\/pulls$/, () => (may('read'), ofBranch(options, url))],
    ['GET', /\/issues\/(\d+)\/comments$/, ([number]) => (may('read'), page(github, Number(number), url))],
    [
      'POST',
      /\/issues\/(\d+)\/comments$/,
      ([number]) => (may('write'), created(github, Number(number), request)),
    ],
    [
      'GET',
      /\/issues\/comments\/(\d+)$/,
      ([id]) => (may('read'), { status: 200, body: shown(commentOf(github, id), github) }),
    ],
    ['PATCH', /\/issues\/comments\/(\d+)$/, ([id]) => (may('write'), updated(github, id, request))],
    ['DELETE', /\/issues\/comments\/(\d+)$/, ([id]) => (may('write'), deleted(github, id))],
    ['GET', /\/deployments$/, () => ({ status: 200, body: mayDeploy('read').list(url.searchParams) })],
    ['POST', /\/deployments$/, () => ({ status: 201, body: mayDeploy('write').create(request.body) })],
    [
      'GET',
      /\/deployments\/(\d+)\/statuses$/,
      ([id = '']) => ({ status: 200, body: mayDeploy('read').find(id).statuses.toReversed() }),
    ],
    [
      'POST',
      /\/deployments\/(\d+)\/statuses$/,
      ([id = '']) => ({ status: 201, body: mayDeploy('write').addStatus(id, request.body) }),
    ],
  ];
  for (const [of, path, answer] of routes) {
    const matched = of === method ? path.exec(url.pathname) : null;
    if (matched !== null) return answer(matched.slice(1));
  }
  throw new Refusal(404, 'Not Found');
}

/** An app's token, such as the job's own, is no user. */
function whoAmI({ login = BOT.login }: FakeGitHubOptions): Answer {
  if (typeOf(login) === 'Bot') throw new Refusal(403, 'Resource not accessible by integration');
  return { status: 200, body: { login, type: 'User' } };
}

function ofCommit({ pullRequests = [] }: FakeGitHubOptions, sha: string): Answer {
  const found = pullRequests.filter((each) => each.mergeCommit === sha || each.head === sha);
  return { status: 200, body: found.map(shownPullRequest) };
}

function ofBranch({ pullRequests = [] }: FakeGitHubOptions, url: URL): Answer {
  const branch = url.searchParams.get('head')?.split(':')[1];
  const found = pullRequests.filter((each) => each.branch === branch && each.state !== 'closed');
  return { status: 200, body: found.map(shownPullRequest) };
}

function shownPullRequest(each: FakePullRequest): object {
  return {
    number: each.number,
    state: each.state ?? (each.merged === true ? 'closed' : 'open'),
    merged_at: each.merged === true ? '2026-01-01T00:00:00Z' : null,
    merge_commit_sha: each.mergeCommit ?? null,
    head: { sha: each.head ?? '' },
  };
}

/** Thirty a page unless more are asked for, a hundred at most; the next page is in the header `link`. */
function page(github: FakeGitHub, pullRequest: number, url: URL): Answer {
  const size = Math.min(100, Number(url.searchParams.get('per_page') ?? 30));
  const number = Number(url.searchParams.get('page') ?? 1);
  const all = github.comments.filter((each) => each.pullRequest === pullRequest);
  const next = new URL(url);
  next.searchParams.set('page', String(number + 1));
  return {
    status: 200,
    body: all.slice((number - 1) * size, number * size).map((each) => shown(each, github)),
    headers: number * size < all.length ? { link: `<${next.href}>; rel="next"` } : {},
  };
}

function created(github: FakeGitHub, pullRequest: number, { body }: Request): Answer {
  return { status: 201, body: shown(github.add(pullRequest, textOf(body)), github) };
}

function updated(github: FakeGitHub, id: string | undefined, { body }: Request): Answer {
  const comment = commentOf(github, id);
  comment.body = textOf(body);
  return { status: 200, body: shown(comment, github) };
}

function deleted(github: FakeGitHub, id: string | undefined): Answer {
  github.comments.splice(github.comments.indexOf(commentOf(github, id)), 1);
  return { status: 204 };
}

function commentOf(github: FakeGitHub, id: string | undefined): FakeComment {
  const comment = github.comments.find((each) => String(each.id) === id);
  if (comment === undefined) throw new Refusal(404, 'Not Found');
  return comment;
}

function textOf(body: Request['body']): string {
  const text = body['body'];
  if (typeof text !== 'string' || text === '') throw new Refusal(422, 'Validation Failed');
  if (text.length > LONGEST) throw new Refusal(422, 'Body is too long (maximum is 65536 characters)');
  return text;
}

function shown({ id, body, user, pullRequest }: FakeComment, github: FakeGitHub): object {
  return { id, body, user, html_url: `${github.url}/octo-org/video/pull/${pullRequest}#issuecomment-${id}` };
}
