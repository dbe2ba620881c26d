import type { AlarmReads } from '../aws/clients.ts';
import { awsErrorKind, deployErrorOf, describeAwsError } from '../aws/errors.ts';
import type { Measurement } from '../model/analysis.ts';
import type { AlarmView, GateResult } from '../model/index.ts';
import type { Clock } from '../runtime/clock.ts';
import { DeployError } from '../runtime/error.ts';
import { counted, type Log } from '../runtime/log.ts';
import { Heartbeat, poll, withTimeout } from '../runtime/wait.ts';
import type { Measurer } from './analysis.ts';

/** However little of the bake is left, a look that is begun has as long. */
const LEAST_MS = 15_000;

export interface AlarmContext {
  readonly aws: { readonly alarms: AlarmReads };
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly log: Log;
}

/**
 * The alarms as they are before anything is touched; empty where they could not be read. One that does not exist could
 * never warn: it rejects with `preflight-failed`, or only warns where the checks do. One that is in ALARM already is ignored
 * until it has been OK once; the preflight checks warn of it.
 */
export async function surveyAlarms(
  ctx: AlarmContext,
  names: readonly string[],
  preflight: 'fail' | 'warn' | 'off',
): Promise<readonly AlarmView[]> {
  if (names.length === 0) return [];
  const seen = await readPatiently(ctx, names);
  if (seen === 'denied' || seen === 'unanswered') {
    const why = seen === 'denied' ? 'denied: cloudwatch:DescribeAlarms' : 'no answer';
    ctx.log.warn(`How the alarms were before the deployment cannot be read (${why}).`);
    return [];
  }
  const missing = names.filter((name) => !seen.some((alarm) => alarm.name === name));
  if (missing.length > 0) {
    const message = `There is no CloudWatch alarm ${missing.map(quoted).join(', ')}.`;
    if (preflight === 'fail') {
      throw new DeployError('preflight-failed', message, {
        hint: 'Check the input alarms, the region and the account.',
      });
    }
    ctx.log.warn(message);
  }
  for (const alarm of seen.filter(({ state }) => state === 'ALARM')) {
    const text = `Alarm "${alarm.name}" is in ALARM before the deployment; it counts only once it has been OK.`;
    if (preflight === 'off') ctx.log.warn(text);
    else ctx.log.line(text);
  }
  return seen;
}

/** Pause between two looks at the alarms while ECS shifts traffic or bakes. */
const EVERY_MS = 15_000;

/**
 * Asks the alarms from the first production traffic of the new revision on. One that is in ALARM judges only once it has
 * been OK, the survey (`before`) included.
 */
export function alarmsMeasurer(
  ctx: AlarmContext,
  names: readonly string[],
  before: readonly AlarmView[],
  limitMs: number,
): Measurer {
  return {
    gate: 'alarms',
    rule: { successes: 1, failures: 1, goodFirst: true, limitMs },
    before: before.map((alarm) => measurementOf(alarm, 0, ctx.clock.now())),
    everyMs: ({ phase, traffic }) =>
      ['shifting', 'baking'].includes(phase) && traffic !== 'none' ? EVERY_MS : undefined,
    measure: async ({ n }) => {
      const at = ctx.clock.now();
      const seen = await readAlarms(ctx, names, at);
      if (seen === 'denied' || seen === 'unanswered') {
        const reading = { kind: 'unanswered', forGood: seen === 'denied' } as const;
        const detail = seen === 'denied' ? 'cloudwatch:DescribeAlarms is denied' : 'no answer';
        return names.map((subject) => ({
          ...{ gate: 'alarms' as const, subject, round: n, at },
          ...{ reading, detail, evidence: [] },
        }));
      }
      return seen.map((alarm) => measurementOf(alarm, n, at));
    },
  };
}

function measurementOf({ name, state, reason }: AlarmView, round: number, at: number): Measurement {
  const common = { gate: 'alarms' as const, subject: name, round, at, evidence: [] };
  switch (state) {
    case 'OK':
      return { ...common, reading: { kind: 'good' }, detail: `alarm "${name}" is OK` };
    case 'ALARM':
      return {
        ...common,
        reading: { kind: 'bad', cause: 'alarm', blames: true },
        detail: `alarm "${name}" is in ALARM: ${reason}`,
      };
    case 'INSUFFICIENT_DATA':
      return {
        ...common,
        reading: { kind: 'inconclusive', atLimit: 'skipped' },
        detail: `alarm "${name}" has no data`,
      };
  }
}

/** However the last look of the bake went, the result rests on an answer: this long is asked for one. */
const SECONDS_FOR_AN_ANSWER = 30;

/**
 * Watches the alarms while the new revision bakes, and looks at them at least once. Fails as soon as one goes into ALARM
 * that was ok before. Skipped where it is not known of each alarm that it is ok: one without data judges nothing.
 */
export async function alarmsGate(
  ctx: AlarmContext,
  names: readonly string[],
  before: readonly AlarmView[],
  limits: { readonly bakeMinutes: number; readonly pollSeconds: number; readonly until?: number },
): Promise<GateResult> {
  const { clock } = ctx;
  const until = limits.until ?? clock.now() + limits.bakeMinutes * 60_000;
  const ignored = before.filter(isInAlarm).map(({ name }) => name);
  let watched: Watched = { ignored, unknownBefore: [], known: before, now: [] };
  const heartbeat = new Heartbeat(clock);
  return poll<GateResult>(ctx, until + SECONDS_FOR_AN_ANSWER * 1000, async () => {
    const answer = names.length === 0 ? [] : await readAlarms(ctx, names, until);
    if (answer === 'denied') return { kind: 'end', value: skipped('cloudwatch:DescribeAlarms is denied') };
    const isAnswered = answer !== 'unanswered';
    if (isAnswered) watched = withAnswer(watched, answer);
    const excused = [...watched.ignored, ...watched.unknownBefore];
    const inAlarm = watched.now.find((alarm) => isInAlarm(alarm) && !excused.includes(alarm.name));
    if (inAlarm !== undefined) return { kind: 'end', value: failedBy(inAlarm) };
    const left = until - clock.now();
    if (left <= 0 && isAnswered)
      return { kind: 'end', value: passedOrSkipped(names, watched, limits.bakeMinutes) };
    if (left > 0 && heartbeat.due() !== undefined) {
      ctx.log.line(`Still baking: ${Math.ceil(left / 60_000)} of ${limits.bakeMinutes} minutes to go.`);
    }
    const pauseMs = limits.pollSeconds * 1000;
    return {
      kind: 'pause',
      pauseMs: left > 0 ? Math.min(pauseMs, left) : pauseMs,
      late: skipped('they gave no answer at the end'),
    };
  });
}

/** What the gate knows of the alarms so far. */
interface Watched {
  /** Those that were in ALARM before the deployment, and have not been OK since. */
  readonly ignored: readonly string[];
  /** Those that were in ALARM when they were first seen, after the deployment, and have not been OK since. */
  readonly unknownBefore: readonly string[];
  readonly known: readonly AlarmView[];
  readonly now: readonly AlarmView[];
}

/** An alarm whose first known state is ALARM may have been in it before this deployment: whose doing it is, is not known. */
function withAnswer({ ignored, unknownBefore, known }: Watched, now: readonly AlarmView[]): Watched {
  const isNew = ({ name }: AlarmView): boolean => !known.some((each) => each.name === name);
  const inAlarmFirst = now.filter((alarm) => isNew(alarm) && isInAlarm(alarm)).map(({ name }) => name);
  const isNotOk = (name: string): boolean => now.find((alarm) => alarm.name === name)?.state !== 'OK';
  return {
    ignored: ignored.filter(isNotOk),
    unknownBefore: [...unknownBefore, ...inAlarmFirst].filter(isNotOk),
    known: [...known, ...now.filter(isNew)],
    now,
  };
}

function isInAlarm({ state }: AlarmView): boolean {
  return state === 'ALARM';
}

function skipped(detail: string): GateResult {
  return { gate: 'alarms', state: 'skipped', detail };
}

function failedBy({ name, reason }: AlarmView): GateResult {
  return { gate: 'alarms', state: 'failed', detail: `alarm "${name}" is in ALARM: ${reason}` };
}

/** An alarm that was in ALARM all the time, or has no data, judges nothing; what the others say is said with it. */
function passedOrSkipped(
  names: readonly string[],
  { ignored, unknownBefore, now }: Watched,
  bakeMinutes: number,
): GateResult {
  if (names.length === 0) return skipped('no alarm is named');
  const gone = names.filter((name) => !now.some((alarm) => alarm.name === name));
  if (gone.length > 0) return skipped(`there is no alarm ${gone.map(quoted).join(', ')} any more`);
  if (unknownBefore.length > 0) {
    return skipped(
      `${unknownBefore.map(quoted).join(', ')} in ALARM, and whether it was before is not known`,
    );
  }
  const ok = now.filter(({ state }) => state === 'OK');
  const minutes = bakeMinutes === 0 ? '' : ` after ${counted(bakeMinutes, 'minute')} of baking`;
  const notes = [
    ...now.filter(({ state }) => state === 'INSUFFICIENT_DATA').map(({ name }) => `no data: ${name}`),
    ...ignored.filter((name) => isAlarmNow(now, name)).map((name) => `in ALARM before: ${name}`),
  ];
  const noted = notes.length === 0 ? '' : ` (${notes.join(', ')})`;
  const detail = `${ok.length} of ${names.length} alarms are ok${minutes}${noted}`;
  return ok.length === names.length ? { gate: 'alarms', state: 'passed', detail } : skipped(detail);
}

function isAlarmNow(now: readonly AlarmView[], name: string): boolean {
  return now.some((alarm) => alarm.name === name && isInAlarm(alarm));
}

/** Pauses between the looks of the survey, in seconds. */
const PAUSES = [1, 2, 4];

async function readPatiently(
  ctx: AlarmContext,
  names: readonly string[],
): Promise<AlarmView[] | 'denied' | 'unanswered'> {
  for (const pause of PAUSES) {
    const seen = await readAlarms(ctx, names);
    if (seen !== 'unanswered') return seen;
    await ctx.clock.sleep(pause * 1000, ctx.signal);
  }
  return readAlarms(ctx, names);
}

/** DescribeAlarms takes a hundred names. A lost answer leaves the alarms unseen for one poll. */
async function readAlarms(
  ctx: AlarmContext,
  names: readonly string[],
  until = ctx.clock.now(),
): Promise<AlarmView[] | 'denied' | 'unanswered'> {
  try {
    const answer = await withTimeout(ctx.clock, Math.max(until - ctx.clock.now(), LEAST_MS), () =>
      ctx.aws.alarms.describeAlarms({
        AlarmNames: [...names],
        AlarmTypes: ['MetricAlarm', 'CompositeAlarm'],
        MaxRecords: 100,
      }),
    );
    return [...(answer.MetricAlarms ?? []), ...(answer.CompositeAlarms ?? [])].map((alarm) => ({
      name: alarm.AlarmName ?? '',
      state: alarm.StateValue ?? 'INSUFFICIENT_DATA',
      reason: alarm.StateReason ?? '',
    }));
  } catch (error) {
    const kind = awsErrorKind(error);
    if (kind === 'denied' || kind === 'unsupported') return 'denied';
    if (kind === 'throttled' || kind === 'transient') {
      ctx.log.line(`The alarms gave no answer this time (${describeAwsError(error)}).`);
      return 'unanswered';
    }
    throw deployErrorOf(error, 'reading the alarms');
  }
}

function quoted(name: string): string {
  return `"${name}"`;
}
