import { describe, expect, test } from '@jest/globals';
import { adviceOf, CAUSES, ENDINGS, type Cause, type Ending } from '../../src/model/index.ts';

const CELLS = CAUSES.flatMap((cause) => ENDINGS.map((ending): [Cause, Ending] => [cause, ending]));

describe.each(CELLS)('what to do after %s, %s', (cause, ending) => {
  const advice = adviceOf(cause, ending);

  test('is sentences without Markdown', () => {
    expect(advice).toMatch(/^[A-Z].+\.$/);
    expect(advice).not.toMatch(/[`*|\n[\]]|\.\.|  /);
  });

  test('says of the situation what is so, once', () => {
    const isUntouched = /Nothing was (?:touched|changed|deployed)|No service was touched|runs as before/;
    if (ending !== 'untouched') expect(advice).not.toMatch(isUntouched);
    expect(advice.match(/No service was touched/g)?.length ?? 0).toBeLessThan(2);
    expect(advice.match(/Nothing more is tried/g)?.length ?? 0).toBeLessThan(2);
    if (ending !== 'left' && ending !== 'nowhere') expect(advice).not.toMatch(/is left in place/);
    if (ending === 'nowhere') expect(advice).not.toMatch(/mode: rollback/);
  });

  test('never begins with how to switch a check off', () => {
    expect(advice).not.toMatch(/preflight: (?:warn|off)|fail-fast: false|on-failure: leave/);
    expect(advice).not.toMatch(/^Raise wait-for-minutes/);
  });

  test('sends nobody to a URL that another revision answers by now', () => {
    if (ending === 'undone') expect(advice).not.toMatch(/^Open the URL/);
  });
});

describe('what is known of the very case', () => {
  test.each<[string, Ending, string]>([
    [
      'Raise the memory.',
      'undone',
      'Raise the memory. The service is back on what ran before: deploy again once this is fixed.',
    ],
    [
      'Raise the memory.',
      'left',
      'Raise the memory. The new revision is left in place: deploy a fix, or go back with mode: rollback.',
    ],
    ['Raise the memory. No service was touched.', 'untouched', 'Raise the memory.'],
    ['No service was touched. Raise the memory.', 'untouched', 'Raise the memory.'],
    [
      'Give it back, or go back with mode: rollback.',
      'left',
      'Give it back, or go back with mode: rollback.',
    ],
    ['Look at it, then run this again.', 'left', 'Look at it, then run this again.'],
    ['Ask AWS. Then deploy again.', 'left', 'Ask AWS. Then deploy again.'],
  ])('%s, %s', (own, ending, advice) => {
    expect(adviceOf('out-of-memory', ending, own)).toBe(advice);
  });

  test('stands instead of what the cause alone says, and says how to go on once', () => {
    for (const [cause, ending] of CELLS) {
      const advice = adviceOf(cause, ending, 'Look there.');
      expect(advice).toMatch(/^Look there\./);
      expect(advice.match(/mode: rollback|again/g)?.length ?? 0).toBeLessThan(3);
    }
  });
});

test('the whole table', () => {
  expect(
    Object.fromEntries(CELLS.map(([cause, ending]) => [`${cause}, ${ending}`, adviceOf(cause, ending)])),
  ).toMatchSnapshot();
});
