import type { Aws } from '../aws/clients.ts';
import { awsErrorKind } from '../aws/errors.ts';
import type { ServiceRun, Evidence, Request, Rollout } from '../model.ts';
import type { Clock } from '../runtime/clock.ts';
import type { OutputLog } from '../runtime/log.ts';
import { withTimeout } from '../runtime/within.ts';
import { EVIDENCE_MS } from './container-logs.ts';
import { diagnose, logEvidence } from './diagnose.ts';
import { NO_HISTORY, remember } from './history.ts';
import type { Observation } from './observation.ts';
import { observe } from './observe.ts';

export interface ExplainContext {
  readonly aws: Pick<Aws, 'ecs' | 'elb' | 'logs'>;
  readonly clock: Clock;
  readonly log: OutputLog;
}

/**
 * Adds to a service that failed a gate of its own what its tasks, targets, events and last log lines say of it. A
 * service that passed, or that nobody looked at, stays as it is. What may not be read is left out.
 */
export async function explainServiceRun(
  ctx: ExplainContext,
  serviceRun: ServiceRun,
  request: Request,
): Promise<ServiceRun> {
  const { rollout, problem, gates } = serviceRun;
  const isOfGate = gates.some(({ state }) => state === 'failed');
  if (rollout === undefined || problem === undefined || !isOfGate) return serviceRun;
  const last = await lookOnce(ctx, rollout);
  // A service that nothing was deployed to has failures of another time.
  const history =
    last === undefined || serviceRun.change === 'none' ? NO_HISTORY : remember(NO_HISTORY, last);
  const found = await diagnose(ctx, rollout, { last, history }, request.report.failureLogLines);
  const known = problem.evidence.map(({ text }) => text);
  const fresh = found.filter(({ kind, text }) => kind !== 'status' && !known.includes(text));
  logEvidence(ctx.log, rollout.snapshot.address.name, fresh);
  const evidence: readonly Evidence[] = [...problem.evidence, ...fresh];
  return { ...serviceRun, problem: { ...problem, evidence } };
}

async function lookOnce({ aws, clock }: ExplainContext, rollout: Rollout): Promise<Observation | undefined> {
  try {
    return await withTimeout(clock, EVIDENCE_MS, () => observe({ aws, clock }, rollout));
  } catch (error) {
    if (awsErrorKind(error) === 'not-aws') throw error;
    return undefined;
  }
}
