/** Each answer of CodeDeploy, and what it amounts to. */
import type { DeploymentInfo, ECSTarget, ErrorCode, LifecycleEvent } from '@aws-sdk/client-codedeploy';
import { DeploymentStatus, ErrorCode as ErrorCodes } from '@aws-sdk/client-codedeploy';
import { describe, expect, test } from '@jest/globals';
import { viewOfCodeDeployment, type CodeDeployTerms } from '../../src/rollout/codedeploy-view.ts';
import { stageOf } from '../../src/rollout/rounds.ts';
import type { DeploymentView } from '../../src/rollout/observe.ts';

const TERMS: CodeDeployTerms = {
  settings: { rollsBackOn: ['DEPLOYMENT_FAILURE'], readyMinutes: undefined },
  isAskedBack: false,
  endedForMs: 0,
};

const event = (
  lifecycleEventName: string,
  status: LifecycleEvent['status'] = 'InProgress',
  more: Partial<LifecycleEvent> = {},
): LifecycleEvent => ({ lifecycleEventName, status, ...more });

const target = (events: LifecycleEvent[], weight = 0): ECSTarget => ({
  lifecycleEvents: events,
  taskSetsInfo: [
    { identifer: 'ecs-svc/1', taskSetLabel: 'Blue', trafficWeight: 100 - weight },
    { identifer: 'ecs-svc/2', taskSetLabel: 'Green', trafficWeight: weight },
  ],
});

function view(
  info: Partial<DeploymentInfo>,
  more: {
    readonly target?: ECSTarget;
    readonly rollback?: Partial<DeploymentInfo>;
    readonly terms?: Partial<CodeDeployTerms>;
  } = {},
): DeploymentView {
  const rollback = more.rollback as DeploymentInfo | undefined;
  const answer = { info: { deploymentId: 'd-1', ...info }, target: more.target, rollback };
  return viewOfCodeDeployment(answer, { ...TERMS, ...more.terms });
}

const failed = (code?: ErrorCode, status: DeploymentStatus = 'Failed'): Partial<DeploymentInfo> => ({
  status,
  errorInformation: { ...(code === undefined ? {} : { code }), message: 'said by AWS' },
});

describe('the status', () => {
  test.each<[string, Partial<DeploymentInfo>, string]>([
    ['Created', { status: 'Created' }, 'IN_PROGRESS'],
    ['Queued', { status: 'Queued' }, 'IN_PROGRESS'],
    ['InProgress', { status: 'InProgress' }, 'IN_PROGRESS'],
    ['Ready', { status: 'Ready' }, 'IN_PROGRESS'],
    ['Baking', { status: 'Baking' }, 'IN_PROGRESS'],
    ['all traffic shifted', { status: 'InProgress', instanceTerminationWaitTimeStarted: true }, 'SUCCESSFUL'],
    ['baking, all shifted', { status: 'Baking', instanceTerminationWaitTimeStarted: true }, 'SUCCESSFUL'],
    ['Succeeded', { status: 'Succeeded' }, 'SUCCESSFUL'],
    ['one of the future', { status: 'Dreaming' as never }, 'Dreaming'],
  ])('%s', (_, info, status) => {
    expect(view(info).status).toBe(status);
  });

  test('knows each of the SDK', () => {
    const known = ['IN_PROGRESS', 'SUCCESSFUL', 'STOPPED', 'ROLLBACK_REQUESTED'];
    for (const status of Object.values(DeploymentStatus)) expect(known).toContain(view({ status }).status);
  });

  test.each<[string, Partial<DeploymentInfo>, string]>([
    ['has not begun', { status: 'Created' }, 'ROLLBACK_IN_PROGRESS'],
    ['is under way', { status: 'InProgress' }, 'ROLLBACK_IN_PROGRESS'],
    ['succeeded', { status: 'Succeeded' }, 'ROLLBACK_SUCCESSFUL'],
    ['failed', { status: 'Failed' }, 'ROLLBACK_FAILED'],
    ['was stopped', { status: 'Stopped' }, 'ROLLBACK_FAILED'],
  ])('of one whose rollback %s', (_, rollback, status) => {
    expect(view(failed('TIMEOUT'), { rollback }).status).toBe(status);
  });

  test.each<[string, Partial<DeploymentInfo>, Partial<CodeDeployTerms>, string]>([
    ['is due', failed('TIMEOUT'), {}, 'ROLLBACK_REQUESTED'],
    ['is due, and does not come', failed('TIMEOUT'), { endedForMs: 60_000 }, 'STOPPED'],
    ['is not due: no such event', failed('ALARM_ACTIVE', 'Stopped'), {}, 'STOPPED'],
    ['was asked for', failed('MANUAL_STOP', 'Stopped'), { isAskedBack: true }, 'ROLLBACK_REQUESTED'],
    ['is switched off', failed('TIMEOUT'), { settings: undefined }, 'STOPPED'],
    [
      'cannot begin, as CodeDeploy says',
      { ...failed('TIMEOUT'), rollbackInfo: { rollbackMessage: 'There is nothing to go back to.' } },
      {},
      'STOPPED',
    ],
  ])('of one whose rollback %s', (_, info, terms, status) => {
    expect(view(info, { terms }).status).toBe(status);
  });
});

describe('the cause', () => {
  test.each<[ErrorCode | undefined, DeploymentStatus, string]>([
    ['HOOK_EXECUTION_FAILURE', 'Failed', 'lifecycle-hook-failed'],
    ['ALARM_ACTIVE', 'Stopped', 'alarm'],
    ['MANUAL_STOP', 'Stopped', 'deployment-stopped'],
    ['THROTTLED', 'Failed', 'throttled'],
    ['RESOURCE_LIMIT_EXCEEDED', 'Failed', 'capacity'],
    ['TIMEOUT', 'Failed', 'timeout'],
    ['HEALTH_CONSTRAINTS', 'Failed', 'target-health-check-failed'],
    ['ELASTIC_LOAD_BALANCING_INVALID', 'Failed', 'traffic-shift-failed'],
    ['IAM_ROLE_PERMISSIONS', 'Failed', 'traffic-shift-failed'],
    ['ECS_UPDATE_ERROR', 'Failed', 'update-refused'],
    ['INVALID_ECS_SERVICE', 'Failed', 'update-refused'],
    ['INTERNAL_ERROR', 'Failed', 'unknown'],
    [undefined, 'Stopped', 'deployment-stopped'],
  ])('%s, %s', (code, status, cause) => {
    expect(view(failed(code, status)).cause).toBe(cause);
  });

  test('is something for every code of the SDK', () => {
    for (const code of Object.values(ErrorCodes)) expect(view(failed(code)).cause).toBeDefined();
  });

  test('of a hook that never answered is the hook', () => {
    const events = [event('BeforeAllowTraffic', 'Failed')];
    expect(view(failed('TIMEOUT'), { target: target(events) }).cause).toBe('lifecycle-hook-failed');
  });

  test('of a wait that nobody ended is the time', () => {
    const settings = { rollsBackOn: [], readyMinutes: 10 };
    expect(view(failed(undefined, 'Stopped'), { terms: { settings } }).cause).toBe('timeout');
  });

  test('comes with the words of the function that failed, once', () => {
    const diagnostics = {
      errorCode: 'UnknownError',
      scriptName: 'smoke',
      message: 'got 500',
      logTail: '',
    } as const;
    const events = [event('AfterInstall', 'Failed', { diagnostics })];
    const { statusReason } = view(failed('HOOK_EXECUTION_FAILURE'), { target: target(events) });
    expect(statusReason).toBe('said by AWS; AfterInstall (smoke): got 500');
  });
});

describe('the stage', () => {
  test.each<[string, DeploymentStatus, LifecycleEvent[], number, string, string, string]>([
    ['nothing yet', 'Created', [], 0, 'Created', 'rolling', 'none'],
    ['the installation', 'InProgress', [event('Install')], 0, 'Install', 'rolling', 'none'],
    [
      'test traffic',
      'InProgress',
      [event('AllowTestTraffic')],
      0,
      'AllowTestTraffic',
      'test-traffic',
      'test',
    ],
    ['by its older name', 'InProgress', [event('TestTraffic')], 0, 'TestTraffic', 'test-traffic', 'test'],
    ['a wait', 'Ready', [event('AfterAllowTestTraffic', 'Succeeded')], 0, 'Ready', 'test-traffic', 'test'],
    [
      'the shift before its first weight',
      'InProgress',
      [event('AllowTraffic')],
      0,
      'AllowTraffic',
      'shifting',
      'none',
    ],
    ['a part', 'InProgress', [event('AllowTraffic')], 10, 'AllowTraffic', 'shifting', 'part'],
    ['all of it', 'InProgress', [event('AllowTraffic')], 100, 'AllowTraffic', 'shifting', 'all'],
    ['after it', 'InProgress', [event('AfterAllowTraffic')], 100, 'AfterAllowTraffic', 'baking', 'all'],
    ['a bake', 'Baking', [event('AfterAllowTraffic', 'Succeeded')], 100, 'Baking', 'baking', 'all'],
    [
      'between two events',
      'InProgress',
      [event('BeforeInstall', 'Succeeded'), event('Install', 'Succeeded'), event('AllowTraffic', 'Pending')],
      0,
      'Install',
      'rolling',
      'none',
    ],
  ])('of %s', (_, status, events, weight, stage, phase, traffic) => {
    const deployment = view({ status }, { target: target(events, weight) });
    expect(deployment.lifecycleStage).toBe(stage);
    const seen = {
      deployment,
      entry: undefined,
      entries: 2,
      service: { status: 'ACTIVE', desired: 2, running: 4 },
    } as unknown as Parameters<typeof stageOf>[0];
    expect(stageOf(seen, 'ecs-svc/2', { strategy: 'CANARY', alarms: [] })).toMatchObject({ phase, traffic });
  });

  test('that waits says until when, by the times of AWS', () => {
    const ended = event('AfterInstall', 'Succeeded', { endTime: new Date('2026-01-01T10:00:00Z') });
    const settings = { rollsBackOn: [], readyMinutes: 30 };
    const { awaiting } = view({ status: 'Ready' }, { target: target([ended]), terms: { settings } });
    expect(awaiting).toEqual([{ id: 'd-1', expiresAt: '2026-01-01T10:30:00.000Z', then: 'STOP_DEPLOYMENT' }]);
    const [blind] = view({ status: 'Ready' }, { terms: { settings } }).awaiting;
    expect(blind).toEqual({ id: 'd-1', expiresAt: undefined, then: 'STOP_DEPLOYMENT' });
  });

  test('is over where the deployment is', () => {
    const { lifecycleStage, awaiting } = view({ status: 'Succeeded' }, { target: target([], 100) });
    expect([lifecycleStage, awaiting]).toEqual([undefined, []]);
  });
});
