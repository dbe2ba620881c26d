import { describe, expect, test } from '@jest/globals';
import { surveyAlarms, type AlarmContext } from '../../src/gates/alarms.ts';
import { fakeClock } from '../fakes/clock.ts';
import { denied, throttled } from '../fakes/aws-errors.ts';
import type { AlarmView, GateResult } from '../../src/model/index.ts';
import { serviceRunOf } from '../fakes/literals.ts';
import { fakeLog } from '../fakes/log.ts';
import { proveBy } from './asking.ts';

type Answer = Readonly<Record<string, 'OK' | 'ALARM' | 'INSUFFICIENT_DATA'>> | Error;

/** Answers one look after the other; the last one for ever. */
function ctx(...answers: Answer[]): AlarmContext & { readonly clock: ReturnType<typeof fakeClock> } {
  let look = 0;
  const describeAlarms: AlarmContext['aws']['alarms']['describeAlarms'] = () => {
    const answer = answers[Math.min(look, answers.length - 1)] ?? {};
    look += 1;
    if (answer instanceof Error) return Promise.reject(answer);
    const MetricAlarms = Object.entries(answer).map(([AlarmName, StateValue]) => ({
      AlarmName,
      StateValue,
      StateReason: 'Threshold Crossed',
    }));
    return Promise.resolve({ MetricAlarms, $metadata: {} });
  };
  return {
    aws: { alarms: { describeAlarms } },
    clock: fakeClock({ isPatient: true }),
    signal: new AbortController().signal,
    log: fakeLog(),
  };
}

const limits = { bakeMinutes: 1 };

/** What the alarms come to in the end. `before`: as they were in the survey. */
async function alarmsGate(
  world: AlarmContext,
  alarms: readonly string[],
  before: readonly AlarmView[],
  { bakeMinutes }: { readonly bakeMinutes: number },
): Promise<GateResult> {
  const run = serviceRunOf({ outcome: undefined, allTrafficSince: 0 });
  const terms = { before: { alarms: before, answer: undefined } };
  const [end] = await proveBy(world, [run], { alarms, bakeMinutes }, terms);
  const result = end?.gates.find(({ gate }) => gate === 'alarms');
  if (result === undefined) throw new Error('The alarms were not asked.');
  return result;
}

const ok = [{ name: 'errors', state: 'OK', reason: '' }] as const;
const inAlarm = [{ name: 'errors', state: 'ALARM', reason: '' }] as const;

describe('alarms while the new revision bakes', () => {
  test('pass when they stay ok for the whole time', async () => {
    const world = ctx({ errors: 'OK' });
    await expect(alarmsGate(world, ['errors'], ok, limits)).resolves.toEqual({
      gate: 'alarms',
      state: 'passed',
      detail: '1 of 1 alarms are ok after 1 minute of baking',
    });
    expect(world.clock.now()).toBe(60_000);
  });

  test('pass at once where nothing bakes', async () => {
    const result = await alarmsGate(ctx({ errors: 'OK' }), ['errors'], ok, {
      ...limits,
      bakeMinutes: 0,
    });
    expect(result.detail).toBe('1 of 1 alarms are ok');
  });

  test('fail at the first look at which one is in ALARM', async () => {
    const world = ctx({ errors: 'OK' }, { errors: 'OK' }, { errors: 'ALARM' });
    await expect(alarmsGate(world, ['errors'], ok, limits)).resolves.toEqual({
      gate: 'alarms',
      state: 'failed',
      detail: 'alarm "errors" is in ALARM: Threshold Crossed',
    });
    expect(world.clock.now()).toBe(15_000);
  });

  test('are not silent themselves: a long bake gives signs of life, ever more seldom', async () => {
    const log = fakeLog();
    await alarmsGate({ ...ctx({ errors: 'OK' }), log }, ['errors'], ok, { ...limits, bakeMinutes: 10 });
    expect(log.said.filter((line) => line.startsWith('Still'))).toEqual([
      'Still baking: 10 of 10 minutes to go.',
      'Still baking: 9 of 10 minutes to go.',
      'Still baking: 7 of 10 minutes to go.',
      'Still baking: 2 of 10 minutes to go.',
    ]);
  });

  test('are looked at once where nothing bakes', async () => {
    const world = ctx({ errors: 'ALARM' });
    const once = { ...limits, bakeMinutes: 0 };
    await expect(alarmsGate(world, ['errors'], ok, once)).resolves.toMatchObject({ state: 'failed' });
  });

  test('that were in ALARM before and stay so judge nothing', async () => {
    const world = ctx({ errors: 'ALARM' });
    await expect(alarmsGate(world, ['errors'], inAlarm, limits)).resolves.toMatchObject({
      state: 'skipped',
      detail: '0 of 1 alarms are ok after 1 minute of baking (in ALARM before: errors)',
    });
  });

  test('that were in ALARM before and are OK at the end pass', async () => {
    const world = ctx({ errors: 'ALARM' }, { errors: 'OK' });
    await expect(alarmsGate(world, ['errors'], inAlarm, limits)).resolves.toMatchObject({ state: 'passed' });
  });

  test('that were in ALARM before count once they have been OK', async () => {
    const world = ctx({ errors: 'ALARM' }, { errors: 'OK' }, { errors: 'ALARM' });
    await expect(alarmsGate(world, ['errors'], inAlarm, limits)).resolves.toMatchObject({ state: 'failed' });
  });

  test('without data judge nothing', async () => {
    const world = ctx({ errors: 'INSUFFICIENT_DATA' });
    const result = await alarmsGate(world, ['errors'], ok, limits);
    expect([result.state, result.detail]).toEqual(['skipped', expect.stringContaining('no data: errors')]);
  });

  test('that give no answer once are asked again', async () => {
    const world = ctx(throttled(), { errors: 'ALARM' });
    await expect(alarmsGate(world, ['errors'], ok, limits)).resolves.toMatchObject({ state: 'failed' });
  });

  test('that answer slowly at the very end are heard: a look that is begun has its time', async () => {
    const world = ctx({ errors: 'OK' });
    const { describeAlarms } = world.aws.alarms;
    const slowly: typeof describeAlarms = (input) => {
      world.clock.advance(10_000);
      return describeAlarms(input);
    };
    const aws = { alarms: { describeAlarms: slowly } };
    await expect(alarmsGate({ ...world, aws }, ['errors'], ok, limits)).resolves.toMatchObject({
      state: 'passed',
    });
  });

  test('that may not be read are skipped', async () => {
    const world = ctx(denied());
    await expect(alarmsGate(world, ['errors'], [], limits)).resolves.toMatchObject({ state: 'skipped' });
  });
});

describe('alarms that nobody saw ok', () => {
  test('prove nothing: without an answer at the end they are skipped', async () => {
    const world = ctx(throttled());
    await expect(alarmsGate(world, ['errors'], ok, limits)).resolves.toMatchObject({ state: 'skipped' });
    expect(world.clock.now()).toBeLessThanOrEqual(60_000 + 60_000);
  });

  test('that are in ALARM when they are first seen may have been before: skipped, not failed', async () => {
    const world = ctx({ errors: 'ALARM' });
    await expect(alarmsGate(world, ['errors'], [], limits)).resolves.toMatchObject({
      state: 'skipped',
      detail: expect.stringContaining('whether it was before is not known'),
    });
  });

  test('that are OK after that pass', async () => {
    const world = ctx({ errors: 'ALARM' }, { errors: 'OK' });
    await expect(alarmsGate(world, ['errors'], [], limits)).resolves.toMatchObject({ state: 'passed' });
  });

  test('that were OK meanwhile count', async () => {
    const world = ctx({ errors: 'OK' }, { errors: 'ALARM' });
    await expect(alarmsGate(world, ['errors'], [], limits)).resolves.toMatchObject({ state: 'failed' });
  });

  test('that are gone are skipped', async () => {
    const world = ctx({ errors: 'OK' }, {});
    await expect(alarmsGate(world, ['errors'], ok, limits)).resolves.toMatchObject({
      state: 'skipped',
      detail: 'there is no alarm "errors" any more',
    });
  });
});

describe('alarms before anything is touched', () => {
  test.each(['warn', 'off'] as const)('that are missing only warn with preflight: %s', async (preflight) => {
    const world = ctx({ errors: 'OK' });
    await expect(surveyAlarms(world, ['errors', 'latency'], preflight)).resolves.toHaveLength(1);
    expect((world.log as ReturnType<typeof fakeLog>).said).toEqual([
      'warning: There is no CloudWatch alarm "latency".',
    ]);
  });

  const saidBy = async (
    world: ReturnType<typeof ctx>,
    names: readonly string[],
    preflight: 'fail' | 'warn' | 'off',
  ): Promise<unknown> => {
    await surveyAlarms(world, names, preflight);
    const { said } = world.log as ReturnType<typeof fakeLog>;
    return said.filter((text) => !text.startsWith('The alarms gave no answer this time'));
  };

  test('that are all there say nothing', async () => {
    const world = ctx({ errors: 'OK', latency: 'INSUFFICIENT_DATA' });
    expect(await saidBy(world, ['errors', 'latency'], 'fail')).toEqual([]);
  });

  test.each([
    ['fail', ''],
    ['warn', ''],
    ['off', 'warning: '],
  ] as const)(
    'that are in ALARM already are logged, with preflight: %s as a "%s"',
    async (preflight, kind) => {
      expect(await saidBy(ctx({ errors: 'ALARM', latency: 'OK' }), ['errors', 'latency'], preflight)).toEqual(
        [`${kind}Alarm "errors" is in ALARM before the deployment; it counts only once it has been OK.`],
      );
    },
  );

  test.each([
    ['are denied', denied, 'denied: cloudwatch:DescribeAlarms'],
    ['get no answer', throttled, 'no answer'],
  ])('whose reads %s are unknown, and a warning says why', async (_, error, why) => {
    expect(await saidBy(ctx(error()), ['errors'], 'fail')).toEqual([
      `warning: How the alarms were before the deployment cannot be read (${why}).`,
    ]);
  });

  test('must exist', async () => {
    await expect(surveyAlarms(ctx({ errors: 'OK' }), ['errors', 'latency'], 'fail')).rejects.toMatchObject({
      conclusion: { cause: 'preflight-failed' },
      message: 'There is no CloudWatch alarm "latency".',
    });
  });

  test('are not asked for where none is named', async () => {
    await expect(surveyAlarms(ctx(new Error('asked')), [], 'fail')).resolves.toEqual([]);
  });

  test('that give no answer once are asked again', async () => {
    await expect(surveyAlarms(ctx(throttled(), { errors: 'OK' }), ['errors'], 'fail')).resolves.toHaveLength(
      1,
    );
  });

  test('that give no answer are not taken for missing', async () => {
    await expect(surveyAlarms(ctx(throttled()), ['errors'], 'fail')).resolves.toEqual([]);
  });
});
