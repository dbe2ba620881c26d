import { describe, expect, test } from '@jest/globals';
import { JumpClock } from '../../runner/jump-clock.ts';
import { ManualClock } from '../../simulator/clock.ts';

const START = new Date('2026-01-05T09:00:00Z');

function clocks(speed = 1): { world: ManualClock; clock: JumpClock } {
  const world = new ManualClock(START);
  return { world, clock: new JumpClock(world, speed) };
}

/** Some turns of the event loop, in which a clock that may jump does. */
async function turns(count = 20): Promise<void> {
  for (let turn = 0; turn < count; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

describe('a clock that jumps', () => {
  test('passes an hour of sleep at once, and what the world planned happens on the way', async () => {
    const { world, clock } = clocks();
    const seen: number[] = [];
    world.after(1800, () => seen.push(clock.now()));
    await clock.run(clock.sleep(3_600_000));
    expect(seen).toEqual([1_800_000]);
    expect(clock.now()).toBe(3_600_000);
    expect(clock.date()).toEqual(new Date('2026-01-05T10:00:00Z'));
  });

  test('runs what is due at one instant one after the other, as timers do', async () => {
    const { clock } = clocks();
    const seen: string[] = [];
    clock.alarm(1000, () => void Promise.resolve().then(() => seen.push('after the alarm')));
    await clock.run(clock.sleep(1000).then(() => seen.push('awake')));
    expect(seen).toEqual(['after the alarm', 'awake']);
  });

  test('is as fast as it is told', async () => {
    const { world, clock } = clocks(60);
    await clock.run(clock.sleep(1000));
    expect(world.now() - START.getTime()).toBe(60_000);
    expect(clock.now()).toBe(1000);
  });

  test.each([0, 1e-9, 0.1, 1 / 3])('comes to the end of a sleep of %d ms', async (ms) => {
    const { clock } = clocks(60);
    const until = clock.now() + ms;
    const work = async (): Promise<number> => {
      let pauses = 0;
      for (; pauses === 0 || clock.now() < until; pauses += 1) await clock.sleep(until - clock.now());
      return pauses;
    };
    expect(await clock.run(work())).toBeLessThan(3);
  });

  test('ends a sleep with the reason of the signal, and forgets it', async () => {
    const { world, clock } = clocks();
    const controller = new AbortController();
    const sleep = clock.sleep(3_600_000, controller.signal);
    controller.abort(new Error('over'));
    await expect(clock.run(sleep)).rejects.toThrow('over');
    expect(world.skipToNext()).toBe(false);
    await expect(clock.sleep(1, controller.signal)).rejects.toThrow('over');
  });
});

describe('time stands still', () => {
  test('while anything works, whoever sleeps', async () => {
    const { clock } = clocks();
    let finish = (): void => undefined;
    const work = clock.working(
      () =>
        new Promise<void>((resolve) => {
          finish = resolve;
        }),
    );
    const end = clock.run(Promise.all([clock.sleep(5000), work]));
    await turns();
    expect(clock.now()).toBe(0);
    finish();
    await end;
    expect(clock.now()).toBe(5000);
  });

  test('where there are only deadlines, and nothing hangs', async () => {
    const { clock } = clocks();
    let rang = false;
    const silence = clock.alarm(1000, () => {
      rang = true;
    });
    let finish = (): void => undefined;
    const end = clock.run(
      new Promise<void>((resolve) => {
        finish = resolve;
      }),
    );
    await turns();
    expect([rang, clock.now()]).toEqual([false, 0]);
    silence();
    finish();
    await end;
  });
});

describe('time passes', () => {
  test('to a deadline while a call hangs, inside of work', async () => {
    const { clock } = clocks();
    const call = clock.working(() =>
      clock.hanging(
        () =>
          new Promise<never>((_, reject) =>
            clock.alarm(20_000, () => {
              reject(new Error('late'));
            }),
          ),
      ),
    );
    await expect(clock.run(call)).rejects.toThrow('late');
    expect(clock.now()).toBe(20_000);
  });

  test('in a pause inside of work', async () => {
    const { clock } = clocks();
    await clock.run(clock.working(() => clock.waiting(() => clock.sleep(2000))));
    expect(clock.now()).toBe(2000);
  });

  test('to a deadline that comes before a sleep ends', async () => {
    const { clock } = clocks();
    const seen: number[] = [];
    clock.alarm(3000, () => seen.push(clock.now()));
    await clock.run(clock.sleep(5000));
    expect(seen).toEqual([3000]);
  });
});
