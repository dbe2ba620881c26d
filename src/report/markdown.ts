import { sanitizeLines } from '../runtime/log.ts';

/**
 * Text from outside as Markdown text: no structure, no HTML, no mention, no link, one line.
 * A zero-width space after `@` keeps a name readable and pings nobody; one inside an address or an issue's number
 * keeps GitHub from making it a link, which it does after Markdown, so that a backslash would not help. `own`: addresses
 * of this run, which are code where they are in the text, and can be copied as they are; so can a reference by digest.
 */
export function escapeText(text: string, own: readonly string[] = []): string {
  const line = sanitizeLines(text).join(' ').trim();
  const [first] = own
    .filter((each) => each !== '' && line.includes(each))
    .toSorted((a, b) => b.length - a.length);
  if (first === undefined) return escapePlain(line);
  return line
    .split(first)
    .map((part) =>
      part.trim() === '' ? part : part.replace(/\S(?:.*\S)?/, (words) => escapeText(words, own)),
    )
    .join(code(first));
}

function escapePlain(line: string): string {
  return line
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replace(/[\\`*_{}[\]()#+!|~$]/g, '\\$&')
    .replace(/^[-=]/, '\\$&')
    .replace(/^(\d+)\./, '$1\\.')
    .replace(/(?<!\w)@(?=\w)|@(?=\w)(?!sha256:[0-9a-f])/g, '@\u200b')
    .replace(/#(?=\d)/g, '#\u200b')
    .replace(/\bGH-(?=\d)/gi, (reference) => `${reference.slice(0, 2)}\u200b-`)
    .replace(/(https?|ftp):\/\//gi, '$1:\u200b//')
    .replace(/www\./gi, (www) => `${www.slice(0, 3)}\u200b.`);
}

/**
 * Text from outside as inline code. An empty text is shown as a space: two backticks would be no code. In a table a
 * backslash before a pipe would escape the backslash that keeps the pipe from ending the cell; a zero-width space
 * parts them.
 */
export function code(text: string): string {
  const plain = sanitizeLines(text).join(' ');
  const line = plain.replace(/\\(?=\|)/g, '\\\u200b').replaceAll('|', '\\|') || ' ';
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
