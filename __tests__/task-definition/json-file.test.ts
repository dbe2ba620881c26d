import { expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Written } from '../../src/task-definition/file-shape.ts';
import { contentOfJson } from '../../src/task-definition/json-file.ts';
import { contentOfYaml } from '../../src/task-definition/yaml-file.ts';

it('holds objects as maps, and numbers and booleans with their text', () => {
  expect(contentOfJson('\t{"a": [1.10, true, null, "1.10"], "b": {}}\r\n')).toEqual(
    new Map<string, unknown>([
      ['a', [new Written(1.1, '1.10'), new Written(true, 'true'), null, '1.10']],
      ['b', new Map()],
    ]),
  );
});

it.each([
  ['no JSON', 'family: web'],
  ['nothing', ''],
  ['JSON with a comment', '{"a": 1} // one'],
  ['a comma too many', '{"a": 1,}'],
  ['a key that is given twice', '{"a": {"b": 1, "c": 2, "b": 3}}'],
  ['a key that is written in two ways', '{"ab": 1, "\\u0061b": 2}'],
  ['a merge', '{"a": {"<<": {"b": 1}}}'],
  ['keys that are numbers', '{"b": 1, "2": 2, "1": 3}'],
  ['what is nested too deeply', `${'['.repeat(101)}${']'.repeat(101)}`],
  ['what no stack holds', '['.repeat(100_000)],
])('leaves %s to the parser of YAML', (_what, text) => {
  expect(contentOfJson(text)).toBeUndefined();
});

it('takes the same key in two objects, and what looks like one in a text', () => {
  const text = '[{"a": "\\"b\\": 1, {", "b": "}"}, {"a": "<<", "b": "["}]';
  expect(contentOfJson(text)).toEqual(contentOfYaml('td.json', text));
});

it('means what YAML means', () => {
  const values = fc.json({ depthSize: 'medium', stringUnit: 'grapheme-composite' });
  const spaced = fc.tuple(values, fc.constantFrom(undefined, 2, '\t'));
  fc.assert(
    fc.property(spaced, ([json, space]) => {
      const text = JSON.stringify(JSON.parse(json), null, space);
      const content = contentOfJson(text);
      if (content !== undefined) expect(content).toEqual(contentOfYaml('td.json', text));
    }),
    { numRuns: 500, seed: 22 },
  );
});
