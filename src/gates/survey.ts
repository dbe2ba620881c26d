/** What the gates see before anything is touched: what was wrong by then is no evidence against what comes. */
import type {
  AlarmView,
  GateRequest,
  HttpCheck,
  MetricCheck,
  Probe,
  Request,
  ServiceSnapshot,
} from '../model/index.ts';
import type { AlarmContext } from './alarms.ts';
import type { HttpGateContext } from './http.ts';
import type { MetricContext } from './metrics.ts';

/** The answers from before anything was touched. */
export interface Before {
  /** Undefined where no URL was asked. */
  readonly answer: Probe | undefined;
  readonly alarms: readonly AlarmView[];
}

/**
 * Asks the URL and the alarms, and refuses alarms and metrics that could never judge. `services` are waited for where the
 * metrics depend on them. A gate is loaded where it is asked for: most runs have few.
 */
export async function surveyGates(
  ctx: HttpGateContext & AlarmContext & MetricContext,
  { gate, mode, rollout }: Pick<Request, 'gate' | 'mode' | 'rollout'>,
  services: Promise<readonly ServiceSnapshot[]>,
): Promise<Before> {
  const { http, alarms, metrics = [] } = gate;
  const [answer, seen] = await Promise.all([
    http === undefined || mode === 'plan' ? undefined : askUrl(ctx, http),
    alarms.length === 0 ? [] : readAlarms(ctx, alarms, rollout.preflight),
    metrics.length === 0 ? undefined : checkMetrics(ctx, metrics, gate, services),
  ]);
  return { answer, alarms: seen };
}

async function askUrl(ctx: HttpGateContext, check: HttpCheck): Promise<Probe> {
  const { surveyUrl } = await import('./http.ts');
  return surveyUrl(ctx, check);
}

async function readAlarms(
  ctx: AlarmContext,
  names: readonly string[],
  preflight: Request['rollout']['preflight'],
): Promise<readonly AlarmView[]> {
  const { surveyAlarms } = await import('./alarms.ts');
  return surveyAlarms(ctx, names, preflight);
}

async function checkMetrics(
  ctx: MetricContext,
  checks: readonly MetricCheck[],
  { bakeMinutes }: GateRequest,
  services: Promise<readonly ServiceSnapshot[]>,
): Promise<void> {
  const { surveyMetrics, refuseMetrics, refuseOtherBalancers } = await import('./metrics.ts');
  await surveyMetrics(ctx, checks);
  const snapshots = await services;
  refuseMetrics(checks, snapshots, bakeMinutes);
  await refuseOtherBalancers(ctx, checks, snapshots);
}
