/** What the checks read out of Markdown: links, anchors and examples. */
import GithubSlugger from 'github-slugger';
import { lexer, walkTokens, type Token, type Tokens } from 'marked';

export interface Link {
  /** As it is written, such as `docs/a.md#b` or `https://example.com`. */
  readonly target: string;
  /** As it stands in the file, for messages. */
  readonly raw: string;
}

/** Every link and image, those in HTML included. */
export function linksOf(markdown: string): Link[] {
  return tokensOf(markdown).flatMap((token): Link[] => {
    switch (token.type) {
      case 'link':
      case 'image': {
        const { href, raw } = token as Tokens.Link | Tokens.Image;
        return [{ target: href, raw }];
      }
      case 'html':
        return htmlLinks(token.raw);
      default:
        return [];
    }
  });
}

/** `[text][name]` without a definition of the name stays text, and nobody sees that it should have been a link. */
export function danglingReferencesOf(markdown: string): string[] {
  const texts = tokensOf(markdown).flatMap((token) =>
    token.type === 'text' && !('tokens' in token) ? [token.raw] : [],
  );
  return texts.flatMap((text) => [...text.matchAll(/\[[^\]]+\]\[[^\]]*\]/g)].map(([found]) => found));
}

/** Anchors that GitHub gives the headings of a file, and those that HTML sets. */
export function anchorsOf(markdown: string): Set<string> {
  const slugger = new GithubSlugger();
  const tokens = tokensOf(markdown);
  const headings = tokens.flatMap((token) =>
    token.type === 'heading' ? [slugger.slug(plainText((token as Tokens.Heading).tokens))] : [],
  );
  const set = tokens.flatMap((token) =>
    token.type === 'html' ? [...token.raw.matchAll(/\s(?:id|name)="([^"]+)"/g)].map(([, id = '']) => id) : [],
  );
  return new Set([...headings, ...set]);
}

/** The contents of the code blocks of a language, in order, with the line of the file on which each begins. */
export function codeBlocksOf(
  markdown: string,
  language: string,
): { readonly line: number; readonly code: string }[] {
  let from = 0;
  return tokensOf(markdown).flatMap((token) => {
    if (token.type !== 'code' || (token as Tokens.Code).lang !== language) return [];
    const { raw, text } = token as Tokens.Code;
    const [first = ''] = text.split('\n');
    // A block in a list has lost its indentation, so only its lines can be found again, not the whole of it.
    const whole = markdown.indexOf(raw, from);
    from = whole === -1 ? markdown.indexOf(first, from) : whole + raw.indexOf(first);
    return [{ line: markdown.slice(0, from).split('\n').length, code: text }];
  });
}

function tokensOf(markdown: string): Token[] {
  const tokens: Token[] = [];
  void walkTokens(lexer(markdown, { gfm: true }), (token) => {
    tokens.push(token);
  });
  return tokens;
}

/** What a reader sees of a heading: its words, and of links and code the text. */
function plainText(tokens: readonly Token[]): string {
  return tokens
    .map((token) => {
      if (token.type === 'image' || token.type === 'html') return '';
      if ('tokens' in token) return plainText(token.tokens);
      return 'text' in token ? String(token.text) : token.raw;
    })
    .join('');
}

function htmlLinks(html: string): Link[] {
  return [...html.matchAll(/\s(?:href|src|srcset)="([^"]*)"/g)].map(([raw, target = '']) => ({
    target,
    raw: raw.trim(),
  }));
}
