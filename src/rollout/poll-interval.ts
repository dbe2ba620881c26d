import type { Rollout, RolloutRequest } from '../model/index.ts';
import type { EvaluationTerms } from './evaluate.ts';
import type { History } from './history.ts';
import { countedFailures } from './task-record.ts';
import type { Observation } from './observe.ts';

/** The longest pause after throttling. */
const MAX_MS = 32_000;

/** The pause while the end is near, and for how long of a watch in all. */
const NEAR_MS = 2_000;

const NEAR_FOR_MS = 60_000;

/** Services that are followed side by side: with more of them short pauses would be felt by the account. */
const FEW = 10;

/** No task of a new deployment has started its containers by then: Fargate needs 15 to 60 seconds for that. */
const QUIET_MS = 10_000;

/**
 * The pauses between the looks of one watch, in milliseconds. An interval that the user set is kept; the default falls to
 * two seconds for a minute in all while the end is near. Either grows while AWS throttles.
 */
export class PollInterval {
  readonly #ms: number;
  readonly #mayFall: boolean;
  #now: number;
  #nearLeftMs = NEAR_FOR_MS;

  constructor({ pollSeconds, isPollSet }: RolloutRequest) {
    this.#ms = this.#now = pollSeconds * 1000;
    // What reads no inputs says nothing of it, and keeps what it asks for.
    this.#mayFall = isPollSet === false;
  }

  /** AWS answered; `services`: how many are followed together. */
  answered(isNear: boolean, services: number): number {
    this.#now = this.#ms;
    if (!isNear || !this.#mayFall || this.#nearLeftMs <= 0 || services > FEW) return this.#now;
    const ms = Math.min(this.#ms, NEAR_MS);
    this.#nearLeftMs -= ms;
    return ms;
  }

  throttled(): number {
    this.#now = Math.min(this.#now * 2, MAX_MS);
    return this.#now;
  }

  /** AWS did not answer. */
  unanswered(): number {
    return this.#now;
  }
}

/** Pure: when the first look at a rollout is worth a call, a reading of the clock. */
export function firstLook(
  { replacesTasks, adopted }: Rollout,
  { isPollSet }: RolloutRequest,
  startedAt: number,
): number {
  const isNew = replacesTasks && !adopted;
  return isNew && isPollSet === false ? startedAt + QUIET_MS : startedAt;
}

/**
 * Pure: the end may come any moment. All tasks of a rolling update, or of the rollback of one, are healthy at their count,
 * or some have failed and few more would settle it.
 */
export function isNearEnd(
  { entry, primary, tasks, deployment, oldTasks }: Observation,
  history: History,
  {
    failFast,
    deploymentId,
    resetOnHealthyTask,
  }: Pick<EvaluationTerms, 'failFast' | 'deploymentId' | 'resetOnHealthyTask'>,
): boolean {
  if (failFast && countedFailures(history, resetOnHealthyTask).length > 0) return true;
  if (primary !== undefined && primary.id !== deploymentId) return isThere(primary);
  const stage = deployment?.lifecycleStage;
  if (entry === undefined || !isThere(entry) || (stage !== undefined && stage !== 'CLEAN_UP')) return false;
  return tasks.length === 0 ? oldTasks === 0 : tasks.filter(({ healthy }) => healthy).length >= entry.desired;
}

function isThere({ desired, running, pending }: NonNullable<Observation['entry']>): boolean {
  return desired > 0 && running >= desired && pending === 0;
}
