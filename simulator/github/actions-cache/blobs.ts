/** Where the content of an entry is read: a URL that needs no token. */
import { CacheRefusal, type CacheStore } from './store.ts';
import type { CacheAnswer, CacheCall } from './artifact-cache.ts';

/** Undefined where the call is about no content. */
export function readBlob(store: CacheStore, { method, url, headers }: CacheCall): CacheAnswer | undefined {
  const id = /^\/blobs\/(\d+)$/.exec(url.pathname)?.[1];
  if (id === undefined || method !== 'GET') return undefined;
  const { bytes } = store.byId(Number(id));
  const [, first, last] = /^bytes=(\d+)-(\d*)$/.exec(String(headers['range'])) ?? [];
  if (first === undefined) return { status: 200, body: bytes };
  const from = Number(first);
  const to = Math.min(last === undefined || last === '' ? Infinity : Number(last), bytes.length - 1);
  if (from > to) throw new CacheRefusal(416, 'InvalidRange', 'The range is not in the content.');
  const range = { 'content-range': `bytes ${from}-${to}/${bytes.length}` };
  return { status: 206, body: bytes.subarray(from, to + 1), headers: range };
}
