import { awsErrorKind, describeAwsError } from '../aws/errors.ts';
import type { GateResult, HttpCheck, Probe, Request, ServiceRun } from '../model/index.ts';
import { withoutQuery } from '../runtime/http.ts';
import { accepts, httpGate } from './http.ts';
import { behindBalancers, type GateContext } from './prove.ts';

/**
 * The same questions once more where a rollback ended: tasks and targets of the last good revision, and the URL as it
 * answered before the deployment. Digests are proven where the rollback is followed. What still fails is said with each
 * service; it changes no result. What AWS does not answer is not held against the rollback.
 */
export async function proveAfterRollback(
  ctx: GateContext,
  serviceRuns: readonly ServiceRun[],
  request: Request,
  before: Probe | undefined,
): Promise<ServiceRun[]> {
  const back = serviceRuns.filter(isBack);
  if (back.length === 0) return [...serviceRuns];
  const ofTasks = await Promise.all(back.map((serviceRun) => proveTasks(ctx, serviceRun, request)));
  const results = new Map(back.map((serviceRun, at) => [serviceRun, [...(ofTasks[at] ?? [])]]));
  const url = await proveUrl(ctx, request, before);
  if (url !== undefined) for (const each of behindBalancers(back)) results.get(each)?.push(url);
  return serviceRuns.map((serviceRun) => {
    const gates = results.get(serviceRun);
    const { rollback } = serviceRun;
    if (gates === undefined || gates.length === 0 || rollback?.kind !== 'rolled-back') return serviceRun;
    return { ...serviceRun, rollback: { ...rollback, gates } };
  });
}

function isBack({ rollback, rollout, snapshot }: ServiceRun): boolean {
  const hasTasks = snapshot.desiredCount > 0 || snapshot.schedulingStrategy === 'DAEMON';
  return rollback?.kind === 'rolled-back' && rollout?.replacesTasks === true && hasTasks;
}

async function proveTasks(
  ctx: GateContext,
  { rollback, snapshot }: ServiceRun,
  request: Request,
): Promise<readonly GateResult[]> {
  const there = rollback?.kind === 'rolled-back' ? rollback.there : undefined;
  if (there === undefined) return [];
  const limits = {
    deadlineSeconds: request.gate.deadlineSeconds,
    pollSeconds: request.rollout.pollSeconds,
    failedTaskLimit: request.rollout.failedTaskLimit,
    // Nothing better can be done any more: it is followed to the end of its time.
    failFast: false,
    desired: snapshot.desiredCount,
  };
  const { name } = snapshot.address;
  try {
    const result = await ctx.tasks.prove(ctx, there, limits);
    say(ctx, name, result);
    return [result];
  } catch (error) {
    if (awsErrorKind(error) === 'not-aws' && ctx.signal.aborted) throw error;
    ctx.log.line(`${name}: after the rollback its tasks could not be read (${describeAwsError(error)}).`);
    return [];
  }
}

async function proveUrl(
  ctx: GateContext,
  { gate }: Request,
  before: Probe | undefined,
): Promise<GateResult | undefined> {
  const { http } = gate;
  if (http === undefined) return undefined;
  const url = withoutQuery(http.url);
  // What the URL did not answer well before, it need not answer well now.
  if (before?.kind !== 'answer' || !accepts(http.statuses, before.status)) {
    ctx.log.line(
      `After the rollback ${url} is not asked: it did not answer well before the deployment either.`,
    );
    return undefined;
  }
  const end = await httpGate(ctx, asItWas(http), gate, before);
  const result: GateResult = {
    gate: 'http',
    state: end.passed ? 'passed' : 'failed',
    detail: `${url}: ${end.detail}`,
  };
  say(ctx, 'service', result);
  return result;
}

/** The old version answers as it answers: its status is all that can be asked of it. */
function asItWas(check: HttpCheck): HttpCheck {
  return { ...check, body: undefined, json: {} };
}

function say({ log }: GateContext, name: string, { gate, state, detail }: GateResult): void {
  const who = gate === 'http' ? '' : `${name}: `;
  const text = `${who}after the rollback: ${gate} gate ${state}: ${detail}`;
  if (state === 'failed') log.warn(text);
  else log.line(text);
}
