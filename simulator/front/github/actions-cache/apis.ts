/** The two versions of the API of the cache service. */
import { CacheRefusal, type CacheStore } from './store.ts';
import type { CacheScope } from './token.ts';

export interface CacheCall {
  readonly method: string;
  readonly url: URL;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Buffer;
  readonly scopes: readonly CacheScope[];
}

export interface CacheAnswer {
  readonly status: number;
  readonly body?: object | Buffer;
  readonly headers?: Readonly<Record<string, string>>;
}

/**
 * The first version, as BuildKit speaks it (api.md of github.com/tonistiigi/go-actions-cache). Undefined where the call
 * is none of it.
 */
export function artifactCache(
  store: CacheStore,
  { method, url, headers, body, scopes }: CacheCall,
  downloadUrl: (id: number) => string,
): CacheAnswer | undefined {
  const path = /^\/_apis\/artifactcache\/(caches?)(?:\/(\d+))?$/.exec(url.pathname);
  if (path === null) return undefined;
  const id = path[2] === undefined ? undefined : Number(path[2]);
  switch (`${method} ${path[1] ?? ''}${id === undefined ? '' : '/id'}`) {
    case 'GET cache': {
      const keys = (url.searchParams.get('keys') ?? '').split(',');
      const found = store.find(scopes, keys, url.searchParams.get('version') ?? '');
      if (found === undefined) return { status: 204 };
      const { key, scope } = found;
      return { status: 200, body: { cacheKey: key, scope, archiveLocation: downloadUrl(found.id) } };
    }
    case 'POST caches': {
      const { key, version } = JSON.parse(body.toString()) as { key: string; version: string };
      return { status: 201, body: { cacheId: store.reserve(scopes, key, version).id } };
    }
    case 'PATCH caches/id': {
      const [, from, to] = /^bytes (\d+)-(\d+)\/\*$/.exec(String(headers['content-range'])) ?? [];
      if (from === undefined || Number(to) - Number(from) + 1 !== body.length) {
        throw new CacheRefusal(400, 'InvalidRangeException', 'The range is not that of the content.');
      }
      store.write(store.byId(id ?? 0), Number(from), body);
      return { status: 204 };
    }
    case 'POST caches/id': {
      const { size } = JSON.parse(body.toString()) as { size: number };
      store.commit(store.byId(id ?? 0), size);
      return { status: 204 };
    }
    default:
      return undefined;
  }
}

const SERVICE = '/twirp/github.actions.results.api.v1.CacheService/';

/** Twirp's words for what HTTP has a status for. */
const CODES: Readonly<Record<number, string>> = {
  400: 'invalid_argument',
  401: 'unauthenticated',
  403: 'permission_denied',
  404: 'not_found',
  409: 'already_exists',
};

export interface BlobUrls {
  readonly upload: (id: number) => string;
  readonly download: (id: number) => string;
}

/**
 * The second version: `CacheService` of Twirp, as JSON. The content goes to a blob store. Undefined where the call is
 * none of it.
 */
export function cacheService(
  store: CacheStore,
  { url, body, scopes }: CacheCall,
  urls: BlobUrls,
): CacheAnswer | undefined {
  if (!url.pathname.startsWith(SERVICE)) return undefined;
  const asked = JSON.parse(body.toString()) as {
    readonly key: string;
    readonly restore_keys?: readonly string[];
    readonly size_bytes?: number | string;
    readonly version: string;
  };
  try {
    switch (url.pathname.slice(SERVICE.length)) {
      case 'CreateCacheEntry': {
        const { id } = store.reserve(scopes, asked.key, asked.version);
        return { status: 200, body: { ok: true, signed_upload_url: urls.upload(id) } };
      }
      case 'FinalizeCacheEntryUpload': {
        const entry = store.reserved(scopes, asked.key, asked.version);
        store.commit(entry, Number(asked.size_bytes));
        return { status: 200, body: { ok: true, entry_id: String(entry.id) } };
      }
      case 'GetCacheEntryDownloadURL': {
        const found = store.find(scopes, [asked.key, ...(asked.restore_keys ?? [])], asked.version);
        if (found === undefined) return { status: 200, body: { ok: false } };
        const { id, key } = found;
        return {
          status: 200,
          body: { ok: true, signed_download_url: urls.download(id), matched_key: key },
        };
      }
      default:
        return undefined;
    }
  } catch (error) {
    if (!(error instanceof CacheRefusal)) throw error;
    const { status, message } = error;
    return { status, body: { code: CODES[status] ?? 'internal', msg: message } };
  }
}
