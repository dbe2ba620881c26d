import { objectIn, objectsIn, textIn } from '../aws/json.ts';
import { parseArn } from '../aws/partition.ts';
import type { TaskDefinition } from '../model.ts';

/** A secret of Secrets Manager as a definition refers to it. */
export interface SecretReference {
  readonly kind: 'secret';
  /** ARN or name, without what may follow it. */
  readonly id: string;
  /** The version's label or id that is asked for; undefined: AWSCURRENT. */
  readonly version: string | undefined;
}

/** A parameter of Systems Manager as a definition refers to it. */
export interface ParameterReference {
  readonly kind: 'parameter';
  /** ARN or name. */
  readonly id: string;
  /** Names that it may have: an ARN does not say whether the name begins with a slash. */
  readonly names: readonly string[];
}

/**
 * Pure: every secret and parameter that ECS or the agent reads before a container starts. `valueFrom` is an ARN of
 * either service, followed by `:json-key:version-stage:version-id` for a secret, or the name of a parameter (ECS API,
 * Secret); `credentialsParameter` is a secret (ECS API, RepositoryCredentials).
 */
export function referencesOf(definition: TaskDefinition): readonly (SecretReference | ParameterReference)[] {
  const texts = definition.containerDefinitions.flatMap((container) => [
    ...objectsIn(container, 'secrets').flatMap((each) => textIn(each, 'valueFrom') ?? []),
    ...objectsIn(objectIn(container, 'logConfiguration'), 'secretOptions').flatMap(
      (each) => textIn(each, 'valueFrom') ?? [],
    ),
  ]);
  const credentials = definition.containerDefinitions.flatMap(
    (container) => textIn(objectIn(container, 'repositoryCredentials'), 'credentialsParameter') ?? [],
  );
  return [...[...new Set(texts)].map(referenceOf), ...[...new Set(credentials)].map(secretReference)];
}

function referenceOf(text: string): SecretReference | ParameterReference {
  const arn = parseArn(text);
  if (arn?.service === 'secretsmanager') return secretReference(text);
  return parameterReference(text, arn?.service === 'ssm' ? arn.resource : undefined);
}

function secretReference(text: string): SecretReference {
  if (!text.startsWith('arn:')) return { kind: 'secret', id: text, version: undefined };
  const parts = text.split(':');
  const [, stage = '', versionId = ''] = parts.slice(7);
  return {
    kind: 'secret',
    id: parts.slice(0, 7).join(':'),
    version: [stage, versionId].find((each) => each !== ''),
  };
}

/** `parameter/app/key` is `/app/key`; `parameter/key` is `key` or `/key`. A `:version` or `:label` may follow. */
function parameterReference(id: string, resource: string | undefined): ParameterReference {
  if (resource === undefined) return { kind: 'parameter', id, names: [withoutVersion(id)] };
  const path = withoutVersion(resource.replace(/^parameter\/?/, ''));
  return { kind: 'parameter', id, names: path.includes('/') ? [`/${path}`] : [path, `/${path}`] };
}

function withoutVersion(name: string): string {
  return name.split(':')[0] ?? name;
}
