import { expect, test } from '@jest/globals';
import type { TargetView } from '../../src/ecs/targets.ts';
import { rememberTargets, type UnhealthyTargets } from '../../src/rollout/history.ts';
import { describeTargets } from '../../src/rollout/diagnose.ts';

const CODES = 'Health checks failed with these codes: [502]';

function target(state: string, changes: Partial<TargetView> = {}): TargetView {
  const reason = state === 'unhealthy' ? 'Target.ResponseCodeMismatch' : undefined;
  const description = state === 'unhealthy' ? CODES : undefined;
  return { targetGroupArn: 'tg', address: '10.0.0.1', port: 80, state, reason, description, ...changes };
}

function after(...looks: readonly TargetView[]): UnhealthyTargets {
  return looks.reduce<UnhealthyTargets>((unhealthy, seen) => rememberTargets(unhealthy, [seen]), new Map());
}

const DRAINING = target('unhealthy.draining', {
  reason: 'Target.DeregistrationInProgress',
  description: 'Target deregistration is in progress',
});

test.each([
  ['unhealthy', [target('unhealthy')], ['Target.ResponseCodeMismatch']],
  ['unhealthy, then draining', [target('unhealthy'), target('draining')], ['Target.ResponseCodeMismatch']],
  [
    'unhealthy, then both: the first reason is the telling one',
    [target('unhealthy'), DRAINING],
    ['Target.ResponseCodeMismatch'],
  ],
  ['both when it is first seen', [DRAINING], ['Target.DeregistrationInProgress']],
  ['healthy again', [target('unhealthy'), target('healthy')], []],
  ['still in its first checks', [target('initial')], []],
])('a target that is %s', (_, looks, reasons) => {
  expect([...after(...looks).values()].map(({ reason }) => reason)).toEqual(reasons);
});

test('targets of two groups, ports and addresses are told apart, and told by their reasons', () => {
  const unhealthy = rememberTargets(new Map(), [
    target('unhealthy'),
    target('unhealthy', { port: 81 }),
    target('unhealthy', { address: '10.0.0.2', reason: 'Target.Timeout', description: 'Request timed out' }),
    target('unhealthy', { targetGroupArn: 'other' }),
  ]);
  const ofGroup = [...unhealthy.values()].filter(({ targetGroupArn }) => targetGroupArn === 'tg');
  expect(describeTargets({ TargetGroupName: 'web' }, ofGroup).map(({ text }) => text)).toEqual([
    'target group web',
    `unhealthy: Target.ResponseCodeMismatch: ${CODES} (10.0.0.1:80, 10.0.0.1:81)`,
    'unhealthy: Target.Timeout: Request timed out (10.0.0.2:80)',
  ]);
});

test('of many targets a few stand for all', () => {
  const many = Array.from({ length: 6 }, (_, at) => target('unhealthy', { address: `10.0.0.${at}` }));
  expect(describeTargets({}, many)[1]?.text).toMatch(/\(10\.0\.0\.0:80, .*, 10\.0\.0\.3:80 and 2 more\)$/);
});
