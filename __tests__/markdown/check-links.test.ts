import { describe, expect, test } from '@jest/globals';
import { checkLinks, type Tree } from '../../scripts/check-links.ts';
import { anchorsOf, codeBlocksOf, linksOf } from '../../scripts/markdown.ts';

function treeOf(files: Readonly<Record<string, string>>): Tree {
  return { paths: Object.keys(files), read: (path) => files[path] ?? '' };
}

const FILES = {
  'docs/other.md': '# Other page\n\n## A `code` heading, with [a link](x.md)!\n\n## Twice\n\n## Twice\n',
  'docs/x.md': '',
  'src/main.ts': 'one\ntwo\n',
};

function problemsOf(markdown: string): readonly string[] {
  return checkLinks(treeOf({ ...FILES, 'docs/page.md': markdown })).problems;
}

describe('links that lead somewhere', () => {
  test.each([
    '[a](other.md)',
    '[a](../docs/other.md)',
    '[a](/docs/other.md)',
    '[a](../src)',
    '[a](..)',
    '[a](../src/)',
    '[a](../src/main.ts)',
    '[a](../src/main.ts#L2)',
    '[a](../src/main.ts#L1-L2)',
    '[a](other.md#other-page)',
    '[a](other.md#a-code-heading-with-a-link)',
    '[a](other.md#twice)',
    '[a](other.md#twice-1)',
    '# Here\n\n[a](#here)',
    '<a id="set"></a>\n\n[a](#set)',
    '<img src="x.md">',
    '[a][b]\n\n[b]: other.md',
    '`[a](gone.md)`',
    '```\n[a](gone.md)\n```',
    '[a](https://example.com/path?query#anchor)',
    'https://example.com',
    '[a](mailto:somebody@example.com)',
    '[a](http://127.0.0.1:8000/health)',
  ])('%s', (markdown) => {
    expect(problemsOf(markdown)).toEqual([]);
  });
});

describe('links that lead nowhere', () => {
  test.each([
    ['[a](gone.md)', 'gone.md: there is no such file'],
    ['[a](Other.md)', 'Other.md: there is no such file'],
    ['[a](../../etc)', '../../etc: it leads out of the repository'],
    ['[a](other.md#gone)', 'other.md#gone: docs/other.md has no such heading'],
    ['[a](other.md#Twice)', 'other.md#Twice: docs/other.md has no such heading'],
    ['[a](other.md#twice-2)', 'other.md#twice-2: docs/other.md has no such heading'],
    ['[a](#gone)', '#gone: docs/page.md has no such heading'],
    ['[a](../src/main.ts#L4)', '../src/main.ts#L4: src/main.ts has no line 4'],
    ['[a](../src/main.ts#main)', '../src/main.ts#main: only Markdown has headings'],
    ['![a](gone.png)', 'gone.png: there is no such file'],
    ['<img src="gone.png">', 'gone.png: there is no such file'],
    ['[a][b]', '[a][b]: the reference is not defined'],
    ['[a](http://example.com)', 'http://example.com: it should be https'],
    ['[a](https://nowhere)', 'https://nowhere: it has no host'],
    ['[a](https://)', 'https://: it is not an address'],
    ['[a](ftp://example.com)', 'ftp://example.com: ftp: is no link to a page'],
    ['[a](//example.com)', '//example.com: the scheme is missing'],
    ['[a](%E0%A4%A)', '%E0%A4%A: it is not a path'],
    ['| a |\n| --- |\n| [a](gone.md) |', 'gone.md: there is no such file'],
    ['- one\n  - [a](gone.md)', 'gone.md: there is no such file'],
  ])('%s', (markdown, problem) => {
    expect(problemsOf(markdown)).toEqual([`docs/page.md: ${problem}`]);
  });

  test('are counted over all files', () => {
    const tree = treeOf({ 'a.md': '[a](b.md) [c](c.md)', 'b.md': '[a](a.md)' });
    expect(checkLinks(tree)).toEqual({ files: 2, links: 3, problems: ['a.md: c.md: there is no such file'] });
  });
});

describe('Markdown', () => {
  test('gives anchors as GitHub does', () => {
    const markdown = '# What it *is*: a & b\n\n## `mode: plan`\n\n## Größe_1 – 2\n\n## <sub>x</sub> y\n';
    expect([...anchorsOf(markdown)]).toEqual(['what-it-is-a--b', 'mode-plan', 'größe_1--2', 'x-y']);
  });

  test('tells where a code block begins', () => {
    const markdown = 'a\n\n```yaml\na: 1\n```\n\n- b\n\n  ```yaml\n  b: 2\n  ```\n\n```sh\nls\n```\n';
    expect(codeBlocksOf(markdown, 'yaml')).toEqual([
      { line: 4, code: 'a: 1' },
      { line: 10, code: 'b: 2' },
    ]);
  });

  test('has links in tables, lists and quotes', () => {
    const markdown = '> [a](1.md)\n\n- [b](2.md)\n\n| c |\n| --- |\n| [d](3.md) |\n';
    expect(linksOf(markdown).map(({ target }) => target)).toEqual(['1.md', '2.md', '3.md']);
  });
});
