import type { Measurement, Ms, Round, Rule } from '../model/analysis.ts';
import { count, type Standing } from '../model/count.ts';
import type { Gate } from '../model/index.ts';
import type { Clock } from '../runtime/clock.ts';

/** One question, asked again and again. It reads only. */
export interface Measurer {
  readonly gate: Gate;
  readonly rule: Rule;
  /** What is known from before the first round: its answers have the round 0. */
  readonly before?: readonly Measurement[];
  /** The pause between two answers in this round; undefined: it is not due. */
  everyMs(round: Round): Ms | undefined;
  /** Asks once, within a limit of its own; rejects with the signal's reason alone. */
  measure(round: Round, signal: AbortSignal): Promise<readonly Measurement[]>;
}

/** How one gate stands, each of its subjects by itself. */
export type Standings = ReadonlyMap<string, Standing>;

/** What is not due may be so for another reason than the round: it is looked at again. */
const NOT_DUE_MS = 5_000;

/** Time for the answer to a pause, before ECS answers it by itself. */
const BEFORE_EXPIRY_MS = 60_000;

/** Answers of a subject that are kept: more than any window needs. */
const KEPT = 500;

/**
 * Asks every measurer that is due, side by side, one call of each at a time, and keeps what they answer by the round in
 * which it was asked. A new round asks each at once.
 */
export class Analysis {
  readonly #clock: Clock;
  readonly #measurers: readonly Measurer[];
  readonly #onAnswer: (answers: readonly Measurement[]) => void;
  readonly #over = new AbortController();
  readonly #answers = new Map<Measurer, Measurement[]>();
  readonly #dueSince = new Map<Measurer, Ms>();
  readonly #rounds: Round[] = [];
  #next = new AbortController();
  #work: Promise<unknown> = Promise.resolve();

  /** `onAnswer` is called after each answer that counts; what it throws ends the analysis. */
  constructor(
    { clock, signal }: { readonly clock: Clock; readonly signal: AbortSignal },
    measurers: readonly Measurer[],
    onAnswer: (answers: readonly Measurement[]) => void,
  ) {
    this.#clock = clock;
    this.#measurers = measurers;
    for (const each of measurers) this.#answers.set(each, [...(each.before ?? [])]);
    this.#onAnswer = onAnswer;
    signal.addEventListener('abort', () => {
      this.#over.abort(signal.reason);
    });
  }

  get round(): Round | undefined {
    return this.#rounds.at(-1);
  }

  /** When the present round has to be decided: a while before its pause expires. */
  get endsAt(): Ms | undefined {
    const { round } = this;
    const left = round?.pause?.leftMs;
    return round === undefined || left === undefined ? undefined : round.since + left - BEFORE_EXPIRY_MS;
  }

  /** Begins a round; the first one starts the asking. */
  begin(stage: Omit<Round, 'n' | 'since'>): void {
    const isFirst = this.#rounds.length === 0;
    this.#rounds.push({ ...stage, n: this.#rounds.length + 1, since: this.#clock.now() });
    this.#next.abort(new NewRound());
    this.#next = new AbortController();
    if (isFirst) {
      this.#work = Promise.all(this.#measurers.map((measurer) => this.#ask(measurer)));
      // It is heard by whoever waits for the end.
      this.#work.catch(() => undefined);
    }
  }

  /** Settles when the asking is over: rejects with what ended it, unless that was `stop`. */
  async done(): Promise<void> {
    try {
      await this.#work;
    } catch (error) {
      if (!(error instanceof Stopped)) throw error;
    }
  }

  stop(): void {
    this.#over.abort(new Stopped());
  }

  /** Measurers that are due in the present round. */
  due(): readonly Measurer[] {
    const { round } = this;
    return round === undefined ? [] : this.#measurers.filter((each) => each.everyMs(round) !== undefined);
  }

  /** Each subject of a measurer that has answered, as of now. */
  standings(measurer: Measurer): Standings {
    const answers = this.#answers.get(measurer) ?? [];
    const bySubject = Map.groupBy(answers, ({ subject }) => subject);
    const now = this.#clock.now();
    const dueSince = Math.max(this.#dueSince.get(measurer) ?? now, this.round?.since ?? now);
    const counting = { rounds: this.#rounds, now, dueSince, endsAt: this.endsAt };
    return new Map([...bySubject].map(([subject, each]) => [subject, count(each, measurer.rule, counting)]));
  }

  async #ask(measurer: Measurer): Promise<void> {
    const { signal } = this.#over;
    for (;;) {
      signal.throwIfAborted();
      const { round } = this;
      const next = AbortSignal.any([signal, this.#next.signal]);
      const every = round && measurer.everyMs(round);
      if (round === undefined || every === undefined) {
        await this.#rest(NOT_DUE_MS, next);
        continue;
      }
      if (!this.#dueSince.has(measurer)) this.#dueSince.set(measurer, this.#clock.now());
      const answers = await measurer.measure(round, signal);
      this.#keep(measurer, answers);
      this.#onAnswer(answers);
      // A round that began meanwhile asks at once.
      if (this.round !== round) continue;
      await this.#rest(every, next);
    }
  }

  /** A new round cuts it short. */
  async #rest(ms: Ms, next: AbortSignal): Promise<void> {
    try {
      await this.#clock.sleep(ms, next);
    } catch (error) {
      if (!(error instanceof NewRound)) throw error;
    }
  }

  #keep(measurer: Measurer, answers: readonly Measurement[]): void {
    const kept = [...(this.#answers.get(measurer) ?? []), ...answers];
    this.#answers.set(measurer, kept.slice(-KEPT));
  }
}

class NewRound extends Error {}

class Stopped extends Error {}
