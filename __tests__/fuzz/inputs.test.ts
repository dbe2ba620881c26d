import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { parse } from 'yaml';
import { InvalidInputs, readInputs } from '../../src/inputs/index.ts';
import { quotedLinesOf } from '../../src/inputs/lists.ts';
import { FOREIGN_NAMES, unknownInputs } from '../../src/inputs/unknown.ts';
import { holds, LIMIT } from './runs.ts';

const NAMES = Object.keys(
  (parse(readFileSync('action.yml', 'utf8')) as { inputs: Record<string, unknown> }).inputs,
);

/** Pieces of which people's inputs are made, and of which they should not be. */
const PIECES = [
  'A=1',
  'NAME<<END',
  'END',
  '"quoted, line"',
  '"',
  '""',
  '# comment',
  ',',
  '=',
  '-',
  'true',
  '10x',
  '0',
  'arn:aws:ecs:us-east-1:123456789012:service/demo/web',
  'arn:aws:iam::123456789012:role/x',
  'web',
  '${{ secrets.X }}',
  '__proto__=1',
  'constructor-',
  '\u0000',
  '\ud800',
  '🚀=x',
  '/(a+)+$/',
  '[',
  '["a"]',
  'https://example.com/health',
  '\r\n',
  '\t',
];

const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.array(fc.constantFrom(...PIECES), { maxLength: 8 }).map((parts) => parts.join('\n')),
  fc.array(fc.constantFrom(...PIECES), { maxLength: 8 }).map((parts) => parts.join('')),
);

test(
  'whatever the inputs are, they are a request or problems that name their inputs',
  () => {
    holds(
      fc.property(
        fc.dictionary(fc.constantFrom(...NAMES), text, { maxKeys: 6 }),
        fc.array(fc.oneof(fc.string(), fc.constantFrom('healthcheck-url', '__proto__', 'constructor')), {
          maxLength: 3,
        }),
        (inputs, given) => {
          const get = (name: string): string => (Object.hasOwn(inputs, name) ? (inputs[name] ?? '') : '');
          try {
            const { request, warnings } = readInputs(get, { workspace: '/w', region: 'us-east-1', given });
            expect(JSON.stringify(request)).toBeDefined();
            for (const warning of warnings) expect(warning).toMatch(/\S/);
          } catch (error) {
            expect(error).toBeInstanceOf(InvalidInputs);
            for (const problem of (error as InvalidInputs).problems) expect(problem).toMatch(/^[^:]*: \S/s);
          }
        },
      ),
    );
  },
  LIMIT,
);

test(
  'lines in quotes lose nothing: what is quoted comes out as it went in',
  () => {
    holds(
      fc.property(fc.array(fc.string({ unit: 'grapheme', maxLength: 30 }), { maxLength: 6 }), (lines) => {
        const written = lines.map((line) => `"${line.replaceAll('"', '""')}"`).join('\n');
        expect(quotedLinesOf(written).map((line) => line.text)).toEqual(lines);
      }),
    );
  },
  LIMIT,
);

test(
  'no known input is unknown, and no other is passed over',
  () => {
    holds(
      fc.property(
        fc.array(
          fc.oneof(fc.constantFrom(...NAMES), fc.string(), fc.constantFrom(...Object.keys(FOREIGN_NAMES))),
        ),
        (given) => {
          const { problems, warnings } = unknownInputs(given, NAMES);
          const unknown = new Set(given.filter((name) => !NAMES.includes(name)));
          expect(problems.length + warnings.length).toBe(unknown.size);
        },
      ),
    );
  },
  LIMIT,
);
