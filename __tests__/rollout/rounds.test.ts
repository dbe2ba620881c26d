import { describe, expect, test } from '@jest/globals';
import type { DeploymentView, EntryView } from '../../src/rollout/observe.ts';
import { isAnother } from '../../src/model/analysis.ts';
import { stageOf } from '../../src/rollout/rounds.ts';
import { deployment, entry, observation } from './builders.ts';

const ROLLING = { strategy: 'ROLLING', alarms: [] };
const SHIFTING = { strategy: 'CANARY', alarms: [] };

function stage(view: Partial<DeploymentView>, settings = SHIFTING): string {
  const seen = observation({ deployment: deployment(view), entry: undefined });
  const { phase, traffic, weight } = stageOf(seen, 'ecs-svc/1', settings);
  return [phase, traffic, weight].filter((each) => each !== undefined).join(' ');
}

describe('a native strategy is in', () => {
  test.each<[string, number | undefined, string]>([
    ['RECONCILE_SERVICE', 0, 'rolling none'],
    ['PRE_SCALE_UP', 0, 'rolling none'],
    ['SCALE_UP', 0, 'rolling none'],
    ['POST_SCALE_UP', undefined, 'rolling none'],
    ['TEST_TRAFFIC_SHIFT', 0, 'test-traffic test'],
    ['POST_TEST_TRAFFIC_SHIFT', 0, 'test-traffic test'],
    ['PRE_PRODUCTION_TRAFFIC_SHIFT', 0, 'test-traffic test'],
    ['PRE_PRODUCTION_TRAFFIC_SHIFT', 10, 'shifting part 10'],
    ['PRODUCTION_TRAFFIC_SHIFT', 0, 'shifting none'],
    ['PRODUCTION_TRAFFIC_SHIFT', 10, 'shifting part 10'],
    ['PRODUCTION_TRAFFIC_SHIFT', 100, 'shifting all 100'],
    ['PRODUCTION_TRAFFIC_SHIFT', undefined, 'shifting part'],
    ['POST_PRODUCTION_TRAFFIC_SHIFT', 100, 'baking all 100'],
    ['BAKE_TIME', 100, 'baking all 100'],
    ['CLEAN_UP', undefined, 'baking all'],
    ['A_STAGE_OF_THE_FUTURE', 0, 'rolling none'],
    ['A_STAGE_OF_THE_FUTURE', 30, 'shifting part 30'],
  ])('%s with the weight %s: %s', (lifecycleStage, weight, expected) => {
    expect(stage({ status: 'IN_PROGRESS', lifecycleStage, weight })).toBe(expected);
  });

  test('the end, where ECS says so, and on its way back', () => {
    expect(stage({ status: 'SUCCESSFUL' })).toBe('proving all');
    expect(stage({ status: 'ROLLBACK_IN_PROGRESS', lifecycleStage: 'BAKE_TIME' })).toBe('rolling-back part');
  });

  test('a pause, where a hook waits', () => {
    const awaiting = [{ id: 'ecs-pause-1', expiresAt: '2031-05-05T06:00:00.000Z', then: 'ROLLBACK' }];
    const view = { status: 'IN_PROGRESS', lifecycleStage: 'POST_TEST_TRAFFIC_SHIFT', awaiting };
    expect(stageOf(observation({ deployment: deployment(view) }), 'x', SHIFTING).pause).toEqual({
      hookId: 'ecs-pause-1',
      stage: 'POST_TEST_TRAFFIC_SHIFT',
      expiresAt: '2031-05-05T06:00:00.000Z',
      then: 'ROLLBACK',
    });
  });
});

describe('a rolling update is in', () => {
  const alone = { entries: 1, service: { status: 'ACTIVE', desired: 2, running: 2 } };
  const ours: Partial<EntryView> = { desired: 2, running: 2, rolloutState: 'IN_PROGRESS' };

  test.each([
    ['its bake, where ECS watches alarms and only our tasks are left', alone, ['errors'], 'baking all'],
    ['its rollout, where ECS watches none', alone, [], 'rolling none'],
    ['its rollout, while old tasks are there', { ...alone, entries: 2 }, ['errors'], 'rolling none'],
  ])('%s', (_, counts, alarms, expected) => {
    const seen = observation({
      ...counts,
      deployment: deployment({ status: 'IN_PROGRESS' }),
      entry: entry(ours),
    });
    const { phase, traffic } = stageOf(seen, 'x', { ...ROLLING, alarms });
    expect(`${phase} ${traffic}`).toBe(expected);
  });
});

test.each([
  ['another phase', { phase: 'baking' }, true],
  ['another weight', { weight: 20 }, true],
  ['a pause', { pause: { hookId: 'a', stage: 'BAKE_TIME' } }, true],
  ['another deployment', { deploymentId: 'b' }, true],
  ['nothing new', {}, false],
] as const)('a round is another one with %s', (_, change, expected) => {
  const before = { phase: 'shifting', deploymentId: 'a', traffic: 'part', weight: 10 } as const;
  expect(isAnother(before, { ...before, ...change })).toBe(expected);
});
