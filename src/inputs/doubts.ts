/** What inputs say that they hardly mean: a warning each, never with a value. Pure. */
import type { Request } from '../model/index.ts';

/** Names that are those of credentials, wherever they stand. */
const CREDENTIAL =
  /(?:^|_)(?:PASSWORD|PASSWD|PASSPHRASE|PWD|SECRET|TOKEN|API_?KEY|ACCESS_?KEY|PRIVATE_?KEY|SECRET_?KEY|CREDENTIALS?|DSN)(?:_|$)|PASSWORD$|SECRET$|TOKEN$|APIKEY$/i;

/** What says where a credential is, or how long it lasts, is none. */
const NO_CREDENTIAL =
  /(?:_|^)(?:FILE|PATH|ARN|NAME|ID|URL|URI|TTL|EXPIRY|EXPIRATION|LENGTH|MIN|MAX|HEADER|ENABLED|TYPE|AGE)$/i;

export function doubtsOf(request: Request): string[] {
  return [
    ...severalArguments(request),
    ...assignmentsAsCommand('command', request.definition.command),
    ...assignmentsAsCommand('pre-deploy-command', request.preDeploy?.command),
    ...credentials(request),
  ];
}

/** Commas separate nothing in build-args, as in docker/build-push-action. */
function severalArguments({ build }: Request): string[] {
  return build.buildArgs.flatMap((line) => {
    const [name = '', ...rest] = line.split('=');
    const more = /,\s*([A-Z_][A-Z0-9_]*)=/.exec(rest.join('='))?.[1];
    return more === undefined
      ? []
      : [
          `build-args: the value of ${name} holds ",${more}=". If ${more} is an argument of its own, put it on a line of its own: commas separate nothing here.`,
        ];
  });
}

function assignmentsAsCommand(input: string, command: readonly string[] | undefined): string[] {
  const name = /^([A-Za-z_]\w*)=/.exec(command?.[0] ?? '')?.[1];
  if (name === undefined) return [];
  return [
    `${input}: it begins with the assignment ${name}=…, and there is no shell that understands it: a container cannot start that. Set ${name} in environment-variables, or write ["sh", "-c", "…"].`,
  ];
}

function credentials({ definition, build }: Request): string[] {
  const variables = Object.entries(definition.environment.set)
    .filter(([name, value]) => value !== '' && soundsLikeCredential(name))
    .map(([name]) => name);
  const args = build.buildArgs.map((line) => line.split('=', 1)[0] ?? '').filter(soundsLikeCredential);
  return [
    ...(variables.length === 0
      ? []
      : [
          `environment-variables: ${variables.join(', ')} ${sound(variables)}. Whoever may read the task definition can read the value: give it in secrets, as the ARN of a secret or parameter.`,
        ]),
    ...(args.length === 0
      ? []
      : [
          `build-args: ${args.join(', ')} ${sound(args)}. Build arguments stay in the history of the image: give it in build-secrets.`,
        ]),
  ];
}

export function soundsLikeCredential(name: string): boolean {
  return CREDENTIAL.test(name) && !NO_CREDENTIAL.test(name);
}

function sound(names: readonly string[]): string {
  return names.length === 1 ? 'sounds like a credential' : 'sound like credentials';
}
