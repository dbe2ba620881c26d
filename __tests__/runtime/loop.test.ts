import { describe, expect, it } from '@jest/globals';
import { Loop, type Job } from '../../src/runtime/loop.ts';
import { fakeClock } from '../fakes/clock.ts';

/** When each of these jobs is begun within two minutes, in seconds: it is due every `everySeconds`. */
async function begun(
  jobs: readonly { readonly everySeconds: number; readonly isShared?: true }[],
): Promise<readonly number[][]> {
  const clock = fakeClock();
  const signal = new AbortController().signal;
  const loop = new Loop({ clock, signal });
  const over = Promise.withResolvers<undefined>();
  const times = jobs.map((): number[] => []);
  const all = jobs.map(({ everySeconds, ...shared }, at) => {
    const pauseMs = everySeconds * 1000;
    const job: Job = {
      ...shared,
      due: pauseMs,
      pauseMs,
      begin: () => {
        if (clock.now() > 120_000) {
          for (const each of all) loop.delete(each);
          over.resolve(undefined);
          return;
        }
        times[at]?.push(clock.now() / 1000);
        job.due = clock.now() + pauseMs;
      },
      end: () => undefined,
    };
    return job;
  });
  for (const job of all) loop.add(job);
  await over.promise;
  return times;
}

describe('the loop', () => {
  it('keeps the pause of each job, however often others are due', async () => {
    expect(await begun([{ everySeconds: 5 }, { everySeconds: 60 }])).toEqual([
      Array.from({ length: 24 }, (_, at) => (at + 1) * 5),
      [60, 120],
    ]);
  });

  it('begins shared jobs together in the last quarter of their pauses', async () => {
    const [, second] = await begun([
      { everySeconds: 50, isShared: true },
      { everySeconds: 60, isShared: true },
    ]);
    expect(second).toEqual([50, 100]);
  });

  it('takes shared jobs along with none that is not', async () => {
    const [, second] = await begun([{ everySeconds: 50 }, { everySeconds: 60, isShared: true }]);
    expect(second).toEqual([60, 120]);
  });
});
