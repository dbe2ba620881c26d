/** What the gates are asked, about whom, and what their answers mean to those. Pure. */
import type { Measurement, Measurer, Reading, Round, TaskLimits } from '../model/analysis.ts';
import { isWell, type Problem, type Request, type ServiceRun } from '../model/index.ts';
import type { Decision } from './analysis.ts';
import { alarmProblem, gateProblem, httpProblem, metricProblem } from './problems.ts';

/** A measurer, and whom its answers are about. */
export interface Question {
  readonly measurer: Measurer;
  /** The place of its service; undefined where all services share it. */
  readonly at?: number;
  /** Of a URL, without its query. */
  readonly url?: string;
  /** That it is skipped is a warning. */
  readonly isExpected: boolean;
}

/** The places of the services that stand or fall with a question. */
export function concerned({ at, url }: Question, serviceRuns: readonly ServiceRun[]): readonly number[] {
  if (at !== undefined) return [at];
  const together = evaluatedTogether(serviceRuns);
  const those = url === undefined ? together : behindBalancers(together);
  return those.map((serviceRun) => serviceRuns.indexOf(serviceRun));
}

/** What is logged of a decision. */
export function sentenceOf(
  { at, url, isExpected }: Question,
  { result: { gate, state, detail, unchecked }, asked }: Decision,
  { phase }: Round,
  serviceRuns: readonly ServiceRun[],
): { readonly text: string; readonly isWarning: boolean } {
  const name = at === undefined ? '' : `${serviceRuns[at]?.snapshot.address.name ?? ''}: `;
  const isOfTasks = gate === 'tasks' || gate === 'targets';
  const during = phase === 'baking' && isOfTasks ? ' while baking' : '';
  const what = url === undefined ? detail : state === 'skipped' ? `${detail}.` : `${url}: ${detail}`;
  const isHalf = url !== undefined && state === 'passed' && hasBad(asked?.answers ?? []);
  return {
    text: `${name}${gate} gate ${state}${during}: ${what}`,
    isWarning: (state === 'skipped' && isExpected) || unchecked === true || isHalf,
  };
}

function hasBad(answers: readonly Measurement[]): boolean {
  return answers.some(({ reading }) => reading.kind === 'bad');
}

/** The problem of a service that fails with this decision. */
export function problemOf({ measurer, url }: Question, serviceRun: ServiceRun, decision: Decision): Problem {
  const { result, by } = decision;
  switch (measurer.gate) {
    case 'http':
    case 'test-url':
      return httpProblem(serviceRun, url ?? '', {
        detail: result.detail,
        reachable: by?.reading.kind !== 'unanswered',
        asBefore: by?.reading.kind === 'bad' && !by.reading.blames,
        answer: (by?.evidence ?? []).map(({ text }) => text),
      });
    case 'alarms':
      return alarmProblem(serviceRun, result);
    case 'metrics':
      return metricProblem(serviceRun, result, by?.reading.kind === 'bad');
    case 'digest':
    case 'tasks':
    case 'targets':
      return gateProblem(serviceRun, result, !isFaultless(by?.reading));
  }
}

/** The answer failed the gate, and does not blame the revision. */
function isFaultless(reading: Reading | undefined): boolean {
  return (reading?.kind === 'bad' || reading?.kind === 'inconclusive') && !reading.blames;
}

/** Services that stand or fall with what all of them share: those that this run changed, or else all, while well. */
export function evaluatedTogether(serviceRuns: readonly ServiceRun[]): readonly ServiceRun[] {
  const well = serviceRuns.filter(isWell);
  const changed = well.filter(({ change }) => change !== 'none');
  return changed.length === 0 ? well : changed;
}

/** The URL is that of a load balancer, where any of them has one. */
export function behindBalancers(serviceRuns: readonly ServiceRun[]): readonly ServiceRun[] {
  const behind = serviceRuns.filter(({ snapshot }) => snapshot.targetGroups.length > 0);
  return behind.length === 0 ? serviceRuns : behind;
}

/** Whose URL it is, is not known: once a service that this run changed has failed, it judges no other. */
export function othersAnswer(serviceRuns: readonly ServiceRun[], url: string): string | undefined {
  const failed = serviceRuns.find(({ problem, change }) => problem !== undefined && change !== 'none');
  if (failed !== undefined)
    return `service "${failed.snapshot.address.name}" failed, and what answers at ${url} may be that one's`;
  const mixed = serviceRuns.find(({ oldTasksRemain }) => oldTasksRemain === true);
  return (
    mixed && `old tasks of service "${mixed.snapshot.address.name}" still serve, and may answer at ${url}`
  );
}

export function limitsOf({ desiredCount }: ServiceRun, { gate, rollout: asked }: Request): TaskLimits {
  const { pollSeconds, failedTaskLimit, failFast } = asked;
  return {
    deadlineSeconds: gate.deadlineSeconds,
    pollSeconds,
    failedTaskLimit,
    failFast,
    desired: desiredCount,
  };
}
