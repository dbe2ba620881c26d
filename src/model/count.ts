import type { Measurement, Ms, Round, Rule, Standing } from './analysis.ts';

/** When a gate is counted. */
export interface Counting {
  /** Every round so far, in order; the last one is the present. */
  readonly rounds: readonly Round[];
  readonly now: Ms;
  /** When the gate was first due in the present round. */
  readonly dueSince: Ms;
  /** A reading of the clock at which it is to be known, whatever the rule allows; a pause that is about to expire. */
  readonly endsAt?: Ms | undefined;
}

/**
 * Pure: how one subject of a gate stands by its answers, oldest first. Answers in a row count within the present round;
 * those of rounds before count in the window alone, and never across deployments. What has passed in an earlier round of
 * equal traffic needs one good answer in this one, and stays passed until its rule fails it.
 */
export function count(answers: readonly Measurement[], rule: Rule, counting: Counting): Standing {
  const present = counting.rounds.at(-1);
  if (present === undefined) return { kind: 'open', last: undefined, good: 0, bad: 0 };
  const judged = rule.goodFirst ? fromFirstGood(answers) : answers;
  const alike = roundsLike(present, counting.rounds);
  const inWindow = judged.filter(({ round }) => alike.has(round));
  const before = inWindow.filter(({ round }) => round !== present.n);
  const hasPassed = passedIn(before, rule);
  const run = runOf(
    judged.filter(({ round }) => round === present.n),
    rule,
    hasPassed ? 1 : rule.successes,
  );
  const { last } = run;
  const forGood = answers.find(isForGood);
  if (forGood !== undefined && last === undefined) return { kind: 'skipped', by: forGood };
  if (last?.reading.kind === 'bad' && (run.bad >= rule.failures || last.reading.settles === true)) {
    return { kind: 'failed', by: last, how: 'in-a-row' };
  }
  const worst = overWindow(inWindow, rule);
  if (worst !== undefined) return { kind: 'failed', by: worst, how: 'window' };
  if (run.passedBy !== undefined) return { kind: 'passed', by: run.passedBy, bad: countBad(judged) };
  if (
    counting.now < Math.min(counting.dueSince + rule.limitMs, counting.endsAt ?? Number.POSITIVE_INFINITY)
  ) {
    return { kind: 'open', last, good: run.good, bad: run.bad };
  }
  const said = last ?? answers.findLast(({ round }) => round === present.n);
  // What was never good before it was bad judges nothing.
  return last === undefined && rule.goodFirst ? { kind: 'skipped', by: said } : atLimit(said);
}

/** Pure: when its time is up, the last answer decides; without one that says anything nothing is judged. */
function atLimit(last: Measurement | undefined): Standing {
  switch (last?.reading.kind) {
    case undefined:
    case 'replaced':
      return { kind: 'skipped', by: last };
    case 'unanswered':
      return last.reading.atLimit === 'failed'
        ? { kind: 'failed', by: last, how: 'limit' }
        : { kind: 'skipped', by: last };
    case 'inconclusive':
      switch (last.reading.atLimit) {
        case 'passed':
          return { kind: 'passed', by: last, bad: 0 };
        case 'failed':
          return { kind: 'failed', by: last, how: 'limit' };
        case 'skipped':
          return { kind: 'skipped', by: last };
      }
    case 'good':
    case 'bad':
      return { kind: 'failed', by: last, how: 'limit' };
  }
}

interface Run {
  readonly good: number;
  readonly bad: number;
  /** The last answer that says anything. */
  readonly last: Measurement | undefined;
  readonly passedBy: Measurement | undefined;
}

/** A call without an answer neither adds to a row nor breaks it. */
function runOf(answers: readonly Measurement[], rule: Rule, needed: number): Run {
  let run: Run = { good: 0, bad: 0, last: undefined, passedBy: undefined };
  for (const answer of answers) {
    switch (answer.reading.kind) {
      case 'good': {
        const good = run.good + 1;
        // What its rule has failed since has to pass anew.
        const enough = run.bad >= rule.failures ? rule.successes : needed;
        run = { good, bad: 0, last: answer, passedBy: run.passedBy ?? (good >= enough ? answer : undefined) };
        break;
      }
      case 'bad': {
        const bad = run.bad + 1;
        run = { good: 0, bad, last: answer, passedBy: bad >= rule.failures ? undefined : run.passedBy };
        break;
      }
      case 'inconclusive':
        run = { ...run, good: 0, bad: 0, last: answer };
        break;
      case 'unanswered':
      case 'replaced':
        break;
    }
  }
  return run;
}

function isForGood({ reading }: Measurement): boolean {
  return reading.kind === 'unanswered' && reading.forGood;
}

function fromFirstGood(answers: readonly Measurement[]): readonly Measurement[] {
  const first = answers.findIndex(({ reading }) => reading.kind === 'good');
  return first === -1 ? [] : answers.slice(first);
}

/** Numbers of the rounds of the same deployment and traffic. */
function roundsLike(present: Round, rounds: readonly Round[]): ReadonlySet<number> {
  return new Set(
    rounds
      .filter(
        ({ deploymentId, traffic, weight }) =>
          deploymentId === present.deploymentId && traffic === present.traffic && weight === present.weight,
      )
      .map(({ n }) => n),
  );
}

/** One of these rounds ended with the gate passed. */
function passedIn(answers: readonly Measurement[], rule: Rule): boolean {
  const rounds = new Set(answers.map(({ round }) => round));
  return [...rounds].some(
    (n) =>
      runOf(
        answers.filter(({ round }) => round === n),
        rule,
        rule.successes,
      ).passedBy !== undefined,
  );
}

/** The last bad answer, where the window holds too many of them. */
function overWindow(answers: readonly Measurement[], { window }: Rule): Measurement | undefined {
  if (window === undefined) return undefined;
  const said = fromFirstGood(answers).filter(({ reading }) => reading.kind !== 'unanswered');
  const bad = said.slice(-window.of).filter(({ reading }) => reading.kind === 'bad');
  return bad.length >= window.bad ? bad.at(-1) : undefined;
}

function countBad(answers: readonly Measurement[]): number {
  return answers.filter(({ reading }) => reading.kind === 'bad').length;
}
