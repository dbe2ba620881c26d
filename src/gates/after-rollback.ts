import type { Measurer } from '../model/analysis.ts';
import type { GateResult, HttpCheck, Probe, Request, Rollout, ServiceRun } from '../model/index.ts';
import { describeAwsError } from '../aws/errors.ts';
import { withoutQuery } from '../runtime/http.ts';
import { Analysis, decide } from './analysis.ts';
import { accepts, urlMeasurer } from './http.ts';
import type { GateContext } from './prove.ts';
import { behindBalancers } from './questions.ts';

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
  const tasks = back.flatMap((serviceRun) => tasksQuestion(ctx, serviceRun, request));
  const url = urlQuestion(ctx, request, before);
  const answers = await askAll(ctx, [...tasks, ...(url === undefined ? [] : [url])]);
  const ofUrl = url === undefined ? undefined : answers.get(url);
  const asked = behindBalancers(back);
  return serviceRuns.map((serviceRun) => {
    const { rollback } = serviceRun;
    const question = tasks.find((each) => each.serviceRun === serviceRun);
    const ofTasks = question && answers.get(question);
    const gates = [
      ...(ofTasks === undefined ? [] : [ofTasks]),
      ...(ofUrl === undefined || !asked.includes(serviceRun) ? [] : [ofUrl]),
    ];
    if (gates.length === 0 || rollback?.kind !== 'rolled-back') return serviceRun;
    return { ...serviceRun, rollback: { ...rollback, gates } };
  });
}

function isBack({ rollback, rollout, snapshot }: ServiceRun): boolean {
  const hasTasks = snapshot.desiredCount > 0 || snapshot.schedulingStrategy === 'DAEMON';
  return rollback?.kind === 'rolled-back' && rollout?.replacesTasks === true && hasTasks;
}

/** A measurer, and for whom it asks: a service, or all that went back. */
interface Question {
  readonly measurer: Measurer;
  readonly serviceRun?: ServiceRun;
  /** Of the URL, which is part of what is said. */
  readonly url?: string;
}

/** Each question until it is decided; one that nobody answers has no result. */
async function askAll(
  ctx: GateContext,
  questions: readonly Question[],
): Promise<ReadonlyMap<Question, GateResult>> {
  const results = new Map<Question, GateResult>();
  const open = new Set(questions);
  if (open.size === 0) return results;
  const close = (question: Question): void => {
    open.delete(question);
    if (open.size === 0) analysis.stop();
  };
  const whileOpen = (question: Question): Measurer => ({
    ...question.measurer,
    everyMs: (round) => (open.has(question) ? question.measurer.everyMs(round) : undefined),
  });
  const measurers = new Map(questions.map((each) => [whileOpen(each), each]));
  const analysis = new Analysis(ctx, [...measurers.keys()], {
    answered: (measurer, answers) => {
      const question = measurers.get(measurer);
      if (question === undefined) return;
      // Whoever deployed since has the service now: that is read once more at the end.
      if (answers.some(({ reading }) => reading.kind === 'replaced')) {
        close(question);
        return;
      }
      const decision = decide(measurer, analysis.asked(measurer));
      if (decision === undefined) return;
      const { detail } = decision.result;
      const text = question.url === undefined ? detail : `${question.url}: ${detail}`;
      const result = { ...decision.result, detail: text };
      results.set(question, result);
      say(ctx, question, result);
      close(question);
    },
    broken: (measurer, error) => {
      const question = measurers.get(measurer);
      if (question === undefined) return;
      const name = question.serviceRun?.snapshot.address.name ?? 'service';
      ctx.log.line(`${name}: after the rollback its tasks could not be read (${describeAwsError(error)}).`);
      close(question);
    },
  });
  analysis.begin({ phase: 'rolled-back', deploymentId: '', traffic: 'all', isOwn: true });
  await analysis.done();
  return results;
}

function tasksQuestion(ctx: GateContext, serviceRun: ServiceRun, request: Request): Question[] {
  const there = thereOf(serviceRun);
  if (there === undefined) return [];
  const measurer = ctx.tasks.measurer(there, {
    deadlineSeconds: request.gate.deadlineSeconds,
    pollSeconds: request.rollout.pollSeconds,
    failedTaskLimit: request.rollout.failedTaskLimit,
    // Nothing better can be done any more: it is followed to the end of its time.
    failFast: false,
    desired: serviceRun.snapshot.desiredCount,
  });
  return [{ measurer, serviceRun }];
}

function thereOf({ rollback }: ServiceRun): Rollout | undefined {
  return rollback?.kind === 'rolled-back' ? rollback.there : undefined;
}

/** What the URL did not answer well before, it need not answer well now. */
function urlQuestion(ctx: GateContext, { gate }: Request, before: Probe | undefined): Question | undefined {
  const { http } = gate;
  if (http === undefined) return undefined;
  const url = withoutQuery(http.url);
  if (before?.kind !== 'answer' || !accepts(http.statuses, before.status)) {
    ctx.log.line(
      `After the rollback ${url} is not asked: it did not answer well before the deployment either.`,
    );
    return undefined;
  }
  return { measurer: urlMeasurer(ctx, 'http', asItWas(http), before, gate), url };
}

/** The old version answers as it answers: its status is all that can be asked of it. */
function asItWas(check: HttpCheck): HttpCheck {
  return { ...check, body: undefined, json: {} };
}

function say({ log }: GateContext, { serviceRun }: Question, { gate, state, detail }: GateResult): void {
  const who = serviceRun === undefined ? '' : `${serviceRun.snapshot.address.name}: `;
  const text = `${who}after the rollback: ${gate} gate ${state}: ${detail}`;
  if (state === 'failed') log.warn(text);
  else log.line(text);
}
