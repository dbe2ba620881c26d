import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { HOSTS, withHosts, withoutHosts } from '../../../runner/docker/hosts.ts';

const ADDRESS = '172.30.94.1';

describe('a hosts file', () => {
  test('gets one line, on a line of its own', () => {
    for (const text of ['', '127.0.0.1 localhost\n', '127.0.0.1 localhost']) {
      const lines = withHosts(text, ADDRESS, HOSTS).split('\n');
      expect(lines).toContainEqual(expect.stringMatching(new RegExp(`^${ADDRESS} ${HOSTS.join(' ')} #`)));
      expect(lines.at(-1)).toBe('');
    }
  });

  test('is the same as before to the byte, however it ended and how often it was written', () => {
    const line = fc.constantFrom('127.0.0.1 localhost', '', '# a comment', '\r', '::1 a b #c', ' ');
    const file = fc
      .tuple(fc.array(line), fc.constantFrom('', '\n', '\n\n'))
      .map(([lines, end]) => lines.join('\n') + end);
    fc.assert(
      fc.property(file, fc.integer({ min: 1, max: 3 }), (text, times) => {
        let written = text;
        for (let count = 0; count < times; count += 1) written = withHosts(written, ADDRESS, HOSTS);
        expect(withoutHosts(written)).toBe(text);
      }),
    );
  });

  test('keeps what others have added since', () => {
    for (const text of ['127.0.0.1 localhost\n', '127.0.0.1 localhost']) {
      const written = `${withHosts(text, ADDRESS, HOSTS)}10.0.0.1 theirs\n`;
      expect(withoutHosts(written)).toBe(`${text}10.0.0.1 theirs\n`);
    }
  });
});
