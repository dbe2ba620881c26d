/** The table of mutations stands for the sources as they are; `npm run test:mutations` tries them. */
import { expect, test } from '@jest/globals';
import { existsSync, readFileSync } from 'node:fs';
import { MUTATIONS } from './table.ts';

test('each mutation changes one place, and has its test', () => {
  const stale = MUTATIONS.filter(
    ({ file, find, replace, test }) =>
      readFileSync(file, 'utf8').split(find).length !== 2 ||
      find === replace ||
      !existsSync(`__tests__/${test}.test.ts`),
  );
  expect(stale).toEqual([]);
});
