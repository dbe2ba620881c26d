import { describe, expect, test } from '@jest/globals';
import type { Observation } from '../../src/rollout/observe.ts';
import { NO_HISTORY } from '../../src/rollout/history.ts';
import { firstLook, isNearEnd, PollInterval } from '../../src/rollout/poll-interval.ts';
import {
  deployment,
  entry,
  failure,
  healthyTask,
  historyOf,
  observation,
  OTHER_ID,
  rollout,
  rolloutRequest,
  taskView,
  terms,
} from './builders.ts';

const byDefault = (): PollInterval => new PollInterval(rolloutRequest({ pollSeconds: 5, isPollSet: false }));

describe('the pause after an answer', () => {
  test('falls near the end, for a minute in all', () => {
    const interval = byDefault();
    const pauses = Array.from({ length: 31 }, () => interval.answered(true, 1));
    expect(pauses).toEqual([...Array<number>(30).fill(2_000), 5_000]);
  });

  test.each([
    [false, 1, 5_000],
    [true, 10, 2_000],
    [true, 11, 5_000],
  ])('near the end: %s, with %i services: %i ms', (isNear, services, ms) => {
    expect(byDefault().answered(isNear, services)).toBe(ms);
  });

  test('is the one that the user set, near the end as well', () => {
    const set = new PollInterval(rolloutRequest({ pollSeconds: 5, isPollSet: true }));
    expect(set.answered(true, 1)).toBe(5_000);
  });

  test('doubles while AWS throttles, up to 32 s, and is what it was with the next answer', () => {
    const interval = byDefault();
    expect([1, 2, 3, 4].map(() => interval.throttled())).toEqual([10_000, 20_000, 32_000, 32_000]);
    expect([interval.unanswered(), interval.answered(false, 1)]).toEqual([32_000, 5_000]);
  });
});

test.each([
  ['a new deployment', { replacesTasks: true, adopted: false }, false, 11_000],
  ['one that was under way', { replacesTasks: true, adopted: true }, false, 1_000],
  ['other settings alone', { replacesTasks: false, adopted: false }, false, 1_000],
  ['a new deployment, at an interval that was set', { replacesTasks: true, adopted: false }, true, 1_000],
])('the first look at %s', (_, changes, isPollSet, at) => {
  expect(firstLook(rollout(changes), rolloutRequest({ isPollSet }), 1_000)).toBe(at);
});

describe('the end is near', () => {
  const there = { entry: entry({ desired: 2, running: 2, pending: 0 }), primary: undefined };
  const all = { ...there, tasks: [healthyTask('a'), healthyTask('b')] };
  const stage = (lifecycleStage: string): Partial<Observation> => ({
    ...all,
    deployment: deployment({ lifecycleStage }),
  });

  test.each<[string, Partial<Observation>, boolean]>([
    ['all tasks are healthy', all, true],
    ['one is not', { ...all, tasks: [healthyTask('a'), taskView('b')] }, false],
    ['one is still pending', { ...all, entry: entry({ desired: 2, running: 2, pending: 1 }) }, false],
    ['one does not run yet', { ...all, entry: entry({ desired: 2, running: 1, pending: 0 }) }, false],
    ['none is wanted', { ...all, entry: entry({ desired: 0, running: 0, pending: 0 }) }, false],
    ['the tasks may not be read, and old ones run', { ...there, oldTasks: 1 }, false],
    ['the tasks may not be read, and no old one runs', there, true],
    ['a native strategy bakes', stage('BAKE_TIME'), false],
    ['a native strategy cleans up', stage('CLEAN_UP'), true],
    [
      'a rollback has all of its tasks',
      { ...all, primary: entry({ id: OTHER_ID, desired: 2, running: 2, pending: 0 }) },
      true,
    ],
    [
      'a rollback lacks one',
      { ...all, primary: entry({ id: OTHER_ID, desired: 2, running: 1, pending: 0 }) },
      false,
    ],
  ])('%s', (_, look, isNear) => {
    expect(isNearEnd(observation(look), NO_HISTORY, terms())).toBe(isNear);
  });

  test.each([
    [true, true],
    [false, false],
  ])('once a task has failed, with fail-fast: %s', (failFast, isNear) => {
    const look = observation({ ...there, oldTasks: 1 });
    expect(isNearEnd(look, historyOf(failure()), terms({ failFast }))).toBe(isNear);
  });
});
