import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';

/** Fetches a text of at most so many bytes from a URL. */
export type Download = (url: string, maxBytes: number, signal: AbortSignal) => Promise<string>;

/**
 * A plain GET without credentials, for presigned URLs. Rejects where the answer is not a 200, is larger, or is not all
 * there when the signal aborts. HTTPS_PROXY, HTTP_PROXY and NO_PROXY are honoured; redirects are not followed.
 */
export const download: Download = async (url, maxBytes, signal) => {
  const answer = await sendRequest(new URL(url), { headers: PLAIN_HEADERS, signal });
  try {
    if (answer.statusCode !== 200) throw new Error(`the answer was ${answer.statusCode ?? 'none'}`);
    return await textOf(answer, maxBytes);
  } finally {
    answer.destroy();
  }
};

/** Of a request that asks for whatever is there. */
export const PLAIN_HEADERS = { 'user-agent': 'ecs-fargate-deploy', accept: '*/*' };

async function textOf(answer: IncomingMessage, maxBytes: number): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of answer as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    size += chunk.length;
    if (size > maxBytes) throw new Error(`the answer has more than ${maxBytes} bytes`);
  }
  return Buffer.concat(chunks).toString('utf8');
}

const MAX_REDIRECTS = 5;

/** Statuses that RFC 9110 gives no content. */
const WITHOUT_BODY = [101, 204, 205, 304];

/**
 * The part of `fetch` that a client of a JSON API needs, with HTTPS_PROXY, HTTP_PROXY and NO_PROXY honoured, which Node's
 * own `fetch` leaves alone. A text is sent as it is. A redirect of a GET is followed within its origin, and another
 * answer is given back as it is. Rejects with the signal's reason, or with the error of the connection.
 */
export function fetchThroughProxies(): typeof fetch {
  const agents = {
    http: new HttpAgent({ keepAlive: true, proxyEnv: process.env }),
    https: new HttpsAgent({ keepAlive: true, proxyEnv: process.env }),
  };
  return async (resource, { method = 'GET', headers, body, signal } = {}) => {
    const options = {
      method,
      headers: Object.fromEntries(new Headers(headers)),
      signal: signal ?? undefined,
    };
    let url = new URL(resource instanceof Request ? resource.url : resource);
    try {
      for (let hops = 0; ; hops += 1) {
        const answer = await sendRequest(url, options, body, agents);
        const next = method === 'GET' ? redirectOf(answer, url) : undefined;
        if (next === undefined || hops === MAX_REDIRECTS) return await responseOf(answer, url);
        answer.resume();
        url = next;
      }
    } catch (error) {
      signal?.throwIfAborted();
      throw error;
    }
  };
}

interface Agents {
  readonly http: HttpAgent;
  readonly https: HttpsAgent;
}

interface SendOptions {
  readonly method?: string;
  readonly headers: Record<string, string>;
  readonly signal: AbortSignal | undefined;
}

/** Connections that no other request takes: a load balancer may choose another target for each. */
function ownConnections(): Agents {
  return {
    http: new HttpAgent({ proxyEnv: process.env }),
    https: new HttpsAgent({ proxyEnv: process.env }),
  };
}

/**
 * Sends a request, a GET unless a method is named, and resolves to the head of its answer; whoever calls reads the rest.
 * HTTPS_PROXY, HTTP_PROXY and NO_PROXY are honoured, redirects are not followed. Rejects with the error of the connection.
 */
export function sendRequest(
  url: URL,
  options: SendOptions,
  body?: unknown,
  agents = ownConnections(),
): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const request =
      url.protocol === 'https:'
        ? httpsRequest(url, { ...options, agent: agents.https }, resolve)
        : httpRequest(url, { ...options, agent: agents.http }, resolve);
    request.on('error', reject);
    request.end(typeof body === 'string' ? body : undefined);
  });
}

/** Where an answer leads within its origin: a token goes nowhere else. */
function redirectOf({ statusCode, headers }: IncomingMessage, from: URL): URL | undefined {
  if (![301, 302, 303, 307, 308].includes(statusCode ?? 0) || headers.location === undefined)
    return undefined;
  const to = URL.parse(headers.location, from.href);
  return to?.origin === from.origin ? to : undefined;
}

async function responseOf(answer: IncomingMessage, url: URL): Promise<Response> {
  const chunks: Buffer[] = [];
  for await (const chunk of answer as AsyncIterable<Buffer>) chunks.push(chunk);
  const status = answer.statusCode ?? 0;
  const headers = new Headers();
  for (const [name, values] of Object.entries(answer.headersDistinct)) {
    for (const value of values ?? []) headers.append(name, value);
  }
  const response = new Response(WITHOUT_BODY.includes(status) ? null : Buffer.concat(chunks), {
    status,
    statusText: answer.statusMessage ?? '',
    headers,
  });
  return Object.defineProperty(response, 'url', { value: url.href });
}

/** An address as it may be shown: its query may carry a token. */
export function withoutQuery(url: string): string {
  return url.replace(/\?.*$/, '?…');
}
