import type { AlarmReads } from '../aws/clients.ts';
import { awsErrorKind, describeAwsError } from '../aws/errors.ts';
import { failureOf } from '../aws/failures.ts';
import type { AlarmView, GateResult } from '../model.ts';
import { Failure } from '../runtime/failure.ts';
import type { Clock } from '../runtime/clock.ts';
import { Heartbeat } from '../runtime/heartbeat.ts';
import type { Log } from '../runtime/log.ts';
import { within } from '../runtime/within.ts';

/** However little of the bake is left, a look that is begun has as long. */
const LEAST_MS = 15_000;

export interface AlarmTools {
  readonly aws: { readonly alarms: AlarmReads };
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly log: Log;
}

/**
 * The alarms as they are before anything is touched. Rejects where one does not exist: it could never warn. One that
 * already rings is ignored until it has been OK once; the preflight checks warn of it.
 */
export async function surveyAlarms(
  tools: AlarmTools,
  names: readonly string[],
): Promise<readonly AlarmView[]> {
  if (names.length === 0) return [];
  const seen = await readAlarms(tools, names);
  if (seen === 'denied') {
    tools.log.warn('The alarms cannot be read (cloudwatch:DescribeAlarms): they are not watched.');
    return [];
  }
  if (seen === 'unanswered') return [];
  const missing = names.filter((name) => !seen.some((alarm) => alarm.name === name));
  if (missing.length > 0) {
    throw new Failure('preflight-failed', `There is no CloudWatch alarm ${missing.map(quoted).join(', ')}.`, {
      hint: 'Check the input alarms, the region and the account.',
    });
  }
  for (const alarm of seen.filter(({ state }) => state === 'ALARM')) {
    tools.log.line(`Alarm "${alarm.name}" is in ALARM already; it counts only once it has been OK.`);
  }
  return seen;
}

/**
 * Watches the alarms while the new revision bakes, and looks at them at least once. Fails as soon as one rings that
 * was silent before; missing data passes with a note.
 */
export async function alarmsGate(
  tools: AlarmTools,
  names: readonly string[],
  before: readonly AlarmView[],
  limits: { readonly bakeMinutes: number; readonly pollSeconds: number },
): Promise<GateResult> {
  const until = tools.clock.now() + limits.bakeMinutes * 60_000;
  let ignored = before.filter(({ state }) => state === 'ALARM').map(({ name }) => name);
  const heartbeat = new Heartbeat(tools.clock);
  let notes = '';
  for (;;) {
    const answer = names.length === 0 ? [] : await readAlarms(tools, names, until);
    if (answer === 'denied') {
      return { gate: 'alarms', state: 'skipped', detail: 'cloudwatch:DescribeAlarms is denied' };
    }
    const seen = answer === 'unanswered' ? [] : answer;
    ignored = ignored.filter((name) => seen.find((alarm) => alarm.name === name)?.state !== 'OK');
    const ringing = seen.find(({ name, state }) => state === 'ALARM' && !ignored.includes(name));
    if (ringing !== undefined) {
      return {
        gate: 'alarms',
        state: 'failed',
        detail: `alarm "${ringing.name}" is in ALARM: ${ringing.reason}`,
      };
    }
    notes = seen
      .filter(({ state }) => state === 'INSUFFICIENT_DATA')
      .map(({ name }) => name)
      .join(', ');
    const left = until - tools.clock.now();
    if (left <= 0) break;
    if (heartbeat.due() !== undefined) {
      tools.log.line(`Still baking: ${Math.ceil(left / 60_000)} of ${limits.bakeMinutes} minutes to go.`);
    }
    await tools.clock.sleep(Math.min(limits.pollSeconds * 1000, left), tools.signal);
  }
  const silent =
    names.length === 0 ? 'no alarm is named' : `${names.length} of ${names.length} alarms are silent`;
  const minutes = limits.bakeMinutes === 0 ? '' : ` after ${limits.bakeMinutes} minutes of baking`;
  const insufficient = notes === '' ? '' : ` (no data: ${notes})`;
  return { gate: 'alarms', state: 'passed', detail: `${silent}${minutes}${insufficient}` };
}

/** DescribeAlarms takes a hundred names. A lost answer leaves the alarms unseen for one poll. */
async function readAlarms(
  tools: AlarmTools,
  names: readonly string[],
  until = tools.clock.now(),
): Promise<AlarmView[] | 'denied' | 'unanswered'> {
  try {
    const answer = await within(tools.clock, Math.max(until - tools.clock.now(), LEAST_MS), () =>
      tools.aws.alarms.describeAlarms({
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
      tools.log.line(`The alarms gave no answer this time (${describeAwsError(error)}).`);
      return 'unanswered';
    }
    throw failureOf(error, 'reading the alarms');
  }
}

function quoted(name: string): string {
  return `"${name}"`;
}
