/** The first version of the service's API, as BuildKit speaks it (api.md of github.com/tonistiigi/go-actions-cache). */
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

/** Undefined where the call is none of this API. */
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
