import { describe, expect, it } from '@jest/globals';
import type { GateContext } from '../../src/gates/prove.ts';
import type { AlarmView, ServiceRun, Probe } from '../../src/model/index.ts';
import { denied, expired } from '../fakes/aws-errors.ts';
import { tasksOf } from '../fakes/task-proofs.ts';
import { fakeClock, type FakeClock } from '../fakes/clock.ts';
import { serviceRunOf, HTTP_CHECK, rolloutOf } from '../fakes/literals.ts';
import { fakeLog } from '../fakes/log.ts';
import { proveBy } from './asking.ts';

const GOOD: Probe = { kind: 'answer', status: 200, body: '', url: '' };
const SILENT: readonly AlarmView[] = [{ name: 'errors', state: 'OK', reason: '' }];

interface World {
  readonly alarm?: 'OK' | 'ALARM' | Error;
  /** Of the one task of the service, once the bake is over. */
  readonly status?: string;
  readonly probe?: Probe;
}

type Asked = { readonly clock: FakeClock; readonly log: ReturnType<typeof fakeLog>; asked: string[] };

function ctx({ alarm = 'OK', status = 'RUNNING', probe = GOOD }: World): GateContext & Asked {
  const asked: string[] = [];
  const rollout = rolloutOf();
  const answer = <T>(call: string, value: T): Promise<T> => {
    asked.push(call);
    return value instanceof Error ? Promise.reject(value) : Promise.resolve(value);
  };
  const task = {
    taskArn: 'arn:aws:ecs:x:1:task/prod/t1',
    startedBy: rollout.deploymentId,
    taskDefinitionArn: rollout.taskDefinitionArn,
    lastStatus: status,
  };
  const ecs = {
    describeServices: () => answer('service', { services: [{ desiredCount: 1 }] }),
    describeServiceDeployments: () => answer('deployment', { serviceDeployments: [] }),
    listTasks: ({ desiredStatus }: { desiredStatus: string }) =>
      answer('tasks', { taskArns: desiredStatus === 'RUNNING' ? ['t1'] : [] }),
    describeTasks: () => answer('tasks', { tasks: [task] }),
  };
  const alarms = {
    describeAlarms: () =>
      answer(
        'alarms',
        alarm instanceof Error
          ? alarm
          : { MetricAlarms: [{ AlarmName: 'errors', StateValue: alarm, StateReason: 'Threshold Crossed' }] },
      ),
  };
  const made = {
    aws: { ecs, alarms, elb: {} },
    ask: () => answer('url', probe),
    clock: fakeClock({ isPatient: true }),
    log: fakeLog(),
    signal: new AbortController().signal,
    asked,
    random: () => 0.5,
    tasks: tasksOf(() => made),
  } as unknown as GateContext & Asked;
  return made;
}

function baking(
  world: GateContext,
  serviceRuns: readonly ServiceRun[],
  gate: object,
): Promise<readonly ServiceRun[]> {
  return proveBy(world, serviceRuns, gate, { before: { alarms: SILENT, answer: GOOD } });
}

const ALARMS = { alarms: ['errors'], bakeMinutes: 0 };
const BAKED = { alarms: [], bakeMinutes: 1 };
const ends = (serviceRuns: readonly ServiceRun[]): string[] =>
  serviceRuns.map(({ change, problem }) =>
    `${change}: ${problem?.cause ?? 'well'} ${problem?.recovery ?? ''}`.trim(),
  );

describe('the bake', () => {
  it('is over at once where neither alarms nor a time are given', async () => {
    const world = ctx({});
    const serviceRuns = [serviceRunOf()];
    const [serviceRun] = await baking(world, serviceRuns, { alarms: [], bakeMinutes: 0 });
    expect(serviceRun?.problem).toBeUndefined();
    expect([world.asked.includes('alarms'), world.clock.now()]).toEqual([false, 0]);
  });

  it('asks the alarms once where there is no time', async () => {
    const world = ctx({});
    const [serviceRun] = await baking(world, [serviceRunOf()], ALARMS);
    expect(serviceRun?.gates.map(({ gate, state }) => `${gate} ${state}`)).toContain('alarms passed');
    const asked = world.asked.filter((call) => call === 'alarms');
    expect([asked, world.clock.now()]).toEqual([['alarms'], 0]);
  });

  it('takes its time, and then asks the tasks and the URL once more', async () => {
    const world = ctx({});
    const [serviceRun] = await baking(world, [serviceRunOf()], { ...BAKED, http: HTTP_CHECK });
    expect(serviceRun?.gates.map(({ gate, state }) => `${gate} ${state}`)).toEqual([
      'digest skipped',
      'tasks passed',
      'http passed',
    ]);
    expect(world.clock.now()).toBeGreaterThanOrEqual(60_000);
    // What has passed needs one good answer at the end: nobody counts on from the gate and the bake.
    expect(world.log.said.filter((line) => line.includes('good answers'))).toEqual([
      expect.stringContaining('(1 of 3 good answers)'),
      expect.stringContaining('(2 of 3 good answers)'),
      expect.stringContaining('(3 of 3 good answers)'),
    ]);
  });

  it.each<[string, World, string]>([
    ['an alarm that goes into ALARM', { alarm: 'ALARM' }, 'alarm'],
    ['tasks that are well no more', { status: 'PENDING' }, 'container-health-check-failed'],
    ['a URL that answers badly', { probe: { ...GOOD, status: 500 } }, 'http-check-failed'],
  ])('fails for %s', async (_what, world, cause) => {
    const gate = { alarms: ['errors'], bakeMinutes: 1, http: HTTP_CHECK };
    expect(ends(await baking(ctx(world), [serviceRunOf()], gate))).toEqual([`update: ${cause} roll-back`]);
  });

  it('of an alarm counts against every service that this run changed, and against no other', async () => {
    const serviceRuns = [serviceRunOf(), serviceRunOf({ change: 'none' }), serviceRunOf({ change: 'adopt' })];
    expect(ends(await baking(ctx({ alarm: 'ALARM' }), serviceRuns, ALARMS))).toEqual([
      'update: alarm roll-back',
      'none: well',
      'adopt: alarm roll-back',
    ]);
  });

  it('of an alarm leaves a service that was not changed', async () => {
    const evaluated = await baking(ctx({ alarm: 'ALARM' }), [serviceRunOf({ change: 'none' })], ALARMS);
    expect(ends(evaluated)).toEqual(['none: alarm leave']);
    expect(evaluated[0]?.problem?.reason).toBe('runs, but alarm "errors" is in ALARM: Threshold Crossed');
  });

  it('is not begun where no service is well', async () => {
    const world = ctx({});
    const [failed] = await baking(ctx({ alarm: 'ALARM' }), [serviceRunOf()], ALARMS);
    expect(await baking(world, failed === undefined ? [] : [failed], ALARMS)).toEqual([failed]);
    expect(world.asked).toEqual([]);
  });

  it.each([
    ['warned of where they may not be read', denied(), true],
    ['logged where they are ok', 'OK', false],
  ] as const)('has its alarms %s', async (_what, alarm, warned) => {
    const world = ctx({ alarm });
    await baking(world, [serviceRunOf()], ALARMS);
    expect(world.log.said.filter((line) => line.includes('alarms gate'))).toEqual([
      expect.stringMatching(warned ? /^warning: alarms gate skipped/ : /^alarms gate passed/),
    ]);
  });

  it('leaves production where the credentials end meanwhile', async () => {
    const [serviceRun] = await baking(ctx({ alarm: expired() }), [serviceRunOf()], ALARMS);
    expect(serviceRun?.problem).toMatchObject({ cause: 'credentials-expired', recovery: 'leave' });
  });
});
