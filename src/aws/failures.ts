import type { Cause } from '../model.ts';
import { Cancelled } from '../runtime/cancellation.ts';
import { DeployError } from '../runtime/failure.ts';
import { awsErrorKind, describeAwsError } from './errors.ts';

/** Runs an AWS call; an error becomes a `DeployError` that says what was being done, with the credentials' own causes. */
export async function wrapAwsError<T>(
  doing: string,
  call: () => Promise<T>,
  otherwise: Cause = 'unknown',
): Promise<T> {
  try {
    return await call();
  } catch (error) {
    throw deployErrorOf(error, doing, otherwise);
  }
}

/** The failure that an error of an AWS call amounts to; failures and cancellations pass as they are. */
export function deployErrorOf(error: unknown, doing: string, otherwise: Cause = 'unknown'): Error {
  if (error instanceof DeployError || error instanceof Cancelled) return error;
  const detail = describeAwsError(error);
  switch (awsErrorKind(error)) {
    case 'expired':
      return new DeployError(
        'credentials-expired',
        `The AWS credentials expired while ${doing} (${detail}).`,
        {
          hint: 'Give the role a longer session (role-duration-seconds of aws-actions/configure-aws-credentials), or lower wait-for-minutes.',
          cause: error,
        },
      );
    case 'denied':
      return new DeployError('access-denied', `AWS denied access while ${doing} (${detail}).`, {
        hint: 'The README lists the permissions that a deployment needs.',
        cause: error,
      });
    case 'throttled':
      return new DeployError('throttled', `AWS kept throttling while ${doing} (${detail}).`, {
        cause: error,
      });
    case 'transient':
    case 'unsupported':
    case 'refused':
    case 'not-aws':
      return new DeployError(otherwise, `Something went wrong while ${doing} (${detail}).`, { cause: error });
  }
}
