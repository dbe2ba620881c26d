/** An AWS and a GitHub of their own for one test, gone afterwards; the pull request that a run belongs to. */
import type { StepOptions, StepResult } from '../../runner/step.ts';
import { startGitHub, type FakeGitHub, type FakeGitHubOptions } from '../../simulator/front/github/github.ts';
import type { Simulator } from '../../simulator/simulator.ts';
import { inAWorld, step, tag, type WorldOptions } from './world.ts';

/** The commit of a run, and the head of its pull request. */
export const SHA = '0123456789abcdef0123456789abcdef01234567';

export const MARKER = '<!-- ecs-fargate-deploy:demo/backend -->';

export const PULL_REQUEST = {
  name: 'pull_request',
  payload: {
    number: 999,
    pull_request: { number: 7, head: { sha: SHA, repo: { full_name: 'octo-org/video' } } },
  },
};

export async function withGitHub(
  options: FakeGitHubOptions,
  test: (sim: Simulator, github: FakeGitHub) => Promise<void>,
  world: WorldOptions = {},
): Promise<void> {
  const github = await startGitHub(options);
  try {
    await inAWorld(world, (sim) => test(sim, github));
  } finally {
    await github.close();
  }
}

/** A plan is the quickest run that comments. */
export function commented(
  sim: Simulator,
  github: FakeGitHub,
  event: NonNullable<StepOptions['event']> = PULL_REQUEST,
  inputs: Readonly<Record<string, string>> = {},
  env: Readonly<Record<string, string>> = {},
): Promise<StepResult> {
  return step(
    sim,
    { mode: 'plan', ...tag('v2'), ...inputs },
    { event, env: { GITHUB_API_URL: github.url, ...env } },
  );
}

/** The texts of the comments on a pull request. */
export function bodies(github: FakeGitHub, pullRequest = 7): string[] {
  return github.comments.filter((each) => each.pullRequest === pullRequest).map(({ body }) => body);
}
