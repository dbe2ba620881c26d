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
    ...tagsOfBranches(request),
    ...assignmentsAsCommand('command', request.definition.command),
    ...assignmentsAsCommand('pre-deploy-command', request.preDeploy?.command),
    ...shellWords('command', request.definition.command),
    ...shellWords('pre-deploy-command', request.preDeploy?.command),
    ...variables(request),
    ...credentials(request),
  ];
}

/** Commas separate nothing in build-args, as in docker/build-push-action. */
function severalArguments({ build }: Request): string[] {
  return build.buildArgs.flatMap((line) => {
    const [name = '', ...rest] = line.split('=');
    return severalIn('build-args', 'an argument', name, rest.join('='));
  });
}

/** `feature/x` is a branch to whoever writes it, and a repository of Docker Hub to Docker: no tag holds a slash. */
function tagsOfBranches({ build }: Request): string[] {
  return build.tags
    .filter((tag) => /^[a-z0-9._-]+\/[a-z0-9._/-]+$/.test(tag) && !/^(?:[^/]*\.|localhost\/)/.test(tag))
    .map(
      (tag) =>
        `push-tags: ${tag} names a repository of Docker Hub, as a tag holds no slash. If it is a tag, write ${tag.replaceAll('/', '-')}.`,
    );
}

function severalIn(input: string, what: string, name: string, value: string): string[] {
  const more = /,\s*([A-Z_][A-Z0-9_]*)=/.exec(value)?.[1];
  return more === undefined
    ? []
    : [
        `${input}: the value of ${name} holds ",${more}=". If ${more} is ${what} of its own, put it on a line of its own: commas separate nothing here.`,
      ];
}

/** What values of variables hold that people mean otherwise: they are taken as they are written. */
function variables({ definition }: Request): string[] {
  const input = 'environment-variables';
  return Object.entries(definition.environment.set).flatMap(([name, value]) => {
    const runner = /\$\{?((?:GITHUB|RUNNER)_[A-Z_]+)/.exec(value)?.[1];
    return [
      ...severalIn(input, 'a variable', name, value),
      ...(/^(["']).*\1$/s.test(value) && value.length > 1
        ? [
            `${input}: the value of ${name} stands in quotes, which become part of it. Leave them out if they are not meant.`,
          ]
        : []),
      ...(value.trim() !== value
        ? [`${input}: the value of ${name} begins or ends with a space, which becomes part of it.`]
        : []),
      ...(runner === undefined
        ? []
        : [
            `${input}: the value of ${name} holds $${runner}, and nothing expands it. Write an expression of the workflow, such as \${{ github.sha }}.`,
          ]),
    ];
  });
}

const SHELLS = /(?:^|\/)(?:ba|da|a|z|k)?sh$/;

/** Operators and variables of a shell in a command that no shell reads. */
function shellWords(input: string, command: readonly string[] | undefined): string[] {
  if (command === undefined || command.some((word) => SHELLS.test(word))) return [];
  const operator = command.find((word) => /^(?:&&|\|\|?|;|>>?|<|2>&1)$|;$/.test(word));
  const builtin = /^(?:cd|export|source|set)$/.exec(command[0] ?? '')?.[0];
  const variable = command.map((word) => /\$\{?([A-Za-z_]\w*)/.exec(word)?.[1]).find(Boolean);
  const met =
    operator !== undefined
      ? `the word ${operator}`
      : builtin !== undefined
        ? `the word ${builtin}`
        : variable === undefined
          ? undefined
          : `the variable $${variable}`;
  return met === undefined
    ? []
    : [
        `${input}: it has ${met}, which only a shell understands: unless the entry point of the image is one, the program gets it as it is. Write ["sh", "-c", "…"].`,
      ];
}

function assignmentsAsCommand(input: string, command: readonly string[] | undefined): string[] {
  const name = /^([A-Za-z_]\w*)=/.exec(command?.[0] ?? '')?.[1];
  if (name === undefined) return [];
  return [
    `${input}: it begins with the assignment ${name}=…, and there is no shell that understands it: a container cannot start that. Set ${name} in environment-variables, or write ["sh", "-c", "…"].`,
  ];
}

/** What is a credential whatever its name: keys of known makers, and addresses with a password in them. */
const CREDENTIAL_VALUE =
  /^(?:AKIA|ASIA)[A-Z0-9]{16}$|^(?:gh[pousr]_|github_pat_|glpat-|sk_live_|rk_live_|xox[abprs]-|npm_)[\w-]{10,}|-----BEGIN [A-Z ]*PRIVATE KEY-----|^[a-z][a-z0-9+.-]*:\/\/[^\s/:@]*:[^\s/@]+@/i;

function credentials({ definition, build }: Request): string[] {
  const variables = Object.entries(definition.environment.set)
    .filter(([name, value]) => value !== '' && (soundsLikeCredential(name) || CREDENTIAL_VALUE.test(value)))
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
