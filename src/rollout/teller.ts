import { shortenArns } from '../aws/partition.ts';
import type { Rollout } from '../model.ts';
import type { Clock } from '../runtime/clock.ts';
import { Heartbeat } from '../runtime/heartbeat.ts';
import type { Log } from '../runtime/log.ts';
import type { Evaluation } from './judge.ts';
import type { Observation } from './observation.ts';
import { pointOf, progressBar, progressLine } from './progress.ts';

/**
 * Tells only what changed: the state of the rollout, and service events that were not told yet. Where nothing changes
 * for long, it says that it still watches.
 */
export class ProgressReporter {
  readonly #log: Log;
  readonly #name: string;
  readonly #reportedEvents: Set<string>;
  readonly #heartbeat: Heartbeat;
  #lastLine = '';
  #warnedOf: string | undefined;

  constructor(log: Log, rollout: Rollout, clock: Clock) {
    this.#log = log;
    this.#name = rollout.snapshot.address.name;
    this.#reportedEvents = new Set(rollout.snapshot.knownEvents);
    this.#heartbeat = new Heartbeat(clock);
  }

  report(seen: Observation, evaluation: Evaluation): void {
    for (const event of [...seen.events].reverse()) {
      if (!this.#reportedEvents.has(event.id)) this.#say(`ECS: ${shortenArns(event.message)}`);
      this.#reportedEvents.add(event.id);
    }
    this.#reportState(seen);
    if (evaluation.kind === 'progressing' && evaluation.unknownStatus !== undefined)
      this.#warnOf(evaluation.unknownStatus);
  }

  #reportState(seen: Observation): void {
    const line = progressLine(seen);
    if (line !== this.#lastLine) {
      this.#log.point(pointOf(this.#name, seen));
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

/** `45 s`, `2 min`, `3 min 30 s`. */
function inWords(seconds: number): string {
  const [minutes, rest] = [Math.floor(seconds / 60), Math.round(seconds % 60)];
  if (minutes === 0) return `${rest} s`;
  return rest === 0 ? `${minutes} min` : `${minutes} min ${rest} s`;
}
