import { describe, expect, test } from '@jest/globals';
import { Pace } from '../../src/aws/pace.ts';
import { fakeClock } from '../fakes/clock.ts';

/** Calls of one kind, and the seconds at which each was sent. */
function calling(name: string): { call: () => Promise<unknown>; sentAt: number[]; abort: () => void } {
  const clock = fakeClock();
  const controller = new AbortController();
  const sentAt: number[] = [];
  const calls = {
    [name]: () => {
      sentAt.push(clock.now() / 1000);
      return Promise.resolve('answer');
    },
  };
  const paced = new Pace(clock).paced(calls, controller.signal);
  return {
    call: () => paced[name]?.() ?? Promise.resolve(undefined),
    sentAt,
    abort: () => {
      controller.abort(new Error('over'));
    },
  };
}

describe('calls of ECS', () => {
  test.each([
    ['describeServices', 80],
    ['describeServiceDeployments', 40],
    ['updateService', 40],
    ['describe', 40],
  ])('%s: four fifths of the burst go at once, the next one waits', async (name, burst) => {
    const { call, sentAt } = calling(name);
    for (let count = 0; count < burst; count += 1) await call();
    expect(sentAt.every((at) => at === 0)).toBe(true);
    await call();
    expect(sentAt.at(-1)).toBeGreaterThan(0);
  });

  test('are sent no quicker than the bucket refills', async () => {
    const { call, sentAt } = calling('listTasks');
    for (let count = 0; count < 80 + 32; count += 1) await call();
    expect(sentAt.at(-1)).toBeCloseTo(2, 1);
  });

  test('of a kind without a bucket never wait, and what is waited for ends with its signal', async () => {
    const free = calling('getRole');
    for (let count = 0; count < 500; count += 1) await free.call();
    expect(free.sentAt.at(-1)).toBe(0);
    const { call, abort, sentAt } = calling('updateService');
    for (let count = 0; count < 40; count += 1) await call();
    abort();
    await expect(call()).rejects.toThrow('over');
    expect(sentAt).toHaveLength(40);
  });
});
