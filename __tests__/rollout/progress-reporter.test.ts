import { describe, expect, test } from '@jest/globals';
import type { Observation } from '../../src/rollout/observe.ts';
import { ProgressReporter } from '../../src/rollout/progress.ts';
import { fakeClock } from '../fakes/clock.ts';
import { healthyTask, observation, recordedLog, rollout, taskView } from './builders.ts';

const PROGRESSING = { kind: 'progressing' } as const;

/** What is logged of these looks, five seconds apart. */
function told(looks: readonly Observation[]): readonly string[] {
  const clock = fakeClock();
  const log = recordedLog();
  const reporter = new ProgressReporter(log, rollout(), clock);
  for (const seen of looks) {
    reporter.report(seen, PROGRESSING);
    clock.advance(5000);
  }
  return log.lines;
}

const STARTING = observation({ tasks: [taskView('a', { status: 'PENDING' })] });
const THERE = observation({ tasks: [healthyTask('a'), healthyTask('b')] });

describe('what is logged during a rollout', () => {
  test('is a line a change', () => {
    expect(told([STARTING, STARTING, THERE, THERE])).toEqual([
      'web: ░░░░░░░░░░ new 0/2 running, 0 healthy, in progress',
      'web: ██████████ new 2/2 running, 2 healthy, in progress',
    ]);
  });

  test('is a sign of life, ever more seldom, where nothing changes', () => {
    const lines = told(Array.from({ length: 60 }, () => STARTING));
    expect(lines.slice(1)).toEqual([
      'web: still new 0/2 running, 0 healthy, in progress; no change for 30 s.',
      'web: still new 0/2 running, 0 healthy, in progress; no change for 1 min 30 s.',
      'web: still new 0/2 running, 0 healthy, in progress; no change for 3 min 30 s.',
    ]);
  });

  test('is each new service event once, oldest first', () => {
    const events = [
      { id: '2', message: 'second' },
      { id: '1', message: 'first' },
    ];
    const seen = { ...STARTING, events };
    expect(told([seen, seen]).filter((line) => line.includes('ECS'))).toEqual([
      'web: ECS: first',
      'web: ECS: second',
    ]);
  });
});
