import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from '@jest/globals';
import { ManualClock, RunningClock } from '../../simulator/clock.ts';

test('due actions happen in order, each at its own instant, and so do those that they plan', () => {
  const clock = new ManualClock(new Date(0));
  const seen: [string, number][] = [];
  const note = (name: string) => () => seen.push([name, clock.now()]);
  clock.after(3, note('third'));
  clock.after(1, () => {
    note('first')();
    clock.after(1, note('second'));
  });
  clock.after(2.5, note('never'))();
  clock.skip(2.9);
  expect(seen).toEqual([
    ['first', 1000],
    ['second', 2000],
  ]);
  clock.skip(0.1);
  expect(seen.at(-1)).toEqual(['third', 3000]);
});

test('a running clock is as fast as it is told, and is caught up whenever somebody looks', async () => {
  const clock = new RunningClock(1000, new Date(0));
  const seen: number[] = [];
  const planned = clock.now();
  for (const seconds of [5, 3600]) clock.after(seconds, () => seen.push(clock.now() - planned));
  await sleep(30);
  expect(seen).toHaveLength(1);
  expect(seen[0]! - 5000).toBeLessThan(20_000);
  expect(clock.now()).toBeGreaterThan(25_000);
  clock.skip(3600);
  expect(seen[1]! - 3_600_000).toBeLessThan(20_000);
  clock.close();
  expect(() => new RunningClock(0)).toThrow('The speed must be above 0, not 0.');
});
