import { maskedEvidence } from '../ecs/environment-values.ts';
import {
  isAnother,
  type HookAnswer,
  type Measurement,
  type Measurer,
  type Round,
  type Stage,
  type Standing,
} from '../model/analysis.ts';
import type {
  GateRequest,
  GateResult,
  MetricValue,
  Pause,
  Problem,
  Rollout,
  Waiting,
} from '../model/index.ts';
import { DeployError } from '../runtime/error.ts';
import type { Log } from '../runtime/log.ts';
import { alarmsMeasurer, type AlarmContext } from './alarms.ts';
import { Analysis, lastOf, type AnalysisContext } from './analysis.ts';
import { urlMeasurer, type HttpGateContext } from './http.ts';
import { metricsMeasurer, type MetricContext } from './metrics.ts';
import type { Before } from './survey.ts';

/** What made a gate fail while ECS still had something to decide. */
export interface StageFailure {
  readonly result: GateResult;
  readonly problem: Problem;
}

/** What the gates say to a pause. */
export type PauseAnswer =
  | { readonly kind: 'open' }
  /** `gates`: those that passed. */
  | { readonly kind: 'passed'; readonly gates: readonly GateResult[] }
  /** No gate has judged what reached the new revision: that is for a person. */
  | { readonly kind: 'unproven'; readonly why: string };

export type StageContext = HttpGateContext & AlarmContext & MetricContext & Pick<AnalysisContext, 'loop'>;

/** How one gate stands, each of its subjects by itself. */
type Standings = ReadonlyMap<string, Standing>;

/** How a deployment is let go on at a hook, as long as that is wanted when it comes to it. */
export type ContinueAt = (hookId: string, isWanted: () => boolean) => Promise<HookAnswer>;

/** What a stage is asked about, and who answers its pauses. */
export interface StageTerms {
  readonly gate: GateRequest;
  readonly before: Before;
  /** Undefined where the update was refused. */
  readonly rollout?: Rollout | undefined;
  /** The health-check URL leads to this service alone, or to all of its services alike. */
  readonly mayAskUrl: () => boolean;
  readonly continueAt: ContinueAt;
  /** A pause that a person has answered already: with the gates that can judge, and without them. */
  readonly promoted?: string | undefined;
  /** The revision, where it ran well before and is gone back to: its pauses need no gate. */
  readonly approved?: string | undefined;
}

/**
 * The gates of one service while ECS shifts its traffic and bakes: the URL and the alarms from the first production
 * traffic on, the test URL while test traffic alone reaches it. The way back is a weight then, not a deployment.
 */
export class StageGates {
  readonly #analysis: Analysis;
  readonly #terms: StageTerms;
  readonly #log: Log;
  /** Pauses that were answered, or are being. */
  readonly #answered = new Set<string>();
  /** Lines, by the pause that they are about. */
  readonly #said = new Set<string>();
  readonly #passed = new Map<GateResult['gate'], GateResult>();
  readonly #failed = new AbortController();
  readonly #now: () => number;
  #isOver = false;
  #failure: StageFailure | undefined;
  #allTrafficSince: number | undefined;
  #waiting: Waiting | undefined;
  #testUrlPassed: GateResult | undefined;

  constructor(ctx: StageContext, terms: StageTerms) {
    this.#terms = terms;
    this.#log = ctx.log;
    this.#now = (): number => ctx.clock.now();
    this.#analysis = new Analysis(ctx, measurersOf(ctx, terms), {
      answered: (_, answers) => {
        this.#judge(answers);
        this.#decide();
      },
      // Lost access ends the looks as well, and what is refused is asked again once ECS has nothing left to decide.
      broken: (_, error) => {
        if (!(error instanceof DeployError)) this.#failed.abort(error);
      },
    });
  }

  /** Aborted once a gate has failed. */
  get failed(): AbortSignal {
    return this.#failed.signal;
  }

  get failure(): StageFailure | undefined {
    return this.#failure;
  }

  /** A reading of the clock: when all traffic was first seen to reach the new revision. */
  get allTrafficSince(): number | undefined {
    return this.#allTrafficSince;
  }

  /** Hears of each look. */
  see(stage: Stage): void {
    if (stage.traffic === 'all') this.#allTrafficSince ??= this.#now();
    const before = this.#analysis.round;
    if (before === undefined || isAnother(before, stage)) this.#analysis.begin(stage);
    this.#decide();
  }

  /** The pause that is left to a person. */
  get waiting(): Waiting | undefined {
    return this.#waiting;
  }

  /**
   * Gates that passed at a pause, and the test URL, which nobody asks again once its traffic is over. It is none of a
   * service that has no test traffic, or of which no task is desired.
   */
  get results(): readonly GateResult[] {
    const { gate, rollout } = this.#terms;
    const { testUrl } = gate;
    const isAsked = rollout?.snapshot.hasTestTraffic === true && this.#analysis.round?.isEmpty !== true;
    if (testUrl === undefined || !isAsked || this.#passed.has('test-url') || this.#waiting !== undefined)
      return [...this.#passed.values()];
    const detail = `test traffic was over before it had answered well ${testUrl.successes} times`;
    return [...this.#passed.values(), this.#testUrlPassed ?? { gate: 'test-url', state: 'skipped', detail }];
  }

  stop(): void {
    this.#isOver = true;
    this.#analysis.stop();
  }

  /** What the gates whose traffic reached the new revision say to the pause of the present round. */
  answer(): PauseAnswer {
    const { round } = this.#analysis;
    const counting = this.#analysis
      .due()
      .filter((each) => round !== undefined && tells(each, round, this.#terms.gate));
    if (counting.length === 0) {
      const isEmpty = round?.isEmpty === true;
      const why = isEmpty ? 'no task is desired' : 'no gate is given that its traffic could answer';
      return { kind: 'unproven', why };
    }
    const passed: GateResult[] = [];
    const skipped: string[] = [];
    const faultless: string[] = [];
    const isOver = this.#now() >= (this.#analysis.endsAt ?? Number.POSITIVE_INFINITY);
    for (const measurer of counting) {
      const each = this.#standings(measurer);
      const standings = [...each.values()];
      if (standings.length === 0) {
        if (!isOver) return { kind: 'open' };
        skipped.push(`${measurer.gate}: no answer before the pause expires`);
      }
      for (const standing of standings) {
        if (standing.kind === 'open') return { kind: 'open' };
        if (standing.kind === 'failed') {
          // What blames the new tasks ends the run with the next answer.
          if (blames(standing.by)) return { kind: 'open' };
          faultless.push(`${measurer.gate}: ${whyNot(standing, isOver)}`);
        }
        if (standing.kind === 'skipped')
          skipped.push(`${measurer.gate}: ${standing.by?.detail ?? 'no answer'}`);
      }
      if (standings.length > 0 && standings.every(({ kind }) => kind === 'passed')) {
        passed.push({
          gate: measurer.gate,
          state: 'passed',
          detail: detailOf(each, measurer, round),
          ...valuesOf(each),
        });
      }
    }
    return passed.length === 0 || faultless.length > 0
      ? { kind: 'unproven', why: [...faultless, ...skipped].join('; ') }
      : { kind: 'passed', gates: passed };
  }

  /** Once for a pause, however often AWS is asked to go on from it. */
  #say({ hookId }: Pause, line: string): void {
    const key = `${hookId} ${line}`;
    if (!this.#said.has(key)) this.#log.line(line);
    this.#said.add(key);
  }

  /** Answers the pause of the present round, once its gates can; leaves it to a person where they cannot. */
  #decide(): void {
    const pause = this.#analysis.round?.pause;
    if (pause === undefined || this.#failure !== undefined || this.#answered.has(pause.hookId)) return;
    const { gate, promoted, approved } = this.#terms;
    const isPromoted = promoted === pause.hookId;
    if (gate.promotion === 'manual' && !isPromoted) {
      this.#waiting = this.#leave(pause, undefined);
      return;
    }
    const answer = this.answer();
    if (answer.kind === 'open') return;
    if (answer.kind === 'unproven' && !isPromoted) {
      if (approved === undefined) {
        this.#waiting = this.#leave(pause, answer.why);
        return;
      }
      const name = this.#terms.rollout?.snapshot.address.name ?? '';
      this.#say(
        pause,
        `${name}: no gate answers for this pause, and none has to: ${approved} ran well before (${answer.why}).`,
      );
    }
    this.#waiting = undefined;
    this.#answered.add(pause.hookId);
    if (answer.kind === 'passed') {
      for (const each of answer.gates) {
        this.#passed.set(each.gate, each);
        this.#say(pause, `${each.gate} gate passed: ${each.detail}`);
      }
    }
    this.#goOn(pause).catch((error: unknown) => {
      this.#failed.abort(error);
    });
  }

  async #goOn(pause: Pause): Promise<void> {
    const isWanted = (): boolean => !this.#isOver && !this.#failed.signal.aborted;
    const answer = await this.#terms.continueAt(pause.hookId, isWanted);
    if (answer.kind === 'unanswered') this.#answered.delete(pause.hookId);
    if (answer.kind === 'denied') this.#waiting = this.#leave(pause, answer.why);
  }

  #leave(pause: Pause, why: string | undefined): Waiting {
    const { traffic, weight } = this.#analysis.round ?? {};
    return { pause, why, weight: traffic === 'part' ? weight : traffic === 'all' ? 100 : 0 };
  }

  #standings(measurer: Measurer): Standings {
    return this.#analysis.asked(measurer)?.standings ?? new Map<string, Standing>();
  }

  #judge(answers: readonly Measurement[]): void {
    const { round } = this.#analysis;
    if (round === undefined || this.#failure !== undefined) return;
    for (const measurer of this.#analysis.due()) {
      if (!answers.some(({ gate }) => gate === measurer.gate)) continue;
      const standings = this.#standings(measurer);
      for (const standing of standings.values()) {
        if (standing.kind === 'passed' && measurer.gate === 'test-url') {
          const detail = detailOf(standings, measurer, round);
          this.#testUrlPassed = { gate: 'test-url', state: 'passed', detail };
        }
        if (standing.kind !== 'failed') continue;
        // What may be the fault of the runner or of the URL is judged once ECS has nothing left to decide.
        if (!blames(standing.by) || (standing.by.reading.kind !== 'bad' && round.pause === undefined))
          continue;
        this.#failure = failureOf(standing.by, round, standings, this.#terms.rollout);
        this.#failed.abort(new Error(this.#failure.problem.reason));
        return;
      }
    }
  }
}

/** Why a gate does not answer a pause. One whose time was up has not failed by its last answer, which may be a good one. */
function whyNot({ by, how }: Extract<Standing, { kind: 'failed' }>, isExpiring: boolean): string {
  if (how !== 'limit') return by.detail;
  return isExpiring
    ? `${by.detail}, and that is not enough before the pause expires`
    : (by.late ?? by.detail);
}

/** The new tasks are at fault: a bad answer that no runner and no URL explains, or still the old version at the limit. */
function blames({ reading }: Measurement): boolean {
  return (reading.kind === 'bad' || reading.kind === 'inconclusive') && reading.blames;
}

function measurersOf(ctx: StageContext, { gate, before, rollout, mayAskUrl }: StageTerms): Measurer[] {
  const { http, testUrl, alarms, metrics = [] } = gate;
  const url = http && urlMeasurer(ctx, 'http', http, before.answer, gate);
  const measurers = [
    ...(testUrl === undefined ? [] : [urlMeasurer(ctx, 'test-url', testUrl, undefined, gate)]),
    ...(url === undefined
      ? []
      : [{ ...url, everyMs: (round: Round) => (mayAskUrl() ? url.everyMs(round) : undefined) }]),
    ...(alarms.length === 0 ? [] : [alarmsMeasurer(ctx, alarms, before.alarms, gate)]),
    ...(metrics.length === 0 || rollout === undefined
      ? []
      : [metricsMeasurer(ctx, rollout, metrics, { ...gate, since: () => undefined })]),
  ];
  return measurers.map((each) => ({
    ...each,
    everyMs: (round: Round) => (round.isEmpty === true ? undefined : each.everyMs(round)),
  }));
}

/** While a part of the traffic reaches the new revision, a URL says something of it only where its body tells which. */
function tells({ gate }: Measurer, { traffic }: Round, { http }: GateRequest): boolean {
  if (gate !== 'http' || traffic === 'all') return true;
  return http?.body !== undefined || Object.keys(http?.json ?? {}).length > 0;
}

function detailOf(standings: Standings, { gate }: Measurer, round: Round | undefined): string {
  const subjects = standings.size;
  const what =
    gate === 'alarms'
      ? `${subjects} of ${subjects} alarms are ok`
      : gate === 'metrics'
        ? lastOf(standings)
            .map(({ detail }) => detail)
            .join('; ')
        : 'it answers well';
  return round === undefined ? what : `${what} ${whereIs(round)}`;
}

function valuesOf(standings: Standings): { readonly values?: readonly MetricValue[] } {
  const values = lastOf(standings).flatMap(({ metric }) => metric ?? []);
  return values.length === 0 ? {} : { values };
}

/** `while 10 % of the traffic reaches it`. */
function whereIs({ phase, traffic, weight }: Stage): string {
  if (traffic === 'test') return 'while test traffic reaches it';
  if (traffic === 'part') {
    return weight === undefined
      ? 'while a part of the traffic reaches it'
      : `while ${weight} % of the traffic reaches it`;
  }
  return phase === 'baking' ? 'while it bakes' : 'while all traffic reaches it';
}

/** Pure: what a failed gate means to a deployment that ECS still works at. */
function failureOf(
  by: Measurement,
  round: Round,
  standings: Standings,
  rollout: Rollout | undefined,
): StageFailure {
  const { gate, subject, detail, reading } = by;
  const cause = reading.kind === 'bad' ? reading.cause : 'http-check-failed';
  const isOfCloudWatch = gate === 'alarms' || gate === 'metrics';
  const what = isOfCloudWatch ? detail : `${subject} failed: ${detail}`;
  return {
    result: { gate, state: 'failed', detail: `${detail} ${whereIs(round)}`, ...valuesOf(standings) },
    problem: {
      result: 'failed',
      cause,
      reason: `does not pass the ${gate} gate ${whereIs(round)}: ${what}`,
      hint: undefined,
      evidence: [
        { kind: isOfCloudWatch ? 'status' : 'http', text: what },
        ...maskedEvidence(rollout, by.evidence),
      ],
      recovery: 'roll-back',
      ...(round.pause === undefined ? {} : { pause: round.pause }),
    },
  };
}
