/**
 * Where the content of an entry is: behind URLs that need no token, as in Azure's Blob Storage (learn.microsoft.com,
 * "Put Blob", "Put Block", "Put Block List", "Get Blob").
 */
import { createHash } from 'node:crypto';
import type { CacheAnswer, CacheCall } from './apis.ts';
import { type CacheEntry, CacheRefusal, type CacheStore } from './store.ts';

/** Only who knows the signature may write. */
export function uploadPath(id: number): string {
  return `blobs/${id}?sig=${signature(id)}`;
}

export function downloadPath(id: number): string {
  return `blobs/${id}`;
}

/** Undefined where the call is about no content. */
export function blobs(store: CacheStore, call: CacheCall): CacheAnswer | undefined {
  const id = /^\/blobs\/(\d+)$/.exec(call.url.pathname)?.[1];
  if (id === undefined) return undefined;
  const entry = store.byId(Number(id));
  switch (call.method) {
    case 'GET':
      return read(entry, call);
    case 'PUT':
      return write(store, entry, call);
    default:
      return undefined;
  }
}

function read({ bytes }: CacheEntry, { headers }: CacheCall): CacheAnswer {
  const range = headers['x-ms-range'] ?? headers['range'];
  const [, first, last] = /^bytes=(\d+)-(\d*)$/.exec(String(range)) ?? [];
  if (first === undefined) return { status: 200, body: bytes };
  const from = Number(first);
  const to = Math.min(last === undefined || last === '' ? Infinity : Number(last), bytes.length - 1);
  if (from > to) throw new CacheRefusal(416, 'InvalidRange', 'The range is not in the content.');
  return {
    status: 206,
    body: bytes.subarray(from, to + 1),
    headers: { 'content-range': `bytes ${from}-${to}/${bytes.length}` },
  };
}

function write(store: CacheStore, entry: CacheEntry, { url, body }: CacheCall): CacheAnswer {
  const { searchParams } = url;
  if (searchParams.get('sig') !== signature(entry.id) || entry.committed) {
    throw new CacheRefusal(403, 'AuthenticationFailed', 'The signature is not that of an upload.');
  }
  const part = searchParams.get('comp');
  if (part === 'block') entry.blocks.set(searchParams.get('blockid') ?? '', body);
  else store.write(entry, 0, part === 'blocklist' ? joined(entry, body.toString()) : body);
  return { status: 201, headers: { 'x-ms-request-id': `request-of-blob-${entry.id}` } };
}

/** The blocks that a list names, in its order. */
function joined({ blocks }: CacheEntry, list: string): Buffer {
  const names = [...list.matchAll(/<(?:Latest|Uncommitted)>([^<]+)</g)].map(([, name = '']) => name);
  const parts = names.map((name) => {
    const block = blocks.get(name);
    if (block === undefined) throw new CacheRefusal(400, 'InvalidBlockList', `Block ${name} is missing.`);
    return block;
  });
  return Buffer.concat(parts);
}

function signature(id: number): string {
  return createHash('sha256').update(`upload ${id}`).digest('hex').slice(0, 16);
}
