/** The metrics of a service while it bakes, and what they make of it. */
import { withGate, type GateResult, type Problem, type Request, type ServiceRun } from '../model/index.ts';
import { metricsGate, type MetricContext, type MetricsGateEnd } from './metrics.ts';

/** The metrics of one service, where they are asked; undefined where there is nothing to ask about. */
export async function metricsOf(
  ctx: MetricContext,
  { rollout, desiredCount, change, allTrafficSince }: ServiceRun,
  { gate }: Request,
  until: number,
): Promise<MetricsGateEnd | undefined> {
  const { metrics = [] } = gate;
  if (metrics.length === 0 || rollout === undefined || desiredCount === 0) return undefined;
  const since = change === 'none' ? undefined : (allTrafficSince ?? ctx.clock.now());
  return metricsGate(ctx, rollout, metrics, { since, until });
}

/** The service with the result of its metrics, which is logged. */
export function withMetricsEnd(
  { log }: MetricContext,
  serviceRun: ServiceRun,
  end: MetricsGateEnd | undefined,
): ServiceRun {
  if (end === undefined) return serviceRun;
  const { result, blames } = end;
  const text = `${serviceRun.snapshot.address.name}: metrics gate ${result.state}: ${result.detail}`;
  if (result.state === 'skipped') log.warn(text);
  else log.line(text);
  const gates = withGate(serviceRun.gates, result);
  if (result.state !== 'failed' || serviceRun.problem !== undefined) return { ...serviceRun, gates };
  return { ...serviceRun, gates, problem: metricProblem(serviceRun, result, blames) };
}

/** Pure: the problem of a service whose metrics are bad, or do not say whether they are (`blames` is false then). */
export function metricProblem(serviceRun: ServiceRun, result: GateResult, blames: boolean): Problem {
  const isUnchanged = serviceRun.change === 'none';
  return {
    result: 'failed',
    cause: 'metric-check-failed',
    reason: `${isUnchanged ? 'does not pass' : 'completed, but does not pass'} the metrics gate: ${result.detail}`,
    hint: blames
      ? undefined
      : 'Nothing speaks against the new tasks, and nothing proves them. Give a longer bake-minutes, or requests >= N with as many as come in that time (requests >= 0: none is fine, too).',
    evidence: [{ kind: 'status', text: result.detail }],
    recovery: blames && !isUnchanged ? 'roll-back' : 'leave',
    isOver: true,
  };
}
