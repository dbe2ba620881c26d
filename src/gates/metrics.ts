import type { Measurement, Ms, Reading, Round } from '../model/analysis.ts';
import type { GateResult, MetricCheck, MetricValue, Rollout, ServiceSnapshot } from '../model/index.ts';
import { DeployError } from '../runtime/error.ts';
import { poll } from '../runtime/wait.ts';
import type { Measurer } from './analysis.ts';
import {
  ask,
  askTime,
  RolloutMetrics,
  shiftsTraffic,
  wholeMinutes,
  type Asked,
  type MetricContext,
} from './metric-source.ts';
import { expressionQuery, isStandard, leastRequests, type Judged } from './metric-values.ts';

export type { MetricContext } from './metric-source.ts';

/** CloudWatch has a value a minute. */
const EVERY_MS = 60_000;

/** A minute until whole minutes are counted, one that is counted, and three until the load balancer has reported it. */
const LEAST_MS = 6 * 60_000;

/** What runs for long is judged by its newest minutes. */
const UNCHANGED_MS = 10 * 60_000;

const SURVEYED_MS = 5 * 60_000;

const CAUSE = 'metric-check-failed';

/** Rolling updates are judged while they bake: a minute to begin, and some that are whole. */
const LEAST_BAKE_MINUTES = 5;

/**
 * Judges the input by what is known of the services, before anything is touched; throws `invalid-input` that names every
 * service. A rolling update has one target group for both revisions: nothing tells the old tasks apart, and all of its
 * traffic is on the new ones only in the bake.
 */
export function refuseMetrics(
  checks: readonly MetricCheck[],
  snapshots: readonly ServiceSnapshot[],
  bakeMinutes: number,
): void {
  const problems = snapshots.flatMap(({ address, deployment, targetGroups }) => {
    const name = `service "${address.name}"`;
    const relative = checks.find(({ isRelative }) => isRelative);
    const standard = checks.find(isStandard);
    const isRolling = !shiftsTraffic(deployment.strategy);
    return [
      ...(isRolling && relative !== undefined
        ? [
            `metrics: "${relative.text}" compares with the old tasks, and ${name} is updated by rolling, where one target group has both. Give a number without x.`,
          ]
        : []),
      ...(isRolling && checks.length > 0 && bakeMinutes < LEAST_BAKE_MINUTES
        ? [
            `bake-minutes: metrics of ${name}, which is updated by rolling, are asked while it bakes, and ${bakeMinutes} minutes are too short for them. Give ${LEAST_BAKE_MINUTES} or more.`,
          ]
        : []),
      ...(standard !== undefined && targetGroups.length === 0
        ? [
            `metrics: "${standard.text}" is a metric of a load balancer, and ${name} is behind none. Give an expression of CloudWatch.`,
          ]
        : []),
    ];
  });
  if (problems.length > 0) {
    throw new DeployError('invalid-input', problems.join(' '), { hint: 'Nothing was touched.' });
  }
}

/** Asks each expression once, before anything is touched: what CloudWatch does not accept is `invalid-input`. */
export async function surveyMetrics(ctx: MetricContext, checks: readonly MetricCheck[]): Promise<void> {
  const asked = checks.filter((check) => !isStandard(check));
  const time = asked.length === 0 ? undefined : await askTime(ctx);
  if (time?.kind !== 'answered' || time.date === undefined) return;
  const to = wholeMinutes(time.date.getTime(), Math.floor);
  const minutes = { from: to - SURVEYED_MS, to };
  const problems = await Promise.all(
    asked.map(async ({ name, expression = '' }) => {
      const answer = await ask(ctx, [expressionQuery(expression)], minutes);
      return answer.kind === 'refused' ? [`metrics: the expression of ${name}: ${answer.detail}`] : [];
    }),
  );
  if (problems.flat().length === 0) return;
  throw new DeployError('invalid-input', problems.flat().join(' '), {
    hint: 'Try the expression in the console of CloudWatch. Nothing was touched.',
  });
}

/**
 * Asks the metrics while ECS shifts traffic or bakes, of what the present share of the traffic brought. Too little of it
 * judges nothing: a pause is left to a person then, once its time is up.
 */
export function metricsMeasurer(
  ctx: MetricContext,
  rollout: Rollout,
  checks: readonly MetricCheck[],
  limitMs: Ms,
): Measurer {
  const metrics = new RolloutMetrics(ctx, rollout, checks);
  const since = new Map<string, Ms>();
  return {
    gate: 'metrics',
    rule: {
      successes: 1,
      failures: 1,
      goodFirst: false,
      limitMs: Math.max(limitMs, LEAST_MS),
    },
    everyMs: ({ phase, traffic }) =>
      ['shifting', 'baking'].includes(phase) && ['part', 'all'].includes(traffic) ? EVERY_MS : undefined,
    measure: async (round) => {
      const at = ctx.clock.now();
      const share = shareOf(round);
      since.set(share, since.get(share) ?? round.since);
      const asked = await metrics.measure(since.get(share) ?? round.since);
      return measurementsOf(asked, checks, { round: round.n, at });
    },
  };
}

function shareOf({ deploymentId, traffic, weight }: Round): string {
  return `${deploymentId} ${traffic === 'all' ? 100 : (weight ?? traffic)}`;
}

function measurementsOf(
  asked: Asked,
  checks: readonly MetricCheck[],
  when: Pick<Measurement, 'round' | 'at'>,
): Measurement[] {
  const common = { gate: 'metrics' as const, ...when, evidence: [] };
  if (asked.kind === 'unanswered') {
    const reading: Reading = { kind: 'unanswered', forGood: asked.forGood };
    return checks.map(({ text }) => ({ ...common, subject: text, reading, detail: asked.detail }));
  }
  return asked.judged.map(({ check, value, detail }) => ({
    ...common,
    subject: check.text,
    reading: READINGS[value.state],
    detail,
    metric: value,
  }));
}

const READINGS: Readonly<Record<MetricValue['state'], Reading>> = {
  passed: { kind: 'good' },
  failed: { kind: 'bad', cause: CAUSE, blames: true },
  skipped: { kind: 'inconclusive', atLimit: 'skipped', cause: CAUSE },
};

/** How the gate ended; `blames`: the new tasks are at fault. */
export interface MetricsGateEnd {
  readonly result: GateResult;
  readonly blames: boolean;
}

/**
 * Asks the metrics while a revision bakes with all traffic on it, until a reading of the clock. A bad value fails at
 * once. Too few requests fail at the end, and as long as CloudWatch needs to have any is waited for, unless `requests`
 * allows that there are none.
 */
export function metricsGate(
  ctx: MetricContext,
  rollout: Rollout,
  checks: readonly MetricCheck[],
  { since, until }: { readonly since: Ms | undefined; readonly until: Ms },
): Promise<MetricsGateEnd> {
  const { clock } = ctx;
  const metrics = new RolloutMetrics(ctx, rollout, checks);
  const from = since ?? clock.now() - UNCHANGED_MS;
  const last = Math.max(until, (since ?? clock.now()) + LEAST_MS);
  return poll<MetricsGateEnd>(ctx, last, async () => {
    const asked = await metrics.measure(from);
    if (asked.kind === 'unanswered') {
      const end: MetricsGateEnd = { result: skipped(asked.detail), blames: false };
      if (asked.forGood) return { kind: 'end', value: end };
      ctx.log.line(`The metrics gave no answer this time (${asked.detail}).`);
      return { kind: 'pause', pauseMs: EVERY_MS, late: end };
    }
    const { judged } = asked;
    const failed = judged.filter(({ value }) => value.state === 'failed');
    if (failed.length > 0)
      return { kind: 'end', value: { result: resultOf('failed', failed, judged), blames: true } };
    const open = judged.filter(({ value }) => value.state === 'skipped');
    const left = until - clock.now();
    if (open.length === 0 && left <= 0) {
      return { kind: 'end', value: { result: resultOf('passed', judged, judged), blames: false } };
    }
    const allowed = leastRequests(checks) === 0 && open.every(({ value }) => (value.requests ?? 1) === 0);
    return {
      kind: 'pause',
      pauseMs: left > 0 ? Math.min(EVERY_MS, left) : EVERY_MS,
      late: { result: resultOf(allowed ? 'skipped' : 'failed', open, judged), blames: false },
    };
  });
}

function resultOf(state: GateResult['state'], said: readonly Judged[], all: readonly Judged[]): GateResult {
  return {
    gate: 'metrics',
    state,
    detail: said.map(({ detail }) => detail).join('; '),
    values: all.map(({ value }) => value),
  };
}

function skipped(detail: string): GateResult {
  return { gate: 'metrics', state: 'skipped', detail };
}
