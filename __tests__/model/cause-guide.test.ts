import { describe, expect, test } from '@jest/globals';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CAUSE_GUIDE, CAUSES, type Cause } from '../../src/model/index.ts';

const SOURCES = readdirSync('src', { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts') && !file.endsWith('cause-guide.ts'))
  .map((file) => readFileSync(join('src', file), 'utf8'))
  .join('\n');

describe('the guide to the causes', () => {
  test('has every cause of the contract and no other', () => {
    expect(Object.keys(CAUSE_GUIDE).sort()).toEqual([...CAUSES].sort());
  });

  test.each(CAUSES)('%s: each text is there and ends as a text does', (cause) => {
    const { meaning, log, hint } = CAUSE_GUIDE[cause];
    expect(meaning).toMatch(/^[A-Z`].+\.$/);
    expect(log).toMatch(/^[A-Z`].+[.`)]$/);
    expect(hint).toMatch(/^[A-Z].+\.$/);
  });

  test('what the log shows as well is no Markdown and has one line', () => {
    for (const { hint } of Object.values(CAUSE_GUIDE)) expect(hint).not.toMatch(/[`*|\n[\]]/);
  });

  test('no two causes have the same hint', () => {
    const hints = Object.values(CAUSE_GUIDE).map(({ hint }) => hint);
    const twice = hints.filter((hint, at) => hints.indexOf(hint) !== at);
    expect(twice).toEqual([]);
  });

  /** Sentences of the code itself that the guide quotes. */
  test.each<[Cause, string]>([
    ['invalid-input', 'Invalid input: '],
    ['cluster-not-found', '" was not found in '],
    ['service-not-found', '" was not found in cluster "'],
    ['service-inactive', ', not ACTIVE.'],
    ['register-refused', 'AWS refused the task definition '],
    ['credentials-expired', 'The AWS credentials expired while '],
    ['access-denied', 'AWS denied access while '],
    ['throttled', 'AWS kept throttling while '],
  ])('%s: quotes what the log really says: %s', (cause, words) => {
    expect(CAUSE_GUIDE[cause].log).toContain(words);
    expect(SOURCES).toContain(words);
  });
});
