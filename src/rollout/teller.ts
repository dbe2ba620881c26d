import { shortenArns } from '../aws/partition.ts';
import type { Rollout } from '../model.ts';
import type { Clock } from '../runtime/clock.ts';
import { Heartbeat } from '../runtime/heartbeat.ts';
import type { Log } from '../runtime/log.ts';
import type { Verdict } from './judge.ts';
import type { Observation } from './observation.ts';
import { pointOf, progressBar, progressLine } from './progress.ts';

/**
 * Tells only what changed: the state of the rollout, and service events that were not told yet. Where nothing changes
 * for long, it says that it still watches.
 */
export class Teller {
  readonly #log: Log;
  readonly #name: string;
  readonly #toldEvents: Set<string>;
  readonly #heartbeat: Heartbeat;
  #lastLine = '';
  #warnedOf: string | undefined;

  constructor(log: Log, rollout: Rollout, clock: Clock) {
    this.#log = log;
    this.#name = rollout.snapshot.address.name;
    this.#toldEvents = new Set(rollout.snapshot.knownEvents);
    this.#heartbeat = new Heartbeat(clock);
  }

  tell(seen: Observation, verdict: Verdict): void {
    for (const event of [...seen.events].reverse()) {
      if (!this.#toldEvents.has(event.id)) this.#say(`ECS: ${shortenArns(event.message)}`);
      this.#toldEvents.add(event.id);
    }
    this.#tellState(seen);
    if (verdict.kind === 'progressing' && verdict.unknownStatus !== undefined)
      this.#warnOf(verdict.unknownStatus);
  }

  #tellState(seen: Observation): void {
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
