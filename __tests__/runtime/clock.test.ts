import { describe, expect, it } from '@jest/globals';
import { Cancelled, cancelledByRunner } from '../../src/runtime/cancellation.ts';
import { secondsBetween, systemClock } from '../../src/runtime/clock.ts';
import { DeployError } from '../../src/runtime/error.ts';
import { fakeClock } from '../fakes/clock.ts';

describe("the system's clock", () => {
  it('never goes back', () => {
    const before = systemClock.now();
    expect(systemClock.now()).toBeGreaterThanOrEqual(before);
  });

  it('ends a long sleep with the reason of the cancellation', async () => {
    const controller = new AbortController();
    const sleep = systemClock.sleep(3_600_000, controller.signal);
    controller.abort(new Cancelled('SIGINT'));
    await expect(sleep).rejects.toThrow('The job was cancelled (SIGINT).');
  });

  it('does not begin a sleep once the job is cancelled', async () => {
    const signal = AbortSignal.abort(new Cancelled('SIGTERM'));
    await expect(systemClock.sleep(3_600_000, signal)).rejects.toBeInstanceOf(Cancelled);
  });

  it('sleeps without a signal too', async () => {
    await expect(systemClock.sleep(0)).resolves.toBeUndefined();
  });

  it.each([Number.POSITIVE_INFINITY, 2 ** 31, 40 * 24 * 3_600_000])(
    'does not ring, or end a sleep, at once for %d ms: setTimeout would',
    async (ms) => {
      const ended: string[] = [];
      const silence = systemClock.alarm(ms, () => ended.push('alarm'));
      const controller = new AbortController();
      const sleep = systemClock.sleep(ms, controller.signal).finally(() => ended.push('sleep'));
      await new Promise((resolve) => setTimeout(resolve, 20));
      expect(ended).toEqual([]);
      silence();
      controller.abort(new Cancelled('SIGINT'));
      await expect(sleep).rejects.toBeInstanceOf(Cancelled);
    },
  );

  it.each([
    [0, 1234, 1.2],
    [1000, 1049, 0],
    [500, 60_500, 60],
  ])('from %d to %d ms are %d seconds', (from, to, seconds) => {
    expect(secondsBetween(from, to)).toBe(seconds);
  });
});

describe('a fake clock', () => {
  it('passes an hour at once and remembers it', async () => {
    const clock = fakeClock();
    await clock.sleep(3_600_000);
    await clock.sleep(5);
    expect(clock.now()).toBe(3_600_005);
    expect(clock.pauses).toEqual([3_600_000, 5]);
  });

  it('rejects a sleep during which the job is cancelled', async () => {
    const controller = new AbortController();
    const clock = fakeClock({
      during: (pause) => {
        if (pause === 2) controller.abort(new Cancelled('SIGINT'));
      },
    });
    await clock.sleep(1, controller.signal);
    await expect(clock.sleep(1, controller.signal)).rejects.toBeInstanceOf(Cancelled);
    await expect(clock.sleep(1, controller.signal)).rejects.toBeInstanceOf(Cancelled);
    expect(clock.pauses).toEqual([1, 1]);
  });
});

describe('a cancelled job', () => {
  it.each(['SIGINT', 'SIGTERM'] as const)('%s aborts the signal and names itself', (name) => {
    const before = process.listeners(name);
    const signal = cancelledByRunner();
    const ours = process.listeners(name).filter((listener) => !before.includes(listener));
    expect(signal.aborted).toBe(false);
    for (const listener of ours) listener(name);
    expect(signal.reason).toEqual(new Cancelled(name));
    for (const each of ['SIGINT', 'SIGTERM'] as const) {
      for (const listener of process.listeners(each)) {
        if (ours.includes(listener) || !before.includes(listener)) process.off(each, listener);
      }
    }
  });
});

describe('a failure', () => {
  it('carries its cause of the contract, what to do, and what it saw', () => {
    const seen = [{ kind: 'error', text: 'x' }] as const;
    const failure = new DeployError('timeout', 'It took too long.', { hint: 'Wait longer.', evidence: seen });
    expect(failure).toMatchObject({
      message: 'It took too long.',
      conclusion: {
        result: 'failed',
        cause: 'timeout',
        message: 'It took too long.',
        hint: 'Wait longer.',
        evidence: seen,
      },
    });
    expect(new DeployError('unknown', 'x').conclusion).toMatchObject({ hint: undefined, evidence: [] });
  });
});
