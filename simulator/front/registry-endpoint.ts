/**
 * The registry host of ECR, `<account>.dkr.ecr.<region>.amazonaws.com`, in front of a real OCI registry: it adds what
 * ECR does and a plain registry does not. Repositories have to be made first, tags may be immutable, and refusals have
 * ECR's words.
 */
import { request as forward } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { World } from '../engine/world.ts';
import { closeServer, listen } from './traffic.ts';
import type { Upstream } from './upstream.ts';

export interface EndpointOptions {
  readonly world: World;
  readonly upstream: Upstream;
  readonly tls: { readonly key: string; readonly cert: string };
  /** Address and port to listen on; a free port of 127.0.0.1 by default. */
  readonly host?: string;
  readonly port?: number;
}

/** An answer in place of the registry's. */
export interface Refusal {
  readonly status: number;
  readonly code: string;
  readonly message: string;
}

export interface RegistryEndpoint {
  readonly port: number;
  /** `GET /v2/backend/…`, oldest first, with the status that was answered. */
  readonly requests: readonly string[];
  /** Answers the next `count` requests that match otherwise. */
  refuse(matching: RegExp, refusal: Refusal, count?: number): void;
  close(): Promise<void>;
}

interface Armed {
  readonly matching: RegExp;
  readonly refusal: Refusal;
  left: number;
}

export async function openRegistryEndpoint(options: EndpointOptions): Promise<RegistryEndpoint> {
  const requests: string[] = [];
  const armed: Armed[] = [];
  const server = createServer(options.tls, (incoming, response) => {
    const line = `${incoming.method ?? ''} ${incoming.url ?? ''}`;
    response.on('finish', () => requests.push(`${line} ${response.statusCode}`));
    refusalOf(options, armed, incoming, line)
      .then((refusal) => {
        if (refusal === undefined) pass(options.upstream, incoming, response);
        else refuse(response, refusal);
      })
      .catch((error: unknown) => {
        refuse(response, { status: 500, code: 'UNKNOWN', message: String(error) });
      });
  });
  await listen(server, options.port ?? 0, options.host);
  return {
    port: (server.address() as AddressInfo).port,
    requests,
    refuse(matching, refusal, count = 1) {
      armed.push({ matching, refusal, left: count });
    },
    close: () => closeServer(server),
  };
}

async function refusalOf(
  { world, upstream }: EndpointOptions,
  armed: Armed[],
  { method, url = '', headers }: IncomingMessage,
  line: string,
): Promise<Refusal | undefined> {
  const planned = armed.find(({ matching, left }) => left > 0 && matching.test(line));
  if (planned !== undefined) {
    planned.left -= 1;
    return planned.refusal;
  }
  if (!upstream.accepts(headers.authorization)) {
    return { status: 401, code: 'UNAUTHORIZED', message: 'Not Authorized' };
  }
  const [, name, kind, reference = ''] = /^\/v2\/(.+)\/(manifests|blobs|tags)\/([^?]*)/.exec(url) ?? [];
  if (name === undefined) return undefined;
  const repository = world.registry.repositories.get(name);
  if (repository === undefined) {
    return {
      status: 404,
      code: 'NAME_UNKNOWN',
      message: `The repository with name '${name}' does not exist in the registry with id '${world.account}'`,
    };
  }
  if (method !== 'PUT' || kind !== 'manifests' || !repository.isImmutable(reference)) return undefined;
  return (await upstream.digestOf(name, reference)) === undefined
    ? undefined
    : {
        status: 400,
        code: 'TAG_INVALID',
        message: `The image tag '${reference}' already exists in the '${name}' repository and cannot be overwritten because the repository is immutable.`,
      };
}

function refuse(response: ServerResponse, { status, code, message }: Refusal): void {
  response.writeHead(status, {
    'content-type': 'application/json',
    'docker-distribution-api-version': 'registry/2.0',
    ...(status === 401 ? { 'www-authenticate': 'Basic realm="ECR",service="ecr.amazonaws.com"' } : {}),
  });
  response.end(JSON.stringify({ errors: [{ code, message }] }));
}

/** The registry answers as if it were reached by its public name. */
function pass(upstream: Upstream, incoming: IncomingMessage, response: ServerResponse): void {
  const onward = forward(
    `${upstream.url}${incoming.url ?? ''}`,
    { method: incoming.method, headers: { ...incoming.headers, 'x-forwarded-proto': 'https' } },
    (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    },
  );
  onward.on('error', (error) => {
    if (!response.headersSent) refuse(response, { status: 502, code: 'UNKNOWN', message: error.message });
    else response.destroy();
  });
  incoming.pipe(onward);
}
