import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { download } from '../../src/runtime/http.ts';

let server: Server;
let origin: string;
let headers: IncomingHttpHeaders = {};

beforeAll(async () => {
  server = createServer((request, response) => {
    headers = request.headers;
    if (request.url === '/config') response.end('{"os":"linux"}');
    else if (request.url === '/long') response.end('x'.repeat(300_000));
    else if (request.url === '/gone') response.writeHead(403).end('<Error/>');
    else if (request.url === '/moved') response.writeHead(302, { location: '/config' }).end();
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
