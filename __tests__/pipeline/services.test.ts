import { describe, expect, test } from '@jest/globals';
import { forEachService } from '../../src/pipeline/services.ts';
import type { ServiceRun } from '../../src/model/index.ts';
import { newRunRecord, type RunRecord } from '../../src/report/run-record.ts';
import { Cancelled } from '../../src/runtime/cancellation.ts';
import { serviceRunOf } from '../fakes/literals.ts';

function recordOf(...counts: readonly number[]): RunRecord {
  return { ...newRunRecord(), serviceRuns: counts.map((desiredCount) => serviceRunOf({ desiredCount })) };
}

/** As the deployment does: what each has come to is written at once. */
const go = (record: RunRecord, ...steps: Parameters<typeof forEachService>[2][]): Promise<void> =>
  forEachService(
    record.serviceRuns,
    (serviceRun, position) => {
      record.serviceRuns = record.serviceRuns.with(position, serviceRun);
    },
    ...steps,
  );

const countsOf = ({ serviceRuns }: RunRecord): number[] =>
  serviceRuns.map(({ desiredCount }) => desiredCount);
const more = (serviceRun: ServiceRun): ServiceRun => ({
  ...serviceRun,
  desiredCount: serviceRun.desiredCount + 1,
});

/** Rejects for the service run with this count, and moves all others on. */
function failing(count: number, error: Error): (serviceRun: ServiceRun) => Promise<ServiceRun> {
  return (serviceRun) =>
    serviceRun.desiredCount === count ? Promise.reject(error) : Promise.resolve(more(serviceRun));
}

describe('several service runs, side by side', () => {
  test('go every step, each from where the one before has brought it', async () => {
    const record = recordOf(1, 10);
    await go(record, more, (serviceRun) => Promise.resolve(more(serviceRun)));
    expect(countsOf(record)).toEqual([3, 12]);
  });

  test('keep what they have come to where one of them ends the others', async () => {
    const record = recordOf(1, 10);
    const cancelled = new Cancelled('SIGINT');
    await expect(go(record, more, failing(2, cancelled))).rejects.toBe(cancelled);
    expect(countsOf(record)).toEqual([2, 12]);
  });

  test.each([
    ['goes back: this run updated it', 'update', 'roll-back'],
    ['is left: this run found it under way', 'adopt', 'leave'],
  ] as const)(
    'end the others by no error that nobody foresaw: the one that had it %s',
    async (_, change, recovery) => {
      const record = recordOf(1, 10);
      record.serviceRuns = record.serviceRuns.map((each) => ({ ...each, change }));
      await go(record, failing(1, new TypeError('deployments.find is not a function')));
      const [broken, other] = record.serviceRuns;
      expect(broken?.problem).toMatchObject({ cause: 'unknown', recovery });
      expect(broken?.problem?.reason).toContain('deployments.find is not a function');
      expect([other?.problem, other?.desiredCount]).toEqual([undefined, 11]);
    },
  );

  test('keep what comes after the first of them has rejected', async () => {
    const record = recordOf(1, 10);
    const later = async (serviceRun: ServiceRun): Promise<ServiceRun> => {
      if (serviceRun.desiredCount === 1) throw new Cancelled('SIGINT');
      await new Promise((resolve) => setImmediate(resolve));
      return more(serviceRun);
    };
    await expect(go(record, later)).rejects.toBeInstanceOf(Cancelled);
    expect(countsOf(record)).toEqual([1, 11]);
  });
});
