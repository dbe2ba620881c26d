import { Cancelled } from '../runtime/cancellation.ts';
import { DeployError } from '../runtime/error.ts';
import { awsErrorKind, type AwsErrorKind } from './errors.ts';

/** What a call of AWS came to, where the caller can go on without what it asked for. */
export type Answer<T> =
  | { readonly kind: 'answered'; readonly value: T }
  /** AWS will not say, however often it is asked. */
  | {
      readonly kind: 'forbidden';
      readonly because: 'denied' | 'unsupported' | 'refused' | 'expired';
      readonly error: unknown;
    }
  /** No answer came this time; the next asking may get one. Of a write nobody knows whether it took effect, unless throttled. */
  | {
      readonly kind: 'unanswered';
      readonly because: 'throttled' | 'transient' | 'not-aws';
      readonly error: unknown;
    };

/** An answer without what was asked for. */
export type Unanswered = Exclude<Answer<never>, { kind: 'answered' }>;

/** The errors of an AWS call that a caller can bear. */
type Bearable = readonly AwsErrorKind[];

export const DENIED: Bearable = ['denied'];

/** The request itself is wrong, such as where it names what is not there. */
export const REFUSED: Bearable = ['refused'];

/** These credentials, or this endpoint, have no such call. */
export const CLOSED: Bearable = ['denied', 'unsupported'];

/** The same, and what AWS refuses in its own words, such as a thing that is not there any more. */
export const WITHHELD: Bearable = ['denied', 'unsupported', 'refused'];

/** A time-out, a server error, throttling: nothing that speaks against the call itself. */
export const LOST: Bearable = ['throttled', 'transient'];

/** Whatever AWS says, or does not. */
export const ANY_AWS_ERROR: Bearable = [...WITHHELD, ...LOST, 'expired'];

/** Whatever kept the answer away, be it no word of AWS: a proxy, a certificate, what stands in the answer. */
export const ANY_ERROR: Bearable = [...ANY_AWS_ERROR, 'not-aws'];

/**
 * Makes the answer of a call. An error of a kind that is not borne rejects as it is, and so do the end of the job and what
 * ends the run by itself.
 */
export async function attempt<T>(call: () => Promise<T>, bearable: Bearable): Promise<Answer<T>> {
  try {
    return { kind: 'answered', value: await call() };
  } catch (error) {
    const because = awsErrorKind(error);
    if (!bearable.includes(because) || error instanceof Cancelled || error instanceof DeployError)
      throw error;
    return unanswered(because, error);
  }
}

/** Which kinds of error asking again may get past. */
function unanswered(because: AwsErrorKind, error: unknown): Unanswered {
  switch (because) {
    case 'denied':
    case 'unsupported':
    case 'refused':
    case 'expired':
      return { kind: 'forbidden', because, error };
    case 'throttled':
    case 'transient':
    case 'not-aws':
      return { kind: 'unanswered', because, error };
  }
}

/** Pure: what was asked for; `otherwise` where it was not to be had. */
export function valueOr<T, Otherwise>(answer: Answer<T>, otherwise: Otherwise): T | Otherwise {
  return answer.kind === 'answered' ? answer.value : otherwise;
}
