import { describe, expect, test } from '@jest/globals';
import { alarmProblem, gateProblem, httpProblem, notProven } from '../../src/gates/problems.ts';
import type { GateResult, PlannedChange } from '../../src/model/index.ts';
import { DeployError } from '../../src/runtime/error.ts';
import { serviceRunOf } from '../fakes/literals.ts';

const failed = (gate: GateResult['gate'], more: Partial<GateResult> = {}): GateResult => ({
  gate,
  state: 'failed',
  detail: 'x',
  ...more,
});

const of = (change: PlannedChange): ReturnType<typeof serviceRunOf> => serviceRunOf({ change });

describe('a gate that one service does not pass', () => {
  test.each([
    ['another digest', failed('digest'), 'digest-mismatch', 'digest'],
    ['an unhealthy target', failed('targets'), 'target-health-check-failed', 'target'],
    ['an unhealthy task', failed('tasks'), 'container-health-check-failed', 'target'],
    ['a task that crashed', failed('targets', { cause: 'app-crashed' }), 'app-crashed', 'stopped-task'],
  ])('has its cause and its evidence: %s', (_, result, cause, kind) => {
    expect(gateProblem(of('update'), result)).toMatchObject({ cause, evidence: [{ kind, text: 'x' }] });
  });

  test('says what it is of, and that ECS has nothing left to decide', () => {
    expect(gateProblem(of('update'), failed('targets'))).toMatchObject({
      reason: 'completed, but does not pass the targets gate: x',
      recovery: 'roll-back',
      isOver: true,
    });
    expect(gateProblem(of('none'), failed('targets'))).toMatchObject({
      reason: 'does not pass the targets gate: x',
      recovery: 'leave',
    });
  });
});

describe('tasks that run, and that the load balancer does not list', () => {
  test('are nothing against the revision: it is left', () => {
    expect(gateProblem(of('update'), failed('targets'), false)).toMatchObject({
      cause: 'target-health-check-failed',
      recovery: 'leave',
      hint: expect.stringContaining('Nothing speaks against the new revision, which is left in place'),
    });
  });

  test('say nothing of a new revision where none was deployed', () => {
    expect(gateProblem(of('none'), failed('targets'), false)).toMatchObject({
      recovery: 'leave',
      hint: undefined,
    });
  });
});

describe('what all services share', () => {
  const bad = { detail: 'status 500', reachable: true };

  test.each([
    ['the URL', httpProblem(of('update'), 'u', bad), 'completed, but u failed: status 500', 'roll-back'],
    ['the URL, nothing deployed', httpProblem(of('none'), 'u', bad), 'fails at u: status 500', 'leave'],
    [
      'the URL, never reached',
      httpProblem(of('update'), 'u', { detail: 'refused', reachable: false }),
      'completed, but u failed: refused; it never answered this runner',
      'leave',
    ],
    ['an alarm', alarmProblem(of('update'), failed('alarms')), 'completed, but x', 'roll-back'],
    ['an alarm, nothing deployed', alarmProblem(of('none'), failed('alarms')), 'runs, but x', 'leave'],
  ])('%s', (_, problem, reason, recovery) => {
    expect(problem).toMatchObject({ result: 'failed', reason, recovery, isOver: true });
  });
});

describe('a proof that could not be had', () => {
  test('leaves production as it is', () => {
    expect(notProven(new DeployError('access-denied', 'AWS denied access.'))).toMatchObject({
      cause: 'access-denied',
      reason: 'could not be proven: AWS denied access.',
      recovery: 'leave',
      isOver: true,
    });
  });

  test('is no problem where nobody foresaw the error: that is thrown on', () => {
    expect(() => notProven(new TypeError('x'))).toThrow(TypeError);
  });
});
