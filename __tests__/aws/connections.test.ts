import { describe, expect, test } from '@jest/globals';
import { Connections } from '../../src/aws/connections.ts';

const goesOn = new AbortController().signal;

/** A clock on which no time passes until it is told to. */
function clockToSkip(): { sleep(ms: number, signal?: AbortSignal): Promise<void>; skip(): void } {
  let wake: (() => void)[] = [];
  return {
    sleep: (_ms, signal) =>
      new Promise((resolve, reject) => {
        signal?.addEventListener('abort', () => {
          reject(signal.reason as Error);
        });
        wake.push(resolve);
      }),
    skip: () => {
      for (const each of wake) each();
      wake = [];
    },
  };
}

/** Lets everything go on that waits for nothing. */
const breathe = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('the connections of a run', () => {
  test('take two requests to a host at a time, and each to another host at once', async () => {
    const connections = new Connections(clockToSkip());
    const end = await connections.turn('https://ecs', goesOn);
    await connections.turn('https://ecs', goesOn);
    await connections.turn('https://ecr', goesOn);
    const order: string[] = [];
    void connections.turn('https://ecs', goesOn).then(() => order.push('third'));
    void connections.turn('https://ecs', goesOn).then(() => order.push('fourth'));
    await breathe();
    expect(order).toEqual([]);
    end();
    end();
    await breathe();
    expect(order).toEqual(['third']);
  });

  test('let nobody wait behind a request that hangs', async () => {
    const clock = clockToSkip();
    const connections = new Connections(clock);
    await connections.turn('https://ecs', goesOn);
    await connections.turn('https://ecs', goesOn);
    const third = connections.turn('https://ecs', goesOn);
    clock.skip();
    await expect(third).resolves.toBeInstanceOf(Function);
  });

  test('end a wait with the job', async () => {
    const connections = new Connections(clockToSkip());
    const job = new AbortController();
    await connections.turn('https://ecs', job.signal);
    await connections.turn('https://ecs', job.signal);
    const third = connections.turn('https://ecs', job.signal);
    const reason = new Error('cancelled');
    job.abort(reason);
    await expect(third).rejects.toBe(reason);
  });
});
