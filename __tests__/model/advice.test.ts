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
    if (ending !== 'left') expect(advice).not.toMatch(/is left in place/);
  });

  test('never begins with how to switch a check off', () => {
    expect(advice).not.toMatch(/preflight: (?:warn|off)|fail-fast: false|on-failure: leave/);
    expect(advice).not.toMatch(/^Raise wait-for-minutes/);
  });

  test('sends nobody to a URL that another revision answers by now', () => {
    if (ending === 'undone') expect(advice).not.toMatch(/^Open the URL/);
  });
});

test('the whole table', () => {
  expect(
    Object.fromEntries(CELLS.map(([cause, ending]) => [`${cause}, ${ending}`, adviceOf(cause, ending)])),
  ).toMatchSnapshot();
});
