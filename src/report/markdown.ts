import { sanitizeLines } from '../runtime/log.ts';

/**
 * What GitHub would make a link of by itself, after Markdown, so that a backslash would not help: addresses, and names at
 * hosts. They are shown as code, and can be copied as they are; a reference by digest is none.
 */
const ADDRESS =
  /(?:(?:https?|ftp):\/\/|www\.)[^\s<>"`|\\]*[^\s<>"`|\\.,;:!?')\]}*_~]|(?<![\w.+-])[\w.+-]{1,64}@(?!sha256:)\w[\w.-]*\w/gi;

/**
 * Text from outside as Markdown text: no structure, no HTML, no mention, no link, one line. A zero-width space after `@`
 * keeps a name readable and pings nobody; one in an issue's number keeps GitHub from making it a link.
 */
export function escapeText(text: string): string {
  const line = sanitizeLines(text).join(' ').trim();
  const parts: string[] = [];
  let at = 0;
  for (const { 0: address, index } of line.matchAll(ADDRESS)) {
    parts.push(escapePlain(line.slice(at, index)), code(address));
    at = index + address.length;
  }
  return atTheStart([...parts, escapePlain(line.slice(at))].join(''));
}

function escapePlain(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replace(/[\\`*_{}[\]()#+!|~$]/g, '\\$&')
    .replace(/(?<!\w)@(?=\w)|@(?=\w)(?!sha256:[0-9a-f])/g, '@\u200b')
    .replace(/#(?=\d)/g, '#\u200b')
    .replace(/\bGH-(?=\d)/gi, (reference) => `${reference.slice(0, 2)}\u200b-`)
    .replace(/(https?|ftp|^):\/\//gi, '$1:\u200b//')
    .replace(/www\./gi, (www) => `${www.slice(0, 3)}\u200b.`);
}

/** What begins a list or a rule where a line begins with it. */
function atTheStart(line: string): string {
  return line.replace(/^[-=]/, '\\$&').replace(/^(\d+)\./, '$1\\.');
}

/**
 * Text from outside as inline code, in a table or outside of one. An empty text is shown as a space: two backticks would be
 * no code. A pipe would end the cell of a table, and a backslash before it would be shown anywhere else: there the code is
 * HTML, in which each sign is written by its number.
 */
export function code(text: string): string {
  const line = sanitizeLines(text).join(' ') || ' ';
  if (line.includes('|')) {
    return `<code>${line.replace(/[!-/:-@[-`{-~]/g, (sign) => `&#${sign.charCodeAt(0)};`)}</code>`;
  }
  const longest = Math.max(0, ...[...line.matchAll(/`+/g)].map((run) => run[0].length));
  const fence = '`'.repeat(longest + 1);
  const pad = line.startsWith('`') || line.endsWith('`') ? ' ' : '';
  return `${fence}${pad}${line}${pad}${fence}`;
}

/** Lines from outside as a code block, whatever fences they hold. */
export function codeBlock(lines: readonly string[], language = ''): string {
  const safe = lines.flatMap(sanitizeLines);
  const longest = Math.max(2, ...safe.map((line) => /^\s*(`+)/.exec(line)?.[1]?.length ?? 0));
  const fence = '`'.repeat(longest + 1);
  return [`${fence}${language}`, ...safe, fence].join('\n');
}

export function link(text: string, url: string | undefined): string {
  return url === undefined ? text : `[${text}](${url})`;
}

/** A table; cells are Markdown already. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

/** A box of GitHub's, such as `> [!WARNING]`; the text is Markdown already. */
export function alert(kind: 'CAUTION' | 'WARNING' | 'NOTE', text: string): string {
  return [`[!${kind}]`, ...text.split('\n')].map((line) => `> ${line}`).join('\n');
}

/** A body that folds away. */
export function details(summary: string, body: string, open = false): string {
  return `<details${open ? ' open' : ''}>\n<summary>${summary}</summary>\n\n${body}\n\n</details>`;
}
