/** Thrown out of every wait and call once the job is cancelled. */
export class Cancelled extends Error {
  constructor(signalName: string) {
    super(`The job was cancelled (${signalName}).`);
    this.name = 'Cancelled';
  }
}

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
