import { describe, expect, it } from '@jest/globals';
import { Cancelled } from '../../src/runtime/cancellation.ts';
import { Deadline, retry, type Attempt } from '../../src/runtime/wait.ts';
import { fakeClock } from '../fakes/clock.ts';

const failed = (
  message: string,
  more: { retryable?: boolean; afterSeconds?: number } = {},
): Attempt<string> => ({
  kind: 'failed',
  error: new Error(message),
  retryable: true,
  ...more,
});

const DONE: Attempt<string> = { kind: 'done', value: 'done' };

/** Attempts that come to these, in turn; more than that fail the test. */
function attempts(...all: readonly Attempt<string>[]): () => Promise<Attempt<string>> {
  const left = [...all];
  return () => {
    const next = left.shift();
    return next === undefined ? Promise.reject(new Error('one too many')) : Promise.resolve(next);
  };
}

describe('what is tried again', () => {
  it('pauses before each further attempt, and tells of it', async () => {
    const clock = fakeClock();
    const told: unknown[] = [];
    const onRetry = (error: Error, seconds: number): number => told.push([error.message, seconds]);
    const work = attempts(failed('a'), failed('b'), DONE);
    expect(await retry({ clock, pauses: [2, 5, 12], onRetry }, work)).toBe('done');
    expect(clock.pauses).toEqual([2_000, 5_000]);
    expect(told).toEqual([
      ['a', 2],
      ['b', 5],
    ]);
  });

  it('fails with the last failure once there are no more pauses', async () => {
    const clock = fakeClock();
    await expect(retry({ clock, pauses: [1] }, attempts(failed('a'), failed('b')))).rejects.toThrow('b');
    expect(clock.pauses).toEqual([1_000]);
  });

  it('fails at once where another attempt would not help', async () => {
    const clock = fakeClock();
    const work = attempts(failed('a', { retryable: false }));
    await expect(retry({ clock, pauses: [1, 2] }, work)).rejects.toThrow('a');
    expect(clock.pauses).toEqual([]);
  });

  it('pauses for as long as the other side wants', async () => {
    const clock = fakeClock();
    await retry({ clock, pauses: [1, 2] }, attempts(failed('a', { afterSeconds: 7 }), failed('b'), DONE));
    expect(clock.pauses).toEqual([7_000, 2_000]);
  });

  it('goes on with the last pause until the deadline, on which the last attempt falls', async () => {
    const clock = fakeClock();
    const deadline = Deadline.of(clock, 9_500);
    const work = attempts(failed('a'), failed('b'), failed('c'), failed('d'), failed('e'));
    await expect(retry({ clock, pauses: [1, 2, 4], deadline }, work)).rejects.toThrow('e');
    expect(clock.pauses).toEqual([1_000, 2_000, 4_000, 2_500]);
    expect(deadline.isOver()).toBe(true);
  });

  it('does not try again after the deadline, whatever pauses are left', async () => {
    const clock = fakeClock();
    const deadline = Deadline.of(clock, 0);
    await expect(retry({ clock, pauses: [1, 2], deadline }, attempts(failed('a')))).rejects.toThrow('a');
    expect(clock.pauses).toEqual([]);
  });

  it.each([
    ['ends with the job in a pause', failed('a'), 'SIGINT'],
    [
      'finds out what is in doubt though the job ends',
      { kind: 'in-doubt', error: new Error('a') },
      undefined,
    ],
  ] as const)('%s', async (_, first, end) => {
    const job = new AbortController();
    const clock = fakeClock({
      during: () => {
        job.abort(new Cancelled('SIGINT'));
      },
    });
    const tried = retry({ clock, signal: job.signal, pauses: [1] }, attempts(first, DONE));
    if (end === undefined) expect(await tried).toBe('done');
    else await expect(tried).rejects.toMatchObject({ signalName: end });
  });
});
