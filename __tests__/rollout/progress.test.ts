import { describe, expect, test } from '@jest/globals';
import { pointOf, progressBar, progressLine } from '../../src/rollout/progress.ts';
import { deployment, entry, failedTask, healthyTask, observation, taskView } from './builders.ts';

describe('the state of a rollout in one line', () => {
  test.each([
    ['without tasks to read, the counts of ECS', observation(), 'new 1/2 running, in progress'],
    [
      'with tasks',
      observation({
        tasks: [healthyTask('a'), taskView('b'), taskView('c', { status: 'PENDING' }), failedTask('d')],
        oldTasks: 2,
      }),
      'new 2/2 running, 1 healthy, old 2, failed 1, in progress',
    ],
    [
      'with old tasks on their way out',
      observation({ tasks: [healthyTask('a')], oldTasks: 3, drainingTasks: 1 }),
      'new 1/2 running, 1 healthy, old 2, draining 1, in progress',
    ],
    [
      'without a service deployment, the rollout state',
      observation({ deployment: undefined, primary: entry({ rolloutState: 'COMPLETED' }) }),
      'new 1/2 running, completed',
    ],
    [
      'without either, nothing is invented',
      observation({ deployment: undefined, entry: undefined, primary: undefined }),
      'new 0/2 running',
    ],
    [
      'with the stage of a native strategy',
      observation({ deployment: deployment({ lifecycleStage: 'BAKE_TIME' }) }),
      'new 1/2 running, in progress (bake time)',
    ],
    [
      'with a hook that waits for somebody',
      observation({
        deployment: deployment({
          lifecycleStage: 'POST_SCALE_UP',
          awaiting: [{ id: 'approve', expiresAt: undefined, then: undefined }],
        }),
      }),
      'new 1/2 running, in progress (post scale up), hook approve waits for an answer',
    ],
  ])('%s', (_, seen, line) => {
    expect(progressLine(seen)).toBe(line);
  });
});

describe('the bar', () => {
  test.each([
    ['nothing is there yet', observation({ tasks: [taskView('a', { status: 'PENDING' })] }), '░░░░░░░░░░'],
    ['half is healthy', observation({ tasks: [healthyTask('a'), taskView('b')] }), '█████░░░░░'],
    ['the tasks may not be read, running ones count', observation(), '█████░░░░░'],
    ['all is healthy', observation({ tasks: [healthyTask('a'), healthyTask('b')] }), '██████████'],
    [
      'more run than are wanted',
      observation({ tasks: ['a', 'b', 'c'].map((id) => healthyTask(id)) }),
      '██████████',
    ],
    ['nothing is wanted', observation({ entry: entry({ desired: 0, running: 0 }), tasks: [] }), '░░░░░░░░░░'],
  ])('where %s', (_, seen, bar) => {
    expect(progressBar(seen)).toBe(bar);
  });
});

test('one look in numbers is what the timeline is made of', () => {
  const seen = observation({ tasks: [healthyTask('a'), failedTask('b')], oldTasks: 2, drainingTasks: 1 });
  expect(pointOf('web', seen)).toEqual({
    service: 'web',
    desired: 2,
    running: 1,
    healthy: 1,
    old: 2,
    draining: 1,
    failed: 1,
    stage: 'in progress',
  });
});
