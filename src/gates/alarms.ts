import { attempt, CLOSED, LOST, type Answer } from '../aws/attempt.ts';
import type { AlarmReads } from '../aws/clients.ts';
import { describeAwsError, wrapAwsError } from '../aws/errors.ts';
import { retryUnanswered } from '../aws/writes.ts';
import type { StepContext } from '../context.ts';
import type { Asked, Measurement, Measurer, Round } from '../model/analysis.ts';
import type { AlarmView, GateRequest, GateResult } from '../model/index.ts';
import { DeployError } from '../runtime/error.ts';
import { counted } from '../runtime/log.ts';
import { Deadline, withTimeout, type Retries } from '../runtime/wait.ts';

/** One look has as long. */
const LOOK_MS = 15_000;

/** Pauses between the looks of the survey, in seconds. */
const PAUSES = [1, 2, 4];

export interface AlarmContext extends StepContext {
  readonly aws: { readonly alarms: AlarmReads };
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
  const answer = await readAlarms(ctx, names, { pauses: PAUSES });
  if (answer.kind !== 'answered') {
    const why = answer.kind === 'forbidden' ? 'denied: cloudwatch:DescribeAlarms' : 'no answer';
    ctx.log.warn(`How the alarms were before the deployment cannot be read (${why}).`);
    return [];
  }
  const seen = answer.value;
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

/** Pause between two looks at the alarms while ECS shifts traffic, or the new revision bakes. */
const EVERY_MS = 15_000;

/** In the end the result rests on an answer: this long is asked for one, with these pauses, in seconds. */
const FOR_AN_ANSWER_MS = 30_000;

const LAST_PAUSES = [5];

/**
 * Asks the alarms from the first production traffic of the new revision on. One that is in ALARM judges only once it has
 * been OK, the survey (`before`) included.
 */
export function alarmsMeasurer(
  ctx: AlarmContext,
  names: readonly string[],
  before: readonly AlarmView[],
  { deadlineSeconds, bakeMinutes }: Pick<GateRequest, 'deadlineSeconds' | 'bakeMinutes'>,
): Measurer {
  return {
    gate: 'alarms',
    rule: (round) => ({
      successes: 1,
      failures: 1,
      goodFirst: true,
      limitMs: limitOf(round, deadlineSeconds * 1000),
    }),
    before: before.map((alarm) => measurementOf(alarm, 0, ctx.clock.now())),
    everyMs: ({ phase, traffic, isOwn }) =>
      isOwn === true || (['shifting', 'baking'].includes(phase) && traffic !== 'none') ? EVERY_MS : undefined,
    measure: async ({ n, phase, isOwn }) => {
      const at = ctx.clock.now();
      const isLast = isOwn === true && phase === 'proving';
      const again = isLast
        ? { pauses: LAST_PAUSES, deadline: Deadline.of(ctx.clock, FOR_AN_ANSWER_MS) }
        : { pauses: [] };
      const answer = await readAlarms(ctx, names, again);
      if (answer.kind !== 'answered') {
        const forGood = answer.kind === 'forbidden';
        const reading = { kind: 'unanswered', forGood } as const;
        const detail = forGood ? 'cloudwatch:DescribeAlarms is denied' : 'they gave no answer at the end';
        return names.map((subject) => ({
          ...{ gate: 'alarms' as const, subject, round: n, at },
          ...{ reading, detail, evidence: [] },
        }));
      }
      const seen = answer.value;
      const gone = names.filter((name) => !seen.some((alarm) => alarm.name === name));
      return [
        ...seen.map((alarm) => measurementOf(alarm, n, at)),
        ...gone.map((name) => goneSince(name, n, at)),
      ];
    },
    conclude: (asked) => ({ gate: 'alarms', ...concludeAlarms(asked, bakeMinutes) }),
  };
}

/** What one look shows is all that there is to know, once nothing bakes. */
function limitOf({ phase, isOwn }: Round, limitMs: number): number {
  if (isOwn !== true) return limitMs;
  return phase === 'baking' ? Number.POSITIVE_INFINITY : 0;
}

const GONE = 'it is gone';

function goneSince(name: string, round: number, at: number): Measurement {
  return {
    ...{ gate: 'alarms', subject: name, round, at, evidence: [], detail: GONE },
    reading: { kind: 'inconclusive', atLimit: 'skipped', blames: false },
  };
}

function isGone({ detail }: Measurement): boolean {
  return detail === GONE;
}

/** An alarm that was in ALARM all the time, or has no data, judges nothing; what the others say is said with it. */
function concludeAlarms(
  { answers, standings }: Asked,
  bakeMinutes: number,
): Pick<GateResult, 'state' | 'detail'> {
  const failed = [...standings.values()].find(({ kind }) => kind === 'failed');
  if (failed?.kind === 'failed') return { state: 'failed', detail: failed.by.detail };
  const last = [...new Map(answers.map((each) => [each.subject, each])).values()];
  const lost = last.find(({ reading }) => reading.kind === 'unanswered');
  if (lost !== undefined) return { state: 'skipped', detail: lost.detail };
  const gone = last.filter(isGone).map(({ subject }) => quoted(subject));
  if (gone.length > 0) return { state: 'skipped', detail: `there is no alarm ${gone.join(', ')} any more` };
  const inAlarm = last.filter(({ reading }) => reading.kind === 'bad').map(({ subject }) => subject);
  const wasKnown = (name: string): boolean =>
    answers.some(({ subject, round }) => subject === name && round === 0);
  const unknown = inAlarm.filter((name) => !wasKnown(name));
  if (unknown.length > 0) {
    const names = unknown.map(quoted).join(', ');
    return { state: 'skipped', detail: `${names} in ALARM, and whether it was before is not known` };
  }
  const ok = last.filter(({ reading }) => reading.kind === 'good');
  const notes = [
    ...last
      .filter(({ reading }) => reading.kind === 'inconclusive')
      .map(({ subject }) => `no data: ${subject}`),
    ...inAlarm.map((name) => `in ALARM before: ${name}`),
  ];
  const minutes = bakeMinutes === 0 ? '' : ` after ${counted(bakeMinutes, 'minute')} of baking`;
  const noted = notes.length === 0 ? '' : ` (${notes.join(', ')})`;
  return {
    state: ok.length === last.length ? 'passed' : 'skipped',
    detail: `${ok.length} of ${last.length} alarms are ok${minutes}${noted}`,
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
        reading: { kind: 'inconclusive', atLimit: 'skipped', blames: false },
        detail: `alarm "${name}" has no data`,
      };
  }
}

/** DescribeAlarms takes a hundred names. An answer that is lost is logged, and asked for again. */
async function readAlarms(
  ctx: AlarmContext,
  names: readonly string[],
  again: Pick<Retries, 'pauses' | 'deadline'>,
): Promise<Answer<AlarmView[]>> {
  const { clock, signal, log } = ctx;
  const onRetry = (error: unknown): void => {
    log.line(`The alarms gave no answer this time (${describeAwsError(error)}).`);
  };
  const look = (): Promise<AlarmView[]> => withTimeout(clock, LOOK_MS, () => describeAlarms(ctx, names));
  const read = (): Promise<AlarmView[]> => retryUnanswered({ clock, signal, onRetry, ...again }, look);
  const answer = await wrapAwsError('reading the alarms', () => attempt(read, [...CLOSED, ...LOST]));
  if (answer.kind === 'unanswered') onRetry(answer.error);
  return answer;
}

async function describeAlarms({ aws }: AlarmContext, names: readonly string[]): Promise<AlarmView[]> {
  const answer = await aws.alarms.describeAlarms({
    AlarmNames: [...names],
    AlarmTypes: ['MetricAlarm', 'CompositeAlarm'],
    MaxRecords: 100,
  });
  return [...(answer.MetricAlarms ?? []), ...(answer.CompositeAlarms ?? [])].map((alarm) => ({
    name: alarm.AlarmName ?? '',
    state: alarm.StateValue ?? 'INSUFFICIENT_DATA',
    reason: alarm.StateReason ?? '',
  }));
}

function quoted(name: string): string {
  return `"${name}"`;
}
