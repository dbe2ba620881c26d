import type { DescribeSecretCommandOutput } from '@aws-sdk/client-secrets-manager';
import { nextPageOf } from '../aws/answers.ts';
import { parseArn } from '../aws/arn.ts';
import { ANY_ERROR, attempt, valueOr } from '../aws/attempt.ts';
import { isAwsError } from '../aws/errors.ts';
import { nearest } from '../ecs/definition-rules/model.ts';
import type { JsonObject, TaskDefinition } from '../model/index.ts';
import { objectIn, objectsIn, textIn } from '../runtime/json.ts';
import {
  differentRegionOrAccount,
  failed,
  looked,
  ok,
  skipped,
  warning,
  type Check,
  type Finding,
  type PreflightAws,
} from './check.ts';

/** A secret of Secrets Manager as a definition refers to it. */
export interface SecretReference {
  readonly kind: 'secret';
  /** ARN or name, without what may follow it. */
  readonly id: string;
  /** The version's label or id that is asked for; undefined: AWSCURRENT. */
  readonly version: string | undefined;
  /** The reference as ECS can read it, where a part of what follows the ARN is left out. */
  readonly instead?: string;
  /** What of the definition refers to it, for people: `KEY of app`. */
  readonly usedBy: readonly string[];
}

/** A parameter of Systems Manager as a definition refers to it. */
export interface ParameterReference {
  readonly kind: 'parameter';
  /** ARN or name. */
  readonly id: string;
  /** Names that it may have: an ARN does not say whether the name begins with a slash. */
  readonly names: readonly string[];
  /** What of the definition refers to it, for people: `KEY of app`. */
  readonly usedBy: readonly string[];
}

type Reference = SecretReference | ParameterReference;

/**
 * Pure: every secret and parameter that ECS or the agent reads before a container starts. `valueFrom` is an ARN of
 * either service, followed by `:json-key:version-stage:version-id` for a secret, or the name of a parameter (ECS API,
 * Secret); `credentialsParameter` is a secret (ECS API, RepositoryCredentials).
 */
export function referencesOf(definition: TaskDefinition): readonly Reference[] {
  const uses = definition.containerDefinitions.flatMap((container) => [
    ...objectsIn(container, 'secrets').map((each) => useOf(each, container.name)),
    ...objectsIn(objectIn(container, 'logConfiguration'), 'secretOptions').map((each) =>
      useOf(each, container.name),
    ),
  ]);
  const credentials = definition.containerDefinitions.map((container) => ({
    text: textIn(objectIn(container, 'repositoryCredentials'), 'credentialsParameter'),
    usedBy: `repositoryCredentials of ${container.name}`,
  }));
  return [
    ...grouped(uses).map(({ text, usedBy }) => referenceOf(text, usedBy)),
    ...grouped(credentials).map(({ text, usedBy }) => secretReference(text, usedBy)),
  ];
}

/** Those of one service. */
function referencesTo<Kind extends Reference['kind']>(
  kind: Kind,
  definition: TaskDefinition,
): Extract<Reference, { readonly kind: Kind }>[] {
  return referencesOf(definition).filter(
    (each): each is Extract<Reference, { readonly kind: Kind }> => each.kind === kind,
  );
}

interface Use {
  readonly text: string | undefined;
  readonly usedBy: string;
}

function useOf(entry: JsonObject, container: string): Use {
  return {
    text: textIn(entry, 'valueFrom'),
    usedBy: `${textIn(entry, 'name') ?? 'a secret'} of ${container}`,
  };
}

function grouped(uses: readonly Use[]): { readonly text: string; readonly usedBy: readonly string[] }[] {
  const groups = new Map<string, string[]>();
  for (const { text, usedBy } of uses) {
    if (text !== undefined) groups.set(text, [...(groups.get(text) ?? []), usedBy]);
  }
  return [...groups].map(([text, usedBy]) => ({ text, usedBy }));
}

function referenceOf(text: string, usedBy: readonly string[]): Reference {
  const arn = parseArn(text);
  if (arn?.service === 'secretsmanager') return secretReference(text, usedBy);
  return parameterReference(text, arn?.service === 'ssm' ? arn.resource : undefined, usedBy);
}

function secretReference(text: string, usedBy: readonly string[]): SecretReference {
  if (!text.startsWith('arn:')) return { kind: 'secret', id: text, version: undefined, usedBy };
  const parts = text.split(':');
  const [key = '', stage = '', versionId = '', ...more] = parts.slice(7);
  const id = parts.slice(0, 7).join(':');
  const whole = parts.length <= 7 || (parts.length === 10 && more.length === 0);
  return {
    kind: 'secret',
    id,
    version: [stage, versionId].find((each) => each !== ''),
    ...(whole ? {} : { instead: `${id}:${key}:${stage}:${versionId}` }),
    usedBy,
  };
}

/** `parameter/app/key` is `/app/key`; `parameter/key` is `key` or `/key`. A `:version` or `:label` may follow. */
function parameterReference(
  id: string,
  resource: string | undefined,
  usedBy: readonly string[],
): ParameterReference {
  if (resource === undefined) return { kind: 'parameter', id, names: [withoutVersion(id)], usedBy };
  const path = withoutVersion(resource.replace(/^parameter\/?/, ''));
  return { kind: 'parameter', id, names: path.includes('/') ? [`/${path}`] : [path, `/${path}`], usedBy };
}

function withoutVersion(name: string): string {
  return name.split(':')[0] ?? name;
}

/** The secrets of the definition exist. Their values are not read. */
export const secret: Check = {
  name: 'secret',
  nothing: 'the definition names no secret of Secrets Manager',
  async look(aws, candidate) {
    const desired = referencesTo('secret', candidate.definition);
    const looks = desired.map(async (reference) => {
      const name = nameOf(reference);
      if (reference.instead !== undefined) return [incomplete(reference, reference.instead)];
      const away = differentRegionOrAccount(reference.id, aws, candidate);
      if (away !== undefined) return [skipped(`${name} ${away}`)];
      return looked(
        name,
        'secretsmanager:DescribeSecret',
        () => aws.secrets.describeSecret({ SecretId: reference.id }),
        (answer) => [secretFinding(reference, answer)],
        (error) =>
          isAwsError(error, 'ResourceNotFoundException')
            ? failed(`${name}${forWhom(reference)} does not exist`)
            : undefined,
      );
    });
    return (await Promise.all(looks)).flat();
  },
};

/**
 * The agent takes the ARN alone, or with all three parts behind it, empty ones included; anything else ends the task with
 * "unexpected ARN format with parameters" (amazon-ecs-agent, agent/taskresource/asmsecret).
 */
function incomplete(reference: SecretReference, instead: string): Finding {
  return failed(
    `${nameOf(reference)}${forWhom(reference)} is followed by some of :json-key:version-stage:version-id, and ECS reads all three or none, so no task could start: write ${instead}`,
  );
}

function nameOf({ id }: SecretReference): string {
  return `secret ${parseArn(id)?.resource.replace(/^secret:/, '') ?? id}`;
}

/** Pure: whether ECS can read the version that the definition asks for, as far as it shows without the value. */
export function secretFinding(
  reference: SecretReference,
  {
    DeletedDate,
    VersionIdsToStages,
  }: Pick<DescribeSecretCommandOutput, 'DeletedDate' | 'VersionIdsToStages'>,
): Finding {
  const name = nameOf(reference);
  if (DeletedDate !== undefined) return failed(`${name} is marked for deletion, so no task can read it`);
  const versions = Object.entries(VersionIdsToStages ?? {});
  if (versions.length === 0) return warning(`${name} is there, but has no value yet`);
  const desired = reference.version ?? 'AWSCURRENT';
  return versions.some(([id, stages]) => id === desired || stages.includes(desired))
    ? ok(`${name} is there`)
    : warning(`${name} is there, but no version of it is labelled ${desired}`);
}

/** A filter of DescribeParameters takes fifty values. */
const NAMES_A_CALL = 50;

/** The parameters of the definition exist. Their values are not read. */
export const parameter: Check = {
  name: 'parameter',
  nothing: 'the definition names no parameter of Systems Manager',
  async look(aws, candidate) {
    const desired = referencesTo('parameter', candidate.definition);
    const unlooked = desired.flatMap((each) => {
      const why = differentRegionOrAccount(each.id, aws, candidate) ?? unlisted(each);
      return why === undefined ? [] : [{ each, why }];
    });
    const account = candidate.services[0]?.address.accountId;
    const here = desired.filter((reference) => !unlooked.some(({ each }) => each === reference));
    const seen = await looked(
      'the parameters',
      'ssm:DescribeParameters',
      () =>
        existing(
          aws,
          here.flatMap(({ names }) => names),
        ),
      (found) => here.map((reference) => parameterFinding(reference, found, account)),
    );
    const explained = await Promise.all(
      seen.map(async (finding, at) =>
        finding.state === 'FAILED' && here[at] !== undefined
          ? explainMissing(aws, here[at], finding)
          : finding,
      ),
    );
    return [
      ...unlooked.map(({ each, why }) => skipped(`parameter ${each.names[0] ?? ''} ${why}`)),
      ...explained,
    ];
  },
};

/** A name alone is a parameter's. Where it is that of a secret, or nearly that of another parameter, that is told. */
async function explainMissing(
  aws: PreflightAws,
  { id, names: [name = ''], usedBy }: ParameterReference,
  finding: Finding,
): Promise<Finding> {
  if (id.startsWith('arn:')) return finding;
  const arn = await orNothing(async () => (await aws.secrets.describeSecret({ SecretId: name })).ARN);
  if (arn !== undefined) {
    return failed(
      `${finding.detail}: ${name} is a secret of Secrets Manager, which needs its ARN here: write ${arn}`,
    );
  }
  const near = nearest(name, (await orNothing(() => besides(aws, name))) ?? []);
  if (near === undefined && !name.includes('/')) return maybeAValue(usedBy);
  const other = near === undefined ? '' : `, but ${near} does`;
  // The name of a parameter in a hierarchy begins with a slash; no other may be that of a secret as well.
  const secret = name.startsWith('/') ? '' : ' (a secret of Secrets Manager needs its ARN here)';
  return failed(`${finding.detail}${other}${secret}`);
}

/** Names of parameters that begin as this one does. */
async function besides(aws: Pick<PreflightAws, 'parameters'>, name: string): Promise<string[]> {
  const beginning = name.includes('/') ? name.slice(0, name.lastIndexOf('/') + 1) : name.slice(0, 3);
  const { Parameters = [] } = await aws.parameters.describeParameters({
    ParameterFilters: [{ Key: 'Name', Option: 'BeginsWith', Values: [beginning] }],
    MaxResults: 50,
  });
  return Parameters.flatMap((each) => each.Name ?? []);
}

/** What only helps a message: where it cannot be had, the message does without. */
async function orNothing<T>(read: () => Promise<T>): Promise<T | undefined> {
  return valueOr(await attempt(read, ANY_ERROR), undefined);
}

function forWhom({ usedBy }: Reference): string {
  return ` (${usedBy.join(', ')})`;
}

/**
 * Systems Manager passes the first kind of name on to Secrets Manager; the others are the same for everybody. It lists
 * no parameter of either (Systems Manager User Guide, "Working with public parameters").
 */
function unlisted({ names: [name = ''] }: ParameterReference): string | undefined {
  if (name.startsWith('/aws/reference/secretsmanager/')) return 'stands for a secret and is not looked at';
  return name.startsWith('/aws/') ? "is one of AWS's own and is not looked at" : undefined;
}

/** Pure: whether a parameter is among those that exist. `account`: this one, where it is known. */
export function parameterFinding(
  reference: ParameterReference,
  found: readonly string[],
  account: string | undefined,
): Finding {
  const { id, names } = reference;
  const name = names.find((each) => found.includes(each));
  if (name !== undefined) return ok(`parameter ${name} is there`);
  const ofArn = parseArn(id)?.accountId;
  return account === undefined && ofArn !== undefined
    ? skipped(`parameter ${names[0] ?? ''} is not to be seen in this account; its ARN names account ${ofArn}`)
    : failed(`parameter ${names[0] ?? ''}${forWhom(reference)} does not exist`);
}

/** A word without a slash that is the name of nothing may be the value itself, which nobody should read here. */
function maybeAValue(usedBy: ParameterReference['usedBy']): Finding {
  return failed(
    `what ${usedBy.join(', ')} names is neither a parameter nor a secret (it is not shown, as it may be the value itself): store the value, and give the name of the parameter, or the ARN of the secret of Secrets Manager`,
  );
}

/** Pages of DescribeParameters may be empty before the last. */
async function existing(aws: Pick<PreflightAws, 'parameters'>, names: readonly string[]): Promise<string[]> {
  const found: string[] = [];
  for (let from = 0; from < names.length; from += NAMES_A_CALL) {
    let token: string | undefined;
    do {
      const answer = await aws.parameters.describeParameters({
        ParameterFilters: [{ Key: 'Name', Option: 'Equals', Values: names.slice(from, from + NAMES_A_CALL) }],
        MaxResults: 50,
        NextToken: token,
      });
      found.push(...(answer.Parameters ?? []).flatMap(({ Name }) => Name ?? []));
      token = nextPageOf('DescribeParameters', token, answer.NextToken);
    } while (token !== undefined);
  }
  return found;
}
