/** Thrown out of every wait and call once the job is cancelled. */
export class Cancelled extends Error {
  readonly signalName: string;

  constructor(signalName: string) {
    super(`The job was cancelled (${signalName}).`);
    this.name = 'Cancelled';
    this.signalName = signalName;
  }
}

/** The job was cancelled while a write was on its way: whether it took effect is not known. */
export class CancelledUnanswered extends Cancelled {}

/**
 * A signal that aborts when the runner cancels the job. The runner sends SIGINT, SIGTERM 7.5 s later, and kills
 * the process 2.5 s after that (GitHub docs, "Workflow cancellation reference").
 */
export function cancelledByRunner(): AbortSignal {
  const controller = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const) {
    process.on(name, () => {
      controller.abort(new Cancelled(name));
    });
  }
  return controller.signal;
}
