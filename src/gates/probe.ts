import type { IncomingMessage } from 'node:http';
import type { HttpCheck, Probe } from '../model/index.ts';
import { isError } from '../runtime/error.ts';
import { PLAIN_HEADERS, sendRequest } from '../runtime/http.ts';
import { acceptsRedirect } from './http.ts';

const MAX_REDIRECTS = 5;

const MAX_BODY_BYTES = 64 * 1024;

const REDIRECTS = [301, 302, 303, 307, 308];

/**
 * Asks the URL once. Resolves to its answer, or to why there was none; rejects only when the job is cancelled.
 * Redirects are followed within the host unless the accepted statuses hold a 3xx; the headers go to the URL's own origin only; a
 * body is cut at 64 KiB. HTTPS_PROXY, HTTP_PROXY and NO_PROXY are honoured.
 */
export async function probe(check: HttpCheck, signal: AbortSignal): Promise<Probe> {
  const limit = AbortSignal.timeout(Math.ceil(check.timeoutSeconds * 1000));
  const either = AbortSignal.any([signal, limit]);
  try {
    return await follow(check, new URL(check.url), either);
  } catch (error) {
    if (signal.aborted) throw signal.reason as Error;
    return {
      kind: 'unreachable',
      reason: limit.aborted
        ? `no answer within ${Math.round(check.timeoutSeconds * 100) / 100} s`
        : describe(error),
    };
  }
}

async function follow(check: HttpCheck, start: URL, signal: AbortSignal): Promise<Probe> {
  let url = start;
  for (let hops = 0; ; hops += 1) {
    const headers = url.origin === start.origin ? check.headers : {};
    const answer = await sendRequest(url, { headers: { ...PLAIN_HEADERS, ...headers }, signal });
    const location = answer.headers.location;
    const status = answer.statusCode ?? 0;
    if (!REDIRECTS.includes(status) || location === undefined || acceptsRedirect(check.statuses)) {
      const body = await bodyOf(answer);
      return { kind: 'answer', status, body, url: url.href, headers: headersOf(answer) };
    }
    answer.destroy();
    const next = URL.parse(location, url.href);
    const isHttp = next?.protocol === 'http:' || next?.protocol === 'https:';
    // An answer all the same, and no good one: the list of statuses holds no redirect. Another host proves nothing of this.
    if (next === null || !isHttp || next.hostname !== start.hostname || hops === MAX_REDIRECTS)
      return { kind: 'answer', status, body: '', url: url.href, headers: headersOf(answer) };
    url = next;
  }
}

function headersOf({ headers }: IncomingMessage): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, Array.isArray(value) ? value.join(', ') : value]],
    ),
  );
}

async function bodyOf(answer: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of answer as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    size += chunk.length;
    if (size >= MAX_BODY_BYTES) break;
  }
  return Buffer.concat(chunks).subarray(0, MAX_BODY_BYTES).toString('utf8');
}

/** Node's network errors in words, the ones of several addresses together included. */
function describe(error: unknown): string {
  if (!isError(error)) return String(error);
  const { code } = error as NodeJS.ErrnoException;
  const words = code === undefined ? undefined : NETWORK_ERRORS[code];
  return words ?? (error.message === '' ? (code ?? error.name) : error.message);
}

const NETWORK_ERRORS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'the connection was refused',
  ECONNRESET: 'the connection was reset',
  ENOTFOUND: 'the host name was not found',
};
