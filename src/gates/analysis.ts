import type { RunContext } from '../context.ts';
import type { Asked, Measurement, Measurer, Ms, Round, Stage, Standing } from '../model/analysis.ts';
import { count } from '../model/count.ts';
import type { GateResult } from '../model/index.ts';
import type { Clock } from '../runtime/clock.ts';
import { Loop, type Job } from '../runtime/loop.ts';

export interface AnalysisContext extends Pick<RunContext, 'clock' | 'signal'> {
  /** One of its own where it is left out. */
  readonly loop?: Loop;
}

/** Who hears of what is answered. */
export interface Hearing {
  /** After each answer that counts. */
  answered(measurer: Measurer, answers: readonly Measurement[]): void;
  /** It is asked no more: it rejected. */
  broken(measurer: Measurer, error: unknown): void;
}

/** What is not due may be so for another reason than the round: it is looked at again. */
const NOT_DUE_MS = 5_000;

/** Time for the answer to a pause, before ECS answers it by itself. */
const BEFORE_EXPIRY_MS = 60_000;

/** Answers of a subject that are kept: more than any window needs. */
const KEPT = 500;

/** What is known of one measurer. */
interface Course {
  readonly job: Job & { isIdle?: boolean };
  answers: Measurement[];
  /** When it was first due in the present round. */
  dueSince: Ms | undefined;
}

/**
 * Asks every measurer that is due, side by side, one call of each at a time, and keeps what they answer by the round in
 * which it was asked. A new round asks each at once; the pause before a gate's limit is cut short, so that its last answer
 * falls on it.
 */
export class Analysis {
  readonly #clock: Clock;
  readonly #loop: Loop;
  readonly #hearing: Hearing;
  readonly #over = new AbortController();
  readonly #end = Promise.withResolvers<undefined>();
  readonly #courses: ReadonlyMap<Measurer, Course>;
  readonly #rounds: Round[] = [];

  constructor(ctx: AnalysisContext, measurers: readonly Measurer[], hearing: Hearing) {
    this.#clock = ctx.clock;
    this.#loop = ctx.loop ?? new Loop(ctx);
    this.#hearing = hearing;
    this.#courses = new Map(
      measurers.map((each) => [
        each,
        { job: this.#jobOf(each), answers: [...(each.before ?? [])], dueSince: undefined },
      ]),
    );
    // It is heard by whoever waits for the end.
    this.#end.promise.catch(() => undefined);
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
  begin(stage: Stage): void {
    const isFirst = this.#rounds.length === 0;
    const now = this.#clock.now();
    this.#rounds.push({ ...stage, n: this.#rounds.length + 1, since: now });
    for (const course of this.#courses.values()) {
      course.dueSince = undefined;
      // A call that is under way is heard out, and the next one made at once.
      if (course.job.due !== undefined) course.job.due = now;
      if (isFirst) this.#loop.add(course.job);
    }
    this.#loop.wake();
  }

  /** What is due has changed: it is looked at again at once. */
  wake(): void {
    for (const [measurer, { job }] of this.#courses) {
      const { round } = this;
      const isDue = round !== undefined && measurer.everyMs(round) !== undefined;
      if (isDue && job.due !== undefined && job.isIdle === true) job.due = this.#clock.now();
    }
    this.#loop.wake();
  }

  /** Resolves once the asking has been stopped; rejects with the end of the job. */
  done(): Promise<undefined> {
    return this.#end.promise;
  }

  stop(): void {
    for (const { job } of this.#courses.values()) this.#loop.delete(job);
    this.#over.abort(new Error('Nothing is asked any more.'));
    this.#end.resolve(undefined);
  }

  /** Measurers that are due in the present round. */
  due(): readonly Measurer[] {
    const { round } = this;
    return round === undefined
      ? []
      : [...this.#courses.keys()].filter((each) => each.everyMs(round) !== undefined);
  }

  /** What a measurer has been answered, and how each of its subjects stands, as of now. */
  asked(measurer: Measurer): Asked | undefined {
    const { round } = this;
    const course = this.#courses.get(measurer);
    if (round === undefined || course === undefined) return undefined;
    const now = this.#clock.now();
    const dueSince = course.dueSince ?? now;
    const counting = { rounds: this.#rounds, now, dueSince, endsAt: this.endsAt };
    const rule = measurer.rule(round);
    const bySubject = Map.groupBy(course.answers, ({ subject }) => subject);
    const standings = new Map(
      [...bySubject].map(([subject, each]) => [subject, count(each, rule, counting)] as const),
    );
    return { round, answers: course.answers, standings };
  }

  #jobOf(measurer: Measurer): Course['job'] {
    const job: Course['job'] = {
      due: this.#clock.now(),
      pauseMs: 0,
      begin: () => {
        const { round } = this;
        job.isIdle = round === undefined || measurer.everyMs(round) === undefined;
        job.isShared = false;
        if (round === undefined || job.isIdle) {
          this.#after(job, NOT_DUE_MS);
          return;
        }
        this.#ask(measurer, round).then(
          () => {
            this.#rest(measurer, round);
          },
          (error: unknown) => {
            this.#loop.delete(job);
            if (!this.#over.signal.aborted) this.#hearing.broken(measurer, error);
          },
        );
      },
      end: (error) => {
        this.#over.abort(error);
        this.#end.reject(error);
      },
    };
    return job;
  }

  async #ask(measurer: Measurer, round: Round): Promise<void> {
    const course = this.#courses.get(measurer);
    if (course === undefined) return;
    course.dueSince ??= this.#clock.now();
    const { signal } = this.#over;
    const leftMs = this.#limitOf(measurer, round, course) - this.#clock.now();
    const answers = await measurer.measure(round, { leftMs, signal });
    if (signal.aborted) return;
    const kept = course.answers.filter((each) => each.round > 0);
    course.answers = [
      ...(measurer.before ?? []),
      ...[...kept, ...answers].slice(-KEPT * Math.max(answers.length, 1)),
    ];
    this.#hearing.answered(measurer, answers);
  }

  /** Until it is due again: at once in a round that began meanwhile. */
  #rest(measurer: Measurer, asked: Round): void {
    const course = this.#courses.get(measurer);
    if (course === undefined || this.#over.signal.aborted) return;
    const every = asked === this.round ? measurer.everyMs(asked) : 0;
    course.job.isIdle = every === undefined;
    // What one look says of the tasks of all services is asked for together.
    course.job.isShared = every !== undefined && ['tasks', 'targets'].includes(measurer.gate);
    const left = this.#limitOf(measurer, asked, course) - this.#clock.now();
    const pause = every ?? NOT_DUE_MS;
    this.#after(course.job, left > 0 ? Math.min(pause, left) : pause);
  }

  #after(job: Job, ms: Ms): void {
    job.pauseMs = ms;
    job.due = this.#clock.now() + ms;
    this.#loop.wake();
  }

  /** A reading of the clock. */
  #limitOf(measurer: Measurer, round: Round, { dueSince = this.#clock.now() }: Course): Ms {
    return Math.min(dueSince + measurer.rule(round).limitMs, this.endsAt ?? Number.POSITIVE_INFINITY);
  }
}

/** The result of a gate, and what it rests on. */
export interface Decision {
  readonly result: GateResult;
  /** Of one that failed: what failed it. */
  readonly by: Measurement | undefined;
  /** Undefined where nobody was asked. */
  readonly asked: Asked | undefined;
}

/**
 * Pure: what a gate has come to in the present round; undefined while it has no answer there, or some subject is open. It
 * fails with the first that does.
 */
export function decide(measurer: Measurer, asked: Asked | undefined): Decision | undefined {
  if (asked === undefined || !asked.answers.some(({ round }) => round === asked.round.n)) return undefined;
  const standings = [...asked.standings.values()];
  const failed = standings.find((each) => each.kind === 'failed');
  if (failed === undefined && standings.some(({ kind }) => kind === 'open')) return undefined;
  return { result: measurer.conclude(asked), by: failed?.by, asked };
}

/** Pure: the last answers of all subjects, such as they are. */
export function lastOf(standings: ReadonlyMap<string, Standing>): Measurement[] {
  return [...standings.values()].flatMap((standing) => {
    const last = standing.kind === 'open' ? standing.last : standing.by;
    return last === undefined ? [] : [last];
  });
}
