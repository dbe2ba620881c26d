import { shortenArns } from '../aws/partition.ts';
import type { Rollout } from '../model.ts';
import type { Log } from '../runtime/log.ts';
import type { Verdict } from './judge.ts';
import type { Observation } from './observation.ts';
import { progressLine } from './progress.ts';

/** Tells only what changed: the state of the rollout, and service events that were not told yet. */
export class Teller {
  readonly #log: Log;
  readonly #name: string;
  readonly #toldEvents: Set<string>;
  #lastLine = '';
  #warnedOf: string | undefined;

  constructor(log: Log, rollout: Rollout) {
    this.#log = log;
    this.#name = rollout.snapshot.address.name;
    this.#toldEvents = new Set(rollout.snapshot.knownEvents);
  }

  tell(seen: Observation, verdict: Verdict): void {
    for (const event of [...seen.events].reverse()) {
      if (!this.#toldEvents.has(event.id))
        this.#log.line(`${this.#name}: ECS: ${shortenArns(event.message)}`);
      this.#toldEvents.add(event.id);
    }
    const line = progressLine(seen);
    if (line !== this.#lastLine) this.#log.line(`${this.#name}: ${line}`);
    this.#lastLine = line;
    if (verdict.kind === 'progressing' && verdict.unknownStatus !== undefined)
      this.#warnOf(verdict.unknownStatus);
  }

  #warnOf(status: string): void {
    if (this.#warnedOf === status) return;
    this.#warnedOf = status;
    this.#log.warn(`ECS reports the status ${status}, which this version does not know; it keeps watching.`);
  }
}
