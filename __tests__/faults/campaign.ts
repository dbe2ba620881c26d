import { judge, type Violation } from './judge.ts';
import { play, type Played } from './play.ts';
import type { RunPlan, Schedule } from './schedule.ts';
import { happenedIn } from './tally.ts';

export interface Broken {
  readonly schedule: Schedule;
  readonly violations: readonly Violation[];
}

/** Who hears of what was played. */
export interface Notes {
  /** How each run ended. */
  readonly ended: (how: string) => void;
  /** What happened, once a schedule. */
  readonly happened: (what: string) => void;
  /** Each invariant that a run was judged by. */
  readonly judged: (invariant: string) => void;
}

const UNNOTED: Notes = { ended: () => undefined, happened: () => undefined, judged: () => undefined };

/** Plays a schedule; what broke, or undefined. An error that nobody caught breaks it as well. */
export async function tryOut(schedule: Schedule, notes = UNNOTED): Promise<Broken | undefined> {
  const violations = await violationsOf(schedule, (played) => {
    for (const { result, wasKilled } of played.runs) {
      const { result: ended = 'nothing', cause = '' } = result.outputs;
      notes.ended(wasKilled ? 'killed' : `${ended} ${cause}`.trim());
    }
    happenedIn(played).forEach(notes.happened);
    return judge(played, notes.judged);
  });
  return violations.length === 0 ? undefined : { schedule, violations };
}

async function violationsOf(
  schedule: Schedule,
  check: (played: Played) => Violation[],
): Promise<Violation[]> {
  try {
    return await play(schedule, check);
  } catch (error) {
    const what = error instanceof Error ? (error.stack ?? error.message) : String(error);
    return [{ broken: 'it rejects for nothing', run: 0, what }];
  }
}

/** A smaller schedule that breaks the same invariant: as few parts of it as possible, each as plain as possible. */
export async function shrink(broken: Broken): Promise<Broken> {
  const name = broken.violations[0]?.broken;
  let least = broken;
  for (let again = true; again;) {
    again = false;
    for (const smaller of smallerOnes(least.schedule)) {
      const found = await tryOut(smaller);
      if (found?.violations.some((each) => each.broken === name) !== true) continue;
      least = found;
      again = true;
      break;
    }
  }
  return least;
}

const PLAIN: Schedule['world'] = {
  desiredCount: 2,
  breaker: 'rolls-back',
  percents: [100, 200],
  drainSeconds: 15,
  throttling: false,
  lagSeconds: 0,
  containerCheck: false,
  alarms: false,
  history: 'quiet',
  strategy: 'BLUE_GREEN',
};

function* smallerOnes(schedule: Schedule): Generator<Schedule> {
  const { runs, world } = schedule;
  for (let at = 0; at < runs.length && runs.length > 1; at += 1)
    yield { ...schedule, runs: runs.toSpliced(at, 1) };
  for (const [at, run] of runs.entries()) {
    for (const smaller of smallerRuns(run)) yield { ...schedule, runs: runs.with(at, smaller) };
  }
  for (const key of Object.keys(PLAIN) as (keyof typeof PLAIN)[]) {
    if (JSON.stringify(world[key]) !== JSON.stringify(PLAIN[key]))
      yield { ...schedule, world: { ...world, [key]: PLAIN[key] } };
  }
}

/** Inputs without which a run is another one. */
const NEEDED = ['service', 'ecr-repository', 'image-tag', 'mode', 'task-definition'];

function* smallerRuns(run: RunPlan): Generator<RunPlan> {
  for (let at = 0; at < run.faults.length; at += 1) yield { ...run, faults: run.faults.toSpliced(at, 1) };
  for (let at = 0; at < run.deeds.length; at += 1) yield { ...run, deeds: run.deeds.toSpliced(at, 1) };
  if (run.end !== undefined) yield { ...run, end: undefined };
  if (run.skewHours !== 0) yield { ...run, skewHours: 0 };
  for (const name of Object.keys(run.inputs).filter((each) => !NEEDED.includes(each))) {
    yield { ...run, inputs: Object.fromEntries(Object.entries(run.inputs).filter(([key]) => key !== name)) };
  }
  if (run.inputs['service'] !== 'backend') {
    const inputs = Object.entries(run.inputs).filter(([name]) => name !== 'task-definition');
    yield { ...run, inputs: { ...Object.fromEntries(inputs), service: 'backend' } };
  }
}

/** What to read, and what to type to see it again. */
export function describeBroken({ schedule, violations }: Broken): string {
  const lines = violations.map(({ broken, run, what }) => `  run ${run}: ${broken}: ${what}`);
  return [`Seed ${schedule.seed} breaks:`, ...lines, `  ${JSON.stringify(schedule)}`].join('\n');
}
