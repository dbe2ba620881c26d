import { randomUUID } from 'node:crypto';
import { Cancelled, CancelledUnanswered } from '../runtime/cancellation.ts';
import type { Clock } from '../runtime/clock.ts';
import { Deadline, retry, withGracePeriod, type Attempt, type Retries } from '../runtime/wait.ts';
import { attempt, LOST } from './attempt.ts';
import type { AwsReads } from './clients.ts';
import { mayHaveTakenEffect } from './errors.ts';

/** Pauses after a refused or unanswered write, in seconds; together about a minute. */
const PAUSES = [1, 2, 4, 8, 8, 8, 8, 8, 8];

/** Before the last look for the effect of a write that was never answered, in seconds. */
const LAST_PAUSE = 2;

/** An unanswered write is sent again at most this often, and only after it was seen to have had no effect. */
const RESENDS = 2;

/** After a cancellation an answer that is on its way is waited for this long; what follows it has the time up to `END_BY`. */
export const GRACE_MS = 5_000;

/**
 * Sends a write so that it takes effect at most once.
 *
 * A throttled write had no effect and is sent again. A write without an answer (time-out, reset, 5xx) may have
 * had one: `readBack` looks for it, and only when it finds nothing is the write sent again. Every other error
 * is the caller's. The SDK's own retries must be off for `send`. `signal` ends it where nothing is known to have
 * happened, never before the effect of an unanswered write was looked for; where neither answer nor effect shows
 * within five seconds of the signal, it rejects with `CancelledUnanswered`. After the deadline nothing is sent again.
 */
export async function writeOnce<T>(
  clock: Clock,
  send: () => Promise<T>,
  readBack: () => Promise<T | undefined>,
  signal?: AbortSignal,
  deadline?: Deadline,
): Promise<T> {
  return withGracePeriod(
    clock,
    signal,
    GRACE_MS,
    () => attempts(clock, send, readBack, signal, deadline),
    unanswered,
  );
}

async function attempts<T>(
  clock: Clock,
  send: () => Promise<T>,
  readBack: () => Promise<T | undefined>,
  signal: AbortSignal | undefined,
  deadline: Deadline | undefined,
): Promise<T> {
  let before: Exclude<Attempt<T>, { kind: 'done' }> | undefined;
  let sent = 0;
  let lost = 0;
  // After the last pause nothing is sent: what was lost is looked for once more.
  return retry({ clock, signal, pauses: [...PAUSES, LAST_PAUSE] }, async (): Promise<Attempt<T>> => {
    if (before !== undefined) {
      const effect = before.kind === 'in-doubt' ? await readBack() : undefined;
      if (effect !== undefined) return { kind: 'done', value: effect };
      signal?.throwIfAborted();
      if (before.kind === 'in-doubt') lost += 1;
      if (sent > PAUSES.length || lost > RESENDS || deadline?.isOver() === true)
        return { kind: 'failed', error: before.error, retryable: false };
    }
    sent += 1;
    const answer = await attempt(send, LOST);
    if (answer.kind === 'answered') return { kind: 'done', value: answer.value };
    const error = answer.error as Error;
    before =
      answer.because === 'throttled'
        ? { kind: 'failed', error, retryable: sent <= PAUSES.length }
        : { kind: 'in-doubt', error };
    return before;
  });
}

/** The same write; `onDoubt` hears of each error after which nobody knows whether it took effect. */
export function noting<T>(send: () => Promise<T>, onDoubt: (error: unknown) => unknown): () => Promise<T> {
  return async () => {
    try {
      return await send();
    } catch (error) {
      if (mayHaveTakenEffect(error)) onDoubt(error);
      throw error;
    }
  };
}

/** What a write amounts to that has no answer when the job is cancelled. */
export function unanswered(reason: unknown): Error {
  return reason instanceof Cancelled
    ? new CancelledUnanswered(reason.signalName, reason.at)
    : (reason as Error);
}

/**
 * Sends a write that carries a client token, the same with each attempt: AWS itself lets it take effect at most once
 * (ECS Developer Guide, "Ensuring idempotency"), so that it is sent again after throttling and lost answers alike.
 * The job's end ends a pause, and five seconds later a call that has no answer. The SDK's own retries must be off for
 * `send`.
 */
export async function writeWithToken<T>(
  clock: Clock,
  send: (clientToken: string) => Promise<T>,
  signal: AbortSignal,
): Promise<T> {
  const token = randomUUID();
  const work = (): Promise<T> => {
    signal.throwIfAborted();
    return retryUnanswered({ clock, signal, pauses: PAUSES }, () => send(token));
  };
  return withGracePeriod(clock, signal, GRACE_MS, work, unanswered);
}

/** Pauses between the attempts of a read that must be answered, in seconds; together half a minute. */
const READ_PAUSES = [1, 2, 4, 8, 8, 8];

/**
 * Reads until AWS answers: throttling and lost answers only slow it down. All other errors are the caller's, and so is
 * the last of these. Without a signal a cancelled job does not end it.
 */
export async function retryRead<T>(clock: Clock, read: () => Promise<T>, signal?: AbortSignal): Promise<T> {
  return retryUnanswered({ clock, signal, pauses: READ_PAUSES }, read);
}

/** How long AWS is asked again before anything was touched, in milliseconds. */
const PATIENCE_MS = 30_000;

/** By its name, a call that changes nothing. */
const READ = /^(?:describe|list|get|batchGet)/;

/**
 * The same clients, whose reads of what a run cannot begin without bear a network that is gone for half a minute: the
 * retries of the client itself last for a fraction of a second where a connection is refused. A read that hangs for longer
 * than that is not asked again.
 */
export function patientReads<T extends Pick<AwsReads, 'ecs' | 'taskDefinitions' | 'codeDeploy' | 'ecr'>>(
  aws: T,
  { clock, signal }: Pick<Retries, 'clock' | 'signal'>,
): T {
  const patient = <Calls extends object>(calls: Calls): Calls => {
    const entries = Object.entries(calls).map(([name, call]) => {
      const send = call as (...input: unknown[]) => Promise<unknown>;
      const again = (...input: unknown[]): Promise<unknown> => {
        const deadline = Deadline.of(clock, PATIENCE_MS);
        return retryUnanswered({ clock, signal, pauses: READ_PAUSES, deadline }, () => send(...input));
      };
      return [name, READ.test(name) ? again : send];
    });
    return Object.fromEntries(entries) as Calls;
  };
  return {
    ...aws,
    ecs: patient(aws.ecs),
    taskDefinitions: patient(aws.taskDefinitions),
    codeDeploy: patient(aws.codeDeploy),
    ecr: (region: string) => patient(aws.ecr(region)),
  };
}

/**
 * Calls again, after each of the pauses, where AWS throttles or does not answer. All other errors are the caller's, and
 * so is the last of these.
 */
export function retryUnanswered<T>(retries: Retries, call: () => Promise<T>): Promise<T> {
  return retry(retries, async (): Promise<Attempt<T>> => {
    const answer = await attempt(call, LOST);
    return answer.kind === 'answered'
      ? { kind: 'done', value: answer.value }
      : { kind: 'failed', error: answer.error as Error, retryable: true };
  });
}
