import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { command, words } from '../../src/inputs/values.ts';

describe('words', () => {
  it.each([
    ['sh -c "echo hi there"', ['sh', '-c', 'echo hi there']],
    ['  a \t b\r\nc ', ['a', 'b', 'c']],
    ["a 'b c'd", ['a', 'b cd']],
    [`'it'"'"'s'`, ["it's"]],
    [String.raw`"a \"b\" \\ \n"`, [String.raw`a "b" \ \n`]],
    [String.raw`'a\b'`, [String.raw`a\b`]],
    [String.raw`a\ b \"c`, ['a b', '"c']],
    ['a \\\n  b\\\nc', ['a', 'bc']],
    ['"" \'\'', ['', '']],
    ['echo $HOME * ; a|b > c `d` ~', ['echo', '$HOME', '*', ';', 'a|b', '>', 'c', '`d`', '~']],
    ['a #b', ['a', '#b']],
    ['"a\nb"', ['a\nb']],
    ['', []],
  ])('%j', (text, expected) => {
    expect(words(text)).toEqual({ kind: 'value', value: expected });
  });

  it.each([
    ["sh -c 'x", "the ' at character 7 is never closed. Add the closing '."],
    ['a "b\\"', 'the " at character 3 is never closed. Add the closing ".'],
    ['a \\', 'it ends with a backslash that escapes nothing. Leave it out or write \\\\.'],
  ])('%j is refused', (text, sentence) => {
    expect(words(text)).toEqual({ kind: 'problems', problems: [sentence] });
  });

  const anyWords = fc.array(
    fc.string({ unit: fc.constantFrom('a', ' ', '"', "'", '\\', '\n', '$', '#', 'é') }),
  );

  it('come back from single quotes', () => {
    fc.assert(
      fc.property(anyWords, (list) => {
        const written = list.map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(' ');
        expect(words(written)).toEqual({ kind: 'value', value: list });
      }),
    );
  });

  it('come back from double quotes', () => {
    fc.assert(
      fc.property(anyWords, (list) => {
        const written = list.map((word) => `"${word.replace(/["\\]/g, '\\$&')}"`).join('\n');
        expect(words(written)).toEqual({ kind: 'value', value: list });
      }),
    );
  });

  it('are found in any text, or a problem is', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        const parsed = words(text);
        expect(parsed.kind === 'value' || parsed.problems.length === 1).toBe(true);
      }),
    );
  });
});

describe('a command', () => {
  it('is a JSON array of strings where it starts with a bracket', () => {
    expect(command(' ["sh", "-c", "a b"]\n')).toEqual({ kind: 'value', value: ['sh', '-c', 'a b'] });
  });

  it.each(['["a", 1]', '["a"', '[ -f x ]', '[["a"]]'])('%j is refused', (text) => {
    expect(command(text)).toEqual({
      kind: 'problems',
      problems: [
        'it starts with "[" and is not a JSON array of strings. Write it as ["python", "-m", "app"].',
      ],
    });
  });

  it('has at least one word', () => {
    expect(command('[]')).toEqual({
      kind: 'problems',
      problems: ['there is no word in it. Give the program and its arguments.'],
    });
  });

  it('is words otherwise', () => {
    expect(command('python -m app')).toEqual({ kind: 'value', value: ['python', '-m', 'app'] });
  });
});
