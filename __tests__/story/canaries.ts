/** Secrets that must be seen nowhere, put wherever one can be, and what people see of a run. */
import { expect } from '@jest/globals';
import type { StepOptions, StepResult } from '../../runner/step.ts';
import type { Simulator } from '../../simulator/simulator.ts';
import { startGitHub } from '../../simulator/front/github/github.ts';
import { PULL_REQUEST } from './github-world.ts';
import { step } from './world.ts';

/** A secret of its own for each place, none of which may be seen anywhere. */
export const canary = (place: string): string => `canary-${place}-7f3a9c`;
export const ANY_CANARY = /canary-[a-z-]+-7f3a9c/g;

/** Inputs that hold a secret wherever one can be. */
export function secretInputs(sim: Simulator): Record<string, string> {
  const url = sim.loadBalancers['web']?.url ?? '';
  return {
    'environment-variables': `DATABASE_PASSWORD=${canary('environment')}\nPUBLIC=${canary('second')}`,
    command: JSON.stringify(['serve', '--token', canary('command')]),
    'docker-labels': `proxy.auth.users=${canary('label')}`,
    'health-check-url': `${url}/version?key=${canary('query')}`,
    'health-check-headers': `Authorization: Bearer ${canary('header')}`,
    'github-token': canary('token'),
  };
}

/** Everything that people or later steps see of a run, by where it is seen. The runner hides lines that mask. */
export function seenIn(result: StepResult, comments: readonly string[]): Record<string, string> {
  const visible = (log: string): string => log.replace(/^::add-mask::.*$/gm, '');
  return {
    log: visible(result.log),
    'post log': visible(result.post.log),
    summary: result.summary + result.post.summary,
    comment: comments.join('\n'),
    outputs: JSON.stringify(result.outputs),
    report: JSON.stringify(result.exitCode === null ? {} : result.report),
  };
}

/** Runs with debug logging on, and resolves to the canaries that each place shows. */
export async function canariesOf(
  sim: Simulator,
  inputs: Readonly<Record<string, string>>,
  options: StepOptions = {},
): Promise<{ shown: Record<string, readonly string[]>; result: StepResult }> {
  const github = await startGitHub();
  try {
    const env = { RUNNER_DEBUG: '1', ACTIONS_STEP_DEBUG: 'true', GITHUB_API_URL: github.url, ...options.env };
    const result = await step(sim, inputs, { event: PULL_REQUEST, ...options, env });
    const seen = seenIn(
      result,
      github.comments.map(({ body }) => body),
    );
    expect(seen['comment']).not.toBe('');
    const shown = Object.entries(seen).map(([place, text]) => [place, text.match(ANY_CANARY) ?? []] as const);
    return { shown: Object.fromEntries(shown.filter(([, found]) => found.length > 0)), result };
  } finally {
    await github.close();
  }
}
