/** A few deployments in a row; `npm run bench:soak` has two hundred, and looks at the memory. */
import { expect, test } from '@jest/globals';
import { soak } from '../../bench/soak.ts';

test('deployments in one process and one world leave no handle, no file and no listener behind', async () => {
  const { results, handles, files, listeners } = await soak(10);
  expect(results).toEqual({ succeeded: 4, 'rolled-back': 2, unchanged: 2, failed: 2 });
  for (const { first, most } of [handles, files, listeners]) expect(most).toBe(first);
});
