/** The HTTP front: finds the service and the action of a request, applies faults, records the call, answers. */
import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { answerOf, refusalBody } from '../api/actions.ts';
import { parseRequest, receive } from '../api/protocol/request.ts';
import type { AwsRequest, WireRequest } from '../api/protocol/request.ts';
import type { World } from '../engine/world.ts';
import type { FaultEffect, Faults } from '../scenario/faults.ts';
import { AwsError } from '../state/errors.ts';
import { objects } from '../state/json.ts';
import type { JsonObject } from '../state/json.ts';
import { downloadFolder, type Downloads } from '../state/registry.ts';
import type { Call } from './calls.ts';
import type { EarlierAnswers } from './earlier-answers.ts';
import type { Throttling } from './throttling.ts';

export interface Front {
  /** The world of the region that a request was signed for. */
  readonly worldOf: (region: string) => World;
  readonly homeRegion: string;
  readonly faults: Faults;
  readonly downloads: Downloads;
  /** Refuses calls above the rates that ECS allows an account; undefined where no call is refused for that. */
  readonly throttling: Throttling | undefined;
  readonly record: (call: Call) => void;
  readonly earlier: EarlierAnswers;
  /** Brings what lies outside the world up to date before a request is answered. */
  readonly refresh: (world: World, request: AwsRequest) => Promise<void>;
}

/** What becomes of a request: an answer, a connection that breaks, or no answer ever. */
export type Reply =
  | {
      readonly kind: 'answer';
      readonly status: number;
      readonly headers: Readonly<Record<string, string>>;
      readonly body: string;
    }
  | { readonly kind: 'reset' }
  | { readonly kind: 'hang' };

/** How a late answer is waited for, in milliseconds. */
export type Pause = (milliseconds: number) => Promise<unknown>;

interface Answer {
  readonly status: number;
  readonly body: string;
  readonly error: string | undefined;
}

/** Services whose requests are signed for one region, whichever region the caller works in. */
const globalServices = new Set(['iam']);

/** The server that clients point AWS_ENDPOINT_URL at. */
export function createFront(front: Front): Server {
  return createServer((incoming, response) => {
    if (answerDownload(front.downloads, incoming, response)) return;
    handle(front, incoming, response).catch(() => {
      // The client has gone before its request was read.
      incoming.socket.destroy();
    });
  });
}

/** Answers a request for what a presigned URL of ECR leads to; false where it is for something else. */
function answerDownload(
  downloads: Downloads,
  { method, url = '' }: IncomingMessage,
  response: ServerResponse,
): boolean {
  if (method !== 'GET' || !url.startsWith(downloadFolder)) return false;
  const content = downloads.content(url.slice(downloadFolder.length));
  response.writeHead(content === undefined ? 403 : 200, { 'content-type': 'application/octet-stream' });
  response.end(content);
  return true;
}

async function handle(front: Front, incoming: IncomingMessage, response: ServerResponse): Promise<void> {
  const reply = await replyTo(front, await receive(incoming), sleep);
  switch (reply.kind) {
    case 'answer':
      response.writeHead(reply.status, {
        ...reply.headers,
        'content-length': Buffer.byteLength(reply.body),
      });
      response.end(reply.body);
      return;
    case 'reset':
      incoming.socket.destroy();
      return;
    case 'hang':
      return;
  }
}

/** What AWS replies to a request, however that came. Never rejects: a mistake of the simulator is an answer, too. */
export async function replyTo(front: Front, wire: WireRequest, pause: Pause): Promise<Reply> {
  try {
    return await replyOf(front, wire, pause);
  } catch (error) {
    const unreadable = error instanceof SyntaxError;
    const code = unreadable ? 'SerializationException' : 'InternalFailure';
    const message = error instanceof Error ? (unreadable ? error.message : error.stack) : String(error);
    return {
      kind: 'answer',
      status: unreadable ? 400 : 500,
      headers: { 'content-type': 'application/x-amz-json-1.1' },
      body: JSON.stringify({ __type: code, message }),
    };
  }
}

async function replyOf(front: Front, wire: WireRequest, pause: Pause): Promise<Reply> {
  const request = parseRequest(wire, front.homeRegion);
  const world = front.worldOf(globalServices.has(request.service) ? front.homeRegion : request.region);
  const effect = front.faults.next(request.action);
  if (effect?.kind === 'delay') await pause(effect.milliseconds);
  await front.refresh(world, request);
  world.clock.settle();
  const time = world.clock.now();
  const requestId = randomUUID();
  if (effect?.kind === 'meanwhile' && effect.when === 'before') effect.act();
  const lost = effect?.kind === 'reset' || effect?.kind === 'hang';
  const answer =
    lost && effect.when === 'before' ? undefined : answerWith(front, world, request, effect, requestId);
  if (effect?.kind === 'meanwhile' && effect.when === 'after') effect.act();
  const { service, action, region, caller, body } = request;
  const outcome = lost || answer === undefined ? { status: 0, error: undefined } : answer;
  front.record({
    time,
    service,
    action,
    region,
    caller,
    body,
    status: outcome.status,
    tookEffect: answer?.status === 200,
    error: outcome.error,
    fault: effect?.kind,
  });
  if (effect?.kind === 'hang') return { kind: 'hang' };
  if (lost || answer === undefined) return { kind: 'reset' };
  const { status: code, error: refusal } = answer;
  const text =
    refusal === undefined ? arriving(front.earlier, effect, request, answer.body, time) : answer.body;
  const headers = { date: new Date(time).toUTCString(), ...headersOf(request, refusal, requestId) };
  return { kind: 'answer', status: code, headers, body: text };
}

/** What arrives of a good answer. */
function arriving(
  earlier: EarlierAnswers,
  effect: FaultEffect | undefined,
  request: AwsRequest,
  body: string,
  time: number,
): string {
  const old = effect?.kind === 'stale' ? earlier.before(request, time - effect.seconds * 1000) : undefined;
  earlier.remember(request, time, body);
  if (effect?.kind === 'missing') return withoutEntries(body);
  return effect?.kind === 'rewrite' ? effect.rewrite(body) : (old ?? body);
}

/** The lists of ECS whose entries can be MISSING. */
const LISTS = ['services', 'serviceDeployments', 'serviceRevisions', 'tasks'];

/** An answer that names what was asked for, and knows none of it; one without a list of such things stays as it is. */
function withoutEntries(body: string): string {
  if (!body.startsWith('{')) return body;
  const answer = JSON.parse(body) as JsonObject;
  const list = LISTS.find((name) => name in answer);
  if (list === undefined) return body;
  const failures = objects(answer, list).map((entry) => ({
    arn: entry[`${list.slice(0, -1)}Arn`] ?? entry['arn'],
    reason: 'MISSING',
  }));
  return JSON.stringify({ ...answer, [list]: [], failures });
}

function answerWith(
  { throttling }: Front,
  world: World,
  request: AwsRequest,
  effect: FaultEffect | undefined,
  requestId: string,
): Answer {
  try {
    const refusal =
      effect === undefined ? overRate(throttling, world, request) : refusalOf(world, request, effect);
    if (refusal !== undefined) throw refusal;
    return { status: 200, body: answerOf(world, request, requestId), error: undefined };
  } catch (error) {
    if (!(error instanceof AwsError)) throw error;
    return { status: error.status, body: refusalBody(request, error, requestId), error: error.code };
  }
}

function overRate(
  throttling: Throttling | undefined,
  world: World,
  { service, action }: AwsRequest,
): AwsError | undefined {
  if (service !== 'ecs' || throttling === undefined || throttling.admits(world, action)) return undefined;
  return new AwsError('ThrottlingException', 'Rate exceeded');
}

/** The refusal that a fault makes of a call. Query services answer 403 where awsJson services answer 400. */
function refusalOf(world: World, request: AwsRequest, effect: FaultEffect): AwsError | undefined {
  const { service, action, query } = request;
  const named = (code: string): string => (query === undefined ? `${code}Exception` : code);
  const forbidden = query === undefined ? 400 : 403;
  const caller = `arn:${world.partition}:sts::${world.account}:assumed-role/deployer/simulated`;
  const permission = `${service}:${action}`;
  switch (effect.kind) {
    case 'throttle':
      return new AwsError(named('Throttling'), 'Rate exceeded');
    case 'denied':
      return new AwsError(
        named('AccessDenied'),
        `User: ${caller} is not authorized to perform: ${permission} because no identity-based policy allows the ${permission} action`,
        forbidden,
      );
    case 'expired-token':
      return new AwsError(
        named('ExpiredToken'),
        'The security token included in the request is expired',
        forbidden,
      );
    case 'error':
      return new AwsError(effect.code, effect.message, effect.status);
    case 'http-500':
      return new AwsError('ServerException', 'Service Unavailable. Please try again later.', 500);
    case 'reset':
    case 'hang':
    case 'delay':
    case 'rewrite':
    case 'stale':
    case 'missing':
    case 'meanwhile':
      return undefined;
  }
}

function headersOf(
  request: AwsRequest,
  refusal: string | undefined,
  requestId: string,
): Record<string, string> {
  return {
    'content-type': request.contentType,
    'x-amzn-requestid': requestId,
    ...(refusal === undefined ? {} : { 'x-amzn-errortype': refusal }),
  };
}
