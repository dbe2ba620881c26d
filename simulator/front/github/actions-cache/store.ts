/** What the cache of a repository holds, by branch, key and version. */
import type { CacheScope } from './token.ts';

/** One entry. Whoever reserves a key has it; it can be read once it is committed. */
export interface CacheEntry {
  readonly id: number;
  readonly scope: string;
  readonly key: string;
  readonly version: string;
  bytes: Buffer;
  /** What was uploaded of it and is not put together yet, by name. */
  readonly blocks: Map<string, Buffer>;
  committed: boolean;
}

/** A refusal in the words of the service; `typeKey` is what its clients go by. */
export class CacheRefusal extends Error {
  readonly status: number;
  readonly typeKey: string;

  constructor(status: number, typeKey: string, message: string) {
    super(message);
    this.status = status;
    this.typeKey = typeKey;
  }
}

export class CacheStore {
  readonly #entries: CacheEntry[] = [];

  /** What can be read, oldest first. */
  get entries(): readonly CacheEntry[] {
    return this.#entries.filter(({ committed }) => committed);
  }

  /** In the branch that the token may write. Throws where there is none, or the key is taken. */
  reserve(scopes: readonly CacheScope[], key: string, version: string): CacheEntry {
    const scope = writable(scopes);
    if (this.#named(scope, key, version) !== undefined) {
      throw new CacheRefusal(
        409,
        'ArtifactCacheItemAlreadyExistsException',
        `Cache already exists. Scope: ${scope}, Key: ${key}, Version: ${version}`,
      );
    }
    const id = this.#entries.length + 1;
    const blocks = new Map<string, Buffer>();
    const entry = { id, scope, key, version, bytes: Buffer.alloc(0), blocks, committed: false };
    this.#entries.push(entry);
    return entry;
  }

  /** What was reserved under this name. */
  reserved(scopes: readonly CacheScope[], key: string, version: string): CacheEntry {
    const entry = this.#named(writable(scopes), key, version);
    if (entry === undefined) throw new CacheRefusal(404, 'NotFoundException', `${key} is not reserved.`);
    return entry;
  }

  /** Puts bytes in their place. */
  write(entry: CacheEntry, at: number, bytes: Buffer): void {
    const grown = Buffer.alloc(Math.max(entry.bytes.length, at + bytes.length));
    entry.bytes.copy(grown);
    bytes.copy(grown, at);
    entry.bytes = grown;
  }

  /** Throws where another number of bytes came. */
  commit(entry: CacheEntry, size: number): void {
    if (entry.bytes.length !== size) {
      throw new CacheRefusal(
        400,
        'InvalidSizeException',
        `Cache size of ${entry.bytes.length} bytes does not match specified size of ${size} bytes`,
      );
    }
    entry.committed = true;
  }

  /**
   * The entry of the first key that is found, in the token's branches in their order: the one of this very name, else
   * the newest whose name begins so.
   */
  find(scopes: readonly CacheScope[], keys: readonly string[], version: string): CacheEntry | undefined {
    const readable = scopes.filter(({ may }) => may !== 'write');
    for (const { scope } of readable) {
      const here = this.entries.filter((each) => each.scope === scope && each.version === version);
      for (const key of keys) {
        const found =
          here.find((each) => each.key === key) ?? here.findLast((each) => each.key.startsWith(key));
        if (found !== undefined) return found;
      }
    }
    return undefined;
  }

  byId(id: number): CacheEntry {
    const entry = this.#entries[id - 1];
    if (entry === undefined) throw new CacheRefusal(404, 'NotFoundException', `Cache ${id} was not found.`);
    return entry;
  }

  #named(scope: string, key: string, version: string): CacheEntry | undefined {
    return this.#entries.find((each) => each.scope === scope && each.key === key && each.version === version);
  }
}

function writable(scopes: readonly CacheScope[]): string {
  const scope = scopes.find(({ may }) => may !== 'read')?.scope;
  if (scope !== undefined) return scope;
  throw new CacheRefusal(403, 'AccessDeniedException', 'The token may not write to the cache.');
}
