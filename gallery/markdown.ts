/** GitHub's Markdown as HTML: GFM by a library, and what GitHub adds: alerts, diffs in colour, Mermaid. */
import { Marked, type Tokens } from 'marked';

export function escapeHtml(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}

const ALERTS: Readonly<Record<string, string>> = { CAUTION: 'Caution', WARNING: 'Warning', NOTE: 'Note' };

const marked = new Marked({ gfm: true });
marked.use({
  renderer: {
    code({ text, lang }: Tokens.Code): string {
      if (lang === 'mermaid') return `<pre class="mermaid">${escapeHtml(text)}</pre>`;
      const lines = lang === 'diff' ? text.split('\n').map(diffLine).join('\n') : escapeHtml(text);
      return `<pre class="code"><code>${lines}</code></pre>`;
    },
    blockquote({ tokens, raw }: Tokens.Blockquote): string {
      const kind = /^>\s*\[!(\w+)\]/.exec(raw)?.[1] ?? '';
      const inner = this.parser.parse(tokens);
      const title = ALERTS[kind];
      if (title === undefined) return `<blockquote>${inner}</blockquote>`;
      const body = inner.replace(/^(<p>)\[!\w+\]\s*(<br>)?/, '$1').replace(/^<p><\/p>/, '');
      return `<div class="alert ${kind.toLowerCase()}"><p class="title">${title}</p>${body}</div>`;
    },
    table(token: Tokens.Table): string {
      const row = (cells: readonly Tokens.TableCell[], name: string): string =>
        `<tr>${cells.map((cell) => `<${name}>${this.parser.parseInline(cell.tokens)}</${name}>`).join('')}</tr>`;
      const body = token.rows.map((cells) => row(cells, 'td')).join('');
      return `<div class="table"><table><thead>${row(token.header, 'th')}</thead><tbody>${body}</tbody></table></div>`;
    },
  },
});

function diffLine(line: string): string {
  const kinds: Readonly<Record<string, string>> = { '+': 'added', '-': 'removed', '!': 'changed' };
  const kind = kinds[line.charAt(0)];
  return kind === undefined ? escapeHtml(line) : `<span class="${kind}">${escapeHtml(line)}</span>`;
}

export function renderMarkdown(markdown: string): string {
  return marked.parse(markdown, { async: false });
}
