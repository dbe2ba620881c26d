import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { sanitizeLines } from '../../src/runtime/log.ts';
import { hostileText } from '../fakes/hostile.ts';

const ESCAPE = String.fromCharCode(27);

/** What the runner takes for a command: `::` after leading white space, `##[` anywhere. */
function isCommand(line: string): boolean {
  return line.trimStart().startsWith('::') || line.includes('##[');
}

describe('a text from outside', () => {
  it.each([
    ['is left as it is where it is plain', 'GET /health 200 (3 ms) :: ok', ['GET /health 200 (3 ms) :: ok']],
    ['keeps its empty lines', 'a\n\nb', ['a', '', 'b']],
    ['breaks at CR, LF and CRLF alike', 'a\rb\nc\r\nd', ['a', 'b', 'c', 'd']],
    ['cannot start a command', '::error::x', [': :error::x']],
    ['cannot start a command after spaces', ' \t::set-output name=a::b', [' \t: :set-output name=a::b']],
    ['cannot start a command in its second line', 'a\r::error::x', ['a', ': :error::x']],
    ['cannot start an old command anywhere', 'a ##[add-mask]b ##[x', ['a # #[add-mask]b # #[x']],
    ['cannot hide a command behind colours', `${ESCAPE}[0m::error::x`, [': :error::x']],
    ['cannot hide a command behind invisible characters', '\u200b:\u200b:error::x', [': :error::x']],
    ['cannot split an old command by colours', `#${ESCAPE}[1m#[group]`, ['# #[group]']],
    ['loses its colours', `${ESCAPE}[1;31mred${ESCAPE}[0m`, ['red']],
    [
      'loses the links and titles of a terminal',
      `${ESCAPE}]8;;https://x.example\u0007here${ESCAPE}]8;;${ESCAPE}\\ ${ESCAPE}]0;title\u0007b`,
      ['here b'],
    ],
    ['keeps what follows a link that has no end', `a${ESCAPE}]8;;b`, ['a]8;;b']],
    ['loses marks that turn the reading order', 'a\u202eb\u2066c\u200fd\u061ce', ['abcde']],
    ['loses letters that nobody sees', 'a\u{e0041}b\u00adc\u180ed', ['abcd']],
    ['keeps emoji and accents', 'déjà vu 🚀', ['déjà vu 🚀']],
  ])('%s', (_rule, text, lines) => {
    expect(sanitizeLines(text)).toEqual(lines);
  });

  it('is cut at 2,000 characters a line, and says how many are missing', () => {
    expect(sanitizeLines(`${'x'.repeat(2003)}\nshort`)).toEqual([
      `${'x'.repeat(2000)}… (3 characters more)`,
      'short',
    ]);
  });

  it('is never cut through the middle of an emoji', () => {
    const [line] = sanitizeLines(`${'x'.repeat(1999)}🚀🚀`);
    expect(line?.isWellFormed()).toBe(true);
  });

  it('never commands the runner, whatever it is made of', () => {
    fc.assert(
      fc.property(hostileText, (text) => {
        for (const line of sanitizeLines(text)) {
          expect(isCommand(line)).toBe(false);
          expect(/[\p{Cc}\p{Bidi_Control}]/u.test(line.replaceAll('\t', ''))).toBe(false);
          expect(line.length).toBeLessThan(2100);
        }
      }),
      { numRuns: 1000 },
    );
  });
});
