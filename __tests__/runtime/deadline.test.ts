import { describe, expect, it } from '@jest/globals';
import { Deadline } from '../../src/runtime/wait.ts';
import { fakeClock } from '../fakes/clock.ts';

const never = (): Promise<never> => new Promise(() => undefined);

describe('a deadline', () => {
  it('is over when its time is up, and has nothing left then', () => {
    const clock = fakeClock({ start: 5_000 });
    const deadline = Deadline.of(clock, 1_000);
    expect(deadline.at).toBe(6_000);
    clock.advance(999);
    expect([deadline.left(), deadline.isOver()]).toEqual([1, false]);
    clock.advance(1);
    expect([deadline.left(), deadline.isOver()]).toEqual([0, true]);
    clock.advance(5_000);
    expect([deadline.left(), deadline.isOver()]).toEqual([0, true]);
  });

  it('may be a reading of the clock, or never', () => {
    const clock = fakeClock({ start: 5_000 });
    expect(Deadline.at(clock, 5_250).left()).toBe(250);
    expect(Deadline.at(clock, Number.POSITIVE_INFINITY).isOver()).toBe(false);
  });

  it.each([
    ['what is left', 4_000, { least: 1_000, longest: 10_000 }, 4_000],
    ['the least', 200, { least: 1_000, longest: 10_000 }, 1_000],
    ['the longest', 60_000, { least: 1_000, longest: 10_000 }, 10_000],
    ['what is left where nothing is the longest', 60_000, { least: 1_000 }, 60_000],
  ])('gives a call %s', async (_, ms, limits, given) => {
    const clock = fakeClock();
    const end = Deadline.of(clock, ms)
      .within(limits, never)
      .catch(() => clock.now());
    clock.advance(given - 1);
    await expect(Promise.race([end, Promise.resolve('waiting')])).resolves.toBe('waiting');
    clock.advance(1);
    await expect(end).resolves.toBe(given);
  });
});
