import type { Asked, Measurement, Measurer, Ms, Reading, Round } from '../model/analysis.ts';
import type {
  GateRequest,
  GateResult,
  MetricCheck,
  MetricValue,
  Rollout,
  ServiceSnapshot,
} from '../model/index.ts';
import { DeployError } from '../runtime/error.ts';
import { lastOf } from './analysis.ts';
import {
  ask,
  askTime,
  behindOtherBalancers,
  RolloutMetrics,
  shiftsTraffic,
  wholeMinutes,
  type MetricContext,
  type MetricsAnswer,
} from './metric-source.ts';
import { expressionQuery, isStandard, leastRequests } from './metric-values.ts';

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

/**
 * Refuses metrics of a load balancer of services that are behind a Network Load Balancer, before anything is touched:
 * `invalid-input` that names each.
 */
export async function refuseOtherBalancers(
  ctx: MetricContext,
  checks: readonly MetricCheck[],
  snapshots: readonly ServiceSnapshot[],
): Promise<void> {
  const standard = checks.find(isStandard);
  if (standard === undefined) return;
  const others = await behindOtherBalancers(ctx.aws.elb, snapshots);
  if (others.length === 0) return;
  const names = others.map(({ address }) => `"${address.name}"`).join(', ');
  throw new DeployError(
    'invalid-input',
    `metrics: "${standard.text}" is a metric of an Application Load Balancer, and service ${names} is behind none. Give an expression of CloudWatch.`,
    { hint: 'Nothing was touched.' },
  );
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

/** When metrics are asked beside the stages of ECS. */
export interface MetricTerms extends Pick<GateRequest, 'deadlineSeconds' | 'bakeMinutes'> {
  /** When all traffic reached the new tasks; undefined where nothing was deployed: the newest minutes are judged. */
  readonly since: () => Ms | undefined;
}

/**
 * Asks the metrics while traffic is shifted, and while a revision bakes with all of it, of what the present share of the
 * traffic brought. A bad value fails at once. Too little traffic judges nothing at a pause, which is left to a person once
 * its time is up; at the end of the run's own bake it fails without blame, as late as CloudWatch needs to have any, unless
 * `requests` allows that there is none.
 */
export function metricsMeasurer(
  ctx: MetricContext,
  rollout: Rollout,
  checks: readonly MetricCheck[],
  { deadlineSeconds, bakeMinutes, since }: MetricTerms,
): Measurer {
  const metrics = new RolloutMetrics(ctx, rollout, checks);
  const shares = new Map<string, Ms>();
  const limitMs = Math.max(deadlineSeconds * 1000, bakeMinutes * 60_000, LEAST_MS);
  const limitOf = (round: Round): Ms => {
    if (round.isOwn !== true) return limitMs;
    if (round.phase === 'baking') return Number.POSITIVE_INFINITY;
    return Math.max((since() ?? round.since) + LEAST_MS - round.since, 0);
  };
  let lost = '';
  return {
    gate: 'metrics',
    rule: (round) => ({ successes: 1, failures: 1, goodFirst: false, limitMs: limitOf(round) }),
    everyMs: ({ phase, traffic, isOwn }) => {
      const phases = isOwn === true ? ['baking', 'proving'] : ['shifting', 'baking'];
      return phases.includes(phase) && ['part', 'all'].includes(traffic) ? EVERY_MS : undefined;
    },
    measure: async (round) => {
      const at = ctx.clock.now();
      const share = shareOf(round);
      shares.set(share, shares.get(share) ?? round.since);
      const began = shares.get(share) ?? round.since;
      const from = round.isOwn === true ? (since() ?? began - UNCHANGED_MS) : began;
      const answer = await metrics.measure(from);
      if (round.isOwn === true && answer.kind === 'unanswered' && !answer.forGood && lost !== answer.detail)
        ctx.log.line(`The metrics gave no answer this time (${answer.detail}).`);
      lost = answer.kind === 'unanswered' ? answer.detail : '';
      return measurementsOf(answer, checks, round, at);
    },
    conclude: (asked) => ({ gate: 'metrics', ...concludeMetrics(asked) }),
  };
}

function shareOf({ deploymentId, traffic, weight }: Round): string {
  return `${deploymentId} ${traffic === 'all' ? 100 : (weight ?? traffic)}`;
}

function measurementsOf(
  answer: MetricsAnswer,
  checks: readonly MetricCheck[],
  round: Round,
  at: Ms,
): Measurement[] {
  const common = { gate: 'metrics' as const, round: round.n, at, evidence: [] };
  if (answer.kind === 'unanswered') {
    const reading: Reading = { kind: 'unanswered', forGood: answer.forGood };
    return checks.map(({ text }) => ({ ...common, subject: text, reading, detail: answer.detail }));
  }
  const open = answer.judged.filter(({ value }) => value.state === 'skipped');
  const allowed = leastRequests(checks) === 0 && open.every(({ value }) => (value.requests ?? 1) === 0);
  const isForNobody = round.isOwn === true && !allowed;
  return answer.judged.map(({ check, value, detail }) => ({
    ...common,
    subject: check.text,
    reading: readingOf(value, isForNobody ? 'failed' : 'skipped'),
    detail,
    metric: value,
  }));
}

function readingOf({ state }: MetricValue, atLimit: 'failed' | 'skipped'): Reading {
  switch (state) {
    case 'passed':
      return { kind: 'good' };
    case 'failed':
      return { kind: 'bad', cause: CAUSE, blames: true };
    case 'skipped':
      return { kind: 'inconclusive', atLimit, blames: false };
  }
}

function concludeMetrics({ standings }: Asked): Omit<GateResult, 'gate'> {
  const all = [...standings.values()];
  const last = lastOf(standings);
  const of = (kind: 'failed' | 'skipped'): Measurement[] =>
    all.flatMap((each) => (each.kind === kind && each.by !== undefined ? [each.by] : []));
  const [failed, skipped] = [of('failed'), of('skipped')];
  const said = failed.length > 0 ? failed : skipped.length > 0 ? skipped : last;
  const values = last.flatMap(({ metric }) => metric ?? []);
  return {
    state: failed.length > 0 ? 'failed' : all.every(({ kind }) => kind === 'passed') ? 'passed' : 'skipped',
    detail: [...new Set(said.map(({ detail }) => detail))].join('; '),
    ...(values.length === 0 ? {} : { values }),
  };
}
