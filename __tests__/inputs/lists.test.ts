import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { line, problem, quoted, value, type Parser } from '../../src/inputs/values.ts';
import {
  changes,
  commaList,
  commaSet,
  lineList,
  pairLines,
  pairLinesOrNames,
  pairs,
  quotedCommaList,
} from '../../src/inputs/lists.ts';

const rules = { example: 'NAME=value', name: /^[^\s=]+$/, confidential: false };
const secret = { ...rules, confidential: true };

describe('a list', () => {
  it('has an item a line, and skips blank lines and comments', () => {
    expect(lineList(line)('a, b\r\n\n  # c\n   d  \n#e')).toEqual({ kind: 'value', value: ['a, b', 'd'] });
    expect(lineList(line)('')).toEqual({ kind: 'value', value: [] });
  });

  it('has items between commas where no item can hold one', () => {
    expect(commaList(line)('a, b,\n# c, d\n,e')).toEqual({ kind: 'value', value: ['a', 'b', 'e'] });
  });

  it('reports every wrong item and every item that is given twice', () => {
    const lower: Parser<string> = (text) =>
      /^[a-z]$/.test(text) ? value(text) : problem(`${quoted(text)} is wrong.`);
    expect(commaList(lower)('A,b,B,b')).toEqual({
      kind: 'problems',
      problems: ['"A" is wrong.', '"B" is wrong.', '"b" is given twice. Leave one out.'],
    });
  });
});

describe('NAME=value', () => {
  it.each([
    ['A=1', { A: '1' }],
    ['A=', { A: '' }],
    ['A=b=c==', { A: 'b=c==' }],
    ['A=  b  ', { A: '  b  ' }],
    ['  A  = b', { A: ' b' }],
    ['A=b\r\nB=c\r', { A: 'b', B: 'c' }],
    ['A=#b', { A: '#b' }],
    ['A="b"', { A: '"b"' }],
    ['#A=b\n\n # B=c', {}],
    ['A=1,B=2', { A: '1,B=2' }],
    ['A-=1', { 'A-': '1' }],
  ])('%j', (text, expected) => {
    expect(pairs(rules)(text)).toEqual({ kind: 'value', value: expected });
  });

  it('keeps a name that objects are built with', () => {
    const parsed = pairs(rules)('__proto__=a\nconstructor=b');
    expect(parsed.kind === 'value' && Object.entries(parsed.value)).toEqual([
      ['__proto__', 'a'],
      ['constructor', 'b'],
    ]);
  });

  it.each([
    ['A', 'line 1, "A", has no "=". Write it as NAME=value.'],
    ['A=1\n\n B C=2', 'line 3, "B C=2", has no valid name. Write it as NAME=value.'],
    ['=1', 'line 1, "=1", has no valid name. Write it as NAME=value.'],
    ['A=1\nA=2', '"A" is given twice (again on line 2). Leave one out.'],
  ])('%j is refused', (text, sentence) => {
    expect(pairs(rules)(text)).toEqual({ kind: 'problems', problems: [sentence] });
  });

  it('is refused with every wrong line', () => {
    expect(pairs(rules)('A\nB\nC=1')).toMatchObject({ problems: [expect.anything(), expect.anything()] });
  });

  it('takes names that differ in case for one where the rules say so', () => {
    expect(pairs({ ...rules, anyCase: true })('a=1\nA=2')).toEqual({
      kind: 'problems',
      problems: ['"A" is given twice (again on line 2). Leave one out.'],
    });
    expect(pairs(rules)('a=1\nA=2')).toEqual({ kind: 'value', value: { a: '1', A: '2' } });
  });

  it('takes commas between pairs that cannot hold one', () => {
    expect(pairs({ ...rules, commas: true })('a=1, b=2,\nc=3')).toEqual({
      kind: 'value',
      value: { a: '1', b: '2', c: '3' },
    });
  });

  it('takes a colon where the rules say so, at whichever separator comes first', () => {
    const headers = pairs({ ...rules, name: /^[\w-]+$/, colon: true });
    expect(headers('A: b=c\nB=c: d \nC:d')).toEqual({
      kind: 'value',
      value: { A: 'b=c', B: 'c: d ', C: 'd' },
    });
  });

  it('says what is wrong with a value by the name alone', () => {
    const even = { ...secret, wrongValue: (text: string) => (text.length % 2 === 0 ? undefined : 'is odd.') };
    expect(pairs(even)('A=xx\nB=hunter2')).toEqual({ kind: 'problems', problems: ['"B" is odd.'] });
  });

  it('never repeats a line that may hold a secret', () => {
    const wrong = pairs(secret)('hunter2\nhunter 2=a\n=hunter2');
    expect(wrong).toEqual({
      kind: 'problems',
      problems: [
        'line 1 has no "=". Write it as NAME=value.',
        'line 2 has no valid name. Write it as NAME=value.',
        'line 3 has no valid name. Write it as NAME=value.',
      ],
    });
  });
});

describe('NAME-', () => {
  it.each([
    ['A-', { set: {}, remove: ['A'] }],
    ['A=1\n B- \nC--', { set: { A: '1' }, remove: ['B', 'C-'] }],
    ['A-=-', { set: { 'A-': '-' }, remove: [] }],
  ])('%j', (text, expected) => {
    expect(changes(rules)(text)).toEqual({ kind: 'value', value: expected });
  });

  it.each(['-', 'A', 'A=1\nA-', 'A-\nA-', 'A B-'])('%j is refused', (text) => {
    expect(changes(rules)(text)).toHaveProperty('problems');
  });
});

describe('lines that stay strings', () => {
  it('keep their order, names alone included', () => {
    expect(pairLinesOrNames(rules)('B=2\nA\n C = 3')).toEqual({ kind: 'value', value: ['B=2', 'A', 'C= 3'] });
    expect(pairLines(rules)('B=2\nC=')).toEqual({ kind: 'value', value: ['B=2', 'C='] });
    expect(pairLines(rules)('A')).toHaveProperty('problems');
  });
});

describe('any environment', () => {
  const names = fc.stringMatching(/^[A-Za-z_][\w.]{0,8}$/);
  const values = fc.string().filter((text) => !/[\r\n]/.test(text));

  it('comes back as it was written', () => {
    fc.assert(
      fc.property(fc.dictionary(names, values), (environment) => {
        const written = Object.entries(environment).map(([name, worth]) => `${name}=${worth}`);
        expect(changes(rules)(written.join('\n'))).toEqual({
          kind: 'value',
          value: { set: environment, remove: [] },
        });
      }),
    );
  });

  it('is either parsed or refused without a value in the refusal', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom('A', 'B', ' ', '=', '-', '#')), (parts) => {
        const text = parts.map((part) => `${part}\n`).join('') + parts.join('') + '=s3cr3t-value';
        expect(JSON.stringify(pairs(secret)(text))).not.toMatch(/problems.*s3cr3t/);
      }),
    );
  });
});

describe('lines in quotes, as docker/build-push-action reads them', () => {
  const quotes = { ...rules, quotes: true };

  it.each([
    ['"A=a, b"', ['A=a, b']],
    ['"A=say ""hi"""', ['A=say "hi"']],
    ['"A=one\n\n# two"\nB=2', ['A=one\n\n# two', 'B=2']],
    ['  "A=1"  ', ['A=1']],
    ['A="1"', ['A="1"']],
    ['"A=1","B=2"', ['A=1', 'B=2']],
    ['A=1\n# "c\n\nB=2', ['A=1', 'B=2']],
  ])('%j', (text, expected) => {
    expect(pairLines(quotes)(text)).toEqual({ kind: 'value', value: expected });
  });

  it.each([
    ['"A=1', 'line 1, "\\"A=1", has a quote that is never closed.'],
    ['B=2\n"A=1" x', 'line 2, "\\"A=1\\" x", goes on after its closing quote.'],
  ])('%j is a problem', (text, words) => {
    const parsed = pairLines(quotes)(text);
    expect(parsed.kind === 'problems' && parsed.problems[0]).toContain(words);
  });

  it('keeps commas of an item together', () => {
    expect(quotedCommaList(line)('"a,b", c\nd,e')).toEqual({ kind: 'value', value: ['a,b', 'c', 'd', 'e'] });
  });

  it('has no meaning where an input is not one of that action', () => {
    expect(pairs(rules)('A="1, 2"\nB=x')).toEqual({ kind: 'value', value: { A: '"1, 2"', B: 'x' } });
  });
});

describe('a value of several lines', () => {
  it('is everything between NAME<<END and END, as it is', () => {
    const text = 'A=1\r\nKEY<<EOF\r\n-----BEGIN-----\r\n\r\n# no comment = x\r\n-----END-----\r\nEOF\r\nB=2';
    expect(pairs(rules)(text)).toEqual({
      kind: 'value',
      value: { A: '1', KEY: '-----BEGIN-----\n\n# no comment = x\n-----END-----', B: '2' },
    });
    expect(changes(rules)('A-\nB <<X\n\nX\nC=1')).toEqual({
      kind: 'value',
      value: { set: { B: '', C: '1' }, remove: ['A'] },
    });
    expect(pairLines(rules)('A<<X\n1\n2\nX')).toEqual({ kind: 'value', value: ['A=1\n2'] });
  });

  it('has to end', () => {
    expect(pairs(secret)('A=1\nKEY<<EOF\nsecret')).toEqual({
      kind: 'problems',
      problems: [
        'line 2 opens KEY<<EOF, and no later line is EOF. Close it.',
        'line 3 has no "=". Write it as NAME=value.',
      ],
    });
  });

  it.each(['A=x<<y', 'A=<<EOF', '# K<<EOF', 'A=1 <<EOF'])('%j begins none', (text) => {
    const parsed = pairs(rules)(`${text}\nZ=1`);
    expect(parsed).toMatchObject({ value: { Z: '1' } });
  });

  it('is told of where a line without a name follows a value, and only there', () => {
    const block =
      ' If it belongs to the value above, write that as NAME<<END, its lines, and END on a line of its own.';
    expect(pairs(secret)('KEY=-----BEGIN-----\nabc\ndef\nB=1\n\nghi')).toEqual({
      kind: 'problems',
      problems: [
        `line 2 has no "=". Write it as NAME=value.${block}`,
        'line 3 has no "=". Write it as NAME=value.',
        'line 6 has no "=". Write it as NAME=value.',
      ],
    });
    expect(pairs(secret)('abc')).toEqual({
      kind: 'problems',
      problems: ['line 1 has no "=". Write it as NAME=value.'],
    });
  });

  it('counts lines as they are written', () => {
    expect(pairs(rules)('A<<X\n1\nX\n\nnonsense')).toEqual({
      kind: 'problems',
      problems: ['line 5, "nonsense", has no "=". Write it as NAME=value.'],
    });
  });
});

it('a set takes what is given twice as one', () => {
  expect(commaSet(line)('a, b\na,b')).toEqual({ kind: 'value', value: ['a', 'b'] });
});
