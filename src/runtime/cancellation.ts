import { systemClock, type Clock } from './clock.ts';
import { Deadline } from './wait.ts';

/** Thrown out of every wait and call once the job is cancelled. */
export class Cancelled extends Error {
  readonly signalName: string;
  /** When that was, by a reading of the run's clock; undefined: this moment. */
  readonly at: number | undefined;

  constructor(signalName: string, at?: number) {
    super(`The job was cancelled (${signalName}).`);
    this.name = 'Cancelled';
    this.signalName = signalName;
    this.at = at;
  }
}

/** The job was cancelled while a write was on its way: whether it took effect is not known. */
export class CancelledUnanswered extends Cancelled {}

/**
 * By when the parts of the end of a cancelled job have to be over, in milliseconds after its first signal: the process is
 * killed after ten seconds. An act that is under way is heard out before the first of them (`GRACE_MS` of the writes).
 */
export const END_BY = {
  /** Rollbacks are asked for, and what becomes of the services is read. */
  services: 7_500,
  /** What is not used is deregistered. */
  revisions: 8_000,
  /** GitHub knows. Summary and outputs are written by then. */
  gitHub: 9_500,
} as const;

/** Undefined while the job is not cancelled. */
export function endBy(
  { clock, signal }: { readonly clock: Clock; readonly signal: AbortSignal },
  part: keyof typeof END_BY,
): Deadline | undefined {
  if (!signal.aborted) return undefined;
  const since = signal.reason instanceof Cancelled ? signal.reason.at : undefined;
  return Deadline.at(clock, (since ?? clock.now()) + END_BY[part]);
}

/**
 * A signal that aborts when the runner cancels the job. The runner sends SIGINT, SIGTERM 7.5 s later, and kills
 * the process 2.5 s after that (GitHub docs, "Workflow cancellation reference").
 */
export function cancelledByRunner(): AbortSignal {
  const controller = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const) {
    process.on(name, () => {
      controller.abort(new Cancelled(name, systemClock.now()));
    });
  }
  return controller.signal;
}
