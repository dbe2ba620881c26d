/** The HTTP front: finds the service and the action of a request, applies faults, records the call, answers. */
import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { AwsError } from './protocol/errors.ts';
import type { FaultEffect } from './faults.ts';
import type { Faults } from './faults.ts';
import type { Call } from './calls.ts';
import { readRequest } from './protocol/request.ts';
import type { AwsRequest } from './protocol/request.ts';
import { answerOf } from './services.ts';
import type { World } from './world.ts';

export interface Front {
  /** The world of the region that a request was signed for. */
  readonly worldOf: (region: string) => World;
  readonly homeRegion: string;
  readonly faults: Faults;
  readonly record: (call: Call) => void;
}

interface Answer {
  readonly status: number;
  readonly body: string;
  readonly error: string | undefined;
}

/** The server that clients point AWS_ENDPOINT_URL at. */
export function createFront(front: Front): Server {
  return createServer((incoming, response) => {
    handle(front, incoming, response).catch((error: unknown) => {
      response.writeHead(500, { 'content-type': 'text/plain' });
      response.end(error instanceof Error ? (error.stack ?? error.message) : 'The simulator failed.');
    });
  });
}

async function handle(front: Front, incoming: IncomingMessage, response: ServerResponse): Promise<void> {
  const request = await readRequest(incoming, front.homeRegion);
  const world = front.worldOf(request.region);
  const effect = front.faults.next(request.action);
  if (effect?.kind === 'delay') await sleep(effect.milliseconds);
  world.clock.settle();
  const time = world.clock.now();
  const reset = effect?.kind === 'reset';
  const answer = reset && effect.when === 'before' ? undefined : answerWith(world, request, effect);
  const { service, action, region, body } = request;
  const status = reset ? 0 : (answer?.status ?? 0);
  front.record({ time, service, action, region, body, status, error: reset ? undefined : answer?.error });
  if (reset || answer === undefined) incoming.socket.destroy();
  else send(response, request, answer);
}

function answerWith(world: World, request: AwsRequest, effect: FaultEffect | undefined): Answer {
  const requestId = randomUUID();
  try {
    const refusal = effect === undefined ? undefined : refusalOf(world, request, effect);
    if (refusal !== undefined) throw refusal;
    return { status: 200, body: answerOf(world, request, requestId), error: undefined };
  } catch (error) {
    if (!(error instanceof AwsError)) throw error;
    return { status: error.status, body: request.errorBody(error, requestId), error: error.code };
  }
}

function refusalOf(world: World, { service, action }: AwsRequest, effect: FaultEffect): AwsError | undefined {
  const caller = `arn:${world.partition}:sts::${world.account}:assumed-role/deployer/simulated`;
  switch (effect.kind) {
    case 'throttle':
      return new AwsError('ThrottlingException', 'Rate exceeded');
    case 'denied':
      return new AwsError(
        service === 'elasticloadbalancing' ? 'AccessDenied' : 'AccessDeniedException',
        `User: ${caller} is not authorized to perform: ${service}:${action} because no identity-based policy allows the ${service}:${action} action`,
        service === 'elasticloadbalancing' ? 403 : 400,
      );
    case 'expired-token':
      return new AwsError('ExpiredTokenException', 'The security token included in the request is expired');
    case 'error':
      return new AwsError(effect.code, effect.message, effect.status);
    case 'http-500':
      return new AwsError('ServerException', 'Service Unavailable. Please try again later.', 500);
    case 'reset':
    case 'delay':
      return undefined;
  }
}

function send(response: ServerResponse, request: AwsRequest, answer: Answer): void {
  response.writeHead(answer.status, {
    'content-type': request.contentType,
    'content-length': Buffer.byteLength(answer.body),
    'x-amzn-requestid': randomUUID(),
    ...(answer.error === undefined ? {} : { 'x-amzn-errortype': answer.error }),
  });
  response.end(answer.body);
}
