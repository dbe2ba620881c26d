import { describe, expect, test } from '@jest/globals';
import { Cancelled } from '../../src/runtime/cancellation.ts';
import { Deadline, poll, type PollStep } from '../../src/runtime/wait.ts';
import { fakeClock } from '../fakes/clock.ts';

const SIGNAL = new AbortController().signal;

/** Looks that come to these ends, one after the other, each after a pause of ten seconds. */
function looks(...ends: (string | undefined)[]): () => Promise<PollStep<string>> {
  let count = 0;
  return () => {
    const end = ends[count];
    count += 1;
    return Promise.resolve(
      end === undefined ? { kind: 'pause', pauseMs: 10_000, late: 'late' } : { kind: 'end', value: end },
    );
  };
}

describe('a poll', () => {
  test('looks at once', async () => {
    const clock = fakeClock();
    expect(await poll({ clock, signal: SIGNAL }, Deadline.at(clock, 60_000), looks('over'))).toBe('over');
    expect(clock.pauses).toEqual([]);
  });

  test('pauses between its looks for as long as each of them says', async () => {
    const clock = fakeClock();
    expect(
      await poll({ clock, signal: SIGNAL }, Deadline.at(clock, 60_000), looks(undefined, undefined, 'over')),
    ).toBe('over');
    expect(clock.pauses).toEqual([10_000, 10_000]);
  });

  test('has its last look on the deadline, though that is no multiple of the pause', async () => {
    const clock = fakeClock();
    expect(
      await poll({ clock, signal: SIGNAL }, Deadline.at(clock, 15_000), looks(undefined, undefined, 'over')),
    ).toBe('over');
    expect(clock.pauses).toEqual([10_000, 5_000]);
  });

  test('is late where that look ends nothing', async () => {
    const clock = fakeClock();
    expect(await poll({ clock, signal: SIGNAL }, Deadline.at(clock, 15_000), looks())).toBe('late');
    expect(clock.now()).toBe(15_000);
  });

  test('looks once where the deadline has passed already', async () => {
    const clock = fakeClock({ start: 20_000 });
    expect(await poll({ clock, signal: SIGNAL }, Deadline.at(clock, 15_000), looks('over'))).toBe('over');
    expect(await poll({ clock, signal: SIGNAL }, Deadline.at(clock, 15_000), looks())).toBe('late');
    expect(clock.pauses).toEqual([]);
  });

  test('ends in the pause that a cancellation falls into', async () => {
    const controller = new AbortController();
    const clock = fakeClock({
      during: (pause) => {
        if (pause === 2) controller.abort(new Cancelled('SIGINT'));
      },
    });
    const polling = poll({ clock, signal: controller.signal }, Deadline.at(clock, 60_000), looks());
    await expect(polling).rejects.toBeInstanceOf(Cancelled);
    expect(clock.pauses).toHaveLength(2);
  });

  test('rejects as a look does', async () => {
    const failing = (): Promise<never> => Promise.reject(new Error('denied'));
    const clock = fakeClock();
    await expect(poll({ clock, signal: SIGNAL }, Deadline.at(clock, 60_000), failing)).rejects.toThrow(
      'denied',
    );
  });
});
