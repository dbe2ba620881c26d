import { shortenArns } from '../aws/arn.ts';
import { describeAwsError } from '../aws/errors.ts';
import { describeFailure, type TaskFailure } from '../ecs/task-failure.ts';
import type { Pause, Rollout, RolloutPoint } from '../model/index.ts';
import type { Clock } from '../runtime/clock.ts';
import { minuteInUtc, type Log } from '../runtime/log.ts';
import { Heartbeat } from '../runtime/wait.ts';
import type { Evaluation } from './evaluate.ts';
import type { AwaitingHook, Observation } from './observe.ts';

/** Events that name a problem; the others come with every rollout (ECS Developer Guide, "Service event messages"). */
export const TELLING = /unable|unhealthy|fail|error|throttl|missing|alarm|rolling back|consistently/i;

/** Cells of the bar. */
const BAR = 10;

/** Pure: one look in numbers. */
export function pointOf(service: string, seen: Observation): RolloutPoint {
  const { entry } = seen;
  const weight = seen.deployment?.weight;
  const areKnown = seen.tasks.length > 0;
  return {
    service,
    desired: entry?.desired ?? seen.service.desired,
    running: areKnown ? seen.tasks.filter((task) => task.status === 'RUNNING').length : (entry?.running ?? 0),
    healthy: areKnown ? seen.tasks.filter((task) => task.healthy).length : undefined,
    old: seen.oldTasks,
    draining: seen.drainingTasks ?? 0,
    failed: seen.tasks.filter((task) => task.failure !== undefined).length,
    stage: stageOf(seen),
    ...(weight === undefined ? {} : { weight }),
  };
}

/** What the two revisions of a rollout are called: the one that it brings, and the one before. */
interface Names {
  readonly brought: string;
  readonly before: string;
}

const FORTH: Names = { brought: 'new', before: 'old' };

/** Of a deployment with which this run goes back. */
const BACK: Names = { brought: 'last good', before: 'failed revision' };

/**
 * Pure: the state of a rollout in one line; two equal lines mean that nothing changed. While ECS rolls back, it is the tasks
 * of before that count.
 */
export function progressLine(seen: Observation, { brought, before }: Names = FORTH): string {
  const { running, healthy, old, draining, failed, stage } = pointOf('', seen);
  const { there, desired, isBefore } = whatIsToRun(seen);
  return [
    `${isBefore ? before : brought} ${there}/${desired} running`,
    ...(isBefore || healthy === undefined ? [] : [`${healthy} healthy`]),
    ...(isBefore && running > 0 ? [`${brought} ${running}`] : []),
    ...(isBefore || old - draining <= 0 ? [] : [`${before} ${old - draining}`]),
    ...(draining === 0 ? [] : [`draining ${draining}`]),
    ...(failed === 0 ? [] : [`failed ${failed}`]),
    stage,
    ...(seen.deployment?.awaiting ?? []).map(describeHook),
  ]
    .filter((part) => part !== '')
    .join(', ');
}

/** Pure: how much of what is desired is there, as a bar: healthy tasks, or running ones where no health is known. */
export function progressBar(seen: Observation): string {
  const { healthy } = pointOf('', seen);
  const { there, desired, isBefore } = whatIsToRun(seen);
  const share = desired === 0 ? 0 : Math.min(1, (isBefore ? there : (healthy ?? there)) / desired);
  const full = Math.floor(share * BAR);
  return '█'.repeat(full) + '░'.repeat(BAR - full);
}

/** The tasks that the service is to run in the end: of the revision that is brought, or of the one before. */
function whatIsToRun(seen: Observation): { there: number; desired: number; isBefore: boolean } {
  const { desired, running, old, draining } = pointOf('', seen);
  if (seen.deployment?.status.startsWith('ROLLBACK') !== true)
    return { there: running, desired, isBefore: false };
  // Where the tasks may not be read, ECS's counts are known.
  const isUnread = seen.tasks.length === 0 && old === 0;
  const there = isUnread ? (seen.others?.running ?? 0) : old - draining;
  return { there, desired: seen.service.desired, isBefore: true };
}

function stageOf({ deployment, primary }: Observation): string {
  const { status = primary?.rolloutState ?? '', lifecycleStage: stage, weight = 0 } = deployment ?? {};
  const words = status.toLowerCase().replaceAll('_', ' ');
  if (stage === undefined) return words;
  // CodeDeploy's own names are one word each.
  const name = /^[A-Z_]+$/.test(stage) ? stage.toLowerCase().replaceAll('_', ' ') : stage;
  return `${words} (${name}${weight > 0 && weight < 100 ? `, ${weight} %` : ''})`;
}

/** `` until 2026-11-30 05:46 UTC, then ECS rolls back``, as far as it is known. */
function untilThen(expiresAt: string | undefined, then: string | undefined): string {
  const until = expiresAt === undefined ? '' : ` until ${minuteInUtc(expiresAt)}`;
  return then === undefined ? until : `${until}, then ${whoActs(then)}`;
}

/** Pure: what happens to a pause that nobody answers, as a clause: `ECS rolls back`. */
export function whoActs(action: string): string {
  return BY_ITSELF[action] ?? `ECS does ${action}`;
}

/** By what becomes of a hook that nobody answers (ECS API, DeploymentLifecycleHook; CodeDeploy API, DeploymentReadyOption). */
const BY_ITSELF: Readonly<Record<string, string>> = {
  ROLLBACK: 'ECS rolls back',
  CONTINUE: 'ECS goes on',
  STOP_DEPLOYMENT: 'CodeDeploy stops it',
};

/** Pure: until when a pause waits, as in ` until …, when ECS rolls back by itself`. */
export function untilAnswered({ expiresAt, then }: Pause): string {
  if (expiresAt === undefined) return '';
  return ` until ${minuteInUtc(expiresAt)}${then === undefined ? '' : `, when ${whoActs(then)} by itself`}`;
}

/** A hook that waits is no failure: somebody has to say go on or back, or ECS does it in the end. */
export function describeHook({ id, expiresAt, then }: AwaitingHook): string {
  if (then === 'STOP_DEPLOYMENT') {
    return `${id} waits to be continued${untilThen(expiresAt, then)}`;
  }
  return `hook ${id} waits for an answer${untilThen(expiresAt, then)}`;
}

/**
 * Says only what changed: the state of the rollout, and service events that were not reported yet. Where nothing changes
 * for long, it says that it still watches.
 */
export class ProgressReporter {
  readonly #log: Log;
  readonly #name: string;
  readonly #reportedEvents: Set<string>;
  readonly #heartbeat: Heartbeat;
  readonly #names: Names;
  #lastLine = '';
  #warnedOf: string | undefined;
  #warnedOfTasks = false;
  #isBlind = false;
  /** Ways in which tasks failed that were said; undefined until the first look at tasks of another time. */
  #saidFailures: Set<string> | undefined;

  /** `goesBack`: the deployment brings the last good revision back. */
  constructor(log: Log, rollout: Rollout, clock: Clock, goesBack = false) {
    this.#log = log;
    this.#names = goesBack ? BACK : FORTH;
    this.#saidFailures = rollout.adopted || !rollout.replacesTasks ? undefined : new Set();
    this.#name = rollout.snapshot.address.name;
    this.#reportedEvents = new Set(rollout.snapshot.knownEvents);
    this.#heartbeat = new Heartbeat(clock);
  }

  report(seen: Observation, evaluation: Evaluation): void {
    for (const event of [...seen.events].reverse()) {
      if (!this.#reportedEvents.has(event.id)) this.#tellEvent(shortenArns(event.message));
      this.#reportedEvents.add(event.id);
    }
    this.#reportSight(seen);
    this.#reportFailures(seen);
    this.#reportState(seen);
    if (evaluation.kind === 'progressing' && evaluation.unknownStatus !== undefined)
      this.#warnOf(evaluation.unknownStatus);
  }

  /** Those that come with every rollout are for whoever looks closely: the line of the state says what they mean. */
  #tellEvent(message: string): void {
    const text = `ECS: ${message}`;
    if (TELLING.test(message) || this.#log.aside === undefined) this.#say(text);
    else this.#log.aside(`${this.#name}: ${text}`);
  }

  /** What nobody can see is no evidence: said, so that silence is not taken for health. */
  #reportSight({ tasksUnread, unanswered }: Observation): void {
    if (tasksUnread === true && !this.#warnedOfTasks) {
      this.#log.warn(
        `The tasks of "${this.#name}" may not be read (ecs:ListTasks, ecs:DescribeTasks): ECS's own counts are all that is known, and nothing ends the rollout early.`,
      );
      this.#warnedOfTasks = true;
    }
    const isBlind = unanswered !== undefined;
    if (isBlind && !this.#isBlind) {
      this.#say(`its tasks could not be read in time (${describeAwsError(unanswered)}); asking again.`);
    }
    this.#isBlind = isBlind;
  }

  /** Each new way in which a task of ours failed, the moment it is first seen: ECS may take minutes for its verdict. */
  #reportFailures({ tasks, unanswered }: Observation): void {
    const texts = new Set(
      tasks.flatMap(({ failure }) => (failure === undefined ? [] : [failureText(failure)])),
    );
    // Of a deployment that is older than this run, what had failed by the first look is of another time.
    if (this.#saidFailures === undefined) {
      if (unanswered === undefined) this.#saidFailures = texts;
      return;
    }
    for (const text of texts) {
      if (!this.#saidFailures.has(text)) this.#say(`a task failed: ${text}`);
      this.#saidFailures.add(text);
    }
  }

  #reportState(seen: Observation): void {
    const line = progressLine(seen, this.#names);
    if (line !== this.#lastLine) {
      const back = this.#names === BACK ? { back: true as const } : {};
      this.#log.point({ ...pointOf(this.#name, seen), ...back });
      this.#say(`${progressBar(seen)} ${line}`);
      this.#lastLine = line;
      return;
    }
    const quiet = this.#heartbeat.due();
    if (quiet === undefined) return;
    this.#log.line(`${this.#name}: still ${line}; no change for ${inWords(quiet)}.`);
  }

  #say(text: string): void {
    this.#log.line(`${this.#name}: ${text}`);
    this.#heartbeat.changed();
  }

  #warnOf(status: string): void {
    if (this.#warnedOf === status) return;
    this.#warnedOf = status;
    this.#log.warn(`ECS reports the status ${status}, which this version does not know; it keeps watching.`);
  }
}

/** Pure: how a task failed, equal for all that failed alike: reasons differ by ids of tasks and requests alone. */
export function failureText(failure: TaskFailure): string {
  const { stopCode, exitCode } = failure;
  // An exit code says as much.
  const isSaid =
    stopCode === undefined || (stopCode === 'EssentialContainerExited' && exitCode !== undefined);
  const code = isSaid ? '' : ` (${stopCode})`;
  return `${describeFailure(failure).replace(/\(request id: [^)]*\)|\b[0-9a-f]{32}\b/gi, '…')}${code}`;
}

/** `45 s`, `2 min`, `3 min 30 s`. */
function inWords(seconds: number): string {
  const [minutes, rest] = [Math.floor(seconds / 60), Math.round(seconds % 60)];
  if (minutes === 0) return `${rest} s`;
  return rest === 0 ? `${minutes} min` : `${minutes} min ${rest} s`;
}
