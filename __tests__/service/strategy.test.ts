import { expect, test } from '@jest/globals';
import type { DeploymentConfiguration } from '@aws-sdk/client-ecs';
import { strategyOf } from '../../src/service/strategy.ts';

const PAUSE = { targetType: 'PAUSE', lifecycleStages: ['POST_TEST_TRAFFIC_SHIFT'] } as const;

const FUNCTION = {
  hookTargetArn: 'arn:aws:lambda:us-east-1:123456789012:function:check',
  roleArn: 'arn:aws:iam::123456789012:role/functions',
  lifecycleStages: ['PRE_SCALE_UP', 'POST_SCALE_UP'],
} as const;

test.each<[DeploymentConfiguration | undefined, string | undefined, number]>([
  [undefined, undefined, 0],
  [{ minimumHealthyPercent: 100 }, undefined, 0],
  [{ strategy: 'ROLLING', bakeTimeInMinutes: 5 }, undefined, 0],
  [{ strategy: 'BLUE_GREEN' }, 'BLUE_GREEN: all traffic at once', 0],
  [
    { strategy: 'BLUE_GREEN', bakeTimeInMinutes: 1, lifecycleHooks: [PAUSE] as never },
    'BLUE_GREEN: all traffic at once; bakes for 1 minute; pauses at POST_TEST_TRAFFIC_SHIFT; at least 1 minute',
    1,
  ],
  [
    { strategy: 'LINEAR', bakeTimeInMinutes: 10 },
    'LINEAR: 10 % more of the traffic every 6 minutes; bakes for 10 minutes; at least 64 minutes',
    64,
  ],
  [
    { strategy: 'LINEAR', linearConfiguration: { stepPercent: 33.3, stepBakeTimeInMinutes: 1 } },
    'LINEAR: 33.3 % more of the traffic every 1 minute; at least 3 minutes',
    3,
  ],
  [
    { strategy: 'CANARY', lifecycleHooks: [FUNCTION] as never },
    'CANARY: 5 % of the traffic for 10 minutes, then all; asks check at PRE_SCALE_UP, POST_SCALE_UP; at least 10 minutes',
    10,
  ],
])('%j', (configuration, words, minutes) => {
  const { strategy, strategyMinutes } = strategyOf({ deploymentConfiguration: configuration });
  expect(strategy).toBe(words);
  expect(strategyMinutes).toBe(minutes);
});
