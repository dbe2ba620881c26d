import { describe, expect, it } from '@jest/globals';
import { ignoreRules } from '../../src/image/dockerignore.ts';

/** What github.com/moby/patternmatcher answers for each: that program made the table. */
const CASES: readonly [rules: string, leftOut: readonly string[], sent: readonly string[]][] = [
  ['', [], ['a', 'a/b']],
  ['# comment\n\n  \n', [], ['a', '# comment']],
  [' # no comment', ['# no comment'], ['a']],
  ['a', ['a', 'a/b', 'a/b/c'], ['b/a', 'ab', 'A']],
  ['/a/', ['a', 'a/b'], ['b/a']],
  ['./a/../b', ['b', 'b/c'], ['a']],
  ['a/*', ['a/b', 'a/b/c'], ['a']],
  ['*/a', ['b/a', 'b/a/c'], ['a', 'b/c/a']],
  ['**/a', ['a', 'b/a', 'b/c/a', 'b/a/d'], ['ab', 'b/ab']],
  ['a/**', ['a/b', 'a/b/c'], ['a', 'b']],
  ['a/**/b', ['a/b', 'a/c/b', 'a/c/d/b', 'a/c/b/d'], ['a', 'a/c', 'b']],
  ['**', ['a', 'a/b'], []],
  ['**/*.js', ['a.js', 'b/a.js'], ['a.jsx', 'js']],
  ['**.js', ['a.js', 'b/a.js'], ['a.jsx']],
  ['**a', ['a', 'ba', 'b/ca', 'b/ca/d'], ['ab']],
  ['a**', ['a', 'ab', 'ab/c', 'a/b'], ['b']],
  ['?.js', ['a.js'], ['ab.js', '.js']],
  ['[a-c].js', ['a.js', 'c.js'], ['d.js']],
  ['[^a].js', ['b.js'], ['a.js']],
  ['*\n!a', ['b', 'b/a'], ['a', 'a/b']],
  ['*\n!a/b', ['a', 'b', 'a/c'], ['a/b', 'a/b/c']],
  ['!a\n*', ['a', 'b'], []],
  ['*\n! a ', ['b'], ['a']],
  ['*\n!/a/', ['b'], ['a']],
  ['a\n!a/b\na/b/c', ['a', 'a/c', 'a/b/c'], ['a/b', 'a/b/d']],
  ['**/*.md\n!README.md', ['b.md', 'a/README.md'], ['README.md']],
  ['**/*.md\n!**/README*.md', ['b.md'], ['README.md', 'a/README-x.md']],
  ['a.b', ['a.b'], ['axb']],
  ['a+b\nc(1)\n$x\n^y\n{z}', ['a+b', 'c(1)', '$x', '^y', '{z}'], ['aab', 'c1', 'z']],
  ['*+(1)', ['a+(1)'], ['aa1']],
  ['\\*', ['*'], ['a']],
  ['a b', ['a b'], ['a']],
  ['\uFEFFa', ['a'], ['b']],
  ['a\r\nb\r\n', ['a', 'b'], ['c']],
  ['node_modules', ['node_modules', 'node_modules/x/y.js'], ['src/node_modules', 'Node_Modules']],
];

describe('the rules of a .dockerignore', () => {
  it.each(CASES)('%j', (rules, leftOut, sent) => {
    const parsed = ignoreRules(rules);
    expect(leftOut.filter((path) => !parsed.ignores(path))).toEqual([]);
    expect(sent.filter((path) => parsed.ignores(path))).toEqual([]);
  });

  it.each<[rules: string, folder: string, ends: boolean]>([
    ['a', 'a', true],
    ['a\n!a/b', 'a', false],
    ['a\n!a/b', 'a/c', true],
    ['*\n!b', 'a', true],
    ['*\n!/a/b/', 'a', false],
    ['*\n!ab', 'a', true],
    ['*\n!**/b', 'a', false],
    ['*\n!a*/b', 'a', false],
  ])('%j: nothing beneath %s comes back: %j', (rules, folder, ends) => {
    expect(ignoreRules(rules).endsAt(folder)).toBe(ends);
  });

  it('are the same after many questions', () => {
    const rules = ignoreRules('a\n!a/7');
    const paths = Array.from({ length: 25_000 }, (_, at) => `a/${at}`);
    expect(paths.filter((path) => !rules.ignores(path))).toEqual(['a/7']);
  });
});
