/**
 * Checks the links of every Markdown file of the repository: files and anchors that are linked to exist, and
 * external addresses are addresses. External pages are not fetched.
 *
 *   node scripts/check-links.ts     exits 1 with every link that leads nowhere
 */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';

import { anchorsOf, danglingReferencesOf, linksOf } from './markdown.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

/** The files that git has or would add, by their paths in the repository. */
export interface Tree {
  readonly paths: readonly string[];
  read(path: string): string;
}

export interface Findings {
  readonly files: number;
  readonly links: number;
  /** `README.md: docs/gone.md: there is no such file`. */
  readonly problems: readonly string[];
}

/** Checks all Markdown files of a tree. */
export function checkLinks(tree: Tree): Findings {
  const files = tree.paths.filter((path) => path.endsWith('.md'));
  const known = new Set(tree.paths.flatMap((path) => [path, ...foldersOf(path)]));
  let links = 0;
  const problems = files.flatMap((file) => {
    const markdown = tree.read(file);
    const found = linksOf(markdown);
    links += found.length;
    return [
      ...found.flatMap(({ target }) => {
        const problem = problemOf(target, file, tree, known);
        return problem === undefined ? [] : [`${file}: ${target}: ${problem}`];
      }),
      ...danglingReferencesOf(markdown).map((text) => `${file}: ${text}: the reference is not defined`),
    ];
  });
  return { files: files.length, links, problems };
}

function problemOf(target: string, file: string, tree: Tree, known: ReadonlySet<string>): string | undefined {
  if (/^[a-z][a-z0-9+.-]*:/i.test(target)) return problemOfAddress(target);
  if (target.startsWith('//')) return 'the scheme is missing';
  const [path = '', anchor] = target.split('#', 2);
  const to = path === '' ? file : pathOf(path, file);
  if (to === undefined) return 'it is not a path';
  if (to.startsWith('..')) return 'it leads out of the repository';
  if (!known.has(to)) return 'there is no such file';
  if (anchor === undefined) return undefined;
  return problemOfAnchor(decodeURIComponent(anchor), to, tree);
}

/** A path that begins with a slash begins at the root of the repository, as on GitHub. */
function pathOf(path: string, file: string): string | undefined {
  try {
    const decoded = decodeURIComponent(path);
    const joined = decoded.startsWith('/') ? decoded.slice(1) : join(dirname(file), decoded);
    return normalize(joined).replace(/\/$/, '');
  } catch {
    return undefined;
  }
}

function problemOfAnchor(anchor: string, path: string, tree: Tree): string | undefined {
  if (path.endsWith('.md')) {
    return anchorsOf(tree.read(path)).has(anchor) ? undefined : `${path} has no such heading`;
  }
  const lines = /^L(\d+)(?:-L(\d+))?$/.exec(anchor);
  if (lines === null) return 'only Markdown has headings';
  const last = Number(lines[2] ?? lines[1]);
  return last <= tree.read(path).split('\n').length ? undefined : `${path} has no line ${last}`;
}

/** What can be said of an address without asking for it. */
function problemOfAddress(target: string): string | undefined {
  if (/\s/.test(target)) return 'an address has no spaces';
  if (!URL.canParse(target)) return 'it is not an address';
  const { protocol, hostname } = new URL(target);
  if (protocol === 'mailto:') return undefined;
  const isHere = hostname === 'localhost' || hostname === '127.0.0.1';
  if (protocol === 'http:' && !isHere) return 'it should be https';
  if (protocol !== 'https:' && protocol !== 'http:') return `${protocol} is no link to a page`;
  return isHere || hostname.includes('.') ? undefined : 'it has no host';
}

function foldersOf(path: string): string[] {
  const folder = dirname(path);
  return folder === '.' ? ['.'] : [folder, ...foldersOf(folder)];
}

function repository(): Tree {
  const listed = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
    cwd: ROOT,
    encoding: 'utf8',
  });
  const paths = listed.split('\0').filter((path) => path !== '');
  return { paths, read: (path) => readFileSync(join(ROOT, path), 'utf8') };
}

if (import.meta.main) {
  const { files, links, problems } = checkLinks(repository());
  for (const problem of problems) console.error(problem);
  console.log(`${links} links in ${files} Markdown files, ${problems.length} of them lead nowhere.`);
  process.exitCode = problems.length === 0 ? 0 : 1;
}
