import { describe, expect, test } from '@jest/globals';
import { CAUSE_GUIDE, CAUSES } from '../../src/model.ts';

describe('the guide to the causes', () => {
  test('has every cause of the contract and no other', () => {
    expect(Object.keys(CAUSE_GUIDE).sort()).toEqual([...CAUSES].sort());
  });

  test.each(CAUSES)('%s: each text is there and ends as a text does', (cause) => {
    const { meaning, log, remedy } = CAUSE_GUIDE[cause];
    expect(meaning).toMatch(/^[A-Z`].+\.$/);
    expect(log).toMatch(/^[A-Z`].+[.`)]$/);
    expect(remedy).toMatch(/^[A-Z].+\.$/);
  });

  test('what the log shows as well is no Markdown and has one line', () => {
    for (const { remedy } of Object.values(CAUSE_GUIDE)) expect(remedy).not.toMatch(/[`*|\n[\]]/);
  });

  test('no two causes have the same remedy', () => {
    const remedies = Object.values(CAUSE_GUIDE).map(({ remedy }) => remedy);
    const twice = remedies.filter((remedy, at) => remedies.indexOf(remedy) !== at);
    expect(twice).toEqual([]);
  });
});
