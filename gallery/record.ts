import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { StepOptions, StepResult } from '../runner/job.ts';
import { runStep } from '../runner/step.ts';
import { ManualClock } from '../simulator/clock.ts';
import { startGitHub, type FakeGitHub } from '../simulator/front/github/github.ts';
import { seedWorld } from '../simulator/scenario/seed.ts';
import { startSimulator, type Simulator } from '../simulator/simulator.ts';
import { COMMIT, type Scene } from './scenes.ts';

/** What people see of one run. */
export interface Recording {
  readonly title: string;
  readonly ends: string;
  readonly log: string;
  readonly summary: string;
  readonly comment: string;
}

/** A run that ended otherwise than its row says. */
export class EndedOtherwise extends Error {}

const SPEED = 60;
const PULL_REQUEST = 7;

const SERVICE = { cluster: 'demo', service: 'backend' };

/** As quick as the world is fast around the bundle. */
const QUICK = { 'poll-interval-seconds': '0.1', 'health-check-interval-seconds': '0.1' };

/**
 * Runs the real bundle in a world and beside a GitHub of its own, or the sources where the scene says so. Rejects where
 * the run ends otherwise than it should.
 */
export async function record(scene: Scene): Promise<Recording> {
  const folder = await mkdtemp(join(tmpdir(), 'scene-'));
  const github = await startGitHub({
    pullRequests: [{ number: PULL_REQUEST, merged: true, mergeCommit: COMMIT }],
  });
  const time = scene.onWorldTime === true ? { clock: new ManualClock() } : { speed: scene.speed ?? SPEED };
  const sim = await startSimulator({ ...time, world: seedWorld(scene.world) });
  try {
    return await recordIn(scene, sim, github, folder);
  } finally {
    await Promise.all([sim.close(), github.close()]);
    await rm(folder, { recursive: true, force: true });
  }
}

async function recordIn(
  scene: Scene,
  sim: Simulator,
  github: FakeGitHub,
  folder: string,
): Promise<Recording> {
  const env = { GITHUB_API_URL: github.url, GITHUB_SHA: COMMIT };
  for (const [at, inputs] of (scene.earlier ?? []).entries()) {
    const earlier = { ...env, GITHUB_RUN_ID: String(30 + at) };
    await run(scene, sim, inputs, { env: earlier });
  }
  const more = scene.prepare?.(sim) ?? {};
  const options = (await scene.options?.(folder)) ?? {};
  const inputs = { ...scene.inputs, ...more };
  const result = await run(scene, sim, inputs, {
    ...options,
    env: { ...env, ...options.env },
  });
  const { result: end = '', cause = '' } = result.outputs;
  const ends =
    result.exitCode === null
      ? 'killed'
      : [end, cause, result.exitCode].filter((each) => each !== '').join(' ');
  if (ends !== scene.ends) {
    throw new EndedOtherwise(`"${scene.title}" ended as "${ends}", not as "${scene.ends}":\n${result.log}`);
  }
  return {
    title: scene.title,
    ends,
    log: scene.isPost === true ? `${result.log}\n::endgroup::\n${result.post.log}` : result.log,
    summary: scene.isPost === true ? result.post.summary : result.summary,
    comment: github.comments.at(-1)?.body ?? '',
  };
}

async function run(
  { onWorldTime }: Scene,
  sim: Simulator,
  inputs: Readonly<Record<string, string>>,
  options: StepOptions,
): Promise<StepResult> {
  if (onWorldTime !== true) return runStep({ ...SERVICE, ...QUICK, ...inputs }, sim.env, options);
  const { runInProcess } = await import('../runner/in-process.ts');
  return runInProcess(sim, { ...SERVICE, ...inputs }, options);
}
