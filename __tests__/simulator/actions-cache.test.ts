import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { startActionsCache, type ActionsCache } from '../../simulator/front/github/actions-cache/server.ts';
import { cacheToken, scopesIn, type CacheScope } from '../../simulator/front/github/actions-cache/token.ts';

const MAIN: CacheScope = { scope: 'refs/heads/main', may: 'read and write' };
const BRANCH: CacheScope = { scope: 'refs/heads/feature', may: 'read and write' };
const WRITER = cacheToken([MAIN]);

let cache: ActionsCache;
beforeEach(async () => {
  cache = await startActionsCache();
});
afterEach(() => cache.close());

interface Asked {
  readonly method?: string;
  readonly body?: string;
  readonly headers?: Record<string, string>;
}

function ask(path: string, init: Asked = {}, token = WRITER): Promise<Response> {
  return fetch(cache.url + path, { ...init, headers: { authorization: `Bearer ${token}`, ...init.headers } });
}

function post(path: string, body: object, token = WRITER): Promise<Response> {
  return ask(path, { method: 'POST', body: JSON.stringify(body) }, token);
}

async function jsonOf(answer: Promise<Response>): Promise<Record<string, unknown>> {
  return (await (await answer).json()) as Record<string, unknown>;
}

describe('the first version of the cache service', () => {
  const api = '_apis/artifactcache';

  async function save(key: string, parts: readonly string[], token = WRITER): Promise<number> {
    const { cacheId } = await jsonOf(post(`${api}/caches`, { key, version: 'v' }, token));
    let at = 0;
    for (const part of parts) {
      const range = `bytes ${at}-${at + part.length - 1}/*`;
      const init = { method: 'PATCH', body: part, headers: { 'content-range': range } };
      expect((await ask(`${api}/caches/${String(cacheId)}`, init)).status).toBe(204);
      at += part.length;
    }
    return (await post(`${api}/caches/${String(cacheId)}`, { size: at })).status;
  }

  async function load(keys: string, token = WRITER, headers = {}): Promise<string | undefined> {
    const answer = await ask(`${api}/cache?keys=${encodeURIComponent(keys)}&version=v`, {}, token);
    if (answer.status === 204) return undefined;
    const { cacheKey, archiveLocation } = (await answer.json()) as Record<string, string>;
    return `${cacheKey ?? ''}: ${await (await fetch(archiveLocation ?? '', { headers })).text()}`;
  }

  it('keeps what came in parts, and gives it back whole or from a place on', async () => {
    expect(await save('a', ['one ', 'two'])).toBe(204);
    expect(await load('a')).toBe('a: one two');
    expect(await load('a', WRITER, { range: 'bytes=4-' })).toBe('a: two');
  });

  it('finds the very name first, else the newest that begins so', async () => {
    await save('index#1', ['old']);
    await save('index#2', ['new']);
    expect(await load('index')).toBe('index#2: new');
    expect(await load('index#1')).toBe('index#1: old');
    expect(await load('other')).toBeUndefined();
  });

  it('takes each key once, and only all of its bytes', async () => {
    await save('a', ['1']);
    const again = await post(`${api}/caches`, { key: 'a', version: 'v' });
    expect([again.status, await again.json()]).toMatchObject([
      409,
      { typeKey: 'ArtifactCacheItemAlreadyExistsException' },
    ]);
    const { cacheId } = await jsonOf(post(`${api}/caches`, { key: 'b', version: 'v' }));
    expect((await post(`${api}/caches/${String(cacheId)}`, { size: 5 })).status).toBe(400);
    expect(await load('b')).toBeUndefined();
  });

  it('keeps branches apart, as the token says', async () => {
    await save('a', ['main']);
    const reader = cacheToken([BRANCH, { ...MAIN, may: 'read' }]);
    expect(await load('a', reader)).toBe('a: main');
    await save('a', ['feature'], reader);
    expect(await load('a', reader)).toBe('a: feature');
    expect(await load('a')).toBe('a: main');
    expect(await load('a', cacheToken([BRANCH]))).toBe('a: feature');
    const readOnly = cacheToken([{ ...MAIN, may: 'read' }]);
    expect((await post(`${api}/caches`, { key: 'c', version: 'v' }, readOnly)).status).toBe(403);
  });

  it('knows nobody without a token', async () => {
    expect((await ask(`${api}/cache?keys=a&version=v`, {}, 'no token')).status).toBe(401);
    expect(scopesIn(WRITER)).toEqual([MAIN]);
  });
});

describe('the second version of the cache service', () => {
  const call = (method: string, body: object, token = WRITER): Promise<Response> =>
    post(`twirp/github.actions.results.api.v1.CacheService/${method}`, { version: 'v', ...body }, token);

  it('keeps what came as one blob or in blocks', async () => {
    const one = await jsonOf(call('CreateCacheEntry', { key: 'one' }));
    await fetch(String(one['signed_upload_url']), { method: 'PUT', body: 'whole' });
    expect(await jsonOf(call('FinalizeCacheEntryUpload', { key: 'one', size_bytes: 5 }))).toMatchObject({
      ok: true,
    });
    const blocks = String((await jsonOf(call('CreateCacheEntry', { key: 'two' })))['signed_upload_url']);
    const put = (query: string, body: string): Promise<Response> =>
      fetch(`${blocks}&comp=${query}`, { method: 'PUT', body });
    await put('block&blockid=Yg%3D%3D', 'second');
    await put('block&blockid=YQ%3D%3D', 'first ');
    const list = '<BlockList><Latest>YQ==</Latest><Latest>Yg==</Latest></BlockList>';
    expect((await put('blocklist', list)).status).toBe(201);
    await call('FinalizeCacheEntryUpload', { key: 'two', size_bytes: '12' });
    expect(cache.entries.map(({ bytes }) => bytes.toString())).toEqual(['whole', 'first second']);

    const found = await jsonOf(call('GetCacheEntryDownloadURL', { key: 'tw', restore_keys: ['tw'] }));
    expect(found).toMatchObject({ ok: true, matched_key: 'two' });
    const range = { headers: { 'x-ms-range': 'bytes=6-' } };
    expect(await (await fetch(String(found['signed_download_url']), range)).text()).toBe('second');
    expect(await jsonOf(call('GetCacheEntryDownloadURL', { key: 'none' }))).toEqual({ ok: false });
  });

  it('refuses in words of Twirp', async () => {
    await call('CreateCacheEntry', { key: 'a' });
    const again = await call('CreateCacheEntry', { key: 'a' });
    expect([again.status, await again.json()]).toMatchObject([409, { code: 'already_exists' }]);
    const readOnly = cacheToken([{ ...MAIN, may: 'read' }]);
    expect(await jsonOf(call('CreateCacheEntry', { key: 'b' }, readOnly))).toMatchObject({
      code: 'permission_denied',
    });
    expect((await fetch(`${cache.url}blobs/1`, { method: 'PUT', body: 'x' })).status).toBe(403);
  });
});
