import type { GateRequest, HttpCheck, Probe } from '../model.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Log } from '../runtime/log.ts';
import { poll } from '../runtime/poll.ts';
import { withoutQuery } from '../runtime/public-url.ts';
import { measure, type Measurement } from './reading.ts';

/** Asks the URL once; probe.ts in production. */
export type Ask = (check: HttpCheck, signal: AbortSignal) => Promise<Probe>;

export interface HttpGateContext {
  readonly ask: Ask;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly log: Log;
}

export interface HttpGateEnd {
  readonly passed: boolean;
  readonly detail: string;
  /** False: it never answered, neither now nor in the survey; the runner may be at fault. */
  readonly reachable: boolean;
}

/** However little time is left, a probe that is begun has as long. */
const LEAST_SECONDS = 1;

/**
 * Asks the health-check URL until it gave enough good answers in a row, or enough bad ones, or its time is up.
 * `before` is its answer in the survey.
 */
export async function httpGate(
  ctx: HttpGateContext,
  check: HttpCheck,
  gate: GateRequest,
  before: Probe | undefined,
): Promise<HttpGateEnd> {
  const deadline = ctx.clock.now() + gate.deadlineSeconds * 1000;
  let tally: Tally = { good: 0, bad: 0, answered: before?.kind === 'answer' };
  let lastLine = '';
  return poll<HttpGateEnd>(ctx, deadline, async () => {
    const seconds = Math.max((deadline - ctx.clock.now()) / 1000, LEAST_SECONDS);
    const timeoutSeconds = Math.min(check.timeoutSeconds, seconds);
    const answer = await ctx.ask({ ...check, timeoutSeconds }, ctx.signal);
    const measurement = measure(answer, check, before);
    tally = count(tally, answer, measurement);
    const line = lineOf(measurement, tally, check);
    if (line !== lastLine) ctx.log.line(line);
    lastLine = line;
    if (tally.good >= check.successes) return { end: end(true, measurement, tally) };
    if (tally.bad >= check.failures) return { end: end(false, measurement, tally) };
    const late = { ...end(false, measurement, tally), detail: tooLate(measurement, tally, check, gate) };
    return { pauseMs: check.intervalSeconds * 1000, late };
  });
}

interface Tally {
  readonly good: number;
  readonly bad: number;
  readonly answered: boolean;
}

/** Only answers in a row count; the old version's, and errors of the probe itself, are neither good nor bad. */
function count(tally: Tally, answer: Probe, measurement: Measurement): Tally {
  return {
    good: measurement.kind === 'good' ? tally.good + 1 : 0,
    bad: measurement.kind === 'bad' ? tally.bad + 1 : 0,
    answered: tally.answered || answer.kind === 'answer',
  };
}

function lineOf(measurement: Measurement, tally: Tally, check: HttpCheck): string {
  switch (measurement.kind) {
    case 'good':
      return `${withoutQuery(check.url)}: ${measurement.what} (${tally.good} of ${check.successes} good answers)`;
    case 'bad':
      return `${withoutQuery(check.url)}: ${measurement.what} (${tally.bad} of ${check.failures} bad answers)`;
    case 'old-version':
      return `${withoutQuery(check.url)}: ${measurement.what}: still the old version`;
    case 'error':
      return `${withoutQuery(check.url)}: ${measurement.what}`;
  }
}

/** The last reading alone may look fine: it came too late, or stood alone. */
function tooLate(measurement: Measurement, tally: Tally, check: HttpCheck, gate: GateRequest): string {
  const good = tally.good === 0 ? '' : `, ${tally.good} of ${check.successes} good answers in a row`;
  return `${measurement.what}${good} when its ${gate.deadlineSeconds} s were over`;
}

function end(passed: boolean, measurement: Measurement, tally: Tally): HttpGateEnd {
  return { passed, detail: measurement.what, reachable: tally.answered };
}
