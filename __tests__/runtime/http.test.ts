import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { download, fetchThroughProxies } from '../../src/runtime/http.ts';

let server: Server;
let origin: string;
let headers: IncomingHttpHeaders = {};

async function echo(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
  return `${request.method ?? ''} ${Buffer.concat(chunks).toString()}`;
}

beforeAll(async () => {
  server = createServer((request, response) => {
    headers = request.headers;
    if (request.url === '/config') response.end('{"os":"linux"}');
    else if (request.url === '/long') response.end('x'.repeat(300_000));
    else if (request.url === '/gone') response.writeHead(403).end('<Error/>');
    else if (request.url === '/moved') response.writeHead(302, { location: '/config' }).end();
    else if (request.url === '/away') response.writeHead(302, { location: 'http://example.com/' }).end();
    else if (request.url === '/round') response.writeHead(302, { location: '/round' }).end();
    else if (request.url === '/nothing-to-say') response.writeHead(204).end();
    else if (request.url === '/echo') void echo(request).then((text) => response.writeHead(201).end(text));
    else if (request.url === '/half') response.writeHead(200).write('{');
    // Everything else hangs.
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterAll(() => {
  server.closeAllConnections();
  server.close();
});

const goesOn = new AbortController().signal;

test('fetches a text without credentials', async () => {
  expect(await download(`${origin}/config`, 100, goesOn)).toBe('{"os":"linux"}');
  expect(headers.authorization).toBeUndefined();
});

test('a text of just the size is whole', async () => {
  expect(await download(`${origin}/long`, 300_000, goesOn)).toHaveLength(300_000);
});

test.each([
  ['/long', /more than 299999 bytes/],
  ['/gone', /the answer was 403/],
  ['/moved', /the answer was 302/],
])('%s is refused', async (path, why) => {
  await expect(download(`${origin}${path}`, 299_999, goesOn)).rejects.toThrow(why);
});

test.each(['', 'none', 'file:///etc/passwd'])('%j is no URL to fetch', async (url) => {
  await expect(download(url, 100, goesOn)).rejects.toThrow();
});

test.each(['/half', '/nothing'])('%s ends with the signal', async (path) => {
  const over = new AbortController();
  const asked = new Promise<void>((resolve) =>
    server.once('request', () => {
      resolve();
    }),
  );
  const fetched = download(`${origin}${path}`, 100, over.signal);
  const ended = expect(fetched).rejects.toThrow();
  await asked;
  over.abort();
  await ended;
});

test('a text is sent, and its answer read', async () => {
  const answer = await fetchThroughProxies()(`${origin}/echo`, {
    method: 'POST',
    headers: { authorization: 'token' },
    body: '{"a":"ü"}',
  });
  expect(answer.status).toBe(201);
  expect(await answer.text()).toBe('POST {"a":"ü"}');
  expect(headers.authorization).toBe('token');
});

test('an answer without content is none', async () => {
  const answer = await fetchThroughProxies()(`${origin}/nothing-to-say`);
  expect([answer.status, await answer.text()]).toEqual([204, '']);
});

test.each([
  ['/moved', 'GET', 200, '/config'],
  ['/moved', 'POST', 302, '/moved'],
  ['/away', 'GET', 302, '/away'],
  ['/round', 'GET', 302, '/round'],
])('the redirect %s of a %s ends with %i at %s', async (path, method, status, at) => {
  const answer = await fetchThroughProxies()(`${origin}${path}`, { method });
  expect([answer.status, answer.url]).toEqual([status, `${origin}${at}`]);
});

test.each(['/half', '/nothing'])('a request of %s rejects with the reason of its signal', async (path) => {
  const over = new AbortController();
  const asked = new Promise<void>((resolve) =>
    server.once('request', () => {
      resolve();
    }),
  );
  const fetched = fetchThroughProxies()(`${origin}${path}`, { signal: over.signal });
  const reason = new Error('over');
  const ended = expect(fetched).rejects.toBe(reason);
  await asked;
  over.abort(reason);
  await ended;
});
