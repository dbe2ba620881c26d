/** Many deployments in a row, in one process and against one world: nothing of them may stay behind. */
import { readdirSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { runInProcess } from '../runner/in-process.ts';
import { ManualClock } from '../simulator/clock.ts';
import { seedWorld } from '../simulator/scenario/seed.ts';
import { startSimulator } from '../simulator/simulator.ts';
import type { Row } from './row.ts';

const DEPLOYMENTS = 200;

/** After so many, everything is loaded and compiled that ever will be. */
const WARM = 100;

/** Kilobytes that one deployment more may leave, compiled code and caches included. */
const MOST_KB_EACH = 20;

/** What ended well, what failed and was rolled back, what changed nothing, and what was refused. */
const TURNS = [
  { 'image-tag': 'v2' },
  { 'image-tag': 'crash-1' },
  { 'image-tag': 'v2' },
  { 'image-tag': 'v3' },
  { 'image-tag': 'nowhere' },
] as const;

/** Waits of a millisecond for what is just about to end. */
const TURNS_TO_END = 200;

/** What a row of deployments left. */
export interface Soaked {
  /** `succeeded`, `rolled-back`, ... and how often. */
  readonly results: Readonly<Record<string, number>>;
  /** Timers, sockets and whatever else keeps a process alive, after the first and at the most after any. */
  readonly handles: { readonly first: number; readonly most: number };
  /** Open files and sockets, likewise. */
  readonly files: { readonly first: number; readonly most: number };
  /** Listeners of the process: signals, errors. */
  readonly listeners: { readonly first: number; readonly most: number };
}

/** Deploys so many times in one world, which is gone afterwards. */
export async function soak(deployments: number): Promise<Soaked> {
  const sim = await startSimulator({ clock: new ManualClock(), world: seedWorld({}) });
  try {
    const results = new Map<string, number>();
    const [handles, files, listeners]: number[][] = [[], [], []];
    for (let at = 0; at < deployments; at += 1) {
      const turn = TURNS[at % TURNS.length];
      const asked = { cluster: 'demo', service: 'backend', 'ecr-repository': 'backend', ...turn };
      const { outputs } = await runInProcess(sim, { ...asked, 'pr-comment': 'false' });
      const result = outputs['result'] ?? '';
      results.set(result, (results.get(result) ?? 0) + 1);
      handles?.push(await keptBeside(handles[0]));
      files?.push(readdirSync('/proc/self/fd').length);
      listeners?.push(process.eventNames().reduce((sum, name) => sum + process.listenerCount(name), 0));
    }
    return {
      results: Object.fromEntries(results),
      handles: firstAndMost(handles),
      files: firstAndMost(files),
      listeners: firstAndMost(listeners),
    };
  } finally {
    await sim.close();
  }
}

/** What keeps a process alive, but for the requests that are just under way, such as the reading of a file. */
function kept(): string[] {
  return process.getActiveResourcesInfo().filter((name) => !name.includes('Req'));
}

/** What ends by itself may take some turns of the event loop for it; what is left behind stays. */
async function keptBeside(first = Infinity): Promise<number> {
  for (let turn = 0; turn < TURNS_TO_END && kept().length > first; turn += 1) await sleep(1);
  return kept().length;
}

function firstAndMost(values: readonly number[] = []): { first: number; most: number } {
  return { first: values[0] ?? Number.NaN, most: Math.max(...values) };
}

/** What is left in memory once a world is gone with all that happened in it, after a few deployments and after many. */
export async function soakRow(): Promise<Row> {
  await soak(WARM);
  const before = await usedKb();
  const { results, handles, files, listeners } = await soak(DEPLOYMENTS);
  const kbEach = ((await usedKb()) - before) / DEPLOYMENTS;
  const ended = Object.entries(results).map(([result, times]) => `${times} ${result}`);
  const isFlat = [handles, files, listeners].every(({ first, most }) => most <= first);
  return {
    name: `${DEPLOYMENTS} deployments in a row`,
    limit: `${MOST_KB_EACH} kB left by each, no handle, file or listener more than after the first`,
    measured: `${kbEach.toFixed(1)} kB each, ${told('handles', handles)}, ${told('files', files)}, ${told('listeners', listeners)}; ${ended.join(', ')}`,
    isKept: kbEach <= MOST_KB_EACH && isFlat && (results['succeeded'] ?? 0) > 0,
    figures: { kbEach, handles: handles.most, files: files.most, listeners: listeners.most },
  };
}

function told(what: string, { first, most }: { readonly first: number; readonly most: number }): string {
  return `${what} ${first} to ${most}`;
}

/** The heap after a collection, in kilobytes. What a turn of the event loop has looked at is kept until the turn is over. */
async function usedKb(): Promise<number> {
  await sleep(50);
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  // Code that is not run any more is old enough to go after some.
  for (let times = 0; times < 10; times += 1) collect();
  return process.memoryUsage().heapUsed / 1000;
}
