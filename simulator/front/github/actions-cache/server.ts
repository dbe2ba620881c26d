/** The cache service of GitHub Actions over HTTP: what `cache: gha` of a build is kept in. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { closeServer, listen } from '../../traffic.ts';
import { artifactCache, type CacheAnswer, type CacheCall, cacheService } from './apis.ts';
import { blobs, downloadPath, uploadPath } from './blobs.ts';
import { type CacheEntry, CacheRefusal, CacheStore } from './store.ts';
import { scopesIn } from './token.ts';

export interface ActionsCache {
  /** ACTIONS_CACHE_URL of the first version, ACTIONS_RESULTS_URL of the second one. */
  readonly url: string;
  /** What can be read, oldest first. */
  readonly entries: readonly CacheEntry[];
  /** `POST /_apis/artifactcache/caches 201`, oldest first. */
  readonly requests: readonly string[];
  /** Answers everything with this status until it is undefined. */
  failing: number | undefined;
  close(): Promise<void>;
}

/** Starts it, for one repository. `host`: 127.0.0.1 where nobody else has to reach it. */
export async function startActionsCache(host?: string): Promise<ActionsCache> {
  const store = new CacheStore();
  const requests: string[] = [];
  const server = createServer((incoming, response) => {
    respond(incoming, response).catch((error: unknown) => {
      response.writeHead(500).end(String(error));
    });
  });
  await listen(server, 0, host);
  const { address, port } = server.address() as AddressInfo;
  const url = `http://${address}:${port}/`;
  const cache: ActionsCache = {
    url,
    get entries() {
      return store.entries;
    },
    requests,
    failing: undefined,
    close: () => closeServer(server),
  };

  async function respond(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const call = await callOf(incoming, url);
    const { status, body, headers } = answerTo(call);
    requests.push(`${call.method} ${call.url.pathname} ${status}`);
    const isBytes = Buffer.isBuffer(body);
    const type = isBytes ? 'application/octet-stream' : 'application/json';
    response.writeHead(status, { 'content-type': type, ...headers });
    response.end(body === undefined || isBytes ? body : JSON.stringify(body));
  }

  function answerTo(call: CacheCall): CacheAnswer {
    if (cache.failing !== undefined) {
      return { status: cache.failing, body: { message: 'The cache service has a bad day.' } };
    }
    try {
      const content = blobs(store, call);
      if (content !== undefined) return content;
      if (call.scopes.length === 0) throw new CacheRefusal(401, 'UnauthorizedException', 'Bad credentials');
      const download = (id: number): string => url + downloadPath(id);
      const upload = (id: number): string => url + uploadPath(id);
      const answer = artifactCache(store, call, download) ?? cacheService(store, call, { upload, download });
      if (answer !== undefined) return answer;
      throw new CacheRefusal(404, 'NotFoundException', 'Not Found');
    } catch (error) {
      if (!(error instanceof CacheRefusal)) throw error;
      const { status, message, typeKey } = error;
      return { status, body: { message, typeKey, typeName: typeKey, errorCode: 0 } };
    }
  }
  return cache;
}

async function callOf(incoming: IncomingMessage, base: string): Promise<CacheCall> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk as Buffer);
  const { method = 'GET', headers } = incoming;
  const token = headers.authorization?.replace(/^bearer /i, '') ?? '';
  return {
    method,
    url: new URL(incoming.url ?? '/', base),
    headers,
    body: Buffer.concat(chunks),
    scopes: scopesIn(token),
  };
}
