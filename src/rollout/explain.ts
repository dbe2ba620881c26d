import type { Aws } from '../aws/clients.ts';
import { awsErrorKind } from '../aws/errors.ts';
import type { Course, Evidence, Request, Rollout } from '../model.ts';
import type { Clock } from '../runtime/clock.ts';
import type { OutputLog } from '../runtime/log.ts';
import { within } from '../runtime/within.ts';
import { EVIDENCE_MS } from './container-logs.ts';
import { diagnose, tellEvidence } from './diagnose.ts';
import { NO_HISTORY, remember } from './history.ts';
import type { Observation } from './observation.ts';
import { observe } from './observe.ts';

export interface ExplainTools {
  readonly aws: Pick<Aws, 'ecs' | 'elb' | 'logs'>;
  readonly clock: Clock;
  readonly log: OutputLog;
}

/**
 * Adds to a service that failed a gate of its own what its tasks, targets, events and last log lines say of it. A
 * service that passed, or that nobody looked at, stays as it is. What may not be read is left out.
 */
export async function explainCourse(tools: ExplainTools, course: Course, request: Request): Promise<Course> {
  const { rollout, trouble, gates } = course;
  const isOfGate = gates.some(({ state }) => state === 'failed');
  if (rollout === undefined || trouble === undefined || !isOfGate) return course;
  const last = await lookOnce(tools, rollout);
  // A service that nothing was deployed to has failures of another time.
  const history = last === undefined || course.move === 'nothing' ? NO_HISTORY : remember(NO_HISTORY, last);
  const found = await diagnose(tools, rollout, { last, history }, request.report.failureLogLines);
  const known = trouble.evidence.map(({ text }) => text);
  const fresh = found.filter(({ kind, text }) => kind !== 'status' && !known.includes(text));
  tellEvidence(tools.log, rollout.snapshot.address.name, fresh);
  const evidence: readonly Evidence[] = [...trouble.evidence, ...fresh];
  return { ...course, trouble: { ...trouble, evidence } };
}

async function lookOnce({ aws, clock }: ExplainTools, rollout: Rollout): Promise<Observation | undefined> {
  try {
    return await within(clock, EVIDENCE_MS, () => observe({ aws, clock }, rollout));
  } catch (error) {
    if (awsErrorKind(error) === 'not-aws') throw error;
    return undefined;
  }
}
