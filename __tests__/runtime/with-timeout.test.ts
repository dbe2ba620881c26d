import { describe, expect, it } from '@jest/globals';
import { awsErrorKind } from '../../src/aws/errors.ts';
import { Cancelled } from '../../src/runtime/cancellation.ts';
import { withGracePeriod, withSignal, withTimeout } from '../../src/runtime/wait.ts';
import { fakeClock } from '../fakes/clock.ts';

const never = (): Promise<never> => new Promise(() => undefined);

describe('within a time', () => {
  it('an answer passes, and so does an error', async () => {
    const clock = fakeClock();
    await expect(withTimeout(clock, 1000, () => Promise.resolve('answer'))).resolves.toBe('answer');
    await expect(withTimeout(clock, 1000, () => Promise.reject(new Error('refused')))).rejects.toThrow(
      'refused',
    );
  });

  it('a call that hangs becomes a lost answer when the time is up, and not before', async () => {
    const clock = fakeClock();
    const call = withTimeout(clock, 1500, never);
    const end = call.then(
      () => 'answered',
      (error: unknown) => [awsErrorKind(error), String(error)],
    );
    clock.advance(1499);
    await expect(Promise.race([end, Promise.resolve('still waiting')])).resolves.toBe('still waiting');
    clock.advance(1);
    await expect(end).resolves.toEqual(['transient', 'TimeoutError: no answer within 1.5 s']);
  });

  it('what rejects after the time was up disturbs nobody', async () => {
    const clock = fakeClock();
    let reject: (error: Error) => void = () => undefined;
    const call = withTimeout(clock, 10, () => new Promise((_, no) => (reject = no)));
    clock.advance(10);
    await expect(call).rejects.toThrow('no answer');
    reject(new Error('too late'));
    await Promise.resolve();
  });
});

describe('heard out', () => {
  const unheard = (reason: unknown): Error => new Error(`unheard: ${String(reason)}`);

  it('an answer after the cancellation still counts while there is time', async () => {
    const clock = fakeClock();
    const controller = new AbortController();
    let resolve: (text: string) => void = () => undefined;
    const work = (): Promise<string> => new Promise((yes) => (resolve = yes));
    const call = withGracePeriod(clock, controller.signal, 3000, work, unheard);
    controller.abort(new Cancelled('SIGINT'));
    clock.advance(2999);
    resolve('taken');
    await expect(call).resolves.toBe('taken');
  });

  it('is given up a while after the cancellation, also where the job was cancelled before', async () => {
    const clock = fakeClock();
    const controller = new AbortController();
    const call = withGracePeriod(clock, controller.signal, 3000, never, unheard);
    clock.advance(60_000);
    controller.abort(new Cancelled('SIGINT'));
    const late = withGracePeriod(clock, controller.signal, 3000, never, unheard);
    clock.advance(3000);
    await expect(call).rejects.toThrow('unheard: Cancelled: The job was cancelled (SIGINT).');
    await expect(late).rejects.toThrow('unheard');
  });

  it('without a signal waits for the answer', async () => {
    await expect(withGracePeriod(fakeClock(), undefined, 1, () => Promise.resolve(7), unheard)).resolves.toBe(
      7,
    );
  });
});

describe('with a signal', () => {
  it('what is begun ends when the time is up, as by a time-out of its own, and not before', async () => {
    const clock = fakeClock();
    const seen: AbortSignal[] = [];
    const work = withSignal(clock, 1500, (signal) => {
      seen.push(signal);
      return new Promise((_, reject) => {
        signal.addEventListener('abort', () => {
          reject(signal.reason as Error);
        });
      });
    });
    clock.advance(1499);
    expect(seen.map(({ aborted }) => aborted)).toEqual([false]);
    clock.advance(1);
    await expect(work).rejects.toMatchObject({ name: 'TimeoutError' });
  });

  it('what ends by itself is not ended afterwards', async () => {
    const clock = fakeClock();
    const signal = await withSignal(clock, 1500, (its) => Promise.resolve(its));
    clock.advance(2000);
    expect(signal.aborted).toBe(false);
  });
});
