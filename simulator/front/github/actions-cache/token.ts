/** ACTIONS_RUNTIME_TOKEN: a JWT whose claim `ac` says what a job may do with the cache of which branch. */
import { isObject, type Json } from '../../../state/json.ts';

/** A branch, and what a job may do with its cache. */
export interface CacheScope {
  /** `refs/heads/main` */
  readonly scope: string;
  readonly may: 'read' | 'write' | 'read and write';
}

const BITS = { read: 1, write: 2, 'read and write': 3 } as const;

/** Good for an hour. Nobody checks its signature here; GitHub does. */
export function cacheToken(scopes: readonly CacheScope[], now = Date.now()): string {
  const seconds = Math.floor(now / 1000);
  const ac = scopes.map(({ scope, may }) => ({ Scope: scope, Permission: BITS[may] }));
  const claims = { nbf: seconds - 300, exp: seconds + 3600, ac: JSON.stringify(ac) };
  const parts = [{ alg: 'RS256', typ: 'JWT' }, claims].map((part) => encoded(JSON.stringify(part)));
  return [...parts, encoded('the signature of a runtime token')].join('.');
}

/** What a token says of itself; nothing where it is none. */
export function scopesIn(token: string): CacheScope[] {
  try {
    const claims = decoded(token.split('.')[1] ?? '');
    const list =
      isObject(claims) && typeof claims['ac'] === 'string' ? (JSON.parse(claims['ac']) as Json) : [];
    return (list as { Scope: string; Permission: number }[]).map(({ Scope: scope, Permission: bits }) => ({
      scope,
      may: bits === BITS.read ? 'read' : bits === BITS.write ? 'write' : 'read and write',
    }));
  } catch {
    return [];
  }
}

function encoded(text: string): string {
  return Buffer.from(text).toString('base64url');
}

function decoded(part: string): Json {
  return JSON.parse(Buffer.from(part, 'base64url').toString('utf8')) as Json;
}
