import type { Aws } from '../aws/clients.ts';
import { deployErrorOf, describeAwsError } from '../aws/errors.ts';
import type { ReportedImage } from '../ecs/digests.ts';
import type { Measurer, Ms, Phase, Round, TaskLimits } from '../model/analysis.ts';
import {
  isWell,
  replacedBy,
  withGate,
  type DeployedImage,
  type Problem,
  type Request,
  type Rollout,
  type ServiceRun,
} from '../model/index.ts';
import { DeployError } from '../runtime/error.ts';
import { withoutQuery } from '../runtime/http.ts';
import { counted } from '../runtime/log.ts';
import { Loop, type Job } from '../runtime/loop.ts';
import { begun, Heartbeat } from '../runtime/wait.ts';
import { alarmsMeasurer } from './alarms.ts';
import { Analysis, decide, type Decision } from './analysis.ts';
import { digestMeasurer } from './digest.ts';
import { urlMeasurer, type HttpGateContext } from './http.ts';
import { metricsMeasurer } from './metrics.ts';
import { notProven } from './problems.ts';
import {
  concerned,
  evaluatedTogether,
  limitsOf,
  othersAnswer,
  problemOf,
  sentenceOf,
  type Question,
} from './questions.ts';
import type { Before } from './survey.ts';

export interface GateContext extends HttpGateContext {
  readonly aws: Pick<Aws, 'ecs' | 'ecr' | 'elb' | 'alarms' | 'metrics'>;
  readonly tasks: TaskProofs;
  /** In which the gates are asked; one of its own where it is left out. */
  readonly loop?: Loop;
}

/** What the looks of the run say of tasks and targets. */
export interface TaskProofs {
  /** What the running tasks reported at the last look, where that was after the rollout was complete. */
  reported(rollout: Rollout): readonly ReportedImage[] | undefined;
  /** Asks about the tasks of a rollout, and about their targets. */
  measurer(rollout: Rollout, limits: TaskLimits): Measurer;
}

/** What the gates have to know, and who hears of what they find. */
export interface ProvingTerms {
  readonly request: Request;
  /** From before anything was touched. */
  readonly before: Before;
  readonly imagesOf: (serviceRun: ServiceRun) => Readonly<Record<string, DeployedImage>>;
  /** Resolves once all traffic is on the new tasks of a service, or with the word that old ones remain. */
  readonly allTraffic: (serviceRun: ServiceRun, signal: AbortSignal) => Promise<ServiceRun>;
  /** Nobody goes on by himself once these have come so far: all of them go back together. */
  readonly failsTogether: (serviceRuns: readonly ServiceRun[]) => boolean;
  /** A service has failed: it is explained and, where others go on (`isAlone` is false), put back. */
  readonly ended: (serviceRun: ServiceRun, isAlone: boolean) => Promise<ServiceRun> | ServiceRun;
  /** The problem of a service of which nobody knows any more how to go on. */
  readonly unforeseen: (serviceRun: ServiceRun, error: unknown) => Problem;
  /** Every change, at once. */
  readonly changed: (serviceRuns: readonly ServiceRun[]) => void;
}

/**
 * Proves what ECS has completed: digests, tasks and targets, the URL, the alarms and the metrics of all services, side by
 * side. Then the new revisions bake for as long as the request says, watched by the same questions, and each is asked once
 * more. A service ends with the first gate that it fails, the others go on. Rejects with the end of the job.
 */
export async function prove(
  ctx: GateContext,
  serviceRuns: readonly ServiceRun[],
  terms: ProvingTerms,
): Promise<readonly ServiceRun[]> {
  return new Proving(ctx, serviceRuns, terms).run();
}

class Proving {
  readonly #ctx: GateContext;
  readonly #terms: ProvingTerms;
  readonly #runs: ServiceRun[];
  readonly #questions: readonly Question[];
  readonly #analysis: Analysis;
  readonly #loop: Loop;
  readonly #over = new AbortController();
  /** The rounds that are to come. */
  readonly #phases: Phase[];
  /** How many of them have begun. */
  #begun = 0;
  /** Questions that are answered for the present round. */
  readonly #decided = new Set<Question>();
  /** Services of which all traffic is known to reach the new tasks, by their places. */
  readonly #reached = new Set<number>();
  readonly #pending: Promise<void>[] = [];
  /** Services that failed, and are explained or put back at this moment. */
  #ending = 0;
  #bake: { readonly until: Ms; readonly heartbeat: Heartbeat; readonly end: Job } | undefined;

  constructor(ctx: GateContext, serviceRuns: readonly ServiceRun[], terms: ProvingTerms) {
    this.#ctx = ctx;
    this.#terms = terms;
    this.#runs = [...serviceRuns];
    this.#loop = ctx.loop ?? new Loop(ctx);
    this.#phases = terms.request.gate.bakeMinutes > 0 ? ['proving', 'baking', 'proving'] : ['proving'];
    this.#questions = this.#ask();
    const measurers = this.#questions.map(({ measurer }) => measurer);
    this.#analysis = new Analysis({ ...ctx, loop: this.#loop }, measurers, {
      answered: (measurer, answers) => {
        for (const { reading } of answers)
          if (reading.kind === 'replaced') this.#replaced(measurer, reading.by);
        this.#evaluate();
      },
      broken: (measurer, error) => {
        this.#broken(measurer, error);
      },
    });
  }

  async run(): Promise<readonly ServiceRun[]> {
    if (evaluatedTogether(this.#runs).length === 0) return this.#runs;
    if (this.#questions.length === 0) return this.#runs;
    for (const [at, serviceRun] of this.#runs.entries()) if (isWell(serviceRun)) this.#awaitTraffic(at);
    this.#next();
    try {
      await this.#analysis.done();
    } finally {
      this.#over.abort(new Error('The gates are decided.'));
      if (this.#bake !== undefined) this.#loop.delete(this.#bake.end);
      const ends = await Promise.allSettled(this.#pending);
      const failed = ends.find((end) => end.status === 'rejected');
      // The end of the job is what is thrown, whoever met it first.
      if (failed !== undefined) throw failed.reason as Error;
    }
    return this.#runs;
  }

  /** What is asked: of each service by itself, and of all together. */
  #ask(): Question[] {
    const { request, before } = this.#terms;
    const { http, alarms } = request.gate;
    const own = this.#runs.flatMap((serviceRun, at) => this.#questionsOf(serviceRun, at));
    // Where no task runs there is nothing to ask about, and nothing to bake.
    if (evaluatedTogether(this.#runs).every(({ desiredCount }) => desiredCount === 0)) return own;
    const shared = [
      ...(http === undefined
        ? []
        : [
            {
              measurer: urlMeasurer(this.#ctx, 'http', http, before.answer, request.gate),
              url: withoutQuery(http.url),
            },
          ]),
      ...(alarms.length === 0
        ? []
        : [{ measurer: alarmsMeasurer(this.#ctx, alarms, before.alarms, request.gate) }]),
    ];
    return [...own, ...shared.map((each) => this.#question({ ...each, isExpected: true }))];
  }

  #questionsOf(serviceRun: ServiceRun, at: number): Question[] {
    const { rollout, desiredCount, change } = serviceRun;
    if (rollout === undefined || !isWell(serviceRun) || desiredCount === 0) return [];
    const { request, imagesOf } = this.#terms;
    const { gate, rollout: asked } = request;
    const images = imagesOf(serviceRun);
    const digest = digestMeasurer(this.#ctx, rollout, images, {
      deadlineSeconds: gate.deadlineSeconds,
      pollSeconds: asked.pollSeconds,
      reported: () => this.#ctx.tasks.reported(rollout),
    });
    const tasks = this.#ctx.tasks.measurer(rollout, limitsOf(serviceRun, request));
    const { metrics = [] } = gate;
    const since = (): Ms | undefined =>
      change === 'none' ? undefined : (this.#runs[at]?.allTrafficSince ?? this.#ctx.clock.now());
    return [
      this.#question({ measurer: digest, at, isExpected: Object.keys(images).length > 0 }),
      this.#question({ measurer: tasks, at, isExpected: true }),
      ...(metrics.length === 0
        ? []
        : [
            this.#question({
              measurer: metricsMeasurer(this.#ctx, rollout, metrics, { ...gate, since }),
              at,
              isExpected: true,
            }),
          ]),
    ];
  }

  /** Asked while it is open: what is decided is not asked again in the same round. */
  #question(question: Question): Question {
    const { measurer } = question;
    const asked: Question = {
      ...question,
      measurer: {
        ...measurer,
        everyMs: (round) => (this.#isDue(asked) ? measurer.everyMs(round) : undefined),
      },
    };
    return asked;
  }

  #isDue(question: Question): boolean {
    return this.#isOpen(question) && this.#isReached(question) && this.#skipped(question) === undefined;
  }

  /** It is a question of the present round, and nothing answers it yet. */
  #isOpen(question: Question): boolean {
    const { at, measurer } = question;
    if (this.#decided.has(question)) return false;
    const serviceRun = at === undefined ? undefined : this.#runs[at];
    if (serviceRun !== undefined && !isWell(serviceRun)) return false;
    switch (measurer.gate) {
      case 'digest':
        return this.#begun === 1;
      case 'metrics':
        return this.#begun > 1 || this.#phases.length === 1;
      case 'tasks':
      case 'targets':
      case 'test-url':
      case 'http':
      case 'alarms':
        return true;
    }
  }

  /** Old tasks answer for the new ones no more. */
  #isReached({ at, measurer }: Question): boolean {
    if (['digest', 'tasks', 'targets'].includes(measurer.gate)) return true;
    if (at !== undefined) return this.#reached.has(at);
    return this.#runs.every((serviceRun, place) => !isWell(serviceRun) || this.#reached.has(place));
  }

  #awaitTraffic(at: number): void {
    const serviceRun = this.#runs[at];
    if (serviceRun === undefined) return;
    const reached = async (): Promise<void> => {
      const { allTrafficSince, oldTasksRemain } = await this.#terms.allTraffic(serviceRun, this.#over.signal);
      this.#reached.add(at);
      if (allTrafficSince === serviceRun.allTrafficSince && oldTasksRemain !== true) return;
      this.#change(at, {
        ...(allTrafficSince === undefined ? {} : { allTrafficSince }),
        ...(oldTasksRemain === undefined ? {} : { oldTasksRemain }),
      });
    };
    this.#pending.push(
      reached().then(
        () => {
          this.#analysis.wake();
          this.#evaluate();
        },
        (error: unknown) => {
          if (this.#isOver()) return;
          this.#fail([at], () => this.#terms.unforeseen(serviceRun, error));
          this.#evaluate();
        },
      ),
    );
  }

  #next(): void {
    const phase = this.#phases[this.#begun];
    this.#begun += 1;
    this.#decided.clear();
    if (phase === 'baking') this.#beginBake();
    if (phase === undefined) this.#stop();
    else this.#analysis.begin({ phase, deploymentId: '', traffic: 'all', isOwn: true });
    if (phase === 'proving') this.#evaluate();
  }

  /** The bake counts from when all traffic was on the new revisions, ECS's own included. */
  #beginBake(): void {
    const { clock, log } = this.#ctx;
    const { bakeMinutes, alarms } = this.#terms.request.gate;
    const now = clock.now();
    const since = evaluatedTogether(this.#runs).map(({ allTrafficSince = now }) => allTrafficSince);
    const until = Math.max(...since) + bakeMinutes * 60_000;
    const end: Job = {
      due: until,
      pauseMs: 0,
      begin: () => {
        this.#loop.delete(end);
        this.#next();
      },
      end: () => undefined,
    };
    this.#bake = { until, heartbeat: new Heartbeat(clock), end };
    if (alarms.length === 0 && until > now) {
      const minutes = Math.round((until - now) / 6_000) / 10;
      log.line(`Baking for ${counted(minutes, 'minute')}; no alarm is named.`);
    }
    this.#loop.add(end);
  }

  #sayStillBaking(): void {
    const { clock, log } = this.#ctx;
    const left = (this.#bake?.until ?? 0) - clock.now();
    if (left <= 0 || this.#bake?.heartbeat.due() === undefined) return;
    const { bakeMinutes } = this.#terms.request.gate;
    log.line(`Still baking: ${Math.ceil(left / 60_000)} of ${bakeMinutes} minutes to go.`);
  }

  #evaluate(): void {
    const { round } = this.#analysis;
    if (round === undefined || this.#isOver()) return;
    for (const question of this.#questions) {
      if (this.#isOver() || !this.#isOpen(question)) continue;
      const decision =
        this.#skipped(question) ?? decide(question.measurer, this.#analysis.asked(question.measurer));
      if (decision === undefined) continue;
      // While it bakes only a failure is one; what stands at the end is asked then.
      if (round.phase === 'baking' && decision.result.state !== 'failed') continue;
      this.#decided.add(question);
      this.#conclude(question, decision, round);
    }
    if (evaluatedTogether(this.#runs).length === 0) this.#stop();
    if (this.#isOver()) return;
    if (round.phase === 'baking') this.#sayStillBaking();
    else if (!this.#questions.some((each) => this.#isOpen(each)) && this.#isAllReached()) this.#next();
  }

  #isAllReached(): boolean {
    return this.#runs.every((serviceRun, place) => !isWell(serviceRun) || this.#reached.has(place));
  }

  /** Why the URL judges nobody: what answers there need not be what is judged. */
  #skipped({ url }: Question): Decision | undefined {
    if (url === undefined) return undefined;
    const detail = othersAnswer(this.#runs, url);
    return detail === undefined
      ? undefined
      : { result: { gate: 'http', state: 'skipped', detail }, by: undefined, asked: undefined };
  }

  #conclude(question: Question, decision: Decision, round: Round): void {
    const { result } = decision;
    const failed = result.state === 'failed';
    // An alarm has the time of the bake to go off.
    const isEarly = question.measurer.gate === 'alarms' && this.#begun < this.#phases.length;
    if (isEarly && !failed) return;
    const { text, isWarning } = sentenceOf(question, decision, round, this.#runs);
    if (isWarning) this.#ctx.log.warn(text);
    else this.#ctx.log.line(text);
    const places = concerned(question, this.#runs);
    for (const at of places) {
      const { gates = [] } = this.#runs[at] ?? {};
      this.#change(at, { gates: withGate(gates, result) });
    }
    if (!failed) return;
    this.#fail(places, (serviceRun) => problemOf(question, serviceRun, decision));
  }

  /** Whoever deployed since has the service now. */
  #replaced(measurer: Measurer, by: string): void {
    const at = this.#questions.find((each) => each.measurer === measurer)?.at;
    const serviceRun = at === undefined ? undefined : this.#runs[at];
    if (at === undefined || serviceRun === undefined || !isWell(serviceRun)) return;
    const { name } = serviceRun.snapshot.address;
    const during = this.#analysis.round?.phase === 'baking' ? 'while it baked' : 'while it was proven';
    this.#ctx.log.line(`${name}: another deployment, ${by}, has taken its place ${during}.`);
    this.#fail([at], () => replacedBy(serviceRun, by));
  }

  /** Credentials that end here leave the rollout alone; what nobody foresaw is the problem of the services concerned. */
  #broken(measurer: Measurer, error: unknown): void {
    const question = this.#questions.find((each) => each.measurer === measurer);
    if (question === undefined || this.#ctx.signal.aborted) return;
    const what = measurer.gate === 'alarms' ? 'reading the alarms' : `asking the ${measurer.gate} gate`;
    this.#decided.add(question);
    this.#fail(concerned(question, this.#runs), (serviceRun) => {
      const failure = deployErrorOf(error, what);
      return failure instanceof DeployError ? notProven(failure) : this.#terms.unforeseen(serviceRun, error);
    });
    this.#evaluate();
  }

  #isOver(): boolean {
    return this.#over.signal.aborted;
  }

  #stop(): void {
    this.#over.abort(new Error('The gates are decided.'));
    this.#analysis.stop();
  }

  #fail(places: readonly number[], problemOf: (serviceRun: ServiceRun) => Problem): void {
    for (const at of places) {
      const serviceRun = this.#runs[at];
      if (serviceRun !== undefined) this.#change(at, { problem: problemOf(serviceRun) });
    }
    const areDoomed = this.#terms.failsTogether(this.#runs);
    // What comes after the gates waits for whoever goes back by then.
    const isAlone = areDoomed || (evaluatedTogether(this.#runs).length === 0 && this.#ending === 0);
    for (const at of places) {
      const serviceRun = this.#runs[at];
      if (serviceRun !== undefined) this.#pending.push(begun(this.#end(at, serviceRun, isAlone)));
    }
    if (areDoomed) this.#stop();
  }

  /** What nobody foresaw meanwhile leaves the problem as it is known, and ends no other service. */
  async #end(at: number, serviceRun: ServiceRun, isAlone: boolean): Promise<void> {
    this.#ending += 1;
    try {
      this.#change(at, await this.#terms.ended(serviceRun, isAlone));
    } catch (error) {
      if (this.#ctx.signal.aborted) throw error;
      const { name } = serviceRun.snapshot.address;
      this.#ctx.log.line(`${name}: more about its failure could not be read (${describeAwsError(error)}).`);
    } finally {
      this.#ending -= 1;
    }
  }

  #change(at: number, change: Partial<ServiceRun>): void {
    const serviceRun = this.#runs[at];
    if (serviceRun === undefined) return;
    this.#runs[at] = { ...serviceRun, ...change };
    this.#terms.changed([...this.#runs]);
  }
}
