import type { Cause } from '../model/index.ts';
import { Cancelled } from '../runtime/cancellation.ts';
import { DeployError, isError } from '../runtime/error.ts';

/**
 * What an error of an AWS call means to whoever made the call.
 *
 * - `throttled`: refused before it had any effect; try again later.
 * - `transient`: no answer, or a server error; a write may have happened.
 * - `expired`, `denied`: the credentials; waiting does not help.
 * - `unsupported`: this endpoint does not know the call.
 * - `refused`: the request itself is wrong, and AWS says how.
 */
export type AwsErrorKind =
  'throttled' | 'transient' | 'expired' | 'denied' | 'unsupported' | 'refused' | 'not-aws';

const THROTTLED = new Set([
  'Throttling',
  'ThrottlingException',
  'ThrottledException',
  'RequestThrottled',
  'RequestThrottledException',
  'RequestLimitExceeded',
  'TooManyRequestsException',
  'LimitExceededException',
  'BandwidthLimitExceeded',
  'SlowDown',
  'EC2ThrottledException',
]);

const EXPIRED = new Set(['ExpiredToken', 'ExpiredTokenException', 'RequestExpired', 'TokenRefreshRequired']);

const DENIED = new Set([
  'AccessDenied',
  'AccessDeniedException',
  'UnauthorizedOperation',
  'AuthFailure',
  'NotAuthorized',
  'UnrecognizedClientException',
  'InvalidClientTokenId',
  'InvalidSignatureException',
  'SignatureDoesNotMatch',
  'MissingAuthenticationToken',
  'MissingAuthenticationTokenException',
  'IncompleteSignature',
  'OptInRequired',
  'CredentialsProviderError',
]);

const UNSUPPORTED = new Set([
  'UnsupportedFeatureException',
  'UnknownOperationException',
  'UnknownOperation',
  'InvalidAction',
  'NotImplemented',
]);

const NO_ANSWER = new Set([
  'ServiceMissing',
  'OutdatedAnswer',
  'TimeoutError',
  'RequestTimeout',
  'RequestTimeoutException',
]);

/** Codes of Node's sockets, of its HTTP parser and of TLS (Node.js documentation, "Errors"). */
const NETWORK_CODE =
  /^(?:E[A-Z]|HPE_|ERR_(?:STREAM_PREMATURE_CLOSE|SSL|TLS|HTTP|SOCKET)|CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO_)/;

interface AwsErrorShape {
  readonly name: string;
  readonly message: string;
  readonly code: string | undefined;
  readonly status: number | undefined;
}

/** Sorts the error of any SDK call, network errors included. */
export function awsErrorKind(error: unknown): AwsErrorKind {
  const { name, message, code, status } = shapeOf(error);
  if (EXPIRED.has(name) || (name === 'CredentialsProviderError' && /expired/i.test(message)))
    return 'expired';
  if (DENIED.has(name)) return 'denied';
  if (UNSUPPORTED.has(name)) return 'unsupported';
  if (THROTTLED.has(name) || status === 429 || isRevisionRace(message)) return 'throttled';
  if (NO_ANSWER.has(name) || isNetworkError(error, code, status)) return 'transient';
  if (status !== undefined && status >= 500) return 'transient';
  if (status === 403) return 'denied';
  if (isUnreadableAnswer(error)) return 'transient';
  return status === undefined ? 'not-aws' : 'refused';
}

/** The connection broke, in whatever way: no answer came. An error of a file has a path, and is none. */
function isNetworkError(error: unknown, code: string | undefined, status: number | undefined): boolean {
  if (code === undefined || status !== undefined) return false;
  return NETWORK_CODE.test(code) && !(isError(error) && 'path' in error);
}

/** ECS answers a race between two registrations with a ClientException, which no SDK retries. */
function isRevisionRace(message: string): boolean {
  return message.includes('Too many concurrent attempts to create a new revision');
}

/** A proxy's HTML page or a cut-off body: the SDK reports the parser's error, with the answer attached. */
function isUnreadableAnswer(error: unknown): boolean {
  return error instanceof SyntaxError && '$response' in error;
}

/** The error's name and message as one line, for evidence and messages. */
export function describeAwsError(error: unknown): string {
  const { name, message, code } = shapeOf(error);
  const label = name === 'Error' && code !== undefined ? code : name;
  return message === '' || message === label ? label : `${label}: ${message.split('\n')[0] ?? ''}`;
}

/** True for an AWS error of one of these names. */
export function isAwsError(error: unknown, ...names: readonly string[]): boolean {
  return names.includes(shapeOf(error).name);
}

function shapeOf(error: unknown): AwsErrorShape {
  if (!isError(error)) return { name: 'Error', message: String(error), code: undefined, status: undefined };
  const extra = error as Error & { code?: unknown; $metadata?: { httpStatusCode?: number } };
  return {
    name: error.name,
    message: error.message,
    code: typeof extra.code === 'string' ? extra.code : undefined,
    status: extra.$metadata?.httpStatusCode,
  };
}

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
