/** The second version of the service's API: `CacheService` of Twirp, as JSON. The content goes to a blob store. */
import type { CacheAnswer, CacheCall } from './artifact-cache.ts';
import { CacheRefusal, type CacheStore } from './store.ts';

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

/** Undefined where the call is none of this API. */
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
