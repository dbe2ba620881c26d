/** Each case once as the sources in this process and once as the bundle: `npm run test:side-by-side`. */
import { expect } from '@jest/globals';
import { appendFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ROOT, type StepResult } from '../../runner/job.ts';
import type { Simulator } from '../../simulator/simulator.ts';

/** Where the steps of this run are written down; undefined in all other runs. */
const FOLDER = process.env['SIDE_BY_SIDE'];

/** What a step is in this run, where its test says nothing of it. */
export const AS = process.env['SIDE_BY_SIDE_AS'] === 'bundle' ? 'bundle' : 'process';

/** Seconds of the world, and of the bundle beside it, in a real one. */
export const SIDE_BY_SIDE_SPEED = 30;

/** For a bundle whose time passes as fast as its world's. */
export function fasterTime(sim: Simulator): Record<string, string> {
  return {
    NODE_OPTIONS: `--import ${pathToFileURL(join(ROOT, 'runner', 'faster-time.js')).href}`,
    FASTER_TIME: String(SIDE_BY_SIDE_SPEED),
    FASTER_TIME_FROM: String(sim.world.clock.now()),
  };
}

/** What is the same in both runs of a step, but for texts that name instants, durations and addresses. */
export interface RecordedStep {
  readonly file: string;
  readonly test: string;
  readonly exitCode: number | null;
  readonly outputs: Readonly<Record<string, string>>;
  readonly errors: readonly string[];
  readonly warnings: readonly string[];
  readonly summary: string;
  readonly report: unknown;
  /** Calls that were accepted and change something, with their bodies. */
  readonly writes: readonly (readonly [action: string, body: object])[];
  readonly post: StepResult['post'];
}

export function recordStep(sim: Simulator, result: StepResult): void {
  if (FOLDER === undefined) return;
  const { currentTestName = '', testPath } = expect.getState();
  const { exitCode, outputs, errors, warnings, summary, post } = result;
  const isWrite = ({ action, status }: { action: string; status: number }): boolean =>
    status === 200 &&
    /^(?:Register|Update|Stop|Deregister|Run|Create|Continue|Put|Tag|BatchDelete)/.test(action);
  const step: RecordedStep = {
    file: testPath?.slice(ROOT.length) ?? '',
    test: currentTestName,
    ...{ exitCode, outputs, errors, warnings, summary, post },
    report: 'report' in outputs ? result.report : null,
    writes: sim.calls.filter(isWrite).map(({ action, body }) => [action, body]),
  };
  mkdirSync(FOLDER, { recursive: true });
  appendFileSync(join(FOLDER, `${AS}-${process.pid}.jsonl`), `${JSON.stringify(step)}\n`);
}
