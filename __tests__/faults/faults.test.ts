/** A few schedules of the fault campaign, the same ones each time; `npm run test:faults` plays thousands. */
import { expect, test } from '@jest/globals';
import { describeBroken, trySeed } from './campaign.ts';

const SEEDS = Array.from({ length: 60 }, (_, at) => at + 1);

test('every invariant holds in sixty schedules of faults', async () => {
  const broken: string[] = [];
  for (const seed of SEEDS) {
    const found = await trySeed(seed);
    if (found !== undefined) broken.push(describeBroken(found));
  }
  expect(broken).toEqual([]);
}, 120_000);
