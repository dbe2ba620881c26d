/** From an event in the world to its line in the log, to the decision and to the end of the step, on the world's time. */
import { runInProcess } from '../runner/in-process.ts';
import { ManualClock } from '../simulator/clock.ts';
import { seedWorld } from '../simulator/scenario/seed.ts';
import { startSimulator, type Simulator } from '../simulator/simulator.ts';
import type { ImageBehaviour } from '../simulator/state/image-behaviour.ts';
import { median, spread, type Row } from './row.ts';

/** Runs of each case: the event falls on as many moments between two looks. */
const PHASES = 11;

/** The default pause between two looks, and a tenth more; and the same near an end. */
const LONGEST_PAUSE_SECONDS = 5.5;
const PAUSE_NEAR_AN_END_SECONDS = 2.2;

/** What happens, when it did, and by what the run is seen to know of it. */
interface Case {
  readonly name: string;
  readonly image: (seconds: number) => ImageBehaviour;
  readonly inputs?: Readonly<Record<string, string>>;
  /** Milliseconds of the world; undefined where it did not happen. */
  readonly eventAt: (sim: Simulator) => number | undefined;
  readonly line: RegExp;
  readonly decision: RegExp;
  /** Seconds that the decision may come after the event, by the median and at the most; it is told only where there are none. */
  readonly decided?: { readonly median: number; readonly most: number };
}

const CASES: readonly Case[] = [
  {
    name: 'the deployment is SUCCESSFUL',
    image: (seconds) => ({ targetHealth: { kind: 'healthy', afterSeconds: 20 + seconds } }),
    eventAt: (sim) => sim.world.cluster('demo').service('backend').serviceDeployments[0]?.finishedAt,
    // The line of the watch and the decision are one: it goes on to the gates.
    line: /::group::Gate/,
    decision: /::group::Gate/,
    decided: { median: PAUSE_NEAR_AN_END_SECONDS / 2 + 0.2, most: PAUSE_NEAR_AN_END_SECONDS },
  },
  {
    name: 'the second task crashes',
    image: (seconds) => ({ exit: { afterSeconds: 3 + seconds, code: 1 } }),
    eventAt: (sim) => stopOf(sim, 1),
    line: /exit code 1|exited/i,
    decision: /::group::Roll back/,
    decided: { median: 0, most: PAUSE_NEAR_AN_END_SECONDS },
  },
  {
    name: 'the first task crashes, while the breaker decides',
    image: (seconds) => ({ exit: { afterSeconds: 3 + seconds, code: 1 } }),
    inputs: { 'fail-fast': 'false' },
    eventAt: (sim) => stopOf(sim, 0),
    line: /exit code 1|exited/i,
    decision: /::group::Roll back/,
  },
];

export function lagRows(): (() => Promise<Row[]>)[] {
  return CASES.map((each) => async () => [await lagRow(each)]);
}

async function lagRow(of: Case): Promise<Row> {
  const lags: { line: number[]; decision: number[]; exit: number[] } = { line: [], decision: [], exit: [] };
  for (let phase = 0; phase < PHASES; phase += 1) {
    const one = await lagsAt(of, (phase * LONGEST_PAUSE_SECONDS) / PHASES);
    lags.line.push(one.line);
    lags.decision.push(one.decision);
    lags.exit.push(one.exit);
  }
  return {
    name: `lag after ${of.name}`,
    limit:
      of.decided === undefined
        ? 'told within a look'
        : `decided ${of.decided.median.toFixed(1)} s later by the median, ${of.decided.most} s at the most`,
    measured: `line ${spread(lags.line, 1)} s, decision ${spread(lags.decision, 1)} s, exit ${spread(lags.exit, 1)} s`,
    isKept:
      of.decided === undefined
        ? Math.max(...lags.line) <= LONGEST_PAUSE_SECONDS
        : median(lags.decision) <= of.decided.median && Math.max(...lags.decision) <= of.decided.most,
    figures: {
      lineSeconds: median(lags.line),
      decisionSeconds: median(lags.decision),
      exitSeconds: median(lags.exit),
    },
  };
}

async function lagsAt(
  { image, inputs, eventAt, line, decision }: Case,
  seconds: number,
): Promise<{ line: number; decision: number; exit: number }> {
  const world = seedWorld({ behaviours: { 'backend:v2': image(seconds) } });
  const sim = await startSimulator({ clock: new ManualClock(), world });
  try {
    const seen = new Map<RegExp, number>();
    let read = 0;
    const onOutput = (log: string): void => {
      const fresh = log.slice(read);
      read = log.length;
      const now = sim.world.clock.now();
      for (const each of [line, decision]) if (!seen.has(each) && each.test(fresh)) seen.set(each, now);
      seen.set(END, now);
    };
    const asked = {
      cluster: 'demo',
      service: 'backend',
      'ecr-repository': 'backend',
      'image-tag': 'v2',
      'pr-comment': 'false',
    };
    const { log } = await runInProcess(sim, { ...asked, ...inputs }, { onOutput });
    const event = eventAt(sim);
    const after = (what: RegExp): number => {
      const at = seen.get(what);
      if (event === undefined || at === undefined) throw new Error(`There is no ${what.source} in:\n${log}`);
      return (at - event) / 1000;
    };
    return { line: after(line), decision: after(decision), exit: after(END) };
  } finally {
    await sim.close();
  }
}

/** The last thing that is printed. */
const END = /$/;

/** When a task of the revision that was brought stopped by itself, counted from 0. */
function stopOf(sim: Simulator, which: number): number | undefined {
  const times = [...sim.world.cluster('demo').tasks.values()]
    .filter(({ definition, stopCode }) => definition.revision > 1 && stopCode === 'EssentialContainerExited')
    .flatMap(({ stoppedAt }) => stoppedAt ?? []);
  return times.sort((one, other) => one - other)[which];
}
