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
      'with the share of the traffic that is shifted',
      observation({ deployment: deployment({ lifecycleStage: 'PRODUCTION_TRAFFIC_SHIFT', weight: 99 }) }),
      'new 1/2 running, in progress (production traffic shift, 99 %)',
    ],
    [
      'without one once all of it is',
      observation({ deployment: deployment({ lifecycleStage: 'BAKE_TIME', weight: 100 }) }),
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
    [
      'while ECS rolls back, the tasks that stay',
      observation({
        deployment: deployment({ status: 'ROLLBACK_IN_PROGRESS' }),
        entry: entry({ desired: 0, running: 0 }),
        tasks: [taskView('a'), failedTask('b')],
        oldTasks: 2,
      }),
      'old 2/2 running, new 1, failed 1, rollback in progress',
    ],
    [
      'once ECS has rolled back',
      observation({
        deployment: deployment({ status: 'ROLLBACK_SUCCESSFUL' }),
        entry: undefined,
        tasks: [failedTask('b')],
        oldTasks: 2,
      }),
      'old 2/2 running, failed 1, rollback successful',
    ],
    [
      'while ECS rolls back and no task may be read, the counts of ECS',
      observation({
        deployment: deployment({ status: 'ROLLBACK_IN_PROGRESS' }),
        entry: undefined,
        others: { desired: 2, running: 1 },
      }),
      'old 1/2 running, rollback in progress',
    ],
  ])('%s', (_, seen, line) => {
    expect(progressLine(seen)).toBe(line);
  });

  test.each([
    [
      'goes back by a deployment of its own',
      observation({ tasks: [healthyTask('a')], oldTasks: 2 }),
      'last good 1/2 running, 1 healthy, failed revision 2, in progress',
    ],
    [
      'went back by one that ECS rolls back',
      observation({
        deployment: deployment({ status: 'ROLLBACK_IN_PROGRESS' }),
        tasks: [failedTask('a')],
        oldTasks: 2,
      }),
      'failed revision 2/2 running, failed 1, rollback in progress',
    ],
  ])('of a run that %s names the revisions by what they are', (_, seen, line) => {
    expect(progressLine(seen, { brought: 'last good', before: 'failed revision' })).toBe(line);
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
    [
      'ECS rolls back, the tasks that stay count',
      observation({
        deployment: deployment({ status: 'ROLLBACK_IN_PROGRESS' }),
        entry: entry({ desired: 0, running: 0 }),
        tasks: [failedTask('b')],
        oldTasks: 3,
        drainingTasks: 2,
      }),
      '█████░░░░░',
    ],
    [
      'ECS has rolled back to no task',
      observation({
        deployment: deployment({ status: 'ROLLBACK_SUCCESSFUL' }),
        service: { status: 'ACTIVE', desired: 0, running: 0 },
        tasks: [failedTask('b')],
      }),
      '░░░░░░░░░░',
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
