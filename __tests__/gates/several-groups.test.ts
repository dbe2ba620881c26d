import { expect, test } from '@jest/globals';
import type { TargetView } from '../../src/ecs/targets.ts';
import { evaluateTargets } from '../../src/gates/targets.ts';

const TASK = {
  taskArn: 'arn:aws:ecs:eu-central-1:123456789012:task/prod/a',
  lastStatus: 'RUNNING',
};

const PLACES = new Map([[TASK.taskArn, { names: ['10.0.0.1'], ports: undefined }]]);

function target(state: string): TargetView {
  return {
    targetGroupArn: '',
    address: '10.0.0.1',
    port: 80,
    state,
    reason: undefined,
    description: undefined,
  };
}

test('a task that a group knows twice is proven by the target that is healthy', () => {
  const groups = [[target('draining'), target('healthy')]];
  expect(evaluateTargets([TASK], groups, false, PLACES).unproven.size).toBe(0);
});

test.each([
  ['healthy in both of its target groups is proven', ['healthy', 'healthy'], 0],
  ['healthy in one of two target groups only is not', ['healthy', 'unhealthy'], 1],
  ['still being checked in one of two target groups is not yet', ['initial', 'healthy'], 1],
])('a task that is %s', (_, states, unproven) => {
  const groups = states.map((state) => [target(state)]);
  expect(evaluateTargets([TASK], groups, false, PLACES).unproven.size).toBe(unproven);
});
