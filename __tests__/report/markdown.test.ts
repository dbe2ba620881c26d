import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { code, codeBlock, details, escapeText, link, table } from '../../src/report/markdown.ts';
import { hostileText } from '../fakes/hostile.ts';

describe('text from outside in Markdown', () => {
  it.each([
    ['pings nobody', 'by @octocat and @org/team', 'by @\u200boctocat and @\u200borg/team'],
    ['links nowhere', 'see https://evil.example', 'see `https://evil.example`'],
    ['links nowhere in brackets either', '(http://evil.example)', '\\(`http://evil.example`\\)'],
    ['links nowhere by a bare host name', 'at www.evil.example.', 'at `www.evil.example`.'],
    ['links nowhere by a scheme alone', 'give http:// or www.', 'give http:\u200b// or www\u200b.'],
    ['keeps an address whole, to be copied', '"ftp://a_b.c/d?e=f&g#h", 1', '"`ftp://a_b.c/d?e=f&g#h`", 1'],
    ['writes to nobody', 'from git@github.com:a/b', 'from `git@github.com`:a/b'],
    ['refers to no issue', 'fixes #12', 'fixes \\#\u200b12'],
    ['refers to no issue in its other form either', 'fixes GH-12', 'fixes GH\u200b-12'],
    ['keeps a reference by digest as it is', 'runs web@sha256:0af1', 'runs web@sha256:0af1'],
    ['pings no user of that name', 'by @sha256:0af1', 'by @\u200bsha256:0af1'],
    ['holds no HTML', '<img src=x> &amp;', '&lt;img src=x&gt; &amp;amp;'],
    ['ends no table cell', 'a|b', 'a\\|b'],
    ['is one line', 'a\r\nb\nc', 'a b c'],
    ['is no heading', '# a', '\\# a'],
    ['is no list', '- a', '\\- a'],
    ['is no numbered list', '1. a', '1\\. a'],
    ['is no rule', '---', '\\---'],
    ['is no underline of a heading', '===', '\\==='],
    ['is no indented code', '     a', 'a'],
    ['keeps a hyphen and a number inside', 'a - b 1. c', 'a - b 1. c'],
  ])('%s', (_rule, text, markdown) => {
    expect(escapeText(text)).toBe(markdown);
  });

  it('has no structure, whatever it is made of', () => {
    fc.assert(
      fc.property(hostileText, (text) => {
        const all = escapeText(text);
        expect(/[\r\n]/.test(all)).toBe(false);
        // What is code is tested below.
        const shown = all.replace(/(?<!\\)((?:\\\\)*)`[^`]+`/g, '$1');
        expect(/[\r\n<>]/.test(shown)).toBe(false);
        expect(/(?<!\\)(\\\\)*[|`*_[\]$~]/.test(shown)).toBe(false);
        expect(/@\w|(?:https?|ftp):\/\/|www\./i.test(shown)).toBe(false);
        expect(/^(?:\s|[-=+#>]|\d+[.)])/.test(all)).toBe(false);
      }),
      { numRuns: 1000 },
    );
  });
});

/** The text that a code span shows by CommonMark's rules, or undefined where it is not one span. */
function spanOf(markdown: string): string | undefined {
  const fence = /^`+/.exec(markdown)?.[0] ?? '';
  const inner = markdown.slice(fence.length, markdown.length - fence.length);
  const runs = [...markdown.matchAll(/`+/g)].filter((run) => run[0].length === fence.length);
  if (fence === '' || runs.length !== 2 || !markdown.endsWith(fence) || inner === '') return undefined;
  return /^ .*[^ ].* $|^ .*[^ ] $/.test(inner) ? inner.slice(1, -1) : inner;
}

describe('inline code', () => {
  it.each([
    ['is wrapped in a longer fence than it holds', 'a``b', '```a``b```'],
    ['is set off from its own backticks', '`a`', '`` `a` ``'],
    ['ends no table cell, and shows no backslash outside of one', 'a|b', '<code>a&#124;b</code>'],
    ['is no Markdown there', '\\|*`<', '<code>&#92;&#124;&#42;&#96;&#60;</code>'],
    ['is one line', 'a\nb', '`a b`'],
    ['shows a space where there is nothing to show', '', '` `'],
  ])('%s', (_rule, text, markdown) => {
    expect(code(text)).toBe(markdown);
  });

  it('is one span that no text can leave', () => {
    fc.assert(
      fc.property(hostileText, (text) => {
        const markdown = code(text);
        expect(/[\r\n|]/.test(markdown)).toBe(false);
        // What is cut from a long line may have held it.
        if (markdown.startsWith('<code>'))
          expect(markdown).toMatch(/^<code>(?:&#\d+;|[^!-/:-@[-`{-~])*<\/code>$/);
        else expect(spanOf(markdown)).toBeDefined();
      }),
      { numRuns: 1000 },
    );
  });
});

describe('a code block', () => {
  it('has a longer fence than any line starts with', () => {
    expect(codeBlock(['  ````', 'x'])).toBe('`````\n  ````\nx\n`````');
  });

  it('holds every line apart, also those that came as one', () => {
    expect(codeBlock(['a\nb', 'c'])).toBe('```\na\nb\nc\n```');
  });

  it('is closed by its last line only, whatever it holds', () => {
    fc.assert(
      fc.property(fc.array(hostileText, { maxLength: 5 }), (lines) => {
        const [open = '', ...rest] = codeBlock(lines).split('\n');
        const closing = rest.flatMap((line, at) => {
          const run = /^ {0,3}(`+)[ \t]*$/.exec(line)?.[1] ?? '';
          return run.length >= open.length ? [at] : [];
        });
        expect(open).toMatch(/^`{3,}$/);
        expect(closing).toEqual([rest.length - 1]);
      }),
      { numRuns: 500 },
    );
  });
});

describe('the other pieces', () => {
  it('a link without an address is its text', () => {
    expect(link('web', undefined)).toBe('web');
    expect(link('web', 'https://a.example/')).toBe('[web](https://a.example/)');
  });

  it('a table has its head, its rule and its rows', () => {
    expect(table(['A', 'B'], [['1', '2']])).toBe('| A | B |\n| --- | --- |\n| 1 | 2 |');
  });

  it('a body that folds away is Markdown again', () => {
    expect(details('More', '- a')).toBe('<details>\n<summary>More</summary>\n\n- a\n\n</details>');
  });
});
