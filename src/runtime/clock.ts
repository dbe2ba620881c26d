/** Time for everything that waits. Injected, so that a test can pass an hour in no time. */
export interface Clock {
  /** Milliseconds on a monotonic scale; only differences mean something. */
  now(): number;
  /** Resolves after `ms` milliseconds; rejects with the signal's reason as soon as it is aborted. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
  /** Calls `ring` after `ms` milliseconds, which may be infinite, unless the function that it returns is called first. */
  alarm(ms: number, ring: () => void): () => void;
}

export const systemClock: Clock = {
  now: () => performance.now(),
  sleep: (ms, signal) =>
    new Promise((resolve, reject) => {
      if (signal?.aborted) {
        reject(signal.reason as Error);
        return;
      }
      const silence = ringAfter(ms, finish);
      signal?.addEventListener('abort', cancel, { once: true });
      function finish(): void {
        signal?.removeEventListener('abort', cancel);
        resolve();
      }
      function cancel(): void {
        silence();
        reject(signal?.reason as Error);
      }
    }),
  alarm: ringAfter,
};

/** `setTimeout` rings at once where its time does not fit into 31 bits: 25 days, and for ever. */
const LONGEST_MS = 2 ** 31 - 1;

function ringAfter(ms: number, ring: () => void): () => void {
  let timer: NodeJS.Timeout;
  const wait = (left: number): void => {
    timer = setTimeout(
      () => {
        if (left > LONGEST_MS) wait(left - LONGEST_MS);
        else ring();
      },
      Math.min(left, LONGEST_MS),
    );
  };
  wait(ms);
  return () => {
    clearTimeout(timer);
  };
}

/** Whole and tenth seconds between two readings of a clock. */
export function secondsBetween(from: number, to: number): number {
  return Math.round((to - from) / 100) / 10;
}
