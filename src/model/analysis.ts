/** What is asked while a deployment goes on, and what the answers amount to (in the manner of Argo Rollouts' analysis). */
import type { Cause, Evidence, Gate, GateResult, MetricValue, Pause } from './outcome.ts';

/** Milliseconds, as a reading of the run's clock or as a stretch of it. */
export type Ms = number;

/**
 * What the run does with a service. Phases go forward only: ECS's own bake comes before `proving`, the run's own after
 * it; from `rolling-back` none leads to `proving`.
 */
export type Phase =
  'rolling' | 'test-traffic' | 'shifting' | 'baking' | 'proving' | 'rolling-back' | 'rolled-back';

/** How much of the production traffic reaches the new revision; `test`: that of the test listener alone. */
export type Traffic = 'none' | 'test' | 'part' | 'all';

/**
 * A stretch whose answers are counted together: a new one begins with each phase, traffic weight, pause and followed
 * deployment.
 */
export interface Round {
  /** Rises by one; the answers of the survey have 0. */
  readonly n: number;
  readonly phase: Phase;
  readonly since: Ms;
  readonly deploymentId: string;
  readonly traffic: Traffic;
  /** Percent of the production traffic that ECS was asked to shift; undefined where no weights are reported. */
  readonly weight?: number;
  /** A lifecycle hook that waits for somebody to say CONTINUE or ROLLBACK. */
  readonly pause?: Pause;
  /** ECS has nothing left to decide: the run proves and bakes by itself. */
  readonly isOwn?: true;
  /** Services that are deployed together with this one are on their way still. */
  readonly areOthersRolling?: true;
  /** No task is desired: there is nothing to ask, and no gate is due. */
  readonly isEmpty?: true;
}

/** Where a rollout is, as one look shows it: what a round is made of. */
export type Stage = Omit<Round, 'n' | 'since'>;

/** Pure: a look that begins a new round: another phase, weight, pause or deployment, or the first task that is desired. */
export function isAnother(before: Stage | undefined, now: Stage): boolean {
  return (
    before?.phase !== now.phase ||
    before.deploymentId !== now.deploymentId ||
    before.traffic !== now.traffic ||
    before.weight !== now.weight ||
    before.isEmpty !== now.isEmpty ||
    before.pause?.hookId !== now.pause?.hookId
  );
}

/** One answer, as it speaks for or against the new revision. */
export type Reading =
  | { readonly kind: 'good' }
  /**
   * `blames`: the revision is at fault; false where the runner, the URL or the time before may be. `settles`: it needs no
   * second one.
   */
  | { readonly kind: 'bad'; readonly cause: Cause; readonly blames: boolean; readonly settles?: true }
  /** The old version, too few requests, not healthy yet: judged at the limit only. `blames` as above. */
  | { readonly kind: 'inconclusive'; readonly atLimit: GateResult['state']; readonly blames: boolean }
  /**
   * `forGood`: denied or unsupported, so that asking again does not help. `atLimit`: `failed` where never to have had an
   * answer is one.
   */
  | { readonly kind: 'unanswered'; readonly forGood: boolean; readonly atLimit?: 'failed' }
  /** Nothing is there any more to be judged: another deployment, named by its id, has taken the place of this one. */
  | { readonly kind: 'replaced'; readonly by: string };

export interface Measurement {
  readonly gate: Gate;
  /** The alarm, metric, target group or URL; a gate passes when each subject does. */
  readonly subject: string;
  /** Number of the round in which the question was asked. */
  readonly round: number;
  /** When it was asked. */
  readonly at: Ms;
  readonly reading: Reading;
  /** For people: what was seen, as a clause. */
  readonly detail: string;
  /** In its place where the limit decides. */
  readonly late?: string;
  readonly evidence: readonly Evidence[];
  /** Of a metric. */
  readonly metric?: MetricValue;
  /** Of a failure that knows better than its gate what it is. */
  readonly cause?: Cause;
  readonly hint?: string | undefined;
  /** Its tasks run, and nothing says whether they are healthy. */
  readonly unchecked?: true;
}

/** How the answers of one gate are counted. */
export interface Rule {
  /** Good answers in a row, within one round, that pass. */
  readonly successes: number;
  /** Bad answers in a row, within one round, that fail. */
  readonly failures: number;
  /** As many bad among the last `of` fail too, over rounds of equal traffic and deployment, from the first good on. */
  readonly window?: { readonly bad: number; readonly of: number };
  /** Bad counts only once the subject was good, the survey included: an alarm that was in ALARM before judges nothing. */
  readonly goodFirst: boolean;
  /** From when the gate was due in this round: what is counted comes from its traffic alone. */
  readonly limitMs: Ms;
}

/** What the answers about one subject amount to, as of now. */
export type Standing =
  | {
      readonly kind: 'open';
      readonly last: Measurement | undefined;
      readonly good: number;
      readonly bad: number;
    }
  /** `bad`: answers that were bad all the same, in all rounds. */
  | { readonly kind: 'passed'; readonly by: Measurement; readonly bad: number }
  | { readonly kind: 'failed'; readonly by: Measurement; readonly how: 'in-a-row' | 'window' | 'limit' }
  /** Nothing was judged. */
  | { readonly kind: 'skipped'; readonly by: Measurement | undefined };

/** Time for one answer: milliseconds until the gate has to be decided, and the end of the asking. */
export interface AskLimits {
  readonly leftMs: Ms;
  readonly signal: AbortSignal;
}

/** One question, asked again and again. It reads only. */
export interface Measurer {
  readonly gate: Gate;
  /** What is known from before the first round: its answers have the round 0. */
  readonly before?: readonly Measurement[];
  /** How its answers are counted in this round. */
  rule(round: Round): Rule;
  /** The pause between two answers in this round; undefined: it is not due. */
  everyMs(round: Round): Ms | undefined;
  /** Asks once. What it rejects with is its end: it is asked no more. */
  measure(round: Round, limits: AskLimits): Promise<readonly Measurement[]>;
  /** Pure, and in its own words: what its answers amount to, once they are decided. */
  conclude(asked: Asked): GateResult;
}

/** What a measurer has been answered, oldest first, and how each of its subjects stands by that. */
export interface Asked {
  readonly round: Round;
  readonly answers: readonly Measurement[];
  readonly standings: ReadonlyMap<string, Standing>;
}

/** Limits of the proof by tasks and targets. */
export interface TaskLimits {
  readonly deadlineSeconds: number;
  readonly pollSeconds: number;
  /** Of tasks that crash after the rollout was complete. */
  readonly failedTaskLimit: number | 'auto';
  readonly failFast: boolean;
  /** Tasks that the service desired when it was last seen. */
  readonly desired: number;
}

/** What came of an answer to a pause. */
export type HookAnswer =
  /** It was taken, or the pause was over already: somebody else answered it, or AWS did. */
  | { readonly kind: 'done' }
  /** No answer came, or a write was lost: it is asked again while the hook waits. */
  | { readonly kind: 'unanswered'; readonly why: string }
  /** This run may not answer: it is left to a person. */
  | { readonly kind: 'denied'; readonly why: string };
