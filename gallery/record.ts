import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runStep } from '../runner/step.ts';
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

const QUICK = {
  cluster: 'demo',
  service: 'backend',
  'poll-interval-seconds': '0.1',
  'health-check-interval-seconds': '0.1',
};

/** Runs the real bundle in a world and beside a GitHub of its own. Rejects where the run ends otherwise than it should. */
export async function record(scene: Scene): Promise<Recording> {
  const folder = await mkdtemp(join(tmpdir(), 'scene-'));
  const github = await startGitHub({
    pullRequests: [{ number: PULL_REQUEST, merged: true, mergeCommit: COMMIT }],
  });
  const sim = await startSimulator({ speed: scene.speed ?? SPEED, world: seedWorld(scene.world) });
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
    await runStep({ ...QUICK, ...inputs }, sim.env, { env: earlier });
  }
  const more = scene.prepare?.(sim) ?? {};
  const options = (await scene.options?.(folder)) ?? {};
  const result = await runStep({ ...QUICK, ...scene.inputs, ...more }, sim.env, {
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
