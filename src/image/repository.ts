import type { Repository } from '@aws-sdk/client-ecr';
import { partitionOf } from '../aws/arn.ts';
import { attempt, DENIED, valueOr, type Answer } from '../aws/attempt.ts';
import type { EcrReads } from '../aws/clients.ts';
import { isAwsError, wrapAwsError } from '../aws/errors.ts';
import { ecrRepositoryOf, type EcrRepository } from '../aws/image-reference.ts';
import { DeployError } from '../runtime/error.ts';

/** Which tags of a repository can be moved to another image. */
export interface Mutability {
  readonly immutable: boolean;
  /** Patterns of tags for which it is the other way round; `*` stands for any letters. */
  readonly exceptions: readonly string[];
}

/** A repository as ECR describes it. */
export interface FoundRepository extends EcrRepository {
  readonly uri: string;
  /** Undefined where the repository may not be described. */
  readonly mutability: Mutability | undefined;
}

type EcrOf = { readonly region: string; ecr(region: string): Pick<EcrReads, 'describeRepositories'> };

/**
 * A repository by its name in this account and region, or by its URI. Throws `preflight-failed` where it does not exist,
 * with the command that makes it. A URI that may not be looked at is taken as it is, with a warning; a name cannot be.
 */
export async function findRepository(
  aws: EcrOf,
  repository: string,
  warn: (text: string) => void,
): Promise<FoundRepository> {
  const given = ecrRepositoryOf(repository);
  if (given === undefined) return byName(aws, repository);
  const { accountId, name, region } = given;
  const answer = await describe(aws, region, { registryId: accountId, repositoryNames: [name] }, DENIED);
  if (answer.kind === 'answered') {
    return { ...given, uri: repository, mutability: mutabilityOf(answer.value) };
  }
  warn(`ecr:DescribeRepositories is denied on ${name}: whether it exists is seen when the image is pushed.`);
  return { ...given, uri: repository, mutability: undefined };
}

async function byName(aws: EcrOf, name: string): Promise<FoundRepository> {
  const { region } = aws;
  const answer = await describe(aws, region, { repositoryNames: [name] }, []);
  const found = valueOr(answer, undefined);
  const accountId = found?.registryId ?? '';
  const host = `${accountId}.dkr.ecr.${region}.${partitionOf(region).dnsSuffix}`;
  const uri = found?.repositoryUri ?? `${host}/${name}`;
  const parts = ecrRepositoryOf(uri) ?? { host, accountId, region, name };
  return { ...parts, uri, mutability: mutabilityOf(found) };
}

async function describe(
  aws: EcrOf,
  region: string,
  what: { readonly registryId?: string; readonly repositoryNames: string[] },
  bearable: Parameters<typeof attempt>[1],
): Promise<Answer<Repository | undefined>> {
  const [name = ''] = what.repositoryNames;
  const read = async (): Promise<Repository | undefined> => {
    try {
      return (await aws.ecr(region).describeRepositories(what)).repositories?.[0];
    } catch (error) {
      if (isAwsError(error, 'RepositoryNotFoundException')) {
        throw repositoryNotFound({ name, region, accountId: what.registryId }, error);
      }
      throw error;
    }
  };
  return wrapAwsError(`reading ECR repository "${name}"`, () => attempt(read, bearable));
}

/** Where only its name was given, it is one of this account, and can be created; another account's may be meant otherwise. */
export function repositoryNotFound(
  { name, region, accountId }: { name: string; region: string; accountId?: string | undefined },
  cause?: unknown,
): DeployError {
  const where = accountId === undefined ? region : `${region} of account ${accountId}`;
  const create = `aws ecr create-repository --repository-name ${name} --image-tag-mutability IMMUTABLE --region ${region}`;
  return new DeployError('preflight-failed', `ECR repository "${name}" was not found in ${where}.`, {
    hint:
      accountId === undefined
        ? `Create it: ${create}`
        : `Check account, region and name of the repository, or create it there: ${create}`,
    cause,
  });
}

/** ECR API, Repository: IMMUTABLE_WITH_EXCLUSION and MUTABLE_WITH_EXCLUSION come with wildcard filters. */
function mutabilityOf(repository: Repository | undefined): Mutability {
  const setting: string = repository?.imageTagMutability ?? 'MUTABLE';
  const filters = repository?.imageTagMutabilityExclusionFilters ?? [];
  return {
    immutable: setting.startsWith('IMMUTABLE'),
    exceptions: setting.endsWith('_WITH_EXCLUSION') ? filters.flatMap(({ filter }) => filter ?? []) : [],
  };
}

/** Pure: a tag that exists cannot be moved. False where it is not known. */
export function isImmutable(tag: string, mutability: Mutability | undefined): boolean {
  if (mutability === undefined) return false;
  return mutability.immutable !== mutability.exceptions.some((pattern) => matches(pattern, tag));
}

function matches(pattern: string, tag: string): boolean {
  const letters = pattern.split('*').map((part) => part.replace(/[.\\+?^$()[\]{}|]/g, String.raw`\$&`));
  return new RegExp(`^${letters.join('.*')}$`).test(tag);
}
