import { describe, expect, it } from '@jest/globals';
import {
  awsErrorKind,
  describeAwsError,
  isAwsError,
  wrapAwsError,
  deployErrorOf,
} from '../../src/aws/errors.ts';
import { writeOnce } from '../../src/aws/writes.ts';
import { Cancelled } from '../../src/runtime/cancellation.ts';
import { DeployError } from '../../src/runtime/error.ts';
import { awsError, denied, expired, throttled, unanswered } from '../fakes/aws-errors.ts';
import { fakeClock } from '../fakes/clock.ts';

function withCode(code: string): Error {
  return Object.assign(new Error('x'), { code });
}

function conclusionOf(error: Error): DeployError['conclusion'] {
  if (!(error instanceof DeployError)) throw error;
  return error.conclusion;
}

describe('an error of AWS is', () => {
  it.each([
    ['throttled', throttled()],
    ['throttled', awsError('TooManyRequestsException', 'x', 429)],
    ['throttled', awsError('Unknown', 'x', 429)],
    [
      'throttled',
      awsError(
        'ClientException',
        'Too many concurrent attempts to create a new revision of the specified family.',
      ),
    ],
    ['transient', awsError('ServerException', 'x', 500)],
    ['transient', awsError('Unknown', 'x', 503)],
    ['transient', awsError('RequestTimeout', 'x', 400)],
    ['transient', awsError('RequestTimeoutException', 'x', 408)],
    ['transient', awsError('TimeoutError', 'x')],
    ['transient', unanswered()],
    ['transient', withCode('ENOTFOUND')],
    ['transient', withCode('ECONNREFUSED')],
    ['transient', Object.assign(new SyntaxError('Unexpected token <'), { $response: {} })],
    ['expired', expired()],
    ['expired', Object.assign(new Error('The token is Expired.'), { name: 'CredentialsProviderError' })],
    ['denied', denied()],
    ['denied', Object.assign(new Error('Could not load credentials.'), { name: 'CredentialsProviderError' })],
    ['denied', awsError('Whatever', 'x', 403)],
    ['unsupported', awsError('UnsupportedFeatureException')],
    ['unsupported', awsError('UnknownOperationException')],
    ['refused', awsError('InvalidParameterException')],
    ['refused', awsError('ClusterNotFoundException')],
    ['not-aws', new TypeError('x')],
    ['not-aws', new SyntaxError('x')],
    ['not-aws', new Cancelled('SIGINT')],
    ['not-aws', 'a string'],
  ] as readonly (readonly [string, unknown])[])('%s: %s', (kind, error) => {
    expect(awsErrorKind(error)).toBe(kind);
  });
});

describe('an error in words', () => {
  it.each([
    ['its name and the first line of its message', awsError('ClientException', 'a\nb'), 'ClientException: a'],
    ['its code where its name says nothing', unanswered(), 'ECONNRESET: socket hang up'],
    ['its name once', awsError('UnknownError', 'UnknownError'), 'UnknownError'],
    ['its name where it has no message', awsError('AccessDenied', ''), 'AccessDenied'],
  ])('is %s', (_what, error, words) => {
    expect(describeAwsError(error)).toBe(words);
  });

  it('is told apart by its name', () => {
    expect(isAwsError(denied(), 'X', 'AccessDeniedException')).toBe(true);
    expect(isAwsError(denied(), 'X')).toBe(false);
  });
});

describe('what an error of a call amounts to', () => {
  it.each([
    ['credentials-expired', expired(), 'The AWS credentials expired while reading x ('],
    ['access-denied', denied(), 'AWS denied access while reading x ('],
    ['throttled', throttled(), 'AWS kept throttling while reading x ('],
    ['unknown', awsError('ServerException', 'x', 500), 'Something went wrong while reading x ('],
    ['unknown', new TypeError('oops'), 'Something went wrong while reading x (TypeError: oops)'],
  ])('%s', async (cause, error, message) => {
    const failure = await wrapAwsError('reading x', () => Promise.reject(error)).catch(
      (thrown: unknown) => thrown,
    );
    expect(failure).toMatchObject({ conclusion: { cause }, cause: error });
    expect((failure as Error).message).toContain(message);
  });

  it('is the cause that the caller names where it is none of the credentials', () => {
    expect(deployErrorOf(awsError('X'), 'x', 'register-refused')).toMatchObject({
      conclusion: { cause: 'register-refused' },
    });
    expect(deployErrorOf(expired(), 'x', 'register-refused')).toMatchObject({
      conclusion: { cause: 'credentials-expired' },
    });
  });

  const NONE = Object.assign(new Error('Could not load credentials from any providers'), {
    name: 'CredentialsProviderError',
  });

  it.each([
    ['no provider has any', NONE, 'This job has no AWS credentials, so reading x was not possible ('],
    [
      'nothing signed the call',
      awsError('MissingAuthenticationTokenException', 'Missing Authentication Token', 403),
      'This job has no AWS credentials',
    ],
    [
      'AWS does not know the token',
      awsError('UnrecognizedClientException', 'The security token included in the request is invalid.'),
      'AWS does not know the credentials of this job; it was reading x (',
    ],
    [
      'AWS does not know the key',
      awsError('InvalidClientTokenId', 'x', 403),
      'AWS does not know the credentials',
    ],
    [
      'the secret is another',
      awsError('SignatureDoesNotMatch', 'x', 403),
      'AWS does not know the credentials',
    ],
  ])('no-credentials, where %s: it names the step and the permission of the job', (_what, error, message) => {
    const conclusion = conclusionOf(deployErrorOf(error, 'reading x'));
    expect(conclusion.cause).toBe('no-credentials');
    expect(conclusion.message).toContain(message);
    expect(conclusion.hint).toContain('Run aws-actions/configure-aws-credentials in a step before this one');
    expect(conclusion.hint).toContain('permissions: id-token: write');
  });

  const WHO = 'User: arn:aws:sts::123456789012:assumed-role/deploy/ci is not authorized to perform:';
  const SERVICE = 'arn:aws:ecs:us-east-1:123456789012:service/prod/web';
  const PASS = `${WHO} iam:PassRole on resource: arn:aws:iam::123456789012:role/exec because no identity-based policy allows the iam:PassRole action`;

  it.each<[string, string, string]>([
    [
      'a call on a resource',
      `${WHO} ecs:UpdateService on resource: ${SERVICE} because no identity-based policy allows the ecs:UpdateService action`,
      `The role of this step lacks a permission. Add the statement {"Effect":"Allow","Action":"ecs:UpdateService","Resource":"${SERVICE}"} to its policy.`,
    ],
    [
      'a call without a resource',
      `${WHO} ecs:RegisterTaskDefinition because no identity-based policy allows the ecs:RegisterTaskDefinition action`,
      'Add the statement {"Effect":"Allow","Action":"ecs:RegisterTaskDefinition","Resource":"*"} to its policy.',
    ],
    [
      'a call on everything',
      `${WHO} ecr:GetAuthorizationToken on resource: * because no identity-based policy allows the ecr:GetAuthorizationToken action`,
      'Add the statement {"Effect":"Allow","Action":"ecr:GetAuthorizationToken","Resource":"*"} to its policy.',
    ],
    [
      'the role that is to be passed',
      PASS,
      'The task definition names this role, and the role of this step may not hand it over to ECS (iam:PassRole). Add the statement {"Effect":"Allow","Action":"iam:PassRole","Resource":"arn:aws:iam::123456789012:role/exec","Condition":{"StringEquals":{"iam:PassedToService":"ecs-tasks.amazonaws.com"}}} to its policy.',
    ],
    [
      'a boundary that does not reach so far',
      `${WHO} ecs:UpdateService on resource: ${SERVICE} because no permissions boundary allows the ecs:UpdateService action`,
      "The permissions boundary of this step's role does not allow ecs:UpdateService",
    ],
    [
      'a policy of the organization',
      `${WHO} ecs:UpdateService on resource: ${SERVICE} with an explicit deny in a service control policy`,
      'The service control policy denies ecs:UpdateService explicitly: no permission that is added helps.',
    ],
    [
      'a denial whose policy is not named',
      `${WHO} ecs:UpdateService on resource: ${SERVICE} with an explicit deny`,
      "A policy (the role's own, its permissions boundary, or one of the organization) denies ecs:UpdateService",
    ],
    ['a sentence that names no action', 'Access denied.', 'Add the permission that AWS names'],
  ])('access-denied for %s prints what to add', (_what, sentence, hint) => {
    const conclusion = conclusionOf(deployErrorOf(awsError('AccessDeniedException', sentence), 'x'));
    expect(conclusion.cause).toBe('access-denied');
    expect(conclusion.hint).toContain(hint);
    expect(conclusion.hint).not.toMatch(/Nothing was/);
  });

  it('is a denial by its sentence, whatever code ECS gives it', () => {
    const failure = deployErrorOf(awsError('ClientException', PASS), 'x', 'register-refused');
    expect(failure).toMatchObject({ conclusion: { cause: 'access-denied' } });
    expect(conclusionOf(failure).hint).toContain('may not hand it over to ECS (iam:PassRole)');
  });

  it('is itself for a failure and for a cancellation', () => {
    for (const error of [new DeployError('timeout', 'x'), new Cancelled('SIGINT')]) {
      expect(deployErrorOf(error, 'x')).toBe(error);
    }
  });
});

describe('a write', () => {
  /** Sends through these errors, and finds its effect after as many look-backs as `visibleAfter` says. */
  async function written(
    errors: readonly Error[],
    visibleAfter = Infinity,
  ): Promise<{ end: unknown; sent: number; looked: number; pauses: readonly number[] }> {
    const clock = fakeClock();
    let [sent, looked] = [0, 0];
    const send = (): Promise<string> => {
      sent += 1;
      const error = errors[sent - 1];
      return error === undefined ? Promise.resolve('sent') : Promise.reject(error);
    };
    const readBack = (): Promise<string | undefined> => {
      looked += 1;
      return Promise.resolve(looked > visibleAfter ? 'seen' : undefined);
    };
    const end = await writeOnce(clock, send, readBack).catch((error: unknown) => error);
    return { end, sent, looked, pauses: clock.pauses };
  }

  it('that is answered is sent once', async () => {
    expect(await written([])).toEqual({ end: 'sent', sent: 1, looked: 0, pauses: [] });
  });

  it('that is throttled had no effect: it is sent again without a look, with growing pauses', async () => {
    expect(await written([throttled(), throttled(), throttled()])).toEqual({
      end: 'sent',
      sent: 4,
      looked: 0,
      pauses: [1000, 2000, 4000],
    });
  });

  it('that lost its answer is read back, and not sent twice', async () => {
    expect(await written([unanswered()], 0)).toMatchObject({ end: 'seen', sent: 1, looked: 1 });
  });

  it.each([awsError('ServerException', 'x', 500), unanswered(), awsError('TimeoutError', 'x')])(
    'that had no effect is sent again after %s',
    async (error) => {
      expect(await written([error])).toMatchObject({ end: 'sent', sent: 2, looked: 1 });
    },
  );

  it('that is never answered is sent three times at most, and read back each time', async () => {
    const lost = unanswered();
    expect(await written([lost, lost, lost, lost])).toMatchObject({ end: lost, sent: 3, looked: 3 });
  });

  it('that is throttled for about a minute is given up', async () => {
    const errors = Array.from({ length: 20 }, throttled);
    const { end, sent, pauses } = await written(errors);
    expect(end).toBe(errors[9]);
    expect(sent).toBe(10);
    expect(pauses.reduce((sum, pause) => sum + pause, 0)).toBe(55_000);
  });

  it.each([denied(), expired(), awsError('InvalidParameterException'), new Cancelled('SIGINT')])(
    'that fails by %s rejects at once',
    async (error) => {
      expect(await written([error])).toEqual({ end: error, sent: 1, looked: 0, pauses: [] });
    },
  );
});
