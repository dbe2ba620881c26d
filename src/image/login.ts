import type { EcrReads } from '../aws/clients.ts';
import { wrapAwsError } from '../aws/errors.ts';
import type { RunContext, StepContext } from '../context.ts';
import { DeployError } from '../runtime/error.ts';
import type { Attempt } from '../runtime/wait.ts';
import { explain, sentence, type Circumstances } from './docker-errors.ts';
import { retryDocker, type Docker } from './docker.ts';

export type LoginContext = StepContext &
  Pick<RunContext, 'mask'> & {
    readonly aws: { ecr(region: string): Pick<EcrReads, 'getAuthorizationToken'> };
  };

/** A registry of ECR. */
export interface EcrHost {
  readonly host: string;
  readonly region: string;
}

/**
 * Logs in to registries of ECR. A token is good for every registry that its owner may use, so one of each region is
 * enough (ECR API, GetAuthorizationToken). It is masked before anything else happens, and reaches docker on its
 * standard input. Throws `access-denied` and the like for the token, `push-failed` for the login.
 */
export async function logIn(
  ctx: LoginContext,
  docker: Docker,
  hosts: readonly EcrHost[],
  circumstances: Circumstances,
): Promise<void> {
  const regions = [...new Set(hosts.map(({ region }) => region))];
  for (const region of regions) {
    const password = await passwordOf(ctx, region);
    for (const { host } of hosts.filter((each) => each.region === region)) {
      await logInTo(ctx, docker, host, password, circumstances);
      ctx.log.line(`Logged in to ${host}.`);
    }
  }
}

/** The token is the Base64 of `AWS:password`. The user's name is a word that logs are full of: it stays readable. */
async function passwordOf({ aws, mask }: LoginContext, region: string): Promise<string> {
  const answer = await wrapAwsError(`getting a token of ECR in ${region}`, () =>
    aws.ecr(region).getAuthorizationToken({}),
  );
  const token = answer.authorizationData?.[0]?.authorizationToken ?? '';
  const decoded = Buffer.from(token, 'base64').toString('utf8');
  const password = decoded.slice(decoded.indexOf(':') + 1);
  if (password === '') throw new DeployError('push-failed', `ECR in ${region} gave no token to log in with.`);
  for (const form of [password, token, Buffer.from(password).toString('base64')]) mask(form);
  return password;
}

async function logInTo(
  ctx: LoginContext,
  docker: Docker,
  host: string,
  password: string,
  circumstances: Circumstances,
): Promise<void> {
  let attempts = 0;
  const attempt = async (): Promise<Attempt<undefined>> => {
    attempts += 1;
    const args = ['login', '--username', 'AWS', '--password-stdin', host];
    const { exitCode, lastLines } = await docker.run(args, { input: password });
    if (exitCode === 0) return { kind: 'done', value: undefined };
    const said = lastLines.filter((line) => !/^WARNING|^Configure a credential|^https:\/\/docs/.test(line));
    const { error, hint, retryable } = explain(
      said,
      circumstances,
      `docker ended with exit code ${exitCode}`,
    );
    const why = refusal(error) ?? hint;
    const cause = /docker daemon|docker\.sock/i.test(error) ? 'build-failed' : 'push-failed';
    const failure = new DeployError(cause, sentence(`The login to ${host} failed`, error), {
      ...(why === undefined ? {} : { hint: why }),
      evidence: [{ kind: 'error', text: error }],
    });
    // The engine says 401 as well where the registry's first answer was a server error.
    return {
      kind: 'failed',
      error: failure,
      retryable: retryable || (attempts === 1 && error.includes('401')),
    };
  };
  await retryDocker(ctx, attempt);
}

function refusal(error: string): string | undefined {
  return /\b40[013]\b|unauthorized|denied/i.test(error)
    ? 'The registry does not accept the token. Check that the credentials belong to an account that may use this registry, and that the clock of the runner is right.'
    : undefined;
}
