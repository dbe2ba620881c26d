import { createHash, hash, type Hash } from 'node:crypto';
import { closeSync, lstatSync, openSync, readdirSync, readlinkSync, readSync } from 'node:fs';
import { basename, join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { ignoreRules, type IgnoreRules } from './dockerignore.ts';

/** What of a folder goes to the builder. */
export interface ContextHash {
  /** SHA-256 in hex. */
  readonly digest: string;
  readonly files: number;
  readonly bytes: number;
}

export interface HashContext {
  readonly signal: AbortSignal;
  /** The commit that a `.git` folder or file has checked out; undefined where git cannot say. */
  readonly headOf: (gitPath: string) => Promise<string | undefined>;
  /** Files that do not count, wherever the context is: the runner writes them anew for each step. */
  readonly runnerFiles?: ReadonlySet<string>;
}

/** Read in pieces of this size, whatever the size of a file. */
const PIECE_BYTES = 1024 * 1024;

/** After so much work other things get their turn, a cancellation first of all. */
const TURN_BYTES = 16 * PIECE_BYTES;
const COST_OF_A_FILE = 64 * 1024;

/**
 * The content of a folder as buildx would send it: every path that its .dockerignore leaves in, with type, permissions
 * and content, or where a symbolic link points to; no times, owners or order. A `.git` counts by the commit that it has
 * checked out. Memory does not grow with the size of the files. Rejects with the error of the file system where
 * something cannot be read. `ignore`: the text of the .dockerignore that is in force, if there is one.
 */
export async function hashContext(
  ctx: HashContext,
  folder: string,
  ignore: string | undefined,
): Promise<ContextHash> {
  const walk: Walk = {
    ...ctx,
    rules: ignoreRules(ignore ?? ''),
    whole: createHash('sha256'),
    piece: Buffer.allocUnsafe(PIECE_BYTES),
    files: 0,
    bytes: 0,
    owed: 0,
  };
  await addFolder(walk, folder, '');
  return { digest: walk.whole.digest('hex'), files: walk.files, bytes: walk.bytes };
}

interface Walk extends HashContext {
  readonly rules: IgnoreRules;
  readonly whole: Hash;
  readonly piece: Buffer;
  files: number;
  bytes: number;
  owed: number;
}

/** Adds what is in a folder, and resolves to whether anything was. */
async function addFolder(walk: Walk, folder: string, path: string): Promise<boolean> {
  let any = false;
  for (const name of readdirSync(folder).sort()) {
    const inner = path === '' ? name : `${path}/${name}`;
    if (await addEntry(walk, join(folder, name), inner)) any = true;
  }
  return any;
}

async function addEntry(walk: Walk, file: string, path: string): Promise<boolean> {
  const stats = lstatSync(file);
  const isLeftOut = walk.runnerFiles?.has(file) === true || walk.rules.ignores(path);
  await takeTurns(walk, COST_OF_A_FILE);
  if (basename(path) === '.git' && !isLeftOut && !stats.isSymbolicLink()) {
    const head = await walk.headOf(file);
    if (head !== undefined) return add(walk, 'git', path, 0, head);
  }
  if (stats.isDirectory()) {
    if (isLeftOut && walk.rules.endsAt(path)) return false;
    const any = await addFolder(walk, file, path);
    // A folder that is left out is sent for the sake of what is in it.
    return (any || !isLeftOut) && add(walk, 'folder', path, stats.mode, '');
  }
  if (isLeftOut || stats.isSocket()) return false;
  if (stats.isSymbolicLink()) return add(walk, 'link', path, 0, readlinkSync(file));
  if (!stats.isFile()) return add(walk, 'special', path, stats.mode, String(stats.rdev));
  walk.files += 1;
  return add(walk, 'file', path, stats.mode, await digestOfFile(walk, file));
}

/** One entry in a form in which no two lists of entries look alike. */
function add({ whole }: Walk, kind: string, path: string, mode: number, content: string): true {
  whole.update(`${JSON.stringify([kind, path, mode & 0o7777, content])}\n`);
  return true;
}

async function digestOfFile(walk: Walk, file: string): Promise<string> {
  const handle = openSync(file, 'r');
  try {
    let length = await fill(walk, handle);
    if (length < PIECE_BYTES) return hash('sha256', walk.piece.subarray(0, length), 'hex');
    const content = createHash('sha256');
    for (; length > 0; length = await fill(walk, handle)) content.update(walk.piece.subarray(0, length));
    return content.digest('hex');
  } finally {
    closeSync(handle);
  }
}

/** Reads the next piece; fewer bytes than it holds: the file is at its end. */
async function fill(walk: Walk, handle: number): Promise<number> {
  let length = 0;
  for (let read = 1; read > 0 && length < PIECE_BYTES; length += read) {
    read = readSync(handle, walk.piece, length, PIECE_BYTES - length, null);
  }
  walk.bytes += length;
  await takeTurns(walk, length);
  return length;
}

async function takeTurns(walk: Walk, bytes: number): Promise<void> {
  walk.owed += bytes;
  if (walk.owed < TURN_BYTES) return;
  walk.owed = 0;
  await setImmediate();
  walk.signal.throwIfAborted();
}
