import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { probe } from '../../src/gates/probe.ts';
import type { HttpCheck, Probe } from '../../src/model/index.ts';
import { Cancelled } from '../../src/runtime/cancellation.ts';
import { HTTP_CHECK } from '../fakes/literals.ts';

interface Seen {
  readonly host: string;
  readonly path: string;
  readonly token: string | undefined;
}

const seen: Seen[] = [];
let here: Server;
let there: Server;

function originOf(server: Server): string {
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function serve(request: IncomingMessage, response: ServerResponse): void {
  const url = request.url ?? '';
  const token = request.headers['x-token'];
  seen.push({
    host: request.headers.host ?? '',
    path: url,
    token: typeof token === 'string' ? token : undefined,
  });
  const to = (location: string): void => {
    response.writeHead(302, { location }).end('moved');
  };
  if (url === '/ok') response.end('fine');
  else if (url === '/teapot') response.writeHead(418).end('short');
  else if (url === '/elsewhere') to(`${originOf(there)}/back`);
  else if (url === '/back') to(`${originOf(here)}/ok`);
  else if (url === '/relative') to('ok');
  else if (url === '/loop') to('/loop');
  else if (url.startsWith('/hops/'))
    to(Number(url.slice(6)) === 1 ? '/ok' : `/hops/${Number(url.slice(6)) - 1}`);
  else if (url === '/away') to(`${originOf(here).replace('127.0.0.1', 'localhost')}/ok`);
  else if (url === '/file') to('file:///etc/passwd');
  else if (url === '/nonsense') to('http://[');
  else if (url === '/long') response.end('x'.repeat(300_000));
  else if (url === '/endless') {
    const write = (): void => {
      if (!response.destroyed && response.write('y'.repeat(16_384))) setImmediate(write);
      else response.once('drain', write);
    };
    write();
  } else if (url === '/reset') request.socket.destroy();
  else if (url === '/half') {
    response.writeHead(200, { 'content-length': '100' }).write('half');
    setImmediate(() => request.socket.destroy());
  }
  // Everything else hangs.
}

function listen(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
}

beforeAll(async () => {
  here = createServer(serve);
  there = createServer(serve);
  await Promise.all([listen(here), listen(there)]);
});

afterAll(() => {
  for (const server of [here, there]) {
    server.closeAllConnections();
    server.close();
  }
});

function ask(
  path: string,
  check: Partial<HttpCheck> = {},
  signal = new AbortController().signal,
): Promise<Probe> {
  seen.length = 0;
  return probe({ ...HTTP_CHECK, url: `${originOf(here)}${path}`, ...check }, signal);
}

describe('one look at the health-check URL', () => {
  it.each([
    ['/ok', 200, 'fine'],
    ['/teapot', 418, 'short'],
    ['/relative', 200, 'fine'],
    ['/hops/5', 200, 'fine'],
  ])('%s answers %d %s', async (path, status, body) => {
    expect(await ask(path)).toMatchObject({ kind: 'answer', status, body });
  });

  it.each([
    ['/reset', 'the connection was reset'],
    ['/half', 'the connection was reset'],
  ])('%s gives none: %s', async (path, reason) => {
    expect(await ask(path)).toEqual({ kind: 'unreachable', reason });
  });

  it.each(['/hops/6', '/loop', '/file', '/nonsense', '/away'])(
    '%s is an answer, and no good one: it redirects to nowhere, or to another host',
    async (path) => {
      expect(await ask(path)).toMatchObject({ kind: 'answer', status: 302, body: '' });
    },
  );

  it('says that nobody listens', async () => {
    const closed = createServer();
    await listen(closed);
    const url = originOf(closed);
    await new Promise((resolve) => closed.close(resolve));
    expect(await ask('', { url })).toEqual({ kind: 'unreachable', reason: 'the connection was refused' });
  });

  it('may take what is left of a time, which is no whole number of milliseconds', async () => {
    expect(await ask('/ok', { timeoutSeconds: 3.999992739 })).toMatchObject({ kind: 'answer', status: 200 });
  });

  it('waits no longer than its time-out', async () => {
    expect(await ask('/hang', { timeoutSeconds: 0.05 })).toEqual({
      kind: 'unreachable',
      reason: 'no answer within 0.05 s',
    });
  });

  it.each(['/long', '/endless'])('takes 64 KiB of %s and no more', async (path) => {
    const answer = await ask(path);
    expect(answer).toMatchObject({ kind: 'answer', status: 200 });
    expect(answer.kind === 'answer' && answer.body.length).toBe(65_536);
  });

  it('sends its headers to their own origin, and to no other on the way', async () => {
    await ask('/elsewhere', { headers: { 'X-Token': 's3cret' } });
    expect(seen.map(({ path, token }) => `${path} ${token ?? 'none'}`)).toEqual([
      '/elsewhere s3cret',
      '/back none',
      '/ok s3cret',
    ]);
  });

  it('follows no redirect where one is expected', async () => {
    const answer = await ask('/relative', { statuses: [{ from: 302, to: 302 }] });
    expect(answer).toMatchObject({ status: 302, body: 'moved' });
    expect(seen).toHaveLength(1);
  });

  it.each([
    ['before', true],
    ['while', false],
  ])('ends with the job: cancelled %s it asks', async (_when, early) => {
    const controller = new AbortController();
    if (early) controller.abort(new Cancelled('SIGINT'));
    const asking = ask('/hang', { timeoutSeconds: 60 }, controller.signal);
    if (!early) controller.abort(new Cancelled('SIGINT'));
    await expect(asking).rejects.toBeInstanceOf(Cancelled);
  });

  it('says nothing of the value of a header that cannot be sent', async () => {
    const answer = await ask('/ok', { headers: { 'X-Token': 's3cret\n' } });
    expect(answer.kind).toBe('unreachable');
    expect(JSON.stringify(answer)).not.toContain('s3cret');
  });

  it('goes through the proxy of the environment', async () => {
    process.env['HTTP_PROXY'] = originOf(here);
    try {
      await ask('', { url: 'http://nowhere.invalid/x', timeoutSeconds: 0.2 });
      expect(seen).toMatchObject([{ path: 'http://nowhere.invalid/x', host: 'nowhere.invalid' }]);
    } finally {
      delete process.env['HTTP_PROXY'];
    }
  });
});
