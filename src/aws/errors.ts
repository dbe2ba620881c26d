import type { Cause } from '../model/index.ts';
import { Cancelled } from '../runtime/cancellation.ts';
import { DeployError, isError } from '../runtime/error.ts';
import { MalformedAnswer } from './answers.ts';

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
  'MalformedAnswer',
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
  if (DENIED.has(name) || deniedOf(message) !== undefined) return 'denied';
  if (UNSUPPORTED.has(name)) return 'unsupported';
  if (THROTTLED.has(name) || status === 429 || isRevisionRace(message)) return 'throttled';
  if (NO_ANSWER.has(name) || isNetworkError(error, code, status)) return 'transient';
  if (status !== undefined && status >= 500) return 'transient';
  if (status === 403) return 'denied';
  if (isUnreadableAnswer(error)) return 'transient';
  return status === undefined ? 'not-aws' : 'refused';
}

/** A write that ends by this error may have taken effect all the same: AWS did not answer. */
export function mayHaveTakenEffect(error: unknown): boolean {
  return awsErrorKind(error) === 'transient';
}

/** AWS is too busy for it, and it had no effect. */
export function isThrottling(error: unknown): boolean {
  return awsErrorKind(error) === 'throttled';
}

/** The connection broke, in whatever way: no answer came. An error of a file has a path, and is none. */
function isNetworkError(error: unknown, code: string | undefined, status: number | undefined): boolean {
  if (code === undefined || status !== undefined) return false;
  return NETWORK_CODE.test(code) && !(isError(error) && Object.hasOwn(error, 'path'));
}

/** ECS answers a race between two registrations with a ClientException, which no SDK retries. */
function isRevisionRace(message: string): boolean {
  return message.includes('Too many concurrent attempts to create a new revision');
}

/** A proxy's HTML page or a cut-off body: the SDK reports the parser's error, with the answer attached. */
function isUnreadableAnswer(error: unknown): boolean {
  return error instanceof SyntaxError && Object.hasOwn(error, '$response');
}

/** The error's name and message as one line, for evidence and messages. */
export function describeAwsError(error: unknown): string {
  const { name, message, code } = shapeOf(error);
  const label = name === 'Error' && code !== undefined ? code : name;
  return message === '' || message === label ? label : `${label}: ${message.split('\n')[0] ?? ''}`;
}

/** Nobody gave this job credentials, so AWS was not asked. */
const NO_CREDENTIALS = new Set([
  'CredentialsProviderError',
  'MissingAuthenticationToken',
  'MissingAuthenticationTokenException',
]);

/** AWS knows nobody with these credentials, or not with this key. */
const INVALID_CREDENTIALS = new Set([
  'UnrecognizedClientException',
  'InvalidClientTokenId',
  'InvalidSignatureException',
  'SignatureDoesNotMatch',
  'IncompleteSignature',
]);

function lacksCredentials(error: unknown): boolean {
  return isAwsError(error, ...NO_CREDENTIALS, ...INVALID_CREDENTIALS);
}

function withoutCredentials(error: unknown, doing: string): DeployError {
  const detail = describeAwsError(error);
  const none = isAwsError(error, ...NO_CREDENTIALS);
  return new DeployError(
    'no-credentials',
    none
      ? `This job has no AWS credentials, so ${doing} was not possible (${detail}).`
      : `AWS does not know the credentials of this job; it was ${doing} (${detail}).`,
    {
      hint: none
        ? 'Run aws-actions/configure-aws-credentials in a step before this one; the job needs permissions: id-token: write for it.'
        : 'Run aws-actions/configure-aws-credentials in a step before this one, with a role that exists (the job needs permissions: id-token: write for it); keys and a session token must be of one login, the region enabled in the account, and the clock of the runner right.',
      cause: error,
    },
  );
}

/** What AWS's sentence says is missing. */
interface Denied {
  readonly action: string;
  readonly resource: string;
  /** The kind of policy that AWS names, such as `service control policy`; an identity-based one where it names none. */
  readonly policy: string;
  /** That policy forbids it, so that no permission helps. */
  readonly explicitly: boolean;
}

/**
 * Pure: `User: … is not authorized to perform: ecs:UpdateService on resource: arn:… because no identity-based policy
 * allows the ecs:UpdateService action`, or `… with an explicit deny in a service control policy` (IAM User Guide,
 * "Troubleshoot access denied error messages"). ECS has answered with its ClientException and that sentence as well.
 */
function deniedOf(message: string): Denied | undefined {
  const action = /not authorized to perform:? ([a-z0-9-]+:[A-Za-z*]+)/i.exec(message)?.[1];
  if (action === undefined) return undefined;
  const resource = /on resource:? ["']?(arn:[^\s"',]+|\*)/i.exec(message)?.[1] ?? '*';
  const forbidding = /explicit deny(?: in an? ([a-z -]+?)(?:[.,:;]|$))?/i.exec(message);
  const silent = /because no ([a-z -]+?) allows/i.exec(message);
  return {
    action,
    resource: resource.replace(/[.;]$/, ''),
    policy: forbidding?.[1] ?? silent?.[1] ?? OF_THE_ROLE,
    explicitly: forbidding !== null,
  };
}

const OF_THE_ROLE = 'identity-based policy';

function accessDenied(error: unknown, doing: string): DeployError {
  const detail = describeAwsError(error);
  const denied = deniedOf(shapeOf(error).message);
  return new DeployError('access-denied', `AWS denied access while ${doing} (${detail}).`, {
    hint: denied === undefined ? PERMISSIONS : permissionHint(denied),
    cause: error,
  });
}

const PERMISSIONS =
  'Add the permission that AWS names to the role of this step. docs/permissions.md of the action lists what a deployment needs.';

/** The statement that is lacking, ready to be added, and where. */
function permissionHint({ action, resource, policy, explicitly }: Denied): string {
  if (explicitly) {
    const which =
      policy === OF_THE_ROLE
        ? "A policy (the role's own, its permissions boundary, or one of the organization)"
        : `The ${policy}`;
    return `${which} denies ${action} explicitly: no permission that is added helps. Change that policy.`;
  }
  const passes = action.toLowerCase() === 'iam:passrole';
  const statement = JSON.stringify({
    Effect: 'Allow',
    Action: action,
    Resource: resource,
    ...(passes ? { Condition: { StringEquals: { 'iam:PassedToService': 'ecs-tasks.amazonaws.com' } } } : {}),
  });
  if (policy !== OF_THE_ROLE) {
    return `The ${policy} of this step's role does not allow ${action}, whatever the role's own policies say. Add the statement ${statement} to it.`;
  }
  const what = passes
    ? 'The task definition names this role, and the role of this step may not hand it over to ECS (iam:PassRole).'
    : 'The role of this step lacks a permission.';
  return `${what} Add the statement ${statement} to its policy.`;
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

function malformed(error: MalformedAnswer, doing: string, cause: Cause): DeployError {
  return new DeployError(cause, `Something went wrong while ${doing}: ${error.message}.`, {
    hint: 'AWS itself does not answer so: look at what stands between this runner and AWS (HTTPS_PROXY, AWS_ENDPOINT_URL and its like), then run again.',
    cause: error,
  });
}

/**
 * The failure that an error of an AWS call amounts to; failures and cancellations pass as they are. `refusal` makes it of
 * AWS's own words, where the request itself is refused.
 */
export function deployErrorOf(
  error: unknown,
  doing: string,
  otherwise: Cause = 'unknown',
  refusal?: (words: string) => DeployError,
): Error {
  if (error instanceof DeployError || error instanceof Cancelled) return error;
  if (error instanceof MalformedAnswer) return malformed(error, doing, otherwise);
  const detail = describeAwsError(error);
  const kind = awsErrorKind(error);
  if (kind === 'refused' && refusal !== undefined) return refusal(detail);
  switch (kind) {
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
      return lacksCredentials(error) ? withoutCredentials(error, doing) : accessDenied(error, doing);
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
