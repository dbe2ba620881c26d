import type { CheckResult } from '../model/index.ts';
import { DeployError } from '../runtime/error.ts';
import type { Log } from '../runtime/log.ts';
import { alarms } from './alarms.ts';
import { definitionRules, serviceSettings } from './definition.ts';
import { resultOf, type Candidate, type Check, type CheckContext, type PreflightAws } from './check.ts';
import { image } from './image.ts';
import { loadBalancer, targetType } from './load-balancer.ts';
import { role } from './role.ts';
import { parameter, secret } from './secrets.ts';
import {
  circuitBreaker,
  otherDeployment,
  percents,
  rollbackImage,
  rollbackTarget,
  scalingRange,
} from './service.ts';
import { definitionSize, logGroup, taskSize } from './task.ts';

/** Every preflight check, in the order in which they are logged: what stops a deployment first. */
export const CHECKS: readonly Check[] = [
  image,
  definitionRules,
  taskSize,
  serviceSettings,
  loadBalancer,
  targetType,
  percents,
  role,
  secret,
  parameter,
  logGroup,
  otherDeployment,
  rollbackTarget,
  rollbackImage,
  circuitBreaker,
  alarms,
  scalingRange,
  definitionSize,
];

/** What a build can have changed: the image is there now, and somebody may have deployed meanwhile. */
export const CHECKS_AFTER_BUILD: readonly Check[] = [image, otherDeployment];

/** Of a deployment that is under way already: whether it can get anywhere. */
export const CHECKS_OF_ADOPTED: readonly Check[] = [percents];

export type { Candidate, PreflightAws } from './check.ts';

export interface PreflightContext extends CheckContext {
  readonly aws: PreflightAws;
  readonly log: Log;
}

/**
 * Runs the checks, side by side, and logs what each found; changes nothing. Whatever AWS answers, it resolves: a
 * thing that could not be looked at is SKIPPED. Rejects only with the end of the job. A check that had nothing to look
 * at is no result, and no check is one where they are off.
 */
export async function runChecks(
  ctx: PreflightContext,
  candidate: Candidate,
  checks: readonly Check[] = CHECKS,
): Promise<CheckResult[]> {
  const { aws, log } = ctx;
  const mode = candidate.request.rollout.preflight;
  if (mode === 'off') {
    log.line('The preflight checks are off.');
    return [];
  }
  const looks = await Promise.all(
    checks.map(async (check) => ({ check, findings: await check.look(aws, candidate, ctx) })),
  );
  const results = looks
    .filter(({ findings }) => findings.length > 0)
    .map(({ check, findings }) => resultOf(check, findings));
  logResults(log, results, mode);
  const without = looks.filter(({ findings }) => findings.length === 0).map(({ check }) => check);
  if (without.length > 0) {
    log.line(`Nothing to check: ${without.map(({ name, nothing }) => `${name} (${nothing})`).join(', ')}`);
  }
  return results;
}

/**
 * Pure: what ends the run before anything is touched where a check FAILED and failed checks count: `preflight-failed` with
 * one line of evidence a check.
 */
export function refusalOf(
  results: readonly CheckResult[],
  mode: 'fail' | 'warn' | 'off',
): DeployError | undefined {
  const failed = results.filter(({ state }) => state === 'FAILED');
  const [first] = failed;
  if (mode !== 'fail' || first === undefined) return undefined;
  const message =
    failed.length === 1
      ? `The preflight check "${first.check}" failed: ${first.detail}.`
      : `${failed.length} preflight checks failed: ${failed.map(({ check }) => check).join(', ')}.`;
  return new DeployError('preflight-failed', message, {
    hint:
      failed.length === 1
        ? 'Fix what it names. (Where the check is wrong, preflight: warn goes on in spite of it.)'
        : 'Fix what each of them found. (Where a check is wrong, preflight: warn goes on in spite of it.)',
    evidence: failed.map((result) => ({ kind: 'status', text: lineOf(result) })),
  });
}

/** The check, and what it found without its name again: most findings begin with what they are of. */
function lineOf({ check, detail }: CheckResult): string {
  const found = detail
    .split('; ')
    .map((each) => (each.startsWith(`${check} `) ? each.slice(check.length + 1) : each));
  return `${check}: ${found.join('; ')}`;
}

/** One line a check; what may not be looked at is one line together. */
function logResults(log: Log, results: readonly CheckResult[], mode: 'fail' | 'warn'): void {
  for (const result of results) {
    const { state, denied } = result;
    const text = lineOf(result);
    if (denied) continue;
    if (state === 'WARNING') log.warn(text);
    else if (state === 'FAILED' && mode === 'warn')
      log.warn(`${text} (preflight: warn goes on in spite of it)`);
    else log.line(`${state.padEnd(7)} ${text}`);
  }
  const closed = results.filter(({ denied }) => denied).map(({ check, detail }) => `${check} (${detail})`);
  if (closed.length > 0) log.line(`Not checked, access denied: ${closed.join(', ')}`);
}
