import dockerignore, { type Ignore } from '@balena/dockerignore';
import { posix } from 'node:path';

/** What a .dockerignore leaves out of a context. */
export interface IgnoreRules {
  /** Of a path relative to the context, with `/` between its parts. */
  ignores(path: string): boolean;
  /** Nothing beneath this folder, which is left out, can come back by a rule that begins with `!`. */
  endsAt(folder: string): boolean;
}

/** The library remembers each path that it was asked for; a new one is made after so many. */
const REMEMBERED = 10_000;

/**
 * Pure: the rules of a .dockerignore as BuildKit reads them (github.com/moby/patternmatcher, with which they were
 * compared). The library differs from it in a byte order mark, in letters that mean something in a regular expression,
 * and in names that begin with two asterisks. Case counts, as it does on Linux.
 */
export function ignoreRules(text: string): IgnoreRules {
  const given = text
    .replace(/^\uFEFF/, '')
    .split(/\r?\n/)
    .filter((line) => !line.startsWith('#') && line.trim() !== '');
  const lines = given.map(asTheLibraryReadsIt);
  const exceptions = given.map(partsOf).flatMap(({ mark, path }) => (mark === '!' ? path : []));
  const canBePruned = exceptions.every((pattern) => !/[*?[\\]/.test(pattern));
  const make = (): Ignore => dockerignore.default({ ignorecase: false }).add(lines);
  let rules = make();
  let asked = 0;
  return {
    ignores(path) {
      if (lines.length === 0) return false;
      asked += 1;
      if (asked % REMEMBERED === 0) rules = make();
      return rules.ignores(path);
    },
    endsAt: (folder) => canBePruned && !exceptions.some((pattern) => `${pattern}/`.startsWith(`${folder}/`)),
  };
}

function asTheLibraryReadsIt(line: string): string {
  const { mark, path } = partsOf(line);
  const isPlain = !/[*?[\]\\]/.test(path.startsWith('**') ? path.slice(2) : path.replace(/\*\*$/, ''));
  const special = isPlain ? /[+(){}|^]|^#/g : /\\?[+()]|^#/g;
  const escaped = path.replace(special, (letter) => (letter.startsWith('\\') ? letter : `\\${letter}`));
  return (
    mark + escaped.replace(/^\*\*(?=[^/*])/, isPlain ? '**/*' : '**/').replace(/\/\*\*(?=[^/*])/g, '/**/')
  );
}

/** `mark`: `!` or nothing. `path`: relative to the context. */
function partsOf(line: string): { readonly mark: string; readonly path: string } {
  const [, mark = '', rule = ''] = /^(!?)\s*(.*)$/s.exec(line.trim()) ?? [];
  return {
    mark,
    path: posix
      .normalize(rule)
      .replace(/(?<=.)\/$/, '')
      .replace(/^\/(?=.)/, ''),
  };
}
