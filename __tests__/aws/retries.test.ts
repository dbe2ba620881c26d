import { describe, expect, test } from '@jest/globals';
import { CancellableRetries } from '../../src/aws/clients.ts';
import { Cancelled } from '../../src/runtime/cancellation.ts';
import { throttled } from '../fakes/aws-errors.ts';
import { fakeClock } from '../fakes/clock.ts';

type Info = Parameters<CancellableRetries['refreshRetryTokenForRetry']>[1];

function errorOf(errorType: Info['errorType']): Info {
  return { error: throttled() as NonNullable<Info['error']>, errorType };
}

const THROTTLED = errorOf('THROTTLING');

describe('the retries of a read', () => {
  test('are as many as are allowed, each after a longer pause at the most', async () => {
    const clock = fakeClock();
    const retries = new CancellableRetries(4, new AbortController().signal, clock, () => 1);
    let token = await retries.acquireInitialRetryToken('');
    for (let attempt = 1; attempt < 4; attempt += 1) {
      token = await retries.refreshRetryTokenForRetry(token, THROTTLED);
      expect(token.getRetryCount()).toBe(attempt);
      expect(token.getRetryDelay()).toBe(0);
    }
    await expect(retries.refreshRetryTokenForRetry(token, THROTTLED)).rejects.toThrow();
    expect(clock.pauses).toEqual([1_000, 2_000, 4_000]);
  });

  test('pause for less where it is no throttling, and by chance', async () => {
    const clock = fakeClock();
    const retries = new CancellableRetries(4, new AbortController().signal, clock, () => 0.5);
    const token = await retries.acquireInitialRetryToken('');
    await retries.refreshRetryTokenForRetry(token, errorOf('TRANSIENT'));
    expect(clock.pauses).toEqual([25]);
  });

  test('do not pause once the job is cancelled: the next attempt says so itself', async () => {
    const controller = new AbortController();
    controller.abort(new Cancelled('SIGINT'));
    const clock = fakeClock();
    const retries = new CancellableRetries(4, controller.signal, clock, () => 1);
    const token = await retries.acquireInitialRetryToken('');
    expect((await retries.refreshRetryTokenForRetry(token, THROTTLED)).getRetryCount()).toBe(1);
    expect(clock.pauses).toEqual([]);
  });

  test('end their pause with the job', async () => {
    const controller = new AbortController();
    const clock = fakeClock({
      during: () => {
        controller.abort(new Cancelled('SIGINT'));
      },
    });
    const retries = new CancellableRetries(4, controller.signal, clock, () => 1);
    const token = await retries.acquireInitialRetryToken('');
    expect((await retries.refreshRetryTokenForRetry(token, THROTTLED)).getRetryCount()).toBe(1);
  });
});
