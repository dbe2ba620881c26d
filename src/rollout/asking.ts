import { awsErrorKind } from '../aws/errors.ts';
import type { Clock } from '../runtime/clock.ts';

/** Pauses between the attempts of a read that must be answered, in seconds; together half a minute. */
const READ_PAUSES = [1, 2, 4, 8, 8, 8];

/**
 * Reads until AWS answers: throttling and lost answers only slow it down. All other errors are the caller's, and so is
 * the last of these. Without a signal a cancelled job does not end it.
 */
export async function retryRead<T>(clock: Clock, read: () => Promise<T>, signal?: AbortSignal): Promise<T> {
  for (const pause of READ_PAUSES) {
    try {
      return await read();
    } catch (error) {
      const kind = awsErrorKind(error);
      if (kind !== 'throttled' && kind !== 'transient') throw error;
      await clock.sleep(pause * 1000, signal);
    }
  }
  return read();
}
