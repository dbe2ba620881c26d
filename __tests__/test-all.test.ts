import { describe, expect, test } from '@jest/globals';
import { Queue } from '../scripts/lanes.ts';
import { closingLine, sum } from '../scripts/test-all.ts';

describe('the closing line of a suite', () => {
  test.each([
    ['a plain one', 'x\n12 passed, 0 failed\n', { passed: 12, failed: 0, skipped: 0 }],
    [
      'with skips and a word',
      'docker: 3 passed, 1 failed, 2 skipped\n',
      { passed: 3, failed: 1, skipped: 2 },
    ],
    [
      'the last of several',
      '1 passed, 0 failed\nmore\n2 passed, 0 failed, 1 skipped\n\nTime: 3 s\n',
      { passed: 2, failed: 0, skipped: 1 },
    ],
  ])('%s', (_, output, counts) => {
    expect(closingLine(output)).toEqual(counts);
  });

  test('is missed where there is none', () => {
    expect(closingLine('Tests: 4 passed, 4 total\n')).toBeUndefined();
  });
});

describe('the sum', () => {
  const good = { exitCode: 0, counts: { passed: 2, failed: 0, skipped: 1 } };

  test('adds up', () => {
    expect(sum([good, good])).toEqual({ passed: 4, failed: 0, skipped: 2 });
  });

  test('counts a suite that died, and one that says nothing, as a failure', () => {
    expect(sum([{ ...good, exitCode: 1 }]).failed).toBe(1);
    expect(sum([{ exitCode: 0, counts: undefined }]).failed).toBe(1);
    expect(sum([{ exitCode: 1, counts: { passed: 0, failed: 3, skipped: 0 } }]).failed).toBe(3);
  });
});

describe('what suites print side by side', () => {
  test('stays apart: the first is shown as it comes, the others in their turn', () => {
    let shown = '';
    const queue = new Queue((text) => {
      shown += text;
    });
    const [one, two, three] = [queue.join(), queue.join(), queue.join()];
    two.write('b1 ');
    one.write('a1 ');
    expect(shown).toBe('a1 ');
    three.write('c1 ');
    three.end();
    one.write('a2 ');
    one.end();
    expect(shown).toBe('a1 a2 b1 ');
    two.write('b2 ');
    expect(shown).toBe('a1 a2 b1 b2 ');
    two.end();
    expect(shown).toBe('a1 a2 b1 b2 c1 ');
  });
});
